package io.ambrotype.compare;

import io.ambrotype.compare.KeyDifference.Kind;
import io.ambrotype.rdb.Fingerprint;
import io.ambrotype.rdb.KeyText;
import io.ambrotype.rdb.RdbReader;
import io.ambrotype.rdb.RecordKind;
import io.ambrotype.rdb.SlotDigests;
import io.ambrotype.repository.Manifest;
import io.ambrotype.repository.Repository;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Names keys of slots whose digests differ, by reading these slots once more on both sides. Digests cost a few bytes a slot,
 * this costs the keys: so it looks at as many of the slots, from the first on, as hold no more than {@link #MOST_ENTRIES}
 * entries, keeps at most {@link #MOST_KEY_BYTES} bytes of keys, and names at most {@link #MOST_NAMED}.
 */
final class DifferentKeys {
    /** More than anybody reads. */
    static final int MOST_NAMED = 100;

    private static final long MOST_ENTRIES = 100_000;
    private static final long MOST_KEY_BYTES = 32 << 20;

    private record Key(int slot, int database, ByteBuffer bytes) {}

    private final long seed;
    private final long asOfMillis;
    private final BitSet slots = new BitSet();
    /** Fingerprints of the first snapshot's entries that were not found in the second yet. */
    private final Map<Key, Long> here = new HashMap<>();

    private final List<KeyDifference> found = new ArrayList<>();
    private long keyBytes;

    /**
     * Nothing has been read yet.
     *
     * @param seed of the fingerprints
     * @param asOfMillis what expired before it is not there
     * @param different the slots that differ
     */
    DifferentKeys(long seed, long asOfMillis, List<SlotDigests.Difference> different) {
        this.seed = seed;
        this.asOfMillis = asOfMillis;
        long entries = 0;
        for (SlotDigests.Difference slot : different) {
            entries += slot.entriesHere() + slot.entriesThere();
            if (!slots.isEmpty() && entries > MOST_ENTRIES) {
                break;
            }
            slots.set(slot.slot());
        }
    }

    /** The keys that differ, as many as could be looked at and named; by slot. */
    List<KeyDifference> between(Repository one, Manifest manifest, Repository other, Manifest otherManifest) {
        each(one, manifest, (key, fingerprint) -> {
            if (keyBytes < MOST_KEY_BYTES) {
                keyBytes += key.bytes().capacity();
                here.put(key, fingerprint);
            }
        });
        boolean complete = keyBytes < MOST_KEY_BYTES;
        each(other, otherManifest, (key, fingerprint) -> {
            Long before = here.remove(key);
            if (before != null && before != fingerprint) {
                name(key, Kind.DIFFERENT);
            } else if (before == null && complete) {
                name(key, Kind.ONLY_THERE);
            }
        });
        here.keySet().forEach(key -> name(key, Kind.ONLY_HERE));
        found.sort(Comparator.comparingInt(KeyDifference::slot).thenComparing(KeyDifference::key));
        return found;
    }

    private void name(Key key, Kind kind) {
        if (found.size() < MOST_NAMED) {
            found.add(new KeyDifference(
                    key.slot(), key.database(), KeyText.of(key.bytes().array()), kind));
        }
    }

    /** Takes one entry of the slots that are looked at. */
    @FunctionalInterface
    private interface Taker {
        void take(Key key, long fingerprint);
    }

    private void each(Repository repository, Manifest manifest, Taker taker) {
        for (Manifest.Shard shard : manifest.shards()) {
            BitSet wanted = (BitSet) slots.clone();
            wanted.and(manifest.slotsOf(shard));
            if (!wanted.isEmpty()) {
                repository.readDump(shard.dump(), reader -> {
                    read(reader, wanted, taker);
                    return true;
                });
            }
        }
    }

    private void read(RdbReader reader, BitSet wanted, Taker taker) throws IOException {
        Fingerprint fingerprint = new Fingerprint(seed);
        for (RecordKind kind = reader.next(); kind != RecordKind.END; kind = reader.next()) {
            if (kind != RecordKind.ENTRY || !wanted.get(reader.slot()) || reader.isImporting(reader.slot())) {
                continue;
            }
            Key key = new Key(reader.slot(), reader.database(), ByteBuffer.wrap(reader.key()));
            if (fingerprint.read(reader, asOfMillis)) {
                taker.take(key, fingerprint.value());
            }
        }
    }
}
