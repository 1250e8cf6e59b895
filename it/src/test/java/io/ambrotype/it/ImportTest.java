package io.ambrotype.it;

import static org.assertj.core.api.Assertions.assertThat;

import io.ambrotype.cli.CommandLineRun;
import io.ambrotype.lab.Keyspace;
import io.ambrotype.lab.LabCluster;
import io.ambrotype.lab.RedisServer;
import io.ambrotype.lab.ServerBinary;
import io.ambrotype.lab.StartOrder;
import io.ambrotype.repository.Manifest;
import io.ambrotype.resp.RespConnection;
import io.ambrotype.restore.RestoreRequest;
import io.ambrotype.verify.VerifyReport;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Files that servers have saved become a snapshot like any other, or are refused with what is wrong about them. */
class ImportTest {
    @RegisterExtension
    final Labs labs = new Labs();

    /** What is compared. */
    private record Imported(Operator operator, Manifest captured, Manifest imported, GroundTruth truth) {}

    @EachServer
    void filesOfAClusterBecomeASnapshot(ServerBinary server) throws Exception {
        Imported all = imported(server);
        assertThat(all.imported.snapshot()).isNotEqualTo(all.captured.snapshot());
        assertThat(all.operator.compare(all.captured, all.imported).isEqual()).isTrue();
        assertThat(all.operator.verifyAll().snapshots())
                .allMatch(verdict -> verdict.state() == VerifyReport.State.SOUND);
        assertThat(all.imported.summary().versions())
                .isEqualTo(all.captured.summary().versions());
    }

    @Test
    void anImportedClusterIsRestored() throws Exception {
        ServerBinary server = ServersUnderTest.any();
        Imported all = imported(server);
        Path restored = labs.folder().resolve("restored");
        all.operator.restore(all.imported, RestoreRequest.into(restored).withSameIds());
        LabCluster again = labs.adopt(restored, server, StartOrder.MASTERS_FIRST);
        all.operator.proveEqual(again, all.imported, all.truth);
    }

    /** A cluster is captured, saves, ends, and its folders are imported in another order, after some wrong attempts. */
    private Imported imported(ServerBinary server) throws Exception {
        LabCluster lab = labs.cluster(server, 3, 1);
        Keyspace.of(31)
                .write(lab.addresses().getFirst(), lab.servers().getFirst().settings(), Instant.now());
        Operator operator = new Operator(labs.folder());
        Manifest captured = operator.backup(lab);
        GroundTruth truth = GroundTruth.of(lab);
        List<String> files = new ArrayList<>();
        for (RedisServer master : lab.masters()) {
            try (RespConnection connection = master.connect()) {
                connection.call("SAVE");
            }
            files.addFirst(master.folder().toString());
        }
        String topology = nodesConf(lab.replicas().getFirst().folder()).toString();
        lab.close();

        CommandLineRun missing = run("import", "shop", "--topology", topology, files.get(0), files.get(1));
        assertThat(missing.status()).isEqualTo(2);
        assertThat(missing.err()).contains("there is no file for master 127.0.0.1:");
        CommandLineRun twice =
                run("import", "shop", "--topology", topology, files.get(0), files.get(1), files.get(1) + "/dump.rdb");
        assertThat(twice.status()).isEqualTo(2);
        assertThat(twice.err()).contains("are both of the shard of master");
        CommandLineRun dry =
                run("import", "shop", "--topology", topology, "--dry-run", files.get(0), files.get(1), files.get(2));
        assertThat(dry.status()).as(dry.err()).isZero();
        assertThat(dry.out()).contains("most of its keys").contains("nothing was written");
        CommandLineRun done = run("import", "shop", "--topology", topology, files.get(0), files.get(1), files.get(2));
        assertThat(done.status()).as(done.err()).isZero();
        Manifest imported = operator.repository().manifest(operator.repository().resolve("latest"));
        return new Imported(operator, captured, imported, truth);
    }

    private static Path nodesConf(Path folder) throws IOException {
        try (var files = Files.list(folder)) {
            return files.filter(file -> file.getFileName().toString().matches("nodes.*\\.conf"))
                    .findFirst()
                    .orElseThrow();
        }
    }

    @Test
    void noFlippedByteGetsThrough() throws Exception {
        RedisServer server = labs.server(ServersUnderTest.any());
        try (RespConnection connection = server.connect()) {
            connection.call("SET", "order", "paid");
            connection.call("HSET", "cart", "book", "2");
            connection.call("SAVE");
        }
        server.kill();
        byte[] sound = Files.readAllBytes(server.folder().resolve("dump.rdb"));
        Path file = labs.folder().resolve("flipped.rdb");
        for (int at = 0; at < sound.length; at++) {
            byte[] flipped = sound.clone();
            flipped[at] ^= 0x10;
            Files.write(file, flipped);
            CommandLineRun refused = run("import", "cache", "--standalone", file.toString());
            assertThat(refused.status()).as("byte %d: %s", at, refused.err()).isEqualTo(20);
            assertThat(refused.err()).containsPattern("byte \\d+").contains(file.toString());
        }
        for (byte[] wrong : List.of(
                new byte[0],
                Arrays.copyOf(sound, sound.length - 1),
                Arrays.copyOf(sound, sound.length + 7),
                "*1\r\n$4\r\nPING\r\n".getBytes(StandardCharsets.US_ASCII))) {
            Files.write(file, wrong);
            CommandLineRun refused = run("import", "cache", "--standalone", file.toString());
            assertThat(refused.status()).as(refused.err()).isEqualTo(20);
        }
        assertThat(labs.folder().resolve("repository")).doesNotExist();
    }

    @Test
    void theBaseOfAnAppendOnlyFolderIsImportedAndTheRestIsNamed() throws Exception {
        RedisServer server = labs.server(ServersUnderTest.any(), "appendonly yes", "aof-use-rdb-preamble yes");
        try (RespConnection connection = server.connect()) {
            connection.call("SET", "in:base", "1");
            connection.call("BGREWRITEAOF");
            await(connection, "aof_rewrite_in_progress:0", "aof_rewrite_scheduled:0");
            connection.call("SET", "behind:it", "1");
            await(connection, "aof_pending_bio_fsync:0");
        }
        server.kill();
        Path folder = server.folder();
        boolean multiPart = Files.isDirectory(folder.resolve("appendonlydir"));
        Path given = multiPart ? folder : folder.resolve("appendonly.aof");
        CommandLineRun done = run("import", "cache", "--standalone", given.toString());
        assertThat(done.status()).as(done.err()).isZero();
        assertThat(done.err()).contains("not imported: ").contains("bytes of commands");
        assertThat(done.out()).contains("1 entry of 1 shard");
    }

    private static void await(RespConnection connection, String... signs) {
        Instant deadline = Instant.now().plus(Labs.patience());
        while (!Arrays.stream(signs)
                .allMatch(connection.call("INFO", "persistence").text()::contains)) {
            assertThat(Instant.now()).isBefore(deadline);
            Thread.onSpinWait();
        }
    }

    private CommandLineRun run(String... arguments) {
        List<String> all = new ArrayList<>(List.of(arguments));
        all.addAll(List.of("--repo", labs.folder().resolve("repository").toString()));
        return CommandLineRun.of(labs.folder(), all.toArray(String[]::new));
    }
}
