package io.ambrotype.rdb;

import java.io.IOException;

/** Writes the value at the window's next byte in another encoding (layouts: rdbSaveObject and rdbLoadObject in rdb.c). */
final class ValueTranscoder {
    /** The greatest moment at which Redis lets a field expire (EB_EXPIRE_TIME_MAX in ebuckets.h); it refuses to load others. */
    private static final long LAST_FIELD_EXPIRY = 0xffff_ffff_ffffL;

    /** Lengths in a ziplist have 32 bits. */
    private static final long LONGEST_ZIPLIST = 0xffff_ffffL;

    private static final int ZIPLIST_HEADER = 10;

    private final Window window;
    private final StringInput input;
    private final ValueDecoder decoder;
    private final PackedEntries listpack;

    ValueTranscoder(Window window, StringInput input, ValueDecoder decoder) {
        this.window = window;
        this.input = input;
        this.decoder = decoder;
        this.listpack = new PackedEntries.Listpack(input);
    }

    /** Passes the value in any case, and throws {@link RdbUnsupportedException} behind it. */
    void transcode(ValueType from, ValueType to, ByteSink sink) throws IOException {
        switch (to) {
            case LIST_QUICKLIST -> quicklist(new Encoder(sink));
            case STREAM_LISTPACKS, STREAM_LISTPACKS_2 -> stream(version(from), version(to), sink);
            case HASH, SET, ZSET_2, HASH_2 -> {
                Plain plain = new Plain(sink, to == ValueType.HASH_2);
                decoder.decode(from, plain);
                plain.end();
            }
            case HASH_METADATA -> {
                ExpiringHash hash = new ExpiringHash(sink);
                decoder.decode(from, hash);
                hash.held.requireHeld("a field with its value");
                hash.requireExpiries();
            }
            default -> throw new IllegalArgumentException("nothing is transcoded to " + to);
        }
    }

    // ---- hashes, sets and sorted sets

    /** Count, then the elements; where the count is not known before, they are held until it is. */
    private static final class Plain implements ValueVisitor {
        private final Encoder out;
        private final Held held = new Held();
        private final boolean expiries;
        private Encoder elements;
        private long count;

        Plain(ByteSink sink, boolean expiries) {
            this.out = new Encoder(sink);
            this.expiries = expiries;
            this.elements = new Encoder(held);
        }

        @Override
        public void size(long announced) throws IOException {
            if (announced != UNKNOWN_SIZE) {
                out.length(announced);
                elements = out;
            }
        }

        void end() throws IOException {
            if (elements != out) {
                held.requireHeld("a listpack of " + count + " elements");
                out.length(count);
                held.drainTo(out);
            }
        }

        @Override
        public void setMember(RdbString member) throws IOException {
            elements.string(member);
            count++;
        }

        @Override
        public void zsetMember(RdbString member) throws IOException {
            elements.string(member);
            count++;
        }

        @Override
        public void zsetScore(double score) throws IOException {
            elements.little(Double.BYTES, Double.doubleToRawLongBits(score));
        }

        @Override
        public void hashField(RdbString field) throws IOException {
            elements.string(field);
            count++;
        }

        @Override
        public void hashValue(RdbString value) throws IOException {
            elements.string(value);
        }

        @Override
        public void hashFieldEnd(long expireAtMillis) throws IOException {
            if (expiries) {
                elements.little(Long.BYTES, expireAtMillis);
            }
        }
    }

    /**
     * As Redis 7.4 has it: each field's expiry before the field, counted from the hash's earliest, which stands in front. That one
     * is known only at the end; counted from 1 instead, the numbers are the expiries themselves.
     */
    private static final class ExpiringHash implements ValueVisitor {
        private final Encoder out;
        private final Held held = new Held();
        private final Encoder field = new Encoder(held);
        private boolean tooLate;

        ExpiringHash(ByteSink sink) {
            this.out = new Encoder(sink);
        }

        @Override
        public void size(long count) throws IOException {
            out.little(Long.BYTES, 1);
            out.length(count);
        }

        @Override
        public void hashField(RdbString name) throws IOException {
            field.string(name);
        }

        @Override
        public void hashValue(RdbString value) throws IOException {
            field.string(value);
        }

        @Override
        public void hashFieldEnd(long expireAtMillis) throws IOException {
            tooLate |= expireAtMillis > LAST_FIELD_EXPIRY;
            out.length(expireAtMillis == RdbReader.NO_EXPIRY ? 0 : Math.max(1, expireAtMillis));
            held.drainTo(out);
        }

        void requireExpiries() throws RdbUnsupportedException {
            if (tooLate) {
                throw new RdbUnsupportedException("a field expires later than Redis allows (the year 10889)");
            }
        }
    }

    // ---- lists

    /** Node by node: a listpack becomes a ziplist, a plain element a ziplist of one. */
    private void quicklist(Encoder out) throws IOException {
        long nodes = window.length();
        out.length(nodes);
        Ziplist ziplist = new Ziplist();
        boolean tooLong = false;
        for (long i = 0; i < nodes; i++) {
            long start = window.offset();
            long container = window.length();
            if (container == ValueDecoder.PLAIN_NODE) {
                input.open();
                RdbString element = new RdbString();
                element.bind(input, input.length());
                if (element.length() > LONGEST_ZIPLIST - 64) {
                    tooLong = true;
                    element.drain();
                } else {
                    Ziplist.writeOne(element, out);
                }
            } else if (container == ValueDecoder.PACKED_NODE) {
                listpack.open();
                while (listpack.next()) {
                    ziplist.add(listpack);
                }
                ziplist.drainTo(out);
            } else {
                throw window.malformed(start, "unknown kind " + container + " of a list node");
            }
        }
        ziplist.held.requireHeld("a node of a list");
        if (tooLong) {
            throw new RdbUnsupportedException("an element of a list has more bytes than a ziplist can hold");
        }
    }

    /** Layout: redis/src/ziplist.c, "ZIPLIST OVERALL LAYOUT" and "ZIPLIST ENTRIES". */
    private static final class Ziplist {
        private static final int MANY = 0xffff;
        private static final int END = 0xff;
        private static final int LONG_PREVIOUS_LENGTH = 0xfe;

        private final Held held = new Held();
        private final Encoder entries = new Encoder(held);
        private long count;
        private long previousLength;
        private long tail;

        void add(PackedEntries from) throws IOException {
            tail = held.length();
            if (previousLength < LONG_PREVIOUS_LENGTH) {
                entries.little(1, previousLength);
            } else {
                entries.little(1, LONG_PREVIOUS_LENGTH);
                entries.little(4, previousLength);
            }
            if (from.isInteger()) {
                integer(from.integer());
            } else {
                stringHeader(entries, from.element().length());
                entries.bytes(from.element());
            }
            previousLength = held.length() - tail;
            count++;
        }

        private void integer(long value) throws IOException {
            if (value >= 0 && value <= 12) {
                entries.little(1, 0xf1 + value);
            } else if (value == (byte) value) {
                entries.little(1, 0xfe);
                entries.little(1, value);
            } else if (value == (short) value) {
                entries.little(1, 0xc0);
                entries.little(2, value);
            } else if (value == value << 40 >> 40) {
                entries.little(1, 0xf0);
                entries.little(3, value);
            } else if (value == (int) value) {
                entries.little(1, 0xd0);
                entries.little(4, value);
            } else {
                entries.little(1, 0xe0);
                entries.little(8, value);
            }
        }

        private static void stringHeader(Encoder out, long length) throws IOException {
            if (length < 1 << 6) {
                out.little(1, length);
            } else if (length < 1 << 14) {
                out.little(1, 0x40 | length >>> 8);
                out.little(1, length);
            } else {
                out.little(1, 0x80);
                out.little(4, Integer.reverseBytes((int) length) & 0xffff_ffffL);
            }
        }

        private static int stringHeaderBytes(long length) {
            return length < 1 << 6 ? 1 : length < 1 << 14 ? 2 : 5;
        }

        private static void header(Encoder out, long entryBytes, long tail, long count) throws IOException {
            long bytes = ZIPLIST_HEADER + entryBytes + 1;
            out.length(bytes);
            out.little(4, bytes);
            out.little(4, ZIPLIST_HEADER + tail);
            out.little(2, Math.min(count, MANY));
        }

        void drainTo(Encoder out) throws IOException {
            header(out, held.length(), tail, count);
            held.drainTo(out);
            out.little(1, END);
            count = 0;
            previousLength = 0;
            tail = 0;
        }

        static void writeOne(RdbString element, Encoder out) throws IOException {
            header(out, 1L + stringHeaderBytes(element.length()) + element.length(), 0, 1);
            out.little(1, 0);
            stringHeader(out, element.length());
            out.bytes(element);
            out.little(1, END);
        }
    }

    // ---- streams

    private static int version(ValueType stream) {
        return switch (stream) {
            case STREAM_LISTPACKS -> 1;
            case STREAM_LISTPACKS_2 -> 2;
            case STREAM_LISTPACKS_3 -> 3;
            default -> throw new IllegalArgumentException(stream + " is no stream");
        };
    }

    /** Copies what both versions have, and passes over what only the newer one has. */
    private void stream(int from, int to, ByteSink sink) throws IOException {
        boolean dropsCounters = from > 1 && to == 1;
        boolean dropsActiveTime = from > 2 && to < 3;
        window.beginTee(sink, window.position);
        long nodes = window.length();
        for (long i = 0; i < nodes; i++) {
            window.skipStrings(2, 0);
        }
        window.skipNumbers(3);
        if (dropsCounters) {
            window.endTee();
        }
        window.skipNumbers(5);
        if (dropsCounters) {
            window.beginTee(sink, window.position);
        }
        long groups = window.length();
        for (long group = 0; group < groups; group++) {
            window.skipString();
            window.skipNumbers(2);
            if (dropsCounters) {
                window.endTee();
            }
            window.number();
            if (dropsCounters) {
                window.beginTee(sink, window.position);
            }
            long pending = window.length();
            for (long i = 0; i < pending; i++) {
                window.skip(ValueSkipper.STREAM_ID_BYTES + Long.BYTES);
                window.number();
            }
            long consumers = window.length();
            for (long consumer = 0; consumer < consumers; consumer++) {
                window.skipString();
                window.skip(Long.BYTES);
                if (dropsActiveTime) {
                    window.endTee();
                    window.skip(Long.BYTES);
                    window.beginTee(sink, window.position);
                }
                long own = window.length();
                for (long i = 0; i < own; i++) {
                    window.skip(ValueSkipper.STREAM_ID_BYTES);
                }
            }
        }
        window.endTee();
    }

    /** Bytes that have to wait; too many are thrown away, so that the value can be read to its end. */
    private static final class Held implements ByteSink {
        private final GrowingBytes bytes = new GrowingBytes();
        private boolean exceeded;

        @Override
        public void write(byte[] buffer, int offset, int length) {
            exceeded |= (long) bytes.length() + length > Transcoder.MOST_HELD_BYTES;
            if (exceeded) {
                bytes.clear();
            } else {
                bytes.append(buffer, offset, length);
            }
        }

        int length() {
            return bytes.length();
        }

        void drainTo(Encoder out) throws IOException {
            out.raw(bytes.array(), 0, bytes.length());
            bytes.clear();
        }

        void requireHeld(String what) throws RdbUnsupportedException {
            if (exceeded) {
                throw new RdbUnsupportedException(what + " has more than the " + (Transcoder.MOST_HELD_BYTES >> 20)
                        + " MiB that can be transcoded");
            }
        }
    }

    /** Writes what values are made of. */
    private static final class Encoder {
        private final ByteSink sink;
        private final byte[] scratch = new byte[9];

        Encoder(ByteSink sink) {
            this.sink = sink;
        }

        void length(long length) throws IOException {
            sink.write(scratch, 0, Lengths.put(length, scratch, 0));
        }

        void little(int bytes, long value) throws IOException {
            for (int i = 0; i < bytes; i++) {
                scratch[i] = (byte) (value >>> (8 * i));
            }
            sink.write(scratch, 0, bytes);
        }

        void raw(byte[] bytes, int offset, int count) throws IOException {
            sink.write(bytes, offset, count);
        }

        void string(RdbString string) throws IOException {
            length(string.length());
            bytes(string);
        }

        void bytes(RdbString string) throws IOException {
            while (string.next()) {
                sink.write(string.buffer(), string.offset(), string.count());
            }
        }
    }
}
