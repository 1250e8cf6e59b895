package io.ambrotype.lab;

import io.ambrotype.common.AmbrotypeException;
import io.ambrotype.common.ErrorCode;
import io.ambrotype.common.HostAndPort;
import io.ambrotype.common.Secret;
import io.ambrotype.resp.ConnectionSettings;
import io.ambrotype.resp.Credentials;
import io.ambrotype.resp.RespConnection;
import io.ambrotype.resp.RespConnectionException;
import io.ambrotype.resp.RespErrorException;
import io.ambrotype.resp.ServerInfo;
import io.ambrotype.resp.TlsSettings;
import io.ambrotype.topology.NodesConf;
import io.ambrotype.topology.Role;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/**
 * One server on loopback with a folder of its own, in which are its configuration, its log and, unless it is started from
 * elsewhere with a relative {@code dir}, its data. It can be started, ended in several ways, and started again with what it
 * left behind. The server process outlives this JVM.
 *
 * <p>Safe for use by several threads; start and end are not meant to overlap.
 */
public final class RedisServer implements AutoCloseable {
    /** Name of the log in the server's folder: all that the process prints, from its first line on. */
    public static final String LOG = "redis.log";

    private static final int LOG_TAIL_BYTES = 2048;
    private static final int LOG_TAIL_LINES = 6;
    private static final Duration END_LIMIT = Duration.ofSeconds(60);
    private static final Duration CONNECT_TIMEOUT = Duration.ofSeconds(2);

    private final ServerBinary binary;
    private final Path folder;
    private final LabLayout layout;
    private final Path configurationFile;
    private final Path startFolder;
    private final HostAndPort address;
    private final ConnectionSettings settings;
    private volatile @Nullable ServerProcess process;
    private volatile @Nullable ServerProcess supervisor;

    private RedisServer(
            ServerBinary binary,
            Path folder,
            LabLayout layout,
            int port,
            ConnectionSettings settings,
            @Nullable ServerProcess process) {
        this.binary = binary;
        this.folder = folder;
        this.layout = layout;
        this.configurationFile = layout.configurationIn(folder);
        this.startFolder = layout.startFolderOf(folder);
        this.address = new HostAndPort(LabConfiguration.LOOPBACK, port);
        this.settings = settings;
        this.process = process;
    }

    /**
     * Prepares a standalone server: makes the folder and its configuration, starts nothing.
     *
     * @param folder absent or without a {@code lab.conf}
     * @param port on 127.0.0.1
     * @param configuration lines for its configuration file, behind the lab's own
     */
    public static RedisServer create(ServerBinary binary, Path folder, int port, List<String> configuration) {
        Path place = folder.toAbsolutePath().normalize();
        try {
            Files.createDirectories(place);
            LabConfiguration.write(binary, LabLayout.ABSOLUTE, place, port, Optional.empty(), List.of(), configuration);
        } catch (IOException e) {
            throw AmbrotypeException.of(ErrorCode.FAILED, "the server's folder " + place + " cannot be made: " + e)
                    .causedBy(e);
        }
        return inFolder(binary, LabLayout.ABSOLUTE, place, port, null);
    }

    /**
     * A server of a lab.
     *
     * @param folder where its configuration is, or was
     * @param process as what it was started, where that is known
     */
    static RedisServer inFolder(
            ServerBinary binary, LabLayout layout, Path folder, int port, @Nullable ServerProcess process) {
        Path file = layout.configurationIn(folder);
        ConnectionSettings settings = ConnectionSettings.defaults().withConnectTimeout(CONNECT_TIMEOUT);
        if (Files.exists(file)) {
            ServerConfiguration configuration = ServerConfiguration.read(file);
            settings = settings.withCredentials(credentials(configuration)).withTls(tls(configuration));
        }
        return new RedisServer(binary, folder, layout, port, settings, process);
    }

    /** What the nodes tell each other: the password, or the ACL user that replicas log in as. */
    private static @Nullable Credentials credentials(ServerConfiguration configuration) {
        Optional<String> user = configuration.value("masteruser").filter(text -> !text.isEmpty());
        return configuration
                .value(user.isPresent() ? "masterauth" : "requirepass")
                .filter(text -> !text.isEmpty())
                .map(text -> new Credentials(user.orElse(null), Secret.of(text)))
                .orElse(null);
    }

    private static @Nullable TlsSettings tls(ServerConfiguration configuration) {
        Optional<Path> certificate = configuration.value("tls-cert-file").map(Path::of);
        return certificate.isPresent()
                        && configuration.value("port").filter("0"::equals).isPresent()
                ? new TlsSettings(
                        configuration.value("tls-ca-cert-file").map(Path::of).orElse(null),
                        new TlsSettings.ClientCertificate(
                                certificate.get(),
                                Path.of(configuration.value("tls-key-file").orElseThrow())),
                        true)
                : null;
    }

    /** Where it listens. */
    public HostAndPort address() {
        return address;
    }

    /** Its folder, absolute. */
    public Path folder() {
        return folder;
    }

    /** The configuration that it is started with. */
    public Path configurationFile() {
        return configurationFile;
    }

    /** The working folder that {@link #start} starts it from. */
    public Path startFolder() {
        return startFolder;
    }

    /** Where its data and its {@code nodes.conf} are after {@link #start}: the {@code dir} of its configuration. */
    public Path dataFolder() {
        return startFolder.resolve(configuration().value("dir").orElse("./")).normalize();
    }

    /** Its log. */
    public Path log() {
        return folder.resolve(LOG);
    }

    /** Whether it is a Sentinel, which watches servers and has no data. */
    public boolean isSentinel() {
        return folder.getFileName().toString().startsWith(LabSentinels.FOLDER_PREFIX);
    }

    /** The program that it runs, or is going to run. */
    public ServerBinary binary() {
        return binary;
    }

    /** How to connect to it. */
    public ConnectionSettings settings() {
        return settings;
    }

    /** A new connection to it, which belongs to the caller. */
    public RespConnection connect() {
        return RespConnection.open(address, settings);
    }

    /** The id of its process, if it runs and was started by the lab, by this JVM or an earlier one. */
    public OptionalLong pid() {
        Optional<ServerProcess> running = running();
        return running.isPresent() ? OptionalLong.of(running.get().pid()) : OptionalLong.empty();
    }

    /** Whether it runs. */
    public boolean isRunning() {
        return running().isPresent();
    }

    /**
     * Starts the process and returns at once; {@link #awaitReady} waits for it.
     *
     * @throws AmbrotypeException where it already runs or cannot be executed
     */
    public void start() {
        startFrom(startFolder);
    }

    /**
     * The same from another working folder: what happens to somebody who types the start command there. With a relative
     * {@code dir} the server has its data in that folder from now on, until it is started elsewhere.
     */
    public void startFrom(Path workingFolder) {
        requireStopped();
        process = ServerProcess.startDetached(command(workingFolder), workingFolder, log());
    }

    /**
     * Starts it under a supervisor that starts it again whenever it ends, as systemd or a container platform does. The
     * supervisor goes with {@link #kill} and {@link #shutdown}, or when the configuration file is gone; {@link #crash}
     * ends the server alone.
     */
    public void startSupervised() {
        requireStopped();
        List<String> supervised = new ArrayList<>(List.of(
                "/bin/sh",
                "-c",
                "file=$1; shift; while [ -e \"$file\" ]; do \"$@\"; done",
                "supervisor",
                configurationFile.toString()));
        supervised.addAll(command(startFolder));
        supervisor = ServerProcess.startDetached(supervised, startFolder, log());
    }

    /**
     * Waits until the server that was started answers and has loaded its data.
     *
     * @throws AmbrotypeException with the end of its log where it ends meanwhile or is not ready in time
     */
    public void awaitReady(Duration limit) {
        Gate.await(
                limit,
                this::missingForReady,
                missing -> failure("is not ready after " + seconds(limit) + ": " + missing));
    }

    /**
     * Waits until a replica has its master's data and the link to it is up; returns at once from a master.
     *
     * @throws AmbrotypeException as {@link #awaitReady}
     */
    public void awaitSynced(Duration limit) {
        Gate.await(
                limit,
                this::missingForSynced,
                missing -> failure("is not in sync after " + seconds(limit) + ": " + missing));
    }

    /** Ends it as {@code kill -9} does and waits until it is gone; nothing happens where it does not run. */
    public void kill() {
        endSupervisor();
        crash();
    }

    /** The same, but a supervisor is left to start it again. */
    public void crash() {
        running().ifPresent(running -> running.kill(END_LIMIT));
        process = null;
    }

    /**
     * Has it save its data and end, and waits until it is gone; nothing happens where it does not run.
     *
     * @throws AmbrotypeException where it refuses or does not end in time; it still runs then
     */
    public void shutdown() {
        shutdown("SAVE");
    }

    /** The same, without saving: what has not been saved before is lost. */
    public void shutdownWithoutSave() {
        shutdown("NOSAVE");
    }

    /** {@link #kill}. */
    @Override
    public void close() {
        kill();
    }

    /** The last lines of its log, empty where there is none. */
    public String logTail() {
        try (RandomAccessFile file = new RandomAccessFile(log().toFile(), "r")) {
            file.seek(Math.max(0, file.length() - LOG_TAIL_BYTES));
            byte[] end = new byte[LOG_TAIL_BYTES];
            int length = Math.max(0, file.read(end));
            List<String> lines = new String(end, 0, length, StandardCharsets.UTF_8)
                    .lines()
                    .map(String::strip)
                    .filter(line -> !line.isEmpty())
                    .toList();
            return String.join(" | ", lines.subList(Math.max(0, lines.size() - LOG_TAIL_LINES), lines.size()));
        } catch (IOException e) {
            return "";
        }
    }

    /** Address and version. */
    @Override
    public String toString() {
        return binary + " on " + address;
    }

    /**
     * The process, where it runs: the one that is on record, or else the one that answers at the address and names this
     * folder's configuration as its own. So a server is found again that was started by a lab which was killed before it
     * could write down what it did, or that was restarted by somebody else.
     */
    Optional<ServerProcess> running() {
        ServerProcess known = process;
        if (known != null && known.isAlive()) {
            return Optional.of(known);
        }
        Optional<ServerProcess> found = whoAnswers();
        process = found.orElse(null);
        return found;
    }

    /** As what it was started, as far as is known, whether or not it still runs. */
    @Nullable
    ServerProcess process() {
        return process;
    }

    /**
     * What it will be when it is started: a replica where its {@code nodes.conf}, or outside a cluster its
     * configuration, says so.
     */
    Role plannedRole() {
        ServerConfiguration configuration = configuration();
        if (configuration.isCluster()) {
            return nodesConf().map(conf -> conf.myself().role()).orElse(Role.MASTER);
        }
        return configuration
                        .value("replicaof")
                        .filter(master -> !master.equals("no one"))
                        .isPresent()
                ? Role.REPLICA
                : Role.MASTER;
    }

    /** Its configuration as the next start will find it. */
    ServerConfiguration configuration() {
        return ServerConfiguration.read(configurationFile);
    }

    /** Its {@code nodes.conf}, by whatever name; empty outside a cluster and where there is none. */
    Optional<NodesConf> nodesConf() {
        ServerConfiguration configuration = configuration();
        Path file =
                dataFolder().resolve(configuration.value("cluster-config-file").orElse(LabConfiguration.NODES_FILE));
        if (!configuration.isCluster() || !Files.exists(file)) {
            return Optional.empty();
        }
        try {
            return Optional.of(NodesConf.parse(Files.readAllBytes(file), file.toString()));
        } catch (IOException e) {
            throw AmbrotypeException.of(ErrorCode.FAILED, file + " cannot be read: " + e)
                    .causedBy(e);
        }
    }

    /** An error about this server that tells the end of its log. */
    AmbrotypeException failure(String what) {
        String tail = logTail();
        return AmbrotypeException.of(
                        ErrorCode.FAILED,
                        "the server " + this + " " + what + (tail.isEmpty() ? "" : "; its log ends: " + tail))
                .withHint("the whole log is " + log());
    }

    private Optional<ServerProcess> whoAnswers() {
        try (RespConnection connection = connect()) {
            ServerInfo info = ServerInfo.read(connection, "server");
            return info.value("config_file").filter(this::isConfiguration).isPresent()
                    ? ServerProcess.find(info.number("process_id").orElse(0))
                    : Optional.empty();
        } catch (RespConnectionException | RespErrorException e) {
            return Optional.empty();
        }
    }

    /** Servers make the name that they were given absolute, by a working folder whose links are resolved. */
    private boolean isConfiguration(String file) {
        try {
            return file.equals(configurationFile.toString())
                    || Path.of(file).toRealPath().equals(configurationFile.toRealPath());
        } catch (IOException e) {
            return false;
        }
    }

    private List<String> command(Path workingFolder) {
        boolean typedThere = layout != LabLayout.ABSOLUTE && configurationFile.startsWith(workingFolder);
        Path named = typedThere ? workingFolder.relativize(configurationFile) : configurationFile;
        return isSentinel()
                ? List.of(binary.launcher().toString(), named.toString(), "--sentinel")
                : List.of(binary.launcher().toString(), named.toString());
    }

    private void requireStopped() {
        running().ifPresent(running -> {
            throw AmbrotypeException.of(
                    ErrorCode.LOCKED, "the server " + address + " runs already, as process " + running.pid());
        });
    }

    private void endSupervisor() {
        ServerProcess known = supervisor;
        if (known != null) {
            known.kill(END_LIMIT);
            supervisor = null;
        }
    }

    private Optional<String> missingForReady() {
        Optional<ServerProcess> started = running();
        if (started.isEmpty() && supervisor != null) {
            return Optional.of("its supervisor has not started it yet");
        }
        if (started.isEmpty()) {
            throw failure("ended while it started");
        }
        try (RespConnection connection = connect()) {
            if (ServerInfo.read(connection, "server").number("process_id").orElse(0)
                    != started.get().pid()) {
                return Optional.of("another server answers at its address");
            }
            return ServerInfo.read(connection, "persistence").is("loading")
                    ? Optional.of("it is loading its data")
                    : Optional.empty();
        } catch (RespConnectionException | RespErrorException e) {
            return Optional.of(e.getMessage());
        }
    }

    private Optional<String> missingForSynced() {
        if (!isRunning() && supervisor == null) {
            throw failure("ended while it synchronized");
        }
        try (RespConnection connection = connect()) {
            ServerInfo info = ServerInfo.read(connection, "replication");
            if (info.require("role").equals("master") || info.is("master_link_status")) {
                return Optional.empty();
            }
            return Optional.of("the link to its master is "
                    + info.value("master_link_status").orElse("unknown"));
        } catch (RespConnectionException | RespErrorException e) {
            return Optional.of(e.getMessage());
        }
    }

    private void shutdown(String save) {
        endSupervisor();
        Optional<ServerProcess> running = running();
        if (running.isEmpty()) {
            return;
        }
        connect().close(); // whether it answers at all shows sooner than whether it has saved
        try (RespConnection connection = RespConnection.open(address, settings.withReplyTimeout(END_LIMIT))) {
            connection.call("SHUTDOWN", save);
        } catch (RespConnectionException e) {
            if (e.reason() != RespConnectionException.Reason.LOST) {
                throw e;
            }
        }
        running.get().awaitEnd(END_LIMIT);
        process = null;
    }

    private static String seconds(Duration duration) {
        return duration.toSeconds() + " s";
    }
}
