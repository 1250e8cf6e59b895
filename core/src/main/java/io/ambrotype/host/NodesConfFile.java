package io.ambrotype.host;

import io.ambrotype.common.AmbrotypeException;
import io.ambrotype.topology.NodeId;
import io.ambrotype.topology.NodesConf;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;

/**
 * A {@code nodes.conf} on disk, or why a server would not come back as itself with it. Immutable.
 *
 * @param path where it is, or should be
 * @param content what it says, where it can be loaded
 * @param problem why it cannot be loaded, or that it is not there; names the file
 */
public record NodesConfFile(Path path, Optional<NodesConf> content, Optional<String> problem) {
    private static final int MAXIMUM_BYTES = 8 << 20;

    /** Reads a file; never fails, but says why there is nothing. An empty file is one: a server makes a new identity of it. */
    public static NodesConfFile read(Path path) {
        try {
            byte[] bytes = HostFiles.read(path, MAXIMUM_BYTES);
            if (bytes.length == 0) {
                return new NodesConfFile(path, Optional.empty(), Optional.of(path + " is empty"));
            }
            return new NodesConfFile(path, Optional.of(NodesConf.parse(bytes, path.toString())), Optional.empty());
        } catch (IOException e) {
            return new NodesConfFile(path, Optional.empty(), Optional.of(HostFiles.reason(e)));
        } catch (AmbrotypeException e) {
            return new NodesConfFile(path, Optional.empty(), Optional.of(e.getMessage()));
        }
    }

    /** Whose it is. */
    public Optional<NodeId> id() {
        return content.map(nodes -> nodes.myself().id());
    }
}
