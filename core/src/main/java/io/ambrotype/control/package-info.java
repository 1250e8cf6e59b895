/**
 * Acting on a running deployment: gates that are observed, fail-overs, settings that are put back, the journal.
 */
@NullMarked
package io.ambrotype.control;

import org.jspecify.annotations.NullMarked;
