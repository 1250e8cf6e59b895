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
        public void sleep(Duration duration) throws InterruptedException {
            Thread.sleep(duration);
        }
    };

    /**
     * Waits.
     *
     * @throws InterruptedException where the waiting thread is interrupted
     */
    void sleep(Duration duration) throws InterruptedException;
}
