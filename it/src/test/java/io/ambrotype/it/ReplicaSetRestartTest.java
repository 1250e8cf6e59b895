package io.ambrotype.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.ambrotype.lab.LabCluster;
import io.ambrotype.lab.ServerBinary;
import io.ambrotype.probe.Probe;
import io.ambrotype.resp.ConnectionSettings;
import io.ambrotype.resp.RespConnection;
import io.ambrotype.restart.RestartListener;
import io.ambrotype.restart.RestartReport;
import io.ambrotype.topology.Topology;
import io.ambrotype.topology.TopologyReader;
import java.nio.file.Files;
import org.junit.jupiter.api.extension.RegisterExtension;

/**
 * A master with replicas that nobody watches is restarted, while an application works on it that looks for the master by
 * itself. It loses nothing; master and replicas are afterwards what they were, and would be after another start.
 */
class ReplicaSetRestartTest {
    @RegisterExtension
    final Labs labs = new Labs();

    @EachServer
    void losesNothingAndComesBackToItsMaster(ServerBinary server) throws Exception {
        LabCluster lab = labs.standalone(server, 2, "save 3600 1");
        Topology before = topology(lab);
        try (Application application = Application.lookingForMaster(lab.addresses())) {
            await().atMost(Labs.patience()).until(() -> application.written() > 100);

            RestartReport report = new LabRestarts(lab, labs.folder()).run(Probe.NONE, new RestartListener() {});

            System.out.println(
                    server + ", without Sentinels, in " + report.duration().toMillis() + " ms: " + application);
            assertThat(report.nodes()).hasSize(3);
            assertThat(report.plan().warnings())
                    .anyMatch(warning -> warning.startsWith("nobody tells clients who the master is"));
            long written = application.written();
            await().atMost(Labs.patience()).until(() -> application.written() > written + 100);
            assertThat(application.lostKeys()).isEmpty();
        }
        Topology after = topology(lab);
        assertThat(after.problems()).isEmpty();
        assertThat(after.differencesFrom(before)).isEmpty();
        assertThat(after.nodes())
                .allSatisfy(node -> assertThat(node.state().orElseThrow().runId())
                        .isNotEqualTo(before.node(node.id())
                                .flatMap(same -> same.state())
                                .orElseThrow()
                                .runId()));
        assertThat(Files.readAllLines(lab.servers().getFirst().folder().resolve("lab.conf")))
                .noneMatch(line -> line.startsWith("replicaof"));
        try (RespConnection master = lab.servers().getFirst().connect()) {
            assertThat(master.pairs("CONFIG", "GET", "min-replicas-to-write")).containsValue("0");
        }
    }

    private static Topology topology(LabCluster lab) {
        return new TopologyReader(ConnectionSettings.defaults()).discover(lab.addresses());
    }
}
