/**
 * Where objects live: named, written once, published whole or not at all. Only this package creates, publishes or
 * removes the objects of a repository. It knows nothing of snapshots.
 */
@NullMarked
package io.ambrotype.storage;

import org.jspecify.annotations.NullMarked;
