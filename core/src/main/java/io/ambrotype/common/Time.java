package io.ambrotype.common;

import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;

/** The clock, and waiting by it: passed in, so that who waits can be told what time it is. Thread-safe. */
public interface Time extends InstantSource {
    /** The machine's own. */
    Time SYSTEM = new Time() {
        @Override
        public Instant instant() {
            return Instant.now();
        }

        @Override
        public Duration running() {
            return Duration.ofNanos(System.nanoTime());
        }

        @Override
        public void sleep(Duration duration) throws InterruptedException {
            Thread.sleep(duration);
        }
    };

    /** What has passed since some fixed moment. Unlike the clock nobody sets it; it says nothing about the date. */
    Duration running();

    /** The same time as it goes on from now: where the clock is set meanwhile, it neither jumps nor turns back. */
    default Time steady() {
        Time given = this;
        Instant now = instant();
        Duration start = running();
        return new Time() {
            @Override
            public Instant instant() {
                return now.plus(running().minus(start));
            }

            @Override
            public Duration running() {
                return given.running();
            }

            @Override
            public void sleep(Duration duration) throws InterruptedException {
                given.sleep(duration);
            }
        };
    }

    /**
     * Waits.
     *
     * @throws InterruptedException where the waiting thread is interrupted
     */
    void sleep(Duration duration) throws InterruptedException;
}
