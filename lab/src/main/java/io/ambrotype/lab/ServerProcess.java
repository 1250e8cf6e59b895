package io.ambrotype.lab;

import io.ambrotype.common.AmbrotypeException;
import io.ambrotype.common.ErrorCode;
import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Which process a server is: its id, and the start that tells it from a later process with the same id. Immutable.
 *
 * @param pid the process id, positive
 * @param started when the operating system says that it began
 */
record ServerProcess(long pid, Instant started) {
    /** The system's own clock tick is 10 ms, and a step of its clock moves all starts alike. */
    private static final Duration START_TOLERANCE = Duration.ofSeconds(2);

    /** Place of num_threads in /proc/PID/stat, counted from the state behind the name: proc(5). */
    private static final int THREADS_BEHIND_NAME = 17;

    ServerProcess {
        if (pid < 1) {
            throw new IllegalArgumentException("process id " + pid + " is not positive");
        }
    }

    /**
     * Starts a command in a session of its own, so that it outlives this JVM and hears nothing of its terminal.
     *
     * @param folder the working folder
     * @param log receives its output, added to what is there
     * @throws AmbrotypeException where it cannot be executed
     */
    static ServerProcess startDetached(List<String> command, Path folder, Path log) {
        List<String> detached = new ArrayList<>(sessionLeader());
        detached.addAll(command);
        try {
            Process process = new ProcessBuilder(detached)
                    .directory(folder.toFile())
                    .redirectInput(new File("/dev/null"))
                    .redirectErrorStream(true)
                    .redirectOutput(ProcessBuilder.Redirect.appendTo(log.toFile()))
                    .start();
            return of(process.toHandle());
        } catch (IOException e) {
            throw AmbrotypeException.of(ErrorCode.FAILED, command.getFirst() + " cannot be started: " + e.getMessage())
                    .causedBy(e);
        }
    }

    /** The process with that id, if there is one. */
    static Optional<ServerProcess> find(long pid) {
        return pid < 1
                ? Optional.empty()
                : ProcessHandle.of(pid).map(ServerProcess::of).filter(ServerProcess::isAlive);
    }

    /** Whether this very process still runs. */
    boolean isAlive() {
        return handle().isPresent();
    }

    /** Ends it without warning, as {@code kill -9} does, and waits until it is gone. */
    void kill(Duration limit) {
        handle().ifPresent(ProcessHandle::destroyForcibly);
        awaitEnd(limit);
    }

    /** Waits until it is gone. @throws AmbrotypeException where it is not gone in time */
    void awaitEnd(Duration limit) {
        Gate.await(
                limit,
                () -> isAlive() ? Optional.of("process " + pid + " still runs") : Optional.empty(),
                missing -> AmbrotypeException.of(ErrorCode.FAILED, missing + " after " + limit.toSeconds() + " s"));
    }

    private Optional<ProcessHandle> handle() {
        return ProcessHandle.of(pid)
                .filter(ProcessHandle::isAlive)
                .filter(handle -> startOf(handle).minus(START_TOLERANCE).isBefore(started)
                        && startOf(handle).plus(START_TOLERANCE).isAfter(started))
                .filter(_ -> !isZombie(pid));
    }

    private static ServerProcess of(ProcessHandle handle) {
        return new ServerProcess(handle.pid(), startOf(handle));
    }

    private static Instant startOf(ProcessHandle handle) {
        return handle.info().startInstant().orElse(Instant.EPOCH);
    }

    /**
     * A process that has ended but whose end nobody has asked for: where PID 1 does not care, it stays for ever. As long as
     * it has a second thread it has its ports, too: the first one of a killed process may be gone before the others are.
     */
    private static boolean isZombie(long pid) {
        try {
            // "pid (name) state …"; the name may have any character in it; the number of threads is the 20th
            String status = Files.readString(Path.of("/proc/" + pid + "/stat"), StandardCharsets.ISO_8859_1);
            String[] fields =
                    status.substring(status.lastIndexOf(')') + 1).strip().split(" ");
            return fields[0].equals("Z") && Integer.parseInt(fields[THREADS_BEHIND_NAME]) <= 1;
        } catch (IOException e) {
            return false;
        }
    }

    /** What makes the command that follows the leader of a new session: macOS has no setsid, but Perl. */
    private static List<String> sessionLeader() {
        for (String folder : List.of("/usr/bin", "/bin")) {
            if (Files.isExecutable(Path.of(folder, "setsid"))) {
                return List.of(folder + "/setsid");
            }
        }
        return Files.isExecutable(Path.of("/usr/bin/perl"))
                ? List.of(
                        "/usr/bin/perl",
                        "-MPOSIX",
                        "-e",
                        "POSIX::setsid(); exec {$ARGV[0]} @ARGV or die \"$ARGV[0]: $!\\n\"")
                : List.of();
    }
}
