/**
 * How a deployment is doing, at a glance.
 */
@NullMarked
package io.ambrotype.status;

import org.jspecify.annotations.NullMarked;
