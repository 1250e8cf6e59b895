package io.ambrotype.cli;

import io.ambrotype.common.AmbrotypeException;
import io.ambrotype.common.ErrorCode;
import io.ambrotype.common.HostAndPort;
import io.ambrotype.common.Time;
import io.ambrotype.rdb.HashSlot;
import io.ambrotype.resp.ConnectionSettings;
import io.ambrotype.resp.RespConnection;
import io.ambrotype.resp.RespConnectionException;
import io.ambrotype.resp.RespErrorException;
import io.ambrotype.resp.RespReply;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A client as the usual libraries are: it knows who owns which slot, follows MOVED, makes a connection that broke again, and
 * gives up after five attempts. What it repeats may take effect twice; its user's commands may. For one thread.
 */
final class ClusterConnections implements AutoCloseable {
    private static final int ATTEMPTS = 5;
    private static final Duration BETWEEN_ATTEMPTS = Duration.ofMillis(10);
    private static final Set<String> PASSING = Set.of("CLUSTERDOWN", "TRYAGAIN", "LOADING", "MASTERDOWN", "READONLY");

    private final List<HostAndPort> seeds;
    private final ConnectionSettings settings;
    private final Time time;
    private final Map<HostAndPort, RespConnection> connections = new HashMap<>();
    private final @Nullable HostAndPort[] owners = new HostAndPort[HashSlot.COUNT];
    private boolean layoutIsKnown;

    /**
     * A client that has not connected yet.
     *
     * @param seeds nodes of the cluster, asked for its layout in this order
     */
    ClusterConnections(List<HostAndPort> seeds, ConnectionSettings settings, Time time) {
        this.seeds = List.copyOf(seeds);
        this.settings = settings;
        this.time = time;
    }

    /**
     * Has the owner of the key's slot carry out a command.
     *
     * @throws AmbrotypeException what the last attempt failed with
     */
    RespReply call(String key, String... command) throws InterruptedException {
        int slot = HashSlot.of(key.getBytes(StandardCharsets.UTF_8));
        for (int attempt = 1; ; attempt++) {
            try {
                if (!layoutIsKnown) {
                    readLayout();
                }
                return ownerOf(slot).call(command);
            } catch (RespErrorException e) {
                if (attempt == ATTEMPTS || !(isRedirect(e, slot) || PASSING.contains(e.prefix()))) {
                    throw e;
                }
            } catch (RespConnectionException e) {
                forget(e.node());
                if (attempt == ATTEMPTS || e.reason() == RespConnectionException.Reason.INTERRUPTED) {
                    throw e;
                }
            }
            if (!layoutIsKnown) {
                time.sleep(BETWEEN_ATTEMPTS);
            }
        }
    }

    @Override
    public void close() {
        connections.values().forEach(RespConnection::close);
        connections.clear();
    }

    /** Follows a MOVED at once. After any other error the layout is asked for again. */
    private boolean isRedirect(RespErrorException e, int slot) {
        String[] words = e.serverMessage().split(" ", -1);
        if (e.prefix().equals("MOVED") && words.length >= 3) {
            owners[slot] = HostAndPort.parse(words[2]);
            return true;
        }
        layoutIsKnown = false;
        return false;
    }

    private void forget(HostAndPort node) {
        layoutIsKnown = false;
        RespConnection broken = connections.remove(node);
        if (broken != null) {
            broken.close();
        }
    }

    private RespConnection ownerOf(int slot) {
        HostAndPort owner = owners[slot];
        if (owner == null) {
            throw AmbrotypeException.of(ErrorCode.UNSAFE, "no master owns slot " + slot);
        }
        return connectionTo(owner);
    }

    private RespConnection connectionTo(HostAndPort node) {
        return connections.computeIfAbsent(node, address -> RespConnection.open(address, settings));
    }

    private void readLayout() {
        Set<HostAndPort> known = new LinkedHashSet<>(connections.keySet());
        known.addAll(seeds);
        AmbrotypeException last = AmbrotypeException.of(ErrorCode.FAILED, "there is no node to ask");
        for (HostAndPort node : known) {
            try {
                readLayout(connectionTo(node));
                layoutIsKnown = true;
                return;
            } catch (RespConnectionException e) {
                forget(node);
                last = e;
            } catch (RespErrorException e) {
                last = e;
            }
        }
        throw last;
    }

    private void readLayout(RespConnection connection) {
        for (RespReply range : connection.array("CLUSTER", "SLOTS")) {
            List<RespReply> fields = range.array();
            List<RespReply> master = fields.get(2).array();
            HostAndPort address = new HostAndPort(
                    master.get(0).text(), Math.toIntExact(master.get(1).integer()));
            for (long slot = fields.get(0).integer(); slot <= fields.get(1).integer(); slot++) {
                owners[Math.toIntExact(slot)] = address;
            }
        }
    }
}
