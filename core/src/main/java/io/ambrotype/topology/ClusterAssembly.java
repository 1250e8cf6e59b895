package io.ambrotype.topology;

import io.ambrotype.common.AmbrotypeException;
import io.ambrotype.common.ErrorCode;
import io.ambrotype.common.HostAndPort;
import io.ambrotype.topology.NodesConf.Line;
import io.ambrotype.topology.Problem.Kind;
import io.ambrotype.topology.TopologyReader.Sighting;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Deque;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;

/**
 * A cluster, made from the views of its nodes.
 *
 * <p>Members are what the first seed lists, what those list, and so on, and whoever answered and lists one of them. What a
 * node says of itself counts more than what others say of it; of one that did not answer, the view with the highest epoch
 * counts. A slot that two claim goes to the higher epoch, as it will in the cluster.
 */
final class ClusterAssembly {
    private static final Set<NodeFlag> ROLE_FLAGS =
            EnumSet.of(NodeFlag.MYSELF, NodeFlag.MASTER, NodeFlag.SLAVE, NodeFlag.HANDSHAKE);

    private final Sighting sighting;
    private final boolean tls;
    private final Map<NodeId, NodeState> reached = new LinkedHashMap<>();
    private final Set<NodeId> members = new LinkedHashSet<>();
    private final List<Problem> problems = new ArrayList<>();

    /**
     * Finds out who the members are.
     *
     * @throws AmbrotypeException where no view was told, or a seed belongs to another cluster
     */
    ClusterAssembly(Sighting sighting, boolean tls) {
        this.sighting = sighting;
        this.tls = tls;
        for (NodeState state : sighting.states()) {
            state.view().ifPresent(view -> {
                NodeState first = reached.putIfAbsent(view.myself().id(), state);
                if (first != null) {
                    problems.add(Problem.of(
                            Kind.SAME_ID_TWICE,
                            view.myself().id(),
                            first.reachedAt() + " and " + state.reachedAt() + " are two servers with the same id "
                                    + view.myself().id()));
                }
            });
        }
        NodeState first = sighting.states().stream()
                .filter(state -> state.view().isPresent())
                .findFirst()
                .orElseThrow(this::withoutAnyView);
        gatherMembers(first.view().orElseThrow().myself().id());
        requireOneCluster(first);
        recognizeByAddress();
    }

    private AmbrotypeException withoutAnyView() {
        NodeState state = sighting.states().getFirst();
        AmbrotypeException error = AmbrotypeException.of(
                ErrorCode.FAILED,
                "no node tells its view of the cluster: "
                        + state.withoutView().orElse(state.reachedAt() + " has none"));
        if (state.withoutView().filter(reason -> reason.contains("NOPERM")).isPresent()) {
            return error.withHint("give the user the permissions: ACL SETUSER <user> +cluster|nodes +cluster|info");
        }
        return state.isLoading() ? error.withHint("wait until the node has loaded its data") : error;
    }

    private void gatherMembers(NodeId first) {
        Deque<NodeId> open = new ArrayDeque<>(List.of(first));
        do {
            while (!open.isEmpty()) {
                NodeId id = open.pop();
                if (members.add(id)) {
                    lines(id).map(Line::id).forEach(open::add);
                }
            }
            reached.keySet().stream()
                    .filter(id -> !members.contains(id) && lines(id).anyMatch(line -> members.contains(line.id())))
                    .forEach(open::add);
        } while (!open.isEmpty());
    }

    private void requireOneCluster(NodeState first) {
        for (HostAndPort seed : sighting.seeds()) {
            sighting.at(seed)
                    .filter(state -> state.view()
                            .filter(view -> !members.contains(view.myself().id()))
                            .isPresent())
                    .ifPresent(state -> {
                        throw AmbrotypeException.of(
                                        ErrorCode.USAGE,
                                        first.reachedAt() + " and " + state.reachedAt()
                                                + " belong to different clusters: neither is known to the other")
                                .withHint("name addresses of one cluster only; a node that lost its nodes.conf is a"
                                        + " cluster of its own");
                    });
        }
    }

    /** Nodes without a view are known by the address at which they were asked for. */
    private void recognizeByAddress() {
        for (NodeId id : members) {
            if (!reached.containsKey(id)) {
                addresses(id).stream()
                        .flatMap(address -> sighting.at(address).stream())
                        .filter(state -> state.view().isEmpty())
                        .findFirst()
                        .ifPresent(state -> reached.put(id, state));
            }
        }
    }

    /** Of each member that has not answered yet, the next address to try. */
    static Set<HostAndPort> unasked(Sighting sighting, boolean prefersHostNames) {
        ClusterAssembly assembly = new ClusterAssembly(sighting, false);
        Set<HostAndPort> addresses = new LinkedHashSet<>();
        for (NodeId id : assembly.members) {
            if (!assembly.reached.containsKey(id)) {
                List<HostAndPort> candidates = new ArrayList<>(assembly.addresses(id));
                if (prefersHostNames) {
                    candidates.addAll(0, assembly.hostNames(id));
                } else {
                    candidates.addAll(assembly.hostNames(id));
                }
                candidates.stream()
                        .filter(address -> !sighting.attempts().containsKey(address))
                        .findFirst()
                        .ifPresent(addresses::add);
            }
        }
        return addresses;
    }

    Topology topology() {
        List<Node> nodes = nodes();
        Map<NodeId, Node> byId = new LinkedHashMap<>();
        nodes.forEach(node -> byId.put(node.id(), node));
        Map<NodeId, List<Node>> replicas = new HashMap<>();
        for (Node node : nodes) {
            if (node.role() == Role.REPLICA) {
                master(node, byId)
                        .ifPresentOrElse(
                                master -> replicas.computeIfAbsent(master.id(), _ -> new ArrayList<>())
                                        .add(node),
                                () -> problems.add(Problem.of(
                                        Kind.ORPHAN_REPLICA,
                                        node.id(),
                                        "replica " + node.name() + " follows "
                                                + node.master()
                                                        .map(id -> "node " + id.shortForm() + ", which is no member")
                                                        .orElse("nobody"))));
            }
        }
        List<Shard> shards = nodes.stream()
                .filter(node -> node.role() == Role.MASTER)
                .map(master -> new Shard(
                        master,
                        replicas.getOrDefault(master.id(), List.of()).stream()
                                .sorted(Comparator.comparing(Node::name))
                                .toList()))
                .toList();
        if (shards.isEmpty()) {
            throw AmbrotypeException.of(
                            ErrorCode.FAILED,
                            "the cluster as " + sighting.states().getFirst().reachedAt() + " sees it has no master")
                    .withHint("name more nodes of the cluster, or have the node meet the others: CLUSTER MEET");
        }
        Map<NodeId, ClusterView> views = new LinkedHashMap<>();
        nodes.forEach(node -> node.state().flatMap(NodeState::view).ifPresent(view -> views.put(node.id(), view)));
        inspectAnswers(byId);
        problems.addAll(new ViewComparison(byId, views).problems());
        long currentEpoch = Stream.concat(
                        views.values().stream().map(ClusterView::currentEpoch),
                        nodes.stream().map(Node::configEpoch))
                .mapToLong(Long::longValue)
                .max()
                .orElse(0);
        return new Topology(DeploymentKind.CLUSTER, shards, currentEpoch, currentEpoch, problems);
    }

    private List<Node> nodes() {
        List<Node> claimants = members.stream()
                .map(this::node)
                .sorted(Comparator.comparingLong(Node::configEpoch).reversed().thenComparing(Node::id))
                .toList();
        List<Node> nodes = new ArrayList<>();
        SlotSet taken = SlotSet.NONE;
        for (Node node : claimants) {
            nodes.add(withSlots(node, node.slots().minus(taken)));
            taken = taken.union(node.slots());
        }
        nodes.sort(Comparator.comparing(Node::name).thenComparing(Node::id));
        return nodes;
    }

    private Node node(NodeId id) {
        Optional<NodeState> state = Optional.ofNullable(reached.get(id));
        Optional<Line> own = state.flatMap(NodeState::view).map(ClusterView::myself);
        List<Line> opinions = opinions(id);
        Line base = own.orElseGet(opinions::getFirst);
        Optional<HostAndPort> address = Stream.concat(own.stream(), opinions.stream())
                .flatMap(line -> line.address().stream())
                .findFirst()
                .or(() -> state.map(NodeState::reachedAt));
        Set<NodeFlag> flags = EnumSet.noneOf(NodeFlag.class);
        opinions.forEach(line -> flags.addAll(line.flags()));
        flags.removeAll(ROLE_FLAGS);
        return new Node(
                id,
                address,
                Stream.concat(own.stream(), opinions.stream())
                        .mapToInt(Line::busPort)
                        .filter(port -> port != 0)
                        .findFirst()
                        .orElse(0),
                Stream.concat(own.stream(), opinions.stream())
                        .flatMap(line -> line.hostname().stream())
                        .findFirst(),
                tls && address.isPresent() ? OptionalInt.of(address.get().port()) : base.tlsPort(),
                base.role(),
                base.role() == Role.REPLICA ? base.master() : Optional.empty(),
                base.role() == Role.MASTER ? base.slots() : SlotSet.NONE,
                base.configEpoch(),
                flags,
                base.openSlots(),
                state);
    }

    private static Node withSlots(Node node, SlotSet slots) {
        return new Node(
                node.id(),
                node.address(),
                node.busPort(),
                node.hostname(),
                node.tlsPort(),
                node.role(),
                node.master(),
                slots,
                node.configEpoch(),
                node.flags(),
                node.openSlots(),
                node.state());
    }

    private static Optional<Node> master(Node replica, Map<NodeId, Node> byId) {
        Set<NodeId> passed = new HashSet<>();
        Optional<Node> node = Optional.of(replica);
        while (node.isPresent() && node.get().role() == Role.REPLICA) {
            if (!passed.add(node.get().id())) {
                return Optional.empty();
            }
            node = node.get().master().map(byId::get);
        }
        return node;
    }

    private void inspectAnswers(Map<NodeId, Node> byId) {
        Set<HostAndPort> known = new HashSet<>();
        for (Node node : byId.values()) {
            List<HostAndPort> addresses = Stream.concat(addresses(node.id()).stream(), hostNames(node.id()).stream())
                    .toList();
            known.addAll(addresses);
            node.state()
                    .ifPresentOrElse(state -> inspectAnswer(node, state, byId), () -> inspectSilence(node, addresses));
        }
        for (HostAndPort seed : sighting.seeds()) {
            sighting.failure(seed)
                    .filter(_ -> !known.contains(seed))
                    .ifPresent(failure ->
                            problems.add(new Problem(Kind.SEED_UNREACHABLE, Set.of(), SlotSet.NONE, failure)));
        }
    }

    private void inspectAnswer(Node node, NodeState state, Map<NodeId, Node> byId) {
        problems.addAll(NodeProblems.ofState(node.id(), node.name(), state));
        NodeProblems.ofHistory(
                        node.id(),
                        node.name(),
                        state,
                        node.master().map(byId::get).flatMap(Node::state))
                .ifPresent(problems::add);
        state.withoutView()
                .ifPresent(reason -> problems.add(Problem.of(
                        Kind.NODE_WITHOUT_VIEW, node.id(), node.name() + " does not tell its view: " + reason)));
        if (!node.openSlots().isEmpty()) {
            SlotSet slots = SlotSet.of(node.openSlots().stream()
                    .map(open -> new SlotRange(open.slot(), open.slot()))
                    .toList());
            Set<NodeId> concerned = new TreeSet<>(Set.of(node.id()));
            node.openSlots().forEach(open -> concerned.add(open.peer()));
            problems.add(new Problem(
                    Kind.OPEN_SLOTS,
                    concerned,
                    slots,
                    "slots " + slots + " are open on " + node.name() + ": they are being moved"));
        }
    }

    private void inspectSilence(Node node, List<HostAndPort> addresses) {
        String title = NodeProblems.title(node);
        for (HostAndPort address : addresses) {
            sighting.at(address)
                    .flatMap(NodeState::view)
                    .ifPresent(view -> problems.add(Problem.of(
                            Kind.STRANGER_AT_ADDRESS,
                            node.id(),
                            "at " + address + " answers node "
                                    + view.myself().id().shortForm() + " instead of "
                                    + node.id().shortForm())));
        }
        if (node.address().isEmpty()) {
            problems.add(Problem.of(
                    Kind.NODE_WITHOUT_ADDRESS,
                    node.id(),
                    "nobody knows the address of " + title
                            + (node.slots().isEmpty() ? "" : ", which owns slots " + node.slots())));
            return;
        }
        problems.add(Problem.of(
                Kind.NODE_UNREACHABLE,
                node.id(),
                title + " does not answer"
                        + addresses.stream()
                                .flatMap(address -> sighting.failure(address).stream())
                                .findFirst()
                                .map(failure -> ": " + failure)
                                .orElse("")));
    }

    /** What the node lists, itself included. */
    private Stream<Line> lines(NodeId viewer) {
        return Optional.ofNullable(reached.get(viewer)).flatMap(NodeState::view).stream()
                .flatMap(view -> view.lines().stream())
                .filter(line -> !line.flags().contains(NodeFlag.HANDSHAKE));
    }

    /** What other members say of the node, the highest epoch first. */
    private List<Line> opinions(NodeId id) {
        return members.stream()
                .filter(viewer -> !viewer.equals(id))
                .flatMap(viewer -> Optional.ofNullable(reached.get(viewer)).flatMap(NodeState::view).stream())
                .sorted(Comparator.comparingLong(ClusterView::currentEpoch).reversed())
                .flatMap(view -> view.line(id).stream())
                .filter(line -> !line.flags().contains(NodeFlag.HANDSHAKE))
                .toList();
    }

    private List<HostAndPort> addresses(NodeId id) {
        return opinions(id).stream()
                .flatMap(line -> line.address().stream())
                .distinct()
                .toList();
    }

    private List<HostAndPort> hostNames(NodeId id) {
        return opinions(id).stream()
                .filter(line -> line.port() != 0)
                .flatMap(line -> line.hostname().stream().map(name -> new HostAndPort(name, line.port())))
                .distinct()
                .toList();
    }
}
