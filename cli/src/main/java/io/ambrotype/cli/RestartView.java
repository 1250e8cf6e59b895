package io.ambrotype.cli;

import io.ambrotype.control.Layout;
import io.ambrotype.probe.Reading;
import io.ambrotype.probe.ShardReading;
import io.ambrotype.probe.Verdict;
import io.ambrotype.restart.NodeReport;
import io.ambrotype.restart.RestartPlan;
import io.ambrotype.restart.RestartReport;
import io.ambrotype.restart.Step;
import io.ambrotype.restart.StepReport;
import io.ambrotype.topology.NodeId;
import io.ambrotype.topology.Role;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Plans and reports of a restart as JSON: fields are only added, times are in milliseconds. */
final class RestartView {
    private RestartView() {}

    /** A plan. */
    record PlanView(
            String deployment,
            String kind,
            @Nullable String snapshotInto,
            List<PlaceView> layoutBefore,
            List<PlaceView> layoutAfter,
            List<StepView> steps,
            List<String> warnings) {
        /**
         * A plan as JSON.
         *
         * @param repository where a snapshot goes before the first step; null for none
         */
        static PlanView of(RestartPlan plan, @Nullable String repository) {
            List<StepView> steps = new ArrayList<>();
            for (Step step : plan.steps()) {
                steps.add(StepView.of(steps.size() + 1, step));
            }
            return new PlanView(
                    plan.deployment(),
                    plan.kind().name().toLowerCase(Locale.ROOT),
                    repository,
                    places(plan.before()),
                    places(plan.after()),
                    steps,
                    plan.warnings());
        }
    }

    /** The place of a node. */
    record PlaceView(
            String node,
            String address,
            String role,
            @Nullable String master,
            String slots) {}

    /** A step and its gates. */
    record StepView(int step, String kind, String title, List<String> nodes, List<String> gates) {
        static StepView of(int number, Step step) {
            return new StepView(
                    number,
                    RestartView.kindOf(step),
                    step.title(),
                    step.members().stream().map(member -> member.id().value()).toList(),
                    step.gates());
        }
    }

    /** What came of a step. */
    record StepReportView(int step, String kind, String title, long durationMillis, ReadingView writers) {}

    /** What the probe's writers saw in an interval. */
    record ReadingView(
            long writes,
            double longestStallMillis,
            long errors,
            Map<String, Long> errorsByText,
            long redirects,
            long reconnects,
            long lost,
            List<ShardReadingView> shards) {
        static ReadingView of(Reading reading) {
            return new ReadingView(
                    reading.writes(),
                    millis(reading.longestStall()),
                    reading.errors(),
                    reading.errorsByText(),
                    reading.redirects(),
                    reading.reconnects(),
                    reading.lost(),
                    reading.shards().stream().map(ShardReadingView::of).toList());
        }
    }

    /** What the writer of one shard saw. */
    record ShardReadingView(
            String shard,
            long writes,
            double longestStallMillis,
            double medianMillis,
            long errors,
            long redirects,
            long reconnects,
            long lost,
            long unverified) {
        static ShardReadingView of(ShardReading reading) {
            return new ShardReadingView(
                    reading.shard(),
                    reading.writes(),
                    millis(reading.longestStall()),
                    millis(reading.median()),
                    reading.errorCount(),
                    reading.redirects(),
                    reading.reconnects(),
                    reading.lost(),
                    reading.unverified());
        }
    }

    /** What the probe found in all. */
    record VerdictView(
            boolean watched,
            boolean provesNoLoss,
            double paceMillis,
            ReadingView total,
            List<Verdict.LostWrite> lostWrites,
            List<String> leftBehind,
            List<String> remarks) {
        static VerdictView of(Verdict verdict) {
            return new VerdictView(
                    !verdict.total().shards().isEmpty(),
                    verdict.provesNoLoss(),
                    millis(verdict.pace()),
                    ReadingView.of(verdict.total()),
                    verdict.lost(),
                    verdict.leftBehind(),
                    verdict.remarks());
        }
    }

    /** What became of a node. */
    record NodeView(
            String node,
            String address,
            String versionBefore,
            String versionAfter,
            long entriesBefore,
            long entriesAfter,
            long downMillis,
            boolean fullSynchronization) {
        static NodeView of(NodeReport report) {
            return new NodeView(
                    report.member().id().value(),
                    report.member().address().toString(),
                    report.versionBefore(),
                    report.versionAfter(),
                    report.entriesBefore(),
                    report.entriesAfter(),
                    report.down().toMillis(),
                    report.fullSynchronization());
        }
    }

    /** A whole run. */
    record ReportView(
            String deployment,
            String run,
            String journal,
            @Nullable String snapshot,
            boolean layoutAsPlanned,
            List<String> layoutDifferences,
            long durationMillis,
            List<StepReportView> steps,
            List<NodeView> nodes,
            VerdictView writers,
            List<PlaceView> layout,
            List<String> warnings,
            List<String> notices) {
        static ReportView of(RestartReport report) {
            List<String> differences =
                    report.layout().differencesFrom(report.plan().after());
            List<StepReportView> steps = new ArrayList<>();
            for (StepReport step : report.steps()) {
                steps.add(new StepReportView(
                        steps.size() + 1,
                        kindOf(step.step()),
                        step.step().title(),
                        step.duration().toMillis(),
                        ReadingView.of(step.reading())));
            }
            return new ReportView(
                    report.plan().deployment(),
                    report.run(),
                    report.journal().toString(),
                    report.snapshot().orElse(null),
                    differences.isEmpty(),
                    differences,
                    report.duration().toMillis(),
                    steps,
                    report.nodes().stream().map(NodeView::of).toList(),
                    VerdictView.of(report.verdict()),
                    places(report.layout()),
                    report.plan().warnings(),
                    report.notices());
        }
    }

    private static List<PlaceView> places(Layout layout) {
        return layout.places().stream()
                .map(place -> new PlaceView(
                        place.member().id().value(),
                        place.member().address().toString(),
                        place.role() == Role.MASTER ? "master" : "replica",
                        place.master().map(NodeId::value).orElse(null),
                        place.slots().toString()))
                .toList();
    }

    /** The name of a kind of step: {@code fail-over}, {@code restart} … */
    static String kindOf(Step step) {
        return step.getClass()
                .getSimpleName()
                .replaceAll("([a-z])([A-Z])", "$1-$2")
                .toLowerCase(Locale.ROOT);
    }

    private static double millis(Duration duration) {
        return Math.round(duration.toNanos() / 10_000.0) / 100.0;
    }
}
