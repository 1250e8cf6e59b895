package io.ambrotype.topology;

import io.ambrotype.common.AmbrotypeException;
import io.ambrotype.common.ErrorCode;
import io.ambrotype.common.HostAndPort;
import io.ambrotype.common.ReplicationId;
import io.ambrotype.common.ReplicationOffset;
import io.ambrotype.resp.ServerInfo;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/**
 * What a node says of its own replication, from {@code INFO replication}. Immutable.
 *
 * @param role its own opinion; in a cluster it may run ahead of what other nodes know
 * @param id the history its data belong to ({@code master_replid}); a replica's is its master's while they are in step
 * @param offset how much of that history it has: what a replica has applied, what a master has written
 * @param master whom a replica follows, as it was told; empty for a master
 * @param linkUp whether a replica's link to its master is up and no full synchronization is under way; true for a master
 * @param syncInProgress whether a replica is receiving its first data
 * @param lagSeconds seconds since a replica last heard of its master; empty for a master and while the link is down
 * @param readOnly whether clients cannot write to it because it is a replica; false for a master
 * @param attached what is attached to it as replicas: real ones, and whatever else speaks the replication protocol
 */
public record ReplicationState(
        Role role,
        ReplicationId id,
        ReplicationOffset offset,
        Optional<HostAndPort> master,
        boolean linkUp,
        boolean syncInProgress,
        OptionalLong lagSeconds,
        boolean readOnly,
        List<Attached> attached) {
    // Servers list a line per replica; more than this is no deployment but an error or an attack.
    private static final int MOST_REPLICAS = 10_000;

    /** Keeps its own list. */
    public ReplicationState {
        attached = List.copyOf(attached);
    }

    /**
     * A replica as its master sees it, or a client that presents itself as one.
     *
     * @param address where it says it can be reached; empty where it announces none
     * @param online whether it receives the stream; otherwise its first data are still under way
     * @param offset what it has confirmed
     * @param lagSeconds seconds since it last confirmed
     */
    public record Attached(Optional<HostAndPort> address, boolean online, long offset, long lagSeconds) {}

    /**
     * Reads it from the sections of INFO.
     *
     * @throws AmbrotypeException where a field is missing that every version from 5.0 on has, or cannot be read
     */
    static ReplicationState of(ServerInfo info) {
        try {
            boolean replica =
                    info.require("role").equals("slave") || info.require("role").equals("replica");
            boolean syncing = info.is("master_sync_in_progress");
            long offset = (replica ? info.number("slave_repl_offset") : OptionalLong.empty())
                    .orElse(info.number("master_repl_offset").orElse(0));
            long silence = info.number("master_last_io_seconds_ago").orElse(-1);
            return new ReplicationState(
                    replica ? Role.REPLICA : Role.MASTER,
                    new ReplicationId(info.require("master_replid")),
                    // Before its first synchronization a replica says -1.
                    new ReplicationOffset(Math.max(0, offset)),
                    replica ? address(info.value("master_host"), info.value("master_port")) : Optional.empty(),
                    !replica || (info.is("master_link_status") && !syncing),
                    replica && syncing,
                    replica && silence >= 0 ? OptionalLong.of(silence) : OptionalLong.empty(),
                    replica && (info.is("slave_read_only") || info.is("replica_read_only")),
                    attached(info));
        } catch (IllegalArgumentException e) {
            throw AmbrotypeException.of(ErrorCode.FAILED, "its INFO replication cannot be read: " + e.getMessage())
                    .causedBy(e);
        }
    }

    private static List<Attached> attached(ServerInfo info) {
        List<Attached> attached = new ArrayList<>();
        for (int i = 0; i < MOST_REPLICAS; i++) {
            Optional<String> line = info.value("slave" + i);
            if (line.isEmpty()) {
                break;
            }
            Map<String, String> parts = ServerInfo.parts(line.get());
            attached.add(new Attached(
                    address(Optional.ofNullable(parts.get("ip")), Optional.ofNullable(parts.get("port"))),
                    "online".equals(parts.get("state")),
                    number(parts.get("offset")),
                    number(parts.get("lag"))));
        }
        return attached;
    }

    private static Optional<HostAndPort> address(Optional<String> host, Optional<String> port) {
        if (host.isEmpty()
                || host.get().isEmpty()
                || port.isEmpty()
                || !port.get().matches("[1-9][0-9]{0,4}")) {
            return Optional.empty();
        }
        int number = Integer.parseInt(port.get());
        return number > 65_535 ? Optional.empty() : Optional.of(new HostAndPort(host.get(), number));
    }

    private static long number(@Nullable String text) {
        return text != null && text.matches("[0-9]{1,18}") ? Long.parseLong(text) : 0;
    }
}
