package io.ambrotype.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.awaitility.Awaitility.await;

import io.ambrotype.cli.CommandLineRun;
import io.ambrotype.common.AmbrotypeException;
import io.ambrotype.common.HostAndPort;
import io.ambrotype.lab.LabCluster;
import io.ambrotype.lab.RedisServer;
import io.ambrotype.lab.ServerBinary;
import io.ambrotype.probe.Probe;
import io.ambrotype.resp.ConnectionSettings;
import io.ambrotype.resp.RespConnection;
import io.ambrotype.resp.ServerInfo;
import io.ambrotype.resp.ServerVersion.Vendor;
import io.ambrotype.restart.RestartListener;
import io.ambrotype.restart.Step;
import io.ambrotype.topology.Topology;
import io.ambrotype.topology.TopologyReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/**
 * The real program is killed while it restarts a master with replicas. Whatever it was doing, {@code --resume} ends where
 * the run began: the layout, the settings, the configuration files byte for byte, and every acknowledged write.
 */
class SetResumeTest {
    @RegisterExtension
    final Labs labs = new Labs();

    /** Writers are held by a setting before Redis 6.2, which nobody but the program takes back, and by a pause after it. */
    @Test
    void killedWhileSentinelsFailOver() throws Exception {
        for (ServerBinary server : oldestAndNewest()) {
            killedAndResumed(labs.watched(server, 1, "save 3600 1"), "have all that was written", 1);
        }
    }

    @Test
    void killedWhileTheOldMasterOfSentinelsIsDown() throws Exception {
        killedAndResumed(labs.watched(ServersUnderTest.any(), 1, "save 3600 1"), "\"entry\":\"stopping\"", 2);
    }

    @Test
    void killedWhileNobodyWatches() throws Exception {
        for (ServerBinary server : oldestAndNewest()) {
            killedAndResumed(labs.standalone(server, 2, "save 3600 1"), "to be ready for the fail-over", 1);
        }
    }

    @Test
    void killedWhileTheOldMasterIsDown() throws Exception {
        killedAndResumed(labs.standalone(ServersUnderTest.any(), 1, "save 3600 1"), "\"entry\":\"stopping\"", 2);
    }

    /** The replica that was to take over, then the master itself, whose place a Sentinel gives to the replica. */
    @Test
    void aServerThatDiesMeanwhileIsStartedAndGetsItsPlaceBack() throws Exception {
        LabCluster lab = labs.watched(ServersUnderTest.any(), 1, "save 3600 1");
        List<HostAndPort> seeds =
                lab.sentinels().stream().map(RedisServer::address).toList();
        for (RedisServer victim :
                List.of(lab.replicas().getFirst(), lab.masters().getFirst())) {
            Topology before = whole(seeds);
            Map<String, String> state = state(lab);
            LabRestarts restarts = new LabRestarts(lab, labs.folder());
            AmbrotypeException stopped = catchThrowableOfType(
                    AmbrotypeException.class,
                    () -> restarts.run(Probe.NONE, new RestartListener() {
                        @Override
                        public void stepBegun(int number, Step step) {
                            if (step instanceof Step.FailOver) {
                                victim.kill();
                            }
                        }
                    }));
            assertThat(stopped).hasMessageContaining(victim.address() + " does not answer");

            restarts.resume(RestartListener.NONE, false);

            assertThat(whole(seeds).differencesFrom(before)).isEmpty();
            assertThat(state(lab)).isEqualTo(state);
        }
    }

    private void killedAndResumed(LabCluster lab, String moment, int time) throws Exception {
        List<HostAndPort> seeds = lab.sentinels().isEmpty()
                ? lab.addresses()
                : lab.sentinels().stream().map(RedisServer::address).toList();
        Topology before = whole(seeds);
        Map<String, String> state = state(lab);
        String uri = "redis://" + seeds.stream().map(HostAndPort::toString).collect(Collectors.joining(","));
        Path folder = Files.createDirectories(
                labs.folder().resolve("home-" + seeds.getFirst().port()));
        try (Application application = lab.sentinels().isEmpty()
                ? Application.lookingForMaster(lab.addresses())
                : Application.withJedis("lab", seeds)) {
            await().atMost(Labs.patience()).until(() -> application.written() > 100);
            Process tool = start(folder, uri, lab.servers().getFirst().binary());
            await().atMost(Labs.patience().multipliedBy(2))
                    .pollInterval(Duration.ofMillis(2))
                    .until(() -> !tool.isAlive() || times(folder, moment) >= time);
            assertThat(tool.isAlive())
                    .as(Files.readString(folder.resolve("output.txt")))
                    .isTrue();
            tool.destroyForcibly();
            assertThat(tool.waitFor(Labs.patience())).isTrue();

            CommandLineRun resumed = CommandLineRun.of(folder, "restart", uri, "--resume", "--no-probe", "--yes");

            assertThat(resumed.status()).as(resumed.out() + resumed.err()).isZero();
            long written = application.written();
            await().atMost(Labs.patience()).until(() -> application.written() > written + 100);
            assertThat(application.lostKeys()).isEmpty();
        }
        Topology after = whole(seeds);
        assertThat(after.differencesFrom(before)).isEmpty();
        assertThat(after.nodes())
                .allSatisfy(node -> assertThat(node.state().orElseThrow().runId())
                        .isNotEqualTo(before.node(node.id())
                                .flatMap(same -> same.state())
                                .orElseThrow()
                                .runId()));
        assertThat(state(lab)).isEqualTo(state);
    }

    private static Process start(Path folder, String uri, ServerBinary server) throws IOException {
        ProcessBuilder builder = new ProcessBuilder(List.of(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-XX:TieredStopAtLevel=1",
                        "--enable-native-access=ALL-UNNAMED",
                        "-cp",
                        System.getProperty("java.class.path"),
                        "io.ambrotype.cli.Main",
                        "restart",
                        uri,
                        "--no-snapshot",
                        "--no-probe",
                        "--yes",
                        "--start",
                        "cd {dir} && setsid '" + server.launcher() + "' {config} > started.log 2>&1 &"))
                .redirectErrorStream(true)
                .redirectOutput(folder.resolve("output.txt").toFile());
        builder.environment().remove("XDG_STATE_HOME");
        builder.environment().putAll(Map.of("HOME", folder.toString(), "XDG_CONFIG_HOME", folder.toString()));
        return builder.start();
    }

    private static long times(Path folder, String moment) throws IOException {
        try (Stream<Path> files = Files.walk(folder)) {
            long times = 0;
            for (Path file :
                    files.filter(file -> file.toString().endsWith(".jsonl")).toList()) {
                times += Files.readAllLines(file).stream()
                        .filter(line -> line.contains(moment))
                        .count();
            }
            return times;
        }
    }

    /** What a fail-over changes for a moment, in the servers and on their disks. */
    private static Map<String, String> state(LabCluster lab) throws IOException {
        Map<String, String> state = new TreeMap<>();
        for (RedisServer server : lab.servers()) {
            state.put(server.address() + " file", Files.readString(server.configurationFile()));
            try (RespConnection connection = server.connect()) {
                for (String name : List.of("replica-priority", "min-replicas-to-write", "min-replicas-max-lag")) {
                    connection
                            .pairs("CONFIG", "GET", name)
                            .forEach((key, value) -> state.put(server.address() + " " + key, value));
                }
            }
        }
        return state;
    }

    private static Topology whole(List<HostAndPort> seeds) {
        return await().atMost(Labs.patience())
                .until(
                        () -> new TopologyReader(ConnectionSettings.defaults()).discover(seeds),
                        topology -> topology.problems().isEmpty());
    }

    private List<ServerBinary> oldestAndNewest() {
        List<ServerBinary> servers =
                new ArrayList<>(List.of(ServersUnderTest.all().getLast()));
        ServersUnderTest.all().stream().filter(this::isBefore62).findFirst().ifPresent(servers::addFirst);
        return servers.stream().distinct().toList();
    }

    private boolean isBefore62(ServerBinary server) {
        try (RespConnection connection = labs.server(server).connect()) {
            return ServerInfo.read(connection, "server").version().vendor() == Vendor.REDIS
                    && !ServerInfo.read(connection, "server").version().isAtLeast(Vendor.REDIS, 6, 2);
        }
    }
}
