package io.ambrotype.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.ambrotype.cli.CommandLineRun;
import io.ambrotype.common.ErrorCode;
import io.ambrotype.lab.Keyspace;
import io.ambrotype.lab.LabCluster;
import io.ambrotype.lab.RedisServer;
import io.ambrotype.repository.Manifest;
import io.ambrotype.repository.SnapshotEntry;
import io.ambrotype.resp.RespConnection;
import io.ambrotype.resp.RespErrorException;
import io.ambrotype.verify.VerifyReport;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/**
 * The process of a backup ends before its time, without warning or by Ctrl-C. The repository stays whole: what was there is
 * untouched, what was begun is shown as unfinished, and the next backup needs no clean-up.
 */
class KilledProcessTest {
    private static final int KILLS = 5;

    @RegisterExtension
    final Labs labs = new Labs();

    private LabCluster lab;
    private Operator operator;
    private Manifest older;

    @BeforeEach
    void takeASnapshot() throws Exception {
        lab = labs.standalone(ServersUnderTest.any(), 0);
        RedisServer master = lab.servers().getFirst();
        Keyspace.of(21).write(master.address(), master.settings(), Instant.now());
        operator = new Operator(labs.folder());
        older = operator.backup(lab);
        try (RespConnection connection = master.connect()) {
            connection.call("SET", "written", "after the first snapshot");
        }
        delay(1500);
    }

    @Test
    void aBackupThatIsKilledHarmsNothing() throws Exception {
        long begun = System.nanoTime();
        Process whole = start();
        assertThat(whole.waitFor(60, TimeUnit.SECONDS)).isTrue();
        assertThat(whole.exitValue()).isZero();
        long takes = System.nanoTime() - begun;

        Process midway = start();
        await().atMost(Labs.patience()).until(() -> !unfinished().isEmpty());
        kill(midway);
        Random random = new Random(22);
        for (int i = 0; i < KILLS; i++) {
            Process process = start();
            if (!process.waitFor(random.nextLong(takes), TimeUnit.NANOSECONDS)) {
                kill(process);
            }
        }

        VerifyReport report = operator.verifyAll();
        assertThat(report.failure()).isEmpty();
        assertThat(report.snapshots())
                .anyMatch(snapshot ->
                        snapshot.snapshot().equals(older.snapshot()) && snapshot.state() == VerifyReport.State.SOUND);
        assertThat(unfinished()).isNotEmpty();
        CommandLineRun list = CommandLineRun.of(
                labs.folder(), "list", "--repo", operator.place().toString());
        assertThat(list.out()).contains("unfinished");
        CommandLineRun restore = CommandLineRun.of(
                labs.folder(),
                "restore",
                unfinished().getFirst(),
                "--repo",
                operator.place().toString(),
                "--into",
                labs.folder().resolve("never").toString());
        assertThat(restore.status()).isEqualTo(ErrorCode.UNRECOVERABLE.exitStatus());
        fast();
        operator.proveEqual(lab, operator.backup(lab), GroundTruth.of(lab));
    }

    @Test
    void aBackupThatIsInterruptedSaysSoAndEnds() throws Exception {
        // However slow this machine is, the signal must come before the end.
        delay(20_000);
        Process process = start();
        await().atMost(Labs.patience()).until(() -> !unfinished().isEmpty());
        assertThat(new ProcessBuilder("kill", "-INT", Long.toString(process.pid()))
                        .start()
                        .waitFor())
                .isZero();

        assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
        assertThat(process.exitValue()).isEqualTo(ErrorCode.INTERRUPTED.exitStatus());
        assertThat(Files.readString(output())).contains("interrupted").doesNotContain("\tat ");
        assertThat(unfinished()).hasSize(1);
        assertThat(filesOf(operator.place().resolve("dumps"))).hasSize(1);
        assertThat(operator.verifyAll().failure()).isEmpty();
        fast();
        assertThat(operator.backup(lab).summary().entries())
                .isEqualTo(older.summary().entries() + 1);
    }

    /** As the program is started, with our class path. */
    private Process start() throws IOException {
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:TieredStopAtLevel=1",
                "--enable-native-access=ALL-UNNAMED",
                "-cp",
                System.getProperty("java.class.path"),
                "io.ambrotype.cli.Main",
                "backup",
                "redis://" + lab.addresses().getFirst(),
                "--repo",
                operator.place().toString(),
                "--spool",
                labs.folder().toString()));
        return new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.to(output().toFile()))
                .start();
    }

    private Path output() {
        return labs.folder().resolve("output.txt");
    }

    private static void kill(Process process) throws InterruptedException {
        process.destroyForcibly();
        assertThat(process.waitFor(Duration.ofSeconds(60))).isTrue();
    }

    private void fast() {
        delay(0);
    }

    /** Microseconds for every key of an RDB, by a setting that servers from 6.0 on have for their own tests. */
    private void delay(int microseconds) {
        try (RespConnection connection = lab.servers().getFirst().connect()) {
            connection.call("CONFIG", "SET", "rdb-key-save-delay", Integer.toString(microseconds));
        } catch (RespErrorException e) {
            Assumptions.abort("this server cannot be slowed down: " + e.getMessage());
        }
    }

    private List<String> unfinished() {
        return operator.repository().list().stream()
                .filter(SnapshotEntry.Unfinished.class::isInstance)
                .map(entry -> entry.snapshot().text())
                .toList();
    }

    private static List<Path> filesOf(Path folder) throws IOException {
        try (Stream<Path> files = Files.walk(folder)) {
            return files.filter(Files::isRegularFile).toList();
        }
    }
}
