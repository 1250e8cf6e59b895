package io.ambrotype.servers;

import static org.awaitility.Awaitility.await;

import io.ambrotype.common.HostAndPort;
import io.ambrotype.resp.ConnectionSettings;
import io.ambrotype.resp.RespConnection;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.ThreadLocalRandom;

/** A real server on loopback, in a folder of the test's; killed at the end. */
public final class TestServer implements AutoCloseable {
    /**
     * The first of the ports of this process: a hundred for single servers, a hundred for the clusters of tests, a hundred
     * for servers of a host. A second process that runs tests at the same time has those below all that the first may be given,
     * since ports of the cluster bus, which are higher by 10000, must not reach those that the system gives to clients.
     */
    public static final int FIRST_PORT = Integer.getInteger("ambrotype.test.port.first", 21_100)
            - 2_700 * (Integer.getInteger("ambrotype.test.fork", 1) - 1);

    private static final int PORTS = 100;

    private final Process process;
    private final Path log;
    private final int port;

    /** The servers that Maven Central has. */
    public enum Binary {
        /** Redis 7.0.15; without TLS. */
        REDIS_7_0("redis-server-7.0.15-"),
        /** Redis 6.2.11 under the name of the bundle it was taken from; with TLS. */
        REDIS_6_2("redis-server-6.2.");

        private final String prefix;

        Binary(String prefix) {
            this.prefix = prefix;
        }

        /** Its program. */
        public Path program() {
            try {
                return extract();
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }

        private synchronized Path extract() throws IOException {
            String os = System.getProperty("os.name").toLowerCase(Locale.ROOT).contains("mac") ? "darwin" : "linux";
            String cpu = System.getProperty("os.arch").equals("aarch64") ? "arm64" : "amd64";
            for (String middle : List.of("", "6-v5-", "7-")) {
                String name = prefix + middle + os + "-" + cpu;
                try (InputStream in = TestServer.class.getResourceAsStream("/" + name)) {
                    if (in == null) {
                        continue;
                    }
                    Path folder = Files.createDirectories(Path.of("target", "test-servers"));
                    Path file = folder.resolve(name).toAbsolutePath();
                    if (!Files.isExecutable(file)) {
                        Path part = Files.createTempFile(folder, name, ".part");
                        Files.copy(in, part, StandardCopyOption.REPLACE_EXISTING);
                        part.toFile().setExecutable(true);
                        Files.move(part, file, StandardCopyOption.ATOMIC_MOVE);
                    }
                    return file;
                }
            }
            throw new IOException("no " + this + " for " + os + "-" + cpu);
        }
    }

    private TestServer(Process process, Path log, int port) {
        this.process = process;
        this.log = log;
        this.port = port;
    }

    /**
     * Starts a server and waits until it is ready. Unless the options say otherwise it saves nothing by itself and has no
     * append-only file.
     *
     * @param dir its working folder, where its log goes too
     * @param options command-line options; {@code %PORT%} stands for the port that was chosen
     */
    public static TestServer start(Binary binary, Path dir, String... options) {
        int offset = ThreadLocalRandom.current().nextInt(PORTS);
        for (int i = 0; i < PORTS; i++) {
            TestServer server = launch(binary, dir, FIRST_PORT + (offset + i) % PORTS, options);
            await().atMost(Duration.ofSeconds(30))
                    .pollInterval(Duration.ofMillis(10))
                    .until(() -> !server.process.isAlive() || server.log().contains("Ready to accept connections"));
            if (server.process.isAlive()) {
                return server;
            }
            if (!server.log().contains("Address already in use")) {
                throw new IllegalStateException("the server did not start: " + server.log());
            }
        }
        throw new IllegalStateException("no free port");
    }

    /**
     * Starts a Sentinel and waits until it watches.
     *
     * @param dir where its configuration and log go
     * @param configuration the lines of its configuration, among them {@code sentinel monitor}
     */
    public static TestServer sentinel(Binary binary, Path dir, int port, List<String> configuration) {
        try {
            Path log = Files.createTempFile(dir, "sentinel", ".log");
            Path file = Files.createTempFile(dir, "sentinel", ".conf");
            List<String> lines = new ArrayList<>(List.of("bind 127.0.0.1", "port " + port));
            lines.addAll(configuration);
            Files.write(file, lines);
            Process process = new ProcessBuilder(binary.extract().toString(), file.toString(), "--sentinel")
                    .redirectErrorStream(true)
                    .redirectOutput(log.toFile())
                    .start();
            TestServer sentinel = new TestServer(process, log, port);
            await().atMost(Duration.ofSeconds(30))
                    .pollInterval(Duration.ofMillis(10))
                    .until(() -> !process.isAlive() || sentinel.log().contains("+monitor"));
            if (!process.isAlive()) {
                throw new IllegalStateException("the Sentinel did not start: " + sentinel.log());
            }
            return sentinel;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static TestServer launch(Binary binary, Path dir, int port, String... options) {
        List<String> command = new ArrayList<>();
        try {
            Path log = Files.createTempFile(dir, "server", ".log");
            command.add(binary.extract().toString());
            command.addAll(List.of("--bind", "127.0.0.1", "--dir", dir.toString(), "--save", ""));
            if (binary == Binary.REDIS_7_0) {
                // Before 7.0 DEBUG was always there.
                command.addAll(List.of("--enable-debug-command", "yes"));
            }
            if (!List.of(options).contains("--tls-port")) {
                command.addAll(List.of("--port", Integer.toString(port)));
            }
            for (String option : options) {
                command.add(option.replace("%PORT%", Integer.toString(port)));
            }
            Process process = new ProcessBuilder(command)
                    .redirectErrorStream(true)
                    .redirectOutput(log.toFile())
                    .start();
            return new TestServer(process, log, port);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Where it listens. */
    public HostAndPort address() {
        return new HostAndPort("127.0.0.1", port);
    }

    /** A connection without credentials. */
    public RespConnection connect() {
        return RespConnection.open(address(), ConnectionSettings.defaults());
    }

    /** What it has logged so far. */
    public String log() {
        try {
            return Files.readString(log);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Stops its process where it stands: connections stay open and silent. */
    public void freeze() {
        signal("-STOP");
    }

    /** Ends it as a power cut would. */
    public void kill() {
        process.toHandle().destroyForcibly();
        process.onExit().join();
    }

    @Override
    public void close() {
        kill();
    }

    private void signal(String signal) {
        try {
            new ProcessBuilder("kill", signal, Long.toString(process.pid()))
                    .start()
                    .onExit()
                    .join();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
