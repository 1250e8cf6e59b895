/**
 * Makes a snapshot of files that servers have written: {@code dump.rdb} files, or the bases of append-only folders, with the {@code
 * nodes.conf} that says whose they are. {@link io.ambrotype.imports.Import} is the operation.
 */
@NullMarked
package io.ambrotype.imports;

import org.jspecify.annotations.NullMarked;
