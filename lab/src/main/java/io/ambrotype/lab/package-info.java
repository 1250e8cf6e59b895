/** Real servers on loopback, for the demo, the tests and restore drills. */
@NullMarked
package io.ambrotype.lab;

import org.jspecify.annotations.NullMarked;
