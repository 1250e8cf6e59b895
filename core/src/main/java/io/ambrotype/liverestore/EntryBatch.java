package io.ambrotype.liverestore;

import io.ambrotype.rdb.HashSlot;
import io.ambrotype.resp.RequestBuffer;
import io.ambrotype.resp.RespReply;
import io.ambrotype.resp.RespReply.SimpleString;
import java.util.BitSet;
import java.util.List;
import java.util.stream.IntStream;

/**
 * A batch of entries that take one command each. Nearly all come this way, so nothing is made for each: their requests are written one
 * behind the other as they are read, and only where a server says anything else than OK they become {@link KeyWork}. Sent once.
 */
final class EntryBatch implements Batch {
    private static final int MOST_ENTRIES = 500;
    private static final int MOST_BYTES = 256 << 10;

    /** Whose entries they are. */
    interface Source {
        /** So many of the entries were written. */
        void written(long[] entries, int count);

        /** An entry that has to be looked at more closely. */
        KeyWork work(byte[][] command, int slot, int database, long entry);
    }

    private final Route route;
    private final Source source;
    private final RequestBuffer requests = new RequestBuffer(MOST_BYTES / 2);
    private final long[] entries = new long[MOST_ENTRIES];
    private final int[] slots = new int[MOST_ENTRIES];
    private final int[] starts = new int[MOST_ENTRIES];
    private int count;
    private long reserved;

    EntryBatch(Route route, Source source) {
        this.route = route;
        this.source = source;
    }

    /**
     * Takes one more entry.
     *
     * @param taken bytes of the budget
     * @return where its request is to be written
     */
    RequestBuffer begin(long entry, int slot, long taken) {
        entries[count] = entry;
        slots[count] = slot;
        starts[count] = requests.size();
        count++;
        reserved += taken;
        return requests;
    }

    boolean isFull() {
        return count == MOST_ENTRIES || requests.size() >= MOST_BYTES;
    }

    @Override
    public Route route() {
        return route;
    }

    @Override
    public long reserved() {
        return reserved;
    }

    @Override
    public List<RespReply> send(NodeLink link, int replicas) {
        if (replicas == 0) {
            return link.exchange(route.database(), requests, count);
        }
        requests.add(NodeLink.waitFor(replicas));
        return link.exchange(route.database(), requests, count + 1);
    }

    @Override
    public boolean settle(List<RespReply> replies) {
        for (int i = 0; i < count; i++) {
            if (!(replies.get(i) instanceof SimpleString)) {
                return false;
            }
        }
        source.written(entries, count);
        return true;
    }

    @Override
    public BitSet slots() {
        BitSet all = new BitSet(HashSlot.COUNT);
        for (int i = 0; i < count; i++) {
            all.set(slots[i]);
        }
        return all;
    }

    @Override
    public List<KeyWork> works() {
        return IntStream.range(0, count)
                .mapToObj(i -> source.work(requests.command(starts[i]), slots[i], route.database(), entries[i]))
                .toList();
    }
}
