/**
 * Receiving what a server sends its replicas: the full synchronization with its RDB, and the stream of writes behind it.
 */
@NullMarked
package io.ambrotype.replication;

import org.jspecify.annotations.NullMarked;
