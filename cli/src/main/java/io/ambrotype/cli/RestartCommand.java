package io.ambrotype.cli;

import io.ambrotype.backup.BackupRequest;
import io.ambrotype.cli.RestartView.PlanView;
import io.ambrotype.cli.RestartView.ReportView;
import io.ambrotype.common.AmbrotypeException;
import io.ambrotype.common.ErrorCode;
import io.ambrotype.common.Time;
import io.ambrotype.host.Launch;
import io.ambrotype.host.Launcher;
import io.ambrotype.probe.Probe;
import io.ambrotype.probe.ProbeWriter;
import io.ambrotype.repository.Repository;
import io.ambrotype.restart.HostStarters;
import io.ambrotype.restart.Restart;
import io.ambrotype.restart.Restart.Prepared;
import io.ambrotype.restart.RestartReport;
import io.ambrotype.restart.RestartRequest;
import io.ambrotype.restart.RestartRunner;
import io.ambrotype.restart.RestartTools;
import io.ambrotype.restart.SnapshotTaker;
import io.ambrotype.restart.Step;
import io.ambrotype.restart.StepReport;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code ambrotype restart D}: restarts the nodes one by one. */
@Command(
        name = "restart",
        sortOptions = false,
        header = "restart every node without losing a write",
        description =
                "%nRestarts the nodes of a running deployment one by one: replicas first; each master after one of its replicas "
                        + "has taken over, and back. Each step has gates that are observed on all nodes; one that stays closed stops the run, "
                        + "with the deployment serving. In the end every node has the id, the role and the slots that it had. A new "
                        + "program or a changed configuration is picked up, which makes this the rolling upgrade too.",
        optionListHeading = "%nOptions:%n",
        footerHeading = "%nExamples:%n",
        footer = {
            "  ambrotype restart shop --dry-run                 every step and gate, nothing is done",
            "  ambrotype restart shop                           snapshot, then restart all nodes",
            "  ambrotype restart shop --nodes 10.0.0.1:7000,10.0.0.2:7000",
            "  ambrotype restart shop --start 'ssh {host} sudo systemctl start redis@{port}'",
            "  ambrotype restart shop --resume                  go on with a run that was broken off",
            "",
            "Before the first step a snapshot is taken. Meanwhile a writer per shard, under keys ambrotype:probe:*,",
            "measures from a client's side how long writes stall, which fail, and whether any is lost.",
            "Exit status 21: not safe to begin, or stopped on the way; 1 where acknowledged writes were lost."
        })
final class RestartCommand implements Callable<Integer> {
    private final Context context;

    @Mixin
    private final DeploymentOptions deployment = new DeploymentOptions();

    @Option(
            names = "--nodes",
            paramLabel = "NODE",
            split = ",",
            description = "only these: addresses, ids, or beginnings of ids (default: all)")
    private List<String> nodes = List.of();

    @Option(names = "--no-failback", description = "leave the replicas that took over as masters")
    private boolean noFailback;

    @Mixin
    private final StartOptions start = new StartOptions();

    @Option(
            names = "--max-stall",
            paramLabel = "TIME",
            converter = DurationConverter.class,
            description = "begin no further fail-over after writes have stalled for longer, such as 500ms or 2s")
    private @Nullable Duration maxStall;

    @Option(names = "--no-probe", description = "write nothing, and measure nothing")
    private boolean noProbe;

    @Option(names = "--no-snapshot", description = "take no snapshot before the first step")
    private boolean noSnapshot;

    @Option(
            names = "--relocate",
            paramLabel = "FOLDER",
            description = "move each node's files to this folder while it is stopped; {port} and {id} are the node's")
    private @Nullable String relocate;

    @Option(names = "--resume", description = "go on with a run that was broken off")
    private boolean resume;

    @Option(
            names = "--start-last-copy",
            description =
                    "with --resume: start a node also where every copy of its slots is down, with what it has on disk")
    private boolean startLastCopy;

    @Option(names = "--abandon", description = "end a run that was broken off as things are; settings are put back")
    private boolean abandon;

    RestartCommand(Context context) {
        this.context = context;
    }

    /** The result of {@code --abandon}. */
    record AbandonedView(String deployment, List<String> notPutBack) {}

    @Override
    public Integer call() throws InterruptedException {
        requireOneThing();
        Deployment target = deployment.resolve(context);
        RestartTools tools = tools(target);
        Restart restart = new Restart(tools);
        if (abandon) {
            return abandon(target, restart);
        }
        Optional<Path> repository = repository();
        Prepared prepared =
                resume ? restart.prepareResume(target.typed(), startLastCopy) : restart.prepare(request(target));
        Console console = context.console();
        List<String> lines = RestartText.plan(prepared.plan(), preparations(repository));
        if (context.options().dryRun) {
            console.result(
                    PlanView.of(prepared.plan(), repository.map(Path::toString).orElse(null)),
                    () -> lines.forEach(console::line));
            return Main.DONE;
        }
        lines.forEach(console::note);
        console.note("");
        console.confirm(consequence(prepared));
        return run(target, tools, prepared, repository);
    }

    private int run(Deployment target, RestartTools tools, Prepared prepared, Optional<Path> repository)
            throws InterruptedException {
        Console console = context.console();
        BackupRequest snapshot = BackupCommand.usualRequest(target);
        // What would keep it from being taken shows before anything is begun.
        Repository store = repository.isPresent() ? BackupCommand.openOrCreate(context, snapshot) : null;
        SnapshotTaker taker = store == null ? SnapshotTaker.NONE : () -> Optional.of(take(snapshot, store));
        try (Probe probe = probe(target, prepared)) {
            RestartReport report = run(tools, prepared, probe, taker);
            console.result(ReportView.of(report), () -> RestartText.report(report, console));
            return outcome(report);
        }
    }

    private RestartReport run(RestartTools tools, Prepared prepared, Probe probe, SnapshotTaker taker)
            throws InterruptedException {
        List<StepReport> ended = new ArrayList<>();
        try (RestartDisplay display = new RestartDisplay(context.console(), probe, ended)) {
            return new RestartRunner(tools, display).run(prepared, probe, taker);
        } catch (AmbrotypeException | InterruptedException e) {
            tellWhatWasMeasured(probe, ended.size(), prepared.plan().steps().size());
            throw e;
        }
    }

    /** Of a run that was stopped: what the writers have seen so far is not lost with it. */
    private void tellWhatWasMeasured(Probe probe, int ended, int steps) {
        boolean interrupted = Thread.interrupted();
        try {
            Console console = context.console();
            console.note("stopped after " + ended + " of " + Units.count(steps, "step"));
            if (probe.isWatching()) {
                RestartText.verdict(probe.finish(), console).forEach(console::note);
            }
        } catch (InterruptedException e) {
            interrupted = true;
        } finally {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    private int outcome(RestartReport report) {
        long lost = report.verdict().total().lost();
        if (lost == 0) {
            return Main.DONE;
        }
        context.console()
                .failure(
                        ErrorCode.FAILED,
                        "every node was restarted, but " + Units.count(lost, "acknowledged write")
                                + " of the probe cannot be found any more",
                        "writes of applications may be lost too; the journal has each step: " + report.journal());
        return ErrorCode.FAILED.exitStatus();
    }

    private int abandon(Deployment target, Restart restart) {
        Console console = context.console();
        if (context.options().dryRun) {
            throw Failures.usage("--abandon has no --dry-run: it puts settings back and closes the journal of the run");
        }
        console.confirm("The run that was broken off ends as things are: nodes and roles stay as they are now.");
        List<String> failures = restart.abandon(target.typed());
        failures.forEach(console::warning);
        console.result(
                new AbandonedView(target.name(), failures),
                () -> console.line("abandoned; "
                        + (failures.isEmpty()
                                ? "all settings are as they were"
                                : "not every setting could be put back")));
        return failures.isEmpty() ? Main.DONE : Main.PARTIAL;
    }

    // ---- what is asked for

    private void requireOneThing() {
        if (resume && abandon) {
            throw Failures.usage("--resume and --abandon contradict each other");
        }
        if (startLastCopy && !resume) {
            throw Failures.usage("--start-last-copy is for --resume");
        }
        if ((resume || abandon) && (!nodes.isEmpty() || noFailback || maxStall != null || relocate != null)) {
            throw AmbrotypeException.of(
                            ErrorCode.USAGE,
                            (resume ? "--resume" : "--abandon")
                                    + " takes nodes, fail-back, stall and folder from the run that was broken off")
                    .withHint("leave out --nodes, --no-failback, --max-stall and --relocate");
        }
    }

    private RestartRequest request(Deployment target) {
        try {
            return new RestartRequest(
                    target.typed(), nodes, !noFailback, Optional.ofNullable(maxStall), Optional.ofNullable(relocate));
        } catch (IllegalArgumentException e) {
            throw Failures.usage(String.valueOf(e.getMessage()));
        }
    }

    private RestartTools tools(Deployment target) {
        return new RestartTools(
                target.settings(),
                target.seeds(),
                new HostStarters(
                        start.resolve(target),
                        target.settings(),
                        new Launcher(Launcher.COMMAND_LIMIT, this::askToStart)),
                context.stateFolder(),
                Time.SYSTEM,
                context.random(),
                Version.current().version());
    }

    private void askToStart(Launch.Target server) {
        context.console().warning("start " + server.address() + " now; it is waited for");
    }

    /** Where a snapshot goes; empty where none is to be taken. */
    private Optional<Path> repository() {
        if (noSnapshot || resume) {
            return Optional.empty();
        }
        try {
            return Optional.of(context.repositoryFolder());
        } catch (AmbrotypeException e) {
            if (e.code() != ErrorCode.NO_REPOSITORY) {
                throw e;
            }
            throw AmbrotypeException.of(
                            ErrorCode.NO_REPOSITORY, "no repository was named for the snapshot before the first step")
                    .withHint("add --repo FOLDER (or set AMBROTYPE_REPO, or 'repository' in the configuration file), "
                            + "or --no-snapshot to go without");
        }
    }

    private List<String> preparations(Optional<Path> repository) {
        List<String> preparations = new ArrayList<>();
        repository.ifPresent(folder -> preparations.add("a snapshot into " + folder));
        if (!noProbe) {
            preparations.add("a writer for each shard, which goes on until the end (keys " + ProbeWriter.PREFIX + "*)");
        }
        return preparations;
    }

    private static String consequence(Prepared prepared) {
        long failOvers = prepared.plan().failOvers();
        return (prepared.isResumed() ? "This goes on with the run that was broken off: " : "This restarts ")
                + RestartText.summary(prepared.plan())
                + (failOvers == 0
                        ? "."
                        : ". Each fail-over holds the writers of one shard for some tens of milliseconds.");
    }

    // ---- what goes with it

    private Probe probe(Deployment target, Prepared prepared) throws InterruptedException {
        if (noProbe) {
            return Probe.NONE;
        }
        String run = Long.toString(context.clock().instant().getEpochSecond(), Character.MAX_RADIX) + "-"
                + Integer.toHexString(context.random().nextInt(1 << 16));
        try {
            return ProbeWriter.start(prepared.observation().topology(), target.settings(), run, Time.SYSTEM);
        } catch (AmbrotypeException e) {
            boolean incomplete = prepared.plan().steps().stream().anyMatch(Step.Start.class::isInstance);
            if (!incomplete || e.code() == ErrorCode.INTERRUPTED) {
                throw e;
            }
            context.console().warning("nothing is measured, because a shard takes no writes now: " + e.getMessage());
            return Probe.NONE;
        }
    }

    private String take(BackupRequest request, Repository repository) throws InterruptedException {
        String id = BackupCommand.take(context, request, repository, ConcurrentHashMap.newKeySet())
                .snapshot()
                .text();
        context.console().note("snapshot " + id + " taken");
        return id;
    }
}
