package io.ambrotype.host;

import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/**
 * A program that was run to its end, or to its time limit. Its input is empty; of its output the end is kept.
 *
 * @param status its exit status; empty where it did not end in time
 * @param output the end of what it printed
 */
record ProgramRun(OptionalInt status, String output) {
    private static final int MAXIMUM_OUTPUT = 16 << 10;
    private static final int SHOWN_LINES = 5;

    /** Where programs are looked for, beside the search path: an administrator's are not in everybody's. */
    private static final List<Path> SYSTEM_FOLDERS =
            List.of(Path.of("/usr/bin"), Path.of("/bin"), Path.of("/usr/sbin"), Path.of("/sbin"));

    /** The search path of this process, and the folders that every system has. */
    static List<Path> searchPath() {
        Stream<Path> own = Stream.of(System.getenv().getOrDefault("PATH", "").split(File.pathSeparator))
                .filter(folder -> folder.startsWith("/"))
                .map(Path::of);
        return Stream.concat(own, SYSTEM_FOLDERS.stream()).distinct().toList();
    }

    /** A program by its name. */
    static Optional<Path> find(String name, List<Path> searchPath) {
        return searchPath.stream()
                .map(folder -> folder.resolve(name))
                .filter(Files::isExecutable)
                .filter(Files::isRegularFile)
                .findFirst();
    }

    /**
     * Runs a program.
     *
     * @param environment variables added to ours
     * @param limit how long; then it is ended, with what it has started
     * @throws IOException where it cannot be run
     * @throws InterruptedException where the waiting thread is interrupted; the program is then ended
     */
    static ProgramRun run(List<String> command, Map<String, String> environment, Duration limit)
            throws IOException, InterruptedException {
        // Not a pipe: that would end with the program, and what it has left running with its first line of output.
        Path output = Files.createTempFile("ambrotype-", ".out");
        try {
            ProcessBuilder builder = new ProcessBuilder(command)
                    .redirectErrorStream(true)
                    .redirectInput(new File("/dev/null"))
                    .redirectOutput(output.toFile());
            builder.environment().putAll(environment);
            Process process = builder.start();
            try {
                boolean ended = process.waitFor(limit.toMillis(), TimeUnit.MILLISECONDS);
                return new ProgramRun(
                        ended ? OptionalInt.of(process.exitValue()) : OptionalInt.empty(),
                        HostFiles.tail(output, 0, MAXIMUM_OUTPUT));
            } finally {
                if (process.isAlive()) {
                    process.descendants().forEach(ProcessHandle::destroyForcibly);
                    process.destroyForcibly();
                }
            }
        } finally {
            Files.deleteIfExists(output);
        }
    }

    boolean succeeded() {
        return status.isPresent() && status.getAsInt() == 0;
    }

    /** The last lines of the output on one line, for an error. */
    String shown() {
        return shown(output);
    }

    static String shown(String output) {
        List<String> lines = output.lines()
                .map(String::strip)
                .filter(line -> !line.isEmpty())
                .map(line -> line.replaceAll("\\p{Cntrl}", " "))
                .toList();
        return String.join("; ", lines.subList(Math.max(0, lines.size() - SHOWN_LINES), lines.size()));
    }

    /** Keeps the end of a stream, read by a thread of its own so that the writer never waits. */
    static final class Tail {
        private final byte[] last = new byte[MAXIMUM_OUTPUT];
        private int length;

        Tail(InputStream in) {
            Thread.ofVirtual().start(() -> read(in));
        }

        synchronized String text() {
            return new String(last, 0, length, StandardCharsets.UTF_8);
        }

        private void read(InputStream in) {
            byte[] chunk = new byte[4096];
            try (in) {
                for (int count = in.read(chunk); count >= 0; count = in.read(chunk)) {
                    add(chunk, count);
                }
            } catch (IOException _) {
                // The program was ended.
            }
        }

        private synchronized void add(byte[] chunk, int count) {
            int kept = Math.min(length, last.length - count);
            System.arraycopy(last, length - kept, last, 0, kept);
            System.arraycopy(chunk, 0, last, kept, count);
            length = kept + count;
        }
    }
}
