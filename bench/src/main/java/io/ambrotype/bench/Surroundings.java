package io.ambrotype.bench;

import io.ambrotype.lab.ServerBinary;
import java.io.PrintStream;
import java.nio.file.Path;
import java.util.List;

/**
 * What a benchmark is given. Immutable.
 *
 * @param servers the servers to measure with, at least one
 * @param runs how often each thing is measured
 * @param folder an empty folder, removed afterwards
 * @param portBase the first of the ports that may be used
 * @param log for what is going on
 */
record Surroundings(List<ServerBinary> servers, int runs, Path folder, int portBase, PrintStream log) {
    /** Keeps its own list. */
    Surroundings {
        servers = List.copyOf(servers);
    }
}
