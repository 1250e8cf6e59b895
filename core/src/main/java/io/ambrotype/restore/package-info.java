/** Brings a snapshot back: plan of the target's nodes, checks against what is still alive, node folders, one RDB. */
@NullMarked
package io.ambrotype.restore;

import org.jspecify.annotations.NullMarked;
