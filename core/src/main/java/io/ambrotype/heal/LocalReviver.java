package io.ambrotype.heal;

import io.ambrotype.common.AmbrotypeException;
import io.ambrotype.common.ErrorCode;
import io.ambrotype.common.HostAndPort;
import io.ambrotype.common.Time;
import io.ambrotype.control.Gate;
import io.ambrotype.control.Member;
import io.ambrotype.control.MemberConnections;
import io.ambrotype.control.Missing;
import io.ambrotype.heal.Survey.Outsider;
import io.ambrotype.host.ConfigurationFile;
import io.ambrotype.host.Launch;
import io.ambrotype.host.LaunchPlan;
import io.ambrotype.host.LaunchPlanner;
import io.ambrotype.host.LaunchSettings;
import io.ambrotype.host.Launcher;
import io.ambrotype.host.LocalHost;
import io.ambrotype.host.NodesConfFile;
import io.ambrotype.host.ServerProcess;
import io.ambrotype.host.Sighting;
import io.ambrotype.rdb.RdbReader;
import io.ambrotype.rdb.RecordKind;
import io.ambrotype.resp.ConnectionSettings;
import io.ambrotype.resp.RespConnection;
import io.ambrotype.resp.RespConnectionException;
import io.ambrotype.topology.Node;
import io.ambrotype.topology.NodeConfiguration;
import io.ambrotype.topology.NodeId;
import io.ambrotype.topology.NodesConf;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.FileVisitOption;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.stream.Collectors;

/**
 * Starts servers of this host again as the nodes that they were.
 *
 * <p>Where a stranger's {@code dir} depends on the folder from which it is started, the files of the node that it was are
 * looked for: beside its configuration file, around its working folder, and where the user says. The folder that has the
 * {@code nodes.conf} of the node that is gone is the one it worked in; from there it is started, so that its data are found
 * again, by it and by whoever starts it the next time. Where nothing is found, it is started where it is.
 *
 * <p>For one thread.
 */
public final class LocalReviver implements Reviver {
    private static final Duration SHUTDOWN_LIMIT = Duration.ofSeconds(60);
    private static final int MOST_ENTRIES = 20_000;
    private static final int DEPTH = 3;
    private static final String KEPT = ".before-heal";

    private final ConnectionSettings settings;
    private final LaunchSettings launches;
    private final List<Path> folders;
    private final Time time;
    private final Map<HostAndPort, Way> ways = new HashMap<>();

    /**
     * For one deployment.
     *
     * @param launches how its servers are started
     * @param folders where else to look for files
     */
    public LocalReviver(ConnectionSettings settings, LaunchSettings launches, List<Path> folders, Time time) {
        this.settings = settings;
        this.launches = launches;
        this.folders = List.copyOf(folders);
        this.time = time;
    }

    private record Way(Launch launch, Launch.Target target, Optional<ServerProcess> process) {}

    /** A nodes.conf of a node that is gone. */
    private record Stray(Path file, NodesConf conf) {}

    @Override
    public List<HostAndPort> neighbours(Set<String> hosts) {
        List<Integer> ports = LocalHost.INSTANCE.clusterPorts();
        return hosts.stream()
                .filter(LocalHost.INSTANCE::isHere)
                .flatMap(host -> ports.stream().map(port -> new HostAndPort(host, port)))
                .toList();
    }

    @Override
    public Optional<Found> find(Outsider stranger, Set<NodeId> gone) {
        if (gone.isEmpty()) {
            return Optional.empty();
        }
        try (RespConnection connection = RespConnection.open(stranger.address(), settings)) {
            LaunchPlan plan = new LaunchPlanner()
                    .plan(launches, stranger.address(), stranger.node().id(), connection);
            Sighting sighting =
                    LocalHost.INSTANCE.find(stranger.address(), stranger.state().info());
            if (!(plan instanceof LaunchPlan.Possible possible)
                    || !(sighting instanceof Sighting.Seen(ServerProcess process))
                    || process.container().isPresent()) {
                return Optional.empty();
            }
            return find(stranger, gone, possible, process, NodeConfiguration.read(connection));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw AmbrotypeException.of(ErrorCode.INTERRUPTED, "interrupted while looking at " + stranger.address())
                    .causedBy(e);
        }
    }

    private Optional<Found> find(
            Outsider stranger,
            Set<NodeId> gone,
            LaunchPlan.Possible possible,
            ServerProcess process,
            NodeConfiguration configuration) {
        Optional<Path> config = possible.target().config().map(Path::of);
        Path here = process.workingFolder();
        String name = configuration
                .clusterConfigFile()
                .or(() -> config.flatMap(file -> configured(file, here)))
                .orElse("nodes.conf");
        Optional<Stray> stray = find(stranger, gone, config, here, name);
        Optional<EarlierLayout> file = stray.map(found -> EarlierLayout.of(found.conf(), "the file " + found.file()));
        Launch launch;
        Path folder = here;
        String reason = "where it runs now; the files of the node were not found";
        switch (possible.launch()) {
            case Launch.Exec exec -> {
                Optional<Path> former = stray.map(found -> folderOf(found.file()))
                        .filter(there -> config.isPresent() && worksIn(config.get(), there));
                launch = former.<Launch>map(there -> movedTo(exec, there)).orElse(exec);
                if (former.isPresent()) {
                    folder = former.get();
                    reason = "where the files of the node were left";
                }
            }
            case Launch.Systemd systemd -> launch = systemd;
            case Launch.Command command -> launch = command;
            case Launch.Manual _, Launch.Supervised _ -> {
                // Who starts it by himself does so before the file is in place.
                return Optional.empty();
            }
        }
        if (!Files.isWritable(folder)) {
            return Optional.empty();
        }
        ways.put(stranger.address(), new Way(launch, possible.target(), Optional.of(process)));
        boolean moved = !folder.equals(here);
        return Optional.of(new Found(
                new Revival(
                        folder,
                        name,
                        launch.describe(),
                        moved,
                        reason,
                        moved ? leftData(folder, configuration::value) : Optional.empty()),
                file));
    }

    /**
     * A member that is down tells nothing. Its configuration file is taken to be called as another member's of this host,
     * with its own port in the path; it counts only where it sets that very port. The rest, program, user and limits, is
     * as the other's. Where {@code dir} depends on the folder in which it is started, that is guessed the same way: no
     * guess that leads to the file of a member that runs counts, and none at all where one leads to a file that is well.
     */
    @Override
    public Optional<Broken> findBroken(Node node, List<Node> others) {
        Set<NodeId> running = others.stream().map(Node::id).collect(Collectors.toSet());
        List<Guess> guesses = others.stream()
                .flatMap(other -> guess(node, other).stream())
                .filter(guess -> !(guess.file().content() instanceof NodesConfFile.Content.Whole whole
                        && running.contains(whole.id())))
                .toList();
        if (guesses.isEmpty()
                || guesses.stream()
                        .anyMatch(guess -> wrongWith(guess.file(), node.id()).isEmpty())) {
            return Optional.empty();
        }
        Guess guess = guesses.getFirst();
        ways.put(guess.way().target().address(), guess.way());
        return Optional.of(
                new Broken(guess.revival(), wrongWith(guess.file(), node.id()).orElseThrow()));
    }

    /** How a member that is down may be started. */
    private record Guess(Way way, Revival revival) {
        NodesConfFile file() {
            return new NodesConfFile(revival.file());
        }
    }

    private Optional<Guess> guess(Node node, Node other) {
        HostAndPort address = node.address().orElseThrow();
        HostAndPort model = other.connectAddress();
        if (!model.host().equals(address.host())) {
            return Optional.empty();
        }
        try (RespConnection connection = RespConnection.open(model, settings)) {
            if (!(LocalHost.INSTANCE.find(model, other.state().orElseThrow().info()) instanceof Sighting.Seen)
                    || !(new LaunchPlanner().plan(launches, model, other.id(), connection)
                            instanceof LaunchPlan.Possible(Launch.Exec exec, Launch.Target target, List<String> _))
                    || target.config().isEmpty()) {
                return Optional.empty();
            }
            String from = Integer.toString(model.port());
            String to = Integer.toString(address.port());
            Path config = Path.of(target.config().get().replace(from, to));
            Path start = Path.of(exec.folder().toString().replace(from, to));
            if (!Files.isRegularFile(config) || !Files.isDirectory(start)) {
                return Optional.empty();
            }
            ConfigurationFile file = ConfigurationFile.read(config, start);
            if (!file.value("port").or(() -> file.value("tls-port")).equals(Optional.of(to))) {
                return Optional.empty();
            }
            Path folder = file.dir();
            String name = file.value("cluster-config-file").orElse("nodes.conf");
            if (!Files.isWritable(folder)) {
                return Optional.empty();
            }
            List<String> command = new ArrayList<>(exec.command());
            command.set(command.size() - 1, config.toString());
            Launch launch = new Launch.Exec(
                    command,
                    exec.version(),
                    start,
                    exec.account(),
                    exec.limits(),
                    exec.umask(),
                    exec.output().map(path -> Path.of(path.toString().replace(from, to))),
                    exec.daemonizes());
            return Optional.of(new Guess(
                    new Way(
                            launch,
                            new Launch.Target(
                                    address,
                                    node.id().value(),
                                    Optional.of(folder.toString()),
                                    Optional.of(config.toString())),
                            Optional.empty()),
                    new Revival(
                            folder,
                            name,
                            launch.describe(),
                            false,
                            "where its configuration says",
                            leftData(folder, file::value))));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw AmbrotypeException.of(ErrorCode.INTERRUPTED, "interrupted while looking at " + model)
                    .causedBy(e);
        } catch (AmbrotypeException e) {
            if (e.code() == ErrorCode.INTERRUPTED) {
                throw e;
            }
            return Optional.empty();
        }
    }

    private static Optional<String> wrongWith(NodesConfFile file, NodeId id) {
        return switch (file.content()) {
            case NodesConfFile.Content.Absent _ -> Optional.of("is missing");
            case NodesConfFile.Content.Empty _ -> Optional.of("is empty");
            case NodesConfFile.Content.Broken(String reason) -> Optional.of("is damaged (" + reason + ")");
            case NodesConfFile.Content.Whole whole
            when !whole.id().equals(id) ->
                Optional.of("is that of another node, " + whole.id().shortForm());
            case NodesConfFile.Content.Whole whole -> outsideItsShard(whole.conf());
        };
    }

    /** Redis 7.2 to 7.4.1 and Valkey 7.2 to 8.1.1 do not start where a replica's shard is not its master's. */
    private static Optional<String> outsideItsShard(NodesConf conf) {
        Map<NodeId, String> shards = new HashMap<>();
        conf.lines().forEach(line -> shards.put(line.id(), line.values().getOrDefault("shard-id", "")));
        return conf.lines().stream()
                .filter(line -> line.master()
                        .map(master -> shards.getOrDefault(master, ""))
                        .filter(shard -> !shard.equals(shards.get(line.id())))
                        .isPresent())
                .findFirst()
                .map(line -> "has replica " + line.id().shortForm()
                        + " outside its master's shard, with which some versions" + " do not start");
    }

    /** What a server that starts in that folder with this configuration loads. */
    private static Optional<Revival.LeftData> leftData(Path folder, Function<String, Optional<String>> configuration) {
        boolean appendOnly = configuration.apply("appendonly").orElse("no").equals("yes");
        try {
            if (appendOnly) {
                return leftAppends(
                        folder,
                        configuration.apply("appendfilename").orElse("appendonly.aof"),
                        configuration.apply("appenddirname").orElse("appendonlydir"));
            }
            Path dump = folder.resolve(configuration.apply("dbfilename").orElse("dump.rdb"));
            return Files.isRegularFile(dump)
                    ? Optional.of(new Revival.LeftData(dump, keysOf(dump), modifiedAt(dump)))
                    : Optional.empty();
        } catch (IOException _) {
            // What cannot be read whole is no data to start an owner of slots with.
            return Optional.empty();
        }
    }

    /** Commands are not counted; a base without keys and no commands after it are no keys. */
    private static Optional<Revival.LeftData> leftAppends(Path folder, String name, String subfolder)
            throws IOException {
        Path manifest = folder.resolve(subfolder).resolve(name + ".manifest");
        if (!Files.isRegularFile(manifest)) {
            Path file = folder.resolve(name);
            return Files.isRegularFile(file) && Files.size(file) > 0
                    ? Optional.of(new Revival.LeftData(file, -1, modifiedAt(file)))
                    : Optional.empty();
        }
        Instant written = modifiedAt(manifest);
        long keys = 0;
        try (DirectoryStream<Path> parts = Files.newDirectoryStream(folderOf(manifest), name + ".*.{rdb,aof}")) {
            for (Path part : parts) {
                written = written.isBefore(modifiedAt(part)) ? modifiedAt(part) : written;
                if (part.toString().endsWith(".rdb") ? keysOf(part) > 0 : Files.size(part) > 0) {
                    keys = -1;
                }
            }
        }
        return Optional.of(new Revival.LeftData(manifest, keys, written));
    }

    private static Instant modifiedAt(Path file) throws IOException {
        return Files.getLastModifiedTime(file).toInstant();
    }

    private static long keysOf(Path dump) throws IOException {
        long keys = 0;
        try (RdbReader reader = RdbReader.open(dump)) {
            for (RecordKind kind = reader.next(); kind != RecordKind.END; kind = reader.next()) {
                keys += kind == RecordKind.ENTRY ? 1 : 0;
            }
        }
        return keys;
    }

    private static Launch.Exec movedTo(Launch.Exec exec, Path folder) {
        return new Launch.Exec(
                exec.command(),
                exec.version(),
                folder,
                exec.account(),
                exec.limits(),
                exec.umask(),
                exec.output(),
                exec.daemonizes());
    }

    private static Path folderOf(Path file) {
        Path folder = file.toAbsolutePath().getParent();
        return folder == null ? file.toAbsolutePath() : folder;
    }

    private static Optional<String> configured(Path config, Path folder) {
        try {
            return ConfigurationFile.read(config, folder).value("cluster-config-file");
        } catch (AmbrotypeException _) {
            return Optional.empty();
        }
    }

    /** Whether a server that is started from the folder with that file works in it. */
    private static boolean worksIn(Path config, Path folder) {
        try {
            return ConfigurationFile.read(config, folder).dir().toRealPath().equals(folder.toRealPath());
        } catch (AmbrotypeException | IOException _) {
            return false;
        }
    }

    private Optional<Stray> find(Outsider stranger, Set<NodeId> gone, Optional<Path> config, Path here, String name) {
        Set<Path> roots = new LinkedHashSet<>(folders);
        config.ifPresent(file -> {
            roots.add(folderOf(file));
            roots.add(folderOf(folderOf(file)));
        });
        roots.add(here);
        roots.add(folderOf(here));
        List<Stray> strays = new ArrayList<>();
        roots.forEach(root -> strays.addAll(search(root, name, gone)));
        int port = stranger.address().port();
        return strays.stream()
                .distinct()
                .filter(stray -> stray.conf().myself().port() == port)
                .max(Comparator.comparingLong(stray -> modified(stray.file())));
    }

    private static long modified(Path file) {
        try {
            return Files.getLastModifiedTime(file).toMillis();
        } catch (IOException _) {
            return 0;
        }
    }

    private static List<Stray> search(Path root, String name, Set<NodeId> gone) {
        List<Stray> found = new ArrayList<>();
        if (root.getNameCount() == 0) {
            return found;
        }
        try {
            Files.walkFileTree(root, EnumSet.noneOf(FileVisitOption.class), DEPTH, new SimpleFileVisitor<>() {
                private int seen;

                @Override
                public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) {
                    if (++seen > MOST_ENTRIES) {
                        return FileVisitResult.TERMINATE;
                    }
                    if (attributes.isRegularFile()
                            && String.valueOf(file.getFileName()).equals(name)
                            && new NodesConfFile(file).content() instanceof NodesConfFile.Content.Whole whole
                            && gone.contains(whole.id())) {
                        found.add(new Stray(file, whole.conf()));
                    }
                    return FileVisitResult.CONTINUE;
                }

                @Override
                public FileVisitResult visitFileFailed(Path file, IOException failure) {
                    return FileVisitResult.CONTINUE;
                }
            });
        } catch (IOException _) {
            // What cannot be looked at has nothing for us.
        }
        return found;
    }

    @Override
    public Supplier<Optional<String>> revive(
            HealStep.Revive step, NodesConf conf, MemberConnections connections, HealListener listener) {
        Way way = ways.get(step.node().address());
        if (way == null) {
            throw new IllegalStateException("no way was found for " + step.node());
        }
        if (step.stranger().isPresent()) {
            stop(step, step.stranger().get(), way.process().orElseThrow(), connections, listener);
        }
        NodesConfFile file = new NodesConfFile(step.revival().file());
        keep(file);
        file.write(conf).ifPresent(listener::notice);
        Launch.Target target = new Launch.Target(
                way.target().address(),
                step.node().id().value(),
                way.target().dir(),
                way.target().config());
        try {
            Launcher.Started started = new Launcher(Launcher.COMMAND_LIMIT, _ -> {}).start(way.launch(), target);
            return started::failure;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw AmbrotypeException.of(ErrorCode.INTERRUPTED, "interrupted while starting " + step.node())
                    .causedBy(e);
        }
    }

    private void stop(
            HealStep.Revive step,
            Member stranger,
            ServerProcess process,
            MemberConnections connections,
            HealListener listener) {
        try {
            connections.askAtLength(
                    stranger,
                    SHUTDOWN_LIMIT,
                    connection -> connection.call("SHUTDOWN", step.save() ? "SAVE" : "NOSAVE"));
        } catch (RespConnectionException e) {
            if (e.reason() != RespConnectionException.Reason.LOST
                    && e.reason() != RespConnectionException.Reason.UNREACHABLE) {
                throw e;
            }
        }
        connections.release(stranger);
        new Gate("the process of " + stranger + " to end", SHUTDOWN_LIMIT)
                .await(
                        time,
                        listener,
                        () -> LocalHost.INSTANCE.isAlive(process)
                                ? Optional.of(Missing.of("process " + process.pid() + " still runs"))
                                : Optional.empty());
    }

    /** The file that is replaced stays beside it: nobody should have to trust us with the only copy. */
    private static void keep(NodesConfFile file) {
        Path path = file.path();
        if (file.content() instanceof NodesConfFile.Content.Absent) {
            return;
        }
        try {
            Files.copy(
                    path,
                    path.resolveSibling(path.getFileName() + KEPT),
                    StandardCopyOption.REPLACE_EXISTING,
                    StandardCopyOption.COPY_ATTRIBUTES);
        } catch (IOException e) {
            throw AmbrotypeException.of(ErrorCode.FAILED, path + " cannot be copied before it is replaced: " + e)
                    .causedBy(e);
        }
    }
}
