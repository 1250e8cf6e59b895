/** Servers for tests: real ones, and one that misbehaves as told. */
@NullMarked
package io.ambrotype.servers;

import org.jspecify.annotations.NullMarked;
