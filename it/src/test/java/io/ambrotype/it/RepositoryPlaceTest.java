package io.ambrotype.it;

import static org.assertj.core.api.Assertions.assertThat;

import io.ambrotype.cli.CommandLineRun;
import io.ambrotype.common.ErrorCode;
import io.ambrotype.lab.LabCluster;
import io.ambrotype.lab.RedisServer;
import io.ambrotype.repository.Repository;
import io.ambrotype.repository.SnapshotEntry;
import io.ambrotype.resp.RespConnection;
import io.ambrotype.storage.FileStore;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** The file system of a repository fills up in the middle of a backup, gets room again, and then lets nobody write. */
class RepositoryPlaceTest {
    private static final int MEBIBYTE = 1 << 20;

    @RegisterExtension
    final Labs labs = new Labs();

    private final Path disk = labs.folder().resolve("disk");
    private final Path place = disk.resolve("repository");

    @Test
    void aBackupNeedsRoomAndARestoreNeedsNone() throws Exception {
        LabCluster lab = labs.standalone(ServersUnderTest.any(), 0);
        try (Disk mounted = Disk.mount(disk, 8)) {
            fill(lab.servers().getFirst(), 1, 1);
            assertThat(backup(lab).status()).isZero();
            String first = snapshots().getFirst().snapshot().text();

            // More than one frame of a dump: the first is written while the rest is still on its way.
            fill(lab.servers().getFirst(), 20, 2);
            CommandLineRun full = backup(lab);
            assertThat(full.status()).isEqualTo(ErrorCode.FAILED.exitStatus());
            assertThat(full.err())
                    .contains("error: cannot write to " + place + ": no space left on device")
                    .containsPattern(
                            "hint: free some space there \\([0-9]+ bytes are free\\) and run the command again;"
                                    + " what is stored already is intact")
                    .doesNotContain("\tat ");
            assertThat(filesIn(place.resolve(".tmp"))).isEmpty();
            assertThat(filesIn(place.resolve("dumps"))).hasSize(1);
            assertThat(run("verify", "--all").status()).isZero();
            assertThat(run("list").out()).contains(first, "unfinished");

            mounted.resize(64);
            CommandLineRun again = backup(lab);
            assertThat(again.status()).as(again.err()).isZero();
            assertThat(run("verify").status()).isZero();

            mounted.makeReadOnly();
            List<SnapshotEntry> before = snapshots();
            CommandLineRun refused = backup(lab);
            assertThat(refused.status()).isEqualTo(ErrorCode.FAILED.exitStatus());
            assertThat(refused.err())
                    .contains(
                            "error: cannot write to " + place + ": read-only file system",
                            "hint: mount it writable, or name another repository")
                    .doesNotContain("\tat ");
            lab.close();
            everythingIsRead(first, before);
        }
    }

    private void everythingIsRead(String first, List<SnapshotEntry> before) {
        assertThat(snapshots()).isEqualTo(before).hasSize(3);
        assertThat(run("list").out()).contains(first);
        for (List<String> command : List.of(
                List.of("show", first),
                List.of("verify", "--all"),
                List.of("compare", "latest", "latest"),
                List.of(
                        "restore",
                        "latest",
                        "--into",
                        labs.folder().resolve("restored").toString()),
                List.of(
                        "restore",
                        first,
                        "--rdb",
                        labs.folder().resolve("all.rdb").toString()))) {
            CommandLineRun run = run(command.toArray(new String[0]));
            assertThat(run.status()).as(command + ": " + run.err()).isZero();
        }
        CommandLineRun different = run("compare", first, "latest");
        assertThat(different.status()).isEqualTo(ErrorCode.FAILED.exitStatus());
        assertThat(different.out()).contains("different");
    }

    /** Values that do not get smaller by compression. */
    static void fill(RedisServer server, int values, long seed) {
        Random random = new Random(seed);
        try (RespConnection connection = server.connect()) {
            for (int i = 0; i < values; i++) {
                byte[] value = new byte[MEBIBYTE];
                random.nextBytes(value);
                connection.call(
                        "SET".getBytes(StandardCharsets.US_ASCII),
                        ("value-" + i).getBytes(StandardCharsets.US_ASCII),
                        value);
            }
        }
    }

    private CommandLineRun backup(LabCluster lab) {
        return run(
                "backup",
                "redis://" + lab.addresses().getFirst(),
                "--spool",
                labs.folder().toString());
    }

    private CommandLineRun run(String... command) {
        return CommandLineRun.on(place, labs.folder(), command);
    }

    private List<SnapshotEntry> snapshots() {
        return Repository.open(new FileStore(place, Clock.systemUTC()), new Random(1))
                .list();
    }

    private static List<Path> filesIn(Path folder) throws IOException {
        try (Stream<Path> files = Files.walk(folder)) {
            return files.filter(Files::isRegularFile).toList();
        }
    }
}
