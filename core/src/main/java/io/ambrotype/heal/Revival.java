package io.ambrotype.heal;

import java.nio.file.Path;

/**
 * How a server can be started as the node that it was. Immutable.
 *
 * @param folder the folder in which it will work, and in which its {@code nodes.conf} is put
 * @param nodesConf the name of that file
 * @param start the way in which it is started, for people
 * @param reason why that folder
 */
public record Revival(Path folder, String nodesConf, String start, String reason) {
    /** Where the file is put. */
    public Path file() {
        return folder.resolve(nodesConf);
    }
}
