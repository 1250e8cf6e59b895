package io.ambrotype.cli;

import io.ambrotype.common.AmbrotypeException;
import io.ambrotype.common.ErrorCode;
import io.ambrotype.common.HostAndPort;
import io.ambrotype.rdb.HashSlot;
import io.ambrotype.resp.ConnectionSettings;
import io.ambrotype.resp.RespConnection;
import io.ambrotype.resp.RespReply;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** A connection to each master of a cluster, by the slots it owned when this was opened. For one thread. */
final class ClusterConnections implements AutoCloseable {
    private final ConnectionSettings settings;
    private final Map<HostAndPort, RespConnection> connections = new HashMap<>();
    private final @Nullable HostAndPort[] owners = new HostAndPort[HashSlot.COUNT];

    private ClusterConnections(ConnectionSettings settings) {
        this.settings = settings;
    }

    /**
     * Asks the first seed that answers for the layout.
     *
     * @throws AmbrotypeException what the last seed failed with, where none answers
     */
    static ClusterConnections open(List<HostAndPort> seeds, ConnectionSettings settings) {
        AmbrotypeException last = AmbrotypeException.of(ErrorCode.FAILED, "there is no node to ask");
        for (HostAndPort seed : seeds) {
            ClusterConnections cluster = new ClusterConnections(settings);
            try {
                cluster.readLayout(seed);
                return cluster;
            } catch (AmbrotypeException e) {
                cluster.close();
                last = e;
            }
        }
        throw last;
    }

    /**
     * A connection to the master that owns the key's slot.
     *
     * @throws AmbrotypeException where nobody owns it, or its owner does not answer
     */
    RespConnection ownerOf(String key) {
        HostAndPort owner = owners[HashSlot.of(key.getBytes(StandardCharsets.UTF_8))];
        if (owner == null) {
            throw AmbrotypeException.of(ErrorCode.UNSAFE, "no master owns the slot of " + key);
        }
        return connections.computeIfAbsent(owner, address -> RespConnection.open(address, settings));
    }

    private void readLayout(HostAndPort seed) {
        RespConnection connection = RespConnection.open(seed, settings);
        connections.put(seed, connection);
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

    @Override
    public void close() {
        connections.values().forEach(RespConnection::close);
        connections.clear();
    }
}
