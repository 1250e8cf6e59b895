package io.ambrotype.bench;

import io.ambrotype.lab.ServerBinary;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** What benchmarks are given, and the data that several of them share. For one thread. */
final class Surroundings implements AutoCloseable {
    /** Keys and values of the shared shop. */
    private static final long SHOP_BYTES = 1_400_000_000;

    private static final int SHOP_MASTERS = 3;

    private final List<ServerBinary> servers;
    private final Path program;
    private final int runs;
    private final Path folder;
    private final int portBase;
    private final Consumer<String> log;
    private @Nullable Shop shop;

    /**
     * Creates them.
     *
     * @param servers the servers to measure with, at least one
     * @param program Ambrotype as its users start it
     * @param runs how often each thing is measured
     * @param folder an empty folder, removed afterwards
     * @param portBase the first of the ports that may be used
     * @param log for what is going on
     */
    Surroundings(List<ServerBinary> servers, Path program, int runs, Path folder, int portBase, Consumer<String> log) {
        this.servers = List.copyOf(servers);
        this.program = program;
        this.runs = runs;
        this.folder = folder;
        this.portBase = portBase;
        this.log = log;
    }

    List<ServerBinary> servers() {
        return servers;
    }

    Path program() {
        return program;
    }

    int runs() {
        return runs;
    }

    /** The same folder for all. */
    Path folder() {
        return folder;
    }

    /** The first of a hundred ports for servers that are stopped before the benchmark ends. */
    int portBase() {
        return portBase;
    }

    Consumer<String> log() {
        return log;
    }

    /** Where command lines run: an empty folder, with {@code ambrotype} on the path and no configuration of the user's. */
    Shell shell(String name) throws IOException {
        Path own = Files.createDirectories(folder.resolve(name));
        return new Shell(
                own,
                Map.of(
                        "PATH",
                        program.getParent() + ":" + System.getenv("PATH"),
                        "HOME",
                        own.toString(),
                        "XDG_STATE_HOME",
                        own.toString(),
                        "XDG_CONFIG_HOME",
                        own.toString(),
                        "AMBROTYPE_BUILD",
                        "never"));
    }

    /** Three masters with 1.4 GB, which nobody writes to; started and filled with the first call. */
    Shop shop() throws InterruptedException {
        Shop open = shop;
        if (open == null) {
            open = Shop.open(this, "shop", SHOP_MASTERS, SHOP_BYTES, portBase + 100);
            shop = open;
        }
        return open;
    }

    /** Ends the shop of {@link #shop}, for those who need its memory; the next call starts another one. */
    void closeShop() throws IOException {
        close();
        shop = null;
        remove("shop");
    }

    /** Removes a folder below the common one, when what was in it has been measured. */
    void remove(String name) throws IOException {
        Benchmarks.remove(folder.resolve(name));
    }

    @Override
    public void close() {
        if (shop != null) {
            shop.close();
        }
    }
}
