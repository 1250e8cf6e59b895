package io.ambrotype.liverestore;

import io.ambrotype.liverestore.RestoreEntry.Mark;
import java.util.BitSet;

/**
 * How far one dump is. Its reader adds entries in order; they are done in any order. Thread-safe.
 */
final class Track {
    /** So many entries at the front, all dealt with, are forgotten at once. */
    private static final int FORGOTTEN = 1 << 16;

    private final int shard;
    /** Entries that are on their way, counted from {@link #base}. */
    private final BitSet pending = new BitSet();

    private long base;
    private long seen;
    /** The entry at which it is looked for the next time what can be forgotten. */
    private long lookAt;

    private volatile long mayBeSent;

    /** A dump that an earlier run has dealt with as far as the mark says. */
    Track(Mark earlier) {
        this.shard = earlier.shard();
        this.base = earlier.done();
        this.seen = earlier.done();
        this.mayBeSent = earlier.mayBeSent();
    }

    /** Up to where entries may be sent. */
    long mayBeSent() {
        return mayBeSent;
    }

    /** To be in the journal before the first entry beyond is sent. */
    void allow(long entries) {
        mayBeSent = entries;
    }

    /** The reader has come to an entry that is going to be sent. */
    synchronized void begin(long entry) {
        forget(entry);
        pending.set(Math.toIntExact(entry - base));
    }

    private void forget(long entry) {
        if (entry < lookAt) {
            return;
        }
        lookAt = entry + FORGOTTEN;
        int first = pending.nextSetBit(0);
        if (first < 0) {
            base = entry;
        } else if (first >= FORGOTTEN) {
            BitSet rest = pending.get(first, pending.length());
            pending.clear();
            pending.or(rest);
            base += first;
        }
    }

    /** The reader has passed so many entries. */
    synchronized void passed(long entries) {
        seen = entries;
    }

    /** The entry is dealt with. */
    synchronized void done(long entry) {
        if (entry >= base) {
            pending.clear(Math.toIntExact(entry - base));
        }
    }

    /** So many of the entries from that index on are dealt with. */
    synchronized void done(long[] entries, int from, int count) {
        for (int i = from; i < from + count; i++) {
            done(entries[i]);
        }
    }

    synchronized Mark mark() {
        int first = pending.nextSetBit(0);
        return new Mark(shard, first < 0 ? seen : Math.min(base + first, seen), mayBeSent);
    }
}
