package io.ambrotype.host;

import com.fasterxml.jackson.annotation.JsonSubTypes;
import com.fasterxml.jackson.annotation.JsonTypeInfo;
import io.ambrotype.common.HostAndPort;
import io.ambrotype.host.ServerProcess.Account;
import io.ambrotype.host.ServerProcess.Limit;
import io.ambrotype.host.ServerProcess.SystemdUnit;
import io.ambrotype.resp.ServerVersion;
import java.nio.file.Path;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * How a server that was stopped gets going again. Pure data that a journal can keep as JSON: what is needed is in it, because
 * the server that could be asked is then down. A {@link LaunchPlanner} decides it, a {@link Launcher} does it. Immutable.
 */
@JsonTypeInfo(use = JsonTypeInfo.Id.NAME, property = "kind")
@JsonSubTypes({
    @JsonSubTypes.Type(value = Launch.Exec.class, name = "exec"),
    @JsonSubTypes.Type(value = Launch.Systemd.class, name = "systemd"),
    @JsonSubTypes.Type(value = Launch.Command.class, name = "command"),
    @JsonSubTypes.Type(value = Launch.Manual.class, name = "manual"),
    @JsonSubTypes.Type(value = Launch.Supervised.class, name = "supervised")
})
public sealed interface Launch {
    /** What is going to happen, for the plan: {@code exec /usr/bin/redis-server /etc/redis/7000.conf in /data}. */
    String describe();

    /**
     * The program is executed on this host, as it was before.
     *
     * @param command program and arguments, the last one its configuration file
     * @param version what the program says it is; another one than the running server's where it was upgraded
     * @param folder the working folder to start it from
     * @param account as whom, where that is somebody else than we are
     * @param limits the resource limits that differ from ours, by their names as options of {@code prlimit}
     * @param umask octal
     * @param output where its standard output is added to; nowhere where it has a log of its own
     * @param daemonizes whether it puts itself into the background
     */
    record Exec(
            List<String> command,
            ServerVersion version,
            Path folder,
            Optional<Account> account,
            Map<String, Limit> limits,
            Optional<String> umask,
            Optional<Path> output,
            boolean daemonizes)
            implements Launch {
        /** Keeps its own copies. */
        public Exec {
            command = List.copyOf(command);
            limits = Collections.unmodifiableMap(new TreeMap<>(limits));
        }

        @Override
        public String describe() {
            return "exec " + String.join(" ", command) + " in " + folder
                    + account.map(as -> " as " + as).orElse("");
        }
    }

    /**
     * systemd is asked to start its unit.
     *
     * @param unit which
     */
    record Systemd(SystemdUnit unit) implements Launch {
        @Override
        public String describe() {
            return "systemctl " + (unit.ofUser() ? "--user " : "") + "start " + unit.name();
        }
    }

    /**
     * A command that the user gave.
     *
     * @param template for {@code /bin/sh}, with {@code {host} {port} {id} {dir} {config}}
     */
    record Command(String template) implements Launch {
        @Override
        public String describe() {
            return "command " + template;
        }
    }

    /** The user starts it and is asked to. */
    record Manual() implements Launch {
        @Override
        public String describe() {
            return "you start it when asked";
        }
    }

    /**
     * Somebody starts it again as soon as it has ended; nothing is to be done but to wait for another {@code run_id}.
     *
     * @param by who that is, such as {@code unit redis.service (Restart=always)}
     */
    record Supervised(String by) implements Launch {
        @Override
        public String describe() {
            return by + " starts it again by itself";
        }
    }

    /**
     * The server that is started, for what a command's template names. Can go into a journal.
     *
     * @param address where it is reached
     * @param id its node id
     * @param dir its {@code dir}, where it is known
     * @param config its configuration file, where it is known
     */
    record Target(HostAndPort address, String id, Optional<String> dir, Optional<String> config) {
        /** The same server with its files in another folder. */
        public Target withDir(Path folder) {
            return new Target(address, id, Optional.of(folder.toString()), config);
        }
    }
}
