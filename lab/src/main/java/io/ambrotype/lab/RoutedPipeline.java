package io.ambrotype.lab;

import io.ambrotype.common.AmbrotypeException;
import io.ambrotype.common.ErrorCode;
import io.ambrotype.common.HostAndPort;
import io.ambrotype.rdb.HashSlot;
import io.ambrotype.resp.ConnectionSettings;
import io.ambrotype.resp.RespConnection;
import io.ambrotype.resp.RespReply;
import io.ambrotype.resp.RespReply.ErrorReply;
import io.ambrotype.resp.ServerInfo;
import io.ambrotype.resp.ServerVersion;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Sends many commands quickly to a standalone server or to the masters of a cluster, each to the one that owns its key.
 * Commands on one key take effect in their order. Replies are looked at for errors only; a command that is refused ends
 * the work at the next flush.
 *
 * <p>The layout is read once: it is for clusters at rest. Not safe for use by several threads.
 */
public final class RoutedPipeline implements AutoCloseable {
    private static final int BATCH_COMMANDS = 512;
    private static final int BATCH_BYTES = 1 << 20;

    private final Map<HostAndPort, Target> targets = new LinkedHashMap<>();
    private final @Nullable Target[] owners = new Target[HashSlot.COUNT];
    private final boolean cluster;
    private final ServerVersion version;
    private long sent;

    private RoutedPipeline(HostAndPort seed, ConnectionSettings settings) {
        Target first = new Target(RespConnection.open(seed, settings));
        targets.put(seed, first);
        try {
            ServerInfo info = ServerInfo.read(first.connection, "default");
            version = info.version();
            cluster = info.is("cluster_enabled");
            if (cluster) {
                readLayout(first.connection, settings);
            }
        } catch (RuntimeException e) {
            close();
            throw e;
        }
    }

    /**
     * Connects to a standalone master, or to all masters of a cluster.
     *
     * @param seed the standalone master, or any node of the cluster
     */
    public static RoutedPipeline open(HostAndPort seed, ConnectionSettings settings) {
        return new RoutedPipeline(seed, settings);
    }

    /** Vendor and version of the seed. */
    public ServerVersion version() {
        return version;
    }

    /** Whether the seed belongs to a cluster. */
    public boolean isCluster() {
        return cluster;
    }

    /** How many commands have been sent. */
    public long sent() {
        return sent;
    }

    /**
     * Sends a command on one key, at the latest with the next {@link #flush}.
     *
     * @param database 0 in a cluster
     * @param command its name and arguments, of which {@code key} is one
     */
    public void send(int database, byte[] key, byte[]... command) {
        Target target = targetOf(key);
        if (database != target.database) {
            target.add(new byte[][] {bytes("SELECT"), bytes(Integer.toString(database))});
            target.database = database;
        }
        target.add(command);
        sent++;
        if (target.isFull()) {
            target.flush();
        }
    }

    /** A connection to every server: of a cluster its masters that own slots, after everything sent has taken effect. */
    public Collection<RespConnection> connections() {
        flush();
        return targets.values().stream().map(target -> target.connection).toList();
    }

    /**
     * Waits until all that was sent has taken effect.
     *
     * @throws AmbrotypeException where a server refused a command
     */
    public void flush() {
        targets.values().forEach(Target::flush);
    }

    /** Closes the connections; what has not been flushed may be lost. */
    @Override
    public void close() {
        targets.values().forEach(target -> target.connection.close());
    }

    private Target targetOf(byte[] key) {
        Target target =
                cluster ? owners[HashSlot.of(key)] : targets.values().iterator().next();
        if (target == null) {
            throw AmbrotypeException.of(ErrorCode.UNSAFE, "no master owns slot " + HashSlot.of(key));
        }
        return target;
    }

    private void readLayout(RespConnection seed, ConnectionSettings settings) {
        List<HostAndPort> owning = new ArrayList<>();
        for (RespReply range : seed.array("CLUSTER", "SLOTS")) {
            List<RespReply> fields = range.array();
            List<RespReply> node = fields.get(2).array();
            String host = node.get(0).isNull() ? "" : node.get(0).text();
            HostAndPort address = new HostAndPort(
                    host.isEmpty() ? seed.address().host() : host,
                    Math.toIntExact(node.get(1).integer()));
            owning.add(address);
            Target target = targets.computeIfAbsent(address, owner -> new Target(RespConnection.open(owner, settings)));
            for (long slot = fields.get(0).integer(); slot <= fields.get(1).integer(); slot++) {
                owners[Math.toIntExact(slot)] = target;
            }
        }
        if (!owning.contains(seed.address())) {
            targets.remove(seed.address());
            seed.close();
        }
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    /** One server and what is on its way to it. */
    private static final class Target {
        private final RespConnection connection;
        private final List<byte[][]> waiting = new ArrayList<>();
        private long waitingBytes;
        private int database;

        Target(RespConnection connection) {
            this.connection = connection;
        }

        void add(byte[][] command) {
            waiting.add(command);
            for (byte[] argument : command) {
                waitingBytes += argument.length;
            }
        }

        boolean isFull() {
            return waiting.size() >= BATCH_COMMANDS || waitingBytes >= BATCH_BYTES;
        }

        void flush() {
            if (waiting.isEmpty()) {
                return;
            }
            List<RespReply> replies = connection.pipeline(waiting);
            for (int i = 0; i < replies.size(); i++) {
                if (replies.get(i) instanceof ErrorReply error) {
                    byte[][] command = waiting.get(i);
                    throw AmbrotypeException.of(
                            ErrorCode.FAILED,
                            connection.address() + " refused " + new String(command[0], StandardCharsets.UTF_8)
                                    + (command.length > 1
                                            ? " "
                                                    + new String(
                                                            command[1],
                                                            0,
                                                            Math.min(60, command[1].length),
                                                            StandardCharsets.ISO_8859_1)
                                            : "")
                                    + ": " + error.message());
                }
            }
            waiting.clear();
            waitingBytes = 0;
        }
    }
}
