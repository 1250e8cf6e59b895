/**
 * Restarting every node without losing a write, a node's identity or the layout.
 */
@NullMarked
package io.ambrotype.restart;

import org.jspecify.annotations.NullMarked;
