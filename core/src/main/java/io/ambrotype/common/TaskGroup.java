package io.ambrotype.common;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CancellationException;
import java.util.concurrent.LinkedBlockingQueue;
import org.jspecify.annotations.Nullable;

/**
 * Runs tasks side by side such that none outlives the group: the first failure interrupts all others, and
 * {@link #close} returns only when every thread has ended.
 *
 * <p>Tasks that wait for a network belong on virtual threads; tasks that compute belong on platform threads, because
 * virtual threads share as many carriers as there are cores and a computing one gives its carrier to nobody.
 *
 * <p>A group belongs to the thread that made it.
 */
public final class TaskGroup implements AutoCloseable {
    private final Thread.Builder threads;
    private final List<Thread> started = new ArrayList<>();
    private final BlockingQueue<Outcome> outcomes = new LinkedBlockingQueue<>();
    private int awaited;

    private TaskGroup(Thread.Builder threads) {
        this.threads = threads;
    }

    /** A group for tasks that mostly wait. */
    public static TaskGroup ofWaiting() {
        return new TaskGroup(Thread.ofVirtual());
    }

    /** A group for tasks that compute. */
    public static TaskGroup ofComputing() {
        return new TaskGroup(Thread.ofPlatform().daemon());
    }

    /** Starts a task at once on a thread of the given name. */
    public void fork(String name, Task task) {
        Thread thread = threads.name(name).unstarted(() -> outcomes.add(new Outcome(failureOf(task))));
        started.add(thread);
        thread.start();
    }

    /**
     * Waits for all tasks.
     *
     * @throws Exception what the first failing task threw; the others have then been interrupted
     * @throws InterruptedException if the waiting thread is interrupted; {@link #close} ends the tasks
     */
    public void join() throws Exception {
        while (awaited < started.size()) {
            Outcome outcome = outcomes.take();
            awaited++;
            if (outcome.failure() != null) {
                close();
                switch (outcome.failure()) {
                    case Exception exception -> throw exception;
                    case Error error -> throw error;
                    case Throwable other -> throw new IllegalStateException(other);
                }
            }
        }
    }

    /** Interrupts what still runs and waits until it has ended; an interrupt of the waiting thread is kept for later. */
    @Override
    public void close() {
        for (Thread thread : started) {
            thread.interrupt();
        }
        boolean interrupted = false;
        for (Thread thread : started) {
            while (thread.isAlive()) {
                try {
                    thread.join();
                } catch (InterruptedException e) {
                    interrupted = true;
                }
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    private static @Nullable Throwable failureOf(Task task) {
        try {
            task.run();
            return null;
        } catch (InterruptedException e) {
            return new CancellationException("interrupted");
        } catch (Throwable e) {
            return e;
        }
    }

    /** Something to run that may fail. */
    @FunctionalInterface
    public interface Task {
        /**
         * Runs to its end, or until it is interrupted.
         *
         * @throws Exception whatever makes the group fail
         */
        void run() throws Exception;
    }

    private record Outcome(@Nullable Throwable failure) {}
}
