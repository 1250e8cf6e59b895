package io.ambrotype.cli;

import io.ambrotype.repository.Repository;
import io.ambrotype.repository.SnapshotBegun;
import io.ambrotype.repository.SnapshotEntry;
import io.ambrotype.repository.SnapshotId;
import io.ambrotype.repository.SnapshotSummary;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;

/** {@code ambrotype list}: which snapshots there are. */
@Command(
        name = "list",
        sortOptions = false,
        abbreviateSynopsis = true,
        header = "which snapshots there are",
        description =
                "%nShows every snapshot of the repository, newest first. A snapshot that was begun and not finished is shown "
                        + "as such: its backup is still at work, or died; it is never restored.",
        optionListHeading = "%nOptions:%n",
        footerHeading = "%nExamples:%n",
        footer = {
            "  ambrotype list --repo /var/backups/redis",
            "  ambrotype list --output json | jq -r '.snapshots[] | select(.state == \"finished\") | .id'"
        })
final class ListCommand implements Callable<Integer> {
    private final Context context;

    ListCommand(Context context) {
        this.context = context;
    }

    /** The result. */
    record Report(String repository, List<Snapshot> snapshots) {}

    /**
     * One snapshot. What is not known of it is null.
     *
     * @param state {@code finished}, {@code unfinished} or {@code damaged}
     */
    record Snapshot(
            String id,
            String state,
            @Nullable String deployment,
            @Nullable String kind,
            @Nullable Instant begun,
            @Nullable Instant completed,
            @Nullable Integer shards,
            @Nullable Integer nodes,
            @Nullable List<String> versions,
            @Nullable Long entries,
            @Nullable Long rdbBytes,
            @Nullable Long storedBytes,
            @Nullable Long captureSpreadMillis,
            @Nullable List<String> warnings,
            @Nullable String problem) {
        static Snapshot of(SnapshotEntry entry) {
            String id = entry.snapshot().text();
            // A switch over types is put together at run time, and no AOT cache keeps it.
            if (entry instanceof SnapshotEntry.Finished(SnapshotSummary summary)) {
                return new Snapshot(
                        id,
                        "finished",
                        summary.deployment(),
                        summary.kind().name().toLowerCase(Locale.ROOT),
                        summary.begun(),
                        summary.completed(),
                        summary.shards(),
                        summary.nodes(),
                        summary.versions(),
                        summary.entries(),
                        summary.rdbBytes(),
                        summary.storedBytes(),
                        summary.captureSpread().toMillis(),
                        summary.warnings(),
                        null);
            }
            if (entry instanceof SnapshotEntry.Unfinished(SnapshotId _, SnapshotBegun begun)) {
                return incomplete(id, "unfinished", begun.deployment(), begun.begun(), null);
            }
            return incomplete(id, "damaged", null, null, ((SnapshotEntry.Damaged) entry).problem());
        }

        private static Snapshot incomplete(
                String id,
                String state,
                @Nullable String deployment,
                @Nullable Instant begun,
                @Nullable String problem) {
            return new Snapshot(
                    id, state, deployment, null, begun, null, null, null, null, null, null, null, null, null, problem);
        }
    }

    @Override
    public Integer call() {
        Repository repository = context.repository();
        Report report = new Report(
                repository.location(),
                repository.list().stream().map(Snapshot::of).toList());
        context.console().result(report, () -> print(report));
        return Main.DONE;
    }

    private void print(Report report) {
        Console console = context.console();
        if (report.snapshots().isEmpty()) {
            console.line("no snapshots in " + report.repository());
            return;
        }
        Table table = Table.of("SNAPSHOT", "DEPLOYMENT", "TAKEN", "SHARDS>", "KEYS>", "RDB>", "STORED>", "STATE");
        for (Snapshot snapshot : report.snapshots()) {
            table.row(
                    snapshot.id(),
                    shown(snapshot.deployment()),
                    age(snapshot.begun()),
                    snapshot.shards() == null ? "-" : Integer.toString(snapshot.shards()),
                    snapshot.entries() == null ? "-" : Units.count(snapshot.entries()),
                    snapshot.rdbBytes() == null ? "-" : Units.bytes(snapshot.rdbBytes()),
                    snapshot.storedBytes() == null ? "-" : Units.bytes(snapshot.storedBytes()),
                    snapshot.problem() == null ? snapshot.state() : snapshot.state() + ": " + snapshot.problem());
        }
        console.table(table);
    }

    private String age(@Nullable Instant begun) {
        if (begun == null) {
            return "-";
        }
        Duration age = Duration.between(begun, context.clock().instant());
        // Another machine's clock may be a little ahead.
        return age.isNegative() && !age.plusMinutes(1).isPositive()
                ? "in " + Units.duration(age.negated()) + " (clock?)"
                : Units.duration(age) + " ago";
    }

    private static String shown(@Nullable String text) {
        return text == null ? "-" : text;
    }
}
