/** Tests that need more than one module: real servers, whole operations, the rules that hold the modules apart. */
@NullMarked
package io.ambrotype.it;

import org.jspecify.annotations.NullMarked;
