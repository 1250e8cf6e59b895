package io.ambrotype.cli;

import io.ambrotype.common.HostAndPort;
import io.ambrotype.common.Time;
import io.ambrotype.imports.Import;
import io.ambrotype.imports.ImportListener;
import io.ambrotype.imports.ImportPlan;
import io.ambrotype.imports.ImportRequest;
import io.ambrotype.repository.Manifest;
import io.ambrotype.repository.Repository;
import io.ambrotype.repository.SnapshotSummary;
import io.ambrotype.storage.Store;
import io.ambrotype.topology.DeploymentUri;
import io.ambrotype.topology.NodesConf;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code ambrotype import D FILE…}: makes a snapshot of files that servers have written. */
@Command(
        name = "import",
        sortOptions = false,
        header = "make a snapshot of dump.rdb files",
        description =
                "%nReads every file to its end, through all of its checks, finds out which shard it belongs to, and stores it byte for "
                        + "byte: a snapshot like any other. A file is an RDB, an append-only file that begins with one, an append-only folder, or "
                        + "the folder of a node; of append-only files only the RDB is imported. The files are only read.",
        optionListHeading = "%nOptions:%n",
        footerHeading = "%nExamples:%n",
        footer = {
            "  ambrotype import shop --topology 7000/nodes.conf 7000/dump.rdb 7001/dump.rdb 7002/dump.rdb",
            "  ambrotype import cache --standalone /var/lib/redis/dump.rdb",
            "  ambrotype import cache --standalone /var/lib/redis/appendonlydir",
            "",
            "Exit status 2: the files are not those of the topology; 20: a file is damaged, and at which byte."
        })
final class ImportCommand implements Callable<Integer> {
    private final Context context;

    @Parameters(index = "0", paramLabel = "D", description = "what the deployment is called, or its URI")
    private String deployment = "";

    @Parameters(index = "1..*", arity = "1..*", paramLabel = "FILE", description = "one for each master")
    private List<Path> files = List.of();

    @Option(
            names = "--topology",
            paramLabel = "NODES_CONF",
            description = "the nodes.conf of any node of the cluster, of the time when the files were saved")
    private @Nullable Path topology;

    @Option(names = "--standalone", description = "the file is that of a server that is no cluster node")
    private boolean standalone;

    ImportCommand(Context context) {
        this.context = context;
    }

    /** One shard of the plan as JSON. */
    record ShardView(
            int shard,
            @Nullable String master,
            String slots,
            String file,
            String because,
            long entries,
            long orphans,
            long rdbBytes,
            String rdbVersion,
            String server,
            String savedAt,
            String checksum,
            List<String> leftOut) {
        static ShardView of(int index, ImportPlan.ShardFile shard) {
            ImportPlan.DumpFile file = shard.file();
            return new ShardView(
                    index,
                    shard.master()
                            .flatMap(NodesConf.Line::address)
                            .map(HostAndPort::toString)
                            .orElse(null),
                    shard.slots().toString(),
                    file.path().toString(),
                    shard.reason(),
                    file.entries(),
                    shard.orphans(),
                    file.rdbBytes(),
                    file.rdbVersion(),
                    file.vendor() + " " + file.version(),
                    file.savedAt().toString(),
                    file.signed() ? "verified" : "disabled",
                    file.leftOut());
        }
    }

    /** The plan as JSON. */
    record PlanView(String deployment, String kind, List<ShardView> shards, List<String> warnings) {
        static PlanView of(ImportPlan plan) {
            List<ShardView> shards = new ArrayList<>();
            plan.shards().forEach(shard -> shards.add(ShardView.of(shards.size(), shard)));
            return new PlanView(
                    plan.deployment(), plan.conf().isPresent() ? "cluster" : "standalone", shards, plan.warnings());
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
            long durationMillis,
            List<ShardView> imported,
            List<String> warnings) {}

    @Override
    public Integer call() {
        if ((topology != null) == standalone) {
            throw Failures.usage(
                    standalone
                            ? "--topology and --standalone do not go together"
                            : "say whose files they are: --topology NODES_CONF for a cluster, or --standalone");
        }
        Console console = context.console();
        Store store = context.store();
        Duration started = Time.SYSTEM.running();
        ImportPlan plan;
        Manifest manifest;
        Repository repository;
        try (Progress progress = console.progress()) {
            Import operation = operation(progress);
            plan = operation.plan();
            if (context.options().dryRun) {
                console.result(PlanView.of(plan), () -> {
                    print(plan, console::line);
                    console.line("nothing was written: this was a dry run");
                });
                return Main.DONE;
            }
            print(plan, console::note);
            repository = Repository.openOrCreate(store, context.random());
            manifest = operation.run(plan, repository);
        }
        manifest.warnings().stream()
                .filter(warning -> !plan.warnings().contains(warning))
                .forEach(console::warning);
        Duration took = Time.SYSTEM.running().minus(started);
        SnapshotSummary summary = manifest.summary();
        Report report = new Report(
                manifest.snapshot().text(),
                manifest.deployment(),
                repository.location(),
                summary.shards(),
                summary.entries(),
                summary.rdbBytes(),
                summary.storedBytes(),
                took.toMillis(),
                PlanView.of(plan).shards(),
                manifest.warnings());
        console.result(report, () -> {
            console.line("snapshot  " + console.style(Console.Style.BOLD, report.snapshot()) + "  in "
                    + report.repository());
            console.line("          " + Units.count(report.entries(), "entry") + " of "
                    + Units.count(report.shards(), "shard") + ", " + Units.bytes(report.rdbBytes()) + " of RDB in "
                    + Units.bytes(report.storedBytes()) + " stored, " + Units.duration(took));
        });
        return Main.DONE;
    }

    private Import operation(Progress progress) {
        String name = deployment;
        Optional<HostAndPort> address = Optional.empty();
        if (DeploymentUri.isUri(deployment)) {
            List<HostAndPort> seeds = DeploymentUri.parse(deployment).seeds();
            name = seeds.stream().map(HostAndPort::toString).collect(Collectors.joining(","));
            address = Optional.of(seeds.getFirst());
        }
        try {
            ImportRequest request = new ImportRequest(
                    name,
                    Optional.ofNullable(topology).map(this::absolute),
                    files.stream().map(this::absolute).toList());
            return new Import(
                    request,
                    address,
                    new Display(progress),
                    context.clock(),
                    Version.current().version());
        } catch (IllegalArgumentException e) {
            throw Failures.usage(String.valueOf(e.getMessage()));
        }
    }

    private Path absolute(Path path) {
        return context.terminal().directory().resolve(path).normalize();
    }

    private static void print(ImportPlan plan, Consumer<String> out) {
        out.accept("import of " + Units.count(plan.shards().size(), "file") + " as " + plan.deployment());
        Table table = Table.of("SHARD>", "MASTER", "SLOTS", "KEYS>", "SERVER", "SAVED", "FILE", "KNOWN BY");
        for (ShardView shard : PlanView.of(plan).shards()) {
            table.row(
                    Integer.toString(shard.shard()),
                    shard.master() == null ? "-" : shard.master(),
                    shard.slots(),
                    Units.count(shard.entries()),
                    shard.server(),
                    Instant.parse(shard.savedAt())
                            .truncatedTo(ChronoUnit.SECONDS)
                            .toString(),
                    shard.file(),
                    shard.because());
        }
        table.lines().forEach(out);
        plan.warnings().forEach(warning -> out.accept("warning: " + warning));
    }

    /** A bar for each file, first for the look, then for storing it. */
    private static final class Display implements ImportListener {
        private final Progress progress;
        private final Map<String, Progress.Task> tasks = new HashMap<>();

        Display(Progress progress) {
            this.progress = progress;
        }

        @Override
        public void progress(Path file, boolean storing, long bytes, long totalBytes, long entries) {
            Progress.Task task = tasks.computeIfAbsent((storing ? "store  " : "check  ") + file, progress::task);
            task.total(totalBytes);
            task.at(bytes, entries);
            if (bytes == totalBytes) {
                task.end(storing ? "stored" : "sound");
            }
        }
    }
}
