package io.ambrotype.bench;

import java.time.Duration;
import java.util.List;
import java.util.Locale;

/** How the report writes its numbers. */
final class Text {
    private Text() {}

    static String millis(Duration duration) {
        return String.format(Locale.ROOT, "%,d", Math.round(duration.toNanos() / 1e6));
    }

    static String seconds(Duration duration) {
        double seconds = duration.toNanos() / 1e9;
        return String.format(Locale.ROOT, seconds < 10 ? "%.2f" : "%.1f", seconds);
    }

    /** Decimal: 10⁹ bytes. */
    static String gigabytes(long bytes) {
        return String.format(Locale.ROOT, "%.2f GB", bytes / 1e9);
    }

    /** Binary: 2²⁰ bytes, as memory is counted. */
    static String mebibytes(long bytes) {
        return String.format(Locale.ROOT, "%,d MiB", bytes >> 20);
    }

    static String ratio(double ratio) {
        return String.format(Locale.ROOT, "%.2f×", ratio);
    }

    static Duration median(List<Duration> durations) {
        List<Duration> sorted = durations.stream().sorted().toList();
        int middle = sorted.size() / 2;
        return sorted.size() % 2 == 1
                ? sorted.get(middle)
                : sorted.get(middle - 1).plus(sorted.get(middle)).dividedBy(2);
    }
}
