package io.ambrotype.topology;

import io.ambrotype.common.AmbrotypeException;
import io.ambrotype.common.ErrorCode;
import io.ambrotype.common.HostAndPort;
import io.ambrotype.topology.Problem.Kind;
import io.ambrotype.topology.ReplicationState.Attached;
import io.ambrotype.topology.TopologyReader.Sighting;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** A master without the cluster bus and what follows it, made from what the servers said. */
final class StandaloneAssembly {
    private final Sighting sighting;
    private final boolean tls;
    private final List<Problem> problems = new ArrayList<>();

    StandaloneAssembly(Sighting sighting, boolean tls) {
        this.sighting = sighting;
        this.tls = tls;
    }

    /** The masters and replicas that the servers name and that were not asked yet. */
    static Set<HostAndPort> unasked(Sighting sighting) {
        Set<HostAndPort> addresses = new LinkedHashSet<>();
        for (NodeState state : sighting.states()) {
            state.replication().master().ifPresent(addresses::add);
            state.replication().attached().forEach(replica -> replica.address().ifPresent(addresses::add));
        }
        addresses.removeAll(sighting.attempts().keySet());
        return addresses;
    }

    Topology topology() {
        NodeState first = sighting.states().getFirst();
        Root root = root(first);
        for (HostAndPort seed : sighting.seeds()) {
            sighting.at(seed).ifPresent(state -> {
                if (!root(state).equals(root)) {
                    if (shareHistory(root.state(), root(state).state())) {
                        throw AmbrotypeException.of(
                                        ErrorCode.UNSAFE,
                                        root.name() + " and " + root(state).name()
                                                + " are both masters of the same data: one of them was the other's"
                                                + " replica")
                                .withHint(
                                        "where a failover is under way, try again when it is over; else make one of them"
                                                + " a replica again: REPLICAOF");
                    }
                    throw AmbrotypeException.of(
                                    ErrorCode.USAGE,
                                    first.reachedAt() + " and " + state.reachedAt()
                                            + " belong to different deployments: their masters are " + root.name()
                                            + " and " + root(state).name())
                            .withHint("name addresses of one deployment only");
                }
            });
        }
        List<NodeState> members = sighting.states().stream()
                .filter(state -> isMember(state, root))
                .toList();
        Map<String, HostAndPort> addresses = new HashMap<>();
        members.forEach(state -> addresses.put(state.runId(), address(state, members)));
        Node master = master(root, addresses);
        Map<NodeId, Node> replicas = new LinkedHashMap<>();
        for (NodeState state : members) {
            if (!state.equals(root.state())) {
                Node replica = replica(state, addresses);
                replicas.put(replica.id(), replica);
            }
        }
        inspect(root, members, addresses);
        return new Topology(
                DeploymentKind.STANDALONE,
                List.of(new Shard(
                        master,
                        replicas.values().stream()
                                .sorted(Comparator.comparing(Node::name))
                                .toList())),
                0,
                0,
                problems);
    }

    /** Whether one of two masters was a replica of the other: it keeps the id of the history that it has left. */
    private static boolean shareHistory(@Nullable NodeState one, @Nullable NodeState other) {
        return one != null && other != null && (left(one, other) || left(other, one));
    }

    private static boolean left(NodeState successor, NodeState former) {
        return successor
                .info()
                .value("master_replid2")
                .filter(former.replication().id().value()::equals)
                .isPresent();
    }

    /** Where a chain of replicas ends: at a master, or at an address that does not answer. */
    private record Root(@Nullable NodeState state, HostAndPort address) {
        String name() {
            return address.toString();
        }

        @Override
        public boolean equals(@Nullable Object other) {
            return other instanceof Root root
                    && (state == null
                            ? root.state == null && root.address.equals(address)
                            : root.state != null && root.state.runId().equals(state.runId()));
        }

        @Override
        public int hashCode() {
            return state == null ? address.hashCode() : state.runId().hashCode();
        }
    }

    private Root root(NodeState start) {
        Set<String> passed = new HashSet<>();
        NodeState state = start;
        while (state.replication().role() == Role.REPLICA) {
            NodeState replica = state;
            if (!passed.add(replica.runId())) {
                throw AmbrotypeException.of(
                                ErrorCode.UNSAFE,
                                replica.reachedAt()
                                        + " follows itself, directly or by way of other replicas: there is no master")
                        .withHint("make one of them the master: REPLICAOF NO ONE");
            }
            HostAndPort address = replica.replication()
                    .master()
                    .orElseThrow(() -> AmbrotypeException.of(
                            ErrorCode.UNSAFE, replica.reachedAt() + " is a replica that does not tell its master"));
            Optional<NodeState> master = sighting.at(address);
            if (master.isEmpty()) {
                return new Root(null, address);
            }
            state = master.get();
        }
        return new Root(state, state.reachedAt());
    }

    /** Whether the server belongs to this master; one that was only named by a member may have gone its own way. */
    private boolean isMember(NodeState state, Root root) {
        try {
            return root(state).equals(root);
        } catch (AmbrotypeException _) {
            return false;
        }
    }

    /** As its master lists it; of a master, as its replicas name it; else where it answered. */
    private HostAndPort address(NodeState state, List<NodeState> members) {
        return members.stream()
                .flatMap(other -> state.replication().role() == Role.REPLICA
                        ? other.replication().attached().stream()
                                .map(Attached::address)
                                .flatMap(Optional::stream)
                        : other.replication().master().stream())
                .filter(address -> sighting.at(address).filter(state::equals).isPresent())
                .min(Comparator.comparing(HostAndPort::toString))
                .orElse(state.reachedAt());
    }

    private Node master(Root root, Map<String, HostAndPort> addresses) {
        NodeState state = root.state();
        HostAndPort address = state == null ? root.address() : Objects.requireNonNull(addresses.get(state.runId()));
        return node(address, Role.MASTER, Optional.empty(), Optional.ofNullable(state));
    }

    private Node replica(NodeState state, Map<String, HostAndPort> addresses) {
        HostAndPort followed = state.replication().master().orElseThrow();
        HostAndPort master = sighting.at(followed)
                .map(other -> addresses.getOrDefault(other.runId(), followed))
                .orElse(followed);
        return node(
                Objects.requireNonNull(addresses.get(state.runId())),
                Role.REPLICA,
                Optional.of(NodeId.ofAddress(master)),
                Optional.of(state));
    }

    private Node node(HostAndPort address, Role role, Optional<NodeId> master, Optional<NodeState> state) {
        return new Node(
                NodeId.ofAddress(address),
                Optional.of(address),
                0,
                Optional.empty(),
                tls ? OptionalInt.of(address.port()) : OptionalInt.empty(),
                role,
                master,
                role == Role.MASTER ? SlotSet.ALL : SlotSet.NONE,
                0,
                Set.of(),
                List.of(),
                state);
    }

    private void inspect(Root root, List<NodeState> members, Map<String, HostAndPort> addresses) {
        if (root.state() == null) {
            problems.add(Problem.of(
                    Kind.NODE_UNREACHABLE,
                    NodeId.ofAddress(root.address()),
                    "master " + root.address() + " does not answer: "
                            + sighting.failure(root.address()).orElse("it was not asked")));
        }
        for (HostAndPort seed : sighting.seeds()) {
            // A master that is a seed was just told.
            sighting.failure(seed)
                    .filter(_ -> !seed.equals(root.address()))
                    .ifPresent(failure ->
                            problems.add(new Problem(Kind.SEED_UNREACHABLE, Set.of(), SlotSet.NONE, failure)));
        }
        for (NodeState state : members) {
            HostAndPort address = Objects.requireNonNull(addresses.get(state.runId()));
            NodeId id = NodeId.ofAddress(address);
            NodeProblems.ofState(id, address.toString(), state).forEach(problems::add);
            Optional<NodeState> master = state.replication().master().flatMap(sighting::at);
            NodeProblems.ofHistory(id, address.toString(), state, master).ifPresent(problems::add);
            for (Attached replica : state.replication().attached()) {
                replica.address().ifPresent(listed -> inspectAttached(address, listed, root));
            }
        }
    }

    private void inspectAttached(HostAndPort master, HostAndPort listed, Root root) {
        String failure = sighting.failure(listed).orElse(null);
        if (failure != null && !sighting.seeds().contains(listed)) {
            problems.add(new Problem(
                    Kind.UNKNOWN_REPLICA,
                    Set.of(),
                    SlotSet.NONE,
                    "what is attached to " + master + " as replica " + listed + " does not answer: " + failure));
        }
        sighting.at(listed)
                .filter(state -> !isMember(state, root))
                .ifPresent(state -> problems.add(new Problem(
                        Kind.VIEWS_DISAGREE,
                        Set.of(),
                        SlotSet.NONE,
                        listed + " is attached to " + master + " as a replica, but says that it is "
                                + state.replication()
                                        .master()
                                        .map(other -> "a replica of " + other)
                                        .orElse("a master"))));
    }
}
