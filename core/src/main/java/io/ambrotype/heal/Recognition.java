package io.ambrotype.heal;

import io.ambrotype.common.HostAndPort;
import io.ambrotype.heal.EarlierLayout.Place;
import io.ambrotype.heal.Survey.Outsider;
import io.ambrotype.topology.ClusterView;
import io.ambrotype.topology.DeploymentKind;
import io.ambrotype.topology.Node;
import io.ambrotype.topology.NodeId;
import io.ambrotype.topology.NodeState;
import io.ambrotype.topology.Role;
import io.ambrotype.topology.Shard;
import io.ambrotype.topology.SlotSet;
import io.ambrotype.topology.Topology;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;

/**
 * What is wrong with a cluster's membership, from what was seen; pure.
 *
 * <p>A stranger is taken for a node that lost its identity where the node was known at the stranger's address, by the
 * others or by an earlier layout; or, where there is exactly one node without address and exactly one stranger, because
 * nothing else is left. Peers forget the address of a node as soon as another id answers there ({@code noaddr}).
 */
final class Recognition {
    private final Scene scene;
    private final Topology cluster;
    private final List<Finding> findings = new ArrayList<>();

    private Recognition(Scene scene) {
        this.scene = scene;
        this.cluster = scene.survey().cluster();
    }

    /** Everything, the gravest first. */
    static List<Finding> of(Scene scene) {
        Recognition recognition = new Recognition(scene);
        recognition.recognize();
        return List.copyOf(recognition.findings);
    }

    private void recognize() {
        Map<Outsider, Match> matches = matches();
        Set<NodeId> matched = new HashSet<>();
        for (Outsider outsider : scene.survey().outsiders()) {
            Optional<Match> match = Optional.ofNullable(matches.get(outsider));
            match.ifPresent(found -> matched.add(found.ghost().id()));
            findings.add(of(outsider, match));
        }
        for (Node node : cluster.nodes()) {
            if (node.isReached() || matched.contains(node.id())) {
                continue;
            }
            Optional<String> broken = node.address()
                    .flatMap(address -> Optional.ofNullable(scene.broken().get(address)));
            if (broken.isPresent()) {
                findings.add(new Finding.CannotStart(
                        node,
                        Objects.requireNonNull(
                                        scene.revivals().get(node.address().orElseThrow()))
                                .file(),
                        broken.get()));
            } else if (!node.slots().isEmpty()) {
                findings.add(new Finding.DeadOwner(node));
            } else if (node.address().isEmpty()) {
                findings.add(new Finding.Ghost(node));
            } else {
                findings.add(new Finding.Silent(node));
            }
        }
        orphans();
        knownToSome(matched);
        extraMasters();
        for (Shard shard : cluster.shards()) {
            if (!shard.slots().isEmpty()
                    && shard.master().isReached()
                    && Succession.followers(cluster, shard.master()) == 0) {
                findings.add(new Finding.WithoutReplica(shard));
            }
        }
        returnedMasters();
    }

    private Finding of(Outsider outsider, Optional<Match> match) {
        if (outsider.deployment().kind() == DeploymentKind.STANDALONE || !outsider.isAlone()) {
            return new Finding.Foreign(outsider);
        }
        if (match.isPresent() && !match.get().ghost().slots().isEmpty()) {
            return new Finding.OwnerLostIdentity(match.get().ghost(), outsider);
        }
        if (outsider.state().keys() > 0 || !outsider.node().slots().isEmpty()) {
            return new Finding.StrangerWithData(
                    outsider, match.map(Match::ghost), scene.holdings().getOrDefault(outsider.address(), SlotSet.NONE));
        }
        return match.<Finding>map(found -> new Finding.LostIdentity(found.ghost(), outsider, found.evidence()))
                .orElseGet(() -> new Finding.Stranger(outsider));
    }

    private record Match(Node ghost, String evidence) {}

    private Map<Outsider, Match> matches() {
        Map<Outsider, Match> matches = new LinkedHashMap<>();
        List<Node> gone = new ArrayList<>(
                cluster.nodes().stream().filter(node -> !node.isReached()).toList());
        List<Outsider> open = new ArrayList<>(scene.survey().outsiders().stream()
                .filter(outsider -> outsider.deployment().kind() == DeploymentKind.CLUSTER)
                .filter(Outsider::isAlone)
                .toList());
        for (Outsider outsider : List.copyOf(open)) {
            Optional<Match> match = gone.stream()
                    .filter(node ->
                            node.address().filter(outsider.address()::equals).isPresent())
                    .findFirst()
                    .map(node -> new Match(node, "the others know it at this address"))
                    .or(() -> scene.earlier()
                            .flatMap(layout -> layout.at(outsider.address()))
                            .map(Place::id)
                            .flatMap(id -> gone.stream()
                                    .filter(node -> node.id().equals(id))
                                    .findFirst())
                            .map(node -> new Match(
                                    node, scene.earlier().orElseThrow().source() + " has it at this address")));
            match.ifPresent(found -> {
                matches.put(outsider, found);
                gone.remove(found.ghost());
                open.remove(outsider);
            });
        }
        List<Node> withoutAddress =
                gone.stream().filter(node -> node.address().isEmpty()).toList();
        if (withoutAddress.size() == 1 && open.size() == 1) {
            matches.put(
                    open.getFirst(),
                    new Match(
                            withoutAddress.getFirst(),
                            "it is the only node without address, and this the only stranger"));
        }
        return matches;
    }

    private void orphans() {
        scene.survey().orphans().forEach(node -> findings.add(new Finding.OrphanReplica(node, Optional.empty())));
        for (Node node : cluster.nodes()) {
            if (node.role() != Role.REPLICA || !node.isReached()) {
                continue;
            }
            Optional<Node> master = node.master().flatMap(cluster::node);
            if (master.isEmpty()
                    || (!master.get().isReached() && master.get().slots().isEmpty())) {
                findings.add(new Finding.OrphanReplica(node, master));
            }
        }
    }

    private void extraMasters() {
        for (Shard shard : cluster.shards()) {
            if (shard.slots().isEmpty()
                    && shard.master().isReached()
                    && shard.replicas().stream().noneMatch(Node::isReached)) {
                findings.add(new Finding.ExtraMaster(shard.master()));
            }
        }
    }

    private void knownToSome(Set<NodeId> matched) {
        Map<NodeId, ClusterView> views = new HashMap<>();
        cluster.nodes()
                .forEach(node -> node.state().flatMap(NodeState::view).ifPresent(view -> views.put(node.id(), view)));
        for (Node node : cluster.nodes()) {
            List<Node> unaware = cluster.nodes().stream()
                    .filter(viewer -> views.containsKey(viewer.id()))
                    .filter(viewer -> Objects.requireNonNull(views.get(viewer.id()))
                            .line(node.id())
                            .isEmpty())
                    .toList();
            if (!unaware.isEmpty() && !matched.contains(node.id()) && node.isReached()) {
                findings.add(new Finding.KnownToSome(node, unaware));
            }
        }
    }

    private void returnedMasters() {
        if (scene.earlier().isEmpty()) {
            return;
        }
        EarlierLayout earlier = scene.earlier().get();
        for (Node node : cluster.nodes()) {
            Optional<Place> before = node.address()
                    .flatMap(earlier::at)
                    .filter(place ->
                            place.role() == Role.MASTER && !place.slots().isEmpty());
            if (before.isEmpty() || node.role() != Role.REPLICA || !node.isReached()) {
                continue;
            }
            Node master = cluster.shardOf(node.id()).orElseThrow().master();
            boolean itsSlots = earlier.heir(before.get(), cluster)
                    .filter(heir -> heir.id().equals(master.id()))
                    .isPresent();
            Optional<HostAndPort> there = master.address();
            boolean wasReplica = there.flatMap(earlier::at)
                    .filter(place -> place.role() == Role.REPLICA)
                    .isPresent();
            if (itsSlots && wasReplica && master.isReached()) {
                findings.add(new Finding.ReturnedMaster(node, master, earlier.source()));
            }
        }
    }
}
