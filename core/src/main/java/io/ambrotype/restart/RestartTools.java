package io.ambrotype.restart;

import io.ambrotype.common.HostAndPort;
import io.ambrotype.common.Time;
import io.ambrotype.resp.ConnectionSettings;
import java.nio.file.Path;
import java.time.Duration;
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
 * @param patience how long at least a gate may stay closed without any progress
 */
public record RestartTools(
        ConnectionSettings settings,
        List<HostAndPort> seeds,
        Starters starters,
        Path journals,
        Time time,
        RandomGenerator random,
        String toolVersion,
        Duration patience) {
    private static final Duration PATIENCE = Duration.ofSeconds(30);

    /** Keeps its own list. */
    public RestartTools {
        seeds = List.copyOf(seeds);
    }

    /** With the usual patience: half a minute. */
    public RestartTools(
            ConnectionSettings settings,
            List<HostAndPort> seeds,
            Starters starters,
            Path journals,
            Time time,
            RandomGenerator random,
            String toolVersion) {
        this(settings, seeds, starters, journals, time, random, toolVersion, PATIENCE);
    }

    /** The same with another patience. */
    public RestartTools withPatience(Duration other) {
        return new RestartTools(settings, seeds, starters, journals, time, random, toolVersion, other);
    }
}
