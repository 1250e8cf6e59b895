package io.ambrotype.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.ambrotype.cli.CommandLineRun;
import io.ambrotype.common.ErrorCode;
import io.ambrotype.lab.LabCluster;
import io.ambrotype.lab.RedisServer;
import io.ambrotype.lab.StartOrder;
import io.ambrotype.repository.Manifest;
import io.ambrotype.resp.RespConnection;
import io.ambrotype.resp.ServerInfo;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/**
 * A restore into files is killed, its disk is too small, or something lies where it shall write. What is said is what has to
 * be done, and then the data come back.
 */
class RestorePlaceTest {
    /** Of a mebibyte each: more than the small disk holds. */
    private static final int VALUES = 10;

    @RegisterExtension
    final Labs labs = new Labs();

    private Operator operator;
    private Manifest snapshot;
    private GroundTruth truth;

    @BeforeEach
    void takeASnapshot() throws Exception {
        LabCluster lab = labs.standalone(ServersUnderTest.any(), 0, "appendonly yes");
        RepositoryPlaceTest.fill(lab.servers().getFirst(), VALUES, 3);
        operator = new Operator(labs.folder());
        snapshot = operator.backup(lab);
        truth = GroundTruth.of(lab);
        lab.close();
    }

    @Test
    void aKilledRestoreSaysWhatToDoAndComesBack() throws Exception {
        Path file = labs.folder().resolve("all.rdb");
        Path partial = labs.folder().resolve(".all.rdb.restoring");
        Process writing = start("--rdb", file.toString());
        await().atMost(Labs.patience()).pollInterval(Duration.ofMillis(5)).until(() -> Files.exists(partial));
        CommandLineRun second = run("restore", "latest", "--rdb", file.toString());
        kill(writing);
        assertThat(second.status()).isEqualTo(ErrorCode.UNSAFE.exitStatus());
        assertThat(second.err()).contains("another restore is writing " + file, "hint: wait until it has ended");
        assertThat(file).doesNotExist();
        assertThat(partial).exists();
        CommandLineRun third = run("restore", "latest", "--rdb", file.toString());
        assertThat(third.status()).as(third.err()).isZero();
        assertThat(partial).doesNotExist();

        Path folder = labs.folder().resolve("restored");
        writing = start("--into", folder.toString());
        await().atMost(Labs.patience())
                .pollInterval(Duration.ofMillis(5))
                .until(() -> Files.exists(folder.resolve(".restoring")));
        kill(writing);
        assertThat(folder).isDirectoryNotContaining(path -> !path.endsWith(".restoring"));
        CommandLineRun left = run("restore", "latest", "--into", folder.toString());
        assertThat(left.status()).isEqualTo(ErrorCode.UNSAFE.exitStatus());
        assertThat(left.err())
                .contains(
                        folder + " holds what an interrupted restore left behind",
                        "then remove what is in it, as its dumps may be incomplete, and run the command again");
        Labs.wipe(folder.resolve(".restoring"));
        CommandLineRun again = run("restore", "latest", "--into", folder.toString());
        assertThat(again.status()).as(again.err()).isZero();
        assertThat(again.out()).contains("CONFIG SET appendonly yes; wait until INFO persistence says ");
        theAppendOnlyFileComesAfterTheData(labs.adopt(folder, ServersUnderTest.any(), StartOrder.MASTERS_FIRST));
    }

    private void theAppendOnlyFileComesAfterTheData(LabCluster restored) throws Exception {
        operator.proveEqual(restored, snapshot, truth);
        RedisServer server = restored.servers().getFirst();
        try (RespConnection connection = server.connect()) {
            assertThat(connection.pairs("CONFIG", "GET", "appendonly")).containsEntry("appendonly", "no");
            connection.call("CONFIG", "SET", "appendonly", "yes");
            await().atMost(Labs.patience()).pollInterval(Duration.ofMillis(20)).until(() -> {
                ServerInfo info = ServerInfo.read(connection, "persistence");
                return info.require("aof_rewrite_in_progress").equals("0")
                        && info.require("aof_rewrite_scheduled").equals("0")
                        && info.require("aof_last_bgrewrite_status").equals("ok");
            });
            connection.call("CONFIG", "REWRITE");
        }
        server.kill();
        server.start();
        server.awaitReady(Labs.patience());
        try (RespConnection connection = server.connect()) {
            assertThat(connection.pairs("CONFIG", "GET", "appendonly")).containsEntry("appendonly", "yes");
            assertThat(connection.integer("DBSIZE")).isEqualTo(VALUES);
        }
    }

    @Test
    void whatIsInTheWayIsNamedAndNothingIsWritten() throws Exception {
        try (Disk disk = Disk.mount(labs.folder().resolve("disk"), 8)) {
            for (Path folder : List.of(disk.place(), disk.place().resolve("new"))) {
                assertFull(disk, "cannot write to " + folder, "--into", folder.toString());
                assertFull(
                        disk,
                        "cannot write to " + folder,
                        "--into",
                        folder.toString(),
                        "--masters",
                        "1",
                        "--replicas",
                        "0",
                        "--nodes",
                        "127.0.0.1:" + Labs.freePorts(1));
            }
            Path file = disk.place().resolve("all.rdb");
            assertFull(disk, "cannot write " + file, "--rdb", file.toString());
        }

        for (String stale : List.of("appendonlydir", "appendonly.aof", "dump.rdb")) {
            Path folder = Files.createDirectories(labs.folder().resolve("stale-" + stale));
            Path inTheWay = Files.createDirectory(folder.resolve(stale));
            CommandLineRun run = run("restore", "latest", "--into", folder.toString());
            assertThat(run.status()).isEqualTo(ErrorCode.UNSAFE.exitStatus());
            assertThat(run.err()).contains("error: " + folder + " is not empty", "hint: it holds " + stale + ";");
            assertThat(in(folder)).containsExactly(inTheWay);
            CommandLineRun dump =
                    run("restore", "latest", "--rdb", folder.resolve("dump.rdb").toString());
            if (stale.equals("dump.rdb")) {
                assertThat(dump.status()).isEqualTo(ErrorCode.UNSAFE.exitStatus());
                assertThat(dump.err()).contains(inTheWay + " exists already");
                assertThat(in(folder)).containsExactly(inTheWay);
            } else {
                assertThat(dump.status()).isZero();
                assertThat(dump.err()).contains("warning: " + inTheWay + " lies beside dump.rdb: ");
            }
        }
    }

    private void assertFull(Disk disk, String error, String... where) throws IOException {
        List<String> command = new ArrayList<>(List.of("restore", "latest"));
        command.addAll(Arrays.asList(where));
        CommandLineRun run = run(command.toArray(new String[0]));
        assertThat(run.status()).as(run.err()).isEqualTo(ErrorCode.FAILED.exitStatus());
        assertThat(run.err())
                .contains("error: " + error + ": no space left on device")
                .containsPattern("hint: make room there or choose another place, and run the command again: about"
                        + " 10[0-9]{6} bytes are to be written, and 8[0-9]{6} were free; nothing was left there")
                .doesNotContain("\tat ");
        assertThat(in(disk.place())).isEmpty();
    }

    /** As the program is started, so slowly that it is in its midst for seconds. */
    private Process start(String... where) throws IOException {
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xint",
                "--enable-native-access=ALL-UNNAMED",
                "-cp",
                System.getProperty("java.class.path"),
                "io.ambrotype.cli.Main",
                "restore",
                "latest",
                "--repo",
                operator.place().toString()));
        command.addAll(Arrays.asList(where));
        return new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(labs.folder().resolve("output.txt").toFile())
                .start();
    }

    private static void kill(Process process) throws InterruptedException {
        assertThat(process.isAlive()).isTrue();
        process.destroyForcibly();
        assertThat(process.waitFor(Labs.patience())).isTrue();
    }

    private CommandLineRun run(String... command) {
        return CommandLineRun.on(operator.place(), labs.folder(), command);
    }

    private static List<Path> in(Path folder) throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            return files.toList();
        }
    }
}
