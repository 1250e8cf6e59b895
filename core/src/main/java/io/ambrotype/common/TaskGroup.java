package io.ambrotype.common;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CancellationException;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.Semaphore;
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
    /** Of a group in which not all may run at once. */
    private final @Nullable Semaphore turns;

    private final List<Thread> started = new ArrayList<>();
    private final BlockingQueue<Outcome> outcomes = new LinkedBlockingQueue<>();
    private int awaited;

    private TaskGroup(Thread.Builder threads, @Nullable Semaphore turns) {
        this.threads = threads;
        this.turns = turns;
    }

    /** A group for tasks that mostly wait. */
    public static TaskGroup ofWaiting() {
        return new TaskGroup(Thread.ofVirtual(), null);
    }

    /** A group for tasks that mostly wait, of which so many run at once; the others have their turns in the order of their start. */
    public static TaskGroup ofWaiting(int atOnce) {
        return new TaskGroup(Thread.ofVirtual(), new Semaphore(atOnce, true));
    }

    /** A group for tasks that compute. */
    public static TaskGroup ofComputing() {
        return new TaskGroup(Thread.ofPlatform().daemon(), null);
    }

    /** A group for tasks that compute, of which so many run at once; the others have their turns in the order of their start. */
    public static TaskGroup ofComputing(int atOnce) {
        return new TaskGroup(Thread.ofPlatform().daemon(), new Semaphore(atOnce, true));
    }

    /** Starts a task on a thread of the given name; at once, or as soon as it is its turn. */
    public void fork(String name, Task task) {
        Task inTurn = turns == null ? task : inTurn(turns, task);
        Thread thread = threads.name(name).unstarted(() -> outcomes.add(new Outcome(failureOf(inTurn))));
        started.add(thread);
        thread.start();
    }

    private static Task inTurn(Semaphore turns, Task task) {
        return () -> {
            turns.acquire();
            try {
                task.run();
            } finally {
                turns.release();
            }
        };
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

    /**
     * Waits for all tasks, none of which throws a checked exception.
     *
     * @param doing what they do, as it follows "interrupted while"
     * @throws AmbrotypeException of code INTERRUPTED if the waiting thread is interrupted, which it is afterwards too; {@link #close}
     *     ends the tasks. Else what the first failing task threw
     */
    public void join(String doing) {
        try {
            join();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw AmbrotypeException.of(ErrorCode.INTERRUPTED, "interrupted while " + doing)
                    .causedBy(e);
        } catch (RuntimeException e) {
            throw e;
        } catch (Exception e) {
            throw new IllegalStateException(doing + " failed in a way that is an error of ours", e);
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
