package io.ambrotype.resp;

import io.ambrotype.common.AmbrotypeException;
import io.ambrotype.common.ErrorCode;
import io.ambrotype.common.HostAndPort;
import io.ambrotype.resp.RespReply.ErrorReply;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * A server's error reply to a command. The connection stays usable. The message names the node and the command, never
 * its arguments.
 */
public final class RespErrorException extends AmbrotypeException {
    private static final long serialVersionUID = 1L;

    private final HostAndPort node;
    private final String prefix;
    private final String serverMessage;

    /**
     * An error reply.
     *
     * @param permission what ACL rules call the command, with its subcommand where it has one
     */
    RespErrorException(HostAndPort node, String command, String permission, ErrorReply reply) {
        super(
                ErrorCode.FAILED,
                node + " refused " + command + ": " + reply.message(),
                hintFor(reply, permission),
                null);
        this.node = node;
        this.prefix = reply.prefix();
        this.serverMessage = reply.message();
    }

    /** The server that refused. */
    public HostAndPort node() {
        return node;
    }

    /** The first word of the error, such as {@code NOPERM}, {@code LOADING} or {@code ERR}. */
    public String prefix() {
        return prefix;
    }

    /** The error as the server worded it, prefix included. */
    public String serverMessage() {
        return serverMessage;
    }

    private static @Nullable String hintFor(ErrorReply reply, String permission) {
        return switch (reply.prefix()) {
            case "NOAUTH" -> "set a password, and a user name where the server has ACL users";
            case "NOPERM" -> "give the user the permission: ACL SETUSER <user> +" + permission.toLowerCase(Locale.ROOT);
            case "LOADING" -> "the server is loading its data; try again when INFO says loading:0";
            case "BUSY" -> "a script keeps the server busy; try again when it has ended";
            case "MASTERDOWN" -> "the replica has lost its master and does not serve stale data";
            default -> null;
        };
    }
}
