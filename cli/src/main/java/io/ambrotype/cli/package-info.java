/** The command line: one class per command that parses, calls and prints. */
@NullMarked
package io.ambrotype.cli;

import org.jspecify.annotations.NullMarked;
