package io.ambrotype.it;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.ambrotype.cli.CommandLineRun;
import io.ambrotype.common.ErrorCode;
import io.ambrotype.lab.LabCluster;
import io.ambrotype.lab.RoutedPipeline;
import io.ambrotype.lab.ServerBinary;
import io.ambrotype.lab.StartOrder;
import io.ambrotype.repository.Manifest;
import io.ambrotype.resp.ServerVersion.Vendor;
import io.ambrotype.restore.RestoreRequest;
import java.nio.file.Path;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Clusters with several databases, as Valkey has them from 9.0 on: there and back, and never half into one that has only the first. */
class ClusterDatabasesTest {
    private static final String DATABASES = "cluster-databases 4";
    private static final int KEYS = 300;

    @RegisterExtension
    final Labs labs = new Labs();

    @Test
    void everyDatabaseComesBack() throws Exception {
        Optional<ServerBinary> server = ServersUnderTest.all().stream()
                .filter(each -> each.version().vendor() == Vendor.VALKEY
                        && each.version().major() >= 9)
                .findFirst();
        assumeTrue(server.isPresent(), "no Valkey 9 is in this run");
        Operator operator = new Operator(labs.folder());
        Manifest snapshot;
        try (LabCluster source = labs.cluster(server.get(), 2, 0, DATABASES)) {
            try (RoutedPipeline pipeline = RoutedPipeline.open(
                    source.addresses().getFirst(), source.servers().getFirst().settings())) {
                for (int i = 0; i < KEYS; i++) {
                    byte[] key = ("key:" + i).getBytes(UTF_8);
                    byte[] value = ("value " + i % 4).getBytes(UTF_8);
                    pipeline.send(i % 4, key, "SET".getBytes(UTF_8), key, value);
                }
                pipeline.flush();
            }
            snapshot = operator.backup(source);
        }
        assertThat(snapshot.summary().entries()).isEqualTo(KEYS);

        CommandLineRun boot =
                run("verify", "--boot", "--server", server.get().launcher().toString());
        assertThat(boot.status()).as(boot.out() + boot.err()).isZero();

        Path folder = labs.folder().resolve("restored");
        operator.restore(snapshot, RestoreRequest.into(folder));
        try (LabCluster restored = labs.adopt(folder, server.get(), StartOrder.MASTERS_FIRST)) {
            assertThat(operator.compare(snapshot, operator.backup(restored)).isEqual())
                    .isTrue();
        }

        try (LabCluster target = labs.cluster(server.get(), 3, 0, DATABASES)) {
            CommandLineRun live = restore(snapshot, target);
            assertThat(live.status()).as(live.err()).isZero();
            assertThat(operator.compare(snapshot, operator.backup(target)).isEqual())
                    .isTrue();
        }

        LabCluster one = labs.cluster(ServersUnderTest.any(), 3, 0);
        CommandLineRun refused = restore(snapshot, one);
        assertThat(refused.status()).isEqualTo(ErrorCode.UNRECOVERABLE.exitStatus());
        assertThat(refused.err()).contains("database 3").contains("a cluster has database 0 only");
        assertThat(GroundTruth.of(one).entries()).isEmpty();
    }

    private CommandLineRun restore(Manifest snapshot, LabCluster target) {
        return run(
                "restore",
                snapshot.snapshot().text(),
                "--yes",
                "--to",
                "redis://" + target.addresses().getFirst());
    }

    private CommandLineRun run(String... command) {
        return CommandLineRun.on(labs.folder().resolve("repository"), labs.folder(), command);
    }
}
