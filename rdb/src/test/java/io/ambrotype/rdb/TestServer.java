package io.ambrotype.rdb;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Assumptions;

/** A real server of a bundled version in a folder of its own, on loopback. */
final class TestServer implements AutoCloseable {
    private static final int FIRST_PORT = 21_010;
    private static final int LAST_PORT = 21_089;

    private final Process process;
    private final Path folder;
    private final int port;

    private TestServer(Process process, Path folder, int port) {
        this.process = process;
        this.folder = folder;
        this.port = port;
    }

    /** Starts a server in {@code folder}, which may hold a dump.rdb; returns when it answers and has loaded. */
    static TestServer start(String version, Path folder, String... options) throws IOException, InterruptedException {
        Path binary = extract(version, folder);
        int port = freePort();
        List<String> command = new ArrayList<>(List.of(
                binary.toString(),
                "--port",
                String.valueOf(port),
                "--bind",
                "127.0.0.1",
                "--dir",
                folder.toString(),
                "--save",
                "",
                "--databases",
                "16"));
        command.addAll(List.of(options));
        Path log = folder.resolve("server.log");
        Process process = new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(log.toFile())
                .start();
        TestServer server = new TestServer(process, folder, port);
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(30);
        while (!server.isReady()) {
            if (!process.isAlive() || System.nanoTime() > deadline) {
                server.close();
                throw new IllegalStateException("the server did not start:\n" + Files.readString(log));
            }
            process.waitFor(20, TimeUnit.MILLISECONDS);
        }
        return server;
    }

    private boolean isReady() {
        try (RespClient client = client()) {
            return client.text("INFO", "persistence").contains("loading:0");
        } catch (IOException | IllegalStateException e) {
            return false;
        }
    }

    private static Path extract(String version, Path folder) throws IOException {
        String system = System.getProperty("os.name").toLowerCase(Locale.ROOT).startsWith("mac") ? "darwin" : "linux";
        String machine = "aarch64".equals(System.getProperty("os.arch")) ? "arm64" : "amd64";
        // What is called 6.2.6 in the library's name is 6.2.11 by its own word.
        String name =
                "redis-server-" + ("6.2.11".equals(version) ? "6.2.6-v5" : version) + "-" + system + "-" + machine;
        try (InputStream in = TestServer.class.getResourceAsStream("/" + name)) {
            Assumptions.assumeTrue(in != null, () -> "no bundled " + name);
            Path binary = folder.resolve("redis-server-" + version);
            Files.copy(in, binary, StandardCopyOption.REPLACE_EXISTING);
            binary.toFile().setExecutable(true);
            return binary;
        }
    }

    private static int freePort() {
        for (int port = FIRST_PORT; port <= LAST_PORT; port++) {
            try (ServerSocket socket = new ServerSocket(port, 1, InetAddress.getLoopbackAddress())) {
                return socket.getLocalPort();
            } catch (IOException e) {
                // Taken: the next one.
            }
        }
        throw new UncheckedIOException(new IOException("no free port"));
    }

    RespClient client() throws IOException {
        return new RespClient(port);
    }

    /** What the server saves now. */
    byte[] dump() throws IOException {
        try (RespClient client = client()) {
            client.call("SAVE");
        }
        return Files.readAllBytes(folder.resolve("dump.rdb"));
    }

    @Override
    public void close() {
        process.destroyForcibly();
        try {
            process.waitFor();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
