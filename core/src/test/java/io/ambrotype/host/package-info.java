@NullMarked
package io.ambrotype.host;

import org.jspecify.annotations.NullMarked;
