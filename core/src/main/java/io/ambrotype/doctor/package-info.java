/**
 * What would hurt at the next restart, why, and the mend.
 */
@NullMarked
package io.ambrotype.doctor;

import org.jspecify.annotations.NullMarked;
