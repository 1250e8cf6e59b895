/** The operation that proves that two snapshots hold the same data, whatever layouts, versions and encodings they have. */
@NullMarked
package io.ambrotype.compare;

import org.jspecify.annotations.NullMarked;
