package io.ambrotype.cli;

import io.ambrotype.cli.Console.Style;
import io.ambrotype.status.DeploymentStatus;
import io.ambrotype.status.NodeStatus;
import io.ambrotype.status.ShardStatus;
import io.ambrotype.status.StatusProblem;
import io.ambrotype.topology.DeploymentKind;
import io.ambrotype.topology.Role;
import java.time.Duration;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.function.BiFunction;
import java.util.stream.Collectors;

/**
 * A status as text, one screen where the deployment allows it: what it is as a whole, a line per node, and the problems.
 *
 * <p>A table that is wider than the terminal first gives up the column of slots, which become a line above each shard, and
 * then puts the address of each node (they may be long) on a line of its own.
 */
final class StatusScreen {
    /** Of a kind of problem so many are told, the rest counted. */
    private static final int TOLD = 8;

    private static final int SLOTS = 16_384;

    /** A replica hears of its master every ten seconds at least. */
    private static final long NOTABLE_LAG_SECONDS = 15;

    private final DeploymentStatus status;
    private final int width;
    private final BiFunction<Style, String, String> style;
    private final Set<String> troubled;

    /**
     * A screen.
     *
     * @param width columns that there are
     * @param style how a text stands out
     */
    StatusScreen(DeploymentStatus status, int width, BiFunction<Style, String, String> style) {
        this.status = status;
        this.width = width;
        this.style = style;
        this.troubled = status.problems().stream()
                .flatMap(problem -> problem.nodes().stream())
                .map(Object::toString)
                .collect(Collectors.toSet());
    }

    List<String> lines() {
        List<String> lines = new ArrayList<>(heading());
        lines.add("");
        lines.addAll(nodes());
        if (!status.problems().isEmpty()) {
            lines.add("");
            lines.addAll(problems());
        }
        return lines;
    }

    /** All of it in one line, for logs. */
    String summary() {
        long lag = status.allNodes().stream()
                .mapToLong(node -> node.lagBytes().orElse(0))
                .max()
                .orElse(0);
        List<String> parts = new ArrayList<>(List.of(
                status.at().truncatedTo(ChronoUnit.SECONDS).toString(),
                status.deployment(),
                status.healthy() ? "ok" : Units.count(status.problems().size(), "problem"),
                status.reachedNodes() + " of " + Units.count(status.nodes(), "node"),
                Units.count(keys(), "key"),
                "lag " + Units.bytes(lag)));
        status.problems().stream().findFirst().map(StatusProblem::sentence).ifPresent(parts::add);
        return Console.printable(String.join("  ", parts));
    }

    private long keys() {
        return status.shards().stream()
                .mapToLong(shard -> shard.master().keys().orElse(0))
                .sum();
    }

    private List<String> heading() {
        List<NodeStatus> nodes = status.allNodes();
        long masters = nodes.stream().filter(node -> node.role() == Role.MASTER).count();
        long replicas = nodes.size() - masters;
        List<String> whole = new ArrayList<>();
        if (status.kind() == DeploymentKind.CLUSTER) {
            long views = nodes.stream()
                    .filter(node -> node.clusterStateOk().isPresent())
                    .count();
            long down = nodes.stream()
                    .filter(node -> node.clusterStateOk().filter(ok -> !ok).isPresent())
                    .count();
            whole.add(
                    down == 0
                            ? "cluster state ok"
                            : style.apply(Style.RED, "cluster state FAIL for " + down + " of " + views + " nodes"));
            whole.add(
                    status.coveredSlots() == SLOTS
                            ? "all slots covered"
                            : style.apply(
                                    Style.RED,
                                    Units.count(status.coveredSlots()) + " of " + Units.count(SLOTS)
                                            + " slots covered"));
            whole.add("epoch " + status.currentEpoch());
        } else {
            whole.add(status.kind().name().toLowerCase(Locale.ROOT));
        }
        List<String> counts = new ArrayList<>();
        counts.add(Units.count(masters, "master"));
        counts.add(Units.count(replicas, "replica"));
        if (status.reachedNodes() < status.nodes()) {
            counts.add(style.apply(
                    Style.RED, Units.count(status.nodes() - status.reachedNodes(), "node") + " without an answer"));
        }
        if (!status.versions().isEmpty()) {
            counts.add(status.versions().stream().map(Object::toString).collect(Collectors.joining(" and ")));
        }
        counts.add(Units.count(keys(), "key"));
        String verdict = status.healthy()
                ? style.apply(Style.GREEN, "healthy")
                : style.apply(Style.RED, Units.count(status.problems().size(), "problem"));
        return List.of(
                style.apply(Style.BOLD, Console.printable(status.deployment())) + "  " + verdict + "  "
                        + Units.time(status.at()),
                String.join(", ", whole),
                String.join(", ", counts));
    }

    private List<String> nodes() {
        for (Layout layout : Layout.values()) {
            List<Row> rows = rows(layout);
            Table table = table(layout);
            rows.forEach(row -> table.row(row.cells().toArray(String[]::new)));
            List<String> lines = table.lines();
            if (layout == Layout.STACKED || lines.stream().allMatch(line -> line.length() <= width)) {
                return styled(rows, lines);
            }
        }
        throw new IllegalStateException("the last layout always fits");
    }

    /** How much stands in one line, the most first. */
    private enum Layout {
        ALL,
        SHARDS_APART,
        STACKED
    }

    /** A row, what stands above it, and whether something is wrong with its node. */
    private record Row(List<String> cells, List<String> above, boolean troubled) {}

    private Table table(Layout layout) {
        List<String> headings = new ArrayList<>();
        if (layout == Layout.ALL) {
            headings.add("SLOTS");
        }
        if (layout != Layout.STACKED) {
            headings.add("NODE");
        }
        headings.add("ID");
        headings.add("ROLE");
        if (status.versions().size() > 1) {
            headings.add("VERSION");
        }
        headings.addAll(List.of("UP>", "LAG>", "KEYS>", "MEMORY>", "SAVED>"));
        if (status.allNodes().stream()
                .anyMatch(node ->
                        node.appendOnly().filter(NodeStatus.AppendOnly::enabled).isPresent())) {
            headings.add("AOF");
        }
        return Table.of(headings.toArray(String[]::new));
    }

    private List<Row> rows(Layout layout) {
        boolean versions = status.versions().size() > 1;
        boolean appendOnly = status.allNodes().stream()
                .anyMatch(node ->
                        node.appendOnly().filter(NodeStatus.AppendOnly::enabled).isPresent());
        List<Row> rows = new ArrayList<>();
        for (ShardStatus shard : status.shards()) {
            for (NodeStatus node : shard.nodes()) {
                List<String> above = new ArrayList<>();
                List<String> cells = new ArrayList<>();
                boolean first = node.role() == Role.MASTER;
                if (layout == Layout.ALL) {
                    cells.add(first ? slots(shard) : "");
                } else if (first && status.kind() == DeploymentKind.CLUSTER) {
                    above.add("slots " + slots(shard));
                }
                if (layout == Layout.STACKED) {
                    above.add("  " + node.name());
                } else {
                    cells.add((layout == Layout.SHARDS_APART ? "  " : "") + node.name());
                }
                cells.add((layout == Layout.STACKED ? "    " : "") + node.shortId());
                cells.add(role(node));
                if (versions) {
                    cells.add(node.version().map(Object::toString).orElse("-"));
                }
                cells.add(up(node));
                cells.add(lag(node));
                cells.add(node.keys().isPresent() ? Units.count(node.keys().getAsLong()) : "-");
                cells.add(
                        node.usedMemory().isPresent()
                                ? Units.bytes(node.usedMemory().getAsLong())
                                : "-");
                cells.add(saved(node));
                if (appendOnly) {
                    cells.add(node.appendOnly().map(StatusScreen::appendOnly).orElse("-"));
                }
                rows.add(new Row(cells, above, troubled.contains(node.id().toString())));
            }
        }
        return rows;
    }

    private List<String> styled(List<Row> rows, List<String> lines) {
        List<String> styled = new ArrayList<>();
        styled.add(style.apply(Style.DIM, lines.getFirst()));
        for (int i = 0; i < rows.size(); i++) {
            Row row = rows.get(i);
            row.above().forEach(line -> styled.add(Console.printable(line)));
            String line = lines.get(i + 1);
            styled.add(row.troubled() ? style.apply(Style.RED, line) : line);
        }
        return styled;
    }

    private String slots(ShardStatus shard) {
        if (status.kind() != DeploymentKind.CLUSTER) {
            return "-";
        }
        String text = shard.slots().toString();
        return text.isEmpty()
                ? "none"
                : text.length() <= 12
                        ? text
                        : Units.count(shard.slotCount()) + " in "
                                + shard.slots().ranges().size();
    }

    private static String role(NodeStatus node) {
        return node.role() == Role.MASTER ? "master" : "replica";
    }

    private static String up(NodeStatus node) {
        return switch (node.state()) {
            case UP ->
                node.uptimeSeconds().isPresent() ? age(node.uptimeSeconds().getAsLong()) : "-";
            case LOADING -> "loading";
            case UNREACHABLE -> "DOWN";
        };
    }

    private static String lag(NodeStatus node) {
        if (node.role() == Role.MASTER) {
            return "";
        }
        if (node.link().filter(link -> !link.up()).isPresent()) {
            NodeStatus.Link link = node.link().orElseThrow();
            return !link.syncInProgress()
                    ? "NO LINK"
                    : link.syncLeftBytes().isPresent()
                            ? "sync " + Units.bytes(link.syncLeftBytes().getAsLong())
                            : "sync";
        }
        String bytes = node.lagBytes().isPresent() ? Units.bytes(node.lagBytes().getAsLong()) : "-";
        return node.lagSeconds().orElse(0) > NOTABLE_LAG_SECONDS
                ? bytes + " " + age(node.lagSeconds().getAsLong())
                : bytes;
    }

    private static String saved(NodeStatus node) {
        return node.save()
                .map(save -> {
                    if (save.inProgress()) {
                        return "saving";
                    }
                    if (!save.ok()) {
                        return "FAILED";
                    }
                    String ago = save.sinceStart() ? age(save.ageSeconds()) : "not yet";
                    return save.off() ? save.sinceStart() ? "off, " + ago : "off" : ago;
                })
                .orElse("-");
    }

    private static String appendOnly(NodeStatus.AppendOnly aof) {
        return !aof.enabled() ? "off" : !aof.ok() ? "FAILED" : aof.rewriting() ? "rewriting" : "on";
    }

    /** One unit is enough: {@code 42 s}, {@code 12 min}, {@code 5 h}, {@code 31 d}. */
    private static String age(long seconds) {
        String text = Units.duration(Duration.ofSeconds(seconds));
        String[] words = text.split(" ", -1);
        return seconds == 0 ? "0 s" : words.length > 2 ? words[0] + " " + words[1] : text.replace(".0", "");
    }

    private List<String> problems() {
        Map<String, List<StatusProblem>> kinds = new LinkedHashMap<>();
        status.problems()
                .forEach(problem -> kinds.computeIfAbsent(problem.kind(), _ -> new ArrayList<>())
                        .add(problem));
        List<String> lines = new ArrayList<>();
        kinds.forEach((kind, some) -> {
            some.stream()
                    .limit(TOLD)
                    .forEach(problem -> Paragraph.wrap(problem.sentence(), "! ", "  ", width)
                            .forEach(line -> lines.add(style.apply(Style.RED, line))));
            if (some.size() > TOLD) {
                lines.add(style.apply(Style.RED, "! and " + (some.size() - TOLD) + " more like this"));
            }
            lines.addAll(Paragraph.wrap(some.getFirst().meaning(), "  ", "  ", width));
        });
        return lines;
    }
}
