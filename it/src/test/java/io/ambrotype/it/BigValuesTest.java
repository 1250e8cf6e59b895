package io.ambrotype.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.ambrotype.lab.Keyspace;
import io.ambrotype.lab.LabCluster;
import io.ambrotype.lab.RedisServer;
import io.ambrotype.lab.ServerBinary;
import io.ambrotype.repository.Manifest;
import io.ambrotype.repository.Repository;
import io.ambrotype.storage.FileStore;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/**
 * Memory does not depend on the data: with 256 MB of heap, and less than 500 MB of resident memory at its highest, a string
 * of 64 MB and a hash of 300 MB go into the repository, through all checks, and out again in another shape.
 */
@Tag("big")
class BigValuesTest {
    private static final int STRING_BYTES = 64 << 20;
    private static final long HASH_BYTES = 300L << 20;
    private static final long RESIDENT_KIBIBYTES = 500 << 10;

    @RegisterExtension
    final Labs labs = new Labs();

    @Test
    void theyPassThroughLittleMemory() throws Exception {
        ServerBinary server = ServersUnderTest.any();
        LabCluster lab = labs.standalone(server, 0, "rdbcompression no");
        RedisServer master = lab.servers().getFirst();
        Keyspace.of(23).withBig(STRING_BYTES, HASH_BYTES).write(master.address(), master.settings(), Instant.now());
        Path place = labs.folder().resolve("repository");
        Path rdb = labs.folder().resolve("all.rdb");

        runWithinLimit(
                "backup",
                "redis://" + master.address(),
                "--spool",
                labs.folder().toString());
        Manifest snapshot = snapshot(place);
        assertThat(snapshot.summary().rdbBytes()).isGreaterThan(STRING_BYTES + HASH_BYTES);
        runWithinLimit("verify", "latest");
        runWithinLimit("restore", "latest", "--rdb", rdb.toString());

        GroundTruth truth = GroundTruth.of(lab);
        master.kill();
        Files.move(rdb, master.folder().resolve("dump.rdb"));
        master.start();
        master.awaitReady(Labs.patience());
        assertThat(truth.differencesTo(GroundTruth.of(lab), Instant.now())).isEmpty();
    }

    /** In a process of its own, whose highest resident memory is read while it runs. */
    private void runWithinLimit(String... arguments) throws IOException, InterruptedException {
        Path output = labs.folder().resolve("output.txt");
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xmx256m",
                "--enable-native-access=ALL-UNNAMED",
                "-cp",
                System.getProperty("java.class.path"),
                "io.ambrotype.cli.Main"));
        command.addAll(List.of(arguments));
        command.addAll(List.of("--repo", labs.folder().resolve("repository").toString()));
        Process process = new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(output.toFile())
                .start();
        AtomicLong highest = new AtomicLong();
        await().atMost(Duration.ofMinutes(3))
                .pollInterval(Duration.ofMillis(20))
                .until(() -> {
                    highest.accumulateAndGet(highestResidentKibibytes(process.pid()), Math::max);
                    return !process.isAlive();
                });
        assertThat(process.waitFor()).as(Files.readString(output)).isZero();
        System.out.println("VmHWM of " + arguments[0] + ": " + (highest.get() >> 10) + " MB");
        assertThat(highest.get()).as(arguments[0]).isBetween(1L, RESIDENT_KIBIBYTES);
    }

    /** VmHWM of proc(5), which only grows; 0 where the process has ended. */
    private static long highestResidentKibibytes(long process) {
        try {
            return Files.readAllLines(Path.of("/proc/" + process + "/status")).stream()
                    .filter(line -> line.startsWith("VmHWM:"))
                    .mapToLong(line -> Long.parseLong(line.replaceAll("[^0-9]", "")))
                    .findFirst()
                    .orElse(0);
        } catch (IOException e) {
            return 0;
        }
    }

    private static Manifest snapshot(Path place) {
        Repository repository = Repository.open(new FileStore(place, Clock.systemUTC()), new SecureRandom());
        return repository.manifest(repository.resolve("latest"));
    }
}
