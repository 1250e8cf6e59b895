package io.ambrotype.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.ambrotype.cli.CommandLineRun;
import io.ambrotype.lab.LabCluster;
import io.ambrotype.lab.ServerBinary;
import io.ambrotype.resp.ConnectionSettings;
import io.ambrotype.topology.Topology;
import io.ambrotype.topology.TopologyReader;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** A restart whose start command brings up a newer program: the rolling upgrade, and where it must stop. */
class RestartUpgradeTest {
    @RegisterExtension
    final Labs labs = new Labs();

    @Test
    void aClusterGetsANewVersionUnderLoad() throws Exception {
        ServerBinary older = older();
        ServerBinary newer = newer(older);
        LabCluster lab = labs.cluster(older, 3, 1, "save 3600 1");
        Topology before = topology(lab);
        String master = lab.servers().getFirst().address().toString();

        // Its replica could not follow it afterwards.
        CommandLineRun alone = restart(lab, newer, "--nodes", master);
        assertThat(alone.status()).as(alone.err()).isEqualTo(21);
        assertThat(alone.err())
                .contains("has " + older.version() + " and could not follow " + master + ", which has "
                        + newer.version());
        assertThat(restart(lab, newer, "--abandon").status()).isZero();

        try (Application jedis = Application.withJedis(lab.addresses())) {
            await().atMost(Labs.patience()).until(() -> jedis.written() > 100);
            CommandLineRun all = restart(lab, newer);
            assertThat(all.status()).as(all.err()).isZero();
            assertThat(jedis.lostKeys()).isEmpty();
            assertThat(jedis.errors()).isEmpty();
        }
        assertThat(versions(lab)).containsOnly(newer.version().toString());
        assertThat(topology(lab).problems()).isEmpty();
        assertThat(topology(lab).nodes())
                .allSatisfy(node -> assertThat(before.node(node.id())).isPresent());
    }

    private CommandLineRun restart(LabCluster lab, ServerBinary program, String... more) {
        String start = "cd {dir} && " + program.launcher() + " {config} > /dev/null 2>&1 &";
        List<String> arguments =
                new ArrayList<>(List.of("restart", "redis://" + lab.addresses().getFirst(), "--yes"));
        arguments.addAll(List.of(more));
        if (!arguments.contains("--abandon")) {
            arguments.addAll(List.of("--no-snapshot", "--start", start));
        }
        return CommandLineRun.of(labs.folder(), arguments.toArray(String[]::new));
    }

    /** The oldest server that a newer one of its vendor is under test beside. */
    private static ServerBinary older() {
        Optional<ServerBinary> older = ServersUnderTest.all().stream()
                .filter(server -> ServersUnderTest.all().stream().anyMatch(other -> isUpgrade(server, other)))
                .min(Comparator.comparing(ServerBinary::version));
        assumeTrue(older.isPresent(), "no two versions of one vendor are in this run");
        return older.get();
    }

    private static ServerBinary newer(ServerBinary older) {
        return ServersUnderTest.all().stream()
                .filter(other -> isUpgrade(older, other))
                .max(Comparator.comparing(ServerBinary::version))
                .orElseThrow();
    }

    private static boolean isUpgrade(ServerBinary from, ServerBinary to) {
        return from.version().vendor() == to.version().vendor()
                && from.version().compareTo(to.version()) < 0;
    }

    private static List<String> versions(LabCluster lab) {
        return topology(lab).nodes().stream()
                .map(node -> node.state().orElseThrow().version().toString())
                .toList();
    }

    private static Topology topology(LabCluster lab) {
        return new TopologyReader(ConnectionSettings.defaults()).discover(lab.addresses());
    }
}
