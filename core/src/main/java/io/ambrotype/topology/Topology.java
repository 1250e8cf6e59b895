package io.ambrotype.topology;

import io.ambrotype.topology.LayoutDifference.Kind;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.Comparator;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * A deployment as it was seen at one moment: its shards, and what is wrong with it. Immutable.
 *
 * @param kind how its servers belong together
 * @param shards in the order of their first slots, those without slots last
 * @param currentEpoch the highest epoch that any view has seen; 0 for a standalone set
 * @param lastVoteEpoch an upper bound of the epochs in which any node has voted, which no command tells: the current
 *     epoch
 * @param sentinels who watches a standalone master to fail over by themselves; empty where nobody was found to
 * @param problems what an operation may have to refuse, wait for or tell
 */
public record Topology(
        DeploymentKind kind,
        List<Shard> shards,
        long currentEpoch,
        long lastVoteEpoch,
        Optional<SentinelSet> sentinels,
        List<Problem> problems) {
    /** Puts the shards in order; rejects a node that stands in two places. */
    public Topology {
        shards = shards.stream()
                .sorted(Comparator.comparingInt(
                                (Shard shard) -> shard.slots().first().orElse(Integer.MAX_VALUE))
                        .thenComparing(shard -> shard.master().name())
                        .thenComparing(shard -> shard.master().id()))
                .toList();
        problems = List.copyOf(problems);
        Set<NodeId> seen = new HashSet<>();
        for (Shard shard : shards) {
            for (Node node : shard.nodes()) {
                if (!seen.add(node.id())) {
                    throw new IllegalArgumentException("node " + node.id() + " stands in two places");
                }
            }
        }
    }

    /** A deployment without Sentinels. */
    public Topology(
            DeploymentKind kind, List<Shard> shards, long currentEpoch, long lastVoteEpoch, List<Problem> problems) {
        this(kind, shards, currentEpoch, lastVoteEpoch, Optional.empty(), problems);
    }

    /** All nodes, shard by shard, each master before its replicas. */
    public List<Node> nodes() {
        return shards.stream().flatMap(shard -> shard.nodes().stream()).toList();
    }

    /** The node of that id. */
    public Optional<Node> node(NodeId id) {
        return nodes().stream().filter(node -> node.id().equals(id)).findFirst();
    }

    /** The shard whose master owns the slot. */
    public Optional<Shard> shardOf(int slot) {
        return shards.stream().filter(shard -> shard.slots().contains(slot)).findFirst();
    }

    /** The shard in which the node is master or replica. */
    public Optional<Shard> shardOf(NodeId id) {
        return shards.stream()
                .filter(shard ->
                        shard.nodes().stream().anyMatch(node -> node.id().equals(id)))
                .findFirst();
    }

    /** The slots that have an owner. */
    public SlotSet coveredSlots() {
        return shards.stream().map(Shard::slots).reduce(SlotSet.NONE, SlotSet::union);
    }

    /** The problems of the given kinds, in order. */
    public List<Problem> problems(Problem.Kind... kinds) {
        return problems.stream()
                .filter(problem -> Arrays.asList(kinds).contains(problem.kind()))
                .toList();
    }

    /** Whether members, roles and slots are the same; addresses, epochs and problems may differ. */
    public boolean sameLayout(Topology other) {
        return differencesFrom(other).isEmpty();
    }

    /** What changed in the layout since the earlier look, in sentences; empty where nothing did. */
    public List<LayoutDifference> differencesFrom(Topology earlier) {
        List<LayoutDifference> differences = new ArrayList<>();
        if (kind != earlier.kind) {
            differences.add(new LayoutDifference(
                    Kind.KIND_CHANGED,
                    Set.of(),
                    SlotSet.NONE,
                    "the deployment was " + text(earlier.kind) + " and is " + text(kind)));
        }
        Set<NodeId> told = new HashSet<>();
        Map<NodeId, NodeId> successors = new LinkedHashMap<>();
        compareOwners(earlier, differences, successors, told);
        compareMembers(earlier, differences, successors, told);
        return List.copyOf(differences);
    }

    private void compareOwners(
            Topology earlier, List<LayoutDifference> differences, Map<NodeId, NodeId> successors, Set<NodeId> told) {
        record Move(@Nullable NodeId from, @Nullable NodeId to) {}
        @Nullable NodeId[] before = earlier.owners();
        @Nullable NodeId[] after = owners();
        Map<Move, BitSet> moves = new LinkedHashMap<>();
        for (int slot = 0; slot < before.length; slot++) {
            if (before[slot] == null ? after[slot] != null : !before[slot].equals(after[slot])) {
                moves.computeIfAbsent(new Move(before[slot], after[slot]), _ -> new BitSet())
                        .set(slot);
            }
        }
        moves.forEach((move, bits) -> {
            SlotSet slots = SlotSet.of(bits);
            Set<NodeId> nodes = new HashSet<>();
            Optional.ofNullable(move.from()).ifPresent(nodes::add);
            Optional.ofNullable(move.to()).ifPresent(nodes::add);
            boolean takeover = move.from() != null
                    && move.to() != null
                    && earlier.shardOf(move.from()).equals(earlier.shardOf(move.to()));
            if (takeover) {
                successors.put(move.from(), move.to());
                told.addAll(nodes);
            }
            differences.add(new LayoutDifference(
                    takeover ? Kind.MASTER_CHANGED : Kind.SLOTS_MOVED,
                    nodes,
                    slots,
                    "the owner of slots " + slots + " was " + earlier.name(move.from()) + " and is " + name(move.to())
                            + (takeover ? ", which was its replica" : "")));
        });
    }

    private void compareMembers(
            Topology earlier, List<LayoutDifference> differences, Map<NodeId, NodeId> successors, Set<NodeId> told) {
        Map<NodeId, Node> before = earlier.byId();
        Map<NodeId, Node> after = byId();
        before.forEach((id, node) -> {
            Node now = after.get(id);
            if (now == null) {
                add(differences, Kind.NODE_GONE, node, node.name() + " is no member any more");
            } else if (told.contains(id)) {
                // Its change of role has been told as its shard's.
            } else if (now.role() != node.role()) {
                add(
                        differences,
                        Kind.ROLE_CHANGED,
                        now,
                        now.name() + " was a " + text(node.role()) + " and is a " + text(now.role()));
            } else if (now.role() == Role.REPLICA) {
                NodeId shardBefore = earlier.shardOf(id).orElseThrow().master().id();
                NodeId shardNow = shardOf(id).orElseThrow().master().id();
                if (!shardNow.equals(successors.getOrDefault(shardBefore, shardBefore))) {
                    add(
                            differences,
                            Kind.REPLICA_MOVED,
                            now,
                            now.name() + " was a replica of " + earlier.name(shardBefore) + " and is one of "
                                    + name(shardNow));
                }
            }
        });
        after.forEach((id, node) -> {
            if (!before.containsKey(id)) {
                add(differences, Kind.NODE_ADDED, node, node.name() + " is a new " + text(node.role()));
            }
        });
    }

    private static void add(List<LayoutDifference> differences, Kind kind, Node node, String sentence) {
        differences.add(new LayoutDifference(kind, Set.of(node.id()), SlotSet.NONE, sentence));
    }

    private @Nullable NodeId[] owners() {
        @Nullable NodeId[] owners = new NodeId[SlotRange.HIGHEST + 1];
        for (Shard shard : shards) {
            shard.slots().stream().forEach(slot -> owners[slot] = shard.master().id());
        }
        return owners;
    }

    private Map<NodeId, Node> byId() {
        Map<NodeId, Node> byId = new TreeMap<>();
        nodes().forEach(node -> byId.put(node.id(), node));
        return byId;
    }

    private String name(@Nullable NodeId id) {
        return id == null ? "nobody" : node(id).map(Node::name).orElse("node " + id.shortForm());
    }

    private static String text(DeploymentKind kind) {
        return switch (kind) {
            case CLUSTER -> "a cluster";
            case STANDALONE -> "a standalone server";
        };
    }

    private static String text(Role role) {
        return switch (role) {
            case MASTER -> "master";
            case REPLICA -> "replica";
        };
    }
}
