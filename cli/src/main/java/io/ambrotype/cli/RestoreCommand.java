package io.ambrotype.cli;

import io.ambrotype.common.AmbrotypeException;
import io.ambrotype.common.ErrorCode;
import io.ambrotype.common.HostAndPort;
import io.ambrotype.common.Time;
import io.ambrotype.rdb.TargetVersion;
import io.ambrotype.repository.Manifest;
import io.ambrotype.repository.Repository;
import io.ambrotype.resp.ConnectionSettings;
import io.ambrotype.restore.LivenessCheck;
import io.ambrotype.restore.RestoreListener;
import io.ambrotype.restore.RestorePlan;
import io.ambrotype.restore.RestorePlan.Data;
import io.ambrotype.restore.RestorePlanner;
import io.ambrotype.restore.RestoreReport;
import io.ambrotype.restore.RestoreRequest;
import io.ambrotype.restore.RestoreTarget;
import io.ambrotype.restore.Restorer;
import io.ambrotype.restore.TargetAddress;
import io.ambrotype.restore.Uncrossable;
import io.ambrotype.topology.Role;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.Callable;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code ambrotype restore ID}: brings a snapshot back as node folders, or as one RDB. */
@Command(
        name = "restore",
        sortOptions = false,
        header = "bring a snapshot back",
        description =
                "%nWrites a folder for every node, with its dump.rdb, its nodes.conf and an ambrotype.conf, from which the nodes "
                        + "start as a complete cluster. Without further options it is the snapshot's own layout at its own addresses, with new "
                        + "node ids. Nothing is overwritten, and nothing is written where something alive could be harmed.%n%n"
                        + "With --to the keys go into servers that run, of any layout: see the options that begin there.",
        optionListHeading = "%nOptions:%n",
        footerHeading = "%nExamples:%n",
        footer = {
            "  ambrotype restore latest --into /srv/restored",
            "  ambrotype restore latest --into /srv/restored --same-ids          after everything was lost",
            "  ambrotype restore latest --into /srv/n1 --node 10.0.0.1:7000      one node lost its disk",
            "  ambrotype restore latest --into /srv/five --masters 5 --replicas 0 \\",
            "      --nodes 10.0.1.1:7000,10.0.1.2:7000,10.0.1.3:7000,10.0.1.4:7000,10.0.1.5:7000",
            "  ambrotype restore latest --rdb everything.rdb                     for a single server",
            "  ambrotype restore latest --into /srv/old --target-version redis:6.2   onto other servers",
            "  ambrotype restore latest --into /srv/restored --dry-run           what would be written",
            "  ambrotype restore latest --to shop --dry-run                      into servers that run: looks only",
            "  ambrotype restore latest --to shop --keys 'cart:*' --on-conflict skip",
            "  ambrotype restore latest --to redis://10.0.1.1:7000 --resume      go on with one that was broken off",
            "",
            "Exit status 20: the snapshot is damaged; 21: something alive is in the way; 22: the target cannot hold it."
        })
final class RestoreCommand implements Callable<Integer> {
    private static final int SHOWN_UNSUPPORTED = 20;
    private static final Duration PROBE_TIMEOUT = Duration.ofSeconds(2);

    private final Context context;

    @Parameters(paramLabel = "ID", description = "a snapshot's id, the beginning of one, or 'latest'")
    private String id = "";

    @Option(names = "--into", paramLabel = "FOLDER", description = "where the node folders go; empty, or not there yet")
    private @Nullable Path into;

    @Option(
            names = "--rdb",
            paramLabel = "FILE",
            description = "write everything as one RDB for a single server instead")
    private @Nullable Path rdb;

    @Option(
            names = "--nodes",
            paramLabel = "HOST:PORT[@BUSPORT]",
            split = ",",
            description = "where the nodes shall run, masters first (default: the snapshot's own addresses)")
    private List<String> nodes = List.of();

    @Option(names = "--masters", paramLabel = "N", description = "number of masters (default: the snapshot's own)")
    private @Nullable Integer masters;

    @Option(
            names = "--replicas",
            paramLabel = "N",
            description = "replicas of each master (default: the snapshot's own)")
    private @Nullable Integer replicas;

    @Option(names = "--node", paramLabel = "HOST:PORT", description = "only this node of the snapshot, as itself")
    private @Nullable String node;

    @Option(names = "--same-ids", description = "give the nodes their old ids; no old node may be alive")
    private boolean sameIds;

    @Option(
            names = "--target-version",
            paramLabel = "VENDOR:VERSION",
            description =
                    "the servers that shall load it, such as redis:6.2 or valkey:8.1 (default: those of the snapshot); "
                            + "encodings that they do not know are written anew")
    private @Nullable String targetVersion;

    @Option(names = "--skip-unsupported", description = "leave out what those servers cannot have, instead of refusing")
    private boolean skipUnsupported;

    @Mixin
    private final LiveRestoreOptions live = new LiveRestoreOptions();

    RestoreCommand(Context context) {
        this.context = context;
    }

    /** The plan as JSON. */
    record PlanView(
            String snapshot,
            String folder,
            String identity,
            List<NodeView> nodes,
            List<String> warnings,
            @Nullable String targetVersion,
            @Nullable UnsupportedView unsupported) {
        static PlanView of(RestorePlan plan, Uncrossable uncrossable) {
            return new PlanView(
                    plan.manifest().snapshot().text(),
                    plan.folder().toString(),
                    plan.identity().name().toLowerCase(Locale.ROOT).replace('_', '-'),
                    plan.nodes().stream().map(NodeView::of).toList(),
                    plan.warnings(),
                    textOf(plan.target()),
                    UnsupportedView.of(plan.target(), uncrossable));
        }

        static PlanView ofFile(
                Manifest manifest,
                Path file,
                List<String> warnings,
                Optional<RestoreTarget> target,
                Uncrossable uncrossable) {
            return new PlanView(
                    manifest.snapshot().text(),
                    file.toString(),
                    "none",
                    List.of(),
                    warnings,
                    textOf(target),
                    UnsupportedView.of(target, uncrossable));
        }

        private static @Nullable String textOf(Optional<RestoreTarget> target) {
            return target.map(servers -> servers.version().toString()).orElse(null);
        }
    }

    /** What the target cannot have, as JSON; of the entries the first thousand. */
    record UnsupportedView(long entries, List<Uncrossable.Item> firstEntries, List<String> functions, boolean skipped) {
        static @Nullable UnsupportedView of(Optional<RestoreTarget> target, Uncrossable uncrossable) {
            return target.map(servers -> new UnsupportedView(
                            uncrossable.entries(),
                            uncrossable.items(),
                            uncrossable.functions(),
                            servers.skipUnsupported()))
                    .orElse(null);
        }
    }

    /** One node of the plan as JSON. */
    record NodeView(
            String folder,
            String id,
            String address,
            String role,
            @Nullable String master,
            String slots,
            String data,
            @Nullable String nodesConf,
            List<String> withheld) {
        static NodeView of(RestorePlan.Node node) {
            return new NodeView(
                    node.name(),
                    node.id().value(),
                    node.address().toString(),
                    node.role() == Role.MASTER ? "master" : "replica",
                    node.master().map(Object::toString).orElse(null),
                    node.slots().toString(),
                    dataOf(node),
                    node.nodesConf().map(RestorePlan.ClusterFile::name).orElse(null),
                    node.withheld());
        }
    }

    /** The result. */
    record Report(
            String snapshot,
            String target,
            long entries,
            long leftOut,
            long skipped,
            long bytes,
            long durationMillis,
            List<String> notices,
            List<String> nextSteps) {}

    @Override
    public Integer call() throws InterruptedException {
        if (live.isAskedFor()) {
            requireNothingOfFiles();
            return new LiveRestoreRun(context, live, id, skipUnsupported).call();
        }
        if ((into == null) == (rdb == null)) {
            throw Failures.usage(
                    into == null
                            ? "say where to: --into FOLDER for node folders, --rdb FILE for one RDB, or --to D for servers that run"
                            : "--into and --rdb do not go together");
        }
        Repository repository = context.repository();
        Manifest manifest = repository.manifest(repository.resolve(id));
        return rdb != null ? single(repository, manifest, absolute(rdb)) : folders(repository, manifest, request());
    }

    private void requireNothingOfFiles() {
        if (into != null
                || rdb != null
                || !nodes.isEmpty()
                || masters != null
                || replicas != null
                || node != null
                || sameIds
                || targetVersion != null) {
            throw Failures.usage(
                    "--to writes into servers that run and does not go with --into, --rdb, --nodes, --masters, --replicas, --node, --same-ids or --target-version");
        }
    }

    private int folders(Repository repository, Manifest manifest, RestoreRequest request) throws InterruptedException {
        Console console = context.console();
        Restorer.requireEmpty(request.folder());
        RestorePlan plan = RestorePlanner.plan(manifest, request, context.random());
        List<String> silent = LivenessCheck.run(plan, settings(manifest));
        if (!silent.isEmpty()) {
            console.warning("nothing came back from " + String.join(", ", silent)
                    + ", not even a refusal: make sure that no old node is alive there");
        }
        Duration started = Time.SYSTEM.running();
        RestoreReport report;
        try (Progress progress = console.progress()) {
            Restorer restorer = new Restorer(repository, new Display(console, progress.task("restore")));
            Uncrossable uncrossable = restorer.uncrossable(plan);
            if (context.options().dryRun) {
                console.result(PlanView.of(plan, uncrossable), () -> {
                    print(plan, console::line);
                    print(plan.target(), uncrossable, Integer.MAX_VALUE, console::line);
                    console.line("nothing was written: this was a dry run");
                });
                Restorer.requireCrossing(manifest, plan.target(), uncrossable);
                return Main.DONE;
            }
            print(plan, console::note);
            print(plan.target(), uncrossable, SHOWN_UNSUPPORTED, console::note);
            report = restorer.run(plan, uncrossable);
        }
        show(manifest, report, started);
        return Main.DONE;
    }

    private int single(Repository repository, Manifest manifest, Path file) throws InterruptedException {
        Console console = context.console();
        if (!nodes.isEmpty() || masters != null || replicas != null || node != null || sameIds) {
            throw Failures.usage(
                    "--rdb writes one file and does not go with --nodes, --masters, --replicas, --node or --same-ids");
        }
        Restorer.requireAbsent(file);
        Optional<RestoreTarget> target = target();
        List<String> warnings = target.map(servers -> RestorePlanner.warningsOf(manifest, servers))
                .orElse(List.of());
        Duration started = Time.SYSTEM.running();
        RestoreReport report;
        try (Progress progress = console.progress()) {
            Restorer restorer = new Restorer(repository, new Display(console, progress.task("restore")));
            Uncrossable uncrossable = restorer.uncrossable(manifest, target);
            if (context.options().dryRun) {
                console.result(PlanView.ofFile(manifest, file, warnings, target, uncrossable), () -> {
                    console.line("would write " + Units.count(manifest.summary().entries(), "entry") + " of snapshot "
                            + manifest.snapshot() + " to " + file);
                    warnings.forEach(warning -> console.line("warning: " + warning));
                    print(target, uncrossable, Integer.MAX_VALUE, console::line);
                });
                Restorer.requireCrossing(manifest, target, uncrossable);
                return Main.DONE;
            }
            warnings.forEach(console::warning);
            print(target, uncrossable, SHOWN_UNSUPPORTED, console::note);
            report = restorer.writeSingle(manifest, file, target, uncrossable);
        }
        show(manifest, report, started);
        return Main.DONE;
    }

    private RestoreRequest request() {
        try {
            return new RestoreRequest(
                    absolute(into == null ? Path.of("") : into),
                    nodes.stream()
                            .map(TargetAddress::parse)
                            .map(RestoreCommand::resolved)
                            .toList(),
                    masters == null ? OptionalInt.empty() : OptionalInt.of(masters),
                    replicas == null ? OptionalInt.empty() : OptionalInt.of(replicas),
                    node == null ? Optional.empty() : Optional.of(HostAndPort.parse(node)),
                    sameIds,
                    target());
        } catch (IllegalArgumentException e) {
            throw AmbrotypeException.of(ErrorCode.USAGE, String.valueOf(e.getMessage()));
        }
    }

    private Optional<RestoreTarget> target() {
        if (targetVersion == null) {
            if (skipUnsupported) {
                throw Failures.usage("--skip-unsupported goes with --target-version, which says what is supported");
            }
            return Optional.empty();
        }
        try {
            return Optional.of(new RestoreTarget(TargetVersion.parse(targetVersion), skipUnsupported));
        } catch (IllegalArgumentException e) {
            throw Failures.usage("--target-version: " + e.getMessage());
        }
    }

    /** Nodes tell each other addresses, not names. */
    private static TargetAddress resolved(TargetAddress target) {
        try {
            InetAddress address = InetAddress.getByName(target.client().host());
            return new TargetAddress(
                    new HostAndPort(address.getHostAddress(), target.client().port()), target.busPort());
        } catch (UnknownHostException e) {
            throw AmbrotypeException.of(ErrorCode.USAGE, "the host name of " + target.client() + " is not known")
                    .withHint("nodes.conf needs IP addresses: give the address instead of the name")
                    .causedBy(e);
        }
    }

    /** How to ask old nodes who they are: as the configuration says of the deployment, where it knows it. */
    private ConnectionSettings settings(Manifest manifest) {
        ConnectionSettings settings = ConnectionSettings.defaults();
        if (context.configuration().deployments().containsKey(manifest.deployment())) {
            settings = Deployment.resolve(manifest.deployment(), Access.NOTHING, context)
                    .settings();
        }
        return settings.withConnectTimeout(PROBE_TIMEOUT);
    }

    private Path absolute(Path path) {
        return context.terminal().directory().resolve(path).normalize();
    }

    private void show(Manifest manifest, RestoreReport result, Duration started) {
        Console console = context.console();
        Duration took = Time.SYSTEM.running().minus(started);
        Report report = new Report(
                manifest.snapshot().text(),
                result.target().toString(),
                result.entries(),
                result.leftOut(),
                result.skipped(),
                result.bytes(),
                took.toMillis(),
                result.notices(),
                result.nextSteps());
        result.notices().forEach(console::warning);
        console.result(report, () -> {
            console.line("restored  " + console.style(Console.Style.BOLD, report.target()) + "  from snapshot "
                    + report.snapshot());
            console.line("          " + Units.count(report.entries(), "entry") + ", " + Units.bytes(report.bytes())
                    + " written, " + Units.duration(took)
                    + (report.skipped() > 0
                            ? "; " + Units.count(report.skipped(), "entry") + " skipped: unknown to " + targetVersion
                            : "")
                    + (report.leftOut() > 0
                            ? "; " + Units.count(report.leftOut(), "entry") + " left out: in slots not their node's own"
                            : ""));
            console.line("");
            console.line("next");
            for (int i = 0; i < report.nextSteps().size(); i++) {
                console.line("  " + (i + 1) + ". " + report.nextSteps().get(i));
            }
        });
    }

    private static void print(RestorePlan plan, Consumer<String> out) {
        out.accept("restore of snapshot " + plan.manifest().snapshot() + " ("
                + plan.manifest().deployment() + ") into " + plan.folder());
        out.accept(
                switch (plan.identity()) {
                    case NEW -> "the nodes get new ids: no old node can be mistaken for one of them";
                    case SAME -> "the nodes get the ids that they had: no old node may start again";
                    case ONE_NODE -> "one node comes back as itself, into the deployment that is still there";
                });
        Table table = Table.of("FOLDER", "ADDRESS", "ROLE", "SLOTS", "ID", "DATA");
        for (RestorePlan.Node node : plan.nodes()) {
            table.row(
                    node.name(),
                    node.address().toString(),
                    node.role() == Role.MASTER ? "master" : "replica",
                    node.slots().toString(),
                    node.id().value(),
                    dataOf(node));
        }
        table.lines().forEach(out);
        plan.warnings().forEach(warning -> out.accept("warning: " + warning));
    }

    private static void print(Optional<RestoreTarget> target, Uncrossable uncrossable, int most, Consumer<String> out) {
        if (target.isEmpty() || uncrossable.isEmpty()) {
            return;
        }
        out.accept((target.get().skipUnsupported() ? "left out, because " : "")
                + target.get().version() + " cannot have:");
        if (uncrossable.entries() > 0) {
            Table table = Table.of("DB>", "KEY", "TYPE", "REASON");
            uncrossable.items().stream()
                    .limit(most)
                    .forEach(item ->
                            table.row(Integer.toString(item.database()), item.key(), item.type(), item.reason()));
            table.lines().forEach(out);
            long more =
                    uncrossable.entries() - Math.min(most, uncrossable.items().size());
            if (more > 0) {
                out.accept("and " + Units.count(more, "entry") + " more");
            }
        }
        uncrossable
                .functions()
                .forEach(function -> out.accept(
                        "function library " + function + ": " + target.get().version() + " has no functions"));
    }

    private static String dataOf(RestorePlan.Node node) {
        return switch (node.data()) {
            case Data.Verbatim verbatim -> "dump of shard " + verbatim.shard() + ", as captured";
            case Data.Routed _ -> "the entries of its slots, out of all dumps";
            case Data.SameAs same -> "same dump as " + same.folder();
        };
    }

    /** Shows a running restore. */
    private record Display(Console console, Progress.Task task) implements RestoreListener {
        @Override
        public void progress(long readBytes, long totalBytes, long entries) {
            task.total(totalBytes);
            task.at(readBytes, -1);
            if (readBytes == totalBytes) {
                task.end("read and written");
            }
        }

        @Override
        public void notice(String sentence) {
            console.warning(sentence);
        }
    }
}
