package io.ambrotype.probe;

import java.time.Duration;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * What the writer of one shard measured in an interval. Immutable.
 *
 * @param shard for people: {@code slots 0-5460}, or the address of the first master outside a cluster
 * @param writes that were acknowledged
 * @param longestStall the longest time that a write took from its first attempt to its acknowledgement
 * @param median half of the writes were acknowledged within this time
 * @param errors answers that a cluster-aware client hands on to its application, by their text; each attempt counts
 * @param redirects MOVED and ASK that were followed
 * @param reconnects connections that were lost and made again
 * @param lost acknowledged writes that were found missing
 * @param unverified acknowledged writes that could not be asked for yet
 */
public record ShardReading(
        String shard,
        long writes,
        Duration longestStall,
        Duration median,
        Map<String, Long> errors,
        long redirects,
        long reconnects,
        long lost,
        long unverified) {
    /** Copies the map. */
    public ShardReading {
        errors = Collections.unmodifiableMap(new LinkedHashMap<>(errors));
    }

    /** How many errors there were of any text. */
    public long errorCount() {
        return errors.values().stream().mapToLong(Long::longValue).sum();
    }

    ShardReading found(long lostWrites, long unverifiedWrites) {
        return new ShardReading(
                shard, writes, longestStall, median, errors, redirects, reconnects, lostWrites, unverifiedWrites);
    }

    ShardReading plus(ShardReading later) {
        if (!shard.equals(later.shard)) {
            throw new IllegalArgumentException("readings of different shards: " + shard + " and " + later.shard);
        }
        Map<String, Long> both = new LinkedHashMap<>(errors);
        later.errors.forEach((text, count) -> both.merge(text, count, Long::sum));
        long all = writes + later.writes;
        Duration weighted = all == 0
                ? Duration.ZERO
                : median.multipliedBy(writes)
                        .plus(later.median.multipliedBy(later.writes))
                        .dividedBy(all);
        return new ShardReading(
                shard,
                all,
                longestStall.compareTo(later.longestStall) >= 0 ? longestStall : later.longestStall,
                weighted,
                both,
                redirects + later.redirects,
                reconnects + later.reconnects,
                lost + later.lost,
                later.unverified);
    }
}
