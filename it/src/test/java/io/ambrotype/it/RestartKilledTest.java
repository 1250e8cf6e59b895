package io.ambrotype.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.ambrotype.common.Time;
import io.ambrotype.lab.LabCluster;
import io.ambrotype.lab.RedisServer;
import io.ambrotype.probe.Probe;
import io.ambrotype.probe.ProbeWriter;
import io.ambrotype.resp.ConnectionSettings;
import io.ambrotype.resp.RespConnection;
import io.ambrotype.topology.NodeState;
import io.ambrotype.topology.Topology;
import io.ambrotype.topology.TopologyReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/**
 * The program of a restart is killed by {@code kill -9}, each time right after another kind of event is in its journal, and
 * resumed. The deployment serves all the while, nothing is lost, and in the end everything is as it was.
 */
class RestartKilledTest {
    /** In this order; what a resumed run has no need to do again does not come again. */
    private static final List<String> EVENTS =
            List.of("\"begun\"", "\"setting\"", "to be gone", "\"election\"", "\"stopping\"", "as the new master");

    @RegisterExtension
    final Labs labs = new Labs();

    private int killed;

    @Test
    void aProgramThatIsKilledAtEachKindOfStepIsResumed() throws Exception {
        LabCluster lab = labs.cluster(ServersUnderTest.any(), 3, 1, "save 3600 1", "cluster-node-timeout 1500");
        RedisServer master = lab.servers().get(0);
        RedisServer replica = lab.servers().get(3);
        Topology before = topology(lab);
        String[] command = {"--nodes", master.address() + "," + replica.address(), "--no-snapshot", "--no-probe"};
        try (Probe probe = ProbeWriter.start(before, ConnectionSettings.defaults(), "killed", Time.SYSTEM)) {
            Process run = start(lab, command);
            for (String event : EVENTS) {
                long seen = journal().filter(line -> line.contains(event)).count();
                Process current = run;
                await().atMost(Labs.patience())
                        .pollInterval(Duration.ofMillis(5))
                        .until(() -> !current.isAlive()
                                || journal()
                                                .filter(line -> line.contains(event))
                                                .count()
                                        > seen);
                if (!current.isAlive()) {
                    break;
                }
                current.destroyForcibly().waitFor();
                killed++;
                run = start(lab, "--resume");
            }
            assertThat(run.waitFor(120, TimeUnit.SECONDS)).isTrue();
            assertThat(run.exitValue()).as(Files.readString(output())).isZero();
            assertThat(probe.finish().total().lost()).isZero();
        }
        assertThat(killed).isEqualTo(EVENTS.size());
        Topology after = topology(lab);
        assertThat(after.differencesFrom(before)).isEmpty();
        assertThat(after.problems()).isEmpty();
        for (RedisServer server : lab.servers()) {
            boolean restarted = !runId(after, server).equals(runId(before, server));
            assertThat(restarted).as(server.toString()).isEqualTo(server == master || server == replica);
            try (RespConnection connection = server.connect()) {
                assertThat(connection.pairs("CONFIG", "GET", "cluster-migration-barrier"))
                        .containsValue("1");
                assertThat(connection.pairs("CONFIG", "GET", "cluster-require-full-coverage"))
                        .containsValue("yes");
            }
        }
    }

    /** As the program is started, with our class path. */
    private Process start(LabCluster lab, String... arguments) throws IOException {
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:TieredStopAtLevel=1",
                "--enable-native-access=ALL-UNNAMED",
                "-cp",
                System.getProperty("java.class.path"),
                "io.ambrotype.cli.Main",
                "restart",
                "redis://" + lab.addresses().getFirst(),
                "--yes"));
        command.addAll(List.of(arguments));
        ProcessBuilder builder = new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.to(output().toFile()));
        builder.environment().put("XDG_STATE_HOME", labs.folder().toString());
        return builder.start();
    }

    private Path output() {
        return labs.folder().resolve("output.txt");
    }

    private Stream<String> journal() throws IOException {
        Path journals = labs.folder().resolve("ambrotype");
        if (!Files.isDirectory(journals)) {
            return Stream.of();
        }
        List<String> lines = new ArrayList<>();
        try (Stream<Path> files = Files.list(journals)) {
            for (Path file : files.toList()) {
                lines.addAll(Files.readAllLines(file));
            }
        }
        return lines.stream();
    }

    private static Topology topology(LabCluster lab) {
        return new TopologyReader(ConnectionSettings.defaults()).discover(lab.addresses());
    }

    private static String runId(Topology topology, RedisServer server) {
        return topology.nodes().stream()
                .flatMap(node -> node.state().stream())
                .filter(state -> state.reachedAt().equals(server.address()))
                .map(NodeState::runId)
                .findFirst()
                .orElseThrow();
    }
}
