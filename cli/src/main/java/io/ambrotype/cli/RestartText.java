package io.ambrotype.cli;

import io.ambrotype.control.Layout;
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
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.Consumer;
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
        preparations.forEach(preparation -> lines.add("first   " + preparation));
        int number = 0;
        for (Step step : plan.steps()) {
            number++;
            lines.add("%4d.   %s".formatted(number, step.title()));
            step.gates().forEach(gate -> lines.add("          · " + gate));
        }
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
