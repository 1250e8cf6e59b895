package io.ambrotype.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.ambrotype.cli.CommandLineRun;
import io.ambrotype.common.AmbrotypeException;
import io.ambrotype.common.ErrorCode;
import io.ambrotype.common.HostAndPort;
import io.ambrotype.lab.Keyspace;
import io.ambrotype.lab.LabCluster;
import io.ambrotype.lab.RedisServer;
import io.ambrotype.lab.ServerBinary;
import io.ambrotype.repository.Manifest;
import io.ambrotype.resp.RespConnection;
import io.ambrotype.resp.RespErrorException;
import io.ambrotype.restore.RestoreRequest;
import io.ambrotype.topology.NodesConf;
import io.ambrotype.topology.Role;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import org.junit.jupiter.api.extension.RegisterExtension;

/**
 * One machine of a living cluster loses its disk, and its node comes back as itself: a replica, and a master whose shard
 * has failed over meanwhile. Data written after the snapshot stay.
 */
class LostDiskTest {
    @RegisterExtension
    final Labs labs = new Labs();

    @OldestAndNewest
    void aNodeComesBackAsItself(ServerBinary server) throws Exception {
        LabCluster lab = labs.cluster(server, 3, 1, "cluster-node-timeout 1500");
        RedisServer master = lab.servers().get(1);
        RedisServer replica = lab.servers().get(3);
        Keyspace.of(14).write(master.address(), master.settings(), Instant.now());
        Operator operator = new Operator(labs.folder());
        Manifest snapshot = operator.backup(lab);
        write(lab, "after the snapshot");
        GroundTruth truth = GroundTruth.of(lab);

        refused(operator, snapshot, replica, "something answers at " + replica.address());
        refused(operator, snapshot, master, "something answers at " + master.address());

        comesBack(operator, snapshot, lab, replica);
        assertThat(lab.replicas()).contains(replica);
        assertThat(truth.differencesTo(GroundTruth.of(lab), Instant.now())).isEmpty();

        RedisServer successor = lab.servers().get(4);
        set(successor, "cluster-replica-no-failover", "yes");
        master.kill();
        refused(operator, snapshot, master, "is alive and was not promoted");
        set(successor, "cluster-replica-no-failover", "no");
        await().atMost(Labs.patience()).until(() -> isMasterForAll(successor, lab));
        comesBack(operator, snapshot, lab, master);
        assertThat(lab.replicas()).contains(master).hasSize(3);
        assertThat(truth.differencesTo(GroundTruth.of(lab), Instant.now())).isEmpty();
        assertThat(truth.differencesTo(GroundTruth.of(lab.replicas()), Instant.now()))
                .isEmpty();
    }

    private void refused(Operator operator, Manifest snapshot, RedisServer node, String reason) {
        Path folder = labs.folder().resolve("refused");
        assertThatThrownBy(() ->
                        operator.restore(snapshot, RestoreRequest.into(folder).only(node.address())))
                .isInstanceOfSatisfying(
                        AmbrotypeException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.UNSAFE))
                .hasMessageContaining(reason);
        assertThat(folder).doesNotExist();
    }

    /** Its folder is gone; what the restore makes takes its place, under the path that the configuration names. */
    private void comesBack(Operator operator, Manifest snapshot, LabCluster lab, RedisServer node) throws Exception {
        node.kill();
        byte[] started = Files.readAllBytes(node.folder().resolve("lab.conf"));
        String id = idOf(snapshot, node.address());
        Labs.wipe(node.folder());
        Path folder = labs.folder().resolve("node-" + node.address().port());

        CommandLineRun run = CommandLineRun.of(
                labs.folder(),
                "restore",
                "latest",
                "--repo",
                operator.place().toString(),
                "--into",
                folder.toString(),
                "--node",
                node.address().toString());

        assertThat(run.status()).as(run.err()).isZero();
        Path restored = folder.resolve(node.address().toString().replace(':', '-'));
        assertThat(restored).isDirectoryContaining(file -> file.endsWith("dump.rdb"));
        Files.move(restored, node.folder());
        Files.write(node.folder().resolve("lab.conf"), started);
        node.start();
        lab.awaitWhole(Labs.patience());
        try (RespConnection connection = node.connect()) {
            assertThat(connection.text("CLUSTER", "MYID")).isEqualTo(id);
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

    private static void set(RedisServer server, String name, String value) {
        try (RespConnection connection = server.connect()) {
            connection.call("CONFIG", "SET", name, value);
        }
    }

    private static String idOf(Manifest snapshot, HostAndPort address) {
        return snapshot.topology().nodes().stream()
                .filter(node -> node.port() == address.port())
                .findFirst()
                .orElseThrow()
                .id();
    }

    /** To every master a key of its own. */
    private static void write(LabCluster lab, String value) {
        for (RedisServer master : lab.masters()) {
            try (RespConnection connection = master.connect()) {
                for (int i = 0; !taken(connection, "key " + i, value); i++) {
                    // The next key is in another slot.
                }
            }
        }
    }

    private static boolean taken(RespConnection connection, String key, String value) {
        try {
            connection.call("SET", key, value);
            return true;
        } catch (RespErrorException e) {
            assertThat(e.prefix()).isEqualTo("MOVED");
            return false;
        }
    }
}
