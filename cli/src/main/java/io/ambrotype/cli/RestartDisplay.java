package io.ambrotype.cli;

import io.ambrotype.probe.Probe;
import io.ambrotype.probe.Reading;
import io.ambrotype.restart.RestartListener;
import io.ambrotype.restart.RestartPlan;
import io.ambrotype.restart.Step;
import io.ambrotype.restart.StepReport;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
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
    private final Progress progress;
    private final Progress.Task step;
    private final Progress.Task gate;
    private final Progress.@Nullable Task writers;
    private final List<StepReport> ended = Collections.synchronizedList(new ArrayList<>());
    private final Thread watcher;
    private volatile Reading before = Reading.EMPTY;
    private volatile boolean closed;
    private int steps;

    RestartDisplay(Console console, Probe probe) {
        this.console = console;
        this.probe = probe;
        this.progress = console.progress();
        this.step = progress.task("step");
        this.gate = progress.task("waits");
        this.writers = probe.isWatching() ? progress.task("writers") : null;
        this.watcher = Thread.ofPlatform().daemon().name("writers").start(this::watch);
    }

    /** The steps that have ended so far. */
    List<StepReport> ended() {
        return List.copyOf(ended);
    }

    @Override
    public void begun(String run, RestartPlan plan) {
        steps = plan.steps().size();
        console.note("run " + run + " begun");
    }

    @Override
    public void stepBegun(int number, Step begun) {
        step.note(number + " of " + steps + ": " + RestartText.shortTitle(begun));
    }

    @Override
    public void stepEnded(int number, StepReport report) {
        ended.add(report);
        before = before.plus(report.reading());
        console.note(RestartText.step(number, steps, report));
    }

    @Override
    public void waiting(String what, String missing) {
        gate.note("for " + what + ": " + missing);
    }

    @Override
    public void passed(String what, Duration waited) {
        gate.note("");
    }

    @Override
    public void notice(String sentence) {
        console.warning(sentence);
    }

    private void watch() {
        Progress.Task line = writers;
        while (!closed && line != null) {
            Reading now = probe.current();
            Reading all = before.plus(now);
            line.note("longest stall " + RestartText.millis(now.longestStall()) + " in this step, "
                    + RestartText.millis(all.longestStall()) + " in all; "
                    + Units.count(all.errors(), "error"));
            LockSupport.parkNanos(REFRESH.toNanos());
        }
    }

    @Override
    public void close() {
        closed = true;
        LockSupport.unpark(watcher);
        progress.close();
    }
}
