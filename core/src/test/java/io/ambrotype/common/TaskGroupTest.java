package io.ambrotype.common;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;

class TaskGroupTest {
    @Test
    void theFirstFailureInterruptsTheOthersAndIsTheOneThrown() {
        AtomicBoolean interrupted = new AtomicBoolean();
        try (TaskGroup tasks = TaskGroup.ofWaiting()) {
            CountDownLatch waiting = new CountDownLatch(1);
            tasks.fork("waits", () -> {
                waiting.countDown();
                try {
                    new CountDownLatch(1).await();
                } catch (InterruptedException e) {
                    interrupted.set(true);
                    throw e;
                }
            });
            tasks.fork("fails", () -> {
                waiting.await();
                throw new IOException("the real cause");
            });
            assertThatThrownBy(tasks::join).isInstanceOf(IOException.class).hasMessage("the real cause");
            assertThat(interrupted).isTrue();
        }
    }

    @Test
    void handsErrorsOn() {
        try (TaskGroup tasks = TaskGroup.ofComputing()) {
            tasks.fork("fails", () -> {
                throw new OutOfMemoryError("none left");
            });
            assertThatThrownBy(tasks::join).isInstanceOf(OutOfMemoryError.class);
        }
    }

    @Test
    void anInterruptedWaiterEndsItsTasksAndKeepsTheInterrupt() {
        AtomicBoolean ended = new AtomicBoolean();
        try (TaskGroup tasks = TaskGroup.ofWaiting()) {
            tasks.fork("waits", () -> {
                try {
                    new CountDownLatch(1).await();
                } finally {
                    ended.set(true);
                }
            });
            Thread.currentThread().interrupt();
            assertThatThrownBy(tasks::join).isInstanceOf(InterruptedException.class);
            Thread.currentThread().interrupt();
        }
        assertThat(ended).isTrue();
        assertThat(Thread.interrupted()).isTrue();
    }

    @Test
    void joinsWhatWasForkedLaterToo() throws Exception {
        try (TaskGroup tasks = TaskGroup.ofWaiting()) {
            tasks.fork("first", () -> {});
            tasks.join();
            tasks.fork("second", () -> {
                throw new IOException("second");
            });
            assertThatThrownBy(tasks::join).hasMessage("second");
        }
    }
}
