package io.ambrotype.topology;

import io.ambrotype.topology.NodesConf.Line;
import io.ambrotype.topology.Problem.Kind;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.BiPredicate;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** Holds the views of a cluster's nodes against each other: what they do not agree on, and what they warn of. */
final class ViewComparison {
    /** Sentences name so many nodes or differences and count the rest. */
    private static final int NAMED = 12;

    private final Map<NodeId, Node> nodes;
    private final Map<NodeId, ClusterView> views;
    private final Map<NodeId, Map<NodeId, Line>> lines = new LinkedHashMap<>();
    private final List<Problem> problems = new ArrayList<>();

    /**
     * @param nodes the members
     * @param views what those of them say that were reached
     */
    ViewComparison(Map<NodeId, Node> nodes, Map<NodeId, ClusterView> views) {
        this.nodes = nodes;
        this.views = views;
        views.forEach((viewer, view) -> lines.put(
                viewer,
                view.lines().stream()
                        .filter(line -> !line.flags().contains(NodeFlag.HANDSHAKE))
                        .collect(Collectors.toMap(Line::id, Function.identity()))));
    }

    List<Problem> problems() {
        compareMembership();
        compareRoles();
        compareSlots();
        findUncoveredSlots();
        findEpochCollisions();
        findFailures();
        findBrokenLinks();
        findHandshakes();
        List<NodeId> down = views.entrySet().stream()
                .filter(entry -> !entry.getValue().stateOk())
                .map(Map.Entry::getKey)
                .toList();
        if (!down.isEmpty()) {
            problems.add(new Problem(
                    Kind.CLUSTER_DOWN,
                    Set.copyOf(down),
                    SlotSet.NONE,
                    "the cluster is down for " + names(down) + " (cluster_state:fail)"));
        }
        return problems;
    }

    private void compareMembership() {
        for (NodeId id : nodes.keySet()) {
            List<NodeId> knowing = new ArrayList<>(lines.keySet());
            List<NodeId> others = new ArrayList<>(lines.keySet());
            knowing.removeIf(viewer -> !knows(viewer, id));
            others.removeAll(knowing);
            if (!others.isEmpty()) {
                disagree(
                        Set.of(id),
                        SlotSet.NONE,
                        name(id) + " is a member for " + names(knowing) + ", but not for " + names(others));
            }
        }
    }

    private boolean knows(NodeId viewer, NodeId id) {
        return lines.getOrDefault(viewer, Map.of()).containsKey(id);
    }

    private void compareRoles() {
        for (NodeId id : nodes.keySet()) {
            Map<String, List<NodeId>> viewers = new TreeMap<>();
            lines.forEach((viewer, known) -> Optional.ofNullable(known.get(id))
                    .ifPresent(line -> viewers.computeIfAbsent(role(line), _ -> new ArrayList<>())
                            .add(viewer)));
            if (viewers.size() > 1) {
                disagree(Set.of(id), SlotSet.NONE, name(id) + " is " + opinions(viewers));
            }
        }
    }

    private String role(Line line) {
        return line.role() == Role.MASTER
                ? "a master"
                : "a replica of " + line.master().map(this::name).orElse("nobody");
    }

    private void compareSlots() {
        // Views are alike as a rule: only those that differ are compared slot by slot.
        Map<List<@Nullable NodeId>, List<NodeId>> viewers = new LinkedHashMap<>();
        lines.forEach((viewer, known) -> viewers.computeIfAbsent(owners(known.values()), _ -> new ArrayList<>())
                .add(viewer));
        if (viewers.size() < 2) {
            return;
        }
        Map<List<@Nullable NodeId>, BitSet> patterns = new LinkedHashMap<>();
        for (int slot = 0; slot <= SlotRange.HIGHEST; slot++) {
            List<@Nullable NodeId> pattern = new ArrayList<>();
            for (List<@Nullable NodeId> owners : viewers.keySet()) {
                pattern.add(owners.get(slot));
            }
            if (new HashSet<>(pattern).size() > 1) {
                patterns.computeIfAbsent(pattern, _ -> new BitSet()).set(slot);
            }
        }
        List<List<NodeId>> groups = List.copyOf(viewers.values());
        patterns.entrySet().stream().limit(NAMED).forEach(entry -> {
            Map<String, List<NodeId>> opinions = new TreeMap<>();
            Set<NodeId> concerned = new HashSet<>();
            for (int i = 0; i < groups.size(); i++) {
                NodeId owner = entry.getKey().get(i);
                opinions.computeIfAbsent("of " + (owner == null ? "nobody" : name(owner)), _ -> new ArrayList<>())
                        .addAll(groups.get(i));
                if (owner != null) {
                    concerned.add(owner);
                }
            }
            SlotSet slots = SlotSet.of(entry.getValue());
            disagree(concerned, slots, "slots " + slots + " are those " + opinions(opinions));
        });
        if (patterns.size() > NAMED) {
            BitSet rest = new BitSet();
            patterns.values().stream().skip(NAMED).forEach(rest::or);
            SlotSet slots = SlotSet.of(rest);
            disagree(Set.of(), slots, "views also differ in the owners of slots " + slots);
        }
    }

    private static List<@Nullable NodeId> owners(Collection<Line> known) {
        @Nullable NodeId[] owners = new NodeId[SlotRange.HIGHEST + 1];
        known.forEach(line -> line.slots().stream().forEach(slot -> owners[slot] = line.id()));
        return Arrays.asList(owners);
    }

    private void findUncoveredSlots() {
        SlotSet covered = nodes.values().stream().map(Node::slots).reduce(SlotSet.NONE, SlotSet::union);
        SlotSet uncovered = SlotSet.ALL.minus(covered);
        if (!uncovered.isEmpty()) {
            problems.add(
                    new Problem(Kind.UNCOVERED_SLOTS, Set.of(), uncovered, "slots " + uncovered + " have no owner"));
        }
    }

    private void findEpochCollisions() {
        // Masters that never owned a slot all begin with epoch 0.
        Map<Long, List<NodeId>> masters = nodes.values().stream()
                .filter(node -> node.role() == Role.MASTER
                        && (node.configEpoch() > 0 || !node.slots().isEmpty()))
                .collect(Collectors.groupingBy(
                        Node::configEpoch, TreeMap::new, Collectors.mapping(Node::id, Collectors.toList())));
        masters.forEach((epoch, ids) -> {
            if (ids.size() > 1) {
                problems.add(new Problem(
                        Kind.EPOCH_COLLISION,
                        Set.copyOf(ids),
                        SlotSet.NONE,
                        "masters " + names(ids) + " have the same epoch " + epoch));
            }
        });
    }

    private void findFailures() {
        for (Node node : nodes.values()) {
            List<NodeId> failed = viewersOf(node.id(), (_, line) -> line.flags().contains(NodeFlag.FAIL));
            List<NodeId> suspected =
                    viewersOf(node.id(), (_, line) -> line.flags().contains(NodeFlag.PFAIL));
            if (failed.isEmpty() && suspected.isEmpty()) {
                continue;
            }
            List<String> opinions = new ArrayList<>();
            if (!failed.isEmpty()) {
                opinions.add("has failed for " + names(failed));
            }
            if (!suspected.isEmpty()) {
                opinions.add("is not reached by " + names(suspected));
            }
            problems.add(Problem.of(
                    node.slots().isEmpty() ? Kind.REPLICA_FAILING : Kind.MASTER_FAILING,
                    node.id(),
                    NodeProblems.title(node) + " " + String.join(" and ", opinions)));
        }
    }

    private void findBrokenLinks() {
        for (Node node : nodes.values()) {
            List<NodeId> viewers = viewersOf(
                    node.id(),
                    (viewer, line) -> !line.connected()
                            && !viewer.equals(node.id())
                            && !line.flags().contains(NodeFlag.FAIL)
                            && !line.flags().contains(NodeFlag.PFAIL)
                            && !line.flags().contains(NodeFlag.NOADDR));
            if (!viewers.isEmpty()) {
                problems.add(Problem.of(
                        Kind.BUS_LINK_DOWN,
                        node.id(),
                        "the cluster bus from " + names(viewers) + " to " + node.name() + " is not connected"));
            }
        }
    }

    private List<NodeId> viewersOf(NodeId id, BiPredicate<NodeId, Line> test) {
        return lines.entrySet().stream()
                .filter(entry -> Optional.ofNullable(entry.getValue().get(id))
                        .filter(line -> test.test(entry.getKey(), line))
                        .isPresent())
                .map(Map.Entry::getKey)
                .toList();
    }

    private void findHandshakes() {
        Map<String, List<NodeId>> viewers = new HashMap<>();
        views.forEach((viewer, view) -> view.lines().stream()
                .filter(line -> line.flags().contains(NodeFlag.HANDSHAKE))
                .forEach(line -> viewers.computeIfAbsent(line.host() + ":" + line.port(), _ -> new ArrayList<>())
                        .add(viewer)));
        new TreeMap<>(viewers)
                .forEach((address, meeting) -> problems.add(new Problem(
                        Kind.HANDSHAKE,
                        Set.copyOf(meeting),
                        SlotSet.NONE,
                        names(meeting) + " is about to meet a node at " + address)));
    }

    private void disagree(Set<NodeId> concerned, SlotSet slots, String sentence) {
        problems.add(new Problem(Kind.VIEWS_DISAGREE, concerned, slots, sentence));
    }

    /** "x for a and b, y for c" */
    private String opinions(Map<String, List<NodeId>> viewers) {
        return viewers.entrySet().stream()
                .map(entry -> entry.getKey() + " for " + names(entry.getValue()))
                .collect(Collectors.joining(", "));
    }

    private String name(NodeId id) {
        Node node = nodes.get(id);
        return node == null ? "node " + id.shortForm() : node.name();
    }

    private String names(Collection<NodeId> ids) {
        List<String> names = ids.stream().map(this::name).sorted().toList();
        if (names.isEmpty()) {
            return "nobody";
        }
        if (names.size() > NAMED) {
            return String.join(", ", names.subList(0, NAMED)) + " and " + (names.size() - NAMED) + " more";
        }
        return names.size() == 1
                ? names.getFirst()
                : String.join(", ", names.subList(0, names.size() - 1)) + " and " + names.getLast();
    }
}
