package io.ambrotype.cli;

import io.ambrotype.control.Member;
import io.ambrotype.heal.HealListener;
import org.jspecify.annotations.Nullable;

/** Shows how membership is changed: a line for each step, and what is waited for. */
final class MembershipDisplay implements HealListener, AutoCloseable {
    private final Console console;
    private final Progress progress;
    private final int steps;
    private Progress.@Nullable Task task;
    private int number;
    private String outcome = "did not end";

    MembershipDisplay(Console console, int steps) {
        this.console = console;
        this.steps = steps;
        this.progress = console.progress();
    }

    @Override
    public void begun(String step) {
        if (task != null) {
            task.end("done");
        }
        task = progress.task("step " + ++number + " of " + steps);
    }

    /** Everything has been done. */
    void done() {
        outcome = "done";
    }

    @Override
    public void waiting(String gate, String missing) {
        if (task != null) {
            task.note(missing);
        }
    }

    @Override
    public void synchronizing(Member replica, long done, long total) {
        if (task != null && total > 0) {
            task.total(total);
            task.at(done, -1);
        }
    }

    @Override
    public void notice(String sentence) {
        console.warning(sentence);
    }

    @Override
    public void close() {
        if (task != null) {
            task.end(outcome);
        }
        progress.close();
    }
}
