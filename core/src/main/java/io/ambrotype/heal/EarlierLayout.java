package io.ambrotype.heal;

import io.ambrotype.common.HostAndPort;
import io.ambrotype.repository.Manifest;
import io.ambrotype.topology.Node;
import io.ambrotype.topology.NodeId;
import io.ambrotype.topology.NodesConf;
import io.ambrotype.topology.NodesConf.Line;
import io.ambrotype.topology.Role;
import io.ambrotype.topology.SlotSet;
import io.ambrotype.topology.Topology;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Who had which place at an earlier time, as far as something tells: a journal, a snapshot, a {@code nodes.conf} that was
 * found. It is evidence and no order: the layout may have been changed on purpose since. Immutable.
 *
 * @param source where this is from, as in "as … says"
 * @param places one for each node
 * @param wanted whether it is known that the deployment shall be so again: a mending was broken off on the way there
 */
public record EarlierLayout(String source, List<Place> places, boolean wanted) {
    /** Keeps its own list. */
    public EarlierLayout {
        places = List.copyOf(places);
    }

    /**
     * What a node was.
     *
     * @param id its id then
     * @param address where it was reached
     * @param role what it was
     * @param master whom it followed
     * @param slots what it owned
     */
    public record Place(NodeId id, HostAndPort address, Role role, Optional<NodeId> master, SlotSet slots) {}

    /** As a {@code nodes.conf} has it; nodes without address are left out. */
    public static EarlierLayout of(NodesConf conf, String source) {
        List<Place> places = new ArrayList<>();
        for (Line line : conf.lines()) {
            line.address()
                    .ifPresent(address ->
                            places.add(new Place(line.id(), address, line.role(), line.master(), line.slots())));
        }
        return new EarlierLayout(source, places, false);
    }

    /** As a snapshot has it. */
    public static EarlierLayout of(Manifest manifest) {
        List<Place> places = manifest.topology().nodes().stream()
                .map(node -> new Place(
                        new NodeId(node.id()),
                        new HostAndPort(node.host(), node.port()),
                        node.role() == Manifest.Role.MASTER ? Role.MASTER : Role.REPLICA,
                        node.masterId().map(NodeId::new),
                        SlotSet.parse(node.slots())))
                .toList();
        return new EarlierLayout("the snapshot " + manifest.snapshot(), places, false);
    }

    /** Whether it is about any of these nodes. */
    boolean concerns(Set<NodeId> nodes) {
        return places.stream().anyMatch(place -> nodes.contains(place.id()));
    }

    /** The place of the node with that id. */
    Optional<Place> of(NodeId id) {
        return places.stream().filter(place -> place.id().equals(id)).findFirst();
    }

    /** The place of the node that was at that address. */
    Optional<Place> at(HostAndPort address) {
        return places.stream().filter(place -> place.address().equals(address)).findFirst();
    }

    /** The slots of the shard in which the node was. */
    SlotSet slotsOfShard(Place place) {
        return place.role() == Role.MASTER
                ? place.slots()
                : place.master().flatMap(this::of).map(Place::slots).orElse(SlotSet.NONE);
    }

    /** Who owns now most of the slots of the shard in which the node was; empty where nobody owns any of them. */
    Optional<Node> heir(Place place, Topology now) {
        SlotSet slots = slotsOfShard(place);
        Map<Node, Integer> shares = new HashMap<>();
        now.shards().forEach(shard -> {
            int share = shard.slots().intersection(slots).size();
            if (share > 0) {
                shares.put(shard.master(), share);
            }
        });
        return shares.entrySet().stream().max(Map.Entry.comparingByValue()).map(Map.Entry::getKey);
    }
}
