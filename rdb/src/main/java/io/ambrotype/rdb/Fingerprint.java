package io.ambrotype.rdb;

import java.io.IOException;
import org.jspecify.annotations.Nullable;

/**
 * A 64-bit hash of what an entry means: equal for equal data, whatever encodes them, whichever server and version wrote them.
 *
 * <p><b>What counts.</b> Database, key, expiry, kind of value, and the value: the bytes of a string, integers as decimal text;
 * the elements of a list in order; members of a set, members of a sorted set with their scores, fields of a hash with value and
 * expiry, all in any order; the entries of a stream with their fields in order, its last id, and its groups with last delivered
 * id, consumers, and pending entries with owner, delivery time and count; a module's type, encoding version and what it wrote,
 * of a vector set its elements, with attributes, vector and norm, in any order. Scores are compared as numbers, -0 being 0 (servers store it as either), NaN being NaN.
 *
 * <p><b>What does not</b>, because it does not survive every supported server, or changes without anybody writing: idle time and
 * access frequency; of a stream the counter of entries ever added, the greatest deleted id and a group's counter of entries
 * read (unknown before RDB 10; newer servers estimate them on loading an old stream), its first id (follows from the entries),
 * its length (counted anyway) and when consumers were last seen or active (the latter unknown before RDB 11); of a vector set the
 * links of its graph, which is an index over the elements and is written in another order after each load.
 *
 * <p><b>Expiry.</b> Data whose expiry lies before a given moment are not there: an entry has no fingerprint then, and a hash is
 * made of its other fields. A list, set, sorted set or hash of nothing has none either, as servers drop it on loading; a stream
 * may be empty.
 *
 * <p><b>How.</b> {@code H} is XXH64 with the seed; numbers enter it as eight bytes, least significant first, strings as their
 * length and their bytes. Parts without order are hashed one by one and summed modulo 2^64; each sum and count goes through
 * {@code H} again: {@code H(database, key, expiry or -1, kind, count, value)}, where value is {@code H(string)}, {@code
 * H(elements in turn)}, {@code Σ H(member)}, {@code Σ H(member, score bits)}, {@code Σ H(field, value, expiry or -1)}, for
 * streams {@code Σ H(1, id, field, value, …) + H(2, last id) + Σ H(3, group, last delivered id) + Σ H(4, group, id, delivered at,
 * count) + Σ H(5, group, consumer) + Σ H(6, consumer, id)} with groups and consumers as their {@code H}, and {@code H(type, version,
 * items with their opcodes)} for modules, and for vector sets {@code H(type, version, head with opcodes, Σ H(strings, norm))}.
 * Cached digests depend on this: to change it is to change {@link SlotDigests#FORMAT}.
 *
 * <p>One object serves many entries, one after the other, and is not safe for use by several threads. Memory does not depend on
 * the size of values.
 */
public final class Fingerprint {
    private final XxHash64 entry;
    private final XxHash64 part;
    private final XxHash64 element;
    private final Hasher hasher = new Hasher();

    private long value;
    private long asOf;
    private long earliestExpiry = RdbReader.NO_EXPIRY;

    /** Fingerprints that can be compared with others of the same seed. */
    public Fingerprint(long seed) {
        entry = new XxHash64(seed);
        part = new XxHash64(seed);
        element = new XxHash64(seed);
    }

    /**
     * Reads the value of the entry that {@code reader} is at.
     *
     * @param asOfMillis the moment of comparison, in milliseconds since the epoch: what expired before it is not there
     * @return whether the entry was there at that moment; if so, {@link #value()} is its fingerprint
     * @throws RdbFormatException where the value is malformed
     * @throws IllegalStateException where the reader is not at an entry or its value has been passed
     */
    public boolean read(RdbReader reader, long asOfMillis) throws IOException {
        asOf = asOfMillis;
        earliestExpiry = RdbReader.NO_EXPIRY;
        long expireAt = reader.expireAtMillis();
        if (isExpired(expireAt)) {
            reader.skipValue();
            return false;
        }
        entry.reset()
                .update(reader.database())
                .update(reader.keyLength())
                .update(reader.keyBuffer(), reader.keyOffset(), reader.keyLength())
                .update(expireAt);
        hasher.count = 0;
        hasher.sum = 0;
        part.reset();
        hasher.vectorSet = null;
        reader.readValue(hasher);
        hasher.endVectorSet();
        ValueKind kind = reader.type().kind();
        boolean ordered = kind == ValueKind.LIST || kind == ValueKind.MODULE;
        boolean mayBeEmpty = kind == ValueKind.STREAM || kind == ValueKind.MODULE;
        if (hasher.count == 0 && !mayBeEmpty) {
            return false;
        }
        value = entry.update(code(kind))
                .update(hasher.count)
                .update(ordered ? part.value() : hasher.sum)
                .value();
        return true;
    }

    /** The fingerprint of the entry last read. */
    public long value() {
        return value;
    }

    /**
     * The first moment at which something of the entry last read expires, the entry itself or a field of it, in milliseconds since
     * the epoch; {@link RdbReader#NO_EXPIRY} where nothing does.
     */
    public long earliestExpiry() {
        return earliestExpiry;
    }

    private boolean isExpired(long expireAt) {
        if (expireAt == RdbReader.NO_EXPIRY) {
            return false;
        }
        if (expireAt < asOf) {
            return true;
        }
        if (earliestExpiry == RdbReader.NO_EXPIRY || expireAt < earliestExpiry) {
            earliestExpiry = expireAt;
        }
        return false;
    }

    /** Numbers that stay whatever becomes of the enum. */
    private static long code(ValueKind kind) {
        return switch (kind) {
            case STRING -> 1;
            case LIST -> 2;
            case SET -> 3;
            case ZSET -> 4;
            case HASH -> 5;
            case STREAM -> 6;
            case MODULE -> 7;
        };
    }

    private final class Hasher implements ValueVisitor {
        private static final int STREAM_ENTRY = 1;
        private static final int STREAM_LAST_ID = 2;
        private static final int STREAM_GROUP = 3;
        private static final int STREAM_PENDING = 4;
        private static final int STREAM_CONSUMER = 5;
        private static final int STREAM_CONSUMER_PENDING = 6;

        private static final int MODULE_SIGNED = 1;
        private static final int MODULE_UNSIGNED = 2;
        private static final int MODULE_FLOAT = 3;
        private static final int MODULE_DOUBLE = 4;
        private static final int MODULE_STRING = 5;

        private long count;
        private long sum;
        private long group;
        private long consumer;
        private @Nullable VectorSet vectorSet;

        private void add(RdbString string) throws IOException {
            add(part, string);
        }

        private static void add(XxHash64 hash, RdbString string) throws IOException {
            hash.update(string.length());
            while (string.next()) {
                hash.update(string.buffer(), string.offset(), string.count());
            }
        }

        private void sumUp() {
            sum += part.value();
        }

        @Override
        public void string(RdbString string) throws IOException {
            add(string);
            sumUp();
            count++;
        }

        @Override
        public void listElement(RdbString element) throws IOException {
            add(element);
            count++;
        }

        @Override
        public void setMember(RdbString member) throws IOException {
            part.reset();
            add(member);
            sumUp();
            count++;
        }

        @Override
        public void zsetMember(RdbString member) throws IOException {
            part.reset();
            add(member);
        }

        @Override
        public void zsetScore(double score) {
            // Adding 0 makes 0 of -0; the bits of all NaN are made one by doubleToLongBits.
            part.update(Double.doubleToLongBits(score + 0.0));
            sumUp();
            count++;
        }

        @Override
        public void hashField(RdbString field) throws IOException {
            part.reset();
            add(field);
        }

        @Override
        public void hashValue(RdbString fieldValue) throws IOException {
            add(fieldValue);
        }

        @Override
        public void hashFieldEnd(long expireAtMillis) {
            if (!isExpired(expireAtMillis)) {
                part.update(expireAtMillis);
                sumUp();
                count++;
            }
        }

        @Override
        public void streamEntry(StreamId id) {
            part.reset().update(STREAM_ENTRY);
            add(id);
        }

        private void add(StreamId id) {
            part.update(id.millis()).update(id.sequence());
        }

        @Override
        public void streamField(RdbString field) throws IOException {
            add(field);
        }

        @Override
        public void streamValue(RdbString fieldValue) throws IOException {
            add(fieldValue);
        }

        @Override
        public void streamEntryEnd() {
            sumUp();
            count++;
        }

        @Override
        public void streamState(StreamState state) {
            part.reset().update(STREAM_LAST_ID);
            add(state.lastId());
            sumUp();
        }

        @Override
        public void streamGroup(RdbString name) throws IOException {
            part.reset();
            add(name);
            group = part.value();
        }

        @Override
        public void streamGroupState(StreamId lastDelivered, long entriesRead) {
            part.reset().update(STREAM_GROUP).update(group);
            add(lastDelivered);
            sumUp();
        }

        @Override
        public void streamPending(StreamId id, long deliveredAtMillis, long deliveries) {
            part.reset().update(STREAM_PENDING).update(group);
            add(id);
            part.update(deliveredAtMillis).update(deliveries);
            sumUp();
        }

        @Override
        public void streamConsumer(RdbString name) throws IOException {
            part.reset().update(STREAM_CONSUMER).update(group);
            add(name);
            consumer = part.value();
            sum += consumer;
        }

        @Override
        public void streamConsumerPending(StreamId id) {
            part.reset().update(STREAM_CONSUMER_PENDING).update(consumer);
            add(id);
            sumUp();
        }

        @Override
        public void module(String typeName, int encodingVersion) {
            for (int i = 0; i < typeName.length(); i++) {
                part.update(typeName.charAt(i));
            }
            part.update(encodingVersion);
            vectorSet = typeName.equals(ModuleId.VECTOR_SET) ? new VectorSet() : null;
        }

        private void endVectorSet() {
            if (vectorSet != null) {
                vectorSet.endElement();
                part.update(sum);
            }
        }

        @Override
        public void moduleSigned(long number) {
            item(MODULE_SIGNED).update(number);
        }

        @Override
        public void moduleUnsigned(long number) {
            if (vectorSet != null && vectorSet.ofElement(number)) {
                return;
            }
            item(MODULE_UNSIGNED).update(number);
        }

        @Override
        public void moduleFloat(float number) {
            item(MODULE_FLOAT).update(Float.floatToRawIntBits(number));
        }

        @Override
        public void moduleDouble(double number) {
            item(MODULE_DOUBLE).update(Double.doubleToRawLongBits(number));
        }

        @Override
        public void moduleString(RdbString string) throws IOException {
            if (vectorSet != null && vectorSet.ofElement(string)) {
                return;
            }
            item(MODULE_STRING);
            add(string);
        }

        private XxHash64 item(int opcode) {
            count++;
            return part.update(opcode);
        }

        /**
         * Where we are in a vector set (Redis 8.0, vset.c VectorSetRdbSave). First its head: dimensions, number of elements,
         * quantization and links per node, flags; with flag 1 also a number and a string, the projection. Then per element
         * strings (name, attributes where the set has any, vector) and numbers, which are its place in the graph; the low half
         * of the last one is the vector's norm.
         */
        private final class VectorSet {
            private static final int HEAD_NUMBERS = 4;
            private static final long PROJECTION = 1;

            private int numbersOfHead;
            private boolean projection;
            private boolean inElement;
            private boolean inNumbers;
            private long lastNumber;

            /** Whether the number is part of an element and not of the head. */
            boolean ofElement(long number) {
                if (numbersOfHead < (projection ? HEAD_NUMBERS + 1 : HEAD_NUMBERS)) {
                    numbersOfHead++;
                    projection |= numbersOfHead == HEAD_NUMBERS && (number & PROJECTION) != 0;
                    return false;
                }
                inNumbers = true;
                lastNumber = number;
                return true;
            }

            boolean ofElement(RdbString string) throws IOException {
                if (projection) {
                    projection = false;
                    return false;
                }
                if (!inElement || inNumbers) {
                    endElement();
                    element.reset();
                    inElement = true;
                    inNumbers = false;
                }
                add(element, string);
                return true;
            }

            void endElement() {
                if (inElement) {
                    sum += element.update(lastNumber & 0xffff_ffffL).value();
                    count++;
                }
            }
        }
    }
}
