package io.ambrotype.cli;

import io.ambrotype.common.AmbrotypeException;
import io.ambrotype.repository.Manifest;
import io.ambrotype.repository.Repository;
import io.ambrotype.repository.SnapshotId;
import io.ambrotype.verify.Verifier;
import io.ambrotype.verify.VerifyReport;
import io.ambrotype.verify.VerifyReport.State;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code ambrotype verify}: prove that a snapshot is what it claims to be. */
@Command(
        name = "verify",
        sortOptions = false,
        abbreviateSynopsis = true,
        header = "prove that a snapshot is whole",
        description =
                "%nReads every byte of a snapshot: the SHA-256 of each object, the checksum that the server itself wrote into "
                        + "each dump, every count against the manifest, and that every slot is there once. Changes nothing.",
        optionListHeading = "%nOptions:%n",
        footerHeading = "%nExamples:%n",
        footer = {
            "  ambrotype verify                        the latest snapshot",
            "  ambrotype verify 20261122T155328Z-3f7a",
            "  ambrotype verify --all                  every snapshot; what they share is read once",
            "",
            "Exit status: 0 whole, 20 something is broken; it is named."
        })
final class VerifyCommand implements Callable<Integer> {
    private final Context context;

    @Parameters(
            arity = "0..1",
            paramLabel = "ID",
            description = "a snapshot's id, the beginning of one, or 'latest' (the default)")
    private @Nullable String id;

    @Option(names = "--all", description = "every snapshot of the repository")
    private boolean all;

    VerifyCommand(Context context) {
        this.context = context;
    }

    /** The result. */
    record Report(String repository, List<Snapshot> snapshots) {}

    /**
     * One snapshot.
     *
     * @param state {@code sound}, {@code damaged} or {@code unfinished}
     * @param problems what is broken
     */
    record Snapshot(String id, String state, int shards, long entries, long rdbBytes, List<String> problems) {
        static Snapshot of(VerifyReport.SnapshotVerdict verdict) {
            return new Snapshot(
                    verdict.snapshot().text(),
                    verdict.state().name().toLowerCase(Locale.ROOT),
                    verdict.shards().size(),
                    verdict.shards().stream()
                            .mapToLong(VerifyReport.ShardVerdict::entries)
                            .sum(),
                    verdict.shards().stream()
                            .mapToLong(shard -> shard.dump().rdbBytes())
                            .sum(),
                    java.util.stream.Stream.concat(
                                    verdict.problems().stream(),
                                    verdict.shards().stream().flatMap(shard -> shard.problems().stream()))
                            .toList());
        }
    }

    @Override
    public Integer call() {
        if (all && id != null) {
            throw Failures.usage("--all and a snapshot's id exclude each other");
        }
        Repository repository = context.repository();
        Verifier verifier = new Verifier(repository);
        VerifyReport found;
        try (Progress progress = context.console().progress()) {
            Shown shown = new Shown(progress);
            found = all
                    ? verifier.verifyAll(shown)
                    : verifier.verify(repository.resolve(id == null ? "latest" : id), shown);
            shown.end();
        }
        Report report = new Report(
                repository.location(),
                found.snapshots().stream().map(Snapshot::of).toList());
        context.console().result(report, () -> print(report));
        Optional<AmbrotypeException> failure = found.failure();
        if (failure.isPresent()) {
            throw failure.orElseThrow();
        }
        return Main.DONE;
    }

    private void print(Report report) {
        Console console = context.console();
        if (report.snapshots().isEmpty()) {
            console.line("no snapshots in " + report.repository());
        }
        for (Snapshot snapshot : report.snapshots()) {
            Console.Style style = switch (State.valueOf(snapshot.state().toUpperCase(Locale.ROOT))) {
                case SOUND -> Console.Style.GREEN;
                case DAMAGED -> Console.Style.RED;
                case UNFINISHED -> Console.Style.YELLOW;
            };
            String what = snapshot.shards() == 0
                    ? ""
                    : ": " + Units.count(snapshot.shards(), "shard") + ", " + Units.count(snapshot.entries(), "key")
                            + ", " + Units.bytes(snapshot.rdbBytes());
            console.line(snapshot.id() + "  " + console.style(style, snapshot.state()) + what);
            snapshot.problems().forEach(problem -> console.line("  " + Console.printable(problem)));
        }
    }

    /** Shows how far a verification is. */
    private static final class Shown implements Verifier.Progress {
        private final Progress progress;
        private Progress.@Nullable Task task;
        private String prefix = "";
        private int shard = -1;

        Shown(Progress progress) {
            this.progress = progress;
        }

        @Override
        public void snapshot(SnapshotId snapshot, int number, int count) {
            end();
            prefix = count == 1 ? "" : snapshot + " ";
            shard = -1;
        }

        @Override
        public void dump(Manifest.Shard current, long rdbBytes, long entries) {
            Progress.Task shown = task;
            if (shown == null || current.index() != shard) {
                end();
                shard = current.index();
                shown = progress.task(prefix + "shard " + shard);
                shown.total(current.dump().rdbBytes());
                task = shown;
            }
            shown.at(rdbBytes, entries);
        }

        void end() {
            if (task != null) {
                task.end("read");
                task = null;
            }
        }
    }
}
