package io.ambrotype.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.awaitility.Awaitility.await;

import io.ambrotype.common.AmbrotypeException;
import io.ambrotype.lab.LabCluster;
import io.ambrotype.lab.LabSpec;
import io.ambrotype.lab.RedisServer;
import io.ambrotype.lab.ServerBinary;
import io.ambrotype.probe.Probe;
import io.ambrotype.resp.ConnectionSettings;
import io.ambrotype.resp.RespConnection;
import io.ambrotype.restart.RestartListener;
import io.ambrotype.restart.RestartReport;
import io.ambrotype.topology.Topology;
import io.ambrotype.topology.TopologyReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
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
        List<String> files = files(lab);
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
        assertThat(files(lab)).isEqualTo(files);
        try (RespConnection master = lab.servers().getFirst().connect()) {
            assertThat(master.pairs("CONFIG", "GET", "min-replicas-to-write")).containsValue("0");
        }
    }

    @Test
    void aReplicaOfAReplicaIsOneAgain() throws Exception {
        LabCluster lab = labs.standalone(ServersUnderTest.any(), 2, "save 3600 1");
        RedisServer middle = lab.replicas().getFirst();
        try (RespConnection last = lab.replicas().getLast().connect()) {
            last.call(
                    "REPLICAOF",
                    middle.address().host(),
                    Integer.toString(middle.address().port()));
            last.call("CONFIG", "REWRITE");
        }
        Topology before = await().atMost(Labs.patience())
                .until(() -> topology(lab), topology -> topology.problems().isEmpty());
        List<String> files = files(lab);

        RestartReport report = new LabRestarts(lab, labs.folder()).run(Probe.NONE, RestartListener.NONE);

        assertThat(report.plan().steps().getLast().title())
                .isEqualTo("have " + lab.replicas().getLast().address() + " follow " + middle.address() + " again");
        assertThat(topology(lab).differencesFrom(before)).isEmpty();
        assertThat(files(lab)).isEqualTo(files);
    }

    /** It could not follow its replica, and the wait for that would have no end. */
    @Test
    void aMasterThatCouldNotFollowIsNotFailedOver() {
        LabCluster lab = labs.ended(LabCluster.create(
                LabSpec.standalone(labs.folder().resolve("locked"), ServersUnderTest.any(), 1, Labs.freePorts(2))
                        .with("save 3600 1")
                        .withPassword("hush")));
        try (RespConnection master = lab.servers().getFirst().connect()) {
            master.call("CONFIG", "SET", "masterauth", "");
        }

        assertThat(catchThrowableOfType(
                        AmbrotypeException.class,
                        () -> new LabRestarts(lab, labs.folder()).run(Probe.NONE, RestartListener.NONE)))
                .hasMessageContaining(lab.addresses().getFirst() + " could not follow "
                        + lab.addresses().getLast() + ", which refuses its masterauth");
    }

    /** Whom it follows it could not write down: nothing is begun. */
    @Test
    void aMasterThatCannotWriteItsFileIsNotFailedOver() throws Exception {
        LabCluster lab = labs.standalone(ServersUnderTest.any(), 1, "save 3600 1");
        Path file = lab.servers().getFirst().configurationFile();
        Path away = Files.move(file, file.resolveSibling("away.conf"));

        assertThat(catchThrowableOfType(
                        AmbrotypeException.class,
                        () -> new LabRestarts(lab, labs.folder()).run(Probe.NONE, RestartListener.NONE)))
                .hasMessageContaining("could not write down in its configuration file whom it follows")
                .hasMessageContaining(file + " is not there any more");
        Files.move(away, file);
    }

    private static List<String> files(LabCluster lab) throws IOException {
        List<String> files = new ArrayList<>();
        for (RedisServer server : lab.servers()) {
            files.add(Files.readString(server.configurationFile()));
        }
        return files;
    }

    private static Topology topology(LabCluster lab) {
        return new TopologyReader(ConnectionSettings.defaults()).discover(lab.addresses());
    }
}
