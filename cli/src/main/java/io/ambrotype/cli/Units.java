package io.ambrotype.cli;

import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.Locale;

/** Numbers in the form people read; the same in every locale. */
final class Units {
    private static final String[] BYTES = {"B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
    private static final DateTimeFormatter TIME = DateTimeFormatter.ofPattern("yyyy-MM-dd HH:mm:ss 'UTC'", Locale.ROOT)
            .withZone(ZoneOffset.UTC);

    private Units() {}

    /** {@code 0 B}, {@code 1023 B}, {@code 1.5 KiB}, {@code 12 MiB}: two significant digits at least. */
    static String bytes(long bytes) {
        if (bytes < 0) {
            throw new IllegalArgumentException("negative size " + bytes);
        }
        double value = bytes;
        int unit = 0;
        // What would be rounded up to 1024 belongs to the next unit.
        while (value >= (unit == 0 ? 1024 : 1023.5)) {
            value /= 1024;
            unit++;
        }
        String number = unit > 0 && value < 9.95
                ? String.format(Locale.ROOT, "%.1f", value)
                : String.format(Locale.ROOT, "%.0f", value);
        return number + " " + BYTES[unit];
    }

    /** {@code 1,234,567}. */
    static String count(long count) {
        return String.format(Locale.ROOT, "%,d", count);
    }

    /** A number with its noun in the singular or plural: {@code 1 key}, {@code 2,000 keys}. */
    static String count(long count, String noun) {
        String plural = noun.endsWith("ry") ? noun.substring(0, noun.length() - 1) + "ies" : noun + "s";
        return count(count) + " " + (count == 1 ? noun : plural);
    }

    /** Bytes in each second: {@code 250 MiB/s}. */
    static String rate(double bytesPerSecond) {
        return bytes(Math.max(0, Math.round(bytesPerSecond))) + "/s";
    }

    /** {@code 12 ms}, {@code 4.2 s}, {@code 59 s}, {@code 3 min 5 s}, {@code 2 h 10 min}, {@code 3 d 4 h}. */
    static String duration(Duration duration) {
        long millis = Math.max(0, duration.toMillis());
        if (millis < 1000) {
            return millis + " ms";
        }
        if (millis < 9950) {
            return String.format(Locale.ROOT, "%.1f s", millis / 1000.0);
        }
        long seconds = Math.round(millis / 1000.0);
        if (seconds < 60) {
            return seconds + " s";
        }
        if (seconds < 3600) {
            return two(seconds / 60, "min", seconds % 60, "s");
        }
        long minutes = seconds / 60;
        if (minutes < 24 * 60) {
            return two(minutes / 60, "h", minutes % 60, "min");
        }
        return two(minutes / 60 / 24, "d", minutes / 60 % 24, "h");
    }

    /** {@code 2026-11-22 15:53:28 UTC}. */
    static String time(Instant instant) {
        return TIME.format(instant);
    }

    private static String two(long large, String largeUnit, long small, String smallUnit) {
        return large + " " + largeUnit + (small == 0 ? "" : " " + small + " " + smallUnit);
    }
}
