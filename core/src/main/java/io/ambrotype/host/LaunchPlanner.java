package io.ambrotype.host;

import io.ambrotype.common.AmbrotypeException;
import io.ambrotype.common.HostAndPort;
import io.ambrotype.host.LaunchObservation.UnitState;
import io.ambrotype.host.LaunchPlan.Impossible;
import io.ambrotype.host.LaunchPlan.Possible;
import io.ambrotype.host.ServerProcess.Account;
import io.ambrotype.host.ServerProcess.Limit;
import io.ambrotype.resp.RespConnection;
import io.ambrotype.resp.ServerVersion;
import io.ambrotype.topology.NodeId;
import java.math.BigInteger;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;

/**
 * Decides how a server that runs can be started again after it was stopped, or says why it cannot.
 *
 * <p>Asked for nothing in particular, it takes for each server what is seen of it: a unit of systemd whose main process it
 * is; a supervisor that starts it again by itself; a container; else it is executed again as it was, if nothing is left to a
 * guess: program, working folder, user and limits are the process' own, and its configuration file must say of ports,
 * folder, names of files, persistence and passwords what the running server says. Where it does not (arguments on the
 * command line, CONFIG SET without CONFIG REWRITE, a file changed since), the server would come back as another one, empty
 * or as a stranger to its cluster; then the user has to say how it is started.
 *
 * <p>Stateless; thread-safe.
 */
public final class LaunchPlanner {
    private static final Set<String> SHELLS = Set.of("sh", "bash", "dash", "zsh", "ksh", "ash", "fish", "csh", "tcsh");

    /** What starts things by hand, and never again. */
    private static final Set<String> HANDS =
            Set.of("login", "sshd", "su", "sudo", "tmux", "tmux: server", "screen", "systemd", "init");

    /** What starts its children again when they end. */
    private static final Set<String> SUPERVISORS = Set.of(
            "runsv",
            "s6-supervise",
            "supervise",
            "supervisord",
            "circusd",
            "god",
            "monit",
            "perpd",
            "nosh",
            "dinit",
            "supervise-daemon",
            "daemontools");

    /** First processes of containers, which end with what they started. */
    private static final Set<String> CONTAINER_INITS =
            Set.of("tini", "docker-init", "dumb-init", "catatonit", "pause", "s6-svscan", "runsvdir");

    private final LocalHost host;
    private final List<Path> searchPath;

    /** For this machine. */
    public LaunchPlanner() {
        this(LocalHost.INSTANCE, ProgramRun.searchPath());
    }

    LaunchPlanner(LocalHost host, List<Path> searchPath) {
        this.host = host;
        this.searchPath = searchPath;
    }

    /**
     * Looks at a server and decides.
     *
     * @param reachedAt where it answered; {@code connection} leads there
     * @param id its node id
     * @throws AmbrotypeException where the connection fails
     * @throws InterruptedException where the waiting thread is interrupted
     */
    public LaunchPlan plan(LaunchSettings settings, HostAndPort reachedAt, NodeId id, RespConnection connection)
            throws InterruptedException {
        return plan(settings, LaunchObservation.of(reachedAt, id, connection, host, searchPath));
    }

    /** Decides from what was seen. */
    static LaunchPlan plan(LaunchSettings settings, LaunchObservation seen) {
        Launch.Target target = new Launch.Target(
                seen.address(),
                seen.id().value(),
                seen.live("dir"),
                StartConfiguration.path(seen.info()).map(Path::toString));
        LaunchPlan plan = switch (settings.way()) {
            case COMMAND -> command(settings.command().orElseThrow(), target);
            case MANUAL -> new Possible(new Launch.Manual(), target, List.of());
            case SUPERVISED -> new Possible(new Launch.Supervised("its supervisor, as you say,"), target, List.of());
            case AUTO, EXEC, SYSTEMD -> here(settings, seen, target);
        };
        // Whoever starts it: without its nodes.conf it would be a stranger to its cluster.
        return plan instanceof Possible && seen.nodesConfProblem().isPresent()
                ? new Impossible(
                        List.of(stranger(seen.nodesConfProblem().get())),
                        "'ambrotype nodes-conf' writes the file that it should have")
                : plan;
    }

    private static String stranger(String problem) {
        return "it would not come back as itself: " + problem;
    }

    private static LaunchPlan command(String template, Launch.Target target) {
        try {
            CommandTemplate.expand(template, target);
            return new Possible(new Launch.Command(template), target, List.of());
        } catch (AmbrotypeException e) {
            return new Impossible(List.of(e.getMessage()), "give a start command without it");
        }
    }

    private static LaunchPlan here(LaunchSettings settings, LaunchObservation seen, Launch.Target target) {
        return switch (seen.sighting()) {
            case Sighting.Unseen(String reason) -> impossible("how it was started cannot be seen from here: " + reason);
            case Sighting.Seen(ServerProcess process) -> {
                if (process.container().isPresent()) {
                    yield inContainer(settings, process.container().get(), target);
                }
                yield switch (settings.way()) {
                    case EXEC -> exec(seen, process, target);
                    case SYSTEMD -> systemd(seen, process, target);
                    default -> detect(seen, process, target);
                };
            }
        };
    }

    private static LaunchPlan inContainer(LaunchSettings settings, String container, Launch.Target target) {
        if (settings.way() != LaunchSettings.Way.AUTO) {
            return impossible("it runs in " + container + ", where it cannot be started by " + settings.way());
        }
        return new Possible(
                new Launch.Supervised(container),
                target,
                List.of(
                        "it runs in " + container
                                + ": whether that is started again when the server ends, and with the same files, is not seen from here"));
    }

    private static LaunchPlan detect(LaunchObservation seen, ServerProcess process, Launch.Target target) {
        ServerProcess.Parent parent = process.parent();
        boolean first =
                parent.pid() == 1 && (CONTAINER_INITS.contains(parent.name()) || SHELLS.contains(parent.name()));
        if (parent.pid() == 0 || first) {
            return impossible("it may be what its container was started for, which would end with it");
        }
        if (SUPERVISORS.contains(parent.name())) {
            if (parent.pid() == 1) {
                return impossible("its parent is " + parent + ", which may have started it, or only inherited it");
            }
            return new Possible(new Launch.Supervised(parent.toString()), target, List.of());
        }
        boolean isUnit =
                seen.unit().filter(unit -> unit.mainProcess() == process.pid()).isPresent();
        if (isUnit) {
            return systemd(seen, process, target);
        }
        if (process.systemdUnit().isPresent() && seen.unitProblem().isPresent()) {
            return impossible("it belongs to " + process.systemdUnit().get() + ", and "
                    + seen.unitProblem().get());
        }
        if (parent.pid() == 1 || parent.ancestorOfOurs() || HANDS.contains(parent.name()) || isTerminal(parent)) {
            return exec(seen, process, target);
        }
        String command = String.join(" ", parent.arguments());
        return impossible("it was started by " + parent + (command.isBlank() ? "" : ": " + shortened(command))
                + ", which may start it again by itself");
    }

    /** A shell that somebody types into runs no script and no command of its own. */
    private static boolean isTerminal(ServerProcess.Parent parent) {
        return SHELLS.contains(parent.name())
                && parent.arguments().stream().skip(1).allMatch(argument -> argument.matches("-[il]+|--login"));
    }

    private static LaunchPlan systemd(LaunchObservation seen, ServerProcess process, Launch.Target target) {
        if (process.systemdUnit().isEmpty()) {
            return impossible("it belongs to no unit of systemd");
        }
        ServerProcess.SystemdUnit unit = process.systemdUnit().get();
        if (seen.unit().isEmpty()) {
            return impossible(
                    "it belongs to " + unit + ", and " + seen.unitProblem().orElse("nothing is known of that"));
        }
        UnitState state = seen.unit().get();
        if (state.mainProcess() != process.pid()) {
            return impossible("it belongs to " + unit + ", whose main process is another one");
        }
        List<String> warnings = new ArrayList<>();
        if (state.comesBack()) {
            Launch supervised = new Launch.Supervised(unit + " (Restart=" + state.restart() + ")");
            return new Possible(supervised, target, warnings);
        }
        int self = seen.self().map(Account::userId).orElse(-1);
        if (self != 0 && !(unit.ofUser() && self == process.account().userId())) {
            return new Impossible(
                    List.of("only root may start " + unit),
                    "run this as root, or add --start 'sudo systemctl start " + unit.name() + "'");
        }
        if (unit.ofUser() && self != process.account().userId()) {
            return impossible(unit + " belongs to " + process.account() + ", who has to start it");
        }
        return new Possible(new Launch.Systemd(unit), target, warnings);
    }

    private static LaunchPlan exec(LaunchObservation seen, ServerProcess process, Launch.Target target) {
        List<String> reasons = new ArrayList<>();
        List<String> warnings = new ArrayList<>();
        seen.fileProblem().ifPresent(reasons::add);
        seen.file().ifPresent(file -> reasons.addAll(ConfigurationComparison.differences(file, seen)));
        if (reasons.isEmpty() && seen.startFolder().isEmpty()) {
            reasons.add("the folder that it was started from is not known");
        }
        if (process.workingFolderRemoved()) {
            reasons.add("its folder " + process.workingFolder() + " has been removed");
        }
        seen.nodesConfProblem().ifPresent(problem -> reasons.add(stranger(problem)));
        Optional<Account> account = Optional.empty();
        int self = seen.self().map(Account::userId).orElse(-1);
        if (self != process.account().userId()) {
            account = Optional.of(process.account());
            if (self != 0) {
                reasons.add("it runs as " + process.account() + ", and only root may start a process as somebody else");
            } else if (!seen.tools().containsKey("setpriv")) {
                reasons.add("it runs as " + process.account() + ", and there is no setpriv to start it so");
            }
        }
        if (!seen.tools().containsKey("setsid")) {
            reasons.add("there is no setsid to start it apart from this program");
        }
        ServerProgram program = seen.program().orElse(null);
        if (program == null) {
            reasons.add("its program cannot be found: neither "
                    + seen.info()
                            .value("executable")
                            .filter(text -> !text.isEmpty())
                            .orElse("what it tells")
                    + " nor " + process.executable() + " is a server that can be executed");
        } else {
            checkVersion(program, seen, reasons, warnings);
        }
        Map<String, Limit> limits = limits(seen, process, self == 0, warnings);
        ConfigurationFile file = seen.file().orElse(null);
        Path folder = seen.startFolder().orElse(null);
        if (!reasons.isEmpty() || program == null || file == null || folder == null) {
            return new Impossible(reasons, "say how it is started: --start 'COMMAND', systemd, supervised or manual");
        }
        warnings.addAll(ConfigurationComparison.warnings(file, seen));
        List<String> command = new ArrayList<>(program.command());
        command.add(file.path().toString());
        boolean daemonizes =
                file.value("daemonize").map("yes"::equalsIgnoreCase).orElse(false);
        Launch launch = new Launch.Exec(
                command,
                program.version(),
                folder,
                account,
                limits,
                process.umask(),
                process.standardOutput(),
                daemonizes);
        return new Possible(launch, target, warnings);
    }

    private static void checkVersion(
            ServerProgram program, LaunchObservation seen, List<String> reasons, List<String> warnings) {
        ServerVersion running = seen.info().version();
        if (program.version().vendor() != running.vendor()) {
            reasons.add("it is " + running + ", but its program is " + program.version() + " now");
        } else if (program.version().compareTo(running) < 0) {
            reasons.add("it is " + running + ", but its program is " + program.version()
                    + " now, and an older server may not load what a newer one wrote");
        } else if (!program.version().equals(running)) {
            warnings.add("it is going to be " + program.version() + ", it is " + running + " now");
        }
    }

    /** The limits that have to be set because ours are others; without the right to raise them, as far as ours go. */
    private static Map<String, Limit> limits(
            LaunchObservation seen, ServerProcess process, boolean root, List<String> warnings) {
        Map<String, Limit> limits = new TreeMap<>();
        for (Map.Entry<String, Limit> limit : process.limits().entrySet()) {
            Limit wanted = limit.getValue();
            Limit own = seen.ownLimits().get(limit.getKey());
            if (wanted.equals(own)) {
                continue;
            }
            if (!root && own != null && isLess(own.hard(), wanted.hard())) {
                if (isLess(own.hard(), wanted.soft())) {
                    warnings.add("its limit " + limit.getKey() + " is going to be " + own.hard() + " instead of "
                            + wanted.soft());
                }
                wanted = new Limit(isLess(own.hard(), wanted.soft()) ? own.hard() : wanted.soft(), own.hard());
            }
            limits.put(limit.getKey(), wanted);
        }
        if (!limits.isEmpty() && !seen.tools().containsKey("prlimit")) {
            warnings.add("its resource limits " + String.join(", ", limits.keySet())
                    + " are going to be ours, because there is no prlimit");
            return Map.of();
        }
        return limits;
    }

    private static boolean isLess(String limit, String other) {
        if (limit.equals(Limit.UNLIMITED) || other.equals(Limit.UNLIMITED)) {
            return !limit.equals(Limit.UNLIMITED);
        }
        return new BigInteger(limit).compareTo(new BigInteger(other)) < 0;
    }

    private static Impossible impossible(String reason) {
        return new Impossible(
                List.of(reason), "say how it is started: --start 'COMMAND', exec, systemd, supervised or manual");
    }

    private static String shortened(String text) {
        return text.length() <= 120 ? text : text.substring(0, 120) + "…";
    }
}
