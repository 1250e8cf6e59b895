package io.ambrotype.cli;

import io.ambrotype.probe.Probe;
import io.ambrotype.probe.Reading;
import io.ambrotype.restart.RestartListener;
import io.ambrotype.restart.RestartPlan;
import io.ambrotype.restart.Step;
import io.ambrotype.restart.StepReport;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * Shows a running restart: what it does and for which gate it waits, what the writers see meanwhile, and a line that stays
 * for each step that has ended.
 */
final class RestartDisplay implements RestartListener, AutoCloseable {
    private static final Duration REFRESH = Duration.ofMillis(200);

    private final Console console;
    private final Probe probe;
    private final List<StepReport> ended;
    private @Nullable Lines lines;
    private volatile Reading before = Reading.EMPTY;
    private volatile boolean closed;
    private int steps;

    /**
     * A display.
     *
     * @param ended gets every step that has ended
     */
    RestartDisplay(Console console, Probe probe, List<StepReport> ended) {
        this.console = console;
        this.probe = probe;
        this.ended = ended;
    }

    @Override
    public void begun(String run, RestartPlan plan) {
        steps = plan.steps().size();
        console.note("run " + run + " begun");
    }

    @Override
    public void stepBegun(int number, Step begun) {
        lines().step.note(number + " of " + steps + ": " + RestartText.shortTitle(begun));
    }

    @Override
    public void stepEnded(int number, StepReport report) {
        ended.add(report);
        before = before.plus(report.reading());
        console.note(RestartText.step(number, steps, report));
    }

    @Override
    public void waiting(String what, String missing) {
        lines().gate.note("for " + what + ": " + missing);
    }

    @Override
    public void passed(String what, Duration waited) {
        lines().gate.note("");
    }

    @Override
    public void notice(String sentence) {
        console.warning(sentence);
    }

    @Override
    public synchronized void close() {
        closed = true;
        if (lines != null) {
            LockSupport.unpark(lines.watcher);
            lines.step.note("");
            lines.gate.note("");
            lines.progress.close();
            lines = null;
        }
    }

    /** What is drawn again and again; from the first step on, because the snapshot has a display of its own. */
    private synchronized Lines lines() {
        if (lines == null) {
            lines = new Lines();
        }
        return lines;
    }

    private final class Lines {
        private final Progress progress = console.progress();
        private final Progress.Task step = progress.task("step");
        private final Progress.Task gate = progress.task("waits");
        private final Progress.Task writers = progress.task("writers");
        private final Thread watcher =
                Thread.ofPlatform().daemon().name("writers").unstarted(this::watch);

        Lines() {
            if (probe.isWatching()) {
                watcher.start();
            }
        }

        private void watch() {
            while (!closed) {
                Reading now = probe.current();
                Reading all = before.plus(now);
                writers.note("longest stall " + RestartText.millis(now.longestStall()) + " in this step, "
                        + RestartText.millis(all.longestStall()) + " in all; "
                        + Units.count(all.errors(), "error"));
                LockSupport.parkNanos(REFRESH.toNanos());
            }
        }
    }
}
