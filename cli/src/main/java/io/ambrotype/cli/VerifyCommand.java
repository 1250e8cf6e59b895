package io.ambrotype.cli;

import io.ambrotype.common.AmbrotypeException;
import io.ambrotype.common.ErrorCode;
import io.ambrotype.common.Time;
import io.ambrotype.compare.Comparison;
import io.ambrotype.lab.BundledServers;
import io.ambrotype.lab.ServerBinary;
import io.ambrotype.repository.Manifest;
import io.ambrotype.repository.Repository;
import io.ambrotype.repository.SnapshotId;
import io.ambrotype.topology.SlotSet;
import io.ambrotype.verify.Sample;
import io.ambrotype.verify.Verifier;
import io.ambrotype.verify.VerifyReport;
import io.ambrotype.verify.VerifyReport.State;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Stream;
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
                        + "each dump, every count against the manifest, and that every slot is there once. Changes nothing. With "
                        + "--boot it is a restore drill: throw-away servers load the snapshot, and what they then have is compared "
                        + "with it, every key, value and expiry.",
        optionListHeading = "%nOptions:%n",
        footerHeading = "%nExamples:%n",
        footer = {
            "  ambrotype verify                        the latest snapshot",
            "  ambrotype verify 20261122T155328Z-3f7a",
            "  ambrotype verify --all                  every snapshot; what they share is read once",
            "  ambrotype verify --boot                 and prove on real servers that it comes back",
            "  ambrotype verify --boot --sample 5%%    a part of its slots; day after day, all of them",
            "",
            "Exit status: 0 whole, 1 the servers have other data, 20 something is broken; it is named."
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

    @Option(names = "--boot", description = "restore it into throw-away servers on this machine, and compare")
    private boolean boot;

    @Option(
            names = "--server",
            paramLabel = "PATH",
            description = "the redis-server or valkey-server for --boot (default: the bundled Redis)")
    private @Nullable Path server;

    @Option(
            names = "--work",
            paramLabel = "FOLDER",
            description = "where --boot has its servers' files meanwhile (default: the folder for temporary files)")
    private @Nullable Path work;

    @Option(
            names = "--sample",
            paramLabel = "PERCENT",
            description =
                    "only a part: with --boot of the slots, else of the dumps. Another one each day, until all had "
                            + "their turn")
    private @Nullable String sample;

    @Option(
            names = "--seed",
            paramLabel = "N",
            description = "which part --sample takes; N and N+1 take different ones (default: the number of the day)")
    private @Nullable Long seed;

    VerifyCommand(Context context) {
        this.context = context;
    }

    /**
     * The result.
     *
     * @param sample which part was looked at; null for all
     */
    record Report(String repository, @Nullable Part sample, List<Snapshot> snapshots) {}

    /** A part of several, from 1, and the seed that chose it. */
    record Part(int part, int parts, long seed) {}

    /**
     * One snapshot.
     *
     * @param state {@code sound}, {@code damaged} or {@code unfinished}
     * @param shardsRead of its shards, how many had their dump read; none where a drill of a sample reads what it needs
     * @param problems what is broken
     * @param boot what came of the drill; null where there was none
     */
    record Snapshot(
            String id,
            String state,
            int shards,
            int shardsRead,
            long entries,
            long rdbBytes,
            List<String> problems,
            @Nullable Drill boot) {
        static Snapshot of(VerifyReport.SnapshotVerdict verdict) {
            return new Snapshot(
                    verdict.snapshot().text(),
                    verdict.state().name().toLowerCase(Locale.ROOT),
                    verdict.shards().size(),
                    (int) verdict.shards().stream()
                            .filter(VerifyReport.ShardVerdict::read)
                            .count(),
                    verdict.shards().stream()
                            .mapToLong(VerifyReport.ShardVerdict::entries)
                            .sum(),
                    verdict.shards().stream()
                            .mapToLong(shard -> shard.dump().rdbBytes())
                            .sum(),
                    Stream.concat(
                                    verdict.problems().stream(),
                                    verdict.shards().stream().flatMap(shard -> shard.problems().stream()))
                            .toList(),
                    null);
        }

        Snapshot with(Drill drill) {
            return new Snapshot(id, state, shards, shardsRead, entries, rdbBytes, problems, drill);
        }
    }

    /**
     * A restore drill.
     *
     * @param server what the servers were
     * @param servers how many there were
     * @param equal whether they had the snapshot's data
     * @param entries entries of the snapshot, of these slots and not expired
     * @param entriesBack entries of the servers
     * @param firstDifferentKeys keys that differ, the first of them
     */
    record Drill(
            String server,
            int servers,
            boolean equal,
            long entries,
            long entriesBack,
            int differentSlots,
            List<DifferentKey> firstDifferentKeys,
            int differentFunctions,
            long restoreMillis,
            long startMillis,
            long compareMillis) {
        static Drill of(ServerBinary binary, BootDrill.Outcome outcome) {
            Comparison comparison = outcome.comparison();
            return new Drill(
                    binary.version().toString(),
                    outcome.servers(),
                    comparison.isEqual(),
                    comparison.entriesHere(),
                    comparison.entriesThere(),
                    comparison.slots().size(),
                    DifferentKey.of(comparison, "snapshot", "servers"),
                    comparison.functionsOnlyHere().size()
                            + comparison.functionsOnlyThere().size(),
                    outcome.restoring().toMillis(),
                    outcome.starting().toMillis(),
                    outcome.comparing().toMillis());
        }
    }

    @Override
    public Integer call() throws InterruptedException {
        if (all && id != null) {
            throw Failures.usage("--all and a snapshot's id exclude each other");
        }
        if (!boot && (server != null || work != null)) {
            throw Failures.usage("--server and --work belong to --boot");
        }
        if (sample == null && seed != null) {
            throw Failures.usage("--seed belongs to --sample");
        }
        if (boot && context.options().dryRun) {
            throw Failures.usage("verify has no --dry-run: it changes nothing");
        }
        Part part = part();
        Sample chosen = part == null ? Sample.ALL : new Sample(part.part() - 1, part.parts());
        Repository repository = context.repository();
        VerifyReport found = verify(repository, chosen);
        List<Snapshot> snapshots = found.snapshots().stream().map(Snapshot::of).toList();
        if (boot) {
            snapshots = boot(repository, snapshots, chosen.slots());
        }
        Report report = new Report(repository.location(), part, snapshots);
        context.console().result(report, () -> print(report));
        Optional<AmbrotypeException> failure = found.failure();
        if (failure.isPresent()) {
            throw failure.orElseThrow();
        }
        return report.snapshots().stream()
                        .allMatch(snapshot ->
                                snapshot.boot() == null || snapshot.boot().equal())
                ? Main.DONE
                : ErrorCode.FAILED.exitStatus();
    }

    /** What the user means by {@code --sample} and {@code --seed}. */
    private @Nullable Part part() {
        if (sample == null) {
            return null;
        }
        long number = seed != null
                ? seed
                : context.clock().instant().getEpochSecond()
                        / Duration.ofDays(1).toSeconds();
        try {
            Sample chosen = Sample.of(Double.parseDouble(sample.replaceFirst("%$", "")), number);
            return new Part(chosen.part() + 1, chosen.parts(), number);
        } catch (NumberFormatException e) {
            throw Failures.usage("'" + sample + "' is not a share; expected 5% or the like");
        } catch (IllegalArgumentException e) {
            throw Failures.usage(String.valueOf(e.getMessage()));
        }
    }

    /** Reads the dumps; where a drill of a sample follows, which passes its dumps through the same checks, none of them. */
    private VerifyReport verify(Repository repository, Sample chosen) {
        Verifier verifier = new Verifier(repository);
        try (Progress progress = context.console().progress()) {
            Shown shown = new Shown(progress);
            Sample read = boot && !chosen.equals(Sample.ALL) ? Sample.NONE : chosen;
            return all
                    ? verifier.verifyAll(read, shown)
                    : verifier.verify(repository.resolve(id == null ? "latest" : id), read, shown);
        }
    }

    private List<Snapshot> boot(Repository repository, List<Snapshot> snapshots, SlotSet slots)
            throws InterruptedException {
        ServerBinary binary = server == null
                ? BundledServers.inUserCache().redis()
                : ServerBinary.detect(context.terminal().directory().resolve(server));
        Path place = work == null
                ? Path.of(System.getProperty("java.io.tmpdir"))
                : context.terminal().directory().resolve(work).normalize();
        List<Snapshot> booted = new ArrayList<>();
        for (Snapshot snapshot : snapshots) {
            if (!snapshot.state().equals("sound")) {
                booted.add(snapshot);
                continue;
            }
            Manifest manifest = repository.manifest(repository.resolve(snapshot.id()));
            try (Progress progress = context.console().progress()) {
                BootDrill drill = new BootDrill(
                        repository,
                        binary,
                        place,
                        Time.SYSTEM,
                        context.random(),
                        new Told(context.console(), progress.task("restore")));
                booted.add(snapshot.with(Drill.of(binary, drill.run(manifest, slots))));
            }
        }
        return booted;
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
            String read = snapshot.shards() == snapshot.shardsRead() || boot
                    ? ""
                    : " (the dumps of " + snapshot.shardsRead() + " of them read)";
            console.line(snapshot.id() + "  " + console.style(style, snapshot.state()) + what + read);
            snapshot.problems().forEach(problem -> console.line("  " + Console.printable(problem)));
            if (snapshot.boot() != null) {
                print(snapshot.boot());
            }
        }
        if (report.sample() != null) {
            Part part = report.sample();
            console.line("a sample: part " + part.part() + " of " + part.parts()
                    + (boot ? " of the slots" : " of the dumps") + "; the next one is --seed " + (part.seed() + 1));
        }
    }

    private void print(Drill drill) {
        Console console = context.console();
        String took = Units.duration(Duration.ofMillis(drill.restoreMillis())) + " to restore, "
                + Units.duration(Duration.ofMillis(drill.startMillis())) + " until "
                + (drill.servers() == 1 ? "it" : "they") + " served";
        if (drill.equal()) {
            console.line("  booted: " + Units.count(drill.servers(), "server") + " (" + drill.server() + ") "
                    + (drill.servers() == 1 ? "has " : "have ") + "all " + Units.count(drill.entriesBack(), "key")
                    + ", "
                    + console.style(Console.Style.GREEN, "equal") + "; " + took);
            return;
        }
        console.line("  booted: " + console.style(Console.Style.RED, "different") + ": the snapshot has "
                + Units.count(drill.entries(), "key") + ", " + Units.count(drill.servers(), "server") + " ("
                + drill.server() + ") "
                + (drill.servers() == 1 ? "has " : "have ") + Units.count(drill.entriesBack()) + "; "
                + Units.count(drill.differentSlots(), "slot") + " differ; " + took);
        drill.firstDifferentKeys().forEach(key -> console.line("  " + key.text()));
        if (drill.differentFunctions() > 0) {
            console.line("  " + Units.count(drill.differentFunctions(), "function library")
                    + " are not the same on both sides");
        }
    }

    /** Tells how a drill goes on. */
    private record Told(Console console, Progress.Task task) implements BootDrill.Teller {
        @Override
        public void step(String sentence) {
            console.note(sentence);
        }

        @Override
        public void progress(long readBytes, long totalBytes, long entries) {
            task.total(totalBytes);
            task.at(readBytes, entries);
            if (readBytes == totalBytes) {
                task.end("written");
            }
        }

        @Override
        public void notice(String sentence) {
            console.warning(sentence);
        }
    }

    /** Shows how far a verification is. */
    private static final class Shown implements Verifier.Progress {
        private final Progress progress;
        private final Map<Integer, Progress.Task> shards = new ConcurrentHashMap<>();
        private volatile String prefix = "";

        Shown(Progress progress) {
            this.progress = progress;
        }

        @Override
        public void snapshot(SnapshotId snapshot, int number, int count) {
            prefix = count == 1 ? "" : snapshot + " ";
        }

        @Override
        public void dump(Manifest.Shard shard, long rdbBytes, long entries) {
            shards.computeIfAbsent(shard.index(), _ -> {
                        Progress.Task task = progress.task(prefix + "shard " + shard.index());
                        task.total(shard.dump().rdbBytes());
                        return task;
                    })
                    .at(rdbBytes, entries);
        }

        @Override
        public void ended(Manifest.Shard shard, boolean whole) {
            Progress.Task task = shards.remove(shard.index());
            if (task != null) {
                task.end(whole ? "read" : "not read to its end");
            }
        }
    }
}
