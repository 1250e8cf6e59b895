package io.ambrotype.repository;

import com.github.luben.zstd.ZstdCompressCtx;
import io.ambrotype.common.AmbrotypeException;
import io.ambrotype.common.ErrorCode;
import io.ambrotype.storage.StoredWriter;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.WritableByteChannel;
import java.security.MessageDigest;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/**
 * Takes the bytes of one RDB and stores them as a dump. For one thread at a time; the frames are compressed by the
 * executor that was given, several at once where it runs several, and are written in their order by the caller's thread.
 *
 * <p>Each byte is copied once (into its frame), compressed once and hashed once after compression. A frame being filled
 * or compressed takes 32 MiB outside the heap, and there are never more of them than were allowed.
 *
 * <p>Closing it without {@link #commit} leaves nothing behind.
 */
public final class DumpWriter implements WritableByteChannel {
    /** What becomes of the finished object. */
    @FunctionalInterface
    interface Commit {
        /** Publishes the frozen object under its content's name and proves that it can be read. */
        void publish(StoredWriter object, DumpReference dump);
    }

    private final StoredWriter object;
    private final Executor compression;
    private final int maxFrames;
    private final Commit commit;
    private final FrameMemory memory;
    private final Runnable ended;
    private final Deque<Frame> idle = new ArrayDeque<>();
    private final Deque<Compression> inFlight = new ArrayDeque<>();
    private final MessageDigest sha256 = Sha256.digest();

    private @Nullable Frame filling;
    private int frames;
    private int allocated;
    private long rdbBytes;
    private long storedBytes;
    private boolean open = true;

    DumpWriter(
            StoredWriter object,
            Executor compression,
            int maxFrames,
            FrameMemory memory,
            Runnable ended,
            Commit commit) {
        Check.that(maxFrames > 0, "a dump needs at least one frame");
        this.object = object;
        this.compression = compression;
        this.maxFrames = maxFrames;
        this.memory = memory;
        this.ended = ended;
        this.commit = commit;
    }

    /**
     * Takes all remaining bytes.
     *
     * @throws AmbrotypeException where the store fails; the writer can then only be closed
     */
    @Override
    public int write(ByteBuffer source) throws ClosedChannelException {
        if (!open) {
            throw new ClosedChannelException();
        }
        int count = source.remaining();
        while (source.hasRemaining()) {
            Frame frame = filling == null ? nextFrame() : filling;
            filling = frame;
            frame.fill(source);
            if (!frame.raw.hasRemaining()) {
                compress(frame);
            }
        }
        rdbBytes += count;
        return count;
    }

    /** Bytes of RDB taken so far. */
    public long rdbBytes() {
        return rdbBytes;
    }

    /**
     * Stores what was written, durably, and reads it back: when this returns, the object is there and was found to
     * decompress to as many bytes under its SHA-256. Where the same bytes are stored already, nothing is added, unless
     * the stored object turns out to be damaged: then it is replaced. Closes the writer, whatever happens.
     *
     * @throws IllegalStateException where nothing was written or the writer is closed
     * @throws AmbrotypeException where the store fails, or of code CORRUPT where it returns other bytes than it was
     *     given
     */
    public DumpReference commit() {
        if (!open || rdbBytes == 0) {
            throw new IllegalStateException("there is nothing to commit");
        }
        try (this) {
            if (filling != null) {
                compress(filling);
            }
            while (!inFlight.isEmpty()) {
                storeOldest();
            }
            object.freeze();
            DumpReference dump = new DumpReference(Sha256.hex(sha256), storedBytes, rdbBytes, frames);
            commit.publish(object, dump);
            return dump;
        }
    }

    private Frame nextFrame() {
        if (idle.isEmpty() && allocated < maxFrames) {
            allocated++;
            return new Frame();
        }
        if (idle.isEmpty()) {
            storeOldest();
        }
        return idle.remove();
    }

    private void compress(Frame frame) {
        Compression task = new Compression(frame);
        filling = null;
        inFlight.add(task);
        compression.execute(task);
    }

    private void storeOldest() {
        Frame frame = inFlight.element().await();
        frames++;
        storedBytes += frame.compressed.remaining();
        sha256.update(frame.compressed.duplicate());
        object.append(frame.compressed);
        inFlight.remove();
        frame.raw.clear();
        idle.add(frame);
    }

    @Override
    public boolean isOpen() {
        return open;
    }

    /** Lets go of the memory; waits for frames that are being compressed. What was not committed is removed. */
    @Override
    public void close() {
        if (!open) {
            return;
        }
        open = false;
        inFlight.forEach(Compression::abandon);
        inFlight.forEach(task -> task.frame.close());
        idle.forEach(Frame::close);
        if (filling != null) {
            filling.close();
        }
        ended.run();
        object.close();
    }

    /** One frame, which is filled and compressed again and again. */
    private final class Frame implements AutoCloseable {
        private final ZstdCompressCtx zstd = DumpFormat.compressor();
        private final FrameMemory.Buffers buffers = memory.take();
        final ByteBuffer raw = buffers.raw();
        final ByteBuffer compressed = buffers.compressed();

        void fill(ByteBuffer source) {
            int count = Math.min(source.remaining(), raw.remaining());
            raw.put(raw.position(), source, source.position(), count);
            raw.position(raw.position() + count);
            source.position(source.position() + count);
        }

        void compress() {
            compressed.clear();
            compressed.limit(
                    zstd.compressDirectByteBuffer(compressed, 0, compressed.capacity(), raw, 0, raw.position()));
        }

        /** Nobody may be at its memory any more. */
        @Override
        public void close() {
            zstd.close();
            memory.give(buffers);
        }
    }

    /**
     * The compression of one frame. Whoever comes first does it, a thread of the executor or the caller who needs it: an
     * executor that never gets to it cannot hold up the dump.
     */
    private static final class Compression implements Runnable {
        final Frame frame;
        private final AtomicBoolean taken = new AtomicBoolean();
        private final CountDownLatch done = new CountDownLatch(1);
        private volatile @Nullable RuntimeException failure;

        Compression(Frame frame) {
            this.frame = frame;
        }

        @Override
        public void run() {
            if (taken.compareAndSet(false, true)) {
                try {
                    frame.compress();
                } catch (RuntimeException e) {
                    failure = e;
                } finally {
                    done.countDown();
                }
            }
        }

        Frame await() {
            run();
            try {
                done.await();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw AmbrotypeException.of(ErrorCode.INTERRUPTED, "the writing of a dump was interrupted")
                        .causedBy(e);
            }
            if (failure != null) {
                throw failure;
            }
            return frame;
        }

        /** Makes sure that from now on nobody touches the frame's memory. */
        void abandon() {
            if (taken.compareAndSet(false, true)) {
                return;
            }
            boolean interrupted = false;
            while (done.getCount() > 0) {
                try {
                    done.await();
                } catch (InterruptedException e) {
                    interrupted = true;
                }
            }
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }
}
