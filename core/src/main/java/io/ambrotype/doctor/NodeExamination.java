package io.ambrotype.doctor;

import io.ambrotype.resp.ServerInfo;
import io.ambrotype.resp.ServerVersion;
import io.ambrotype.topology.Node;
import io.ambrotype.topology.NodeConfiguration;
import io.ambrotype.topology.NodeId;
import io.ambrotype.topology.NodeState;
import io.ambrotype.topology.Role;
import java.util.Collections;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * All that the checks know of one node. Immutable.
 *
 * @param node the node as the topology has it
 * @param configuration its settings as it runs
 * @param passwords its passwords; empty where it does not tell
 * @param writeRate bytes that its replication stream grew by in each second while it was looked at; empty where it is no
 *     master or could not be measured
 * @param foreignKeys of a master in a cluster, how many keys are in which slots that it does not own; empty where that was
 *     not counted
 * @param host its process and files, if it runs on this host
 */
public record NodeExamination(
        Node node,
        NodeConfiguration configuration,
        Optional<Passwords> passwords,
        OptionalLong writeRate,
        Optional<SortedMap<Integer, Long>> foreignKeys,
        HostView host) {
    /** Keeps its own map. */
    public NodeExamination {
        foreignKeys = foreignKeys.map(slots -> Collections.unmodifiableSortedMap(new TreeMap<>(slots)));
    }

    NodeId id() {
        return node.id();
    }

    String name() {
        return node.name();
    }

    boolean isMaster() {
        return node.role() == Role.MASTER;
    }

    boolean isReached() {
        return node.isReached();
    }

    Optional<ServerInfo> info() {
        return node.state().map(NodeState::info);
    }

    Optional<ServerVersion> version() {
        return node.state().map(NodeState::version);
    }

    /** A field of INFO as a number. */
    OptionalLong number(String field) {
        return info().map(info -> info.number(field)).orElse(OptionalLong.empty());
    }

    /** Whether a field of INFO says 1. */
    boolean is(String field) {
        return info().filter(info -> info.is(field)).isPresent();
    }

    /** Whether a field of INFO is there and does not say {@code ok}. */
    boolean isNotOk(String field) {
        return info().flatMap(info -> info.value(field))
                .filter(value -> !value.equals("ok"))
                .isPresent();
    }

    /** A setting under the first of these names that the node knows: Redis 5 and Valkey have renamed some. */
    Optional<String> setting(String... names) {
        for (String name : names) {
            Optional<String> value = configuration.value(name);
            if (value.isPresent()) {
                return value;
            }
        }
        return Optional.empty();
    }

    /** Whether a setting is known to have that value. */
    boolean has(String name, String value) {
        return setting(name)
                .filter(actual -> actual.toLowerCase(Locale.ROOT).equals(value))
                .isPresent();
    }

    /** A setting as a number. */
    OptionalLong settingNumber(String... names) {
        return setting(names)
                .filter(value -> value.matches("-?[0-9]{1,18}"))
                .map(value -> OptionalLong.of(Long.parseLong(value)))
                .orElse(OptionalLong.empty());
    }

    /** Whether it has an append-only file now. */
    boolean appendsOnly() {
        return is("aof_enabled") || has("appendonly", "yes");
    }

    /** Bytes that its data take; 0 where it does not tell. */
    long usedMemory() {
        return node.state().map(NodeState::usedMemory).orElse(0L);
    }

    /** Where it runs, for comparing: the host of its address. */
    Optional<String> hostName() {
        return node.address().map(address -> address.host());
    }

    /** What is seen of it here, if it runs here. */
    Optional<HostView.Seen> seen() {
        return host instanceof HostView.Seen seen ? Optional.of(seen) : Optional.empty();
    }
}
