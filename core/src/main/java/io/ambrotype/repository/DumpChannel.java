package io.ambrotype.repository;

import com.github.luben.zstd.ZstdDecompressCtx;
import com.github.luben.zstd.ZstdException;
import io.ambrotype.common.AmbrotypeException;
import io.ambrotype.common.ErrorCode;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.ReadableByteChannel;

/**
 * Reads the RDB inside a stored dump. Its memory is bounded by the greatest window that it accepts, whatever the object
 * claims. All is checked that can be: every frame's header, size and checksum, the number of frames, the object's size
 * and its SHA-256; so the bytes handed out are proved only when the end of the channel was reached.
 */
final class DumpChannel implements ReadableByteChannel {
    private static final int INPUT_BYTES = 128 << 10;
    private static final int OUTPUT_BYTES = 256 << 10;

    private final DumpReference dump;
    private final ReadableByteChannel source;
    private final SideDigest sha256 = new SideDigest();
    private final ByteBuffer input = ByteBuffer.allocateDirect(INPUT_BYTES).flip();
    private final ByteBuffer output = ByteBuffer.allocateDirect(OUTPUT_BYTES).flip();
    private final ZstdDecompressCtx zstd = new ZstdDecompressCtx().setLongMax(DumpFormat.MAX_WINDOW_LOG);

    private long fetched;
    private boolean exhausted;
    private long rdbBytes;
    private int frames;
    private long frameStart;
    private long leftInFrame;
    private boolean inFrame;
    private boolean finished;
    private boolean open = true;

    DumpChannel(DumpReference dump, ReadableByteChannel source) {
        this.dump = dump;
        this.source = source;
    }

    @Override
    public int read(ByteBuffer target) throws IOException {
        if (!open) {
            throw new ClosedChannelException();
        }
        while (!output.hasRemaining()) {
            if (finished) {
                return -1;
            }
            advance();
        }
        int count = Math.min(output.remaining(), target.remaining());
        target.put(target.position(), output, output.position(), count);
        target.position(target.position() + count);
        output.position(output.position() + count);
        return count;
    }

    private void advance() throws IOException {
        if (!inFrame) {
            fetch(DumpFormat.MAX_HEADER_BYTES);
            frameStart = fetched - input.remaining();
            if (!input.hasRemaining()) {
                finish();
                return;
            }
            leftInFrame = Math.min(DumpFormat.FRAME_BYTES, dump.rdbBytes() - rdbBytes);
            if (leftInFrame == 0) {
                throw corrupt("there are bytes behind its end");
            }
            String complaint = DumpFormat.complaint(input, leftInFrame);
            if (!complaint.isEmpty()) {
                throw corrupt(complaint);
            }
            inFrame = true;
        }
        if (!input.hasRemaining()) {
            fetch(1);
        }
        decompress();
    }

    private void decompress() {
        int before = input.remaining();
        output.clear();
        boolean ended;
        try {
            ended = zstd.decompressDirectByteBufferStream(output, input);
        } catch (ZstdException e) {
            throw corrupt("the zstd frame is damaged").causedBy(e);
        }
        output.flip();
        leftInFrame -= output.remaining();
        rdbBytes += output.remaining();
        if (ended && leftInFrame == 0) {
            inFrame = false;
            frames++;
        } else if (ended || leftInFrame < 0) {
            throw corrupt("the zstd frame does not hold what it states");
        } else if (exhausted && !output.hasRemaining() && input.remaining() == before) {
            throw corrupt("it ends within a zstd frame");
        }
    }

    /** Makes sure that so many bytes are buffered, or all there are. */
    private void fetch(int wanted) throws IOException {
        while (!exhausted && input.remaining() < wanted) {
            sha256.await();
            input.compact();
            int start = input.position();
            int count = source.read(input);
            input.flip();
            if (count < 0) {
                exhausted = true;
            } else {
                sha256.update(input.slice(start, count));
                fetched += count;
            }
        }
    }

    private void finish() {
        if (rdbBytes != dump.rdbBytes() || frames != dump.frames()) {
            throw corrupt("it ends after " + frames + " of " + dump.frames() + " frames and " + rdbBytes + " of "
                    + dump.rdbBytes() + " bytes of RDB");
        }
        String found = sha256.hex();
        if (!found.equals(dump.sha256())) {
            throw corrupt("its SHA-256 is " + found);
        }
        finished = true;
    }

    private AmbrotypeException corrupt(String complaint) {
        return AmbrotypeException.of(
                ErrorCode.CORRUPT, dump.objectName() + " is damaged at byte " + frameStart + ": " + complaint);
    }

    @Override
    public boolean isOpen() {
        return open;
    }

    @Override
    public void close() throws IOException {
        if (open) {
            open = false;
            try (source;
                    zstd) {
                sha256.await();
            }
        }
    }
}
