/**
 * A writer that watches a deployment from a client's side: how long writes stall, which fail, which are lost.
 */
@NullMarked
package io.ambrotype.probe;

import org.jspecify.annotations.NullMarked;
