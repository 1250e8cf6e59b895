package io.ambrotype.it;

import static org.assertj.core.api.Assertions.assertThat;

import io.ambrotype.cli.CommandLineRun;
import io.ambrotype.common.ErrorCode;
import io.ambrotype.lab.Keyspace;
import io.ambrotype.lab.LabCluster;
import io.ambrotype.lab.RedisServer;
import io.ambrotype.lab.ServerBinary;
import io.ambrotype.repository.DumpReference;
import io.ambrotype.repository.Manifest;
import io.ambrotype.repository.SnapshotEntry;
import io.ambrotype.resp.RespConnection;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** What a repository has lost is named and never restored, and no restore writes where it must not. */
class RepositoryFaultsTest {
    private static final ServerBinary SERVER = ServersUnderTest.any();

    @RegisterExtension
    final Labs labs = new Labs();

    private LabCluster lab;
    private Operator operator;
    private Manifest snapshot;

    @BeforeEach
    void takeASnapshot() throws Exception {
        lab = labs.cluster(SERVER, 3, 0, "cluster-node-timeout 2000");
        RedisServer seed = lab.servers().getFirst();
        Keyspace.of(19).write(seed.address(), seed.settings(), Instant.now());
        operator = new Operator(labs.folder());
        snapshot = operator.backup(lab);
    }

    @Test
    void whatIsMissingOrFalsifiedIsNamedAndNothingIsRestored() throws Exception {
        for (RedisServer server : lab.servers()) {
            try (RespConnection connection = server.connect()) {
                connection.call("FLUSHALL");
            }
        }
        RedisServer seed = lab.servers().getFirst();
        Keyspace.of(20).write(seed.address(), seed.settings(), Instant.now());
        Manifest untouched = operator.backup(lab);
        lab.close();
        DumpReference dump = snapshot.shards().get(1).dump();
        Path object = operator.place().resolve(dump.objectName());
        byte[] bytes = Files.readAllBytes(object);
        Random random = new Random(20);

        for (int i = 0; i < 6; i++) {
            int at = random.nextInt(bytes.length);
            byte[] falsified = bytes.clone();
            falsified[at] ^= (byte) (1 << random.nextInt(8));
            replace(object, falsified);
            assertDamageIsSeen(dump);
        }
        replace(object, Arrays.copyOf(bytes, bytes.length / 2));
        assertDamageIsSeen(dump);
        Files.delete(object);
        assertDamageIsSeen(dump);

        assertThat(run("verify", untouched.snapshot().text()).status()).isZero();
        replace(object, bytes);
        assertThat(run("verify", "--all").status()).isZero();
        Path manifest = operator.place()
                .resolve("snapshots")
                .resolve(snapshot.snapshot().text())
                .resolve("manifest.json");
        byte[] text = Files.readAllBytes(manifest);
        text[text.length / 2] ^= 1;
        replace(manifest, text);
        CommandLineRun verify = run("verify", snapshot.snapshot().text());
        assertThat(verify.status()).isEqualTo(ErrorCode.CORRUPT.exitStatus());
        assertThat(verify.out() + verify.err()).contains("manifest.json");
        assertThat(run("verify", untouched.snapshot().text()).status()).isZero();
    }

    private void assertDamageIsSeen(DumpReference dump) {
        CommandLineRun verify = run("verify", snapshot.snapshot().text());
        assertThat(verify.status()).isEqualTo(ErrorCode.CORRUPT.exitStatus());
        assertThat(verify.out() + verify.err()).contains(dump.objectName());
        for (List<String> form : List.of(List.<String>of(), List.of("--masters", "2", "--replicas", "0"))) {
            Path folder = labs.folder().resolve("restored");
            List<String> command =
                    new ArrayList<>(List.of("restore", snapshot.snapshot().text(), "--into", folder.toString()));
            command.addAll(form);
            CommandLineRun restore = run(command.toArray(new String[0]));
            assertThat(restore.status()).as(restore.err()).isEqualTo(ErrorCode.CORRUPT.exitStatus());
            assertThat(restore.err()).contains("error: ").doesNotContain("\tat ");
            assertThat(folder).doesNotExist();
        }
        Path file = labs.folder().resolve("all.rdb");
        assertThat(run("restore", snapshot.snapshot().text(), "--rdb", file.toString())
                        .status())
                .isEqualTo(ErrorCode.CORRUPT.exitStatus());
        assertThat(labs.folder())
                .isDirectoryNotContaining(path -> path.toString().endsWith(".rdb"));
    }

    @Test
    void twoBackupsAtOnceDoNotHarmEachOther() throws Exception {
        try (ExecutorService two = Executors.newFixedThreadPool(2)) {
            Callable<Manifest> backup = () -> operator.backup(lab);
            List<Future<Manifest>> both = two.invokeAll(List.of(backup, backup));
            assertThat(operator.compare(both.get(0).get(), both.get(1).get()).isEqual())
                    .isTrue();
        }
        assertThat(operator.repository().list()).hasSize(3).allMatch(SnapshotEntry.Finished.class::isInstance);
        assertThat(operator.verifyAll().failure()).isEmpty();
    }

    @Test
    void nothingIsRestoredOverWhatIsThere() throws Exception {
        Path folder = labs.folder().resolve("restored");
        String into = folder.toString();
        int free = Labs.freePorts(3);
        String others = "127.0.0.1:%d,127.0.0.1:%d,127.0.0.1:%d".formatted(free, free + 1, free + 2);

        CommandLineRun own = run("restore", "latest", "--into", into);
        assertThat(own.status()).isEqualTo(ErrorCode.UNSAFE.exitStatus());
        assertThat(own.err())
                .contains("something answers at " + lab.addresses().getFirst().host());
        CommandLineRun sameIds = run("restore", "latest", "--into", into, "--same-ids", "--nodes", others);
        assertThat(sameIds.status()).isEqualTo(ErrorCode.UNSAFE.exitStatus());
        assertThat(sameIds.err()).containsAnyOf("the old node ", "in touch with a living node ");
        assertThat(folder).doesNotExist();

        Files.createDirectories(folder);
        Path precious = Files.writeString(folder.resolve("dump.rdb"), "precious");
        CommandLineRun full = run("restore", "latest", "--into", into, "--nodes", others);
        assertThat(full.status()).isEqualTo(ErrorCode.UNSAFE.exitStatus());
        assertThat(full.err()).contains(folder + " is not empty");
        CommandLineRun file = run("restore", "latest", "--rdb", precious.toString());
        assertThat(file.status()).isEqualTo(ErrorCode.UNSAFE.exitStatus());
        assertThat(precious).hasContent("precious");

        Files.delete(precious);
        assertThat(run("restore", "latest", "--into", into, "--nodes", others).status())
                .isZero();
        assertThat(run("restore", "none-such", "--into", into).status()).isNotZero();
    }

    private CommandLineRun run(String... command) {
        return CommandLineRun.on(operator.place(), labs.folder(), command);
    }

    /** Objects are never changed by us, so that their files may be read-only. */
    private static void replace(Path file, byte[] bytes) throws IOException {
        Files.deleteIfExists(file);
        Files.write(file, bytes);
    }
}
