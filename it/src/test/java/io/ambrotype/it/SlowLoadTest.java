package io.ambrotype.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.ambrotype.lab.Keyspace;
import io.ambrotype.lab.LabCluster;
import io.ambrotype.lab.RedisServer;
import io.ambrotype.lab.ServerBinary;
import io.ambrotype.lab.StartOrder;
import io.ambrotype.repository.Manifest;
import io.ambrotype.restore.RestoreRequest;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.extension.RegisterExtension;

/**
 * The erased shard: a restored master loads for longer than the node timeout, so that its replica is promoted over it. An
 * empty replica would then erase the shard. Restored replicas have their shard's data, so nothing is lost, not even when
 * all nodes are started at once and any replica may stand for election.
 */
class SlowLoadTest {
    @RegisterExtension
    final Labs labs = new Labs();

    @EachServer
    void aMasterThatLoadsTooLongLosesItsPlaceAndNoKey(ServerBinary server) throws Exception {
        LabCluster lab = labs.cluster(server, 3, 1, "cluster-node-timeout 1000", "cluster-replica-validity-factor 0");
        RedisServer seed = lab.servers().getFirst();
        Keyspace.of(15).withFiller(3000).write(seed.address(), seed.settings(), Instant.now());
        Operator operator = new Operator(labs.folder());
        Manifest snapshot = operator.backup(lab);
        GroundTruth truth = GroundTruth.of(lab);
        lab.close();
        Labs.wipe(lab.dir());

        Path folder = labs.folder().resolve("restored");
        operator.restore(snapshot, RestoreRequest.into(folder));
        slowDown(folder.resolve(seed.address().toString().replace(':', '-')));
        LabCluster restored = labs.adopt(folder, server, StartOrder.ALL_AT_ONCE);
        RedisServer replica = restored.servers().get(3);

        assertThat(replica.address().port()).isEqualTo(seed.address().port() + 3);
        await().atMost(Labs.patience()).until(() -> restored.masters().contains(replica));
        restored.awaitWhole(Labs.patience());
        assertThat(restored.replicas()).hasSize(3);
        assertThat(truth.differencesTo(GroundTruth.of(restored), Instant.now())).isEmpty();
        assertThat(truth.differencesTo(GroundTruth.of(restored.replicas()), Instant.now()))
                .isEmpty();
    }

    /** Three milliseconds for every key, by a setting that servers have for their own tests. */
    private static void slowDown(Path node) throws IOException {
        Files.write(
                node.resolve("ambrotype.conf"),
                List.of("key-load-delay 3000"),
                StandardCharsets.UTF_8,
                StandardOpenOption.APPEND);
    }
}
