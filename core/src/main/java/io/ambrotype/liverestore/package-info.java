/** Brings a snapshot, or some of its keys, into servers that run. */
@NullMarked
package io.ambrotype.liverestore;

import org.jspecify.annotations.NullMarked;
