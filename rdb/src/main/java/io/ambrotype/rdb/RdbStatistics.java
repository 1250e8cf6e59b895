package io.ambrotype.rdb;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.Comparator;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/**
 * Counts the entries of one or many RDBs: as a whole, per type, slot and database, and the biggest of them. Bytes are those of
 * the records as stored, prefix, key and value. Adding an entry allocates nothing, unless it is one of the biggest so far.
 *
 * <p>Not safe for use by several threads.
 */
public final class RdbStatistics {
    /** How many of the biggest entries are kept by default. */
    public static final int DEFAULT_BIGGEST = 20;

    /** How many bytes of a key are kept for {@link #biggest()}. */
    public static final int KEPT_KEY_BYTES = 256;

    /** More databases than any deployment has, and few enough to count each. */
    private static final int MAX_DATABASES = 1 << 16;

    /**
     * How many entries, and how large.
     *
     * @param entries number of entries
     * @param bytes bytes of their records
     * @param expiring how many of them have an expiry
     */
    public record Tally(long entries, long bytes, long expiring) {}

    /**
     * One of the biggest entries. Equality is identity of content in all but the key, which is an array.
     *
     * @param database the database it is in
     * @param slot the hash slot of its key
     * @param type how its value is encoded
     * @param bytes length of its record
     * @param keyLength length of its key
     * @param keyBeginning the first {@value #KEPT_KEY_BYTES} bytes of its key, or all of it
     */
    @SuppressWarnings("ArrayRecordComponent") // a key is bytes, and a copy per call would serve nobody
    public record BigEntry(int database, int slot, ValueType type, long bytes, int keyLength, byte[] keyBeginning) {
        /** The key as text, bytes outside printable ASCII as {@code \xhh}, with {@code ...} where it is cut. */
        public String keyText() {
            return KeyText.of(keyBeginning, 0, keyBeginning.length) + (keyLength > keyBeginning.length ? "..." : "");
        }
    }

    private static final class Counter {
        private long entries;
        private long bytes;
        private long expiring;

        private void add(long recordBytes, boolean expires) {
            entries++;
            bytes += recordBytes;
            if (expires) {
                expiring++;
            }
        }

        private Tally tally() {
            return new Tally(entries, bytes, expiring);
        }
    }

    private final int keepBiggest;
    private final Counter total = new Counter();
    private final Map<ValueType, Counter> perType = new EnumMap<>(ValueType.class);
    private final long[] slotEntries = new long[HashSlot.COUNT];
    private final long[] slotBytes = new long[HashSlot.COUNT];
    private final long[] slotExpiring = new long[HashSlot.COUNT];

    private int[] databases = new int[16];
    private Counter[] perDatabase = new Counter[16];
    private int databaseCount;
    private int lastDatabase = -1;
    private Counter lastDatabaseCounter = new Counter();

    /** Ascending by size. */
    private final List<BigEntry> biggest = new ArrayList<>();

    private long smallestBig = -1;

    private long earliestExpiry = RdbReader.NO_EXPIRY;
    private long latestExpiry = RdbReader.NO_EXPIRY;

    /** Statistics of nothing, keeping the {@value #DEFAULT_BIGGEST} biggest entries. */
    public RdbStatistics() {
        this(DEFAULT_BIGGEST);
    }

    /** Statistics of nothing, keeping the {@code keepBiggest} biggest entries. */
    public RdbStatistics(int keepBiggest) {
        if (keepBiggest < 0) {
            throw new IllegalArgumentException("negative number of entries " + keepBiggest);
        }
        this.keepBiggest = keepBiggest;
        for (ValueType type : ValueType.values()) {
            perType.put(type, new Counter());
        }
    }

    /**
     * Counts the entry that {@code reader} is at, and passes its value if that has not been done.
     *
     * @throws RdbFormatException where the value is malformed, or the databases are too many to be real
     */
    public void add(RdbReader reader) throws IOException {
        reader.skipValue();
        long bytes = reader.recordLength();
        long expireAt = reader.expireAtMillis();
        boolean expires = expireAt != RdbReader.NO_EXPIRY;
        int slot = reader.slot();
        total.add(bytes, expires);
        counter(reader.type()).add(bytes, expires);
        slotEntries[slot]++;
        slotBytes[slot] += bytes;
        if (expires) {
            slotExpiring[slot]++;
            if (earliestExpiry == RdbReader.NO_EXPIRY || expireAt < earliestExpiry) {
                earliestExpiry = expireAt;
            }
            if (latestExpiry == RdbReader.NO_EXPIRY || expireAt > latestExpiry) {
                latestExpiry = expireAt;
            }
        }
        if (reader.database() != lastDatabase) {
            lastDatabaseCounter = database(reader);
            lastDatabase = reader.database();
        }
        lastDatabaseCounter.add(bytes, expires);
        if (bytes > smallestBig && keepBiggest > 0) {
            keep(reader, bytes);
        }
    }

    private Counter counter(ValueType type) {
        return Objects.requireNonNull(perType.get(type));
    }

    private Counter database(RdbReader reader) throws RdbFormatException {
        int number = reader.database();
        int index = Arrays.binarySearch(databases, 0, databaseCount, number);
        if (index >= 0) {
            return perDatabase[index];
        }
        if (databaseCount == MAX_DATABASES) {
            throw new RdbFormatException(reader.recordOffset(), "more than " + MAX_DATABASES + " databases");
        }
        if (databaseCount == databases.length) {
            databases = Arrays.copyOf(databases, 2 * databaseCount);
            perDatabase = Arrays.copyOf(perDatabase, 2 * databaseCount);
        }
        int at = -index - 1;
        System.arraycopy(databases, at, databases, at + 1, databaseCount - at);
        System.arraycopy(perDatabase, at, perDatabase, at + 1, databaseCount - at);
        databases[at] = number;
        perDatabase[at] = new Counter();
        databaseCount++;
        return perDatabase[at];
    }

    private void keep(RdbReader reader, long bytes) {
        int kept = Math.min(reader.keyLength(), KEPT_KEY_BYTES);
        byte[] key = Arrays.copyOfRange(reader.keyBuffer(), reader.keyOffset(), reader.keyOffset() + kept);
        BigEntry entry = new BigEntry(reader.database(), reader.slot(), reader.type(), bytes, reader.keyLength(), key);
        // The list is short and an entry seldom gets here: insertion into a sorted list is as good as a heap.
        int at = Collections.binarySearch(biggest, entry, Comparator.comparingLong(BigEntry::bytes));
        if (biggest.size() == keepBiggest) {
            biggest.removeFirst();
            at = at < 0 ? -at - 2 : at - 1;
        } else {
            at = at < 0 ? -at - 1 : at;
        }
        biggest.add(Math.max(at, 0), entry);
        smallestBig = biggest.size() == keepBiggest ? biggest.getFirst().bytes() : -1;
    }

    /** All entries. */
    public Tally total() {
        return total.tally();
    }

    /** The entries of a type. */
    public Tally ofType(ValueType type) {
        return counter(type).tally();
    }

    /** The entries of a slot, 0 to 16383. */
    public Tally ofSlot(int slot) {
        return new Tally(slotEntries[slot], slotBytes[slot], slotExpiring[slot]);
    }

    /** The databases that have entries, ascending. */
    public int[] databases() {
        return Arrays.copyOf(databases, databaseCount);
    }

    /** The entries of a database. */
    public Tally ofDatabase(int database) {
        int index = Arrays.binarySearch(databases, 0, databaseCount, database);
        return index < 0 ? new Tally(0, 0, 0) : perDatabase[index].tally();
    }

    /** The biggest entries, the biggest first. */
    public List<BigEntry> biggest() {
        return List.copyOf(biggest.reversed());
    }

    /** The first moment at which an entry expires, in milliseconds since the epoch; {@link RdbReader#NO_EXPIRY} where none does. */
    public long earliestExpiry() {
        return earliestExpiry;
    }

    /** The last moment at which an entry expires, in milliseconds since the epoch; {@link RdbReader#NO_EXPIRY} where none does. */
    public long latestExpiry() {
        return latestExpiry;
    }
}
