package io.ambrotype.repository;

import com.github.luben.zstd.Zstd;
import java.lang.foreign.Arena;
import java.lang.ref.Cleaner;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.Deque;

/**
 * The memory of frames, kept for the dumps that come next: there is never more of it than frames were in use at once. Given back to
 * the system, memory of this size stays with the thread that had it (glibc keeps up to 64 MiB for each), and fifty shards would take
 * half a gigabyte. Thread-safe.
 */
final class FrameMemory {
    private static final Cleaner CLEANER = Cleaner.create();

    private final Deque<Buffers> idle = new ArrayDeque<>();
    /** Not an automatic one: those count as direct buffers, which are limited to less. */
    private final Arena arena = Arena.ofShared();

    /** Nothing yet. What it becomes is given back when nobody can reach it any more. */
    FrameMemory() {
        CLEANER.register(this, arena::close);
    }

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

    private ByteBuffer allocate(long bytes) {
        return arena.allocate(bytes).asByteBuffer();
    }
}
