package io.ambrotype.restart;

import io.ambrotype.common.HostAndPort;
import io.ambrotype.common.Time;
import io.ambrotype.resp.ConnectionSettings;
import java.nio.file.Path;
import java.util.List;
import java.util.random.RandomGenerator;

/**
 * What a restart works with.
 *
 * @param settings how to connect to the nodes
 * @param seeds addresses of any of them
 * @param starters how nodes are started again
 * @param journals the folder of all runs' journals
 * @param time the clock
 * @param random for the ids of runs
 * @param toolVersion the version of this program, for the journal
 */
public record RestartTools(
        ConnectionSettings settings,
        List<HostAndPort> seeds,
        Starters starters,
        Path journals,
        Time time,
        RandomGenerator random,
        String toolVersion) {
    /** Keeps its own list. */
    public RestartTools {
        seeds = List.copyOf(seeds);
    }
}
