/** The vocabulary that every other package of the core shares: errors, addresses, secrets, parallel tasks. */
@NullMarked
package io.ambrotype.common;

import org.jspecify.annotations.NullMarked;
