package io.ambrotype.heal;

import io.ambrotype.common.AmbrotypeException;
import io.ambrotype.common.ErrorCode;
import io.ambrotype.common.HostAndPort;
import io.ambrotype.resp.ConnectionSettings;
import io.ambrotype.resp.RespConnection;
import io.ambrotype.topology.ClusterView;
import io.ambrotype.topology.DeploymentKind;
import io.ambrotype.topology.Node;
import io.ambrotype.topology.NodeId;
import io.ambrotype.topology.NodeState;
import io.ambrotype.topology.NodesConf.Line;
import io.ambrotype.topology.Problem;
import io.ambrotype.topology.Role;
import io.ambrotype.topology.SlotSet;
import io.ambrotype.topology.Topology;
import io.ambrotype.topology.TopologyReader;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;

/**
 * A cluster in trouble, as it was seen at one moment: the cluster itself, and the servers at its addresses that do not
 * belong to it. Immutable.
 *
 * <p>A node that came back without its {@code nodes.conf} is a cluster of its own, and a list of addresses that has such a
 * node in it names two clusters. Elsewhere that is an error; here it is what there is to mend.
 *
 * @param cluster the cluster with the most slots and nodes of those that were found
 * @param outsiders servers that answered at a seed or at the address of a silent member and are no members
 * @param orphans replicas that answered and whose master is no member, so that they are in no shard
 * @param unanswered the seeds at which nobody answered and no member is known
 */
public record Survey(Topology cluster, List<Outsider> outsiders, List<Node> orphans, List<HostAndPort> unanswered) {
    /** Rejects what is no cluster. */
    public Survey {
        if (cluster.kind() != DeploymentKind.CLUSTER) {
            throw new IllegalArgumentException("only a cluster has members");
        }
        outsiders = List.copyOf(outsiders);
        orphans = List.copyOf(orphans);
        unanswered = List.copyOf(unanswered);
    }

    /**
     * A server that is no member.
     *
     * @param address where it answered
     * @param deployment what it belongs to: mostly a cluster of itself alone
     */
    public record Outsider(HostAndPort address, Topology deployment) {
        /** What it told of itself. */
        public NodeState state() {
            return node().state().orElseThrow();
        }

        /** Itself as a node of what it belongs to. */
        public Node node() {
            return deployment.nodes().stream()
                    .filter(node -> isAt(node, address))
                    .filter(Node::isReached)
                    .findFirst()
                    .orElseThrow();
        }

        /** Whether it is a cluster node that knows no other. */
        public boolean isAlone() {
            return deployment.kind() == DeploymentKind.CLUSTER
                    && deployment.nodes().size() == 1;
        }
    }

    /** The outsider at that address. */
    public Optional<Outsider> outsiderAt(HostAndPort address) {
        return outsiders.stream()
                .filter(outsider -> outsider.address().equals(address))
                .findFirst();
    }

    /**
     * Looks at the whole deployment and at what stands beside it.
     *
     * @param seeds addresses of the deployment; they may lead to more than one cluster
     * @param settings how to connect
     * @throws AmbrotypeException as {@link TopologyReader#discover}, and {@code UNSAFE} where it cannot be told which of
     *     several clusters is meant, or there is none
     */
    public static Survey of(List<HostAndPort> seeds, ConnectionSettings settings) {
        TopologyReader reader = new TopologyReader(settings);
        List<Topology> found = new ArrayList<>();
        List<Outsider> others = new ArrayList<>();
        AmbrotypeException together = null;
        try {
            found.add(reader.discover(seeds));
        } catch (AmbrotypeException e) {
            if (e.code() != ErrorCode.USAGE || seeds.size() == 1) {
                throw e;
            }
            together = e;
        }
        if (together != null) {
            for (HostAndPort seed : new LinkedHashSet<>(seeds)) {
                if (found.stream().noneMatch(topology -> isMemberReached(topology, seed))) {
                    find(reader, seed).ifPresent(found::add);
                }
            }
        }
        Topology cluster = greatest(found, Optional.ofNullable(together));
        for (HostAndPort seed : new LinkedHashSet<>(seeds)) {
            found.stream()
                    .filter(topology -> !topology.equals(cluster))
                    .filter(topology -> isMemberReached(topology, seed))
                    .findFirst()
                    .ifPresent(topology -> others.add(new Outsider(seed, topology)));
        }
        Set<HostAndPort> seen = new LinkedHashSet<>(seeds);
        for (Node node : cluster.nodes()) {
            if (!node.isReached()
                    && node.address().isPresent()
                    && seen.add(node.address().get())) {
                find(reader, node.address().get())
                        .filter(topology -> topology.nodes().stream().noneMatch(other -> isMember(cluster, other)))
                        .ifPresent(topology ->
                                others.add(new Outsider(node.address().get(), topology)));
            }
        }
        List<HostAndPort> unanswered = seeds.stream()
                .filter(seed -> cluster.nodes().stream().noneMatch(node -> isAt(node, seed)))
                .filter(seed ->
                        others.stream().noneMatch(other -> other.address().equals(seed)))
                .toList();
        return new Survey(cluster, others, orphans(cluster, settings), unanswered);
    }

    private static List<Node> orphans(Topology cluster, ConnectionSettings settings) {
        List<Node> orphans = new ArrayList<>();
        for (Problem problem : cluster.problems(Problem.Kind.ORPHAN_REPLICA)) {
            problem.nodes().stream()
                    .flatMap(id -> orphan(cluster, id, settings).stream())
                    .forEach(orphans::add);
        }
        return orphans;
    }

    private static Optional<Node> orphan(Topology cluster, NodeId id, ConnectionSettings settings) {
        Optional<Line> line = cluster.nodes().stream()
                .flatMap(node -> node.state().flatMap(NodeState::view).stream())
                .flatMap(view -> view.line(id).stream())
                .filter(known -> known.address().isPresent())
                .findFirst();
        if (line.isEmpty()) {
            return Optional.empty();
        }
        try (RespConnection connection =
                RespConnection.open(line.get().address().orElseThrow(), settings)) {
            NodeState state = NodeState.read(connection);
            return state.view()
                    .map(ClusterView::myself)
                    .filter(own -> own.id().equals(id) && own.role() == Role.REPLICA)
                    .map(own -> new Node(
                            id,
                            line.get().address(),
                            line.get().busPort(),
                            line.get().hostname(),
                            line.get().tlsPort(),
                            Role.REPLICA,
                            own.master(),
                            SlotSet.NONE,
                            own.configEpoch(),
                            line.get().flags(),
                            List.of(),
                            Optional.of(state)));
        } catch (AmbrotypeException e) {
            if (e.code() == ErrorCode.INTERRUPTED) {
                throw e;
            }
            return Optional.empty();
        }
    }

    private static Optional<Topology> find(TopologyReader reader, HostAndPort seed) {
        try {
            return Optional.of(reader.discover(List.of(seed)));
        } catch (AmbrotypeException e) {
            if (e.code() == ErrorCode.INTERRUPTED) {
                throw e;
            }
            return Optional.empty();
        }
    }

    private static Topology greatest(List<Topology> found, Optional<AmbrotypeException> together) {
        List<Topology> clusters = found.stream()
                .filter(topology -> topology.kind() == DeploymentKind.CLUSTER)
                .sorted(Comparator.comparingInt(Survey::slots)
                        .thenComparingInt(topology -> topology.nodes().size())
                        .reversed())
                .toList();
        if (clusters.isEmpty()) {
            throw together.orElseGet(() -> AmbrotypeException.of(
                            ErrorCode.USAGE, "the deployment is not a cluster: membership is what a cluster has")
                    .withHint("a standalone server becomes a replica by REPLICAOF HOST PORT"));
        }
        if (clusters.size() > 1 && slots(clusters.get(0)) == slots(clusters.get(1))) {
            throw AmbrotypeException.of(
                            ErrorCode.UNSAFE,
                            "the addresses lead to " + clusters.size()
                                    + " clusters with equally many slots: it cannot be told which one is meant")
                    .withHint("name addresses of the one that is to be mended only");
        }
        Topology cluster = clusters.getFirst();
        if (slots(cluster) == 0 && cluster.nodes().size() == 1) {
            throw AmbrotypeException.of(
                            ErrorCode.UNSAFE,
                            cluster.nodes().getFirst().name()
                                    + " knows no other node and owns no slots: it cannot be told"
                                    + " which cluster is meant")
                    .withHint("name addresses of its other nodes too: redis://HOST:PORT,HOST:PORT");
        }
        return cluster;
    }

    private static int slots(Topology topology) {
        return topology.coveredSlots().size();
    }

    private static boolean isMember(Topology cluster, Node node) {
        return cluster.node(node.id()).isPresent();
    }

    private static boolean isMemberReached(Topology topology, HostAndPort address) {
        return topology.nodes().stream().anyMatch(node -> node.isReached() && isAt(node, address));
    }

    private static boolean isAt(Node node, HostAndPort address) {
        return node.address().filter(address::equals).isPresent()
                || node.state()
                        .filter(state -> state.reachedAt().equals(address))
                        .isPresent();
    }

    /**
     * The member that somebody means.
     *
     * @param text its address, its id, or a beginning of the id that only one member has
     * @throws AmbrotypeException {@code USAGE} where nobody is meant, or more than one
     */
    public static Node member(Topology cluster, String text) {
        Optional<HostAndPort> address = address(text);
        List<Node> meant = cluster.nodes().stream()
                .filter(node -> node.id().value().startsWith(text)
                        || address.filter(there -> isAt(node, there)).isPresent())
                .toList();
        // A node that left an address is still known by it where another answers there now.
        List<Node> reached = meant.stream().filter(Node::isReached).toList();
        List<Node> candidates = meant.size() > 1 && reached.size() == 1 ? reached : meant;
        if (candidates.size() == 1 && !text.isEmpty()) {
            return candidates.getFirst();
        }
        String members = String.join(
                ", ",
                cluster.nodes().stream()
                        .map(node -> node.address().map(Objects::toString).orElse("no address") + " "
                                + node.id().shortForm())
                        .toList());
        throw AmbrotypeException.of(
                        ErrorCode.USAGE,
                        candidates.isEmpty()
                                ? "no member of the cluster is known as '" + text + "'"
                                : "'" + text + "' can mean " + candidates.size() + " members of the cluster")
                .withHint("the members are " + members);
    }

    private static Optional<HostAndPort> address(String text) {
        try {
            return Optional.of(HostAndPort.parse(text));
        } catch (IllegalArgumentException _) {
            return Optional.empty();
        }
    }
}
