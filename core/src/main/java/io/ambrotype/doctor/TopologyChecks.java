package io.ambrotype.doctor;

import io.ambrotype.doctor.Check.Needs;
import io.ambrotype.doctor.Check.Sight;
import io.ambrotype.topology.Problem;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;

/** What the nodes' views say against each other: one check for each kind of problem. */
final class TopologyChecks {
    private static final int DETAILS = 8;

    private TopologyChecks() {}

    static List<Check> checks() {
        List<Check> checks = new ArrayList<>(
                Arrays.stream(Problem.Kind.values()).map(TopologyChecks::check).toList());
        checks.add(new Check(
                "foreign-keys",
                Severity.ERROR,
                Needs.SERVER,
                "these keys cannot be read by anybody; at its next start a Redis opens the slots for import, a Valkey from"
                        + " 8.0 on deletes the keys",
                "look at them (CLUSTER GETKEYSINSLOT) and move them to the owner with redis-cli --cluster fix, or delete"
                        + " them",
                "",
                TopologyChecks::foreignKeys));
        return checks;
    }

    private static Stream<Sight> foreignKeys(Examination e) {
        return e.reached()
                .flatMap(node -> node.foreignKeys().filter(slots -> !slots.isEmpty()).stream()
                        .map(slots -> Sight.of(
                                List.of(node),
                                "holds "
                                        + slots.values().stream()
                                                .mapToLong(Long::longValue)
                                                .sum()
                                        + " keys in slots that it does not own: "
                                        + Quantity.list(slots.keySet().stream()
                                                .map(String::valueOf)
                                                .toList()))));
    }

    private static Check check(Problem.Kind kind) {
        return new Check(
                kind.name().toLowerCase(Locale.ROOT).replace('_', '-'),
                severity(kind),
                Needs.SERVER,
                why(kind),
                mend(kind),
                "",
                e -> look(e, kind));
    }

    private static Stream<Sight> look(Examination e, Problem.Kind kind) {
        List<Problem> problems = e.topology().problems(kind);
        if (problems.isEmpty()) {
            return Stream.empty();
        }
        List<NodeExamination> nodes = problems.stream()
                .flatMap(problem -> problem.nodes().stream())
                .distinct()
                .flatMap(id -> e.node(id).stream())
                .toList();
        if (problems.size() == 1) {
            return Stream.of(Sight.of(nodes, problems.getFirst().sentence()));
        }
        List<String> details = new ArrayList<>(
                problems.stream().limit(DETAILS).map(Problem::sentence).toList());
        if (problems.size() > DETAILS) {
            details.add("and " + (problems.size() - DETAILS) + " more");
        }
        return Stream.of(Sight.of(nodes, title(kind)).with(details));
    }

    private static String title(Problem.Kind kind) {
        return kind.name().toLowerCase(Locale.ROOT).replace('_', ' ');
    }

    private static Severity severity(Problem.Kind kind) {
        return switch (kind) {
            case UNCOVERED_SLOTS,
                    OPEN_SLOTS,
                    VIEWS_DISAGREE,
                    EPOCH_COLLISION,
                    CLUSTER_DOWN,
                    MASTER_FAILING,
                    ORPHAN_REPLICA,
                    NODE_UNREACHABLE,
                    NODE_WITHOUT_ADDRESS,
                    STRANGER_AT_ADDRESS,
                    SAME_ID_TWICE,
                    REPLICA_LINK_DOWN,
                    REPLICATION_ID_DIFFERS,
                    SENTINEL_DISAGREES,
                    SENTINELS_WITHOUT_QUORUM -> Severity.ERROR;
            case REPLICA_FAILING,
                    BUS_LINK_DOWN,
                    HANDSHAKE,
                    NODE_WITHOUT_VIEW,
                    NODE_LOADING,
                    WRITABLE_REPLICA,
                    SENTINEL_UNREACHABLE,
                    SENTINEL_FAILOVER -> Severity.WARNING;
            case SEED_UNREACHABLE, UNKNOWN_REPLICA -> Severity.NOTICE;
        };
    }

    private static String why(Problem.Kind kind) {
        return switch (kind) {
            case UNCOVERED_SLOTS -> "keys in these slots can be neither read nor written";
            case OPEN_SLOTS -> "a restart in the middle of a move of slots leaves keys on both sides";
            case VIEWS_DISAGREE -> "nobody can say which nodes will vote, and for whom";
            case EPOCH_COLLISION -> "if both claim the same slot, chance decides which of them loses its keys";
            case CLUSTER_DOWN -> "these nodes refuse commands, and no failover is decided";
            case MASTER_FAILING -> "its slots are not served, or about to be taken over";
            case REPLICA_FAILING -> "its shard has one copy less: no time to restart the other one";
            case BUS_LINK_DOWN ->
                "votes go over these links: a failover without them pauses writers for five seconds and fails";
            case HANDSHAKE -> "membership is changing";
            case ORPHAN_REPLICA -> "it can take over for nobody, and its shard has one copy less than was planned";
            case NODE_UNREACHABLE -> "what it would do at a restart is not known, and its shard has one copy less";
            case NODE_WITHOUT_ADDRESS ->
                "it lost its nodes.conf or its address; nobody serves its slots, even where the cluster state is ok";
            case NODE_WITHOUT_VIEW -> "its view could not be compared with the others";
            case NODE_LOADING -> "it can neither serve nor take over yet";
            case STRANGER_AT_ADDRESS ->
                "a node came back without its nodes.conf: under a new id, mostly empty, and no member any more";
            case SAME_ID_TWICE -> "one was started from a copy of the other's files: the cluster flips between the two";
            case SEED_UNREACHABLE -> "the deployment was found without it";
            case REPLICA_LINK_DOWN -> "its data grow old; its master must not be stopped, it has nobody else";
            case REPLICATION_ID_DIFFERS -> "its data are not a beginning of its master's: it is no safe successor";
            case WRITABLE_REPLICA -> "what is written there is lost at its next synchronization";
            case UNKNOWN_REPLICA -> "a SHUTDOWN from Redis 7.0 on waits for it, up to ten seconds";
            case SENTINEL_UNREACHABLE -> "the fewer Sentinels answer, the sooner there is no majority for a failover";
            case SENTINEL_DISAGREES -> "clients that ask it are sent to the wrong server";
            case SENTINELS_WITHOUT_QUORUM -> "nobody is promoted when the master fails";
            case SENTINEL_FAILOVER -> "the master is about to change";
        };
    }

    private static String mend(Problem.Kind kind) {
        return switch (kind) {
            case UNCOVERED_SLOTS, MASTER_FAILING, NODE_UNREACHABLE ->
                "start the node, or let a replica take over (CLUSTER FAILOVER TAKEOVER where there is no majority)";
            case OPEN_SLOTS -> "let the move end, or mend it with redis-cli --cluster fix";
            case VIEWS_DISAGREE, NODE_WITHOUT_ADDRESS, STRANGER_AT_ADDRESS, ORPHAN_REPLICA ->
                "wait a moment; if it stays, 'ambrotype heal' proposes what to do";
            case EPOCH_COLLISION ->
                "wait: the nodes settle it as soon as they reach each other; else CLUSTER BUMPEPOCH"
                        + " on one of them";
            case CLUSTER_DOWN -> "bring back the missing masters or their replicas";
            case REPLICA_FAILING -> "start the replica, and wait until its link is up";
            case BUS_LINK_DOWN -> "wait a moment; if it stays, open the bus port (port + 10000) between the hosts";
            case HANDSHAKE -> "wait; if it stays, nobody answers at that address: CLUSTER FORGET";
            case NODE_WITHOUT_VIEW -> "allow CLUSTER NODES and CLUSTER INFO to the user of this program";
            case NODE_LOADING -> "wait";
            case SAME_ID_TWICE -> "stop the copy, and remove its nodes.conf before it is started again";
            case SEED_UNREACHABLE -> "correct the address";
            case REPLICA_LINK_DOWN ->
                "compare masterauth with the master's requirepass, look at the network and at both logs";
            case REPLICATION_ID_DIFFERS -> "wait for its synchronization";
            case WRITABLE_REPLICA -> "CONFIG SET replica-read-only yes";
            case UNKNOWN_REPLICA -> "find out who it is: CLIENT LIST TYPE replica";
            case SENTINEL_UNREACHABLE, SENTINELS_WITHOUT_QUORUM ->
                "start the missing Sentinels, or look at the way to them";
            case SENTINEL_DISAGREES ->
                "wait a moment; if it stays, SENTINEL RESET, or start it again with the right master";
            case SENTINEL_FAILOVER -> "wait until it has ended";
        };
    }
}
