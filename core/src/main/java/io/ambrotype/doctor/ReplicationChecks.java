package io.ambrotype.doctor;

import io.ambrotype.common.Secret;
import io.ambrotype.doctor.Check.Needs;
import io.ambrotype.doctor.Check.Sight;
import io.ambrotype.topology.Node;
import io.ambrotype.topology.NodeId;
import io.ambrotype.topology.NodeState;
import io.ambrotype.topology.Problem.Kind;
import io.ambrotype.topology.ReplicationState;
import io.ambrotype.topology.Shard;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** Whether every master has somebody who can take over, and every node can follow any other of its shard. */
final class ReplicationChecks {
    /** How long a node is away at least: stop, start, handshake. */
    private static final long AWAY_SECONDS = 10;

    /** What a server saves and loads in a second, on the careful side. */
    private static final long LOADED_BYTES_PER_SECOND = 50L << 20;

    private static final long SMALLEST_PROPOSAL = 16L << 20;

    private ReplicationChecks() {}

    static List<Check> checks() {
        return List.of(
                new Check(
                        "no-healthy-replica",
                        Severity.ERROR,
                        Needs.SERVER,
                        "nobody can take over: while it restarts its keys can be neither read nor written, and if it does"
                                + " not come back they are gone",
                        "bring its replica back, or add one: 'ambrotype add-replica'",
                        "",
                        ReplicationChecks::withoutReplica),
                new Check(
                        "follows-stranger",
                        Severity.ERROR,
                        Needs.SERVER,
                        "its master came back without its files, as an empty stranger at the same address: the replica has"
                                + " copied that, and the cluster may still say that all is well",
                        "stop the stranger (SHUTDOWN NOSAVE), and start it from its own files: stray-files tells where they"
                                + " are, 'ambrotype heal' does it",
                        "",
                        ReplicationChecks::strangers),
                new Check(
                        "same-host",
                        Severity.WARNING,
                        Needs.SERVER,
                        "when that host is lost, so are both copies of these slots",
                        "move one of them: 'ambrotype add-replica' on another host, then remove the old one",
                        "",
                        ReplicationChecks::sameHost),
                new Check(
                        "masters-on-one-host",
                        Severity.WARNING,
                        Needs.SERVER,
                        "when that host is lost, the rest has no majority and promotes nobody",
                        "fail over until no host has half of the masters (redis-cli CLUSTER FAILOVER on a replica"
                                + " elsewhere); it takes three hosts",
                        "",
                        ReplicationChecks::mastersOnOneHost),
                new Check(
                        "uneven-replicas",
                        Severity.WARNING,
                        Needs.SERVER,
                        "some shards survive two failures, others only one",
                        "let a replica of the richer shard follow the poorer master: CLUSTER REPLICATE",
                        "",
                        ReplicationChecks::uneven),
                new Check(
                        "backlog-too-small",
                        Severity.WARNING,
                        Needs.SETTINGS,
                        "a node that is away longer than the backlog reaches back copies all data instead of the little it"
                                + " missed: a fork, a full transfer, and a longer time with one copy less",
                        "raise it: 'ambrotype doctor --fix' does, or CONFIG SET repl-backlog-size",
                        "",
                        ReplicationChecks::backlog),
                new Check(
                        "min-replicas",
                        Severity.WARNING,
                        Needs.SETTINGS,
                        "while one of its replicas restarts, the master refuses writes (NOREPLICAS)",
                        "add a replica, or lower min-replicas-to-write for the time of the restart",
                        "",
                        ReplicationChecks::minReplicas),
                new Check(
                        "password-mismatch",
                        Severity.ERROR,
                        Needs.SETTINGS,
                        "a node whose masterauth is not its master's password cannot follow it: after a failover or a"
                                + " restart its link stays down, and the shard has one copy less",
                        "give all nodes of the shard the same masterauth and requirepass (CONFIG SET, then CONFIG REWRITE);"
                                + " 'ambrotype doctor --fix' does, where all want the password that it connects with",
                        "",
                        ReplicationChecks::passwords));
    }

    private static Stream<Sight> withoutReplica(Examination e) {
        return Check.eachOf(
                e.nodes().stream()
                        .filter(NodeExamination::isMaster)
                        .filter(node -> !node.node().slots().isEmpty()),
                master -> {
                    List<Node> replicas = e.topology()
                            .shardOf(master.id())
                            .map(Shard::replicas)
                            .orElse(List.of());
                    if (replicas.isEmpty()) {
                        return Optional.of("is a master without a replica");
                    }
                    return replicas.stream().noneMatch(ReplicationChecks::isHealthy)
                            ? Optional.of("is a master whose replicas are all down, loading or cut off")
                            : Optional.empty();
                });
    }

    /** A link that is up although the master's address is nobody's or somebody else's leads to another server. */
    private static Stream<Sight> strangers(Examination e) {
        Set<NodeId> displaced = e.topology().problems(Kind.NODE_WITHOUT_ADDRESS, Kind.STRANGER_AT_ADDRESS).stream()
                .flatMap(problem -> problem.nodes().stream())
                .collect(Collectors.toSet());
        return Check.eachOf(
                e.reached().filter(node -> isHealthy(node.node())),
                node -> node.node()
                        .master()
                        .filter(displaced::contains)
                        .map(master -> "its link is up, but not to its master, node " + master.shortForm()
                                + ", which is gone"
                                + node.node()
                                        .state()
                                        .flatMap(state -> state.replication().master())
                                        .map(address -> ": it follows what answers at " + address)
                                        .orElse("")));
    }

    static boolean isHealthy(Node replica) {
        return replica.state()
                .filter(state -> !state.isLoading())
                .map(NodeState::replication)
                .filter(ReplicationState::linkUp)
                .isPresent();
    }

    private static Stream<Sight> sameHost(Examination e) {
        if (e.hosts() < 2) {
            return e.nodes().size() < 2 || e.hosts() == 0
                    ? Stream.empty()
                    : Stream.of(Sight.of(
                                    List.of(),
                                    "all nodes run on one host, "
                                            + e.nodes().stream()
                                                    .flatMap(node -> node.hostName().stream())
                                                    .findFirst()
                                                    .orElse("?"))
                            .as(Severity.NOTICE)
                            .mendedBy("spread them over three hosts, unless this is a test"));
        }
        return e.topology().shards().stream().flatMap(shard -> {
            Map<String, List<NodeExamination>> hosts = new LinkedHashMap<>();
            shard.nodes()
                    .forEach(node -> e.node(node.id())
                            .ifPresent(known -> known.hostName()
                                    .ifPresent(host -> hosts.computeIfAbsent(host, _ -> new ArrayList<>())
                                            .add(known))));
            return hosts.entrySet().stream()
                    .filter(entry -> entry.getValue().size() > 1)
                    .map(entry -> {
                        Sight sight = Sight.of(
                                entry.getValue(), "are copies of the same slots on one host, " + entry.getKey());
                        return hosts.size() > 1 ? sight.as(Severity.NOTICE) : sight;
                    });
        });
    }

    private static Stream<Sight> mastersOnOneHost(Examination e) {
        if (!e.isCluster() || e.hosts() < 2) {
            return Stream.empty();
        }
        Map<String, List<NodeExamination>> hosts = new TreeMap<>();
        e.nodes().stream()
                .filter(node -> node.isMaster() && !node.node().slots().isEmpty())
                .forEach(node -> node.hostName()
                        .ifPresent(host -> hosts.computeIfAbsent(host, _ -> new ArrayList<>())
                                .add(node)));
        int masters = hosts.values().stream().mapToInt(List::size).sum();
        return hosts.entrySet().stream()
                .filter(entry -> masters > 1 && entry.getValue().size() * 2 >= masters)
                .map(entry -> Sight.of(
                        entry.getValue(),
                        "are " + entry.getValue().size() + " of " + masters + " masters, on one host, "
                                + entry.getKey()));
    }

    private static Stream<Sight> uneven(Examination e) {
        Map<String, Integer> counts = new LinkedHashMap<>();
        e.topology().shards().stream()
                .filter(shard -> !shard.slots().isEmpty())
                .forEach(shard ->
                        counts.put(shard.master().name(), shard.replicas().size()));
        int most = counts.values().stream().mapToInt(Integer::intValue).max().orElse(0);
        int least = counts.values().stream().mapToInt(Integer::intValue).min().orElse(0);
        return most - least < 2
                ? Stream.empty()
                : Stream.of(Sight.of(
                        e.nodes().stream()
                                .filter(node -> counts.getOrDefault(node.name(), -1) == least)
                                .toList(),
                        "have " + least + (least == 1 ? " replica" : " replicas") + ", another master has " + most));
    }

    /** How much backlog a restart of a node of this master needs: what is written while a node is away, twice. */
    static OptionalLong neededBacklog(NodeExamination master) {
        if (master.writeRate().isEmpty() && master.number("uptime_in_seconds").isEmpty()) {
            return OptionalLong.empty();
        }
        long away = AWAY_SECONDS + 2 * master.usedMemory() / LOADED_BYTES_PER_SECOND;
        return OptionalLong.of(2 * writtenPerSecond(master) * away);
    }

    /** As it was measured, or on the average since the start if that is more. */
    private static long writtenPerSecond(NodeExamination master) {
        long average = master.number("master_repl_offset").orElse(0)
                / Math.max(60, master.number("uptime_in_seconds").orElse(0));
        return Math.max(master.writeRate().orElse(0), average);
    }

    private static Stream<Sight> backlog(Examination e) {
        return e.reached()
                .filter(NodeExamination::isMaster)
                .filter(master -> e.topology()
                        .shardOf(master.id())
                        .filter(shard -> !shard.replicas().isEmpty())
                        .isPresent())
                .flatMap(master -> {
                    OptionalLong size = master.settingNumber("repl-backlog-size");
                    OptionalLong needed = neededBacklog(master);
                    return size.isEmpty() || needed.isEmpty() || size.getAsLong() >= needed.getAsLong()
                            ? Stream.<Sight>empty()
                            : Stream.of(Sight.of(
                                            List.of(master),
                                            "has a backlog of " + Quantity.bytes(size.getAsLong()) + "; at "
                                                    + Quantity.bytes(writtenPerSecond(master))
                                                    + "/s a restart needs about " + Quantity.bytes(needed.getAsLong()))
                                    .canBeFixed());
                });
    }

    /** The next power of two that is enough. */
    static long proposedBacklog(long needed) {
        long proposal = SMALLEST_PROPOSAL;
        while (proposal < needed && proposal < (1L << 40)) {
            proposal *= 2;
        }
        return proposal;
    }

    private static Stream<Sight> minReplicas(Examination e) {
        return Check.eachOf(e.reached().filter(NodeExamination::isMaster), master -> {
            long wanted = master.settingNumber("min-replicas-to-write", "min-slaves-to-write")
                    .orElse(0);
            long healthy = e.topology().shardOf(master.id()).map(Shard::replicas).orElse(List.of()).stream()
                    .filter(ReplicationChecks::isHealthy)
                    .count();
            return wanted > 0 && healthy - 1 < wanted
                    ? Optional.of("min-replicas-to-write is " + wanted + ", and it has " + healthy
                            + " healthy replicas: none can be missing")
                    : Optional.empty();
        });
    }

    /** Each node of a shard must be able to follow each other one: roles change. */
    private static Stream<Sight> passwords(Examination e) {
        List<String> pairs = new ArrayList<>();
        Set<NodeExamination> concerned = new LinkedHashSet<>();
        for (Shard shard : e.topology().shards()) {
            List<NodeExamination> nodes = shard.nodes().stream()
                    .flatMap(node -> e.node(node.id()).stream())
                    .filter(node -> node.passwords().isPresent())
                    .toList();
            for (NodeExamination follower : nodes) {
                for (NodeExamination master : nodes) {
                    if (!follower.id().equals(master.id()) && !canFollow(follower, master)) {
                        pairs.add(follower.name() + " could not follow " + master.name() + ": "
                                + (follower.passwords()
                                                .flatMap(Passwords::forMaster)
                                                .isEmpty()
                                        ? "it has no masterauth"
                                        : "its masterauth is another password"));
                        concerned.add(follower);
                    }
                }
            }
        }
        if (pairs.isEmpty()) {
            return Stream.empty();
        }
        Sight sight = Sight.of(concerned, "not every node can follow every other of its shard")
                .with(pairs);
        return Stream.of(e.withPassword() ? sight.canBeFixed() : sight);
    }

    /** Where a node authenticates as an ACL user, only the servers know whether that is right. */
    private static boolean canFollow(NodeExamination follower, NodeExamination master) {
        Passwords own = follower.passwords().orElseThrow();
        Optional<Secret> required = master.passwords().orElseThrow().required();
        return required.isEmpty()
                || own.userForMaster().isPresent()
                || own.forMaster().equals(required);
    }
}
