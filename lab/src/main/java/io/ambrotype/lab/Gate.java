package io.ambrotype.lab;

import io.ambrotype.common.AmbrotypeException;
import io.ambrotype.common.ErrorCode;
import java.time.Duration;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.Supplier;

/** Waits for something that can be observed, by looking at short intervals. */
final class Gate {
    private static final Duration INTERVAL = Duration.ofMillis(10);

    private Gate() {}

    /**
     * Waits until nothing is missing any more.
     *
     * @param limit the longest wait; at its end is one more look
     * @param missing what is still missing, or empty when the gate is open; what it throws passes through
     * @param late makes the error out of what was missing last
     * @throws AmbrotypeException {@code INTERRUPTED} where the thread is interrupted
     */
    static void await(Duration limit, Supplier<Optional<String>> missing, Function<String, AmbrotypeException> late) {
        long deadline = System.nanoTime() + limit.toNanos();
        while (true) {
            boolean last = System.nanoTime() - deadline >= 0;
            Optional<String> observed = missing.get();
            if (observed.isEmpty()) {
                return;
            }
            if (last) {
                throw late.apply(observed.get());
            }
            try {
                Thread.sleep(INTERVAL);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw AmbrotypeException.of(ErrorCode.INTERRUPTED, "interrupted while waiting: " + observed.get());
            }
        }
    }
}
