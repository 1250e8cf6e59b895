package io.ambrotype.replication;

import io.ambrotype.common.AmbrotypeException;
import io.ambrotype.common.ErrorCode;
import io.ambrotype.common.HostAndPort;
import org.jspecify.annotations.Nullable;

/** A replication session that ended before its time. The message names the node, the phase and how far it had come. */
public final class ReplicationException extends AmbrotypeException {
    private static final long serialVersionUID = 1L;

    private final HostAndPort node;
    private final ReplicationPhase phase;
    private final long bytes;
    private final boolean retryable;

    ReplicationException(
            ErrorCode code,
            HostAndPort node,
            ReplicationPhase phase,
            long bytes,
            boolean retryable,
            String message,
            @Nullable String hint,
            @Nullable Throwable cause) {
        super(code, message, hint, cause);
        this.node = node;
        this.phase = phase;
        this.bytes = bytes;
        this.retryable = retryable;
    }

    /** The server that was the source. */
    public HostAndPort node() {
        return node;
    }

    /** When it happened. */
    public ReplicationPhase phase() {
        return phase;
    }

    /** How many bytes of the RDB (or of the stream, in that phase) had been received. */
    public long bytes() {
        return bytes;
    }

    /**
     * Whether the same may succeed in a while, or with another node of the shard: the source was loading, had lost its
     * master or failed to save, or the connection broke or stalled. What configuration or permissions forbid is not.
     */
    public boolean retryable() {
        return retryable;
    }
}
