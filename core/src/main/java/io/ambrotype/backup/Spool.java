package io.ambrotype.backup;

import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.ReadableByteChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Objects;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * A first-in first-out buffer between the thread that drains a server's socket and the thread that scans and
 * compresses, so that the server's fork is never held up by us: what does not fit into memory goes to a file.
 *
 * <p>Bytes are in memory as long as the consumer keeps up. When the memory is full they go to the file, and go on doing
 * so until the consumer has emptied it; so all bytes in memory are older than all bytes in the file. The file has no
 * name once it is open (nothing is left behind by a crash). Its room is used again as soon as it was read, so that it is hardly longer
 * than the most that waited in it, and the system need not find new pages for every byte. No more waits in it than its limit: then, or
 * when its disk is full, the producer waits for the consumer.
 *
 * <p>One thread writes and {@link #finish}es or {@link #fail}s, one reads; any may close.
 */
final class Spool implements ReadableByteChannel, Closeable {
    /** The file's room is taken and given back by so many bytes. */
    static final int SEGMENT_BYTES = 4 << 20;

    private final Path folder;
    private final long fileLimit;
    private final byte[] ring;
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();

    private long ringRead;
    private long ringWritten;
    /** Bytes that went into the file and came out of it, ever. */
    private long fileRead;

    private long fileWritten;
    /** Places of the segments between the two, the one that is read first and the one that is written last. */
    private final Deque<Integer> segments = new ArrayDeque<>();
    /** Places that were read, the last one first. */
    private final Deque<Integer> free = new ArrayDeque<>();

    private @Nullable FileChannel file;
    private boolean fileRefuses;
    private boolean finished;
    private @Nullable IOException failure;
    private boolean closed;

    /**
     * An empty spool.
     *
     * @param folder where the file is made when it is first needed
     * @param memory bytes to keep in memory
     * @param fileLimit bytes that may wait in the file; 0 for none
     */
    Spool(Path folder, int memory, long fileLimit) {
        this.folder = folder;
        this.ring = new byte[memory];
        this.fileLimit = fileLimit;
    }

    /**
     * Appends all bytes that remain in the buffer; waits only where memory and file are full.
     *
     * @throws IOException if the spool is closed: the consumer has given up
     */
    void write(ByteBuffer source) throws IOException, InterruptedException {
        while (source.hasRemaining()) {
            lock.lockInterruptibly();
            boolean toFile;
            int room;
            try {
                while (true) {
                    if (closed) {
                        throw new IOException("the spool is closed");
                    }
                    boolean fileEmpty = fileRead == fileWritten;
                    room = fileEmpty ? (int) (ring.length - (ringWritten - ringRead)) : 0;
                    toFile = room == 0;
                    if (!toFile || fileHasRoom()) {
                        break;
                    }
                    changed.await();
                }
                if (!toFile) {
                    copyToRing(source, Math.min(room, source.remaining()));
                    changed.signalAll();
                }
            } finally {
                lock.unlock();
            }
            if (toFile) {
                appendToFile(source);
            }
        }
    }

    /** Says that no more bytes come. */
    void finish() {
        lock.lock();
        try {
            finished = true;
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    /** Says that the source has failed; the consumer gets the error once it has read what came before. */
    void fail(IOException cause) {
        lock.lock();
        try {
            failure = cause;
            finished = true;
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    /** Bytes that went through the file so far. */
    long bytesThroughFile() {
        lock.lock();
        try {
            return fileWritten;
        } finally {
            lock.unlock();
        }
    }

    /** Bytes of the file. */
    long fileLength() {
        lock.lock();
        try {
            return (long) SEGMENT_BYTES * (segments.size() + free.size());
        } finally {
            lock.unlock();
        }
    }

    @Override
    public int read(ByteBuffer target) throws IOException {
        if (!target.hasRemaining()) {
            return 0;
        }
        long position;
        int length;
        FileChannel channel;
        lock.lock();
        try {
            while (ringRead == ringWritten && fileRead == fileWritten && !finished && !closed) {
                changed.await();
            }
            if (closed) {
                throw new IOException("the spool is closed");
            }
            if (ringRead < ringWritten) {
                int count = copyFromRing(target);
                changed.signalAll();
                return count;
            }
            if (fileRead == fileWritten) {
                if (failure != null) {
                    throw failure;
                }
                return -1;
            }
            int at = (int) (fileRead % SEGMENT_BYTES);
            position = (long) SEGMENT_BYTES * segments.element() + at;
            length = (int) Math.min(Math.min(target.remaining(), fileWritten - fileRead), SEGMENT_BYTES - at);
            channel = file;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted", e);
        } finally {
            lock.unlock();
        }
        return readFromFile(Objects.requireNonNull(channel), target, position, length);
    }

    @Override
    public boolean isOpen() {
        lock.lock();
        try {
            return !closed;
        } finally {
            lock.unlock();
        }
    }

    /** Ends both sides and gives the file's room back. */
    @Override
    public void close() throws IOException {
        lock.lock();
        try {
            closed = true;
            changed.signalAll();
            if (file != null) {
                file.close();
            }
        } finally {
            lock.unlock();
        }
    }

    private boolean fileHasRoom() {
        return !fileRefuses && fileWritten - fileRead < fileLimit;
    }

    private void copyToRing(ByteBuffer source, int count) {
        int at = (int) (ringWritten % ring.length);
        int first = Math.min(count, ring.length - at);
        source.get(ring, at, first);
        source.get(ring, 0, count - first);
        ringWritten += count;
    }

    private int copyFromRing(ByteBuffer target) {
        int at = (int) (ringRead % ring.length);
        int count = (int) Math.min(Math.min(target.remaining(), ringWritten - ringRead), ring.length - at);
        target.put(ring, at, count);
        ringRead += count;
        return count;
    }

    /** Writes outside the lock: only the producer moves fileWritten, and nobody else touches the room behind it. */
    private void appendToFile(ByteBuffer source) {
        long position;
        int count;
        lock.lock();
        try {
            int at = (int) (fileWritten % SEGMENT_BYTES);
            if (at == 0) {
                segments.add(free.isEmpty() ? segments.size() : free.pop());
            }
            position = (long) SEGMENT_BYTES * segments.getLast() + at;
            count = (int)
                    Math.min(Math.min(source.remaining(), SEGMENT_BYTES - at), fileLimit - (fileWritten - fileRead));
        } finally {
            lock.unlock();
        }
        int written = 0;
        try {
            FileChannel channel = openFile();
            ByteBuffer slice = source.slice(source.position(), count);
            while (slice.hasRemaining()) {
                written += channel.write(slice, position + written);
            }
        } catch (IOException e) {
            // The disk is full or cannot be used: from now on the producer waits for the consumer instead.
            lock.lock();
            try {
                fileRefuses = true;
            } finally {
                lock.unlock();
            }
        }
        lock.lock();
        try {
            source.position(source.position() + written);
            fileWritten += written;
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    private FileChannel openFile() throws IOException {
        FileChannel open = file;
        if (open == null) {
            Path path = Files.createTempFile(folder, "ambrotype-spool-", ".tmp");
            open = FileChannel.open(path, StandardOpenOption.READ, StandardOpenOption.WRITE);
            Files.delete(path);
            lock.lock();
            try {
                file = open;
            } finally {
                lock.unlock();
            }
        }
        return open;
    }

    private int readFromFile(FileChannel channel, ByteBuffer target, long position, int length) throws IOException {
        ByteBuffer slice = target.slice(target.position(), length);
        int count = channel.read(slice, position);
        if (count <= 0) {
            throw new IOException("the spool file ended early at byte " + position);
        }
        target.position(target.position() + count);
        lock.lock();
        try {
            fileRead += count;
            if (fileRead % SEGMENT_BYTES == 0) {
                free.push(segments.remove());
            }
            changed.signalAll();
        } finally {
            lock.unlock();
        }
        return count;
    }
}
