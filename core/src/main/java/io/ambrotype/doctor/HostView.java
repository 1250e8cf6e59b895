package io.ambrotype.doctor;

import io.ambrotype.host.PersistentFiles;
import io.ambrotype.topology.NodeId;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;

/** What this host shows of a node's process and files. */
public sealed interface HostView {
    /**
     * The node runs on this host. Immutable.
     *
     * @param process for people: what shows that, such as {@code process 4711}
     * @param container whether it runs in a container of its own: then none of its files was looked at
     * @param workingFolder its working folder, which is its {@code dir}
     * @param workingFolderRemoved whether that folder has been removed since
     * @param file its configuration file; empty where it has none
     * @param files the names of its files; empty in a container
     * @param nodesConfFault what is wrong with its {@code nodes.conf} as it is on disk, as a sentence
     * @param appendOnlyFiles append-only files of any form in its {@code dir}
     * @param startFolders folders from which its user may start it: the home folder, and where its program is
     * @param freeBytes free space where its {@code dir} is
     * @param kernel settings of the kernel
     */
    record Seen(
            String process,
            boolean container,
            Path workingFolder,
            boolean workingFolderRemoved,
            Optional<FileView> file,
            Optional<PersistentFiles> files,
            Optional<String> nodesConfFault,
            List<Path> appendOnlyFiles,
            List<Path> startFolders,
            OptionalLong freeBytes,
            Optional<KernelView> kernel)
            implements HostView {
        /** Keeps its own lists. */
        public Seen {
            appendOnlyFiles = List.copyOf(appendOnlyFiles);
            startFolders = List.copyOf(startFolders);
        }
    }

    /**
     * It does not, or cannot be looked at.
     *
     * @param reason why, as the end of a sentence about the node
     */
    record Unseen(String reason) implements HostView {}

    /**
     * A file in a place where nobody reads it.
     *
     * @param path where
     * @param modified when it was last written
     * @param bytes how long it is
     * @param what for people: what is in it
     * @param id whose {@code nodes.conf} it is, where it is one
     */
    record Stray(Path path, Instant modified, long bytes, String what, Optional<NodeId> id) {}

    /** Settings of the kernel that concern forks. */
    record KernelView(OptionalLong overcommit, Optional<String> hugePages) {}
}
