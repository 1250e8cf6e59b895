package io.ambrotype.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.ambrotype.cli.CommandLineRun;
import io.ambrotype.lab.Keyspace;
import io.ambrotype.lab.LabCluster;
import io.ambrotype.lab.RedisServer;
import io.ambrotype.lab.ServerBinary;
import io.ambrotype.resp.RespConnection;
import io.ambrotype.topology.NodesConf;
import io.ambrotype.topology.Role;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Nodes that lost their nodes.conf, wholly or in part, and come back as themselves from what their peers know of them. */
class NodesConfTest {
    @RegisterExtension
    final Labs labs = new Labs();

    @EachServer
    void aNodeThatLostItsFileComesBackAsItself(ServerBinary server) throws Exception {
        LabCluster lab = labs.cluster(server, 3, 1, "cluster-node-timeout 1500");
        RedisServer master = lab.servers().get(1);
        RedisServer replica = lab.servers().get(3);
        RedisServer successor = lab.servers().get(4);
        Keyspace.of(15).write(master.address(), master.settings(), Instant.now());
        GroundTruth truth = GroundTruth.of(lab);

        String replicaId = id(replica);
        replica.shutdown();
        Files.delete(file(replica));
        CommandLineRun written = rebuild(lab.servers().getFirst(), replica);
        assertThat(written.status()).as(written.err()).isZero();
        assertThat(written.out())
                .contains("it comes back as a replica of "
                        + lab.servers().getFirst().address());
        assertThat(Files.getPosixFilePermissions(file(replica)))
                .isEqualTo(PosixFilePermissions.fromString("rw-r--r--"));
        comesBack(lab, replica, replicaId);

        String masterId = id(master);
        master.shutdown();
        await().atMost(Labs.patience()).until(() -> isMasterForAll(successor, lab));
        byte[] whole = Files.readAllBytes(file(master));
        Files.write(file(master), Arrays.copyOf(whole, whole.length / 2), StandardOpenOption.TRUNCATE_EXISTING);

        CommandLineRun refused = rebuild(successor, master);
        assertThat(refused.status()).isEqualTo(2);
        assertThat(refused.err()).contains("no server starts from it as it is").contains("add --yes");
        assertThat(Files.readAllBytes(file(master))).hasSize(whole.length / 2);

        written = rebuild(successor, master, "--yes");
        assertThat(written.status()).as(written.err()).isZero();
        assertThat(written.out()).contains("it comes back as a replica of " + successor.address());
        comesBack(lab, master, masterId);
        assertThat(lab.replicas()).contains(master).hasSize(3);
        assertThat(truth.differencesTo(GroundTruth.of(lab), Instant.now())).isEmpty();
        assertThat(truth.differencesTo(GroundTruth.of(lab.replicas()), Instant.now()))
                .isEmpty();
    }

    /** Without a replica nobody takes over: the node has to come back as the master of its slots, with its data. */
    @Test
    void theOnlyCopyComesBackAsMasterOfItsSlots() throws Exception {
        LabCluster lab = labs.cluster(ServersUnderTest.any(), 3, 0, "cluster-node-timeout 1500");
        RedisServer lost = lab.servers().get(2);
        Keyspace.of(15).write(lost.address(), lost.settings(), Instant.now());
        GroundTruth truth = GroundTruth.of(lab);
        String id = id(lost);
        lost.shutdown();
        Files.write(file(lost), new byte[0]);

        CommandLineRun printed = CommandLineRun.of(
                labs.folder(),
                "nodes-conf",
                "redis://" + lab.servers().getFirst().address(),
                "--node",
                id.substring(0, 6));
        assertThat(printed.status()).as(printed.err()).isZero();
        assertThat(printed.err())
                .contains(
                        "warning: it comes back as the master of slots 10922-16383: start it only where its data are in place");
        Files.writeString(file(lost), printed.out());

        comesBack(lab, lost, id);
        assertThat(truth.differencesTo(GroundTruth.of(lab), Instant.now())).isEmpty();
    }

    @Test
    void refusesWhatPeersDoNotKnowAndWarnsOfWhatIsAlive() {
        LabCluster lab = labs.cluster(ServersUnderTest.any(), 3, 0);
        String uri = "redis://" + lab.servers().getFirst().address();

        CommandLineRun unknown = CommandLineRun.of(labs.folder(), "nodes-conf", uri, "--node", "127.0.0.1:1");
        assertThat(unknown.status()).isEqualTo(2);
        assertThat(unknown.err())
                .contains("error: no member of the cluster is known as '127.0.0.1:1'")
                .contains("hint: the members are " + lab.servers().getFirst().address());

        String address = lab.servers().get(1).address().toString();
        CommandLineRun alive = CommandLineRun.of(labs.folder(), "nodes-conf", uri, "--node", address);
        assertThat(alive.status()).isZero();
        assertThat(alive.err()).contains(" is alive at " + address + " and keeps its own nodes.conf");
    }

    private CommandLineRun rebuild(RedisServer peer, RedisServer node, String... options) {
        String[] arguments = {
            "nodes-conf",
            "redis://" + peer.address(),
            "--node",
            node.address().toString(),
            "--out",
            file(node).toString()
        };
        String[] all = Arrays.copyOf(arguments, arguments.length + options.length);
        System.arraycopy(options, 0, all, arguments.length, options.length);
        return CommandLineRun.of(labs.folder(), all);
    }

    private static void comesBack(LabCluster lab, RedisServer node, String id) {
        node.start();
        lab.awaitWhole(Labs.patience());
        assertThat(id(node)).isEqualTo(id);
    }

    private static Path file(RedisServer node) {
        return node.folder().resolve("nodes.conf");
    }

    private static String id(RedisServer node) {
        try (RespConnection connection = node.connect()) {
            return connection.text("CLUSTER", "MYID");
        }
    }

    private static boolean isMasterForAll(RedisServer node, LabCluster lab) {
        return lab.servers().stream().filter(RedisServer::isRunning).allMatch(viewer -> {
            try (RespConnection connection = viewer.connect()) {
                return NodesConf.parseLines(connection.bytes("CLUSTER", "NODES"), viewer.toString()).stream()
                        .anyMatch(line -> line.port() == node.address().port() && line.role() == Role.MASTER);
            }
        });
    }
}
