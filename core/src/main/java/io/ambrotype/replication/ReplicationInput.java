package io.ambrotype.replication;

import io.ambrotype.resp.RawChannel;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;

/**
 * The buffered bytes of a replication connection: bytes that were received together with something else wait here for
 * whoever comes next. Not thread-safe.
 */
final class ReplicationInput {
    private static final int SIZE = 128 << 10;

    /** Bytes from position to limit were received and are not consumed. */
    final byte[] buffer = new byte[SIZE];

    int position;
    int limit;

    private final RawChannel channel;
    private final Duration idleTimeout;

    ReplicationInput(RawChannel channel, Duration idleTimeout) {
        this.channel = channel;
        this.idleTimeout = idleTimeout;
    }

    /** Receives at least one more byte behind what is there; what is there moves to the front where room is needed. */
    void fill() throws IOException {
        fill(idleTimeout);
    }

    private void fill(Duration timeout) throws IOException {
        if (position > 0 && (position == limit || limit == buffer.length)) {
            System.arraycopy(buffer, position, buffer, 0, limit - position);
            limit -= position;
            position = 0;
        }
        int count = channel.read(buffer, limit, buffer.length - limit, timeout);
        if (count < 0) {
            throw new EOFException();
        }
        limit += count;
    }

    /** The next byte. */
    int next(Duration timeout) throws IOException {
        if (position == limit) {
            fill(timeout);
        }
        return buffer[position++] & 0xff;
    }

    /** Moves buffered bytes, up to the given number; 0 where there are none. */
    int drainTo(ByteBuffer target, int most) {
        int count = Math.min(most, limit - position);
        target.put(buffer, position, count);
        position += count;
        return count;
    }

    /** Moves at least one and up to the given number of bytes, past the buffer where it is empty. */
    int readInto(ByteBuffer target, int most) throws IOException {
        if (position == limit && target.hasArray()) {
            int count = channel.read(target.array(), target.arrayOffset() + target.position(), most, idleTimeout);
            if (count < 0) {
                throw new EOFException();
            }
            target.position(target.position() + count);
            return count;
        }
        if (position == limit) {
            fill();
        }
        return drainTo(target, most);
    }
}
