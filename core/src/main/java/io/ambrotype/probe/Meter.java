package io.ambrotype.probe;

import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * What one writer measures. Its thread reports; others read at any time. Times are those of {@link System#nanoTime}.
 */
final class Meter {
    /** Errors of more texts than this are counted under one. */
    private static final int MOST_TEXTS = 20;

    private static final int LONGEST_TEXT = 120;
    private static final String OTHER = "other errors";

    private final long paceNanos;
    private Counters interval = new Counters();
    private final Counters total = new Counters();
    private long lastAcknowledged;
    private boolean running;

    Meter(Duration pace) {
        this.paceNanos = pace.toNanos();
    }

    /** From now on a missing acknowledgement is a stall. */
    synchronized void start(long now) {
        lastAcknowledged = now;
        running = true;
    }

    /** From now on none is. */
    synchronized void stop() {
        running = false;
    }

    synchronized void acknowledged(long sent, long now) {
        if (!running) {
            return;
        }
        long stall = stall(now);
        lastAcknowledged = now;
        interval.acknowledged(stall, now - sent);
        total.acknowledged(stall, now - sent);
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
        return interval.reading(shard, running ? stall(now) : 0, 0, 0);
    }

    /** The interval, which ends; a stall that lasts goes on into the next. */
    synchronized ShardReading drain(String shard, long now) {
        ShardReading reading = interval.reading(shard, running ? stall(now) : 0, 0, 0);
        interval = new Counters();
        return reading;
    }

    synchronized ShardReading total(String shard, long lost, long unverified) {
        return total.reading(shard, 0, lost, unverified);
    }

    private long stall(long now) {
        return Math.max(0, now - lastAcknowledged - paceNanos);
    }

    private static final class Counters {
        private final LatencyHistogram latencies = new LatencyHistogram();
        private final Map<String, Long> errors = new LinkedHashMap<>();
        private long longestStall;
        private long redirects;
        private long reconnects;

        void acknowledged(long stall, long latency) {
            latencies.add(latency);
            longestStall = Math.max(longestStall, stall);
        }

        void error(String text) {
            errors.merge(errors.containsKey(text) || errors.size() < MOST_TEXTS ? text : OTHER, 1L, Long::sum);
        }

        ShardReading reading(String shard, long lastingStall, long lost, long unverified) {
            return new ShardReading(
                    shard,
                    latencies.count(),
                    Duration.ofNanos(Math.max(longestStall, lastingStall)),
                    Duration.ofNanos(latencies.median()),
                    errors,
                    redirects,
                    reconnects,
                    lost,
                    unverified);
        }
    }
}
