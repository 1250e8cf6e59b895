package io.ambrotype.lab;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A lab whose command is killed: what it started outlives it and is found again. */
class LabCrashTest {
    @TempDir
    Path temporary;

    @Test
    void serversOutliveTheirCommand() throws Exception {
        Path dir = temporary.resolve("lab");
        Process command = command(dir, Servers.freePorts(2));
        try {
            assertThat(command.waitFor()).isZero();
            assertThat(new LabStatus(dir).run().nodes())
                    .hasSize(2)
                    .allMatch(node -> node.state() == LabStatus.State.RUNNING);
        } finally {
            LabCluster.attach(dir).close();
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 2})
    void aStartThatWasKilledLeavesNothingThatStopCannotEnd(int serversBefore) throws Exception {
        Path dir = temporary.resolve("lab");
        int base = Servers.freePorts(2);
        Process command = command(dir, base);
        // A log is there as soon as its server is about to be executed.
        await().pollInterval(Duration.ofMillis(1))
                .until(() -> Files.exists(dir.resolve(LabState.FILE)) && logs(dir) >= serversBefore);
        command.destroyForcibly().waitFor();
        // A server that listens has another title; until then its command line names its configuration.
        await().until(() -> ProcessHandle.allProcesses()
                .noneMatch(process -> process.info().commandLine().orElse("").contains(dir.toString())));

        new LabStop(dir, false).run();

        assertThat(Ports.isFree(base)).isTrue();
        assertThat(Ports.isFree(base + 1)).isTrue();
        assertThat(new LabStatus(dir).run().isRunning()).isFalse();
    }

    @Test
    void aServerThatIsOnNoRecordIsFoundByWhatItSays() throws IOException {
        Path dir = temporary.resolve("lab");
        try (LabCluster lab = LabCluster.create(LabSpec.standalone(dir, Servers.bundled(), 1, Servers.freePorts(2)))) {
            Path state = dir.resolve(LabState.FILE);
            List<Long> pids = lab.servers().stream()
                    .map(server -> server.pid().orElseThrow())
                    .toList();
            Files.writeString(
                    state, Files.readString(state).replaceAll("\"process\" : \\{[^}]*\\}", "\"process\" : null"));
            assertThat(LabCluster.attach(dir).servers().stream()
                            .map(server -> server.pid().orElseThrow()))
                    .isEqualTo(pids);
            assertThat(new LabStop(dir, true).run().servers())
                    .extracting(LabStop.Stopped::outcome)
                    .containsOnly(LabStop.Outcome.SAVED);
            assertThat(lab.servers()).noneMatch(RedisServer::isRunning);
        }
    }

    /** What the command of {@link #command} does. */
    static final class Starter {
        private Starter() {}

        public static void main(String[] arguments) {
            new LabStart(
                            Path.of(arguments[0]),
                            true,
                            OptionalInt.empty(),
                            OptionalInt.empty(),
                            OptionalInt.of(Integer.parseInt(arguments[1])),
                            Optional.empty(),
                            List.of(),
                            LabLayout.ABSOLUTE)
                    .run();
        }
    }

    private static Process command(Path dir, int portBase) throws IOException {
        return new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-cp",
                        System.getProperty("java.class.path"),
                        Starter.class.getName(),
                        dir.toString(),
                        Integer.toString(portBase))
                .inheritIO()
                .start();
    }

    private static long logs(Path dir) throws IOException {
        if (!Files.isDirectory(dir)) {
            return 0;
        }
        try (Stream<Path> files = Files.find(dir, 2, (path, _) -> path.endsWith(RedisServer.LOG))) {
            return files.count();
        }
    }
}
