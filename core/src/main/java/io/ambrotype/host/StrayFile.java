package io.ambrotype.host;

import io.ambrotype.topology.NodeId;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * A file of a server in a folder where that server does not read it: with a relative {@code dir} a server's files are
 * wherever its start command was typed. Immutable.
 *
 * @param path where
 * @param kind what it is
 * @param modified when it was last written
 * @param bytes how long it is; of a folder all its files together
 * @param id whose {@code nodes.conf} it is
 * @param problem why it cannot be loaded, where it is a {@code nodes.conf}
 */
public record StrayFile(
        Path path, Kind kind, Instant modified, long bytes, Optional<NodeId> id, Optional<String> problem) {
    /** What a file is. */
    public enum Kind {
        /** The data as RDB. */
        DUMP,
        /** The identity of a cluster node. */
        NODES_CONF,
        /** The data as append-only file or files. */
        APPEND_ONLY
    }

    private static final int MOST_FOLDERS = 2000;
    private static final int MOST_FILES = 10_000;
    private static final List<Path> USUAL = List.of(
            Path.of("/"), Path.of("/root"), Path.of("/tmp"), Path.of("/var/lib/redis"), Path.of("/var/lib/valkey"));

    /**
     * Looks for files of a server's names where people start servers: in the folders around its own and around its
     * configuration file, in homes, and in the usual ones. What cannot be looked at is passed over.
     *
     * @param process the server
     * @param configuration its configuration file
     * @param names of its files
     * @param inUse folders in which servers keep their files at the moment
     * @return sorted by path
     */
    public static List<StrayFile> near(
            ServerProcess process, Optional<Path> configuration, PersistentFiles names, Set<Path> inUse) {
        Set<Path> used = new HashSet<>();
        inUse.forEach(folder -> used.add(HostFiles.real(folder)));
        used.add(HostFiles.real(process.workingFolder()));
        Set<Path> candidates = new LinkedHashSet<>();
        around(process.workingFolder(), candidates);
        configuration.ifPresent(file -> around(HostFiles.parent(file), candidates));
        candidates.addAll(USUAL);
        candidates.add(Path.of("").toAbsolutePath());
        process.account().user().flatMap(HostFiles::homeOf).ifPresent(candidates::add);
        children(Path.of("/home"), candidates);
        List<StrayFile> found = new ArrayList<>();
        Set<Path> seen = new HashSet<>();
        for (Path candidate : candidates) {
            Path folder = HostFiles.real(candidate);
            if (!used.contains(folder) && seen.add(folder)) {
                for (Path path : names.in(folder)) {
                    read(path, names).ifPresent(found::add);
                }
            }
        }
        found.sort(Comparator.comparing(StrayFile::path));
        return List.copyOf(found);
    }

    /** The folder, the one above, and those beside and below it. */
    private static void around(Path folder, Set<Path> into) {
        into.add(folder);
        children(folder, into);
        Path parent = folder.getParent();
        if (parent != null) {
            into.add(parent);
            if (parent.getParent() != null) {
                children(parent, into);
            }
        }
    }

    private static void children(Path folder, Set<Path> into) {
        try (DirectoryStream<Path> children = Files.newDirectoryStream(folder)) {
            int count = 0;
            for (Path child : children) {
                if (++count > MOST_FOLDERS) {
                    return;
                }
                if (Files.isDirectory(child, LinkOption.NOFOLLOW_LINKS)) {
                    into.add(child);
                }
            }
        } catch (IOException _) {
            // Not there, or not for us.
        }
    }

    private static Optional<StrayFile> read(Path path, PersistentFiles names) {
        try {
            BasicFileAttributes attributes = Files.readAttributes(path, BasicFileAttributes.class);
            String name = String.valueOf(path.getFileName());
            Instant modified = attributes.lastModifiedTime().toInstant();
            if (name.equals(names.appendOnlyFolder()) && attributes.isDirectory()) {
                return Optional.of(new StrayFile(
                        path, Kind.APPEND_ONLY, modified, bytesIn(path), Optional.empty(), Optional.empty()));
            }
            if (!attributes.isRegularFile()) {
                return Optional.empty();
            }
            if (names.nodesConf().filter(name::equals).isPresent()) {
                NodesConfFile file = NodesConfFile.read(path);
                return Optional.of(
                        new StrayFile(path, Kind.NODES_CONF, modified, attributes.size(), file.id(), file.problem()));
            }
            Kind kind = name.equals(names.dump()) ? Kind.DUMP : Kind.APPEND_ONLY;
            return Optional.of(
                    new StrayFile(path, kind, modified, attributes.size(), Optional.empty(), Optional.empty()));
        } catch (IOException _) {
            return Optional.empty();
        }
    }

    private static long bytesIn(Path folder) throws IOException {
        long bytes = 0;
        int count = 0;
        try (DirectoryStream<Path> files = Files.newDirectoryStream(folder)) {
            for (Path file : files) {
                if (++count > MOST_FILES) {
                    break;
                }
                bytes += Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS) ? Files.size(file) : 0;
            }
        }
        return bytes;
    }
}
