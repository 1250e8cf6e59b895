package io.ambrotype.rdb;

import java.io.Closeable;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.ReadableByteChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.BitSet;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Walks over an RDB, record by record, in one pass and bounded memory.
 *
 * <pre>{@code
 * try (RdbReader reader = RdbReader.open(path)) {
 *     for (RecordKind kind = reader.next(); kind != RecordKind.END; kind = reader.next()) {
 *         if (kind == RecordKind.ENTRY) {
 *             entries[reader.slot()]++;
 *         }
 *     }
 * }
 * }</pre>
 *
 * <p>The reader is its own cursor: what it says of a record holds until the next call of {@link #next()}, and nothing is
 * allocated per entry. On an {@link RecordKind#ENTRY} the key has been read and the value not; the value is then passed in one
 * of four ways, once: {@link #skipValue()} (done by {@link #next()} where nothing else was), {@link #copyRecord}, {@link
 * #copyValue} or {@link #readValue}. Values are passed in pieces, so they may be larger than memory; only keys and other
 * names are held, within {@link RdbReaderOptions#maxStringBytes()}.
 *
 * <p>Everything is checked: an unknown version, opcode, type or encoding, an impossible length, a file that ends too early or
 * goes on too long, and a checksum that differs end in an {@link RdbFormatException}, after which the reader is of no more use.
 * The checksum can only speak at the end: what was read before it is not yet vouched for.
 *
 * <p>Not safe for use by several threads. Closing closes the channel.
 *
 * <p>Sources: rdb.h and rdb.c of Redis 5.0 to 8.0 and Valkey 7.2 to 9.1.
 */
public final class RdbReader implements Closeable {
    /** {@link #expireAtMillis()} of an entry that does not expire. */
    public static final long NO_EXPIRY = -1;

    private static final long MILLIS_PER_SECOND = 1000;
    private static final int FIRST_VERSION_WITH_CHECKSUM = 5;

    private static final int SLOT_IMPORT = 243;
    private static final int SLOT_INFO = 244;
    private static final int FUNCTION = 245;
    private static final int FUNCTION_PRE_GA = 246;
    private static final int MODULE_AUX = 247;
    private static final int IDLE = 248;
    private static final int FREQUENCY = 249;
    private static final int AUX = 250;
    private static final int RESIZE_DATABASE = 251;
    private static final int EXPIRE_MILLIS = 252;
    private static final int EXPIRE_SECONDS = 253;
    private static final int SELECT_DATABASE = 254;
    private static final int END = 255;

    private static final byte[] EMPTY = {};

    /** What of the current record is still to be passed. */
    private enum Pending {
        NOTHING,
        VALUE,
        MODULE_DATA
    }

    private final Window window;
    private final RdbReaderOptions options;
    private final RdbVersion version;
    private final ValueSkipper skipper;
    private final StringInput string;
    private final GrowingBytes decodedKey = new GrowingBytes();
    private @Nullable ValueDecoder decoder;
    private @Nullable ValueTranscoder transcoder;

    private @Nullable RecordKind record;
    private Pending pending = Pending.NOTHING;
    private long recordOffset;
    private long typeOffset;
    private long valueOffset;
    private long recordEnd;

    private int database;
    private long expireAtMillis = NO_EXPIRY;
    private @Nullable ValueType type;
    private int slot = -1;

    private byte[] name = EMPTY;
    private byte[] text = EMPTY;
    private long first;
    private long second;
    private long third;
    private int[] importedRanges = {};
    private final BitSet importing = new BitSet();
    private ChecksumVerdict checksum = ChecksumVerdict.NOT_CHECKED;

    private RdbReader(ReadableByteChannel channel, RdbReaderOptions options) throws IOException {
        this.options = options;
        this.window = new Window(channel, options.windowBytes(), options.verifyChecksum());
        this.skipper = new ValueSkipper(window);
        this.string = new StringInput(window);
        this.version = readMagic();
    }

    /**
     * Opens an RDB file.
     *
     * @throws RdbFormatException where it is no RDB, or one of a version that is not supported
     */
    public static RdbReader open(Path file) throws IOException {
        return open(file, RdbReaderOptions.DEFAULT);
    }

    /**
     * Opens an RDB file.
     *
     * @throws RdbFormatException where it is no RDB, or one of a version that is not supported
     */
    public static RdbReader open(Path file, RdbReaderOptions options) throws IOException {
        FileChannel channel = FileChannel.open(file, StandardOpenOption.READ);
        try {
            return open(channel, options);
        } catch (IOException | RuntimeException e) {
            channel.close();
            throw e;
        }
    }

    /** Reads an RDB from a blocking channel, which the reader closes when it is closed; see {@link #open(Path)}. */
    public static RdbReader open(ReadableByteChannel channel) throws IOException {
        return open(channel, RdbReaderOptions.DEFAULT);
    }

    /** Reads an RDB from a blocking channel, which the reader closes when it is closed; see {@link #open(Path)}. */
    public static RdbReader open(ReadableByteChannel channel, RdbReaderOptions options) throws IOException {
        return new RdbReader(channel, options);
    }

    private RdbVersion readMagic() throws IOException {
        window.require(RdbVersion.MAGIC_BYTES);
        String magic = new String(window.buffer, window.position, RdbVersion.MAGIC_BYTES, StandardCharsets.ISO_8859_1);
        RdbVersion found = RdbVersion.parse(magic)
                .orElseThrow(() ->
                        window.malformed(0, "this is no RDB: it does not begin with REDIS or VALKEY and a version"));
        if (!found.isSupported()) {
            throw window.malformed(0, "RDB version " + found + " is not supported");
        }
        window.position += RdbVersion.MAGIC_BYTES;
        return found;
    }

    /** The version that the file says it is of. */
    public RdbVersion version() {
        return version;
    }

    /** Bytes of the RDB parsed so far; behind {@link RecordKind#END} its length. */
    public long position() {
        return window.offset();
    }

    /**
     * Passes what is left of the current record and goes to the next. Behind the end it stays at {@link RecordKind#END}.
     *
     * @throws RdbFormatException where the bytes are not an RDB's
     */
    public RecordKind next() throws IOException {
        if (record == RecordKind.END) {
            return RecordKind.END;
        }
        pass();
        window.keepNothing();
        window.pin();
        recordOffset = window.offset();
        expireAtMillis = NO_EXPIRY;
        type = null;
        slot = -1;
        RecordKind kind = readRecord();
        record = kind;
        if (pending == Pending.NOTHING) {
            window.unpin();
            recordEnd = window.offset();
        }
        return kind;
    }

    private RecordKind readRecord() throws IOException {
        boolean expires = false;
        boolean weighed = false;
        while (true) {
            long start = window.offset();
            int opcode = window.u8();
            if (opcode < SLOT_IMPORT) {
                readKey(start, opcode);
                return RecordKind.ENTRY;
            }
            if (opcode == EXPIRE_MILLIS && !expires) {
                expireAtMillis = window.i64();
                expires = true;
            } else if (opcode == EXPIRE_SECONDS && !expires) {
                expireAtMillis = window.i32() * MILLIS_PER_SECOND;
                expires = true;
            } else if (opcode == IDLE && !weighed) {
                window.length();
                weighed = true;
            } else if (opcode == FREQUENCY && !weighed) {
                window.u8();
                weighed = true;
            } else if (expires || weighed) {
                throw window.malformed(
                        start, "opcode " + opcode + " stands between an expiry or idle time and its entry");
            } else {
                return readOther(start, opcode);
            }
        }
    }

    private void readKey(long start, int code) throws IOException {
        ValueType found = ValueType.of(version.dialect(), code);
        if (found == null) {
            throw window.malformed(start, "unknown opcode or value type " + code + " in " + version);
        }
        type = found;
        typeOffset = start;
        window.require(1);
        int header = window.buffer[window.position] & 0xff;
        if (header >>> 6 == 3) {
            readEncodedKey();
        } else {
            long at = window.offset();
            int length = held(at, window.length());
            window.requireMany(length);
            window.keep(window.position, length);
            window.position += length;
        }
        valueOffset = window.offset();
        pending = Pending.VALUE;
    }

    private void readEncodedKey() throws IOException {
        string.open();
        held(string.start(), string.length());
        decodedKey.clear();
        drainInto(decodedKey);
        window.keepOther(decodedKey.array(), decodedKey.length());
    }

    private void drainInto(GrowingBytes target) throws IOException {
        do {
            target.append(string.piece, string.position, string.end - string.position);
            string.position = string.end;
        } while (string.advance());
    }

    private int held(long offset, long length) throws RdbFormatException {
        if (length > options.maxStringBytes()) {
            throw window.malformed(
                    offset,
                    "a name of " + length + " bytes is longer than the " + options.maxStringBytes() + " allowed");
        }
        return (int) length;
    }

    private byte[] readText() throws IOException {
        string.open();
        held(string.start(), string.length());
        GrowingBytes bytes = new GrowingBytes();
        drainInto(bytes);
        return bytes.toByteArray();
    }

    private RecordKind readOther(long start, int opcode) throws IOException {
        return switch (opcode) {
            case AUX -> {
                name = readText();
                text = readText();
                yield RecordKind.AUX;
            }
            case FUNCTION -> {
                text = readText();
                yield RecordKind.FUNCTION;
            }
            case MODULE_AUX -> {
                first = window.number();
                long at = window.offset();
                if (window.number() != 2) {
                    throw window.malformed(at, "the time of module data is not written as a number");
                }
                second = window.length();
                valueOffset = window.offset();
                pending = Pending.MODULE_DATA;
                yield RecordKind.MODULE_AUX;
            }
            case SELECT_DATABASE -> {
                long at = window.offset();
                long number = window.length();
                if (number > Integer.MAX_VALUE) {
                    throw window.malformed(at, "database " + number + " is impossible");
                }
                database = (int) number;
                yield RecordKind.SELECT_DATABASE;
            }
            case RESIZE_DATABASE -> {
                first = window.length();
                second = window.length();
                yield RecordKind.RESIZE_DATABASE;
            }
            case SLOT_INFO -> {
                first = slotNumber();
                second = window.length();
                third = window.length();
                yield RecordKind.SLOT_INFO;
            }
            case SLOT_IMPORT -> {
                if (version.dialect() == RdbDialect.VALKEY) {
                    readSlotImport();
                    yield RecordKind.SLOT_IMPORT;
                }
                throw window.malformed(start, "opcode 243 (metadata of keys, Redis 8.6) is not supported");
            }
            case FUNCTION_PRE_GA ->
                throw window.malformed(
                        start, "opcode 246 (functions of the Redis 7.0 release candidates) is not supported");
            case END -> {
                readChecksum();
                yield RecordKind.END;
            }
            default -> throw window.malformed(start, "opcode " + opcode + " stands in the wrong place");
        };
    }

    private long slotNumber() throws IOException {
        long at = window.offset();
        long number = window.length();
        if (number >= HashSlot.COUNT) {
            throw window.malformed(at, "slot " + number + " is impossible");
        }
        return number;
    }

    private void readSlotImport() throws IOException {
        name = readText();
        long at = window.offset();
        long ranges = window.length();
        if (ranges > HashSlot.COUNT) {
            throw window.malformed(at, "an import of " + ranges + " slot ranges is impossible");
        }
        importedRanges = new int[(int) ranges * 2];
        for (int i = 0; i < importedRanges.length; i++) {
            importedRanges[i] = (int) slotNumber();
        }
        for (int i = 0; i < importedRanges.length; i += 2) {
            // A range that runs backwards covers nothing.
            if (importedRanges[i] <= importedRanges[i + 1]) {
                importing.set(importedRanges[i], importedRanges[i + 1] + 1);
            }
        }
    }

    private void readChecksum() throws IOException {
        long computed = window.checksum();
        if (version.dialect() == RdbDialect.REDIS && version.number() < FIRST_VERSION_WITH_CHECKSUM) {
            checksum = ChecksumVerdict.DISABLED;
        } else {
            long at = window.offset();
            long stored = window.i64();
            if (stored == 0) {
                checksum = ChecksumVerdict.DISABLED;
            } else if (!options.verifyChecksum()) {
                checksum = ChecksumVerdict.NOT_CHECKED;
            } else if (stored == computed) {
                checksum = ChecksumVerdict.VERIFIED;
            } else {
                throw window.malformed(
                        at, "the checksum is wrong: the file says %016x, its bytes %016x".formatted(stored, computed));
            }
        }
        window.unpin();
        if (!options.trailingBytesAllowed() && !window.atEnd()) {
            throw window.malformed(window.offset(), "bytes follow the end");
        }
    }

    /**
     * Passes the value of the entry, or the data of {@link RecordKind#MODULE_AUX}, undecoded. Does nothing where that has been
     * done.
     */
    public void skipValue() throws IOException {
        requireRecord();
        pass();
    }

    private void pass() throws IOException {
        if (pending == Pending.NOTHING) {
            return;
        }
        Pending what = pending;
        pending = Pending.NOTHING;
        window.unpin();
        if (what == Pending.VALUE) {
            skipper.skip(type());
        } else {
            skipper.skipModuleData();
        }
        recordEnd = window.offset();
    }

    /**
     * Passes the value and copies the whole record to {@code sink}, in pieces, byte for byte: expiry, idle time or frequency,
     * type, key and value of an entry, or a {@link RecordKind#MODULE_AUX} record. Where it ends with an exception the sink may
     * have got a part.
     *
     * @throws IllegalStateException on other records, or where the value has been passed already
     */
    public void copyRecord(ByteSink sink) throws IOException {
        requireUnread();
        copy(sink, window.pinned());
    }

    /**
     * Passes the value and copies it to {@code sink}, in pieces, byte for byte, without type and key: with the type byte in front
     * and a footer behind it is what RESTORE takes.
     *
     * @throws IllegalStateException where this is no entry, or the value has been passed already
     */
    public void copyValue(ByteSink sink) throws IOException {
        requireEntry();
        requireUnread();
        copy(sink, window.position);
    }

    private void copy(ByteSink sink, int from) throws IOException {
        window.beginTee(sink, from);
        pass();
        window.endTee();
    }

    /**
     * Passes the value and tells {@code visitor} what it means, in the order in which it is stored.
     *
     * @throws IllegalStateException where this is no entry, or the value has been passed already
     */
    public void readValue(ValueVisitor visitor) throws IOException {
        requireEntry();
        requireUnread();
        ValueDecoder values = decoder();
        pending = Pending.NOTHING;
        window.unpin();
        values.decode(type(), visitor);
        recordEnd = window.offset();
    }

    private ValueDecoder decoder() {
        if (decoder == null) {
            decoder = new ValueDecoder(window, string, options.maxStringBytes());
        }
        return decoder;
    }

    /**
     * Passes the value and writes it to {@code sink} as {@code to}, which {@link Transcoder} has chosen. On {@link
     * RdbUnsupportedException} the value is passed too.
     */
    void transcodeValue(ValueType to, ByteSink sink) throws IOException {
        requireEntry();
        requireUnread();
        if (transcoder == null) {
            transcoder = new ValueTranscoder(window, string, decoder());
        }
        pending = Pending.NOTHING;
        window.unpin();
        try {
            transcoder.transcode(type(), to, sink);
        } finally {
            recordEnd = window.offset();
        }
    }

    /** Copies what stands before the value to {@code sink}, the type replaced; the value is not passed. */
    void copyHead(ValueType as, ByteSink sink) throws IOException {
        requireEntry();
        requireUnread();
        int from = window.pinned();
        int before = (int) (typeOffset - recordOffset);
        sink.write(window.buffer, from, before);
        sink.write(new byte[] {(byte) as.code()}, 0, 1);
        sink.write(window.buffer, from + before + 1, (int) (valueOffset - typeOffset) - 1);
    }

    /**
     * Length in bytes of the entry's value where that is a string whose bytes are stored as they are, neither compressed nor as an
     * integer; else -1. The value is not passed.
     *
     * @throws IllegalStateException where this is no entry, or its value has been passed
     */
    public long plainStringLength() throws IOException {
        requireEntry();
        requireUnread();
        if (type() != ValueType.STRING) {
            return -1;
        }
        window.require(1);
        if ((window.buffer[window.position] & 0xff) >>> 6 == 3) {
            return -1;
        }
        long start = window.offset();
        long length = window.length();
        window.position -= (int) (window.offset() - start);
        return length;
    }

    /**
     * Passes the value, of which {@link #plainStringLength} has told the length, and copies the bytes of the string to {@code sink}.
     *
     * @throws IllegalStateException where it is no such string, or the value has been passed already
     */
    public void copyPlainString(ByteSink sink) throws IOException {
        if (plainStringLength() < 0) {
            throw new IllegalStateException("the value is no string that is stored as it is");
        }
        pending = Pending.NOTHING;
        window.unpin();
        long length = window.length();
        window.beginTee(sink, window.position);
        window.skip(length);
        window.endTee();
        recordEnd = window.offset();
    }

    /**
     * The name of the module data type of an entry of type {@link ValueType#MODULE_2}, nine characters. The value is not passed.
     *
     * @throws IllegalStateException where this is no such entry, or its value has been passed
     */
    public String moduleTypeName() throws IOException {
        requireEntry();
        requireUnread();
        if (type() != ValueType.MODULE_2) {
            throw new IllegalStateException("the value is of type " + type());
        }
        long start = window.offset();
        long id = window.number();
        window.position -= (int) (window.offset() - start);
        return ModuleId.name(id);
    }

    private void requireRecord() {
        if (record == null) {
            throw new IllegalStateException("the reader is not yet at a record");
        }
    }

    private void requireUnread() {
        requireRecord();
        if (pending == Pending.NOTHING) {
            throw new IllegalStateException("the record has no value, or it has been passed already");
        }
    }

    private void requireEntry() {
        require(RecordKind.ENTRY);
    }

    private void require(RecordKind kind) {
        if (record != kind) {
            throw new IllegalStateException("the reader is not at a record of kind " + kind + " but at " + record);
        }
    }

    /** The database that the current record belongs to; 0 before the first {@link RecordKind#SELECT_DATABASE}. */
    public int database() {
        return database;
    }

    /** How the entry's value is encoded. */
    public ValueType type() {
        return Objects.requireNonNull(type, "the reader is not at an entry");
    }

    /** When the entry expires, in milliseconds since the epoch; {@link #NO_EXPIRY} where it does not. */
    public long expireAtMillis() {
        return expireAtMillis;
    }

    /** The array that the entry's key lies in, for reading only. Where it lies may change when the value is passed. */
    public byte[] keyBuffer() {
        return window.keptBuffer();
    }

    /** Where the entry's key begins in {@link #keyBuffer()}. */
    public int keyOffset() {
        return window.keptOffset();
    }

    /** Length of the entry's key in bytes. */
    public int keyLength() {
        return window.keptLength();
    }

    /** A copy of the entry's key. */
    public byte[] key() {
        requireEntry();
        return Arrays.copyOfRange(keyBuffer(), keyOffset(), keyOffset() + keyLength());
    }

    /** The entry's key for people: bytes outside printable ASCII as {@code \xhh}, with {@code ...} where it is cut. */
    public String keyText() {
        requireEntry();
        int shown = Math.min(keyLength(), RdbStatistics.KEPT_KEY_BYTES);
        return KeyText.of(keyBuffer(), keyOffset(), shown) + (shown < keyLength() ? "..." : "");
    }

    /** The hash slot of the entry's key. */
    public int slot() {
        if (slot < 0) {
            requireEntry();
            slot = HashSlot.of(keyBuffer(), keyOffset(), keyLength());
        }
        return slot;
    }

    /** Position in the RDB of the record's first byte. */
    public long recordOffset() {
        return recordOffset;
    }

    /** Position in the RDB of the first byte of the entry's value. */
    public long valueOffset() {
        return valueOffset;
    }

    /**
     * Length of the whole record in bytes.
     *
     * @throws IllegalStateException as long as its value has not been passed
     */
    public long recordLength() {
        requirePassed();
        return recordEnd - recordOffset;
    }

    /**
     * Length of the entry's value in bytes, as stored.
     *
     * @throws IllegalStateException as long as it has not been passed
     */
    public long valueLength() {
        requirePassed();
        return recordEnd - valueOffset;
    }

    private void requirePassed() {
        requireRecord();
        if (pending != Pending.NOTHING) {
            throw new IllegalStateException("the value has not been passed yet");
        }
    }

    /** The name of an {@link RecordKind#AUX} field. */
    public String auxName() {
        require(RecordKind.AUX);
        return new String(name, StandardCharsets.UTF_8);
    }

    /** The text of an {@link RecordKind#AUX} field; see {@link #auxBytes()} for what is no text. */
    public String auxValue() {
        return new String(auxBytes(), StandardCharsets.UTF_8);
    }

    /** The text of an {@link RecordKind#AUX} field as bytes; not to be changed. */
    public byte[] auxBytes() {
        require(RecordKind.AUX);
        return text;
    }

    /** The source of a {@link RecordKind#FUNCTION} library, its first line with engine and name; not to be changed. */
    public byte[] functionSource() {
        require(RecordKind.FUNCTION);
        return text;
    }

    /** The id of the module whose {@link RecordKind#MODULE_AUX} this is: nine characters of six bits and a ten-bit version. */
    public long moduleId() {
        require(RecordKind.MODULE_AUX);
        return first;
    }

    /** The name of the module data type whose {@link RecordKind#MODULE_AUX} this is. */
    public String moduleName() {
        return ModuleId.name(moduleId());
    }

    /** Whether the {@link RecordKind#MODULE_AUX} is to be loaded before the entries (otherwise after them). */
    public boolean moduleAuxBeforeEntries() {
        require(RecordKind.MODULE_AUX);
        return second == 1;
    }

    /** How many entries a {@link RecordKind#RESIZE_DATABASE} or {@link RecordKind#SLOT_INFO} announces. A hint, not a promise. */
    public long announcedEntries() {
        return record == RecordKind.SLOT_INFO ? second : announced(first);
    }

    /** How many of {@link #announcedEntries()} have an expiry. A hint, not a promise. */
    public long announcedExpiring() {
        return record == RecordKind.SLOT_INFO ? third : announced(second);
    }

    private long announced(long value) {
        require(RecordKind.RESIZE_DATABASE);
        return value;
    }

    /** The slot that a {@link RecordKind#SLOT_INFO} is about. */
    public int announcedSlot() {
        require(RecordKind.SLOT_INFO);
        return (int) first;
    }

    /** The name of the job of a {@link RecordKind#SLOT_IMPORT}. */
    public String importJob() {
        require(RecordKind.SLOT_IMPORT);
        return new String(name, StandardCharsets.UTF_8);
    }

    /** First and last slot of each range of a {@link RecordKind#SLOT_IMPORT}, in turn. */
    public int[] importedRanges() {
        require(RecordKind.SLOT_IMPORT);
        return importedRanges.clone();
    }

    /**
     * Whether the server was importing that slot: its entries are in the RDB, but another node still owns them. Known before the
     * entries come.
     */
    public boolean isImporting(int slotNumber) {
        return importing.get(slotNumber);
    }

    /** What the checksum said; known at {@link RecordKind#END}. */
    public ChecksumVerdict checksum() {
        require(RecordKind.END);
        return checksum;
    }

    @Override
    public void close() throws IOException {
        window.close();
    }
}
