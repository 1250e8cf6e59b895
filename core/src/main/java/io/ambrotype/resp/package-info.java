/** Talking to one server: a blocking RESP2 connection, its replies, and what INFO says about the server. */
@NullMarked
package io.ambrotype.resp;

import org.jspecify.annotations.NullMarked;
