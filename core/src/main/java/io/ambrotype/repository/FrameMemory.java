package io.ambrotype.repository;

import com.github.luben.zstd.Zstd;
import java.lang.foreign.Arena;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.Deque;

/**
 * The memory of frames, for one dump after the other: there is never more of it than frames were in use at once. Given back to the
 * system after each dump, memory of this size would stay with the thread that had it (glibc keeps up to 64 MiB for each), and the
 * dumps of fifty shards would take half a gigabyte.
 *
 * <p>Thread-safe, until it is closed; that is only for who knows that all writers are closed.
 */
public final class FrameMemory implements AutoCloseable {
    /** Not an automatic one: those count as direct buffers, which are limited to less. */
    private final Arena arena = Arena.ofShared();

    private final Deque<Buffers> idle = new ArrayDeque<>();

    /** Nothing yet. */
    public FrameMemory() {}

    /**
     * Buffers outside the heap for one frame.
     *
     * @param raw for its content
     * @param compressed for as much as it can become
     */
    record Buffers(ByteBuffer raw, ByteBuffer compressed) {}

    /** Empty buffers, which nobody else has. */
    Buffers take() {
        Buffers buffers;
        synchronized (this) {
            buffers = idle.poll();
        }
        if (buffers == null) {
            return new Buffers(allocate(DumpFormat.FRAME_BYTES), allocate(Zstd.compressBound(DumpFormat.FRAME_BYTES)));
        }
        buffers.raw().clear();
        buffers.compressed().clear();
        return buffers;
    }

    /** Takes buffers back, which nobody uses any more. */
    synchronized void give(Buffers buffers) {
        idle.push(buffers);
    }

    /** Gives everything back to the system. */
    @Override
    public void close() {
        arena.close();
    }

    private ByteBuffer allocate(long bytes) {
        return arena.allocate(bytes).asByteBuffer();
    }
}
