package io.ambrotype.replication;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.ReadableByteChannel;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * The RDB within a replication connection, in either framing: a length ahead of it, or a mark behind it. What follows the
 * RDB stays in the input. Not thread-safe.
 */
final class RdbChannel implements ReadableByteChannel {
    private final ReplicationSession session;
    private final ReplicationInput input;
    private final long length;
    private final @Nullable EndMark mark;
    private long received;
    private boolean ended;
    private boolean open = true;

    /** With a mark: how far the input's buffer is known to belong to the RDB. */
    private int rdbLimit;

    private boolean markFound;
    private long pausedSince;
    private long longestPause;

    private RdbChannel(ReplicationSession session, ReplicationInput input, long length, @Nullable EndMark mark) {
        this.session = session;
        this.input = input;
        this.length = length;
        this.mark = mark;
        this.pausedSince = System.nanoTime();
    }

    static RdbChannel ofLength(ReplicationSession session, ReplicationInput input, long length) {
        RdbChannel channel = new RdbChannel(session, input, length, null);
        channel.ended = length == 0;
        return channel;
    }

    static RdbChannel untilMark(ReplicationSession session, ReplicationInput input, EndMark mark) {
        RdbChannel channel = new RdbChannel(session, input, Long.MAX_VALUE, mark);
        channel.locateMark(input.position);
        return channel;
    }

    /** Whether its last byte was handed out and, with a mark, the mark was seen. */
    boolean ended() {
        return ended;
    }

    long received() {
        return received;
    }

    /** How long the reader once stayed away between two reads. */
    Duration longestPause() {
        return Duration.ofNanos(longestPause);
    }

    @Override
    public int read(ByteBuffer target) throws IOException {
        if (!open) {
            throw new ClosedChannelException();
        }
        if (ended) {
            return -1;
        }
        if (!target.hasRemaining()) {
            return 0;
        }
        longestPause = Math.max(longestPause, System.nanoTime() - pausedSince);
        int count;
        try {
            count = mark == null ? readCounted(target) : readToMark(target);
        } catch (IOException e) {
            throw session.failed(e);
        }
        received += Math.max(0, count);
        if (received == length) {
            ended = true;
        }
        pausedSince = System.nanoTime();
        return count;
    }

    @Override
    public boolean isOpen() {
        return open;
    }

    @Override
    public void close() {
        open = false;
        if (!ended) {
            session.close();
        }
    }

    private int readCounted(ByteBuffer target) throws IOException {
        return input.readInto(target, (int) Math.min(target.remaining(), length - received));
    }

    private int readToMark(ByteBuffer target) throws IOException {
        while (input.position == rdbLimit) {
            if (markFound) {
                input.position += EndMark.LENGTH;
                ended = true;
                return -1;
            }
            // Fewer bytes than a mark has: they stay, for its other part to come.
            input.fill();
            locateMark(input.position);
        }
        return input.drainTo(target, Math.min(target.remaining(), rdbLimit - input.position));
    }

    /** Searches what is in the buffer; a part of a mark at its end is kept back. */
    private void locateMark(int from) {
        int found = mark == null ? -1 : mark.find(input.buffer, from, input.limit);
        markFound = found >= 0;
        rdbLimit = markFound ? found : Math.max(from, input.limit - EndMark.LENGTH + 1);
    }
}
