package io.ambrotype.resp;

import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * Ends an operation that has no timeout of its own (a socket's write, a TLS handshake in tiny pieces) by closing what it
 * works on, unless the watchdog itself is closed in time.
 */
final class Watchdog implements AutoCloseable {
    private final CountDownLatch finished = new CountDownLatch(1);
    private final AtomicBoolean decided = new AtomicBoolean();
    private volatile boolean expired;

    Watchdog(Duration timeout, Runnable close) {
        Thread.ofVirtual().start(() -> {
            try {
                if (!finished.await(timeout.toMillis(), TimeUnit.MILLISECONDS) && decided.compareAndSet(false, true)) {
                    expired = true;
                    close.run();
                }
            } catch (InterruptedException _) {
                // Nobody holds this thread, so nobody interrupts it.
            }
        });
    }

    /** Whether it had to close; what the operation then reports is a timeout. */
    boolean expired() {
        return expired;
    }

    @Override
    public void close() {
        decided.set(true);
        finished.countDown();
    }
}
