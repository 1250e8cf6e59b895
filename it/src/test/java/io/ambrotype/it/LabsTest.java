package io.ambrotype.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.ambrotype.lab.LabCluster;
import io.ambrotype.lab.LabLayout;
import io.ambrotype.lab.LabStatus;
import io.ambrotype.lab.LabStop;
import io.ambrotype.lab.LabTls;
import io.ambrotype.lab.RedisServer;
import io.ambrotype.lab.ServerBinary;
import io.ambrotype.lab.StartOrder;
import io.ambrotype.resp.RespConnection;
import io.ambrotype.topology.Role;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** The lab with every server under test. */
class LabsTest {
    @RegisterExtension
    final Labs labs = new Labs();

    @OldestAndNewest
    void aClusterSurvivesAKillAndAPowerCutWithTheRolesThatItHadLast(ServerBinary server) {
        LabCluster lab = labs.cluster(server, 3, 1, "cluster-node-timeout 1500");
        assertThat(lab.masters()).isEqualTo(lab.servers().subList(0, 3));
        assertThat(new LabStatus(lab.dir()).run().nodes())
                .allMatch(node -> node.version().orElseThrow().equals(server.version()));

        RedisServer killed = lab.servers().get(1);
        RedisServer replica = lab.servers().get(4);
        killed.kill();
        await().atMost(Labs.patience()).until(() -> lab.masters().contains(replica));
        killed.start();
        lab.awaitWhole(Labs.patience());
        assertThat(lab.replicas()).contains(killed).hasSize(3);

        lab.close();
        LabStatus.Report dark = new LabStatus(lab.dir()).run();
        assertThat(dark.isRunning()).isFalse();
        assertThat(dark.nodes().get(1).role()).contains(Role.REPLICA);
        LabCluster again =
                labs.ended(LabCluster.resume(lab.dir(), Optional.empty(), List.of(), StartOrder.MASTERS_FIRST));
        assertThat(again.masters()).contains(again.servers().get(4)).hasSize(3);
        assertThat(new LabStop(lab.dir(), true).run().complete()).isTrue();
    }

    @OldestAndNewest
    void aStandaloneSetStartsAgain(ServerBinary server) {
        LabCluster lab = labs.standalone(server, 2);
        assertThat(new LabStop(lab.dir(), false).run().complete()).isTrue();
        LabCluster again =
                labs.ended(LabCluster.resume(lab.dir(), Optional.empty(), List.of(), StartOrder.ALL_AT_ONCE));
        assertThat(again.replicas()).hasSize(2);
    }

    @Test
    void aClusterWithTlsAndAPasswordIsWhole() {
        ServerBinary server = ServersUnderTest.anyWithTls().orElseThrow();
        LabTls tls = LabTls.issue(labs.folder().resolve("tls"));
        LabCluster lab = labs.cluster(
                server, 3, 0, spec -> spec.with(tls).withPassword("s3 \"cret").with(LabLayout.FOLDER_EACH));
        assertThat(new LabStatus(lab.dir()).run().nodes())
                .allMatch(node -> node.clusterState().orElse("").equals("ok"));
        try (RespConnection connection = lab.servers().getFirst().connect()) {
            assertThat(connection.pairs("CONFIG", "GET", "tls-cluster")).containsValue("yes");
        }
    }
}
