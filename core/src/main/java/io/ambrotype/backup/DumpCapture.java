package io.ambrotype.backup;

import io.ambrotype.common.AmbrotypeException;
import io.ambrotype.common.ErrorCode;
import io.ambrotype.common.HostAndPort;
import io.ambrotype.common.TaskGroup;
import io.ambrotype.common.TeeChannel;
import io.ambrotype.rdb.RdbFormatException;
import io.ambrotype.rdb.RdbReader;
import io.ambrotype.replication.FullSync;
import io.ambrotype.replication.ReplicationSession;
import io.ambrotype.repository.DumpContent;
import io.ambrotype.repository.DumpReference;
import io.ambrotype.repository.DumpScan;
import io.ambrotype.repository.DumpWriter;
import io.ambrotype.repository.FrameMemory;
import io.ambrotype.repository.Repository;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ReadableByteChannel;
import java.nio.file.Path;
import java.util.BitSet;
import java.util.Objects;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * Takes the RDB that a server has begun to send into the repository: one thread does nothing but drain the socket into a
 * spool, another scans, compresses and stores. Each byte is looked at once, on its way.
 *
 * <p>The source is let go of as soon as its last byte has arrived, however far the other thread is behind.
 */
final class DumpCapture {
    private static final int MOST_SPOOL_MEMORY = 8 << 20;

    /** Of the heap, for the spools of all captures at once. */
    private static final int ALL_SPOOL_MEMORY = 64 << 20;

    private static final int RECEIVE_BUFFER = 256 << 10;

    /** A read of less has emptied the socket. */
    private static final int FEW_BYTES = 32 << 10;

    private static final long NAP_NANOS = 1_000_000;

    private final Repository repository;
    private final FrameMemory frames;
    private final Path spoolFolder;
    private final long spoolLimit;
    private final int spoolMemory;

    DumpCapture(Repository repository, FrameMemory frames, BackupRequest request) {
        this.repository = repository;
        this.frames = frames;
        this.spoolFolder = request.spoolFolder();
        this.spoolLimit = request.spoolLimit();
        this.spoolMemory = Math.min(MOST_SPOOL_MEMORY, ALL_SPOOL_MEMORY / request.parallel());
    }

    /**
     * What was captured.
     *
     * @param dump the stored object
     * @param content what the scan found in it
     */
    record Captured(DumpReference dump, DumpContent content) {}

    /**
     * Runs to the end.
     *
     * @param session after its full synchronization has begun; closed on return
     * @param owned the slots that the shard owns
     * @param received called when the source has sent everything
     * @throws AmbrotypeException where the source, the bytes or the repository fail; nothing is stored then
     */
    Captured run(ReplicationSession session, FullSync sync, BitSet owned, DumpScan.Progress progress, Runnable received)
            throws InterruptedException {
        Result result = new Result();
        try (session;
                Spool spool = new Spool(spoolFolder, spoolMemory, spoolLimit);
                TaskGroup receiving = TaskGroup.ofComputing()) {
            receiving.fork("receive " + session.node(), () -> {
                try {
                    receive(session.rdb(), spool);
                    end(session);
                    spool.finish();
                } catch (AmbrotypeException e) {
                    spool.fail(new SourceFailure(e));
                } catch (IOException e) {
                    // Once the other thread has given up, its failure is the one to be told.
                    if (spool.isOpen()) {
                        throw e;
                    }
                } finally {
                    received.run();
                }
            });
            receiving.fork("store " + session.node(), () -> {
                try {
                    result.captured = store(session.node(), spool, owned, progress);
                } finally {
                    end(session);
                    end(spool);
                }
            });
            receiving.join();
        } catch (AmbrotypeException | InterruptedException e) {
            throw e;
        } catch (Exception e) {
            throw AmbrotypeException.of(
                            ErrorCode.FAILED, "capturing the dump of " + session.node() + " failed: " + e.getMessage())
                    .causedBy(e);
        }
        Captured captured = Objects.requireNonNull(result.captured);
        if (sync.length().isPresent()
                && sync.length().getAsLong() != captured.dump().rdbBytes()) {
            throw AmbrotypeException.of(
                    ErrorCode.CORRUPT,
                    session.node() + " announced " + sync.length().getAsLong()
                            + " bytes of RDB, and the RDB ended after "
                            + captured.dump().rdbBytes());
        }
        return captured;
    }

    /** Before its time: whoever waits for the other side must not wait longer. */
    private static void end(AutoCloseable side) throws Exception {
        side.close();
    }

    private static void receive(ReadableByteChannel rdb, Spool spool) throws IOException, InterruptedException {
        ByteBuffer buffer = ByteBuffer.allocate(RECEIVE_BUFFER);
        for (int count = rdb.read(buffer); count >= 0; count = rdb.read(buffer.clear())) {
            spool.write(buffer.flip());
            if (count < FEW_BYTES) {
                // A server sends 16 KiB at a time. To be woken for each of them takes more time from the machine, which
                // may be the server's own, than all that is done with them; what comes meanwhile waits in the socket.
                LockSupport.parkNanos(NAP_NANOS);
            }
        }
    }

    private Captured store(HostAndPort source, Spool spool, BitSet owned, DumpScan.Progress progress)
            throws IOException {
        try (DumpWriter writer = repository.dumpWriter(frames);
                RdbReader reader = RdbReader.open(new TeeChannel(spool, writer))) {
            DumpContent content = DumpScan.scan(reader, owned, progress);
            return new Captured(writer.commit(), content);
        } catch (SourceFailure e) {
            throw e.failure;
        } catch (RdbFormatException e) {
            throw AmbrotypeException.of(ErrorCode.CORRUPT, "the RDB from " + source + " is damaged: " + e.getMessage())
                    .withHint("nothing of it was kept; check the node's memory and network, and back up again")
                    .causedBy(e);
        }
    }

    /** Carries the source's failure through the reader, behind the bytes that came before it. */
    private static final class SourceFailure extends IOException {
        private static final long serialVersionUID = 1L;

        private final transient AmbrotypeException failure;

        SourceFailure(AmbrotypeException failure) {
            super(failure);
            this.failure = failure;
        }
    }

    /** What one task leaves for the thread that joins it. */
    private static final class Result {
        private volatile @Nullable Captured captured;
    }
}
