package io.ambrotype.imports;

import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/**
 * What to import. Immutable.
 *
 * @param deployment what the snapshot shall say it is of
 * @param topology the nodes.conf of one of the cluster's nodes; empty for a standalone server
 * @param files RDB files, append-only files that begin with an RDB, append-only folders, or folders of nodes; absolute
 */
public record ImportRequest(String deployment, Optional<Path> topology, List<Path> files) {
    /** Rejects what no snapshot can be made of; copies the list. */
    public ImportRequest {
        files = List.copyOf(files);
        if (files.isEmpty()) {
            throw new IllegalArgumentException("there is no file to import");
        }
        if (topology.isEmpty() && files.size() > 1) {
            throw new IllegalArgumentException("a standalone server has one file, and " + files.size() + " are named");
        }
    }
}
