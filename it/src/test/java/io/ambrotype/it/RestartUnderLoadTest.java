package io.ambrotype.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.ambrotype.cli.CommandLineRun;
import io.ambrotype.lab.LabCluster;
import io.ambrotype.lab.ServerBinary;
import io.ambrotype.resp.ConnectionSettings;
import io.ambrotype.topology.Topology;
import io.ambrotype.topology.TopologyReader;
import org.junit.jupiter.api.extension.RegisterExtension;

/**
 * Applications with the usual client libraries work on a cluster, and every node of it is restarted by the command. They
 * lose nothing and see no error; the cluster is afterwards what it was. How long they stalled is printed and no matter of
 * success: that depends on the machine.
 */
class RestartUnderLoadTest {
    @RegisterExtension
    final Labs labs = new Labs();

    @EachServer
    void applicationsDoNotNotice(ServerBinary server) throws Exception {
        LabCluster lab = labs.cluster(server, 3, 1, "save 3600 1");
        Topology before = topology(lab);
        try (Application jedis = Application.withJedis(lab.addresses());
                Application lettuce = Application.withLettuce(lab.addresses())) {
            await().atMost(Labs.patience()).until(() -> jedis.written() > 100 && lettuce.written() > 100);

            CommandLineRun run = CommandLineRun.of(
                    labs.folder(),
                    "restart",
                    "redis://" + lab.addresses().getFirst(),
                    "--yes",
                    "--no-snapshot",
                    "--output",
                    "json");

            System.out.println(server + ": " + jedis + "; " + lettuce);
            assertThat(run.status()).as(run.err()).isZero();
            assertThat(run.out().replaceAll("\\s+", ""))
                    .contains("\"layoutAsPlanned\":true", "\"provesNoLoss\":true", "\"errors\":0,");
            long written = jedis.written();
            await().atMost(Labs.patience()).until(() -> jedis.written() > written + 100);
            assertThat(jedis.lostKeys()).isEmpty();
            assertThat(lettuce.lostKeys()).isEmpty();
            assertThat(jedis.errors()).isEmpty();
            // Jedis sends again what was under way when a server hung up; Lettuce may hand that on, once for each.
            assertThat(lettuce.errors())
                    .hasSizeLessThanOrEqualTo(before.nodes().size())
                    .allMatch(error -> error.matches(".*(Connection reset|Connection closed|Broken pipe).*"));
        }
        Topology after = topology(lab);
        assertThat(after.differencesFrom(before)).isEmpty();
        assertThat(after.problems()).isEmpty();
        assertThat(after.nodes())
                .allSatisfy(node -> assertThat(node.state().orElseThrow().runId())
                        .isNotEqualTo(before.node(node.id())
                                .flatMap(same -> same.state())
                                .orElseThrow()
                                .runId()));
    }

    private static Topology topology(LabCluster lab) {
        return new TopologyReader(ConnectionSettings.defaults()).discover(lab.addresses());
    }
}
