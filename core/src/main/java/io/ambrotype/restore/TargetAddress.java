package io.ambrotype.restore;

import io.ambrotype.common.HostAndPort;
import java.util.OptionalInt;

/**
 * Where a restored node shall run. Immutable.
 *
 * @param client address for clients
 * @param busPort port of the cluster bus; empty for the servers' default, the client port + 10000
 */
public record TargetAddress(HostAndPort client, OptionalInt busPort) {
    /** Distance of the bus port from the client port unless configured: CLUSTER_PORT_INCR of the servers. */
    static final int BUS_PORT_DISTANCE = 10_000;

    /** Rejects a bus port that does not exist. The default one may lie too high: a standalone server has no bus. */
    public TargetAddress {
        if (busPort.isPresent() && (busPort.getAsInt() < 1 || busPort.getAsInt() > 65_535)) {
            throw new IllegalArgumentException(
                    "the bus port " + busPort.getAsInt() + " of " + client + " is not between 1 and 65535");
        }
    }

    /**
     * Reads {@code host:port} or {@code host:port@busport}.
     *
     * @throws IllegalArgumentException for anything else
     */
    public static TargetAddress parse(String text) {
        int at = text.lastIndexOf('@');
        if (at < 0) {
            return new TargetAddress(HostAndPort.parse(text), OptionalInt.empty());
        }
        try {
            int busPort = Integer.parseInt(text.substring(at + 1));
            return new TargetAddress(HostAndPort.parse(text.substring(0, at)), OptionalInt.of(busPort));
        } catch (NumberFormatException e) {
            throw new IllegalArgumentException("'" + text + "' has no valid bus port; expected host:port@busport", e);
        }
    }

    /** The bus port, given or default; the default may lie beyond the last port. */
    int effectiveBusPort() {
        return busPort.orElse(client.port() + BUS_PORT_DISTANCE);
    }

    /** Whether the bus port is where servers have it unless told otherwise. */
    boolean hasDefaultBusPort() {
        return effectiveBusPort() == client.port() + BUS_PORT_DISTANCE;
    }
}
