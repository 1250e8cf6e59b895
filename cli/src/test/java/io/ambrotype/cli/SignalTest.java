package io.ambrotype.cli;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeFalse;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** A command that waits for input is told to end. */
class SignalTest {
    @Test
    void endsWithOneLineWhenItIsInterrupted() throws Exception {
        // A process that was started in the background ignores SIGINT, and so do all that it starts.
        assumeFalse(isIgnored(2), "SIGINT is ignored here");
        assertThat(killed("INT", "text")).isEqualTo(new Run.Result(130, "", "error: interrupted\n"));
    }

    @Test
    void endsWithOneLineWhenItIsTerminated() throws Exception {
        assertThat(killed("TERM", "json"))
                .isEqualTo(
                        new Run.Result(
                                143,
                                "",
                                "{\"error\":{\"code\":\"interrupted\",\"status\":130,\"message\":\"interrupted\",\"hint\":null}}\n"));
    }

    private static Run.Result killed(String signal, String output) throws IOException, InterruptedException {
        Process process = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-XX:TieredStopAtLevel=1",
                        "-cp",
                        System.getProperty("java.class.path"),
                        "io.ambrotype.cli.Main",
                        "rdb",
                        "-",
                        "--output",
                        output)
                .start();
        try {
            // More than a pipe holds: when it has been written, the program reads, and waits for the rest of 1 GiB.
            process.getOutputStream().write(new byte[] {'R', 'E', 'D', 'I', 'S', '0', '0', '0', '9', (byte) 0xfe, 0});
            process.getOutputStream().write(new byte[] {0, 1, 'k', (byte) 0x80, 0x40, 0, 0, 0});
            process.getOutputStream().write(new byte[1 << 20]);
            process.getOutputStream().flush();
            new ProcessBuilder(List.of("kill", "-" + signal, Long.toString(process.pid())))
                    .start()
                    .waitFor();
            assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
            return new Run.Result(
                    process.exitValue(),
                    new String(process.getInputStream().readAllBytes(), UTF_8),
                    new String(process.getErrorStream().readAllBytes(), UTF_8));
        } finally {
            process.destroyForcibly();
        }
    }

    private static boolean isIgnored(int signal) throws IOException {
        Path status = Path.of("/proc/self/status");
        if (!Files.exists(status)) {
            return false;
        }
        long mask = Files.readAllLines(status).stream()
                .filter(line -> line.startsWith("SigIgn:"))
                .map(line -> Long.parseUnsignedLong(
                        line.substring("SigIgn:".length()).strip(), 16))
                .findFirst()
                .orElse(0L);
        return (mask >>> (signal - 1) & 1) != 0;
    }
}
