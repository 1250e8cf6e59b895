package io.ambrotype.rdb;

import static org.assertj.core.api.Assertions.assertThat;

import io.ambrotype.mutation.Allocations;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ReadableByteChannel;
import org.junit.jupiter.api.Test;

/** What is allocated depends neither on the number of entries nor on the size of values. */
class MemoryTest {
    private static final int MEGABYTE = 1 << 20;

    /** Head, then a piece many times, then tail; the end of file and a checksum that is switched off follow. */
    private static ReadableByteChannel channel(byte[] head, byte[] piece, long times, byte[] tail) {
        byte[] end = new Bytes().raw(tail).raw(255).little(8, 0).toByteArray();
        return new ReadableByteChannel() {
            private final ByteBuffer pieces = ByteBuffer.wrap(piece);
            private ByteBuffer current = ByteBuffer.wrap(head);
            private long left = times;
            private boolean atEnd;

            @Override
            public int read(ByteBuffer target) {
                while (!current.hasRemaining()) {
                    if (left > 0) {
                        left--;
                        current = pieces.clear();
                    } else if (!atEnd) {
                        atEnd = true;
                        current = ByteBuffer.wrap(end);
                    } else {
                        return -1;
                    }
                }
                int count = Math.min(target.remaining(), current.remaining());
                target.put(current.slice(current.position(), count));
                current.position(current.position() + count);
                return count;
            }

            @Override
            public boolean isOpen() {
                return true;
            }

            @Override
            public void close() {}
        };
    }

    private static Bytes head(int type) {
        return new Bytes().raw(RdbVersion.REDIS_11.magic()).raw(type).string("the key");
    }

    private static long entries(ReadableByteChannel channel, boolean decode) throws IOException {
        RdbStatistics statistics = new RdbStatistics();
        Fingerprint fingerprint = new Fingerprint(1);
        RdbReader reader = RdbReader.open(channel, RdbReaderOptions.DEFAULT.withWindowBytes(MEGABYTE));
        for (RecordKind kind = reader.next(); kind != RecordKind.END; kind = reader.next()) {
            if (kind == RecordKind.ENTRY) {
                if (decode) {
                    fingerprint.read(reader, 0);
                }
                statistics.add(reader);
            }
        }
        return statistics.total().entries();
    }

    @Test
    void manyEntriesAllocateNothingEach() throws IOException {
        byte[] entry = new Bytes()
                .raw(252)
                .little(8, 5)
                .raw(0)
                .string("a key")
                .string("a value")
                .toByteArray();
        byte[] thousand = new byte[entry.length * 1000];
        for (int i = 0; i < 1000; i++) {
            System.arraycopy(entry, 0, thousand, i * entry.length, entry.length);
        }
        assertThat(Allocations.of(() -> assertThat(
                                entries(channel(RdbVersion.REDIS_11.magic(), thousand, 1000, new byte[0]), false))
                        .isEqualTo(1_000_000)))
                .isLessThan(4L * MEGABYTE);
    }

    @Test
    void aHugeStringPassesInPieces() throws IOException {
        long size = 3L << 30;
        byte[] head = head(0).length(size).toByteArray();
        byte[] piece = new byte[MEGABYTE];
        long times = size / MEGABYTE;
        assertThat(Allocations.of(() -> entries(channel(head, piece, times, new byte[0]), false)))
                .isLessThan(8L * MEGABYTE);
    }

    @Test
    void aHugeStringIsHashedInPieces() throws IOException {
        long size = 300L * MEGABYTE;
        byte[] head = head(0).length(size).toByteArray();
        assertThat(Allocations.of(() -> entries(channel(head, new byte[MEGABYTE], 300, new byte[0]), true)))
                .isLessThan(8L * MEGABYTE);
    }

    @Test
    void aHugeCompressedStringIsUnpackedInPieces() throws IOException {
        // One literal byte, then references of 264 bytes.
        byte[] reference = Bytes.of(0xe0, 255, 0);
        byte[] references = new byte[3000];
        for (int i = 0; i < references.length; i++) {
            references[i] = reference[i % 3];
        }
        long times = 2000;
        long unpacked = 1 + times * 1000 * 264;
        byte[] head = head(0).raw(0xc3)
                .length(2 + times * 3000)
                .length(unpacked)
                .raw(0, 'x')
                .toByteArray();
        assertThat(unpacked).isGreaterThan(500L * MEGABYTE);
        assertThat(Allocations.of(() -> assertThat(entries(channel(head, references, times, new byte[0]), true))
                        .isEqualTo(1)))
                .isLessThan(8L * MEGABYTE);
    }

    @Test
    void aHugeHashIsDecodedInPieces() throws IOException {
        Bytes fields = new Bytes();
        for (int i = 0; i < 1000; i++) {
            fields.string("field " + i).string("the value of this field");
        }
        byte[] head = head(4).length(5_000_000).toByteArray();
        byte[] piece = fields.toByteArray();
        assertThat(Allocations.of(() -> assertThat(entries(channel(head, piece, 5000, new byte[0]), true))
                        .isEqualTo(1)))
                .isLessThan(300L * MEGABYTE);
    }
}
