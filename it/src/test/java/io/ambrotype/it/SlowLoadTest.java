package io.ambrotype.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.ambrotype.common.HostAndPort;
import io.ambrotype.lab.Keyspace;
import io.ambrotype.lab.LabCluster;
import io.ambrotype.lab.RedisServer;
import io.ambrotype.lab.ServerBinary;
import io.ambrotype.lab.StartOrder;
import io.ambrotype.repository.Manifest;
import io.ambrotype.resp.RespConnection;
import io.ambrotype.resp.RespConnectionException;
import io.ambrotype.resp.ServerInfo;
import io.ambrotype.restore.RestoreRequest;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.extension.RegisterExtension;

/**
 * The erased shard: a restored master loads for longer than the node timeout, so that its replica is promoted over it. An
 * empty replica would then erase the shard. Restored replicas have their shard's data, so nothing is lost, not even when
 * all nodes are started at once and any replica may stand for election. The master is slow enough to be stopped while it
 * loads, and goes on when it has lost its place.
 */
class SlowLoadTest {
    @RegisterExtension
    final Labs labs = new Labs();

    @OldestAndNewest
    void aMasterThatLoadsTooLongLosesItsPlaceAndNoKey(ServerBinary server) throws Exception {
        Assumptions.assumeTrue(server.version().major() >= 6, "servers before 6.0 cannot be made to load slowly");
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
        CompletableFuture<LabCluster> starting =
                CompletableFuture.supplyAsync(() -> labs.adopt(folder, server, StartOrder.ALL_AT_ONCE));
        long loading = pidOf(folder, seed.address());
        signal("STOP", loading);
        RedisServer replica = LabCluster.attach(folder).servers().get(3);
        await().atMost(Labs.patience()).until(() -> isMaster(replica));
        signal("CONT", loading);
        LabCluster restored = starting.join();

        assertThat(restored.masters()).contains(restored.servers().get(3));
        restored.awaitWhole(Labs.patience());
        assertThat(restored.replicas()).hasSize(3);
        assertThat(truth.differencesTo(GroundTruth.of(restored), Instant.now())).isEmpty();
        assertThat(truth.differencesTo(GroundTruth.of(restored.replicas()), Instant.now()))
                .isEmpty();
    }

    private static long pidOf(Path folder, HostAndPort address) {
        await().atMost(Labs.patience())
                .ignoreExceptions()
                .until(() -> server(folder, address).pid().isPresent());
        return server(folder, address).pid().getAsLong();
    }

    private static RedisServer server(Path folder, HostAndPort address) {
        return LabCluster.attach(folder).servers().stream()
                .filter(server -> server.address().equals(address))
                .findFirst()
                .orElseThrow();
    }

    private static void signal(String name, long process) throws IOException, InterruptedException {
        assertThat(new ProcessBuilder("kill", "-" + name, Long.toString(process))
                        .start()
                        .waitFor())
                .isZero();
    }

    private static boolean isMaster(RedisServer server) {
        try (RespConnection connection = server.connect()) {
            return ServerInfo.read(connection, "replication").require("role").equals("master");
        } catch (RespConnectionException e) {
            return false; // it has only just been started
        }
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
