package io.ambrotype.restart;

import io.ambrotype.common.AmbrotypeException;
import io.ambrotype.common.ErrorCode;
import io.ambrotype.control.Layout;
import io.ambrotype.control.Layout.Place;
import io.ambrotype.control.Member;
import io.ambrotype.topology.Node;
import io.ambrotype.topology.NodeId;
import io.ambrotype.topology.Topology;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Decides how nodes that are down are started again when a run is resumed. A pure function.
 *
 * <p>A node that was a replica is started at once. One that was master of slots when it went down is not started before one
 * of its replicas has taken over: it would come back as master with what it had saved, and the replica, which has more,
 * would be overwritten by it. Where no replica of it is alive it was the last copy: then nothing is done without being
 * asked for, because what it had acknowledged and not saved is lost with its start; its other nodes are started after it.
 */
final class ResumePlanner {
    private ResumePlanner() {}

    /**
     * The steps that start what is down; none where nothing is.
     *
     * @throws AmbrotypeException {@code UNSAFE} where the last copy of a shard is down and it is not to be started, or it
     *     is not known how a node is started
     */
    static RestartPlan starts(RestartRequest request, RestartObservation seen, Layout original, boolean startLastCopy) {
        Topology topology = seen.topology();
        List<Step> first = new ArrayList<>();
        List<Step> then = new ArrayList<>();
        List<String> warnings = new ArrayList<>();
        for (Place head : original.masters()) {
            List<Place> shard = new ArrayList<>();
            shard.add(head);
            shard.addAll(original.replicasOf(head.member().id()));
            List<Member> down = shard.stream()
                    .map(Place::member)
                    .filter(member -> !isReached(topology, member.id()))
                    .toList();
            if (down.isEmpty()) {
                continue;
            }
            Optional<Member> owner = down.stream()
                    .filter(member -> topology.node(member.id())
                            .map(node -> !node.slots().isEmpty())
                            .orElse(false))
                    .findFirst();
            boolean lastCopy = down.size() == shard.size() && head.ownsSlots();
            if (lastCopy && !startLastCopy) {
                throw AmbrotypeException.of(
                                ErrorCode.UNSAFE,
                                "every copy of slots " + head.slots() + " is down: "
                                        + owner.or(() -> Optional.of(head.member()))
                                                .get()
                                        + " was the last master; what it had acknowledged and not saved is lost")
                        .withHint("--start-last-copy starts it with what it has on its disk, and the others after it");
            }
            if (lastCopy) {
                Member last = owner.orElse(head.member());
                first.add(new Step.Start(last, false));
                down.stream()
                        .filter(member -> !member.equals(last))
                        .forEach(member -> then.add(new Step.Start(member, false)));
                warnings.add(last + " was the last copy of slots " + head.slots()
                        + ": what it had acknowledged and not saved is lost");
            } else {
                down.stream()
                        .filter(member -> !Optional.of(member).equals(owner))
                        .forEach(member -> first.add(new Step.Start(member, false)));
                owner.ifPresent(member -> then.add(new Step.Start(member, true)));
            }
        }
        List<Step> steps = new ArrayList<>(first);
        steps.addAll(then);
        if (!steps.isEmpty()) {
            warnings.add("what is left to restart is planned when these nodes are back");
        }
        Layout now = steps.isEmpty() ? Layout.of(topology) : original;
        return new RestartPlan(request.deployment(), topology.kind(), now, now, steps, warnings);
    }

    private static boolean isReached(Topology topology, NodeId id) {
        return topology.node(id).map(Node::isReached).orElse(false);
    }
}
