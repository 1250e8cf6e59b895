/** The operation that proves that snapshots are what their manifests say, byte by byte and entry by entry. */
@NullMarked
package io.ambrotype.verify;

import org.jspecify.annotations.NullMarked;
