package io.ambrotype.control;

import io.ambrotype.topology.Node;
import io.ambrotype.topology.NodeId;
import io.ambrotype.topology.Role;
import io.ambrotype.topology.Shard;
import io.ambrotype.topology.SlotSet;
import io.ambrotype.topology.Topology;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;

/**
 * Who has which place in a deployment: what has to be the same in the end, and what is expected in between. Immutable.
 *
 * @param places one for each member, shard by shard, masters before their replicas
 */
public record Layout(List<Place> places) {
    /**
     * One member's place.
     *
     * @param member who
     * @param role what it is
     * @param master whom it follows; empty for a master
     * @param slots what it owns; of a standalone master all slots
     */
    public record Place(Member member, Role role, Optional<NodeId> master, SlotSet slots) {
        /** Rejects a replica that follows nobody or owns slots. */
        public Place {
            if ((role == Role.REPLICA) != master.isPresent() || (role == Role.REPLICA && !slots.isEmpty())) {
                throw new IllegalArgumentException("a replica follows a master and owns no slots: " + member);
            }
        }

        /** Whether it is a master that owns slots: stopping it stops writes. */
        public boolean ownsSlots() {
            return !slots.isEmpty();
        }
    }

    /** Rejects a member with two places. */
    public Layout {
        places = List.copyOf(places);
        if (places.stream().map(place -> place.member().id()).distinct().count() != places.size()) {
            throw new IllegalArgumentException("a node has two places");
        }
    }

    /** The places of a topology. */
    public static Layout of(Topology topology) {
        List<Place> places = new ArrayList<>();
        for (Shard shard : topology.shards()) {
            for (Node node : shard.nodes()) {
                places.add(new Place(Member.of(node), node.role(), node.master(), node.slots()));
            }
        }
        return new Layout(places);
    }

    /** All members, in order. */
    public List<Member> members() {
        return places.stream().map(Place::member).toList();
    }

    /** A member's place. @throws IllegalArgumentException where it has none */
    public Place place(NodeId id) {
        return find(id).orElseThrow(() -> new IllegalArgumentException("node " + id + " has no place in the layout"));
    }

    /** A member's place, if it has one. */
    public Optional<Place> find(NodeId id) {
        return places.stream().filter(place -> place.member().id().equals(id)).findFirst();
    }

    /** The masters, in order. */
    public List<Place> masters() {
        return places.stream().filter(place -> place.role() == Role.MASTER).toList();
    }

    /** What follows the master, directly or by way of other replicas. */
    public List<Place> replicasOf(NodeId master) {
        return places.stream()
                .filter(place -> place.role() == Role.REPLICA
                        && masterOf(place.member().id()).equals(master))
                .toList();
    }

    /** The master at whose head the node's shard is; itself for a master. */
    public NodeId masterOf(NodeId id) {
        NodeId head = id;
        for (int i = 0; i < places.size(); i++) {
            Optional<NodeId> above = find(head).flatMap(Place::master);
            if (above.isEmpty()) {
                return head;
            }
            head = above.get();
        }
        return head;
    }

    /** The layout after a replica has taken its master's place: the old master and its other replicas follow it. */
    public Layout afterSwitchover(NodeId from, NodeId to) {
        Place old = place(from);
        if (old.role() != Role.MASTER || !place(to).master().equals(Optional.of(from))) {
            throw new IllegalArgumentException(place(to).member() + " is no replica of " + old.member());
        }
        List<Place> after = new ArrayList<>();
        for (Place place : places) {
            NodeId id = place.member().id();
            if (id.equals(to)) {
                after.add(new Place(place.member(), Role.MASTER, Optional.empty(), old.slots()));
            } else if (id.equals(from)) {
                after.add(new Place(place.member(), Role.REPLICA, Optional.of(to), SlotSet.NONE));
            } else if (place.master().equals(Optional.of(from))) {
                after.add(new Place(place.member(), Role.REPLICA, Optional.of(to), SlotSet.NONE));
            } else {
                after.add(place);
            }
        }
        return new Layout(after);
    }

    /** The layout after a replica has been pointed to another member of its shard. */
    public Layout afterFollowing(NodeId replica, NodeId master) {
        return new Layout(places.stream()
                .map(place -> place.member().id().equals(replica)
                        ? new Place(place.member(), Role.REPLICA, Optional.of(master), SlotSet.NONE)
                        : place)
                .toList());
    }

    /** How this differs from what was expected, in sentences; empty where every member has the place it should have. */
    public List<String> differencesFrom(Layout expected) {
        List<String> differences = new ArrayList<>();
        for (Place should : expected.places) {
            Optional<Place> is = find(should.member().id());
            if (is.isEmpty()) {
                differences.add(should.member() + " (" + should.member().id().shortForm() + ") is no member any more");
            } else if (!is.get().role().equals(should.role())
                    || !is.get().master().equals(should.master())
                    || !is.get().slots().equals(should.slots())) {
                differences.add(should.member() + " is " + text(is.get()) + " and was " + expected.text(should));
            }
        }
        for (Place is : places) {
            if (expected.find(is.member().id()).isEmpty()) {
                differences.add(is.member() + " (" + is.member().id().shortForm() + ") is new");
            }
        }
        return List.copyOf(differences);
    }

    private String text(Place place) {
        return switch (place.role()) {
            case MASTER -> place.ownsSlots() ? "master of slots " + place.slots() : "a master without slots";
            case REPLICA ->
                "a replica of "
                        + find(Objects.requireNonNull(place.master().orElse(null)))
                                .map(master -> master.member().toString())
                                .orElse("a node that is not known");
        };
    }
}
