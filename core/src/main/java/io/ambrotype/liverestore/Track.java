package io.ambrotype.liverestore;

import io.ambrotype.liverestore.RestoreEntry.Mark;
import java.util.concurrent.ConcurrentSkipListSet;

/**
 * How far one dump is. Its reader adds entries in order; they are done in any order. Thread-safe.
 */
final class Track {
    private final int shard;
    private final ConcurrentSkipListSet<Long> pending = new ConcurrentSkipListSet<>();
    private volatile long seen;
    private volatile long mayBeSent;

    /** A dump that an earlier run has dealt with as far as the mark says. */
    Track(Mark earlier) {
        this.shard = earlier.shard();
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
    void begin(long entry) {
        pending.add(entry);
    }

    /** The reader has passed so many entries. */
    void passed(long entries) {
        seen = entries;
    }

    /** The entry is dealt with. */
    void done(long entry) {
        pending.remove(entry);
    }

    Mark mark() {
        // In this order: what is passed by now and still pending is found in the set.
        long passed = seen;
        Long first = pending.ceiling(0L);
        return new Mark(shard, first == null ? passed : Math.min(first, passed), mayBeSent);
    }
}
