package io.ambrotype.host;

import io.ambrotype.topology.NodeConfiguration;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * The names of the files in which a server keeps its data and its identity; they belong together, in one folder. Immutable.
 *
 * @param dump the RDB, {@code dbfilename}
 * @param nodesConf {@code cluster-config-file}, of a cluster node
 * @param appendOnlyFile {@code appendfilename}: before Redis 7.0 the file itself
 * @param appendOnlyFolder {@code appenddirname}: the folder of the append-only files from Redis 7.0 on
 */
public record PersistentFiles(String dump, Optional<String> nodesConf, String appendOnlyFile, String appendOnlyFolder) {
    /** The names that servers have where nothing else is said, in a cluster. */
    public static final PersistentFiles DEFAULT =
            new PersistentFiles("dump.rdb", Optional.of("nodes.conf"), "appendonly.aof", "appendonlydir");

    /**
     * The names of a server.
     *
     * @param cluster whether it is a cluster node
     * @param configuration what it tells; old servers do not tell the names of their {@code nodes.conf} and append-only file
     * @param file its configuration file, which knows them, where it can be read
     */
    public static PersistentFiles of(
            boolean cluster, NodeConfiguration configuration, Optional<ConfigurationFile> file) {
        return new PersistentFiles(
                name(configuration, file, "dbfilename", DEFAULT.dump),
                cluster
                        ? Optional.of(name(configuration, file, "cluster-config-file", "nodes.conf"))
                        : Optional.empty(),
                name(configuration, file, "appendfilename", DEFAULT.appendOnlyFile),
                name(configuration, file, "appenddirname", DEFAULT.appendOnlyFolder));
    }

    /** All of them, the append-only files first. */
    public List<String> names() {
        List<String> names = new ArrayList<>(List.of(appendOnlyFolder, appendOnlyFile, dump));
        nodesConf.ifPresent(names::add);
        return List.copyOf(names);
    }

    /** Those of them that are in a folder. */
    public List<Path> in(Path folder) {
        return names().stream().map(folder::resolve).filter(HostFiles::isThere).toList();
    }

    private static String name(
            NodeConfiguration configuration, Optional<ConfigurationFile> file, String setting, String usual) {
        return configuration
                .value(setting)
                .or(() -> file.flatMap(read -> read.value(setting)))
                .filter(value -> !value.isEmpty())
                .orElse(usual);
    }
}
