package io.ambrotype.host;

import java.util.Locale;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Compares the value of a directive in a configuration file with what a running server says. */
public final class DirectiveValue {
    /** Directives that accumulate, or that servers tell in another form than files have them: they cannot be compared so. */
    public static final Set<String> TOLD_OTHERWISE = Set.of(
            "save",
            "dir",
            "user",
            "loadmodule",
            "rename-command",
            "client-output-buffer-limit",
            "oom-score-adj-values",
            "replicaof",
            "slaveof",
            "notify-keyspace-events",
            "unixsocketperm",
            "latency-tracking-info-percentiles");

    private static final Pattern SIZE = Pattern.compile("([0-9]{1,15})(b|k|kb|m|mb|g|gb)?");

    private DirectiveValue() {}

    /** Whether a server that reads the one says the other: in any case of letters, with any blanks, in any unit of memory. */
    public static boolean same(String one, String other) {
        return plain(one).equals(plain(other));
    }

    /** Servers read {@code 1k} as 1000 and {@code 1kb} as 1024 ({@code memtoll}). */
    private static String plain(String value) {
        String text = value.toLowerCase(Locale.ROOT).strip().replaceAll("\\s+", " ");
        Matcher matcher = SIZE.matcher(text);
        if (!matcher.matches()) {
            return text;
        }
        long unit = switch (matcher.group(2)) {
            case "k" -> 1000L;
            case "kb" -> 1L << 10;
            case "m" -> 1_000_000L;
            case "mb" -> 1L << 20;
            case "g" -> 1_000_000_000L;
            case "gb" -> 1L << 30;
            case null, default -> 1L;
        };
        try {
            return Long.toString(Math.multiplyExact(Long.parseLong(matcher.group(1)), unit));
        } catch (ArithmeticException _) {
            return text;
        }
    }
}
