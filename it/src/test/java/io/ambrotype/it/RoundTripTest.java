package io.ambrotype.it;

import static org.assertj.core.api.Assertions.assertThat;

import io.ambrotype.lab.Keyspace;
import io.ambrotype.lab.Keyspace.Feature;
import io.ambrotype.lab.LabCluster;
import io.ambrotype.lab.RedisServer;
import io.ambrotype.lab.ServerBinary;
import io.ambrotype.lab.StartOrder;
import io.ambrotype.repository.Manifest;
import io.ambrotype.resp.RespConnection;
import io.ambrotype.restore.RestoreRequest;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ReadableByteChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Instant;
import java.util.HexFormat;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.extension.RegisterExtension;

/**
 * A cluster is captured while it runs, dies with all its files, and comes back: as it was, with more masters, with fewer,
 * and as a single server. Each time the proof is double: the digests of a new snapshot, and what the servers themselves say
 * of every key.
 */
class RoundTripTest {
    @RegisterExtension
    final Labs labs = new Labs();

    @EachServer
    void aClusterComesBackInEveryShape(ServerBinary server) throws Exception {
        LabCluster lab = labs.cluster(
                server, 3, 1, "cluster-node-timeout 2000", "maxmemory 1gb", "maxmemory-policy allkeys-lfu");
        RedisServer seed = lab.servers().getLast();
        Keyspace.Report written =
                Keyspace.of(11).withFiller(3000).write(seed.address(), seed.settings(), Instant.now());
        Operator operator = new Operator(labs.folder());

        Manifest snapshot = operator.backup(lab);

        GroundTruth truth = GroundTruth.of(lab);
        assertThat(snapshot.summary().entries()).isEqualTo(truth.entries().size());
        assertThat(snapshot.shards())
                .allMatch(shard -> snapshot.node(shard.sourceId()).role() == Manifest.Role.REPLICA);
        lab.close();
        Labs.wipe(lab.dir());

        sameNodesWithTheirOwnBytes(server, operator, snapshot, truth, written);
        for (int[] shape : new int[][] {{5, 0}, {2, 1}}) {
            Path folder = labs.folder().resolve("as-" + shape[0]);
            operator.restore(snapshot, RestoreRequest.into(folder).as(shape[0], shape[1]));
            LabCluster restored = labs.adopt(folder, server, StartOrder.MASTERS_FIRST);
            assertThat(restored.masters()).hasSize(shape[0]);
            assertFunctions(restored, written);
            operator.proveEqual(restored, snapshot, truth);
            restored.close();
        }
        oneRdbForASingleServer(server, operator, snapshot, truth);
    }

    private void sameNodesWithTheirOwnBytes(
            ServerBinary server, Operator operator, Manifest snapshot, GroundTruth truth, Keyspace.Report written)
            throws Exception {
        Path folder = labs.folder().resolve("same");
        operator.restore(snapshot, RestoreRequest.into(folder).withSameIds());
        for (Manifest.Node node : snapshot.topology().nodes()) {
            Path dump = folder.resolve(node.host() + "-" + node.port()).resolve("dump.rdb");
            try (ReadableByteChannel captured = operator.repository()
                            .openDump(snapshot.shards().get(node.shard()).dump());
                    ReadableByteChannel restored = Files.newByteChannel(dump)) {
                assertThat(sha256(restored)).isEqualTo(sha256(captured));
            }
        }
        LabCluster restored = labs.adopt(folder, server, StartOrder.MASTERS_FIRST);
        assertFunctions(restored, written);
        Manifest again = operator.proveEqual(restored, snapshot, truth);
        assertThat(places(again)).isEqualTo(places(snapshot));
        assertThat(truth.differencesTo(GroundTruth.of(restored.replicas()), Instant.now()))
                .isEmpty();
        restored.close();
    }

    private void oneRdbForASingleServer(ServerBinary server, Operator operator, Manifest snapshot, GroundTruth truth)
            throws Exception {
        LabCluster single = labs.standalone(server, 0, "maxmemory-policy allkeys-lfu");
        RedisServer alone = single.servers().getFirst();
        alone.kill();
        operator.restoreSingle(snapshot, alone.folder().resolve("dump.rdb"));
        alone.start();
        alone.awaitReady(Labs.patience());
        operator.proveEqual(single, snapshot, truth);
    }

    /** What has to be the same where the same nodes come back. */
    private record Place(
            String id, Manifest.Role role, String master, int port, String slots, long epoch, String version) {}

    private static Set<Place> places(Manifest manifest) {
        return manifest.topology().nodes().stream()
                .map(node -> new Place(
                        node.id(),
                        node.role(),
                        node.masterId().orElse(""),
                        node.port(),
                        node.slots(),
                        node.configEpoch(),
                        node.version()))
                .collect(Collectors.toUnmodifiableSet());
    }

    private static void assertFunctions(LabCluster lab, Keyspace.Report written) {
        if (written.features().contains(Feature.FUNCTIONS)) {
            for (RedisServer master : lab.masters()) {
                try (RespConnection connection = master.connect()) {
                    assertThat(connection.array("FUNCTION", "LIST")).hasSize(2);
                }
            }
        }
    }

    private static String sha256(ReadableByteChannel bytes) throws IOException, NoSuchAlgorithmException {
        MessageDigest digest = MessageDigest.getInstance("SHA-256");
        ByteBuffer buffer = ByteBuffer.allocate(1 << 16);
        while (bytes.read(buffer.clear()) >= 0) {
            digest.update(buffer.flip());
        }
        return HexFormat.of().formatHex(digest.digest());
    }
}
