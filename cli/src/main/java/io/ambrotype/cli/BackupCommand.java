package io.ambrotype.cli;

import io.ambrotype.backup.Backup;
import io.ambrotype.backup.BackupListener;
import io.ambrotype.backup.BackupPlan;
import io.ambrotype.backup.BackupRequest;
import io.ambrotype.backup.ShardProgress;
import io.ambrotype.common.AmbrotypeException;
import io.ambrotype.common.ErrorCode;
import io.ambrotype.common.Time;
import io.ambrotype.repository.Manifest;
import io.ambrotype.repository.Repository;
import io.ambrotype.repository.SnapshotId;
import io.ambrotype.repository.SnapshotSummary;
import io.ambrotype.storage.Store;
import io.ambrotype.topology.Role;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code ambrotype backup D}: takes a snapshot. */
@Command(
        name = "backup",
        sortOptions = false,
        header = "take a snapshot of a running deployment",
        description =
                "%nReads every shard over the replication protocol, from a replica where there is a healthy one, checks every "
                        + "byte, and commits data, topology and configuration as one snapshot. Nothing is changed on the nodes, and nothing "
                        + "is installed there. The repository is made where there is none yet.",
        optionListHeading = "%nOptions:%n",
        footerHeading = "%nExamples:%n",
        footer = {
            "  ambrotype backup shop                            a name from the configuration file",
            "  ambrotype backup redis://10.0.0.1:7000 --repo /var/backups/redis",
            "  ambrotype backup shop --dry-run                  where each shard would be read from, and why",
            "  ambrotype backup shop --parallel 6 --forks-per-host 2",
            "",
            "Any node leads to the others. Exit status 21: a snapshot would not be whole, and why."
        })
final class BackupCommand implements Callable<Integer> {
    private final Context context;

    @Mixin
    private final DeploymentOptions deployment = new DeploymentOptions();

    @Option(
            names = "--parallel",
            paramLabel = "N",
            description = "shards captured at once, 1 to 16, each with about 40 MB of memory (default: 2)")
    private @Nullable Integer parallel;

    @Option(
            names = "--forks-per-host",
            paramLabel = "N",
            description = "servers of one host that may fork at once (default: ${DEFAULT-VALUE})")
    private int forksPerHost = 1;

    @Option(
            names = "--nodes-conf-name",
            paramLabel = "NAME",
            description =
                    "name of the nodes' nodes.conf where they do not tell it (before 7.0); {port} stands for the port")
    private @Nullable String nodesConfName;

    @Option(
            names = "--spool",
            paramLabel = "FOLDER",
            description = "where bytes wait that arrive faster than they can be compressed (default: /var/tmp)")
    private @Nullable Path spool;

    BackupCommand(Context context) {
        this.context = context;
    }

    /** The plan as JSON. */
    record PlanView(String deployment, String kind, List<ShardView> shards, List<String> warnings) {
        static PlanView of(BackupPlan plan) {
            return new PlanView(
                    plan.deployment(),
                    plan.topology().kind().name().toLowerCase(Locale.ROOT),
                    plan.shards().stream().map(ShardView::of).toList(),
                    plan.warnings());
        }
    }

    /** One shard of the plan as JSON. */
    record ShardView(
            int shard,
            String slots,
            String master,
            String source,
            String sourceRole,
            String sourceVersion,
            long lagBytes,
            long entries,
            long usedMemoryBytes,
            List<String> passedOver) {
        static ShardView of(BackupPlan.ShardPlan shard) {
            BackupPlan.Candidate source = shard.source();
            return new ShardView(
                    shard.index(),
                    shard.slots().toString(),
                    shard.master().name(),
                    source.address().toString(),
                    source.node().role() == Role.MASTER ? "master" : "replica",
                    source.version().toString(),
                    source.lag(),
                    source.entries(),
                    source.usedMemory(),
                    shard.passedOver());
        }
    }

    /** The result. */
    record Report(
            String snapshot,
            String deployment,
            String repository,
            int shards,
            long entries,
            long rdbBytes,
            long storedBytes,
            long captureSpreadMillis,
            long durationMillis,
            String consistency,
            List<String> warnings) {}

    @Override
    public Integer call() throws InterruptedException {
        Console console = context.console();
        Deployment target = deployment.resolve(context);
        BackupRequest request = request(target);
        if (context.options().dryRun) {
            BackupPlan plan = new Backup(
                            request,
                            BackupListener.NONE,
                            Time.SYSTEM,
                            Version.current().version())
                    .plan();
            console.result(PlanView.of(plan), () -> print(plan, console::line));
            return Main.DONE;
        }
        Repository repository = openOrCreate(context, request);
        Duration started = Time.SYSTEM.running();
        Set<String> said = ConcurrentHashMap.newKeySet();
        Manifest manifest = take(context, request, repository, said);
        Duration took = Time.SYSTEM.running().minus(started);
        manifest.warnings().stream().filter(warning -> !said.contains(warning)).forEach(console::warning);
        SnapshotSummary summary = manifest.summary();
        Report report = new Report(
                manifest.snapshot().text(),
                manifest.deployment(),
                repository.location(),
                summary.shards(),
                summary.entries(),
                summary.rdbBytes(),
                summary.storedBytes(),
                summary.captureSpread().toMillis(),
                took.toMillis(),
                manifest.consistency().meaning(),
                manifest.warnings());
        console.result(report, () -> {
            console.line("snapshot  " + console.style(Console.Style.BOLD, report.snapshot()) + "  in "
                    + report.repository());
            console.line("          " + Units.count(report.entries(), "entry") + " of "
                    + Units.count(report.shards(), "shard") + ", " + Units.bytes(report.rdbBytes()) + " of RDB in "
                    + Units.bytes(report.storedBytes()) + " stored, " + Units.duration(took));
            if (report.shards() > 1) {
                console.line("          captured within " + Units.duration(summary.captureSpread())
                        + " of each other: whole shard by shard, not one moment across shards");
            }
        });
        return Main.DONE;
    }

    /** Where bytes wait unless the user says where. */
    private static Path defaultSpool() {
        return Files.isWritable(Path.of("/var/tmp"))
                ? Path.of("/var/tmp")
                : Path.of(System.getProperty("java.io.tmpdir"));
    }

    /** A snapshot as it is taken where the user says nothing else. */
    static BackupRequest usualRequest(Deployment target) {
        BackupRequest usual = BackupRequest.of(target.name(), target.seeds(), target.settings(), defaultSpool());
        return usual.withParallel(target.parallel().orElse(BackupRequest.DEFAULT_PARALLEL), usual.forksPerHost())
                .withNodesConfName(target.nodesConfName());
    }

    /** Takes a snapshot, and shows how far it is. */
    static Manifest take(Context context, BackupRequest request, Repository repository, Set<String> said)
            throws InterruptedException {
        try (Display display = new Display(context.console(), said)) {
            return new Backup(request, display, Time.SYSTEM, Version.current().version()).run(repository);
        }
    }

    private BackupRequest request(Deployment target) {
        Path spoolFolder = spool != null ? context.terminal().directory().resolve(spool) : defaultSpool();
        if (!Files.isDirectory(spoolFolder) || !Files.isWritable(spoolFolder)) {
            throw Failures.usage("--spool " + spoolFolder + " is not a folder that can be written to");
        }
        try {
            return BackupRequest.of(target.name(), target.seeds(), target.settings(), spoolFolder)
                    .withParallel(
                            parallel != null ? parallel : target.parallel().orElse(BackupRequest.DEFAULT_PARALLEL),
                            forksPerHost)
                    .withNodesConfName(nodesConfName != null ? Optional.of(nodesConfName) : target.nodesConfName());
        } catch (IllegalArgumentException e) {
            throw AmbrotypeException.of(ErrorCode.USAGE, String.valueOf(e.getMessage()));
        }
    }

    /** A new repository is made only where there is something to put into it: a wrong address leaves nothing behind. */
    static Repository openOrCreate(Context context, BackupRequest request) throws InterruptedException {
        Store store = context.store();
        try {
            return Repository.open(store, context.random());
        } catch (AmbrotypeException e) {
            if (e.code() != ErrorCode.NO_REPOSITORY || !store.isEmpty()) {
                throw e;
            }
            new Backup(
                            request,
                            BackupListener.NONE,
                            Time.SYSTEM,
                            Version.current().version())
                    .plan();
            Repository created = Repository.openOrCreate(store, context.random());
            context.console().note("made a new repository in " + created.location());
            return created;
        }
    }

    /** Prints the plan line by line. */
    private static void print(BackupPlan plan, Consumer<String> out) {
        out.accept("backup of " + plan.deployment() + ": "
                + Units.count(plan.shards().size(), "shard") + ", each read from the node in column READ FROM");
        Table table =
                Table.of("SHARD>", "SLOTS>", "MASTER", "READ FROM", "ROLE", "LAG>", "KEYS>", "MEMORY>", "VERSION");
        for (BackupPlan.ShardPlan shard : plan.shards()) {
            BackupPlan.Candidate source = shard.source();
            table.row(
                    Integer.toString(shard.index()),
                    Units.count(shard.slots().size()),
                    shard.master().name(),
                    source.address().toString(),
                    source.node().role() == Role.MASTER ? "master" : "replica",
                    Units.bytes(source.lag()),
                    Units.count(source.entries()),
                    Units.bytes(source.usedMemory()),
                    source.version().toString());
        }
        table.lines().forEach(out);
        plan.warnings().forEach(warning -> out.accept("warning: " + warning));
    }

    /** Shows a running backup: the plan, a bar for each shard, and what happens on the way. */
    private static final class Display implements BackupListener, AutoCloseable {
        private final Console console;
        private final Set<String> said;
        private final Map<Integer, Progress.Task> tasks = new ConcurrentHashMap<>();
        private @Nullable Progress progress;

        /**
         * A display.
         *
         * @param said gets every warning that was shown
         */
        Display(Console console, Set<String> said) {
            this.console = console;
            this.said = said;
        }

        @Override
        public synchronized void planned(BackupPlan plan) {
            end();
            print(plan, console::note);
            said.addAll(plan.warnings());
            Progress bars = console.progress();
            progress = bars;
            for (BackupPlan.ShardPlan shard : plan.shards()) {
                tasks.put(
                        shard.index(),
                        bars.task(
                                "shard " + shard.index() + "  " + shard.source().address()));
            }
        }

        @Override
        public void begun(SnapshotId snapshot) {
            console.note("snapshot " + snapshot + " begun");
        }

        @Override
        public void progress(ShardProgress state) {
            Progress.Task task = tasks.get(state.shard());
            if (task == null) {
                return;
            }
            task.note(
                    switch (state.phase()) {
                        case QUEUED -> "waits for its turn";
                        case PREPARING -> "the server prepares its RDB";
                        case RECEIVING -> "";
                        case STORED -> "";
                    });
            if (state.totalBytes().isPresent()) {
                task.total(state.totalBytes().getAsLong());
            } else if (state.entries() > 0 && state.expectedEntries() > state.entries()) {
                // A server that streams its RDB does not say how long it is; the share of its keys tells about.
                task.total((long) ((double) state.bytes() * state.expectedEntries() / state.entries()));
            }
            task.at(state.bytes(), state.entries());
            if (state.phase() == ShardProgress.Phase.STORED) {
                task.end("stored");
            }
        }

        @Override
        public void notice(String sentence) {
            said.add(sentence);
            console.warning(sentence);
        }

        @Override
        public synchronized void committing() {
            end();
        }

        private synchronized void end() {
            if (progress != null) {
                progress.close();
                progress = null;
            }
            tasks.clear();
        }

        @Override
        public void close() {
            end();
        }
    }
}
