package io.ambrotype.host;

import io.ambrotype.common.AmbrotypeException;
import io.ambrotype.common.HostAndPort;
import io.ambrotype.common.Secret;
import io.ambrotype.host.ServerProcess.Account;
import io.ambrotype.host.ServerProcess.Limit;
import io.ambrotype.host.ServerProcess.SystemdUnit;
import io.ambrotype.resp.RespConnection;
import io.ambrotype.resp.RespErrorException;
import io.ambrotype.resp.ServerInfo;
import io.ambrotype.topology.NodeConfiguration;
import io.ambrotype.topology.NodeId;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * All that a {@link LaunchPlanner} wants to know about a running server: what it tells, and what this host shows of it. Holds
 * its passwords; not for a journal. Immutable.
 *
 * @param address where it answered
 * @param id its node id
 * @param info what it told, all of it
 * @param configuration its settings without secrets
 * @param secrets those that its file must have, too, by their names; empty texts where it has none
 * @param sighting its process, if it runs here
 * @param file its configuration file, read as it was when it started
 * @param fileProblem why there is no such file
 * @param startFolder the folder that it was started from, as far as its {@code dir} shows
 * @param program the program that it runs
 * @param unit what systemd says about its unit; its process may have been started by that service without being it
 * @param unitProblem why systemd says nothing
 * @param nodesConfProblem what stands against the {@code nodes.conf} that a cluster node would start with, where it can be
 *     looked at; its name is that
 *     of the file where the server does not tell it (before Redis 7.0)
 * @param fileUsers names of the ACL users that its files define
 * @param self as whom we run
 * @param ownLimits our resource limits
 * @param tools programs of this host that are needed to start a process as another one was, by their names
 */
record LaunchObservation(
        HostAndPort address,
        NodeId id,
        ServerInfo info,
        NodeConfiguration configuration,
        Map<String, Secret> secrets,
        Sighting sighting,
        Optional<ConfigurationFile> file,
        Optional<String> fileProblem,
        Optional<Path> startFolder,
        Optional<ServerProgram> program,
        Optional<UnitState> unit,
        Optional<String> unitProblem,
        Optional<String> nodesConfProblem,
        Set<String> fileUsers,
        Optional<Account> self,
        Map<String, Limit> ownLimits,
        Map<String, Path> tools) {
    /** Settings that are secret and that must come back. */
    static final List<String> SECRETS = List.of("requirepass", "masterauth");

    static final List<String> TOOLS = List.of("setsid", "prlimit", "setpriv");
    private static final Duration LIMIT = Duration.ofSeconds(10);
    private static final int MAXIMUM_BYTES = 8 << 20;

    /** Keeps its own copies. */
    LaunchObservation {
        secrets = Map.copyOf(secrets);
        fileUsers = Set.copyOf(fileUsers);
        ownLimits = Map.copyOf(ownLimits);
        tools = Map.copyOf(tools);
    }

    /**
     * What {@code systemctl show} says.
     *
     * @param unit whose state
     * @param mainProcess its main process, 0 for none
     * @param restart after which ends it is started again: {@code no}, {@code always}, {@code on-success}, …
     * @param preventedBy exit statuses after which it is not
     */
    record UnitState(SystemdUnit unit, long mainProcess, String restart, String preventedBy) {
        /** Whether it is started again after an end in good order. */
        boolean comesBack() {
            return (restart.equals("always") || restart.equals("on-success"))
                    && !List.of(preventedBy.split("\\s+")).contains("0");
        }
    }

    /**
     * Looks at a server.
     *
     * @param reachedAt where it answered
     * @param searchPath folders of the programs of this host
     * @throws AmbrotypeException where the connection fails
     * @throws InterruptedException where the waiting thread is interrupted
     */
    static LaunchObservation of(
            HostAndPort reachedAt, NodeId id, RespConnection connection, LocalHost host, List<Path> searchPath)
            throws InterruptedException {
        ServerInfo info = ServerInfo.parse(connection.text("INFO"));
        NodeConfiguration configuration = NodeConfiguration.read(connection);
        Builder builder = new Builder(info, configuration);
        Sighting sighting = host.find(reachedAt, info);
        if (sighting instanceof Sighting.Seen(ServerProcess process)
                && process.container().isEmpty()) {
            builder.readFile(process);
            builder.readNodesConf(process, id);
            builder.program = ServerProgram.find(process, info, host, searchPath);
            builder.readUnit(process, searchPath);
        }
        Optional<Account> self;
        try {
            self = Optional.of(host.ownAccount());
        } catch (IOException _) {
            self = Optional.empty();
        }
        Map<String, Path> tools = new HashMap<>();
        TOOLS.forEach(name -> ProgramRun.find(name, searchPath).ifPresent(path -> tools.put(name, path)));
        return new LaunchObservation(
                reachedAt,
                id,
                info,
                configuration,
                secrets(connection),
                sighting,
                builder.start.file(),
                builder.start.problem(),
                builder.start.startFolder(),
                builder.program,
                builder.unit,
                builder.unitProblem,
                builder.nodesConfProblem,
                builder.fileUsers,
                self,
                host.ownLimits(),
                tools);
    }

    /** Only what it tells of its settings, and its file; {@link #sighting} says whether it runs here. */
    static LaunchObservation ofSettings(HostAndPort reachedAt, NodeId id, RespConnection connection, LocalHost host) {
        ServerInfo info = ServerInfo.parse(connection.text("INFO"));
        NodeConfiguration configuration = NodeConfiguration.read(connection);
        Builder builder = new Builder(info, configuration);
        Sighting sighting = host.find(reachedAt, info);
        if (sighting instanceof Sighting.Seen(ServerProcess process)
                && process.container().isEmpty()) {
            builder.readFile(process);
        }
        return new LaunchObservation(
                reachedAt,
                id,
                info,
                configuration,
                secrets(connection),
                sighting,
                builder.start.file(),
                builder.start.problem(),
                builder.start.startFolder(),
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                builder.fileUsers,
                Optional.empty(),
                Map.of(),
                Map.of());
    }

    /** A setting that the server told and that is not secret; empty where it did not. */
    Optional<String> live(String name) {
        return configuration.value(name);
    }

    private static Map<String, Secret> secrets(RespConnection connection) {
        Map<String, Secret> secrets = new HashMap<>();
        for (String name : SECRETS) {
            try {
                String value = connection.pairs("CONFIG", "GET", name).get(name);
                if (value != null) {
                    secrets.put(name, Secret.of(value));
                }
            } catch (RespErrorException _) {
                // Not permitted; the planner says that nothing can be compared.
            }
        }
        return secrets;
    }

    /** What is read one after the other. */
    private static final class Builder {
        private final ServerInfo info;
        private final NodeConfiguration configuration;
        private StartConfiguration start = new StartConfiguration(Optional.empty(), Optional.empty(), Optional.empty());
        private Optional<ServerProgram> program = Optional.empty();
        private Optional<UnitState> unit = Optional.empty();
        private Optional<String> unitProblem = Optional.empty();
        private Optional<String> nodesConfProblem = Optional.empty();
        private Set<String> fileUsers = Set.of();

        Builder(ServerInfo info, NodeConfiguration configuration) {
            this.info = info;
            this.configuration = configuration;
        }

        void readFile(ServerProcess process) {
            start = StartConfiguration.of(info, process.workingFolder());
            start.file().ifPresent(file -> fileUsers = AclUsers.of(file));
        }

        void readNodesConf(ServerProcess process, NodeId id) {
            if (configuration.clusterConfigFile().isPresent() || start.file().isPresent()) {
                nodesConfProblem = PersistentFiles.of(info.is("cluster_enabled"), configuration, start.file())
                        .nodesConf()
                        .flatMap(name ->
                                new NodesConfFile(process.workingFolder().resolve(name)).problem(id));
            }
        }

        void readUnit(ServerProcess process, List<Path> searchPath) throws InterruptedException {
            if (process.systemdUnit().isEmpty()) {
                return;
            }
            SystemdUnit name = process.systemdUnit().get();
            Optional<Path> systemctl = ProgramRun.find("systemctl", searchPath);
            if (systemctl.isEmpty()) {
                unitProblem = Optional.of("there is no systemctl here");
                return;
            }
            List<String> command = new ArrayList<>(List.of(systemctl.get().toString()));
            if (name.ofUser()) {
                command.add("--user");
            }
            command.addAll(List.of("show", "--property=MainPID,Restart,RestartPreventExitStatus", name.name()));
            try {
                ProgramRun run = ProgramRun.run(command, Map.of(), LIMIT);
                Map<String, String> properties = new HashMap<>();
                run.output().lines().forEach(line -> {
                    int equals = line.indexOf('=');
                    if (equals > 0) {
                        properties.put(
                                line.substring(0, equals),
                                line.substring(equals + 1).strip());
                    }
                });
                String main = properties.getOrDefault("MainPID", "");
                if (!run.succeeded() || !main.matches("[0-9]{1,10}")) {
                    unitProblem = Optional.of("systemctl says nothing about it: " + run.shown());
                } else {
                    unit = Optional.of(new UnitState(
                            name,
                            Long.parseLong(main),
                            properties.getOrDefault("Restart", ""),
                            properties.getOrDefault("RestartPreventExitStatus", "")));
                }
            } catch (IOException e) {
                unitProblem = Optional.of("systemctl cannot be run: " + HostFiles.reason(e));
            }
        }
    }

    /** Names of ACL users. */
    private static final class AclUsers {
        private AclUsers() {}

        /** Those that a configuration file defines, or the file of users that it names. */
        static Set<String> of(ConfigurationFile file) {
            Set<String> names = new HashSet<>();
            file.all("user")
                    .filter(line -> !line.values().isEmpty())
                    .forEach(line -> names.add(line.values().getFirst()));
            file.value("aclfile")
                    .filter(name -> !name.isEmpty())
                    .map(file::resolve)
                    .filter(Files::isReadable)
                    .ifPresent(path -> {
                        try {
                            HostFiles.readText(path, MAXIMUM_BYTES)
                                    .lines()
                                    .map(line -> line.strip().split("\\s+"))
                                    .filter(words -> words.length > 1 && words[0].equals("user"))
                                    .forEach(words -> names.add(words[1]));
                        } catch (IOException _) {
                            // Then the users that are not found are warned about.
                        }
                    });
            return names;
        }
    }
}
