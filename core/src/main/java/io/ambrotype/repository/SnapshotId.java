package io.ambrotype.repository;

import java.time.DateTimeException;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.time.format.ResolverStyle;
import java.time.temporal.ChronoField;
import java.util.Locale;
import java.util.random.RandomGenerator;
import java.util.regex.Pattern;

/**
 * The name of a snapshot: the UTC second in which it was begun and four random hexadecimal digits, such as
 * {@code 20261122T155328Z-3f7a}. Ids sort as text in the order of their seconds. Immutable.
 *
 * @param text the id in exactly that form
 */
public record SnapshotId(String text) implements Comparable<SnapshotId> {
    private static final Pattern FORM = Pattern.compile("[0-9]{8}T[0-9]{6}Z-[0-9a-f]{4}");
    private static final int PARTS = 1 << 10;
    private static final int CHANCES = 1 << 6;
    private static final DateTimeFormatter SECOND = DateTimeFormatter.ofPattern("uuuuMMdd'T'HHmmss'Z'", Locale.ROOT)
            .withResolverStyle(ResolverStyle.STRICT)
            .withZone(ZoneOffset.UTC);

    /** Rejects every other form, and times that no calendar has. */
    public SnapshotId {
        Check.that(isValid(text), "'" + text + "' is not a snapshot id such as 20261122T155328Z-3f7a");
    }

    /** Whether this is a snapshot's id. */
    public static boolean isValid(String text) {
        if (!FORM.matcher(text).matches()) {
            return false;
        }
        try {
            SECOND.parse(text.substring(0, 16));
            return true;
        } catch (DateTimeException e) {
            return false;
        }
    }

    /**
     * A new id for a snapshot begun at the given time (years 0 to 9999). Of its last 16 bits the first ten say the part of the
     * second, so that ids are in the order of their times to about a millisecond; the others are drawn at random.
     */
    public static SnapshotId of(Instant begun, RandomGenerator random) {
        int part = begun.atOffset(ZoneOffset.UTC).get(ChronoField.MILLI_OF_SECOND) * PARTS / 1000;
        int last = part * CHANCES + random.nextInt(CHANCES);
        return new SnapshotId(SECOND.format(begun) + String.format(Locale.ROOT, "-%04x", last));
    }

    /** The second in which the snapshot was begun. */
    public Instant second() {
        return SECOND.parse(text.substring(0, 16), Instant::from);
    }

    @Override
    public int compareTo(SnapshotId other) {
        return text.compareTo(other.text);
    }

    /** The id itself. */
    @Override
    public String toString() {
        return text;
    }
}
