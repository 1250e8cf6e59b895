package io.ambrotype.lab;

import java.nio.file.Path;
import java.util.Locale;

/** Where the nodes of a lab are started, and so where their files are. */
public enum LabLayout {
    /** Each node from a folder of its own, which its configuration names by an absolute {@code dir}. */
    ABSOLUTE,
    /**
     * As in the field: {@code cd 7100; redis-server conf/redis.conf}, with {@code dir ./}. A node that is started from
     * somewhere else finds neither its data nor its {@code nodes.conf}, and comes back empty, under a new id.
     */
    FOLDER_EACH,
    /**
     * All nodes from the lab's folder: {@code redis-server 7100/conf/redis.conf}, with {@code dir ./}. Their files are told
     * apart by the port in their names.
     */
    ONE_FOLDER;

    /** The configuration that a node with that folder of its own is started with. */
    Path configurationIn(Path folder) {
        return this == ABSOLUTE
                ? folder.resolve(LabConfiguration.FILE)
                : folder.resolve("conf").resolve("redis.conf");
    }

    /** As it is written on a command line: {@code one-folder}. */
    @Override
    public String toString() {
        return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }

    /** The working folder that such a node is started from. */
    Path startFolderOf(Path folder) {
        return this == ONE_FOLDER ? folder.resolveSibling(".").normalize() : folder;
    }
}
