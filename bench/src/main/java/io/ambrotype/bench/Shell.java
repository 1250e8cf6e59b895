package io.ambrotype.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/**
 * Runs command lines as a user types them, and measures them. Immutable; for one thread at a time.
 *
 * @param folder where they run
 * @param environment variables beside those of this process
 */
record Shell(Path folder, Map<String, String> environment) {
    private static final Duration LOOK = Duration.ofMillis(20);
    private static final String RESIDENT = "VmHWM:";

    /**
     * What a command line took.
     *
     * @param wall from its start to its end
     * @param cpu of all its processes, user and system
     */
    record Cost(Duration wall, Duration cpu) {}

    /** Keeps its own copy. */
    Shell {
        environment = Map.copyOf(environment);
    }

    /**
     * Runs a line of bash.
     *
     * @return what it wrote to standard output
     * @throws IOException where it fails, with what it wrote to standard error
     */
    String run(String line) throws IOException, InterruptedException {
        Path out = folder.resolve("shell.out");
        Path err = folder.resolve("shell.err");
        int status = process(List.of("bash", "-c", "set -o pipefail; " + line), out, err)
                .waitFor();
        require(status, line, err);
        return Files.readString(out);
    }

    /** Runs a line of bash and measures it; what it writes to standard output is dropped. */
    Cost time(String line) throws IOException, InterruptedException {
        Path err = folder.resolve("shell.err");
        Path times = folder.resolve("shell.times");
        String script = "set -o pipefail; TIMEFORMAT='%R %U %S'; time { ( " + line + " ) >/dev/null 2>shell.inner; }";
        int status = process(List.of("bash", "-c", script), times, err).waitFor();
        require(status, line, folder.resolve("shell.inner"));
        String[] seconds = Files.readString(err).strip().split(" ");
        return new Cost(
                seconds(Double.parseDouble(seconds[0])),
                seconds(Double.parseDouble(seconds[1]) + Double.parseDouble(seconds[2])));
    }

    /**
     * What a program took.
     *
     * @param cost its time; of the processor's as the kernel said shortly before its end
     * @param peakBytes its peak resident memory, as the kernel keeps it
     */
    record Footprint(Cost cost, long peakBytes) {}

    /** Runs a program and watches it. */
    Footprint watch(List<String> command) throws IOException, InterruptedException {
        Path err = folder.resolve("shell.err");
        long begun = System.nanoTime();
        Process process = process(command, folder.resolve("shell.out"), err);
        Path status = Path.of("/proc", Long.toString(process.pid()), "status");
        long peak = 0;
        Duration cpu = Duration.ZERO;
        while (!process.waitFor(LOOK.toMillis(), TimeUnit.MILLISECONDS)) {
            cpu = process.info().totalCpuDuration().orElse(cpu);
            try (Stream<String> lines = Files.lines(status)) {
                peak = Math.max(
                        peak,
                        lines.filter(line -> line.startsWith(RESIDENT))
                                .mapToLong(line -> Long.parseLong(line.replaceAll("[^0-9]", "")) << 10)
                                .findFirst()
                                .orElse(0));
            } catch (IOException _) {
                // It has just ended.
                break;
            }
        }
        require(process.waitFor(), String.join(" ", command), err);
        return new Footprint(new Cost(Duration.ofNanos(System.nanoTime() - begun), cpu), peak);
    }

    private Process process(List<String> command, Path out, Path err) throws IOException {
        ProcessBuilder builder = new ProcessBuilder(new ArrayList<>(command))
                .directory(folder.toFile())
                .redirectInput(ProcessBuilder.Redirect.from(Path.of("/dev/null").toFile()))
                .redirectOutput(out.toFile())
                .redirectError(err.toFile());
        builder.environment().putAll(environment);
        return builder.start();
    }

    private static void require(int status, String line, Path err) throws IOException {
        if (status != 0) {
            String text = Files.readString(err).strip();
            throw new IOException(String.format(
                    Locale.ROOT,
                    "`%s` ended with %d: %s",
                    line,
                    status,
                    text.length() > 2000 ? text.substring(text.length() - 2000) : text));
        }
    }

    private static Duration seconds(double seconds) {
        return Duration.ofNanos(Math.round(seconds * 1e9));
    }
}
