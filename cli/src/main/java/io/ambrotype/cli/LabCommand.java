package io.ambrotype.cli;

import io.ambrotype.common.HostAndPort;
import io.ambrotype.lab.LabLayout;
import io.ambrotype.lab.LabSpec;
import io.ambrotype.lab.LabStart;
import io.ambrotype.lab.LabStatus;
import io.ambrotype.lab.LabStop;
import io.ambrotype.topology.NodeId;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code ambrotype lab}: real servers on loopback, to try things on. */
@Command(
        name = "lab",
        sortOptions = false,
        abbreviateSynopsis = true,
        header = "a real cluster on loopback, to try things on",
        description =
                "%nStarts real servers on 127.0.0.1: the bundled Redis, or any other with --server. They outlive the command; "
                        + "all that is theirs lies in one folder, ambrotype-lab unless --dir names another.",
        synopsisSubcommandLabel = "COMMAND",
        commandListHeading = "%nCommands:%n",
        optionListHeading = "%nOptions:%n",
        footerHeading = "%nExamples:%n",
        footer = {
            "  ambrotype lab start                             3 masters and 3 replicas on ports 7100 to 7105",
            "  ambrotype lab start --masters 1 --replicas 0 --port-base 7200 --dir /tmp/one",
            "  ambrotype lab status",
            "  ambrotype lab stop"
        })
final class LabCommand implements Runnable {
    @Spec
    private @Nullable CommandSpec spec;

    /** The command with its own commands. */
    static CommandLine commandLine(Context context) {
        return new CommandLine(new LabCommand())
                .addSubcommand(new Start(context))
                .addSubcommand(new Status(context))
                .addSubcommand(new Stop(context));
    }

    /** Without a command of its own. */
    @Override
    public void run() {
        if (spec != null) {
            throw new ParameterException(spec.commandLine(), "missing command: start, status or stop");
        }
    }

    /** What the three have in common. */
    abstract static class Action implements Callable<Integer> {
        final Context context;

        @Option(
                names = "--dir",
                paramLabel = "FOLDER",
                defaultValue = "ambrotype-lab",
                description = "the lab's folder (default: ${DEFAULT-VALUE})")
        private Path dir = Path.of("ambrotype-lab");

        Action(Context context) {
            this.context = context;
        }

        Path dir() {
            return context.terminal().directory().resolve(dir).normalize();
        }

        /** How the folder is named in commands that are suggested: as little as possible. */
        String dirOption() {
            return dir.toString().equals("ambrotype-lab") ? "" : " --dir " + dir;
        }

        void print(LabStatus.Report report) {
            Table table = Table.of("ADDRESS", "STATE", "ROLE", "MASTER", "KEYS>", "MEMORY>", "VERSION", "PID>", "ID");
            for (LabStatus.Node node : report.nodes()) {
                table.row(
                        node.address().toString(),
                        lower(node.state())
                                + node.clusterState()
                                        .map(state -> ", cluster " + state)
                                        .orElse(""),
                        node.sentinel()
                                ? "sentinel"
                                : node.role().map(LabCommand::lower).orElse("-"),
                        node.master().map(HostAndPort::toString).orElse("-"),
                        node.keys().isPresent() ? Units.count(node.keys().getAsLong()) : "-",
                        node.memoryBytes().isPresent()
                                ? Units.bytes(node.memoryBytes().getAsLong())
                                : "-",
                        node.version().map(Object::toString).orElse("-"),
                        node.pid().isPresent() ? Long.toString(node.pid().getAsLong()) : "-",
                        node.id().map(NodeId::toString).orElse("-"));
            }
            context.console().table(table);
            for (LabStatus.Node node : report.nodes()) {
                node.elsewhere()
                        .ifPresent(folder -> context.console()
                                .line(node.address() + " was started from " + folder
                                        + ": a relative 'dir' means that folder"));
            }
        }
    }

    /** {@code ambrotype lab start}. */
    @Command(
            name = "start",
            sortOptions = false,
            abbreviateSynopsis = true,
            header = "start a new lab, one that was stopped or lacks servers, or one that a restore wrote",
            description =
                    "%nIn an empty folder: a new cluster, or one server with --standalone. In the folder of a lab that was "
                            + "stopped: that lab, with its data; where some of its servers run, the others. In a folder that 'ambrotype restore' wrote: the restored deployment. "
                            + "Returns when it serves and every replica is in sync.",
            optionListHeading = "%nOptions:%n",
            footerHeading = "%nExamples:%n",
            footer = {
                "  ambrotype lab start",
                "  ambrotype lab start --server /usr/local/bin/redis-server --conf 'maxmemory 100mb'",
                "  ambrotype lab start --standalone --replicas 2 --port-base 7300 --dir /tmp/set",
                "  ambrotype lab start --sentinel --replicas 2 --port-base 7400 --dir /tmp/watched",
                "  ambrotype lab start --dir /tmp/restored"
            })
    static final class Start extends Action {
        @Option(names = "--masters", paramLabel = "N", description = "masters of a new cluster (default: 3)")
        private @Nullable Integer masters;

        @Option(names = "--replicas", paramLabel = "N", description = "replicas of each master (default: 1)")
        private @Nullable Integer replicas;

        @Option(names = "--port-base", paramLabel = "PORT", description = "first port of a new lab (default: 7100)")
        private @Nullable Integer portBase;

        @Option(names = "--standalone", description = "one master with its replicas, no cluster")
        private boolean standalone;

        @Option(
                names = "--sentinel",
                description = "one master with its replicas, watched by three Sentinels, on the ports behind theirs")
        private boolean sentinel;

        @Option(
                names = "--server",
                paramLabel = "PATH",
                description = "a redis-server or valkey-server (default: the bundled Redis)")
        private @Nullable Path server;

        @Option(
                names = "--conf",
                paramLabel = "LINE",
                description = "a line for every server's configuration file; may be repeated")
        private List<String> lines = List.of();

        @Option(
                names = "--layout",
                paramLabel = "LAYOUT",
                defaultValue = "absolute",
                description =
                        "where the servers of a new lab are started: absolute (each has an absolute 'dir'), folder-each "
                                + "('redis-server conf/redis.conf' with 'dir ./', each in its folder) or one-folder (all in the lab's folder)")
        private LabLayout layout = LabLayout.ABSOLUTE;

        Start(Context context) {
            super(context);
        }

        /** The result. */
        record Started(String origin, long tookMillis, LabView lab) {}

        @Override
        public Integer call() {
            LabStart start = new LabStart(
                    dir(),
                    standalone || sentinel,
                    optional(masters),
                    optional(replicas),
                    optional(portBase),
                    Optional.ofNullable(server)
                            .map(path -> context.terminal().directory().resolve(path)),
                    lines,
                    layout,
                    sentinel ? LabSpec.DEFAULT_SENTINELS : 0);
            if (context.options().dryRun) {
                throw Failures.usage("lab start has no --dry-run");
            }
            context.console().note("starting the lab in " + dir() + "…");
            LabStart.Report report = start.run();
            Started result = new Started(lower(report.origin()), report.took().toMillis(), LabView.of(report.status()));
            context.console().result(result, () -> {
                Console console = context.console();
                console.line(switch (report.origin()) {
                            case CREATED -> "a new lab serves";
                            case RESUMED -> "the lab serves again, with its data";
                            case COMPLETED -> "the rest of the lab was started; it is whole";
                            case ADOPTED -> "the restored deployment serves";
                        }
                        + " after " + Units.duration(Duration.ofMillis(result.tookMillis())));
                console.line("");
                print(report.status());
                console.line("");
                console.line("address    redis://"
                        + report.status().nodes().getFirst().address());
                console.line("stop it    ambrotype lab stop" + dirOption());
            });
            return Main.DONE;
        }

        private static OptionalInt optional(@Nullable Integer number) {
            return number == null ? OptionalInt.empty() : OptionalInt.of(number);
        }
    }

    /** {@code ambrotype lab status}. */
    @Command(
            name = "status",
            sortOptions = false,
            abbreviateSynopsis = true,
            header = "what the servers of a lab are doing",
            optionListHeading = "%nOptions:%n",
            footerHeading = "%nExamples:%n",
            footer = {"  ambrotype lab status", "  ambrotype lab status --dir /tmp/one --output json"})
    static final class Status extends Action {
        Status(Context context) {
            super(context);
        }

        @Override
        public Integer call() {
            LabStatus.Report report = new LabStatus(dir()).run();
            context.console().result(LabView.of(report), () -> {
                print(report);
                if (report.isRunning() && report.running() < report.nodes().size()) {
                    context.console().line("");
                    context.console()
                            .line(report.running() + " of " + report.nodes().size()
                                    + " servers run; start the others: ambrotype lab start" + dirOption());
                }
            });
            return Main.DONE;
        }
    }

    /** {@code ambrotype lab stop}. */
    @Command(
            name = "stop",
            sortOptions = false,
            abbreviateSynopsis = true,
            header = "stop the servers of a lab",
            description =
                    "%nEvery server saves its data and ends, replicas first; 'ambrotype lab start' brings them back.",
            optionListHeading = "%nOptions:%n",
            footerHeading = "%nExamples:%n",
            footer = {"  ambrotype lab stop", "  ambrotype lab stop --no-save --dir /tmp/one"})
    static final class Stop extends Action {
        @Option(names = "--no-save", description = "do not save: what was not written to disk is lost")
        private boolean noSave;

        Stop(Context context) {
            super(context);
        }

        /** The result. */
        record Ended(String folder, boolean complete, List<Stopped> servers) {}

        /** One server. */
        record Stopped(String address, @Nullable Long pid, String outcome, String detail) {}

        @Override
        public Integer call() {
            LabStop.Report report = new LabStop(dir(), !noSave).run();
            Ended result = new Ended(
                    report.dir().toString(),
                    report.complete(),
                    report.servers().stream()
                            .map(stopped -> new Stopped(
                                    stopped.address().toString(),
                                    stopped.pid().isPresent() ? stopped.pid().getAsLong() : null,
                                    lower(stopped.outcome()),
                                    stopped.detail()))
                            .toList());
            context.console().result(result, () -> {
                Table table = Table.of("ADDRESS", "OUTCOME", "DETAIL");
                result.servers().forEach(server -> table.row(server.address(), server.outcome(), server.detail()));
                context.console().table(table);
            });
            return report.complete() ? Main.DONE : Main.PARTIAL;
        }
    }

    /** A lab as JSON. */
    record LabView(String folder, String server, boolean cluster, List<NodeView> nodes) {
        static LabView of(LabStatus.Report report) {
            return new LabView(
                    report.dir().toString(),
                    report.server().version().toString(),
                    report.cluster(),
                    report.nodes().stream().map(NodeView::of).toList());
        }
    }

    /** A server of a lab as JSON. */
    record NodeView(
            String address,
            String folder,
            String state,
            @Nullable String role,
            @Nullable String id,
            @Nullable Long pid,
            @Nullable String version,
            @Nullable Long memoryBytes,
            @Nullable Long keys,
            @Nullable String clusterState,
            @Nullable String master,
            @Nullable String startedElsewhere) {
        static NodeView of(LabStatus.Node node) {
            return new NodeView(
                    node.address().toString(),
                    node.folder().toString(),
                    lower(node.state()),
                    node.sentinel()
                            ? "sentinel"
                            : node.role().map(LabCommand::lower).orElse(null),
                    node.id().map(NodeId::toString).orElse(null),
                    node.pid().isPresent() ? node.pid().getAsLong() : null,
                    node.version().map(Object::toString).orElse(null),
                    node.memoryBytes().isPresent() ? node.memoryBytes().getAsLong() : null,
                    node.keys().isPresent() ? node.keys().getAsLong() : null,
                    node.clusterState().orElse(null),
                    node.master().map(HostAndPort::toString).orElse(null),
                    node.elsewhere().map(Path::toString).orElse(null));
        }
    }

    private static String lower(Enum<?> constant) {
        return constant.name().toLowerCase(Locale.ROOT).replace('_', '-');
    }
}
