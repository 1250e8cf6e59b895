package io.ambrotype.rdb;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.ReadableByteChannel;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Builds and reads small RDBs for tests. */
final class Rdb {
    private final Bytes bytes = new Bytes();

    Rdb(RdbVersion version) {
        bytes.raw(version.magic());
    }

    static Rdb redis(int number) {
        return new Rdb(new RdbVersion(RdbDialect.REDIS, number));
    }

    static Rdb valkey() {
        return new Rdb(RdbVersion.VALKEY_80);
    }

    Rdb raw(byte[] record) {
        bytes.raw(record);
        return this;
    }

    Rdb raw(int... record) {
        bytes.raw(record);
        return this;
    }

    Rdb aux(String name, String value) {
        bytes.raw(250).string(name).string(value);
        return this;
    }

    Rdb function(String source) {
        bytes.raw(245).string(source);
        return this;
    }

    Rdb database(int number) {
        bytes.raw(254).length(number);
        return this;
    }

    Rdb expireAt(long millis) {
        bytes.raw(252).little(8, millis);
        return this;
    }

    Rdb entry(int type, String key, byte[] value) {
        bytes.raw(type).string(key).raw(value);
        return this;
    }

    Rdb entry(int type, String key, Bytes value) {
        return entry(type, key, value.toByteArray());
    }

    /** A value that is one packed string. */
    Rdb packed(int type, String key, byte[] packed) {
        return entry(type, key, new Bytes().string(packed));
    }

    Rdb string(String key, String value) {
        return entry(0, key, new Bytes().string(value));
    }

    int size() {
        return bytes.size();
    }

    byte[] unfinished() {
        return bytes.toByteArray();
    }

    byte[] finish() {
        byte[] body = bytes.raw(255).toByteArray();
        return bytes.little(8, Crc64.update(0, body, 0, body.length)).toByteArray();
    }

    byte[] finishWithoutChecksum() {
        return bytes.raw(255).little(8, 0).toByteArray();
    }

    static RdbReader open(byte[] rdb) throws IOException {
        return open(rdb, RdbReaderOptions.DEFAULT.withWindowBytes(4096));
    }

    static RdbReader open(byte[] rdb, RdbReaderOptions options) throws IOException {
        return RdbReader.open(channel(rdb), options);
    }

    static ReadableByteChannel channel(byte[] bytes) {
        return Channels.newChannel(new ByteArrayInputStream(bytes));
    }

    /** A channel that gives one byte at a time. */
    static ReadableByteChannel dripping(byte[] bytes) {
        ReadableByteChannel whole = channel(bytes);
        return new ReadableByteChannel() {
            @Override
            public int read(ByteBuffer target) throws IOException {
                ByteBuffer one = ByteBuffer.allocate(1);
                int count = whole.read(one);
                target.put(one.flip());
                return count;
            }

            @Override
            public boolean isOpen() {
                return whole.isOpen();
            }

            @Override
            public void close() throws IOException {
                whole.close();
            }
        };
    }

    /** The reader at the first entry. */
    static RdbReader atFirstEntry(byte[] rdb) throws IOException {
        RdbReader reader = open(rdb);
        while (reader.next() != RecordKind.ENTRY) {
            if (reader.position() == rdb.length) {
                throw new AssertionError("no entry");
            }
        }
        return reader;
    }

    /** All entries decoded, by {@code database/key}. */
    static Map<String, Object> decode(byte[] rdb) throws IOException {
        return decode(open(rdb));
    }

    static Map<String, Object> decode(RdbReader reader) throws IOException {
        Map<String, Object> entries = new LinkedHashMap<>();
        for (RecordKind kind = reader.next(); kind != RecordKind.END; kind = reader.next()) {
            if (kind == RecordKind.ENTRY) {
                entries.put(reader.database() + "/" + Bytes.latin(reader.key()), Plain.of(reader));
            }
        }
        return entries;
    }

    /** The fingerprints of all entries, by {@code database/key}. */
    static Map<String, Long> fingerprints(RdbReader reader, long asOf) throws IOException {
        Fingerprint fingerprint = new Fingerprint(42);
        Map<String, Long> entries = new LinkedHashMap<>();
        for (RecordKind kind = reader.next(); kind != RecordKind.END; kind = reader.next()) {
            if (kind == RecordKind.ENTRY) {
                String name = reader.database() + "/" + Bytes.latin(reader.key());
                if (fingerprint.read(reader, asOf)) {
                    entries.put(name, fingerprint.value());
                }
            }
        }
        return entries;
    }

    /** Everything that a reader tells of an RDB, as text, with values copied. */
    static List<String> transcript(RdbReader reader) throws IOException {
        List<String> lines = new ArrayList<>();
        lines.add(reader.version().toString());
        RecordKind kind;
        do {
            kind = reader.next();
            long offset = reader.recordOffset();
            lines.add(
                    switch (kind) {
                        case AUX -> "aux " + reader.auxName() + "=" + reader.auxValue();
                        case FUNCTION -> "function " + Bytes.latin(reader.functionSource());
                        case MODULE_AUX -> "module " + reader.moduleName() + reader.moduleAuxBeforeEntries();
                        case SELECT_DATABASE -> "database " + reader.database();
                        case RESIZE_DATABASE ->
                            "resize " + reader.announcedEntries() + " " + reader.announcedExpiring();
                        case SLOT_INFO ->
                            "slot " + reader.announcedSlot() + " " + reader.announcedEntries() + " "
                                    + reader.announcedExpiring();
                        case SLOT_IMPORT -> "import " + reader.importJob() + reader.importedRanges().length;
                        case END -> "end " + reader.checksum();
                        case ENTRY -> {
                            String line = "entry " + reader.type() + " " + reader.expireAtMillis() + " " + reader.slot()
                                    + " " + offset + " " + reader.valueOffset();
                            Bytes copy = new Bytes();
                            reader.copyRecord((buffer, from, length) ->
                                    copy.raw(java.util.Arrays.copyOfRange(buffer, from, from + length)));
                            yield line + " " + Bytes.latin(reader.key()) + " " + reader.recordLength() + " "
                                    + reader.valueLength() + " " + Bytes.latin(copy.toByteArray());
                        }
                    });
        } while (kind != RecordKind.END);
        lines.add("length " + reader.position());
        return lines;
    }
}
