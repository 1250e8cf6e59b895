package io.ambrotype.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.ambrotype.common.HostAndPort;
import io.ambrotype.lab.LabCluster;
import io.ambrotype.lab.RedisServer;
import io.ambrotype.lab.ServerBinary;
import io.ambrotype.probe.Probe;
import io.ambrotype.resp.ConnectionSettings;
import io.ambrotype.resp.RespConnection;
import io.ambrotype.restart.RestartListener;
import io.ambrotype.restart.RestartReport;
import io.ambrotype.topology.SentinelSet;
import io.ambrotype.topology.Topology;
import io.ambrotype.topology.TopologyReader;
import java.io.IOException;
import java.nio.file.Files;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.extension.RegisterExtension;

/**
 * A master with replicas is restarted under the eyes of its Sentinels, while an application works on it that follows them.
 * It loses nothing; master, replicas, Sentinels and their settings are afterwards what they were. How long it stalled is
 * printed and no matter of success.
 */
class SentinelRestartTest {
    @RegisterExtension
    final Labs labs = new Labs();

    @EachServer
    void losesNothingAndComesBackToItsMaster(ServerBinary server) throws Exception {
        LabCluster lab = labs.watched(server, 1, "save 3600 1");
        List<HostAndPort> sentinels =
                lab.sentinels().stream().map(RedisServer::address).toList();
        Topology before = whole(sentinels);
        Map<String, String> settings = settings(lab);
        try (Application jedis = Application.withJedis("lab", sentinels)) {
            await().atMost(Labs.patience()).until(() -> jedis.written() > 100);

            RestartReport report = new LabRestarts(lab, labs.folder()).run(Probe.NONE, new RestartListener() {});

            System.out.println(
                    server + ", with Sentinels, in " + report.duration().toMillis() + " ms: " + jedis);
            assertThat(report.nodes()).hasSize(2);
            long written = jedis.written();
            await().atMost(Labs.patience()).until(() -> jedis.written() > written + 100);
            assertThat(jedis.lostKeys()).isEmpty();
        }
        Topology after = whole(sentinels);
        assertThat(after.differencesFrom(before)).isEmpty();
        assertThat(after.nodes())
                .allSatisfy(node -> assertThat(node.state().orElseThrow().runId())
                        .isNotEqualTo(before.node(node.id())
                                .flatMap(same -> same.state())
                                .orElseThrow()
                                .runId()));
        assertThat(settings(lab)).isEqualTo(settings);
        SentinelSet watching = after.sentinels().orElseThrow();
        assertThat(watching.addresses()).containsExactlyInAnyOrderElementsOf(sentinels);
        assertThat(watching.quorum()).isEqualTo(before.sentinels().orElseThrow().quorum());
    }

    private static Topology whole(List<HostAndPort> sentinels) {
        return await().atMost(Labs.patience())
                .until(
                        () -> new TopologyReader(ConnectionSettings.defaults()).discover(sentinels),
                        topology -> topology.problems().isEmpty());
    }

    /** What a fail-over changes for a moment, in the servers and on their disks. */
    private static Map<String, String> settings(LabCluster lab) throws IOException {
        Map<String, String> settings = new TreeMap<>();
        for (RedisServer server : lab.servers()) {
            settings.put(server.address() + " file", Files.readString(server.configurationFile()));
            try (RespConnection connection = server.connect()) {
                for (String name : List.of("replica-priority", "min-replicas-to-write", "min-replicas-max-lag")) {
                    connection
                            .pairs("CONFIG", "GET", name)
                            .forEach((key, value) -> settings.put(server.address() + " " + key, value));
                }
            }
        }
        return settings;
    }
}
