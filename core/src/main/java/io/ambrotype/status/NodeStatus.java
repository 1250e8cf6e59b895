package io.ambrotype.status;

import io.ambrotype.common.HostAndPort;
import io.ambrotype.resp.ServerVersion;
import io.ambrotype.topology.NodeId;
import io.ambrotype.topology.Role;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * One node at one moment. What it did not tell, because it does not answer or is too old for it, is empty. Immutable.
 *
 * @param id its id in the cluster; of a standalone server a synthetic one
 * @param shortId the first eight digits
 * @param address where clients find it; empty where nobody knows any more
 * @param hostname the host name it announces
 * @param role what it is to its shard
 * @param master whom a replica follows
 * @param state whether and how it serves
 * @param version vendor and version
 * @param runId the name of its process; another one after every start
 * @param started when its process was started
 * @param uptimeSeconds how long ago that was
 * @param flags what others hold against it ({@code fail}, {@code fail?}, {@code noaddr} …), as CLUSTER NODES words it
 * @param configEpoch the epoch of its slots
 * @param clusterStateOk its own {@code cluster_state}
 * @param currentEpoch the highest epoch that it has seen
 * @param link a replica's link to its master
 * @param offset how much of its history it has
 * @param lagBytes a replica's distance from its master's offset; the two were not read at the same instant
 * @param lagSeconds seconds since a replica last heard of its master
 * @param keys its keys, by its own count
 * @param usedMemory bytes, {@code used_memory}
 * @param maxMemory bytes; empty where there is no limit
 * @param clients connected clients
 * @param operationsPerSecond commands in each second, of late
 * @param save its RDB
 * @param appendOnly its AOF
 */
public record NodeStatus(
        NodeId id,
        String shortId,
        Optional<HostAndPort> address,
        Optional<String> hostname,
        Role role,
        Optional<NodeId> master,
        State state,
        Optional<ServerVersion> version,
        Optional<String> runId,
        Optional<Instant> started,
        OptionalLong uptimeSeconds,
        List<String> flags,
        long configEpoch,
        Optional<Boolean> clusterStateOk,
        OptionalLong currentEpoch,
        Optional<Link> link,
        OptionalLong offset,
        OptionalLong lagBytes,
        OptionalLong lagSeconds,
        OptionalLong keys,
        OptionalLong usedMemory,
        OptionalLong maxMemory,
        OptionalLong clients,
        OptionalLong operationsPerSecond,
        Optional<Save> save,
        Optional<AppendOnly> appendOnly) {
    /** Keeps its own list. */
    public NodeStatus {
        flags = List.copyOf(flags);
    }

    /** Whether and how a node serves. */
    public enum State {
        /** It serves. */
        UP,
        /** It is loading its data. */
        LOADING,
        /** It did not answer. */
        UNREACHABLE
    }

    /**
     * A replica's link to its master.
     *
     * @param up whether it is up ({@code master_link_status}) and no full synchronization is under way
     * @param syncInProgress whether its first data are being transferred
     * @param syncLeftBytes how much of them is still to come
     * @param downSeconds for how long the link has been down
     */
    public record Link(boolean up, boolean syncInProgress, OptionalLong syncLeftBytes, OptionalLong downSeconds) {}

    /**
     * A node's RDB.
     *
     * @param at when data last became a file; of a process that has not saved yet, its start
     * @param ageSeconds how long ago that was
     * @param sinceStart whether this process has saved at all; else what it was started from is all there is
     * @param ok whether the last background save succeeded
     * @param inProgress whether one is at work
     * @param changesSince writes since then
     * @param points the save points as configured; empty text for none, empty where the node does not tell
     */
    public record Save(
            Instant at,
            long ageSeconds,
            boolean sinceStart,
            boolean ok,
            boolean inProgress,
            OptionalLong changesSince,
            Optional<String> points) {
        /** Whether it is known that the node never saves by itself. */
        public boolean off() {
            return points.filter(String::isBlank).isPresent();
        }
    }

    /**
     * A node's append-only file.
     *
     * @param enabled whether there is one
     * @param ok whether the last write and the last rewrite succeeded
     * @param rewriting whether it is being rewritten
     */
    public record AppendOnly(boolean enabled, boolean ok, boolean rewriting) {}

    /** For people: its address, or its id where it has none. */
    public String name() {
        return address.map(HostAndPort::toString).orElse("node " + shortId);
    }
}
