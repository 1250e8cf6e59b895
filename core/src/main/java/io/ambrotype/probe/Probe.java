package io.ambrotype.probe;

import java.time.Duration;
import java.util.List;

/**
 * Watches a deployment from a client's side while somebody acts on it. One thread asks for {@link #next} readings and the
 * verdict; {@link #current} may be asked by any thread at any time.
 */
public interface Probe extends AutoCloseable {
    /** How long what a probe wrote stays when nobody can remove it any more. */
    Duration LIFETIME = Duration.ofHours(1);

    /** Names at most this many of the lost writes; all are counted. */
    int MOST_NAMED = 100;

    /** Watches nothing. */
    Probe NONE = new Probe() {
        @Override
        public Reading current() {
            return Reading.EMPTY;
        }

        @Override
        public Reading next() {
            return Reading.EMPTY;
        }

        @Override
        public Verdict finish() {
            return Verdict.NOTHING_WATCHED;
        }

        @Override
        public void close() {}
    };

    /** What has been measured since the last {@link #next}, a stall that still lasts included; verifies and ends nothing. */
    Reading current();

    /**
     * Ends an interval: what was measured since the last call, or since the start, and which of the writes acknowledged in
     * it cannot be found. What cannot be asked for at this moment is verified later.
     *
     * @throws InterruptedException where this thread is interrupted
     */
    Reading next() throws InterruptedException;

    /**
     * Stops watching, verifies everything once more and removes it. Asked again it says the same.
     *
     * @return all that was measured from the start on
     * @throws InterruptedException where this thread is interrupted; then nothing more is removed, and expires
     */
    Verdict finish() throws InterruptedException;

    /** Stops at once. What has not been removed expires within {@link #LIFETIME}. Does nothing after {@link #finish}. */
    @Override
    void close();

    /** Whether it watches anything. */
    default boolean isWatching() {
        return !current().shards().isEmpty();
    }

    /** The totals of readings of the same shards. */
    static Reading total(List<Reading> readings) {
        return readings.stream().reduce(Reading.EMPTY, Reading::plus);
    }
}
