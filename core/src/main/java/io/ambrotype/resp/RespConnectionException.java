package io.ambrotype.resp;

import io.ambrotype.common.AmbrotypeException;
import io.ambrotype.common.ErrorCode;
import io.ambrotype.common.HostAndPort;
import org.jspecify.annotations.Nullable;

/**
 * A connection that could not be made or can no longer be used. The message names the node; the connection is closed.
 */
public final class RespConnectionException extends AmbrotypeException {
    private static final long serialVersionUID = 1L;

    private final HostAndPort node;
    private final Reason reason;

    RespConnectionException(
            HostAndPort node, Reason reason, String message, @Nullable String hint, @Nullable Throwable cause) {
        super(reason.code, message, hint, cause);
        this.node = node;
        this.reason = reason;
    }

    /** The server concerned. */
    public HostAndPort node() {
        return node;
    }

    /** What went wrong, for callers that treat an unreachable node differently from a misconfigured one. */
    public Reason reason() {
        return reason;
    }

    /** Classes of connection failures. */
    public enum Reason {
        /** The host name has no address. */
        UNKNOWN_HOST(ErrorCode.FAILED),
        /** Nobody listens, or there is no way to that address. */
        UNREACHABLE(ErrorCode.FAILED),
        /** No connection, no handshake or no reply in time. */
        TIMEOUT(ErrorCode.FAILED),
        /** The TLS handshake failed, or TLS met a plain port or the other way round. */
        TLS(ErrorCode.FAILED),
        /** The server wants a password, or another one. */
        AUTHENTICATION(ErrorCode.WRONG_KEY),
        /** The server turns clients away: protected mode, or too many clients. */
        REFUSED(ErrorCode.FAILED),
        /** The bytes received are not RESP2, or exceed its bounds. */
        PROTOCOL(ErrorCode.FAILED),
        /** The connection broke or was closed by the server. */
        LOST(ErrorCode.FAILED),
        /** This side closed the connection. */
        CLOSED(ErrorCode.FAILED),
        /** The calling thread was interrupted. */
        INTERRUPTED(ErrorCode.INTERRUPTED);

        private final ErrorCode code;

        Reason(ErrorCode code) {
            this.code = code;
        }
    }
}
