/** Damaged input for the tests of all modules, drawn from seeds. */
@NullMarked
package io.ambrotype.mutation;

import org.jspecify.annotations.NullMarked;
