/** Tests of the command line: what is printed where, word for word, and with which exit status. */
@NullMarked
package io.ambrotype.cli;

import org.jspecify.annotations.NullMarked;
