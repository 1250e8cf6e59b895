package io.ambrotype.rdb;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.IntPredicate;

/**
 * Per hash slot the number of entries and the sum of their {@linkplain Fingerprint fingerprints}, modulo 2^64. The order of
 * entries does not matter, so the digests of a deployment are the {@linkplain #plus sum} of those of its nodes, in whatever layout;
 * equal digests mean equal data, up to chance (about 2^-64 a slot for those who do not know the seed).
 *
 * <p>Digests speak of one moment: what had expired before it is left out. They {@linkplain #holdAt hold} until the next expiry.
 * Only digests of the same seed can be added or compared. Immutable.
 */
public final class SlotDigests {
    /** Version of fingerprints and encoded form. */
    public static final int FORMAT = 1;

    private static final int MAGIC = 0x44424d41; // "AMBD", least significant byte first
    private static final int HEADER_BYTES = 4 + 1 + 3 * Long.BYTES;
    private static final int MOST_VARINT_BYTES = 9;

    private final long seed;
    private final long asOfMillis;
    private final long earliestExpiry;
    private final long[] entries;
    private final long[] sums;

    /**
     * A slot whose data are not the same.
     *
     * @param slot the slot, 0 to 16383
     * @param entriesHere entries in the digests asked
     * @param entriesThere entries in those they were compared with; the same number where only contents differ
     */
    public record Difference(int slot, long entriesHere, long entriesThere) {}

    private SlotDigests(long seed, long asOfMillis, long earliestExpiry, long[] entries, long[] sums) {
        this.seed = seed;
        this.asOfMillis = asOfMillis;
        this.earliestExpiry = earliestExpiry;
        this.entries = entries;
        this.sums = sums;
    }

    /** Digests of nothing. */
    public static SlotDigests empty(long seed, long asOfMillis) {
        return new SlotDigests(
                seed, asOfMillis, RdbReader.NO_EXPIRY, new long[HashSlot.COUNT], new long[HashSlot.COUNT]);
    }

    /**
     * Reads an RDB from its beginning to its end.
     *
     * @param reader at its beginning
     * @param seed the seed of the fingerprints
     * @param asOfMillis what expired before this moment, in milliseconds since the epoch, is left out
     * @param ownedSlots the slots that count; entries of others, and of slots that the server was importing, are left out
     * @throws RdbFormatException where the RDB is malformed
     */
    public static SlotDigests compute(RdbReader reader, long seed, long asOfMillis, IntPredicate ownedSlots)
            throws IOException {
        Fingerprint fingerprint = new Fingerprint(seed);
        long[] entries = new long[HashSlot.COUNT];
        long[] sums = new long[HashSlot.COUNT];
        long earliest = RdbReader.NO_EXPIRY;
        for (RecordKind kind = reader.next(); kind != RecordKind.END; kind = reader.next()) {
            if (kind != RecordKind.ENTRY) {
                continue;
            }
            int slot = reader.slot();
            if (reader.isImporting(slot) || !ownedSlots.test(slot)) {
                continue;
            }
            if (fingerprint.read(reader, asOfMillis)) {
                entries[slot]++;
                sums[slot] += fingerprint.value();
                earliest = earlier(earliest, fingerprint.earliestExpiry());
            }
        }
        return new SlotDigests(seed, asOfMillis, earliest, entries, sums);
    }

    private static long earlier(long one, long other) {
        if (one == RdbReader.NO_EXPIRY) {
            return other;
        }
        return other == RdbReader.NO_EXPIRY ? one : Math.min(one, other);
    }

    /**
     * The digests of these data and those together.
     *
     * @throws IllegalArgumentException where the digests are of other seeds or moments
     */
    public SlotDigests plus(SlotDigests other) {
        requireSameSeed(other);
        if (asOfMillis != other.asOfMillis) {
            throw new IllegalArgumentException("digests as of " + asOfMillis + " and as of " + other.asOfMillis);
        }
        long[] allEntries = entries.clone();
        long[] allSums = sums.clone();
        for (int slot = 0; slot < HashSlot.COUNT; slot++) {
            allEntries[slot] += other.entries[slot];
            allSums[slot] += other.sums[slot];
        }
        return new SlotDigests(seed, asOfMillis, earlier(earliestExpiry, other.earliestExpiry), allEntries, allSums);
    }

    /**
     * The slots whose data differ, ascending. The moments are the caller's concern: compare what {@linkplain #holdAt holds} at the
     * same one.
     *
     * @throws IllegalArgumentException where the digests are of other seeds
     */
    public List<Difference> differences(SlotDigests other) {
        requireSameSeed(other);
        List<Difference> differences = new ArrayList<>();
        for (int slot = 0; slot < HashSlot.COUNT; slot++) {
            if (entries[slot] != other.entries[slot] || sums[slot] != other.sums[slot]) {
                differences.add(new Difference(slot, entries[slot], other.entries[slot]));
            }
        }
        return differences;
    }

    private void requireSameSeed(SlotDigests other) {
        if (seed != other.seed) {
            throw new IllegalArgumentException("digests of different seeds cannot be compared");
        }
    }

    /** Whether the digests are right for that moment too: not before theirs, and nothing has expired in between. */
    public boolean holdAt(long millis) {
        return millis >= asOfMillis && (earliestExpiry == RdbReader.NO_EXPIRY || millis <= earliestExpiry);
    }

    /** The moment of which the digests speak, in milliseconds since the epoch. */
    public long asOfMillis() {
        return asOfMillis;
    }

    /** When the first of the data expires, in milliseconds since the epoch; {@link RdbReader#NO_EXPIRY} where none does. */
    public long earliestExpiry() {
        return earliestExpiry;
    }

    /** Number of entries in a slot, 0 to 16383. */
    public long entries(int slot) {
        return entries[slot];
    }

    /** Sum of the fingerprints in a slot, 0 to 16383. */
    public long sum(int slot) {
        return sums[slot];
    }

    /** Number of entries in all slots. */
    public long totalEntries() {
        return Arrays.stream(entries).sum();
    }

    /**
     * A compact form: magic, format, seed, moment, earliest expiry; per slot with entries its distance from the one before, its number
     * of entries (both as base-128 numbers) and its sum; CRC-64 of all this.
     */
    public byte[] encode() {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        out.writeBytes(ByteBuffer.allocate(HEADER_BYTES)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putInt(MAGIC)
                .put((byte) FORMAT)
                .putLong(seed)
                .putLong(asOfMillis)
                .putLong(earliestExpiry)
                .array());
        int before = -1;
        for (int slot = 0; slot < HashSlot.COUNT; slot++) {
            if (entries[slot] != 0) {
                putNumber(out, slot - before);
                putNumber(out, entries[slot]);
                putLong(out, sums[slot]);
                before = slot;
            }
        }
        byte[] body = out.toByteArray();
        putLong(out, Crc64.update(0, body, 0, body.length));
        return out.toByteArray();
    }

    private static void putNumber(ByteArrayOutputStream out, long number) {
        long rest = number;
        while (rest > 0x7f) {
            out.write((int) ((rest & 0x7f) | 0x80));
            rest >>>= 7;
        }
        out.write((int) rest);
    }

    private static void putLong(ByteArrayOutputStream out, long number) {
        for (int shift = 0; shift < Long.SIZE; shift += 8) {
            out.write((int) (number >>> shift) & 0xff);
        }
    }

    /**
     * Reads what {@link #encode()} wrote.
     *
     * @throws IOException where the bytes are damaged or of another format
     */
    public static SlotDigests decode(byte[] bytes) throws IOException {
        if (bytes.length < HEADER_BYTES + Long.BYTES) {
            throw new IOException("these are no slot digests: " + bytes.length + " bytes are too few");
        }
        int end = bytes.length - Long.BYTES;
        ByteBuffer in = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
        if (in.getInt() != MAGIC) {
            throw new IOException("these are no slot digests: they begin otherwise");
        }
        int format = in.get();
        if (format != FORMAT) {
            throw new IOException("slot digests of format " + format + " are not supported");
        }
        if (in.getLong(end) != Crc64.update(0, bytes, 0, end)) {
            throw new IOException("the slot digests are damaged: their checksum is wrong");
        }
        SlotDigests header = empty(in.getLong(), in.getLong());
        long earliest = in.getLong();
        in.limit(end);
        int slot = -1;
        while (in.hasRemaining()) {
            long distance = number(in);
            if (distance < 1 || distance >= HashSlot.COUNT - slot) {
                throw new IOException("the slot digests are damaged: a slot is out of range");
            }
            slot += (int) distance;
            header.entries[slot] = number(in);
            if (in.remaining() < Long.BYTES) {
                throw new IOException("the slot digests are damaged: they end in the middle");
            }
            header.sums[slot] = in.getLong();
        }
        return new SlotDigests(header.seed, header.asOfMillis, earliest, header.entries, header.sums);
    }

    private static long number(ByteBuffer in) throws IOException {
        long number = 0;
        for (int i = 0; i < MOST_VARINT_BYTES && in.hasRemaining(); i++) {
            byte next = in.get();
            number |= (next & 0x7fL) << (7 * i);
            if (next >= 0) {
                return number;
            }
        }
        throw new IOException("the slot digests are damaged: a number does not end");
    }

    /** Equal data, seed and moment. */
    @Override
    public boolean equals(Object other) {
        return other instanceof SlotDigests digests
                && seed == digests.seed
                && asOfMillis == digests.asOfMillis
                && earliestExpiry == digests.earliestExpiry
                && Arrays.equals(entries, digests.entries)
                && Arrays.equals(sums, digests.sums);
    }

    @Override
    public int hashCode() {
        return Arrays.hashCode(sums);
    }

    @Override
    public String toString() {
        return totalEntries() + " entries as of " + asOfMillis;
    }
}
