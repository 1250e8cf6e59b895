package io.ambrotype.control;

import io.ambrotype.common.Time;
import java.time.Duration;
import java.time.Instant;

/** A clock that passes only where somebody waits by it, and then at once. */
final class PatientTime implements Time {
    private Instant now = Instant.EPOCH;

    @Override
    public Instant instant() {
        return now;
    }

    @Override
    public Duration running() {
        return Duration.between(Instant.EPOCH, now);
    }

    @Override
    public void sleep(Duration duration) throws InterruptedException {
        if (Thread.interrupted()) {
            throw new InterruptedException();
        }
        now = now.plus(duration);
    }
}
