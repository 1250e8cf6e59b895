package io.ambrotype.heal;

import io.ambrotype.common.AmbrotypeException;
import io.ambrotype.common.ErrorCode;
import io.ambrotype.common.HostAndPort;
import io.ambrotype.resp.ConnectionSettings;
import io.ambrotype.topology.ClusterView;
import io.ambrotype.topology.Node;
import io.ambrotype.topology.NodeFlag;
import io.ambrotype.topology.NodeId;
import io.ambrotype.topology.NodeState;
import io.ambrotype.topology.NodesConf;
import io.ambrotype.topology.NodesConf.Line;
import io.ambrotype.topology.Problem;
import io.ambrotype.topology.Role;
import io.ambrotype.topology.SlotSet;
import io.ambrotype.topology.Topology;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;

/**
 * The {@code nodes.conf} that a node should have, made from what its peers know of it: with this file a node that lost its
 * own comes back as itself. Immutable.
 *
 * <p>It is what the peers say, in the plain form that every version starts from ({@link NodesConf#toText}), with these
 * decisions:
 *
 * <ul>
 *   <li>All peers have to agree on roles, masters and slots; else there is no telling which side the node would join.
 *   <li>A master whose slots went to another node while it was away comes back as that node's replica, which it would
 *       become anyway as soon as it heard of it. Who took over is told by the shards that servers remember from 7.2 on;
 *       before that by the epoch, which is above the old master's, and by the replica that the successor lacks. Where that
 *       does not single out one node, it has to be named.
 *   <li>The epochs are the highest that any peer has seen. The epoch of the last vote is known to nobody: the current epoch
 *       is its upper bound, so that the node cannot vote twice in one epoch; at worst it passes over one election.
 *   <li>Open slots are the business of the two nodes concerned and stand in their own files only; those of the node itself
 *       are lost with its file.
 *   <li>Members without slots whose address nobody knows any more are left out.
 * </ul>
 *
 * @param conf the content of the file
 * @param role what the node will be when it starts from it
 * @param master whom it follows, for a replica
 * @param notes what was decided, in sentences
 * @param warnings what could go wrong when the file is used, in sentences
 */
public record RebuiltNodesConf(
        NodesConf conf, Role role, Optional<Node> master, List<String> notes, List<String> warnings) {
    /** Keeps its own lists. */
    public RebuiltNodesConf {
        notes = List.copyOf(notes);
        warnings = List.copyOf(warnings);
    }

    /** Whose file it is. */
    public NodeId node() {
        return conf.myself().id();
    }

    /** What a user may know better than the peers. */
    public sealed interface Successor {
        /** Nothing is known: it is to be found out. */
        Successor FOUND_OUT = new Unknown();

        /** Nothing is known: it is to be found out. */
        record Unknown() implements Successor {}

        /** That node has its slots now. */
        record Named(NodeId master) implements Successor {}

        /** It had no slots, and stays a master. */
        record Nobody() implements Successor {}
    }

    /**
     * Asks the peers.
     *
     * @param cluster what was seen of the cluster just now
     * @param id the node whose file it is to be
     * @param at where the node will run; empty for the address that its peers know
     * @param successor who has its slots now, where it was a master
     * @throws AmbrotypeException {@code UNSAFE} where the peers do not know the node, do not agree, or do not tell enough
     */
    public static RebuiltNodesConf of(
            Topology cluster, NodeId id, Optional<HostAndPort> at, Successor successor, ConnectionSettings settings) {
        return of(cluster, id, at, successor, ShardMates.read(cluster, settings));
    }

    /** The same from what is known already; a pure function. */
    static RebuiltNodesConf of(
            Topology cluster, NodeId id, Optional<HostAndPort> at, Successor successor, ShardMates mates) {
        return new Builder(cluster, id, at, successor, mates).build();
    }

    private static final class Builder {
        private static final int BUS_PORT_DISTANCE = 10_000;

        private final Topology cluster;
        private final NodeId id;
        private final Optional<HostAndPort> at;
        private final Successor successor;
        private final ShardMates mates;
        private final Map<NodeId, ClusterView> peers = new LinkedHashMap<>();
        private final List<String> notes = new ArrayList<>();
        private final List<String> warnings = new ArrayList<>();

        Builder(Topology cluster, NodeId id, Optional<HostAndPort> at, Successor successor, ShardMates mates) {
            this.cluster = cluster;
            this.id = id;
            this.at = at;
            this.successor = successor;
            this.mates = mates;
            cluster.nodes().stream()
                    .filter(node -> !node.id().equals(id))
                    .forEach(node ->
                            node.state().flatMap(NodeState::view).ifPresent(view -> peers.put(node.id(), view)));
        }

        RebuiltNodesConf build() {
            if (peers.isEmpty()) {
                throw unsafe("no other node of the cluster answered: nobody can tell what node " + id.shortForm()
                        + " had in its nodes.conf");
            }
            Node node = requireKnown();
            requireAgreement();
            Line opinion = opinions(id).getFirst();
            Optional<Node> master =
                    opinion.role() == Role.REPLICA ? Optional.of(masterOfReplica(opinion)) : successor(opinion);
            List<Line> lines = new ArrayList<>();
            for (Node member : cluster.nodes()) {
                if (member.id().equals(id)) {
                    lines.add(own(node, opinion, master));
                } else {
                    line(member).ifPresent(lines::add);
                }
            }
            long currentEpoch = Math.max(
                    peers.values().stream()
                            .mapToLong(ClusterView::currentEpoch)
                            .max()
                            .orElse(0),
                    lines.stream().mapToLong(Line::configEpoch).max().orElse(0));
            NodesConf conf = new NodesConf(lines, currentEpoch, currentEpoch);
            if (!conf.faults().isEmpty()) {
                throw unsafe("what the nodes say does not make a cluster: "
                                + conf.faults().getFirst())
                        .withHint("wait until the nodes agree, and try again");
            }
            warn(node, conf.myself(), master);
            return new RebuiltNodesConf(conf, conf.myself().role(), master, notes, warnings);
        }

        private Node requireKnown() {
            long knowing = peers.values().stream()
                    .filter(view -> view.line(id).isPresent())
                    .count();
            if (knowing == 0) {
                throw unsafe("none of the " + peers.size() + " nodes that answered knows node " + id.shortForm())
                        .withHint("a node that was forgotten comes in again as a new one: ambrotype add-replica");
            }
            if (knowing < peers.size()) {
                warnings.add("only " + knowing + " of the " + peers.size() + " nodes that answered know node "
                        + id.shortForm() + ": the others may have been told to forget it");
            }
            return cluster.node(id).orElseThrow();
        }

        /** On who is what and who owns which slots; not on who is reachable. */
        private void requireAgreement() {
            Set<NodeId> ids = new LinkedHashSet<>();
            peers.values()
                    .forEach(view -> view.lines().stream()
                            .filter(line -> !line.flags().contains(NodeFlag.HANDSHAKE))
                            .map(Line::id)
                            .forEach(ids::add));
            for (NodeId member : ids) {
                Map<String, List<String>> viewers = new TreeMap<>();
                peers.forEach((viewer, view) -> view.line(member)
                        .filter(line -> !line.flags().contains(NodeFlag.HANDSHAKE))
                        .ifPresent(line -> viewers.computeIfAbsent(saying(line), _ -> new ArrayList<>())
                                .add(name(viewer))));
                if (viewers.size() > 1) {
                    throw unsafe("the nodes do not agree on what " + name(member) + " is: "
                                    + viewers.entrySet().stream()
                                            .map(entry ->
                                                    entry.getKey() + " for " + String.join(", ", entry.getValue()))
                                            .collect(Collectors.joining("; ")))
                            .withHint("wait some seconds until they have told each other, and try again");
                }
            }
        }

        private String saying(Line line) {
            return line.role() == Role.REPLICA
                    ? "a replica of " + line.master().map(this::name).orElse("nobody")
                    : line.slots().isEmpty() ? "a master without slots" : "the master of slots " + line.slots();
        }

        private Node masterOfReplica(Line opinion) {
            NodeId master = opinion.master()
                    .orElseThrow(() -> unsafe("node " + id.shortForm() + " is a replica, but nobody knows of whom"));
            return cluster.node(master)
                    .filter(node -> node.role() == Role.MASTER)
                    .orElseThrow(() -> unsafe("node " + id.shortForm() + " follows node " + master.shortForm()
                            + ", which is no master of the cluster"));
        }

        /** Who took over from a master that has no slots any more; empty where it still owns some or never had any. */
        private Optional<Node> successor(Line opinion) {
            if (!opinion.slots().isEmpty()) {
                if (!(successor instanceof Successor.Unknown)) {
                    throw AmbrotypeException.of(
                            ErrorCode.USAGE,
                            "node " + id.shortForm() + " still owns slots " + opinion.slots()
                                    + ": it comes back as their master, not as a replica");
                }
                return Optional.empty();
            }
            return switch (successor) {
                case Successor.Nobody _ -> {
                    notes.add("it comes back as a master without slots, as asked for");
                    yield Optional.empty();
                }
                case Successor.Named(NodeId master) -> {
                    Node named = cluster.node(master)
                            .filter(other -> other.role() == Role.MASTER
                                    && !other.slots().isEmpty()
                                    && !other.id().equals(id))
                            .orElseThrow(() -> AmbrotypeException.of(
                                    ErrorCode.USAGE, name(master) + " is not a master with slots"));
                    notes.add("it comes back as a replica of " + named.name() + ", as asked for");
                    yield Optional.of(named);
                }
                case Successor.Unknown _ -> findSuccessor(opinion);
            };
        }

        private Optional<Node> findSuccessor(Line opinion) {
            return switch (Succession.of(cluster, id, opinion.configEpoch(), mates, Optional.empty())) {
                case Succession.Known(Node master, String reason) -> {
                    notes.add("it was a master, and " + master.name() + " has taken over since (" + reason
                            + "): it comes back as its replica");
                    yield Optional.of(master);
                }
                case Succession.Never _ -> {
                    notes.add("it never owned slots: it comes back as a master without slots");
                    yield Optional.empty();
                }
                case Succession.Unknown(String reason) ->
                    throw unsafe("node " + id.shortForm()
                                    + " was a master and has no slots any more, and it cannot be told who took them"
                                    + " over: " + reason)
                            .withHint(
                                    "name the master that it shall follow, or none if it never had slots: --of HOST:PORT");
            };
        }

        private Line own(Node node, Line opinion, Optional<Node> master) {
            HostAndPort address = at.or(node::address)
                    .orElseThrow(() -> unsafe("nobody knows the address of node " + id.shortForm() + " any more")
                            .withHint("say where it will run: --at HOST:PORT"));
            int busPort = node.busPort() != 0
                            && node.address().filter(address::equals).isPresent()
                    ? node.busPort()
                    : busPort(address);
            Set<NodeFlag> flags = EnumSet.of(NodeFlag.MYSELF, master.isPresent() ? NodeFlag.SLAVE : NodeFlag.MASTER);
            if (opinion.flags().contains(NodeFlag.NOFAILOVER)) {
                flags.add(NodeFlag.NOFAILOVER);
            }
            return Line.plain(
                    id,
                    address.host(),
                    address.port(),
                    busPort,
                    flags,
                    master.map(Node::id),
                    master.map(Node::configEpoch).orElse(opinion.configEpoch()),
                    master.isPresent() ? SlotSet.NONE : opinion.slots());
        }

        /** The distance that the other nodes keep between their ports, where they all keep the same. */
        private int busPort(HostAndPort address) {
            Set<Integer> distances = cluster.nodes().stream()
                    .filter(node -> node.address().isPresent() && node.busPort() != 0)
                    .map(node -> node.busPort() - node.address().get().port())
                    .collect(Collectors.toSet());
            return address.port()
                    + (distances.size() == 1 ? distances.iterator().next() : BUS_PORT_DISTANCE);
        }

        private Optional<Line> line(Node member) {
            if (member.address().isEmpty() && member.slots().isEmpty()) {
                notes.add("node " + member.id().shortForm() + " is left out: nobody knows its address any more");
                return Optional.empty();
            }
            Set<NodeFlag> flags = EnumSet.of(member.role() == Role.MASTER ? NodeFlag.MASTER : NodeFlag.SLAVE);
            if (member.address().isEmpty()) {
                flags.add(NodeFlag.NOADDR);
            }
            if (member.flags().contains(NodeFlag.NOFAILOVER)) {
                flags.add(NodeFlag.NOFAILOVER);
            }
            return Optional.of(Line.plain(
                    member.id(),
                    member.address().map(HostAndPort::host).orElse(""),
                    member.address().map(HostAndPort::port).orElse(0),
                    member.busPort(),
                    flags,
                    member.master(),
                    epoch(member),
                    member.slots()));
        }

        /** A replica has its master's, as servers write it. */
        private long epoch(Node member) {
            return member.master().flatMap(cluster::node).orElse(member).configEpoch();
        }

        private void warn(Node node, Line myself, Optional<Node> master) {
            if (node.isReached()) {
                warnings.add("node " + id.shortForm() + " is alive at " + node.name()
                        + " and keeps its own nodes.conf: a file that is replaced while it runs has no effect, or is"
                        + " overwritten");
            }
            cluster.problems(Problem.Kind.STRANGER_AT_ADDRESS).stream()
                    .filter(problem -> problem.nodes().contains(id))
                    .forEach(problem -> warnings.add(problem.sentence() + ": stop it before the node is started"));
            if (myself.role() == Role.MASTER && !myself.slots().isEmpty()) {
                List<Node> followers = cluster.shardOf(id).orElseThrow().replicas();
                warnings.add("it comes back as the master of slots " + myself.slots()
                        + ": start it only where its data are in place"
                        + (followers.isEmpty()
                                ? ""
                                : ", because an empty master empties its replicas; where they are lost, have "
                                        + followers.getFirst().name() + " take over first (CLUSTER FAILOVER TAKEOVER)"
                                        + " and make the file again"));
            }
            if (master.filter(leader -> !leader.isReached()).isPresent()) {
                warnings.add("its master " + master.get().name() + " does not answer");
            }
        }

        /** What the peers say of the node, the highest epoch first. */
        private List<Line> opinions(NodeId member) {
            return peers.values().stream()
                    .sorted((a, b) -> Long.compare(b.currentEpoch(), a.currentEpoch()))
                    .flatMap(view -> view.line(member).stream())
                    .filter(line -> !line.flags().contains(NodeFlag.HANDSHAKE))
                    .toList();
        }

        private String name(NodeId member) {
            return cluster.node(member).map(Node::name).orElse("node " + member.shortForm());
        }

        private static AmbrotypeException unsafe(String sentence) {
            return AmbrotypeException.of(ErrorCode.UNSAFE, sentence);
        }
    }
}
