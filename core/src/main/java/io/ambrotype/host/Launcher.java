package io.ambrotype.host;

import io.ambrotype.common.AmbrotypeException;
import io.ambrotype.common.ErrorCode;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;

/**
 * Starts servers again. It gives the command and returns; whether the server has come back is for its caller to see. Stateless
 * but for what it was made with; thread-safe.
 */
public final class Launcher {
    /** How long a command may take that starts a server. */
    public static final Duration COMMAND_LIMIT = Duration.ofMinutes(2);

    private static final int TAIL_BYTES = 16 << 10;
    private static final List<String> ENVIRONMENT = List.of("PATH", "LANG", "TZ");

    private final Duration limit;
    private final Manual manual;
    private final List<Path> searchPath;

    /** Asks the user to start a server. */
    @FunctionalInterface
    public interface Manual {
        /**
         * Says that a server is down and is to be started now; may return before it is.
         *
         * @throws AmbrotypeException where the user cannot be asked, or does not want to
         */
        void ask(Launch.Target server);
    }

    /** A start that was commanded. */
    @FunctionalInterface
    public interface Started {
        /**
         * Why the server will not come up by itself, as soon as that is known: its process has ended again. Cheap; may be
         * asked often. Of a server that is not on this host nothing true can be said.
         */
        Optional<String> failure();
    }

    /**
     * For this machine.
     *
     * @param limit how long a command may take
     */
    public Launcher(Duration limit, Manual manual) {
        this(limit, manual, ProgramRun.searchPath());
    }

    Launcher(Duration limit, Manual manual, List<Path> searchPath) {
        this.limit = limit;
        this.manual = manual;
        this.searchPath = List.copyOf(searchPath);
    }

    /**
     * Starts a server that has been stopped.
     *
     * @throws AmbrotypeException {@code FAILED} where the command failed, with what it said
     * @throws InterruptedException where the waiting thread is interrupted
     */
    public Started start(Launch launch, Launch.Target server) throws InterruptedException {
        return switch (launch) {
            case Launch.Exec exec -> execute(exec, server);
            case Launch.Systemd(ServerProcess.SystemdUnit unit) -> {
                List<String> command = new ArrayList<>(List.of(tool("systemctl").toString()));
                if (unit.ofUser()) {
                    command.add("--user");
                }
                command.addAll(List.of("--no-ask-password", "start", unit.name()));
                // A unit that tells when it is ready makes this wait until the data are loaded; that it goes on is no
                // failure.
                Started started = watched(server);
                run(command, launch, server, Map.of(), true);
                yield started;
            }
            case Launch.Command(String template) -> {
                List<String> command = new ArrayList<>();
                // Apart from our terminal, so that what it leaves running does not end with it.
                ProgramRun.find("setsid", searchPath).ifPresent(setsid -> command.add(setsid.toString()));
                command.addAll(List.of("/bin/sh", "-c", CommandTemplate.expand(template, server)));
                Started started = watched(server);
                run(command, launch, server, Map.of(), false);
                yield started;
            }
            case Launch.Manual _ -> {
                manual.ask(server);
                yield Optional::empty;
            }
            case Launch.Supervised _ -> Optional::empty;
        };
    }

    private void run(
            List<String> command,
            Launch launch,
            Launch.Target server,
            Map<String, String> environment,
            boolean mayTakeLonger)
            throws InterruptedException {
        try {
            ProgramRun run = ProgramRun.run(command, environment, limit);
            if (run.status().isEmpty() && !mayTakeLonger) {
                throw failed(server, launch, "has not ended after " + limit.toSeconds() + " s", run.shown())
                        .withHint("a start command must return as soon as the server runs");
            }
            if (run.status().isPresent() && !run.succeeded()) {
                throw failed(server, launch, "ended with status " + run.status().getAsInt(), run.shown());
            }
        } catch (IOException e) {
            throw failed(server, launch, "cannot be run", HostFiles.reason(e)).causedBy(e);
        }
    }

    private Started execute(Launch.Exec exec, Launch.Target server) {
        List<String> command = new ArrayList<>();
        exec.umask()
                .ifPresent(umask ->
                        command.addAll(List.of("/bin/sh", "-c", "umask \"$1\"; shift; exec \"$@\"", "sh", umask)));
        command.add(tool("setsid").toString());
        if (!exec.limits().isEmpty()) {
            command.add(tool("prlimit").toString());
            exec.limits().forEach((name, value) -> command.add("--" + name + "=" + value));
        }
        exec.account().ifPresent(account -> {
            command.add(tool("setpriv").toString());
            command.add("--reuid=" + account.userId());
            command.add("--regid=" + account.groupId());
            command.add(
                    account.groups().isEmpty()
                            ? "--clear-groups"
                            : "--groups="
                                    + account.groups().stream()
                                            .map(String::valueOf)
                                            .collect(Collectors.joining(",")));
        });
        command.addAll(exec.command());
        ProcessBuilder builder = new ProcessBuilder(command)
                .directory(exec.folder().toFile())
                .redirectInput(new File("/dev/null"))
                .redirectErrorStream(true);
        builder.environment().keySet().removeIf(name -> !ENVIRONMENT.contains(name) && !name.startsWith("LC_"));
        exec.output().ifPresent(file -> builder.redirectOutput(ProcessBuilder.Redirect.appendTo(file.toFile())));
        try {
            Optional<Path> log = exec.output()
                    .or(() -> log(server, exec.folder().resolve(exec.command().getLast())));
            long logged = sizeOf(log);
            Process process = builder.start();
            ProgramRun.Tail printed = new ProgramRun.Tail(process.getInputStream());
            return () -> ended(exec, server, process)
                    .map(how -> exec.command().getFirst() + " " + how
                            + said(log.map(file -> tail(file, logged))
                                    .filter(text -> !text.isBlank())
                                    .orElseGet(printed::text)));
        } catch (IOException e) {
            throw failed(server, exec, "cannot be run", HostFiles.reason(e)).causedBy(e);
        }
    }

    /**
     * How a server has ended that should run. One that goes into the background is another process than the one that was
     * started; it has changed into the server's folder before.
     */
    private static Optional<String> ended(Launch.Exec exec, Launch.Target server, Process process) {
        if (process.isAlive()) {
            return Optional.empty();
        }
        if (!exec.daemonizes() || process.exitValue() != 0) {
            return Optional.of("ended with status " + process.exitValue());
        }
        return server.dir()
                .filter(dir -> !LocalHost.INSTANCE.hasNewProcessIn(Path.of(dir)))
                .map(_ -> "has ended in the background");
    }

    /**
     * What is seen of a server that somebody else starts, on this host: it has written to its log since, and no process is in
     * its folder any more.
     */
    private static Started watched(Launch.Target server) {
        Optional<Path> log = server.config().flatMap(file -> log(server, Path.of(file)));
        long logged = sizeOf(log);
        return () -> log.filter(_ -> sizeOf(log) > logged
                        && !LocalHost.INSTANCE.hasNewProcessIn(
                                Path.of(server.dir().orElseThrow())))
                .map(file -> "its process has ended" + said(tail(file, logged)));
    }

    /** The file that a server's configuration has it log to; empty where it is not known. */
    private static Optional<Path> log(Launch.Target server, Path configuration) {
        try {
            if (server.dir().isEmpty()) {
                return Optional.empty();
            }
            Path dir = Path.of(server.dir().get());
            return ConfigurationFile.read(configuration, dir)
                    .value("logfile")
                    .filter(name -> !name.isEmpty())
                    .map(dir::resolve);
        } catch (AmbrotypeException | InvalidPathException _) {
            return Optional.empty();
        }
    }

    private static long sizeOf(Optional<Path> file) {
        try {
            return file.isPresent() ? Files.size(file.get()) : 0;
        } catch (IOException _) {
            return 0;
        }
    }

    /** The end of what has been added to a file. */
    private static String tail(Path file, long from) {
        try {
            return HostFiles.tail(file, from, TAIL_BYTES);
        } catch (IOException _) {
            return "";
        }
    }

    private Path tool(String name) {
        return ProgramRun.find(name, searchPath)
                .orElseThrow(() -> AmbrotypeException.of(ErrorCode.FAILED, "there is no program " + name + " here"));
    }

    private static String said(String output) {
        String shown = ProgramRun.shown(output);
        return shown.isEmpty() ? "" : ": " + shown;
    }

    private static AmbrotypeException failed(Launch.Target server, Launch launch, String what, String output) {
        return AmbrotypeException.of(
                ErrorCode.FAILED,
                server.address() + " could not be started: " + launch.describe() + " " + what
                        + (output.isEmpty() ? "" : ": " + output));
    }
}
