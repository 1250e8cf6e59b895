package io.ambrotype.cli;

import io.ambrotype.control.Layout;
import io.ambrotype.control.Member;
import io.ambrotype.probe.Reading;
import io.ambrotype.probe.Verdict;
import io.ambrotype.restart.NodeReport;
import io.ambrotype.restart.RestartPlan;
import io.ambrotype.restart.RestartReport;
import io.ambrotype.restart.Step;
import io.ambrotype.restart.StepReport;
import io.ambrotype.topology.DeploymentKind;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/** Plans and reports of a restart as text. */
final class RestartText {
    private static final int MOST_LOST_SHOWN = 5;

    private RestartText() {}

    /** A plan: what there is, every step with its gates, and what the operator should know. */
    static List<String> plan(RestartPlan plan, List<String> preparations) {
        List<String> lines = new ArrayList<>();
        lines.add("restart of " + plan.deployment() + ": " + summary(plan));
        lines.add("");
        Table table = Table.of("SLOTS>", "MASTER", "REPLICAS");
        for (Layout.Place master : plan.before().masters()) {
            table.row(
                    plan.kind() == DeploymentKind.CLUSTER ? master.slots().toString() : "all",
                    master.member().toString(),
                    plan.before().replicasOf(master.member().id()).stream()
                            .map(place -> place.member().toString())
                            .collect(Collectors.joining("  ")));
        }
        lines.addAll(table.lines());
        lines.add("");
        preparations.forEach(preparation -> lines.add("first  " + preparation));
        Map<GateGroup, List<Integer>> groups = new LinkedHashMap<>();
        int number = 0;
        for (Step step : plan.steps()) {
            number++;
            lines.add("%5d  %s".formatted(number, shortTitle(step)));
            if (step instanceof Step.Restart restart) {
                lines.add("         " + restart.launch());
            }
            groups.computeIfAbsent(GateGroup.of(step), _ -> new ArrayList<>()).add(number);
        }
        lines.add("");
        lines.add("gates, looked at on all nodes; one that stays closed stops the run there");
        groups.forEach((group, steps) -> {
            lines.add("  " + group.what + ", " + steps(steps));
            group.gates.forEach(gate -> lines.add("    · " + gate));
        });
        List<String> differences = plan.after().differencesFrom(plan.before());
        lines.add("");
        if (differences.isEmpty()) {
            lines.add("in the end every node has the id, the role and the slots that it has now");
        } else {
            lines.add("in the end this is different from now:");
            differences.forEach(difference -> lines.add("  " + difference));
        }
        plan.warnings().forEach(warning -> lines.add("warning: " + warning));
        return lines;
    }

    /**
     * Gates that are the same for several steps, but for the nodes.
     *
     * @param what the kind of step
     * @param gates what has to be seen, without names
     */
    private record GateGroup(String what, List<String> gates) {
        static GateGroup of(Step step) {
            return switch (step) {
                case Step.HoldReplicas _ -> new GateGroup("hold", step.gates());
                case Step.ReleaseReplicas _ -> new GateGroup("put back", step.gates());
                case Step.Start start -> new GateGroup("start", general(step, Map.of(start.member(), "it")));
                case Step.Restart restart -> {
                    Map<Member, String> names = new LinkedHashMap<>();
                    names.put(restart.member(), "it");
                    restart.saveFirst().ifPresent(copy -> names.put(copy, "another node"));
                    yield new GateGroup(
                            restart.replica() ? "restart of a replica" : "restart of a master without slots",
                            general(step, names));
                }
                case Step.Follow follow ->
                    new GateGroup(
                            "replica of a replica",
                            general(step, Map.of(follow.member(), "it", follow.master(), "the other")));
                case Step.FailOver failOver ->
                    new GateGroup(
                            "fail-over",
                            general(step, Map.of(failOver.from(), "the master", failOver.to(), "the replica")));
            };
        }

        private static List<String> general(Step step, Map<Member, String> names) {
            List<String> gates = step.gates();
            for (Map.Entry<Member, String> name : names.entrySet()) {
                Pattern address = Pattern.compile(Pattern.quote(name.getKey().toString()) + "(?![0-9])");
                gates = gates.stream()
                        .map(gate -> address.matcher(gate).replaceAll(name.getValue()))
                        .toList();
            }
            return gates;
        }
    }

    /** {@code step 1}, {@code steps 2 to 4, 6, 9}. */
    private static String steps(List<Integer> numbers) {
        List<String> parts = new ArrayList<>();
        for (int i = 0; i < numbers.size(); i++) {
            int first = i;
            while (i + 1 < numbers.size() && numbers.get(i + 1) == numbers.get(i) + 1) {
                i++;
            }
            parts.add(
                    i - first < 2
                            ? numbers.subList(first, i + 1).stream()
                                    .map(String::valueOf)
                                    .collect(Collectors.joining(", "))
                            : numbers.get(first) + " to " + numbers.get(i));
        }
        return (numbers.size() == 1 ? "step " : "steps ") + String.join(", ", parts);
    }

    /** How much is going to happen. */
    static String summary(RestartPlan plan) {
        long nodes = plan.restarted().size();
        return Units.count(nodes, "node") + " one by one"
                + (plan.failOvers() == 0 ? "" : ", " + Units.count(plan.failOvers(), "fail-over"))
                + ", " + Units.count(plan.steps().size(), "step");
    }

    /** One step that has ended. */
    static String step(int number, int count, StepReport report) {
        return "%s/%d  %s  %s%s"
                .formatted(
                        " "
                                        .repeat(Math.max(
                                                0,
                                                Integer.toString(count).length()
                                                        - Integer.toString(number)
                                                                .length()))
                                + number,
                        count,
                        shortTitle(report.step()),
                        Units.duration(report.duration()),
                        writers(report.reading()).map(text -> "; " + text).orElse(""));
    }

    /** What the writers have seen in an interval; empty where nothing is watched. */
    static Optional<String> writers(Reading reading) {
        if (reading.shards().isEmpty()) {
            return Optional.empty();
        }
        return Optional.of("longest stall " + millis(reading.longestStall()) + ", "
                + Units.count(reading.errors(), "error") + ", " + lost(reading.lost()));
    }

    /** The end of a run. */
    static void report(RestartReport report, Console console) {
        Consumer<String> out = console::line;
        List<String> differences = report.layout().differencesFrom(report.plan().after());
        Table table = Table.of("STEP>", "WHAT", "TOOK>", "LONGEST STALL>", "ERRORS>", "LOST>");
        int number = 0;
        for (StepReport step : report.steps()) {
            boolean watched = !step.reading().shards().isEmpty();
            table.row(
                    Integer.toString(++number),
                    shortTitle(step.step()),
                    Units.duration(step.duration()),
                    watched ? millis(step.reading().longestStall()) : "",
                    watched ? Units.count(step.reading().errors()) : "",
                    watched ? Units.count(step.reading().lost()) : "");
        }
        console.table(table);
        out.accept("");
        out.accept("restarted " + Units.count(report.nodes().size(), "node") + " in "
                + Units.duration(report.duration()) + "  ("
                + Units.duration(perNode(report.duration(), report.nodes().size())) + " each)");
        out.accept("layout    "
                + (differences.isEmpty()
                        ? console.style(
                                Console.Style.GREEN,
                                report.plan()
                                                .after()
                                                .differencesFrom(report.plan().before())
                                                .isEmpty()
                                        ? "every node has the id, the role and the slots that it had"
                                        : "as planned")
                        : console.style(Console.Style.RED, "not as planned")));
        differences.forEach(difference -> out.accept("          " + difference));
        verdict(report.verdict(), console).forEach(out);
        for (NodeReport node : report.nodes()) {
            nodeLine(node).ifPresent(out);
        }
        report.snapshot().ifPresent(snapshot -> out.accept("snapshot  " + snapshot));
        out.accept("journal   " + report.journal());
        report.notices().forEach(notice -> out.accept("notice    " + notice));
    }

    /** What the writers saw in all. */
    static List<String> verdict(Verdict verdict, Console console) {
        List<String> lines = new ArrayList<>();
        Reading total = verdict.total();
        if (total.shards().isEmpty()) {
            lines.add("writers   none: nothing was measured");
            return lines;
        }
        boolean proven = verdict.provesNoLoss();
        lines.add("writers   " + Units.count(total.writes(), "write") + " acknowledged, "
                + (total.lost() > 0
                        ? console.style(Console.Style.RED, lost(total.lost()))
                        : proven
                                ? console.style(Console.Style.GREEN, "0 lost")
                                : console.style(Console.Style.YELLOW, "0 known to be lost"))
                + ", " + Units.count(total.errors(), "error"));
        lines.add("          longest stall " + millis(total.longestStall()) + "; "
                + Units.count(total.redirects(), "redirection") + " followed, "
                + Units.count(total.reconnects(), "connection") + " made again");
        total.errorsByText()
                .forEach((text, count) -> lines.add("          " + count + " × " + Console.printable(text)));
        verdict.lost().stream()
                .limit(MOST_LOST_SHOWN)
                .forEach(write -> lines.add("          lost: number " + write.number() + " of " + write.key()
                        + ", acknowledged by " + write.acknowledgedBy() + " at "
                        + Units.time(write.acknowledgedAt())));
        verdict.remarks().forEach(remark -> lines.add("          " + remark));
        if (!verdict.leftBehind().isEmpty()) {
            lines.add("          left behind, gone within an hour: " + String.join(", ", verdict.leftBehind()));
        }
        return lines;
    }

    /** Tenths count where a tenth of a second is much. */
    static String millis(Duration duration) {
        double millis = duration.toNanos() / 1e6;
        return millis < 10
                ? String.format(Locale.ROOT, "%.1f ms", millis)
                : duration.toMillis() < 10_000
                        ? String.format(Locale.ROOT, "%,d ms", Math.round(millis))
                        : Units.duration(duration);
    }

    private static String lost(long writes) {
        return Units.count(writes) + " lost";
    }

    private static Duration perNode(Duration all, int nodes) {
        return nodes == 0 ? Duration.ZERO : all.dividedBy(nodes);
    }

    /** Only what is worth a line: another version, a full synchronization, fewer keys. */
    private static Optional<String> nodeLine(NodeReport node) {
        List<String> parts = new ArrayList<>();
        if (!node.versionBefore().equals(node.versionAfter())) {
            parts.add(node.versionBefore() + " → " + node.versionAfter());
        }
        if (node.fullSynchronization()) {
            parts.add("fetched all data from its master again");
        }
        if (node.entriesAfter() != node.entriesBefore()) {
            parts.add(
                    Units.count(node.entriesBefore()) + " keys before, " + Units.count(node.entriesAfter()) + " after");
        }
        return parts.isEmpty()
                ? Optional.empty()
                : Optional.of("node      " + node.member() + ": " + String.join("; ", parts));
    }

    /** The title without what is only for the plan: how a node is started. */
    static String shortTitle(Step step) {
        String title = step.title();
        int launch = title.indexOf(" (");
        return launch < 0 ? title : title.substring(0, launch);
    }
}
