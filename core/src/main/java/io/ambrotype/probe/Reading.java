package io.ambrotype.probe;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * What a probe measured in an interval. Immutable.
 *
 * @param span how long the interval was
 * @param shards one for each shard that is written to, in order of their slots; empty where nothing is watched
 */
public record Reading(Duration span, List<ShardReading> shards) {
    /** Nothing was watched. */
    public static final Reading EMPTY = new Reading(Duration.ZERO, List.of());

    /** Copies the list. */
    public Reading {
        shards = List.copyOf(shards);
    }

    /** Writes that were acknowledged. */
    public long writes() {
        return shards.stream().mapToLong(ShardReading::writes).sum();
    }

    /** The longest time that a write to any shard took from its first attempt to its acknowledgement. */
    public Duration longestStall() {
        return shards.stream()
                .map(ShardReading::longestStall)
                .max(Comparator.naturalOrder())
                .orElse(Duration.ZERO);
    }

    /** The answers that a cluster-aware client would have handed on to its application as errors. */
    public long errors() {
        return shards.stream().mapToLong(ShardReading::errorCount).sum();
    }

    /** Errors of all shards by their text. */
    public Map<String, Long> errorsByText() {
        Map<String, Long> all = new LinkedHashMap<>();
        shards.forEach(shard -> shard.errors().forEach((text, count) -> all.merge(text, count, Long::sum)));
        return all;
    }

    /** MOVED and ASK that were followed. */
    public long redirects() {
        return shards.stream().mapToLong(ShardReading::redirects).sum();
    }

    /** Connections that were lost and made again. */
    public long reconnects() {
        return shards.stream().mapToLong(ShardReading::reconnects).sum();
    }

    /** Acknowledged writes that were found missing in this interval. */
    public long lost() {
        return shards.stream().mapToLong(ShardReading::lost).sum();
    }

    /**
     * Both intervals as one. Medians are weighted by the number of writes and so are not exact any more.
     *
     * @throws IllegalArgumentException where they are of different shards
     */
    public Reading plus(Reading later) {
        if (shards.isEmpty()) {
            return later;
        }
        if (later.shards.isEmpty()) {
            return this;
        }
        if (shards.size() != later.shards.size()) {
            throw new IllegalArgumentException("readings of different shards");
        }
        List<ShardReading> sums = new ArrayList<>();
        for (int i = 0; i < shards.size(); i++) {
            sums.add(shards.get(i).plus(later.shards.get(i)));
        }
        return new Reading(span.plus(later.span), sums);
    }
}
