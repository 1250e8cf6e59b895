package io.ambrotype.it;

import io.ambrotype.lab.LabCluster;
import io.ambrotype.lab.LabSpec;
import io.ambrotype.lab.Ports;
import io.ambrotype.lab.RedisServer;
import io.ambrotype.lab.ServerBinary;
import io.ambrotype.lab.StartOrder;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.opentest4j.TestAbortedException;

/**
 * Real servers for one test, by {@code @RegisterExtension}: they live in a folder of the test's own, on ports that were
 * free, and are killed when the test ends, also when it is interrupted. The folder is removed unless the test fails; then
 * its place is printed.
 *
 * <p>Ports are taken from {@code ambrotype.test.port.first} to {@code ambrotype.test.port.last}. Of these each of {@code
 * ambrotype.test.forks} processes that run tests at the same time has its share, by its number {@code ambrotype.test.fork}.
 */
final class Labs implements AfterEachCallback {
    private static final int FIRST_PORT = firstPort(Integer.getInteger("ambrotype.test.fork", 1));
    private static final int LAST_PORT = firstPort(Integer.getInteger("ambrotype.test.fork", 1) + 1) - 1;

    private final List<AutoCloseable> running = new CopyOnWriteArrayList<>();
    private final Thread atExit = new Thread(this::endServers);
    private final Path folder;
    private int labs;

    Labs() {
        try {
            folder = Files.createTempDirectory("ambrotype-it-").toRealPath();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        Runtime.getRuntime().addShutdownHook(atExit);
    }

    /** The test's folder, for whatever it writes. */
    Path folder() {
        return folder;
    }

    /** A new cluster, whole and in sync. */
    LabCluster cluster(ServerBinary server, int masters, int replicas, String... configuration) {
        return create(
                LabSpec.cluster(newFolder(), server, masters, replicas, freePorts(masters * (replicas + 1))),
                configuration);
    }

    /** A new cluster with something else about it: its layout, a password, TLS. */
    LabCluster cluster(ServerBinary server, int masters, int replicas, UnaryOperator<LabSpec> change) {
        LabSpec usual = LabSpec.cluster(newFolder(), server, masters, replicas, freePorts(masters * (replicas + 1)));
        return ended(LabCluster.create(change.apply(usual.with("save \"\""))));
    }

    /** A new standalone master with replicas in sync. */
    LabCluster standalone(ServerBinary server, int replicas, String... configuration) {
        return create(LabSpec.standalone(newFolder(), server, replicas, freePorts(1 + replicas)), configuration);
    }

    /** A new standalone master with replicas in sync, watched by three Sentinels that know each other. */
    LabCluster watched(ServerBinary server, int replicas, String... configuration) {
        LabSpec spec = LabSpec.standalone(newFolder(), server, replicas, freePorts(1 + replicas + 3));
        return create(spec.withSentinels(3), configuration);
    }

    /** A single server that answers. */
    RedisServer server(ServerBinary binary, String... configuration) {
        return standalone(binary, 0, configuration).servers().getFirst();
    }

    /** The servers of folders that a restore wrote. */
    LabCluster adopt(Path dir, ServerBinary server, StartOrder order, String... configuration) {
        return ended(LabCluster.adopt(dir, server, List.of(configuration), order));
    }

    /** Has a lab that the test started by itself killed at its end. */
    LabCluster ended(LabCluster lab) {
        running.add(lab);
        return lab;
    }

    /** Removes a folder with all that is in it: the disks are gone. */
    static void wipe(Path folder) throws IOException {
        try (Stream<Path> files = Files.walk(folder)) {
            for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.deleteIfExists(file);
            }
        }
    }

    /** The first of so many consecutive ports that nobody uses now. */
    static int freePorts(int count) {
        return Ports.findBlock(count, FIRST_PORT, LAST_PORT)
                .orElseThrow(() -> new IllegalStateException("no " + count + " free ports in a row"));
    }

    /** Where the share of a process begins; its end is where the next one's would begin. */
    private static int firstPort(int fork) {
        int first = Integer.getInteger("ambrotype.test.port.first", 20_000);
        int last = Integer.getInteger("ambrotype.test.port.last", 22_700);
        return first + (last + 1 - first) * (fork - 1) / Integer.getInteger("ambrotype.test.forks", 1);
    }

    /** For a server or a lab to wait in; nothing in the tests should take as long. */
    static Duration patience() {
        return Duration.ofSeconds(60);
    }

    @Override
    public void afterEach(ExtensionContext context) throws IOException {
        endServers();
        Runtime.getRuntime().removeShutdownHook(atExit);
        if (context.getExecutionException()
                .filter(reason -> !(reason instanceof TestAbortedException))
                .isPresent()) {
            System.out.println("the servers' folders and logs are kept in " + folder);
            return;
        }
        wipe(folder);
    }

    private LabCluster create(LabSpec spec, String... configuration) {
        // Saving on its own would make what a server's disk has a matter of time.
        return ended(LabCluster.create(spec.with("save \"\"").with(configuration)));
    }

    private Path newFolder() {
        return folder.resolve("lab-" + ++labs);
    }

    private void endServers() {
        for (AutoCloseable each : running) {
            try {
                each.close();
            } catch (Exception e) {
                System.err.println("a lab could not be ended: " + e);
            }
        }
        running.clear();
    }
}
