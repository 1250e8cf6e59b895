package io.ambrotype.rdb;

import java.io.IOException;

/**
 * A 64-bit hash of what an entry means: equal for equal data, whatever encodes them, whichever server and version wrote them.
 *
 * <p><b>What counts.</b> Database, key, expiry, kind of value, and the value: the bytes of a string, integers as decimal text;
 * the elements of a list in order; members of a set, members of a sorted set with their scores, fields of a hash with value and
 * expiry, all in any order; the entries of a stream with their fields in order, its last id, and its groups with last delivered
 * id, consumers, and pending entries with owner, delivery time and count; a module's type, encoding version and what it wrote,
 * of a vector set (Redis 8.0) its parameters and, in any order, its elements with attributes and quantized vectors.
 * Scores are compared as numbers, -0 being 0 (servers store it as either), NaN being NaN.
 *
 * <p><b>What does not</b>, because it does not survive every supported server, or changes without anybody writing: idle time and
 * access frequency; of a stream the counter of entries ever added, the greatest deleted id and a group's counter of entries
 * read (unknown before RDB 10; newer servers estimate them on loading an old stream), its first id (follows from the entries),
 * its length (counted anyway) and when consumers were last seen or active (the latter unknown before RDB 11); of a vector set
 * the graph that links its elements, and their order, which a server turns round with every load.
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
 * items with their opcodes)} for modules, {@code H(type, version, parameters) + Σ H(strings, norm and range)} for vector sets. Cached digests depend on this: to change it is to change {@link SlotDigests#FORMAT}.
 *
 * <p>One object serves many entries, one after the other, and is not safe for use by several threads. Memory does not depend on
 * the size of values.
 */
public final class Fingerprint {
    private final XxHash64 entry;
    private final XxHash64 part;
    private final Hasher hasher = new Hasher();

    private long value;
    private long asOf;
    private long earliestExpiry = RdbReader.NO_EXPIRY;

    /** Fingerprints that can be compared with others of the same seed. */
    public Fingerprint(long seed) {
        entry = new XxHash64(seed);
        part = new XxHash64(seed);
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
        hasher.vectorSet = false;
        part.reset();
        reader.readValue(hasher);
        ValueKind kind = reader.type().kind();
        hasher.endVectorSet();
        boolean ordered = kind == ValueKind.LIST || (kind == ValueKind.MODULE && !hasher.vectorSet);
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

        private static final String VECTOR_SET = "vectorset";
        private static final int VECTOR_SET_PARAMETERS = 4;
        private static final long VECTOR_SET_HAS_PROJECTION = 1;

        private boolean vectorSet;
        private int parametersLeft;
        private boolean projectionLeft;
        private boolean inNumbers;
        private long lastNumber;

        private long count;
        private long sum;
        private long group;
        private long consumer;

        private void add(RdbString string) throws IOException {
            part.update(string.length());
            while (string.next()) {
                part.update(string.buffer(), string.offset(), string.count());
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
            vectorSet = typeName.equals(VECTOR_SET);
            parametersLeft = VECTOR_SET_PARAMETERS;
            projectionLeft = false;
            inNumbers = true;
        }

        @Override
        public void moduleSigned(long number) {
            item(MODULE_SIGNED).update(number);
        }

        @Override
        public void moduleUnsigned(long number) {
            if (vectorSet) {
                vectorSetNumber(number);
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
            if (vectorSet) {
                vectorSetString(string);
                return;
            }
            item(MODULE_STRING);
            add(string);
        }

        /**
         * First come dimension, number of elements, configuration, flags and, where the flags say so, the projection's
         * dimension and its matrix. An element is its name, attributes if any, vector, and then the numbers of its place in the
         * graph, of which only the last one, norm and range of the vector, is the element's own (VectorSetRdbSave in vset.c,
         * hnsw_serialize_node in hnsw.c).
         */
        private void vectorSetNumber(long number) {
            if (parametersLeft > 0) {
                parametersLeft--;
                if (parametersLeft == 0 && (number & VECTOR_SET_HAS_PROJECTION) != 0) {
                    projectionLeft = true;
                }
                part.update(number);
            } else if (projectionLeft) {
                part.update(number);
            } else {
                inNumbers = true;
                lastNumber = number;
            }
        }

        private void vectorSetString(RdbString string) throws IOException {
            if (projectionLeft) {
                projectionLeft = false;
                add(string);
                return;
            }
            if (inNumbers) {
                endVectorSetElement();
                inNumbers = false;
                part.reset();
                count++;
            }
            add(string);
        }

        private void endVectorSetElement() {
            if (count > 0) {
                part.update(lastNumber);
            }
            sumUp();
        }

        private void endVectorSet() {
            if (vectorSet) {
                endVectorSetElement();
            }
        }

        private XxHash64 item(int opcode) {
            count++;
            return part.update(opcode);
        }
    }
}
