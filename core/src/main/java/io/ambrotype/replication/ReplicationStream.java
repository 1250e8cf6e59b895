package io.ambrotype.replication;

import io.ambrotype.common.ReplicationOffset;
import io.ambrotype.resp.RawChannel;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/**
 * The writes behind the RDB, byte for byte as the server propagates them: commands, PINGs and GETACKs alike, each byte
 * one step of the offset. One thread reads; {@link #durable} may be called by another.
 *
 * <p>The server is told once a second, at once when it asks ({@code REPLCONF GETACK *}), and once more as soon as what it
 * asked about is durable, up to which offset the caller has made the stream durable: never more, because WAIT, {@code
 * min-replicas-to-write} and SHUTDOWN rely on it. A server that replicates without a disk sends nothing before the first
 * acknowledgement, which goes out when the stream begins.
 */
public final class ReplicationStream {
    private static final Duration PERIOD = Duration.ofSeconds(1);

    private final ReplicationSession session;
    private final RawChannel channel;
    private final ReplicationInput input;
    private final ReplicationOffset start;
    private final CommandBoundaries boundaries = new CommandBoundaries();
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition wake = lock.newCondition();

    // Guarded by the lock.
    private long durable;
    private long askedAt = -1;
    private boolean acknowledgeNow = true;
    private boolean stopped;

    ReplicationStream(ReplicationSession session, RawChannel channel, ReplicationInput input, ReplicationOffset start) {
        this.session = session;
        this.channel = channel;
        this.input = input;
        this.start = start;
        this.durable = start.value();
        Thread.ofVirtual().name("ack " + channel.address()).start(this::acknowledge);
    }

    /**
     * Reads at least one byte; blocks no longer than the idle timeout.
     *
     * @return how many bytes; 0 only where the buffer has no room. There is no end: a server that closes is an error
     * @throws ReplicationException when the connection ends or stalls, or the bytes are no commands
     */
    public int read(ByteBuffer target) {
        if (!target.hasRemaining()) {
            return 0;
        }
        try {
            if (input.position == input.limit) {
                input.fill();
            }
        } catch (IOException e) {
            throw session.failed(e);
        }
        int count = Math.min(target.remaining(), input.limit - input.position);
        long askedBefore = boundaries.getAckEnd();
        try {
            boundaries.accept(input.buffer, input.position, input.position + count);
        } catch (CommandBoundaries.NotACommandException e) {
            throw session.notReplication(
                    e.getMessage() + " at offset " + start.plus(boundaries.position()) + " of its stream");
        }
        input.drainTo(target, count);
        if (boundaries.getAckEnd() != askedBefore) {
            asked(start.plus(boundaries.getAckEnd()).value());
        }
        return count;
    }

    /** Up to where the stream was handed out by {@link #read}. */
    public ReplicationOffset received() {
        return start.plus(boundaries.position());
    }

    /** Up to where what was handed out consists of whole commands: a log may be cut there. */
    public ReplicationOffset lastCommandEnd() {
        return start.plus(boundaries.commandEnd());
    }

    /** Says up to where the stream is safe with the caller; the server is told. An offset below the last one is ignored. */
    public void durable(ReplicationOffset offset) {
        lock.lock();
        try {
            durable = Math.max(durable, offset.value());
            if (askedAt >= 0 && durable >= askedAt) {
                askedAt = -1;
                acknowledgeNow = true;
                wake.signalAll();
            }
        } finally {
            lock.unlock();
        }
    }

    long receivedBytes() {
        return boundaries.position();
    }

    void stopAcknowledging() {
        lock.lock();
        try {
            stopped = true;
            wake.signalAll();
        } finally {
            lock.unlock();
        }
    }

    private void asked(long offset) {
        lock.lock();
        try {
            askedAt = offset;
            acknowledgeNow = true;
            wake.signalAll();
        } finally {
            lock.unlock();
        }
    }

    private void acknowledge() {
        try {
            while (true) {
                long offset = awaitNext();
                if (offset < 0) {
                    return;
                }
                channel.send("REPLCONF", "ACK", Long.toString(offset));
            }
        } catch (IOException _) {
            // The reader finds the same broken connection and reports it.
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** The offset to tell next, when it is time; -1 when there is nobody to tell any more. */
    private long awaitNext() throws InterruptedException {
        lock.lock();
        try {
            long left = PERIOD.toNanos();
            while (!acknowledgeNow && !stopped && left > 0) {
                left = wake.awaitNanos(left);
            }
            acknowledgeNow = false;
            return stopped ? -1 : durable;
        } finally {
            lock.unlock();
        }
    }
}
