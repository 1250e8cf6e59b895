package io.ambrotype.liverestore;

import io.ambrotype.common.HostAndPort;
import io.ambrotype.liverestore.Batch.Route;
import io.ambrotype.liverestore.EntryBatch.Source;
import io.ambrotype.rdb.RdbReader;
import io.ambrotype.resp.RequestBuffer;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Gathers what is for one server each into batches, and hands those on when they are worth a request. For one thread. */
final class Batches {
    /** Entries come with many databases, or for many servers: each batch has buffers of its own. */
    private static final int MOST_OPEN = 256;

    private final Writers writers;
    private final TargetNodes nodes;
    private final boolean writes;
    private final long dumpBytes;
    private final List<WorkBatch> works = new ArrayList<>();
    private final List<EntryBatch> entries = new ArrayList<>();
    private final RequestBuffer string = new RequestBuffer(SlotWindow.LONGEST);
    private @Nullable SlotWindow window;
    /** That of the strings in the window. */
    private int windowDatabase;

    /**
     * Without any yet.
     *
     * @param writes whether the commands write
     * @param dumpBytes of the dump whose entries they are for
     */
    Batches(Writers writers, TargetNodes nodes, boolean writes, long dumpBytes) {
        this.writers = writers;
        this.nodes = nodes;
        this.writes = writes;
        this.dumpBytes = dumpBytes;
    }

    void add(KeyWork work) throws InterruptedException {
        reserve(Writers.reserved(work.bytes));
        HostAndPort node = nodes.owner(work.slot).orElse(null);
        WorkBatch batch = find(works, node, work.database);
        if (batch == null) {
            batch = new WorkBatch(new Route(node, work.database));
            works.add(batch);
        }
        batch.add(work);
        if (batch.isFull()) {
            works.remove(batch);
            writers.submit(batch, writes);
        }
    }

    /**
     * The batch that an entry goes into which one command writes; it is to be added at once.
     *
     * @param bytes of the entry, about
     */
    EntryBatch batch(Source source, int slot, int database, long bytes) throws InterruptedException {
        // Buffers that grow have up to twice the room that is used.
        int reserved = Writers.reserved(2 * bytes);
        reserve(reserved);
        HostAndPort node = nodes.owner(slot).orElse(null);
        EntryBatch batch = find(entries, node, database);
        if (batch != null && batch.isFull()) {
            entries.remove(batch);
            writers.submit(batch, writes);
            batch = null;
        }
        if (batch == null) {
            if (entries.size() == MOST_OPEN) {
                writers.submit(entries.removeFirst(), writes);
            }
            batch = new EntryBatch(new Route(node, database), source, nodes.isCluster());
            entries.add(batch);
        }
        batch.reserve(reserved);
        return batch;
    }

    /**
     * Adds the entry that a reader is at, a string that is stored as it is and does not expire, and passes its value.
     *
     * @param source the same each time
     * @param length of the value
     */
    void addString(Source source, RdbReader reader, long entry, int slot, int database, int length)
            throws IOException, InterruptedException {
        long bytes = reader.keyLength() + (long) length;
        boolean likelyNew = source.isLikelyNew(entry);
        if (window != null && (!likelyNew || windowDatabase != database)) {
            window.drain();
        }
        if (!nodes.isCluster() || bytes > SlotWindow.LONGEST || !likelyNew) {
            batch(source, slot, database, bytes).addString(reader, entry, slot, length);
            return;
        }
        if (window == null) {
            window = new SlotWindow(
                    dumpBytes,
                    (arguments, offset, size, ofSlot, ofEntry) -> batch(source, ofSlot, windowDatabase, size)
                            .addString(arguments, offset, size, ofEntry, ofSlot));
        }
        windowDatabase = database;
        string.clear();
        EntryBatch.write(reader, length, string);
        window.add(string, slot, entry);
    }

    private static <B extends Batch> @Nullable B find(List<B> batches, @Nullable HostAndPort node, int database) {
        for (B batch : batches) {
            if (batch.route().leadsTo(node, database)) {
                return batch;
            }
        }
        return null;
    }

    /** Batches that are not full wait as long as others are on their way: else they would become ever smaller. */
    private void reserve(int permits) throws InterruptedException {
        while (!writers.tryReserve(permits)) {
            if (writers.isIdle()) {
                // What waits here holds the rest of the budget.
                submitAll();
            }
        }
    }

    /** Nothing before that entry waits for others any more. */
    void leaveBefore(long entry) throws InterruptedException {
        if (window != null) {
            window.leaveBefore(entry);
        }
    }

    /** Hands everything on. */
    void flush() throws InterruptedException {
        if (window != null) {
            window.drain();
            // What is on its way may hold on to this for long.
            window = null;
        }
        submitAll();
    }

    private void submitAll() {
        List<Batch> all = new ArrayList<>(works);
        all.addAll(entries);
        works.clear();
        entries.clear();
        all.forEach(batch -> writers.submit(batch, writes));
    }
}
