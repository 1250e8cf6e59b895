package io.ambrotype.control;

import io.ambrotype.common.AmbrotypeException;
import io.ambrotype.common.ErrorCode;
import io.ambrotype.common.Time;
import java.time.Duration;
import java.time.Instant;
import java.util.HashSet;
import java.util.Optional;
import java.util.Set;
import java.util.function.Supplier;

/**
 * Waits for what can be observed: looks again and again until nothing is missing. There is no pause of fixed length
 * anywhere; a gate opens with the first look that finds everything in place, and every one has a deadline. The deadline
 * moves on while what is waited for makes progress: loading a large file takes as long as it takes. What has been seen
 * before is no progress: a link that breaks and is tried again goes round in circles.
 *
 * <p>What will not come by waiting ends it early: a server that has gone is given {@link #RESCUE} to be brought back by
 * somebody, such as a supervisor.
 *
 * <p>Looks follow each other at the interval, or at four times the length of a look where that is longer, so that a
 * large deployment is not kept busy by being watched.
 *
 * @param what what is waited for: completes "waiting for …"
 * @param limit the longest wait without any progress
 * @param interval the shortest time between two looks
 */
public record Gate(String what, Duration limit, Duration interval) {
    /** For how long something hopeless is put up with: supervisors start a server again within a second or two. */
    static final Duration RESCUE = Duration.ofSeconds(5);

    private static final Duration INTERVAL = Duration.ofMillis(20);

    /** A gate that is looked at often. */
    public Gate(String what, Duration limit) {
        this(what, limit, INTERVAL);
    }

    /**
     * Waits.
     *
     * @param missing looks once; empty when the gate is open. What it throws passes through: a state in which waiting is
     *     of no use
     * @throws AmbrotypeException {@code UNSAFE} after the deadline, with what was missing at the last look;
     *     {@code INTERRUPTED} where the thread is interrupted
     */
    public void await(Time clock, GateListener listener, Supplier<Optional<Missing>> missing) {
        // Deadlines must not depend on somebody setting the clock.
        Time time = clock.steady();
        Instant begun = time.instant();
        Instant deadline = begun.plus(limit);
        String told = "";
        Set<String> progress = new HashSet<>(Set.of(""));
        Optional<Instant> hopelessSince = Optional.empty();
        while (true) {
            Instant looked = time.instant();
            boolean last = !looked.isBefore(deadline);
            Optional<Missing> observed = missing.get();
            Instant now = time.instant();
            if (observed.isEmpty()) {
                listener.passed(what, Duration.between(begun, now));
                return;
            }
            Missing still = observed.get();
            hopelessSince = still.hopeless() ? hopelessSince.or(() -> Optional.of(looked)) : Optional.empty();
            last |= hopelessSince
                    .filter(since -> !looked.isBefore(since.plus(RESCUE)))
                    .isPresent();
            if (progress.add(still.progress())) {
                deadline = now.plus(limit);
            } else if (last) {
                throw AmbrotypeException.of(
                        ErrorCode.UNSAFE,
                        "waited " + text(Duration.between(begun, now)) + " for " + what + ": " + still.sentence());
            }
            if (!still.sentence().equals(told)) {
                told = still.sentence();
                listener.waiting(what, told);
            }
            Duration four = Duration.between(looked, now).multipliedBy(4);
            pause(time, four.compareTo(interval) > 0 ? four : interval);
        }
    }

    private void pause(Time time, Duration duration) {
        try {
            time.sleep(duration);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw AmbrotypeException.of(ErrorCode.INTERRUPTED, "interrupted while waiting for " + what)
                    .causedBy(e);
        }
    }

    private static String text(Duration duration) {
        return duration.toSeconds() + " s";
    }
}
