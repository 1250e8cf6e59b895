package io.ambrotype.control;

import io.ambrotype.resp.ServerVersion;
import io.ambrotype.resp.ServerVersion.Vendor;
import java.time.Duration;
import java.time.Instant;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Consumer;

/**
 * Which replicas have stood for election lately, in this run and those before it.
 *
 * <p>The same process cannot stand twice within four times {@code cluster-node-timeout}, at least four seconds (source:
 * {@code auth_retry_time} in {@code clusterHandleSlaveFailover}): no election starts, the master has its writers paused
 * for five seconds, and the attempt counts again. A failed election counts like a successful one. Seen on Redis 5.0.5 to
 * 8.0; Valkey 8.1 and later are not affected. A restart clears it. Thread-safe.
 */
public final class Elections {
    private static final Duration LEAST = Duration.ofSeconds(4);

    private final List<Election> known;
    private final Consumer<Election> journal;

    /**
     * Elections, those of earlier runs included.
     *
     * @param journal told of every new one before it begins
     */
    public Elections(List<Election> earlier, Consumer<Election> journal) {
        this.known = new CopyOnWriteArrayList<>(earlier);
        this.journal = journal;
    }

    /** Writes down that a replica is about to stand. */
    public void begin(Election election) {
        journal.accept(election);
        known.add(election);
    }

    /** All that are known. */
    public List<Election> known() {
        return List.copyOf(known);
    }

    /** How long a candidate should not be asked yet; zero where it can be asked now. */
    public Duration coolDown(Look.Seen candidate, Duration nodeTimeout, Instant now) {
        ServerVersion version = candidate.state().version();
        if (version.isAtLeast(Vendor.VALKEY, 8, 1)) {
            return Duration.ZERO;
        }
        Duration four = nodeTimeout.multipliedBy(4);
        Duration rest = four.compareTo(LEAST) < 0 ? LEAST : four;
        return known.stream()
                .filter(election ->
                        election.candidate().id().equals(candidate.member().id()))
                .filter(election -> election.runId().equals(candidate.state().runId()))
                .map(Election::begun)
                .max(Comparator.naturalOrder())
                .map(last -> Duration.between(now, last.plus(rest)))
                .filter(Duration::isPositive)
                .orElse(Duration.ZERO);
    }
}
