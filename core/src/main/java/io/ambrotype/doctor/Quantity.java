package io.ambrotype.doctor;

import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.Locale;

/** Numbers and lists in sentences. */
final class Quantity {
    private static final String[] UNITS = {"B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
    private static final int NAMED = 6;

    private Quantity() {}

    static String bytes(long bytes) {
        double value = bytes;
        int unit = 0;
        while (value >= 1023.5) {
            value /= 1024;
            unit++;
        }
        return String.format(Locale.ROOT, unit > 0 && value < 9.95 ? "%.1f %s" : "%.0f %s", value, UNITS[unit]);
    }

    static String age(Duration age) {
        long minutes = age.toMinutes();
        return minutes < 1
                ? Math.max(0, age.toSeconds()) + " s"
                : minutes < 120 ? minutes + " min" : minutes < 48 * 60 ? age.toHours() + " h" : age.toDays() + " days";
    }

    static String list(Collection<String> names) {
        List<String> all = List.copyOf(names);
        if (all.size() > NAMED) {
            return String.join(", ", all.subList(0, NAMED)) + " and " + (all.size() - NAMED) + " more";
        }
        return all.size() < 2
                ? String.join("", all)
                : String.join(", ", all.subList(0, all.size() - 1)) + " and " + all.getLast();
    }
}
