/**
 * Mending membership: strangers, ghosts, replicas in the wrong place, lost files.
 */
@NullMarked
package io.ambrotype.heal;

import org.jspecify.annotations.NullMarked;
