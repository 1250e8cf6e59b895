package io.ambrotype.host;

import static org.awaitility.Awaitility.await;

import io.ambrotype.common.AmbrotypeException;
import io.ambrotype.common.HostAndPort;
import io.ambrotype.common.Secret;
import io.ambrotype.resp.ConnectionSettings;
import io.ambrotype.resp.Credentials;
import io.ambrotype.resp.RespConnection;
import io.ambrotype.resp.ServerInfo;
import io.ambrotype.servers.TestServer;
import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.IntFunction;
import org.jspecify.annotations.Nullable;

/** A real server that was started by any command at all, as people do; ended by the process id that it tells. */
final class HostServer implements AutoCloseable {
    private static final AtomicInteger NEXT = new AtomicInteger();

    private final HostAndPort address;
    private final ConnectionSettings settings;

    private HostServer(HostAndPort address, ConnectionSettings settings) {
        this.address = address;
        this.settings = settings;
    }

    /** A port that nobody uses. */
    static int port() {
        // The third hundred of this run's ports.
        return TestServer.FIRST_PORT + 200 + NEXT.getAndIncrement() % 100;
    }

    /** Starts a server by a command for a port and waits until it answers. */
    static HostServer start(Path folder, IntFunction<List<String>> command) {
        int port = port();
        return start(folder, port, null, command.apply(port));
    }

    static HostServer start(Path folder, int port, @Nullable String password, List<String> command) {
        try {
            new ProcessBuilder(command)
                    .directory(folder.toFile())
                    .redirectInput(new File("/dev/null"))
                    .redirectErrorStream(true)
                    .redirectOutput(folder.resolve("output-" + port + ".log").toFile())
                    .start();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return at(port, password).awaitReady();
    }

    /** A server that is started by somebody else. */
    static HostServer at(int port, @Nullable String password) {
        return new HostServer(
                new HostAndPort("127.0.0.1", port),
                ConnectionSettings.defaults()
                        .withCredentials(password == null ? null : new Credentials(null, Secret.of(password))));
    }

    HostServer awaitReady() {
        await("server at " + address).atMost(Duration.ofSeconds(30)).until(this::answers);
        return this;
    }

    boolean answers() {
        try {
            return !info().is("loading");
        } catch (AmbrotypeException _) {
            return false;
        }
    }

    HostAndPort address() {
        return address;
    }

    RespConnection connect() {
        return RespConnection.open(address, settings);
    }

    ServerInfo info() {
        try (RespConnection connection = connect()) {
            return ServerInfo.parse(connection.text("INFO"));
        }
    }

    String runId() {
        return info().require("run_id");
    }

    /** What is seen of it. */
    ServerProcess process() {
        return switch (LocalHost.INSTANCE.find(address, info())) {
            case Sighting.Seen seen -> seen.process();
            case Sighting.Unseen unseen -> throw new AssertionError(unseen.reason());
        };
    }

    /** Ends it in good order, and waits until its process is gone. */
    void shutdown(String... how) {
        ServerProcess process = process();
        try (RespConnection connection = connect()) {
            String[] command = new String[how.length + 1];
            command[0] = "SHUTDOWN";
            System.arraycopy(how, 0, command, 1, how.length);
            connection.call(command);
        } catch (AmbrotypeException _) {
            // It does not answer: it ends.
        }
        await().atMost(Duration.ofSeconds(30)).until(() -> !LocalHost.INSTANCE.isAlive(process));
    }

    @Override
    public void close() {
        try {
            ServerProcess process = process();
            ProcessHandle.of(process.pid()).ifPresent(ProcessHandle::destroyForcibly);
            await().atMost(Duration.ofSeconds(30)).until(() -> !LocalHost.INSTANCE.isAlive(process));
        } catch (AmbrotypeException | AssertionError _) {
            // It has ended already.
        }
    }
}
