@NullMarked
package io.ambrotype.control;

import org.jspecify.annotations.NullMarked;
