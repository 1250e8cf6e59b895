package io.ambrotype.probe;

import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.OptionalLong;

/**
 * What one writer measures. Its thread reports; others read at any time. Times are those of {@link System#nanoTime}.
 *
 * <p>A write's time runs from its first attempt to its acknowledgement. What passes between two writes is not counted: when
 * this process gets no turn, that is no stall of the servers'.
 */
final class Meter {
    /** Errors of more texts than this are counted under one. */
    private static final int MOST_TEXTS = 20;

    private static final int LONGEST_TEXT = 120;
    private static final String OTHER = "other errors";

    private Counters interval = new Counters();
    private final Counters total = new Counters();
    private OptionalLong underWay = OptionalLong.empty();
    private boolean running;

    /** From now on what is reported counts. */
    synchronized void start() {
        running = true;
    }

    /** From now on it does not. */
    synchronized void stop() {
        running = false;
    }

    /** A write is sent for the first time. */
    synchronized void sent(long now) {
        underWay = OptionalLong.of(now);
    }

    /** The write that is under way was acknowledged. */
    synchronized void acknowledged(long now) {
        long took = now - underWay.orElse(now);
        underWay = OptionalLong.empty();
        if (running) {
            interval.acknowledged(took);
            total.acknowledged(took);
        }
    }

    synchronized void error(String text) {
        if (running) {
            String shown = text.length() > LONGEST_TEXT ? text.substring(0, LONGEST_TEXT) + "…" : text;
            interval.error(shown);
            total.error(shown);
        }
    }

    synchronized void redirect() {
        if (running) {
            interval.redirects++;
            total.redirects++;
        }
    }

    synchronized void reconnect() {
        if (running) {
            interval.reconnects++;
            total.reconnects++;
        }
    }

    /** The interval so far. */
    synchronized ShardReading current(String shard, long now) {
        return interval.reading(shard, lasting(now), 0, 0);
    }

    /** The interval, which ends; a stall that lasts goes on into the next. */
    synchronized ShardReading drain(String shard, long now) {
        ShardReading reading = interval.reading(shard, lasting(now), 0, 0);
        interval = new Counters();
        return reading;
    }

    synchronized ShardReading total(String shard, long lost, long unverified) {
        return total.reading(shard, 0, lost, unverified);
    }

    private long lasting(long now) {
        return running ? Math.max(0, now - underWay.orElse(now)) : 0;
    }

    private static final class Counters {
        private final LatencyHistogram latencies = new LatencyHistogram();
        private final Map<String, Long> errors = new LinkedHashMap<>();
        private long longest;
        private long redirects;
        private long reconnects;

        void acknowledged(long took) {
            latencies.add(took);
            longest = Math.max(longest, took);
        }

        void error(String text) {
            errors.merge(errors.containsKey(text) || errors.size() < MOST_TEXTS ? text : OTHER, 1L, Long::sum);
        }

        ShardReading reading(String shard, long lasting, long lost, long unverified) {
            return new ShardReading(
                    shard,
                    latencies.count(),
                    Duration.ofNanos(Math.max(longest, lasting)),
                    Duration.ofNanos(latencies.median()),
                    errors,
                    redirects,
                    reconnects,
                    lost,
                    unverified);
        }
    }
}
