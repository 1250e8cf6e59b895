package io.ambrotype.bench;

import io.ambrotype.lab.LabCluster;
import io.ambrotype.lab.LabSpec;
import io.ambrotype.lab.RedisServer;
import io.ambrotype.lab.ServerBinary;
import io.ambrotype.resp.RespConnection;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;

/** A cluster of masters with the {@linkplain ShopData data of a shop}, at rest. Stopped when closed. */
final class Shop implements AutoCloseable {
    /** Options of a backup of three masters on one host. */
    static final String ALL_AT_ONCE = "--parallel 3 --forks-per-host 3";

    private static final Duration SAVE_LIMIT = Duration.ofMinutes(10);

    private final LabCluster lab;
    private final Path folder;

    private Shop(LabCluster lab, Path folder) {
        this.lab = lab;
        this.folder = folder;
    }

    /**
     * Starts and fills one.
     *
     * @param bytes of keys and values; the dumps are of about this size
     */
    static Shop open(Surroundings surroundings, String name, int masters, long bytes, int portBase)
            throws InterruptedException {
        return open(surroundings, name, masters, ShopData.Kind.DAILY_BUSINESS, bytes, portBase);
    }

    /**
     * Starts one that takes little more memory than its data, whose dumps are not compressed by the servers, and fills it.
     *
     * @param bytes of keys and values; the dumps are of about this size
     */
    static Shop openArchive(Surroundings surroundings, String name, int masters, long bytes, int portBase)
            throws InterruptedException {
        return open(surroundings, name, masters, ShopData.Kind.ARCHIVE, bytes, portBase, "rdbcompression no");
    }

    private static Shop open(
            Surroundings surroundings,
            String name,
            int masters,
            ShopData.Kind kind,
            long bytes,
            int portBase,
            String... settings)
            throws InterruptedException {
        Path folder = surroundings.folder().resolve(name);
        LabCluster lab = LabCluster.create(
                LabSpec.cluster(folder.resolve("lab"), surroundings.servers().getFirst(), masters, 0, portBase)
                        .with("repl-diskless-sync yes", "repl-diskless-sync-delay 0", "save \"\"")
                        .with(settings)
                        // A server that saves its data does not answer meanwhile.
                        .withNodeTimeout(SAVE_LIMIT));
        Shop shop = new Shop(lab, folder);
        try {
            surroundings.log().accept("filling " + masters + " masters with " + Text.gigabytes(bytes) + "…");
            ShopData.fill(lab.addresses().getFirst(), 1, kind, bytes);
        } catch (InterruptedException | RuntimeException e) {
            lab.close();
            throw e;
        }
        return shop;
    }

    /** An empty folder for what is measured with it. */
    Path folder(String name) throws IOException {
        return Files.createDirectories(folder.resolve(name));
    }

    List<RedisServer> masters() {
        return lab.masters();
    }

    ServerBinary server() {
        return lab.binary();
    }

    String uri() {
        return "redis://" + lab.addresses().getFirst();
    }

    /** The command line of a backup into {@code repository}, of all masters at once. */
    String backup() {
        return "ambrotype backup " + uri() + " --repo repository " + ALL_AT_ONCE;
    }

    /** Has every master save its data, and hands out the files. */
    List<Path> dumps() {
        return masters().stream().map(Shop::saved).toList();
    }

    /** However long that takes. */
    private static Path saved(RedisServer server) {
        try (RespConnection connection =
                RespConnection.open(server.address(), server.settings().withReplyTimeout(SAVE_LIMIT))) {
            connection.call("SAVE");
        }
        return server.dataFolder().resolve("dump.rdb");
    }

    @Override
    public void close() {
        lab.close();
    }
}
