/**
 * Side-by-side benchmarks of the whole program against real servers: one class per benchmark, one writer of the report.
 */
@NullMarked
package io.ambrotype.bench;

import org.jspecify.annotations.NullMarked;
