package io.ambrotype.topology;

import io.ambrotype.topology.NodesConf.Line;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * The cluster as one of its nodes sees it, from {@code CLUSTER NODES} and {@code CLUSTER INFO}. Immutable.
 *
 * @param lines what it knows of every node, itself included
 * @param stateOk whether it serves ({@code cluster_state:ok})
 * @param currentEpoch the highest epoch it has seen
 */
public record ClusterView(List<Line> lines, boolean stateOk, long currentEpoch) {
    private static final Set<NodeFlag> TRANSIENT = EnumSet.of(NodeFlag.FAIL, NodeFlag.PFAIL);

    /** Rejects a view without exactly one line of its own. */
    public ClusterView {
        lines = List.copyOf(lines);
        if (lines.stream().filter(Line::isMyself).count() != 1) {
            throw new IllegalArgumentException("a view has exactly one line flagged myself");
        }
    }

    /** Its own line. */
    public Line myself() {
        return lines.stream().filter(Line::isMyself).findFirst().orElseThrow();
    }

    /** Its line of that node, if it knows it by that id. */
    public Optional<Line> line(NodeId id) {
        return lines.stream().filter(line -> line.id().equals(id)).findFirst();
    }

    /**
     * The node's {@code nodes.conf} as rebuilt from its view. It says the same as the file, with three exceptions: nodes
     * in handshake are left out, because their ids are provisional; what the view held against other nodes at that moment
     * ({@code fail}) is left out, because a node that starts has to find out anew; and the epoch of its last vote, which no
     * command tells, is taken to be the current epoch: an upper bound, so that a node which starts from this file can
     * never vote twice in one epoch, at worst it passes over one election.
     */
    public NodesConf nodesConf() {
        List<Line> kept = lines.stream()
                .filter(line -> !line.flags().contains(NodeFlag.HANDSHAKE))
                .map(ClusterView::lasting)
                .toList();
        return new NodesConf(kept, currentEpoch, currentEpoch);
    }

    private static Line lasting(Line line) {
        Set<NodeFlag> flags = EnumSet.noneOf(NodeFlag.class);
        flags.addAll(line.flags());
        flags.removeAll(TRANSIENT);
        return new Line(
                line.id(),
                line.host(),
                line.port(),
                line.busPort(),
                line.hostname(),
                line.values(),
                flags,
                line.unknownFlags(),
                line.master(),
                0,
                0,
                line.configEpoch(),
                true,
                line.slots(),
                line.openSlots());
    }
}
