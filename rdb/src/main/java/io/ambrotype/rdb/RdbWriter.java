package io.ambrotype.rdb;

import java.io.Closeable;
import java.io.IOException;
import java.nio.channels.WritableByteChannel;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/**
 * Writes an RDB of a chosen version out of records that readers are at. Records are copied byte for byte; what the writer
 * adds is the magic, the choice of databases, the end and its CRC-64.
 *
 * <p>What has been written is an RDB only after {@link #finish()}; closing does not finish. Where a method throws, a part of a
 * record may have been written: the writer then refuses everything but {@link #close()}.
 *
 * <p>Not safe for use by several threads.
 */
public final class RdbWriter implements Closeable {
    private static final int BUFFER_BYTES = 1 << 16;
    private static final int FIRST_VERSION_WITH_FUNCTIONS = 10;

    private static final int FUNCTION = 245;
    private static final int AUX = 250;
    private static final int SELECT_DATABASE = 254;
    private static final int END = 255;

    private final ByteSink out;
    private final WritableByteChannel channel;
    private final RdbVersion version;
    private final @Nullable Transcoder transcoder;
    private final byte[] buffer = new byte[BUFFER_BYTES];
    private int buffered;
    private long flushed;
    private long checksum;
    private int database = -1;
    private long entries;
    private boolean broken;

    /**
     * Begins an RDB in {@code channel}, which must block and is closed with the writer.
     *
     * @throws IllegalArgumentException where this library does not know {@code version} whole
     */
    public RdbWriter(WritableByteChannel channel, RdbVersion version) throws IOException {
        this(channel, version, null);
    }

    /**
     * Begins an RDB for servers of a version, as {@link #RdbWriter(WritableByteChannel, RdbVersion)}: entries whose encoding they do
     * not know are transcoded.
     */
    public RdbWriter(WritableByteChannel channel, TargetVersion target) throws IOException {
        this(channel, target.rdbVersion(), new Transcoder(target));
    }

    private RdbWriter(WritableByteChannel channel, RdbVersion version, @Nullable Transcoder transcoder)
            throws IOException {
        if (!version.isSupported()) {
            throw new IllegalArgumentException("RDB version " + version + " is not supported");
        }
        this.channel = channel;
        this.out = ByteSink.to(channel);
        this.version = version;
        this.transcoder = transcoder;
        byte[] magic = version.magic();
        append(magic, 0, magic.length);
    }

    /** The version being written. */
    public RdbVersion version() {
        return version;
    }

    /** Number of entries written so far. */
    public long entries() {
        return entries;
    }

    /** Number of bytes written so far, those still buffered included. */
    public long position() {
        return flushed + buffered;
    }

    /** Writes a field about the file; servers pass over names that they do not know. */
    public void aux(String name, String value) throws IOException {
        begin();
        opcode(AUX);
        string(name.getBytes(StandardCharsets.UTF_8));
        string(value.getBytes(StandardCharsets.UTF_8));
        broken = false;
    }

    /**
     * Writes a function library.
     *
     * @throws RdbUnsupportedException where the version has no functions (before 10); nothing has been written then
     */
    public void function(byte[] source) throws IOException {
        if (version.number() < FIRST_VERSION_WITH_FUNCTIONS) {
            throw new RdbUnsupportedException("function library '"
                    + FunctionLibrary.nameOf(source).orElse("?") + "' cannot be written as " + version
                    + ", which has no functions");
        }
        begin();
        opcode(FUNCTION);
        string(source);
        broken = false;
    }

    /**
     * Copies the {@link RecordKind#MODULE_AUX} record that {@code reader} is at, and passes its data.
     *
     * @throws IllegalStateException where the reader is not at such a record, or its data have been passed
     */
    public void moduleAux(RdbReader reader) throws IOException {
        reader.moduleId();
        begin();
        reader.copyRecord(this::append);
        broken = false;
    }

    /** Writes a record as it is; for records of which several writers get the same bytes. */
    void rawRecord(byte[] bytes) throws IOException {
        begin();
        append(bytes, 0, bytes.length);
        broken = false;
    }

    /** Makes the entries that follow belong to {@code number}; writes nothing where they do so already. */
    public void selectDatabase(int number) throws IOException {
        if (number < 0) {
            throw new IllegalArgumentException("negative database " + number);
        }
        begin();
        if (number != database) {
            opcode(SELECT_DATABASE);
            length(number);
            database = number;
        }
        broken = false;
    }

    /**
     * Copies the entry that {@code reader} is at, in its database, and passes its value. Written for a {@link TargetVersion}, the
     * value is transcoded where that is needed.
     *
     * @throws RdbUnsupportedException where the version does not have the entry's type, or the target cannot have it: nothing has
     *     been written then, unless a value turned out to exceed a limit of {@link Transcoder}, which breaks the writer
     * @throws IllegalStateException where the reader is not at an entry, or its value has been passed
     */
    public void entry(RdbReader reader) throws IOException {
        ValueType type = reader.type();
        Crossing crossing = transcoder == null ? withoutTranscoding(type) : transcoder.crossing(reader);
        if (crossing instanceof Crossing.Refused refused) {
            throw unsupported(reader, refused.reason());
        }
        selectDatabase(reader.database());
        begin();
        if (crossing instanceof Crossing.Transcoded transcoded) {
            reader.copyHead(transcoded.to(), this::append);
            try {
                reader.transcodeValue(transcoded.to(), this::append);
            } catch (RdbUnsupportedException e) {
                throw unsupported(reader, String.valueOf(e.getMessage()));
            }
        } else {
            reader.copyRecord(this::append);
        }
        broken = false;
        entries++;
    }

    private static RdbUnsupportedException unsupported(RdbReader reader, String reason) {
        return new RdbUnsupportedException("key '" + reader.keyText() + "' cannot be written: " + reason);
    }

    private Crossing withoutTranscoding(ValueType type) {
        return type.isHeldBy(version)
                ? new Crossing.Untouched(type)
                : new Crossing.Refused("it is of type " + type + " (" + type.code() + " in " + type.minimumVersion()
                        + "), which " + version + " does not have");
    }

    /** Ends the RDB with its checksum; its length in bytes. Nothing can be written behind it. */
    public long finish() throws IOException {
        begin();
        opcode(END);
        flush();
        long crc = checksum;
        byte[] footer = new byte[Long.BYTES];
        for (int i = 0; i < footer.length; i++) {
            footer[i] = (byte) (crc >>> (8 * i));
        }
        append(footer, 0, footer.length);
        flush();
        return flushed;
    }

    @Override
    public void close() throws IOException {
        broken = true;
        channel.close();
    }

    private void begin() {
        if (broken) {
            throw new IllegalStateException("the RDB is finished, closed, or broken by an earlier failure");
        }
        broken = true;
    }

    private void opcode(int opcode) throws IOException {
        if (buffered == buffer.length) {
            flush();
        }
        buffer[buffered++] = (byte) opcode;
    }

    private void string(byte[] bytes) throws IOException {
        length(bytes.length);
        append(bytes, 0, bytes.length);
    }

    private void length(int length) throws IOException {
        if (buffer.length - buffered < Lengths.LONGEST) {
            flush();
        }
        buffered += Lengths.put(length, buffer, buffered);
    }

    private void append(byte[] bytes, int offset, int length) throws IOException {
        if (length > buffer.length - buffered) {
            flush();
            if (length >= buffer.length) {
                checksum = Crc64.update(checksum, bytes, offset, length);
                out.write(bytes, offset, length);
                flushed += length;
                return;
            }
        }
        System.arraycopy(bytes, offset, buffer, buffered, length);
        buffered += length;
    }

    private void flush() throws IOException {
        checksum = Crc64.update(checksum, buffer, 0, buffered);
        out.write(buffer, 0, buffered);
        flushed += buffered;
        buffered = 0;
    }
}
