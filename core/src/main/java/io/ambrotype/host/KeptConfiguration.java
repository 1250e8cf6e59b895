package io.ambrotype.host;

import io.ambrotype.common.HostAndPort;
import io.ambrotype.resp.RespConnection;
import io.ambrotype.resp.ServerInfo;
import io.ambrotype.topology.NodeId;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;

/**
 * A server's configuration file as it was before an operation in whose course servers write theirs anew, by themselves or
 * because Sentinels ask them to. Data only, to be kept in a journal; the content lies beside the file, hidden, with its owner
 * and permissions, because it may hold passwords. Immutable.
 *
 * @param path the file
 * @param copy where its content is
 * @param link what its name was a link to; empty where it was none
 */
public record KeptConfiguration(Path path, Path copy, Optional<Path> link) {
    /** What a rewriting adds although it says nothing, or what the operation changes for a moment. */
    private static final Set<String> WITHOUT_MEANING = Set.of(
            "dir",
            "user",
            "save",
            "replica-priority",
            "min-replicas-to-write",
            "min-replicas-max-lag",
            "latency-tracking-info-percentiles");

    /**
     * Keeps the file of a server, where it is on this host and may be written.
     *
     * @param reachedAt where the server answered; {@code connection} leads there
     * @return empty where it is not here or cannot be kept
     */
    public static Optional<KeptConfiguration> keep(HostAndPort reachedAt, RespConnection connection) {
        Optional<Path> path = ConfigurationRewrite.file(reachedAt, ServerInfo.read(connection, "server"));
        if (path.isEmpty()) {
            return Optional.empty();
        }
        try {
            FormerFile former = FormerFile.of(path.get(), "kept");
            former.keep();
            return Optional.of(new KeptConfiguration(former.path(), former.copy(), former.link()));
        } catch (IOException _) {
            return Optional.empty();
        }
    }

    /**
     * Puts the file back as it was, byte for byte, where it says the same as the running server; the copy is removed.
     *
     * @param reachedAt where the server answers; {@code connection} leads there
     * @return how the file differs from before, where it was not put back
     */
    public Optional<String> putBack(HostAndPort reachedAt, NodeId id, RespConnection connection) {
        FormerFile former = new FormerFile(path, copy, link);
        if (!former.isKept()) {
            return Optional.empty();
        }
        try {
            LaunchObservation now = LaunchObservation.ofSettings(reachedAt, id, connection, LocalHost.INSTANCE);
            List<String> differences = differences(now);
            if (differences.isEmpty()) {
                former.restore();
            } else {
                former.restoreAttributes();
            }
            former.forget();
            return differences.isEmpty()
                    ? Optional.empty()
                    : Optional.of(
                            path + " stays as the server has rewritten it; what it said before is not what it runs"
                                    + " with: "
                                    + String.join("; ", differences).replace(copy.toString(), "the former file"));
        } catch (IOException e) {
            return Optional.of(path + " cannot be put back as it was (" + copy + "): " + HostFiles.reason(e));
        }
    }

    /**
     * Has a server that is down come back as a replica: one whose place another has taken would be a second master.
     *
     * @throws io.ambrotype.common.AmbrotypeException where the file cannot be read or written
     */
    public void haveFollow(HostAndPort master) {
        ConfigurationFile.read(path, HostFiles.parent(path))
                .edit(Map.of("replicaof", List.of(master.host(), Integer.toString(master.port()))), Set.of());
    }

    private List<String> differences(LaunchObservation now) {
        ConfigurationFile before =
                ConfigurationFile.read(copy, now.startFolder().orElse(HostFiles.parent(path)));
        List<String> differences = new ArrayList<>(ConfigurationComparison.differences(before, now));
        differences.addAll(ConfigurationComparison.warnings(before, now));
        if (!differences.isEmpty()) {
            return differences;
        }
        // What the server writes and the file did not say has been set while it ran.
        Set<String> added = new TreeSet<>();
        Set<String> known = new HashSet<>(WITHOUT_MEANING);
        before.directives().forEach(directive -> known.add(name(directive)));
        now.file().stream()
                .flatMap(file -> file.directives().stream())
                .map(KeptConfiguration::name)
                .filter(name -> !known.contains(name))
                .forEach(added::add);
        return added.stream()
                .map(name -> name + " is set, of which the file said nothing")
                .toList();
    }

    /** Servers have changed some names; what is written is the newer one. */
    private static String name(ConfigurationFile.Directive directive) {
        return directive
                .name()
                .replace("slave", "replica")
                .replace("ziplist", "listpack")
                .replace("primary", "master");
    }
}
