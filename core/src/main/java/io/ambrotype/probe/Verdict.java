package io.ambrotype.probe;

import java.time.Duration;
import java.time.Instant;
import java.util.List;

/**
 * What a probe found from its start to its end. Immutable.
 *
 * @param total all that was measured; its {@code lost} counts every acknowledged write that is missing
 * @param pace the time that a writer waited between two writes
 * @param lost the lost writes, at most {@link Probe#MOST_NAMED} of them
 * @param leftBehind keys that could not be removed; they expire within {@link Probe#LIFETIME}
 * @param remarks what makes the numbers less than they seem, in sentences: a server that evicted keys meanwhile, writes that
 *     could not be verified
 */
public record Verdict(
        Reading total, Duration pace, List<LostWrite> lost, List<String> leftBehind, List<String> remarks) {
    /** Nothing was watched. */
    public static final Verdict NOTHING_WATCHED =
            new Verdict(Reading.EMPTY, Duration.ZERO, List.of(), List.of(), List.of());

    /** Copies the lists. */
    public Verdict {
        lost = List.copyOf(lost);
        leftBehind = List.copyOf(leftBehind);
        remarks = List.copyOf(remarks);
    }

    /** Whether anything was watched and every acknowledged write was found. */
    public boolean provesNoLoss() {
        return total.writes() > 0
                && total.lost() == 0
                && total.shards().stream().allMatch(shard -> shard.unverified() == 0);
    }

    /**
     * A write that a server acknowledged and that is no longer there.
     *
     * @param key the list that it was appended to
     * @param number which element
     * @param acknowledgedBy the address of the server
     * @param acknowledgedAt when
     */
    public record LostWrite(String key, long number, String acknowledgedBy, Instant acknowledgedAt) {}
}
