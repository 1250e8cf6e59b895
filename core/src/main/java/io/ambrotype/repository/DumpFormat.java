package io.ambrotype.repository;

import com.github.luben.zstd.ZstdCompressCtx;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * How a dump is stored: the RDB cut into pieces of 16 MiB, each a zstd frame of its own, one behind the other. Every
 * piece but the last has exactly that size, so that the frame of any byte of the RDB is known. The frames state the size
 * of their content, carry a checksum over it, and use no dictionary.
 *
 * <p>Source of the frame header: RFC 8878, section 3.1.1.1.
 */
public final class DumpFormat {
    /** Bytes of RDB in every frame but the last. */
    public static final int FRAME_BYTES = 16 << 20;

    /** Of zstd. One less than its own default: RDBs take a third less time for at most a percent more bytes, plain text for six. */
    private static final int COMPRESSION_LEVEL = 2;

    /** Decompression refuses frames that ask for a greater window than this; the writer's have 1 MiB. */
    static final int MAX_WINDOW_LOG = 24;

    /** No header is longer: magic, descriptor, window, dictionary id, content size. */
    static final int MAX_HEADER_BYTES = 4 + 1 + 1 + 4 + 8;

    private static final int MAGIC = 0xFD2FB528;

    private DumpFormat() {}

    /** What compresses frames; to be closed. For one thread at a time. */
    public static ZstdCompressCtx compressor() {
        return new ZstdCompressCtx().setLevel(COMPRESSION_LEVEL).setChecksum(true);
    }

    /** The number of frames that an RDB of this size is stored in. */
    static long frames(long rdbBytes) {
        return (rdbBytes + FRAME_BYTES - 1) / FRAME_BYTES;
    }

    /**
     * What is wrong with the header of a frame.
     *
     * @param frame the frame's first bytes: {@link #MAX_HEADER_BYTES} of them, or all there are
     * @param content the size that its content must have
     * @return a complaint, or nothing where the header is as it must be
     */
    static String complaint(ByteBuffer frame, long content) {
        ByteBuffer header = frame.slice().order(ByteOrder.LITTLE_ENDIAN);
        if (header.remaining() < 5 || header.getInt() != MAGIC) {
            return "a zstd frame was expected";
        }
        int descriptor = header.get() & 0xff;
        int sizeFlag = descriptor >> 6;
        boolean singleSegment = (descriptor & 0x20) != 0;
        int sizeBytes = sizeFlag == 0 ? (singleSegment ? 1 : 0) : 1 << sizeFlag;
        if ((descriptor & 0x08) != 0) {
            return "the zstd frame is of a later kind";
        }
        if ((descriptor & 0x03) != 0) {
            return "the zstd frame needs a dictionary";
        }
        if ((descriptor & 0x04) == 0) {
            return "the zstd frame has no checksum";
        }
        if (sizeBytes == 0) {
            return "the zstd frame does not state its size";
        }
        if (header.remaining() < sizeBytes + (singleSegment ? 0 : 1)) {
            return "it ends within the header of a zstd frame";
        }
        if (!singleSegment) {
            int window = header.get() & 0xff;
            long base = 1L << (10 + (window >> 3));
            if (base + base / 8 * (window & 0x07) > 1L << MAX_WINDOW_LOG) {
                return "the zstd frame needs too much memory";
            }
        }
        long stated = switch (sizeBytes) {
            case 1 -> header.get() & 0xff;
            case 2 -> (header.getShort() & 0xffff) + 256;
            case 4 -> header.getInt() & 0xffff_ffffL;
            default -> header.getLong();
        };
        return stated == content ? "" : "the zstd frame holds " + stated + " bytes, not " + content;
    }
}
