package io.ambrotype.cli;

import java.io.PrintStream;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Shows how far several tasks are: on a terminal one bar each, drawn again in place; elsewhere a plain line for a task
 * each time it is a tenth further, or after five seconds. Thread-safe; a task may be told its state as often as is
 * convenient, that costs two volatile writes.
 */
final class Progress implements AutoCloseable {
    /** How progress is shown. */
    enum Form {
        /** Not at all. */
        SILENT,
        /** As lines that stay. */
        LINES,
        /** As bars that are drawn over. */
        BARS
    }

    private static final long REDRAW_MILLIS = 100;
    private static final long QUIET_NANOS = TimeUnit.SECONDS.toNanos(5);
    private static final long SHORT_NANOS = TimeUnit.SECONDS.toNanos(1);
    private static final long RATE_WINDOW_NANOS = TimeUnit.SECONDS.toNanos(3);
    private static final int BAR_WIDTH = 20;

    private final PrintStream out;
    private final Form form;
    private final int width;
    private final LongSupplier nanoTime;
    private final Runnable ended;
    private final List<Task> tasks = new ArrayList<>();
    private int drawn;
    private boolean closed;

    private Progress(PrintStream out, Form form, int width, LongSupplier nanoTime, Runnable ended) {
        this.out = out;
        this.form = form;
        this.width = width;
        this.nanoTime = nanoTime;
        this.ended = ended;
    }

    /** A display that draws itself until it is closed. */
    static Progress start(PrintStream out, Form form, int width, LongSupplier nanoTime, Runnable ended) {
        Progress progress = new Progress(out, form, width, nanoTime, ended);
        if (form != Form.SILENT) {
            Thread.ofPlatform().daemon().name("progress").start(progress::drawUntilClosed);
        }
        return progress;
    }

    /** A display that is drawn only by {@link #draw}. */
    static Progress still(PrintStream out, Form form, int width, LongSupplier nanoTime) {
        return new Progress(out, form, width, nanoTime, () -> {});
    }

    /** Adds a task below the others. */
    synchronized Task task(String label) {
        Task task = new Task(Console.printable(label));
        tasks.add(task);
        return task;
    }

    /** Prints a line above the bars. */
    synchronized void above(String line) {
        StringBuilder frame = new StringBuilder();
        erase(frame);
        frame.append(line).append('\n');
        draw(frame);
        show(frame);
    }

    /** Brings what is shown up to date. */
    synchronized void draw() {
        StringBuilder frame = new StringBuilder();
        erase(frame);
        draw(frame);
        show(frame);
    }

    private void draw(StringBuilder frame) {
        switch (form) {
            case SILENT -> {}
            case LINES ->
                tasks.stream()
                        .filter(Task::isDue)
                        .filter(Task::saysSomething)
                        .forEach(task -> frame.append(task.plainLine()).append('\n'));
            case BARS -> {
                int labels = tasks.stream()
                        .mapToInt(task -> task.label.length())
                        .max()
                        .orElse(0);
                for (Task task : tasks) {
                    String line = task.bar(labels);
                    frame.append(line, 0, Math.min(line.length(), width - 1)).append('\n');
                }
                drawn = tasks.size();
            }
        }
    }

    private void erase(StringBuilder frame) {
        if (drawn > 0) {
            // So many lines up, and clear what is below.
            frame.append("\033[%dA\r\033[J".formatted(drawn));
            drawn = 0;
        }
    }

    /** A frame is written at once, so that it does not flicker. */
    private void show(StringBuilder frame) {
        out.print(frame);
        out.flush();
    }

    /** Draws the last state, which stays. */
    @Override
    public void close() {
        synchronized (this) {
            if (closed) {
                return;
            }
            draw();
            drawn = 0;
            closed = true;
            notifyAll();
        }
        ended.run();
    }

    private synchronized void drawUntilClosed() {
        try {
            while (!closed) {
                draw();
                wait(REDRAW_MILLIS);
            }
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
        }
    }

    /** One line of the display. */
    final class Task {
        private final String label;
        private final long started = nanoTime.getAsLong();
        private volatile long total = -1;
        private volatile long bytes;
        private volatile long keys = -1;
        private volatile String note = "";
        private volatile @Nullable String outcome;

        // The rest belongs to the display's lock: where the rate was last taken, and what was last printed.
        private long rateNanos = started;
        private long rateBytes;
        private double rate = -1;
        private long printedNanos = started;
        private long printedTenth;
        private boolean printedOutcome;

        private Task(String label) {
            this.label = label;
        }

        /** How many bytes there will be, once that is known. */
        void total(long bytesInAll) {
            total = bytesInAll;
        }

        /** How far the task is; keys -1 where it counts none. */
        void at(long newBytes, long newKeys) {
            bytes = newBytes;
            keys = newKeys;
        }

        /** What the task is doing or waiting for, where that is not counted in bytes; empty for nothing. */
        void note(String text) {
            note = Console.printable(text);
        }

        /** The task has ended, and how: "done", "failed". */
        void end(String how) {
            outcome = Console.printable(how);
        }

        private OptionalLong percent() {
            long all = total;
            return all > 0 ? OptionalLong.of(Math.min(100, Math.max(0, bytes) * 100 / all)) : OptionalLong.empty();
        }

        private boolean isDue() {
            long now = nanoTime.getAsLong();
            // What is over at once needs no line.
            boolean lasting = now - started >= SHORT_NANOS;
            if (outcome != null) {
                boolean due = !printedOutcome && lasting;
                printedOutcome = true;
                return due;
            }
            if (!lasting) {
                return false;
            }
            // At the very end the outcome says it.
            long tenth = Math.min(9, percent().orElse(0) / 10);
            if (tenth > printedTenth || now - printedNanos >= QUIET_NANOS) {
                printedTenth = tenth;
                printedNanos = now;
                return true;
            }
            return false;
        }

        private boolean saysSomething() {
            return outcome != null || !note.isEmpty() || bytes > 0 || keys >= 0 || total > 0;
        }

        private String plainLine() {
            return label + ": " + details(true);
        }

        private String bar(int labels) {
            StringBuilder line = new StringBuilder(label).repeat(" ", labels - label.length());
            OptionalLong percent = percent();
            if (percent.isPresent() && outcome == null) {
                int full = (int) (percent.getAsLong() * BAR_WIDTH / 100);
                line.append("  ").repeat("█", full).repeat("░", BAR_WIDTH - full);
            }
            return line.append("  ").append(details(percent.isPresent())).toString();
        }

        private String details(boolean withPercent) {
            List<String> parts = new ArrayList<>();
            long now = nanoTime.getAsLong();
            String how = outcome;
            long all = total;
            if (how != null) {
                parts.add(how);
            } else if (withPercent && percent().isPresent()) {
                parts.add("%3d %%".formatted(percent().getAsLong()));
            }
            if (how == null && !note.isEmpty()) {
                parts.add(note);
            }
            if (bytes > 0 || keys > 0) {
                parts.add(how == null && all > 0 ? Units.bytes(bytes) + " of " + Units.bytes(all) : Units.bytes(bytes));
            }
            if (keys >= 0) {
                parts.add(Units.count(keys, "key"));
            }
            double perSecond = how == null ? currentRate(now) : bytes / seconds(now - started);
            if (bytes > 0) {
                parts.add(Units.rate(perSecond));
            }
            if (how == null && all > bytes && perSecond > 0) {
                parts.add("ETA " + Units.duration(Duration.ofSeconds(Math.round((all - bytes) / perSecond))));
            }
            return String.join("  ", parts);
        }

        /** The rate of the last few seconds, smoothed, so that it can be read. */
        private double currentRate(long now) {
            long elapsed = now - rateNanos;
            if (rate < 0 || elapsed >= TimeUnit.MILLISECONDS.toNanos(REDRAW_MILLIS)) {
                double recent = (bytes - rateBytes) / seconds(elapsed);
                double weight = rate < 0 ? 1 : 1 - Math.exp(-(double) elapsed / RATE_WINDOW_NANOS);
                rate = (rate < 0 ? 0 : rate) * (1 - weight) + Math.max(0, recent) * weight;
                rateNanos = now;
                rateBytes = bytes;
            }
            return rate;
        }

        private static double seconds(long nanos) {
            return Math.max(1, nanos) / 1e9;
        }
    }
}
