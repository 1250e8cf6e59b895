package io.ambrotype.rdb;

import io.ambrotype.rdb.ValueVisitor.StreamState;
import java.io.IOException;
import java.util.Arrays;

/** Decodes values of every type and tells a visitor (layouts: rdbLoadObject in rdb.c of Redis and Valkey). */
final class ValueDecoder {
    static final int PLAIN_NODE = 1;
    static final int PACKED_NODE = 2;
    private static final int ENTRY_DELETED = 1;
    private static final int ENTRY_SAME_FIELDS = 2;

    private final Window window;
    private final StringInput input;
    private final int maxStringBytes;
    private final RdbString string = new RdbString();
    private final PackedEntries ziplist;
    private final PackedEntries listpack;
    private final StreamFields sharedFields = new StreamFields();

    ValueDecoder(Window window, StringInput input, int maxStringBytes) {
        this.window = window;
        this.input = input;
        this.maxStringBytes = maxStringBytes;
        this.ziplist = new PackedEntries.Ziplist(input);
        this.listpack = new PackedEntries.Listpack(input);
    }

    @FunctionalInterface
    private interface Taker {
        void take(RdbString string) throws IOException;
    }

    void decode(ValueType type, ValueVisitor visitor) throws IOException {
        switch (type) {
            case STRING -> give(visitor::string);
            case LIST -> giveAll(visitor, visitor::listElement);
            case SET -> giveAll(visitor, visitor::setMember);
            case ZSET, ZSET_2 -> zset(type, visitor);
            case HASH -> hash(visitor);
            case HASH_2 -> hashWithTrailingExpiry(visitor);
            case HASH_METADATA_PRE_GA -> hashWithLeadingExpiry(visitor, 1);
            case HASH_METADATA -> hashWithLeadingExpiry(visitor, window.i64());
            case HASH_ZIPMAP -> zipmap(visitor);
            case HASH_ZIPLIST -> packedHash(ziplist, visitor);
            case HASH_LISTPACK -> packedHash(listpack, visitor);
            case HASH_LISTPACK_EX_PRE_GA -> packedHashWithExpiry(visitor);
            case HASH_LISTPACK_EX -> {
                window.i64();
                packedHashWithExpiry(visitor);
            }
            case LIST_ZIPLIST -> packedElements(ziplist, visitor, visitor::listElement);
            case LIST_QUICKLIST -> {
                visitor.size(ValueVisitor.UNKNOWN_SIZE);
                long nodes = window.length();
                for (long i = 0; i < nodes; i++) {
                    ziplist.open();
                    elements(ziplist, visitor::listElement);
                }
            }
            case LIST_QUICKLIST_2 -> quicklist(visitor);
            case SET_INTSET -> intset(visitor);
            case SET_LISTPACK -> packedElements(listpack, visitor, visitor::setMember);
            case ZSET_ZIPLIST -> packedZset(ziplist, visitor);
            case ZSET_LISTPACK -> packedZset(listpack, visitor);
            case STREAM_LISTPACKS -> stream(1, visitor);
            case STREAM_LISTPACKS_2 -> stream(2, visitor);
            case STREAM_LISTPACKS_3 -> stream(3, visitor);
            case MODULE_2 -> module(visitor);
        }
    }

    private void give(Taker taker) throws IOException {
        input.open();
        string.bind(input, input.length());
        taker.take(string);
        string.drain();
    }

    private void giveAll(ValueVisitor visitor, Taker taker) throws IOException {
        long count = sized(visitor);
        for (long i = 0; i < count; i++) {
            give(taker);
        }
    }

    private long sized(ValueVisitor visitor) throws IOException {
        long count = window.length();
        visitor.size(count);
        return count;
    }

    private void packedElements(PackedEntries entries, ValueVisitor visitor, Taker taker) throws IOException {
        open(entries, 1, visitor);
        elements(entries, taker);
    }

    private static void open(PackedEntries entries, int elementsPerGroup, ValueVisitor visitor) throws IOException {
        entries.open();
        visitor.size(entries.announcedGroups(elementsPerGroup));
    }

    private static void elements(PackedEntries entries, Taker taker) throws IOException {
        while (entries.next()) {
            taker.take(entries.element());
        }
    }

    private void quicklist(ValueVisitor visitor) throws IOException {
        visitor.size(ValueVisitor.UNKNOWN_SIZE);
        long nodes = window.length();
        for (long i = 0; i < nodes; i++) {
            long start = window.offset();
            long container = window.length();
            if (container == PLAIN_NODE) {
                give(visitor::listElement);
            } else if (container == PACKED_NODE) {
                listpack.open();
                elements(listpack, visitor::listElement);
            } else {
                throw window.malformed(start, "unknown kind " + container + " of a list node");
            }
        }
    }

    private void intset(ValueVisitor visitor) throws IOException {
        input.open();
        long width = input.little(4);
        long count = input.little(4);
        if ((width != 2 && width != 4 && width != 8) || input.remaining() != width * count) {
            throw input.malformed("an intset says another size than it has");
        }
        visitor.size(count);
        byte[] text = new byte[20];
        for (long i = 0; i < count; i++) {
            string.bind(text, 0, DecimalText.write(input.signedLittle((int) width), text));
            visitor.setMember(string);
        }
    }

    private void zset(ValueType type, ValueVisitor visitor) throws IOException {
        long members = sized(visitor);
        for (long i = 0; i < members; i++) {
            give(visitor::zsetMember);
            visitor.zsetScore(type == ValueType.ZSET ? textScore() : Double.longBitsToDouble(window.i64()));
        }
    }

    private double textScore() throws IOException {
        long start = window.offset();
        int length = window.u8();
        return switch (length) {
            case DoubleText.NAN -> Double.NaN;
            case DoubleText.POSITIVE_INFINITY -> Double.POSITIVE_INFINITY;
            case DoubleText.NEGATIVE_INFINITY -> Double.NEGATIVE_INFINITY;
            default -> {
                window.require(length);
                window.position += length;
                yield score(start, window.buffer, window.position - length, length);
            }
        };
    }

    private double score(long start, byte[] bytes, int offset, int length) throws RdbFormatException {
        try {
            return DoubleText.parse(bytes, offset, length);
        } catch (NumberFormatException e) {
            throw window.malformed(start, "'" + KeyText.of(bytes, offset, length) + "' is no score");
        }
    }

    private void packedZset(PackedEntries entries, ValueVisitor visitor) throws IOException {
        open(entries, 2, visitor);
        while (entries.next()) {
            visitor.zsetMember(entries.element());
            entries.require();
            if (entries.isInteger()) {
                visitor.zsetScore((double) entries.integer());
            } else {
                RdbString text = entries.element();
                if (text.length() > DoubleText.LONGEST) {
                    throw entries.malformed("has a score of " + text.length() + " bytes");
                }
                byte[] bytes = text.toByteArray(DoubleText.LONGEST);
                visitor.zsetScore(score(input.start(), bytes, 0, bytes.length));
            }
        }
    }

    private void hash(ValueVisitor visitor) throws IOException {
        long fields = sized(visitor);
        for (long i = 0; i < fields; i++) {
            give(visitor::hashField);
            give(visitor::hashValue);
            visitor.hashFieldEnd(RdbReader.NO_EXPIRY);
        }
    }

    private void hashWithTrailingExpiry(ValueVisitor visitor) throws IOException {
        long fields = sized(visitor);
        for (long i = 0; i < fields; i++) {
            give(visitor::hashField);
            give(visitor::hashValue);
            visitor.hashFieldEnd(window.i64());
        }
    }

    /** A field's number is 0 where it does not expire; otherwise the earliest expiry has number 1. */
    private void hashWithLeadingExpiry(ValueVisitor visitor, long earliest) throws IOException {
        long fields = sized(visitor);
        for (long i = 0; i < fields; i++) {
            long number = window.number();
            give(visitor::hashField);
            give(visitor::hashValue);
            visitor.hashFieldEnd(number == 0 ? RdbReader.NO_EXPIRY : earliest + number - 1);
        }
    }

    private void packedHash(PackedEntries entries, ValueVisitor visitor) throws IOException {
        open(entries, 2, visitor);
        while (entries.next()) {
            visitor.hashField(entries.element());
            entries.require();
            visitor.hashValue(entries.element());
            visitor.hashFieldEnd(RdbReader.NO_EXPIRY);
        }
    }

    private void packedHashWithExpiry(ValueVisitor visitor) throws IOException {
        open(listpack, 3, visitor);
        while (listpack.next()) {
            visitor.hashField(listpack.element());
            listpack.require();
            visitor.hashValue(listpack.element());
            long expireAt = listpack.requireInteger();
            visitor.hashFieldEnd(expireAt == 0 ? RdbReader.NO_EXPIRY : expireAt);
        }
    }

    /** Layout: redis/src/zipmap.c. */
    private void zipmap(ValueVisitor visitor) throws IOException {
        input.open();
        int announced = input.u8();
        visitor.size(announced < 254 ? announced : ValueVisitor.UNKNOWN_SIZE);
        long fields = 0;
        for (int first = input.u8(); first != 255; first = input.u8()) {
            giveZipmapString(zipmapLength(first), 0, visitor::hashField);
            int length = input.u8();
            if (length == 255) {
                throw input.malformed("a zipmap ends in the middle of a field");
            }
            long bytes = zipmapLength(length);
            int free = input.u8();
            giveZipmapString(bytes, free, visitor::hashValue);
            visitor.hashFieldEnd(RdbReader.NO_EXPIRY);
            fields++;
        }
        if (input.remaining() != 0 || (announced < 254 && announced != fields)) {
            throw input.malformed("a zipmap says another size than it has");
        }
    }

    private void giveZipmapString(long length, int free, Taker taker) throws IOException {
        if (length + free >= input.remaining()) {
            throw input.malformed("a zipmap has an element of " + length + " bytes, which it cannot hold");
        }
        string.bind(input, length);
        taker.take(string);
        string.drain();
        input.skip(free);
    }

    private long zipmapLength(int first) throws IOException {
        return first == 254 ? input.little(4) : first;
    }

    /** Layout: rdbSaveObject in rdb.c; nodes: streamAppendItem in t_stream.c. */
    private void stream(int version, ValueVisitor visitor) throws IOException {
        long nodes = window.length();
        for (long i = 0; i < nodes; i++) {
            streamNode(visitor);
        }
        long length = window.length();
        StreamId last = streamId();
        visitor.streamState(
                version == 1
                        ? new StreamState(length, last, null, null, -1)
                        : new StreamState(length, last, streamId(), streamId(), window.number()));
        long groups = window.length();
        for (long i = 0; i < groups; i++) {
            streamGroup(version, visitor);
        }
    }

    private StreamId streamId() throws IOException {
        return new StreamId(window.number(), window.number());
    }

    private StreamId rawStreamId() throws IOException {
        return new StreamId(window.i64BigEndian(), window.i64BigEndian());
    }

    private void streamNode(ValueVisitor visitor) throws IOException {
        input.open();
        if (input.length() != ValueSkipper.STREAM_ID_BYTES) {
            throw input.malformed("the id of a stream node has " + input.length() + " bytes");
        }
        long millis = input.big(8);
        long sequence = input.big(8);
        listpack.open();
        // How many entries the node has, and how many deleted ones; both are found by walking.
        listpack.requireInteger();
        listpack.requireInteger();
        readSharedFields();
        while (listpack.next()) {
            if (!listpack.isInteger()) {
                throw listpack.malformed("has a string where a number should be");
            }
            long flags = listpack.integer();
            StreamId id = new StreamId(millis + listpack.requireInteger(), sequence + listpack.requireInteger());
            boolean live = (flags & ENTRY_DELETED) == 0;
            boolean same = (flags & ENTRY_SAME_FIELDS) != 0;
            long fields = same ? sharedFields.count : fieldCount();
            if (live) {
                visitor.streamEntry(id);
            }
            for (long i = 0; i < fields; i++) {
                streamField(visitor, live, same, i);
            }
            if (live) {
                visitor.streamEntryEnd();
            }
            listpack.requireInteger();
        }
    }

    private void streamField(ValueVisitor visitor, boolean live, boolean same, long index) throws IOException {
        if (!same) {
            listpack.require();
            if (live) {
                visitor.streamField(listpack.element());
            }
        } else if (live) {
            sharedFields.bind(string, (int) index);
            visitor.streamField(string);
        }
        listpack.require();
        if (live) {
            visitor.streamValue(listpack.element());
        }
    }

    private long fieldCount() throws IOException {
        long count = listpack.requireInteger();
        if (count < 0) {
            throw listpack.malformed("has a stream entry of " + count + " fields");
        }
        return count;
    }

    private void readSharedFields() throws IOException {
        long count = fieldCount();
        sharedFields.clear();
        for (long i = 0; i < count; i++) {
            listpack.require();
            sharedFields.add(listpack.element());
        }
        listpack.requireInteger();
    }

    private void streamGroup(int version, ValueVisitor visitor) throws IOException {
        give(visitor::streamGroup);
        StreamId last = streamId();
        visitor.streamGroupState(last, version == 1 ? -1 : window.number());
        long pending = window.length();
        for (long i = 0; i < pending; i++) {
            visitor.streamPending(rawStreamId(), window.i64(), window.number());
        }
        long consumers = window.length();
        for (long i = 0; i < consumers; i++) {
            give(visitor::streamConsumer);
            visitor.streamConsumerTimes(window.i64(), version < 3 ? -1 : window.i64());
            long own = window.length();
            for (long j = 0; j < own; j++) {
                visitor.streamConsumerPending(rawStreamId());
            }
        }
    }

    private void module(ValueVisitor visitor) throws IOException {
        long id = window.number();
        visitor.module(ModuleId.name(id), ModuleId.encodingVersion(id));
        while (true) {
            long start = window.offset();
            long opcode = window.number();
            if (opcode == 0) {
                return;
            }
            if (opcode == 1) {
                visitor.moduleSigned(window.number());
            } else if (opcode == 2) {
                visitor.moduleUnsigned(window.number());
            } else if (opcode == 3) {
                visitor.moduleFloat(Float.intBitsToFloat(window.i32()));
            } else if (opcode == 4) {
                visitor.moduleDouble(Double.longBitsToDouble(window.i64()));
            } else if (opcode == 5) {
                give(visitor::moduleString);
            } else {
                throw window.malformed(start, "unknown module opcode " + Long.toUnsignedString(opcode));
            }
        }
    }

    /** The names of the fields that entries of a stream node share. */
    private final class StreamFields {
        private final GrowingBytes names = new GrowingBytes();
        private int[] ends = new int[16];
        private int count;

        void clear() {
            names.clear();
            count = 0;
        }

        void add(RdbString name) throws IOException {
            // Four bytes of bookkeeping a name count too, or many empty names would be free.
            if (name.length() + names.length() + 4L * count > maxStringBytes) {
                throw input.malformed(
                        "the field names of a stream node are longer than the " + maxStringBytes + " bytes allowed");
            }
            while (name.next()) {
                names.append(name.buffer(), name.offset(), name.count());
            }
            if (count == ends.length) {
                ends = Arrays.copyOf(ends, 2 * count);
            }
            ends[count++] = names.length();
        }

        void bind(RdbString target, int index) {
            int begin = index == 0 ? 0 : ends[index - 1];
            target.bind(names.array(), begin, ends[index] - begin);
        }
    }
}
