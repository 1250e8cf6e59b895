package io.ambrotype.compare;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.tuple;

import io.ambrotype.compare.KeyDifference.Kind;
import io.ambrotype.rdb.HashSlot;
import io.ambrotype.repository.DumpReference;
import io.ambrotype.repository.Manifest;
import io.ambrotype.repository.Repository;
import io.ambrotype.repository.Samples;
import io.ambrotype.repository.SnapshotDraft;
import io.ambrotype.repository.SnapshotId;
import io.ambrotype.repository.TestRdb;
import io.ambrotype.storage.MemoryStore;
import io.ambrotype.storage.ObjectName;
import io.ambrotype.topology.SlotSet;
import java.io.IOException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import org.junit.jupiter.api.Test;

class SnapshotComparerTest {
    private static final Instant NOW = Instant.ofEpochMilli(1_000_000);

    private final MemoryStore store = new MemoryStore();
    private final Repository repository = Samples.repository(store);
    private final SnapshotComparer comparer = new SnapshotComparer(repository);

    /** Writes the entries into one dump. */
    @FunctionalInterface
    private interface Filler {
        void fill(TestRdb rdb, BitSet slots);
    }

    private SnapshotId snapshot(int shards, String function, Filler filler) throws IOException {
        SnapshotDraft draft = Samples.begin(repository);
        Manifest.Topology topology = Samples.cluster(shards);
        List<Manifest.Shard> captured = new ArrayList<>();
        for (int index = 0; index < shards; index++) {
            BitSet slots = topology.nodes().get(2 * index).slotSet();
            TestRdb rdb = new TestRdb()
                    .aux("shard", shards + "/" + index)
                    .function(function)
                    .database(0);
            filler.fill(rdb, slots);
            byte[] bytes = rdb.finish();
            captured.add(Samples.shard(index, Samples.store(repository, bytes), Samples.scan(bytes, slots)));
        }
        draft.commit(Samples.manifest(draft.snapshot(), Manifest.Kind.CLUSTER, topology, captured));
        return draft.snapshot();
    }

    private static boolean owns(BitSet slots, String key) {
        return slots.get(HashSlot.of(key.getBytes(UTF_8)));
    }

    private static Filler entries(String valueOfTen, long expiryOfTwenty) {
        return (rdb, slots) -> {
            for (int number = 0; number < 40; number++) {
                String key = "key:" + number;
                if (!owns(slots, key)) {
                    continue;
                }
                if (number == 20) {
                    rdb.expiring(key, "v", expiryOfTwenty);
                } else {
                    rdb.entry(key, number == 10 ? valueOfTen : "v" + number);
                }
            }
        };
    }

    @Test
    void theSameDataInAnotherLayoutAreEqual() throws Exception {
        SnapshotId three = snapshot(3, "f", entries("x", 2_000_000));
        SnapshotId five = snapshot(5, "f", entries("x", 2_000_000));
        Comparison comparison = comparer.compare(three, five, NOW);
        assertThat(comparison.isEqual()).isTrue();
        assertThat(comparison.entriesHere()).isEqualTo(40);
        assertThat(comparison.entriesThere()).isEqualTo(40);
        assertThat(comparison.asOf()).isEqualTo(NOW);
    }

    @Test
    void namesTheSlotsThatDiffer() throws Exception {
        SnapshotId one = snapshot(3, "f", entries("x", 2_000_000));
        SnapshotId other = snapshot(1, "g", entries("y", 2_000_001));
        Comparison comparison = comparer.compare(one, other, NOW);
        assertThat(comparison.isEqual()).isFalse();
        assertThat(comparison.slots())
                .extracting(difference -> difference.slot())
                .containsExactlyInAnyOrder(
                        HashSlot.of("key:10".getBytes(UTF_8)), HashSlot.of("key:20".getBytes(UTF_8)));
        assertThat(comparison.keys())
                .extracting(KeyDifference::key, KeyDifference::kind)
                .containsExactlyInAnyOrder(tuple("key:10", Kind.DIFFERENT), tuple("key:20", Kind.DIFFERENT));
        assertThat(comparison.functionsOnlyHere()).hasSize(1);
        assertThat(comparison.functionsOnlyThere()).hasSize(1);
    }

    @Test
    void namesKeysThatOnlyOneSideHas() throws Exception {
        SnapshotId one = snapshot(2, "f", entries("x", 2_000_000));
        SnapshotId other = snapshot(3, "f", (rdb, slots) -> {
            entries("x", 900_000).fill(rdb, slots);
            for (String added : List.of("new\n", "{key:10}new")) {
                if (owns(slots, added)) {
                    rdb.entry(added, "v");
                }
            }
        });
        Comparison comparison = comparer.compare(one, other, NOW);
        assertThat(comparison.keys())
                .extracting(KeyDifference::key, KeyDifference::kind)
                .containsExactlyInAnyOrder(
                        tuple("key:20", Kind.ONLY_HERE),
                        tuple("new\\x0a", Kind.ONLY_THERE),
                        tuple("{key:10}new", Kind.ONLY_THERE));
        SlotSet tens = SlotSet.of(slotOfTen());
        assertThat(comparer.compare(one, repository, other, tens, NOW).keys())
                .extracting(KeyDifference::key)
                .containsExactly("{key:10}new");
    }

    private static BitSet slotOfTen() {
        BitSet slot = new BitSet();
        slot.set(HashSlot.of("key:10".getBytes(UTF_8)));
        return slot;
    }

    @Test
    void namesAHundredKeysAtMost() throws Exception {
        SnapshotId one = snapshot(1, "f", entries("x", 2_000_000));
        SnapshotId other = snapshot(1, "f", (rdb, slots) -> {
            for (int number = 0; number < 300; number++) {
                rdb.entry("{one}" + number, "v");
            }
        });
        assertThat(comparer.compare(one, other, NOW).keys()).hasSize(DifferentKeys.MOST_NAMED);
    }

    @Test
    void leavesOutOrphansAndWhatHasExpired() throws Exception {
        SnapshotId clean = snapshot(2, "f", entries("x", 2_000_000));
        SnapshotId strays = snapshot(2, "f", (rdb, slots) -> {
            entries("x", 900_000).fill(rdb, slots);
            if (!owns(slots, "key:1")) {
                rdb.entry("key:1", "an orphan");
            }
        });
        assertThat(repository.manifest(strays).shards().stream()
                        .mapToLong(shard -> shard.content().orphanEntries())
                        .sum())
                .isEqualTo(1);
        Comparison afterExpiry = comparer.compare(clean, strays, Instant.ofEpochMilli(3_000_000));
        assertThat(afterExpiry.isEqual()).isTrue();
        assertThat(afterExpiry.entriesHere()).isEqualTo(39);
        Comparison before = comparer.compare(clean, strays, NOW);
        assertThat(before.entriesHere()).isEqualTo(40);
        assertThat(before.entriesThere()).isEqualTo(39);
        assertThat(before.slots()).hasSize(1);
    }

    @Test
    void usesWhatItHasComputedForAsLongAsItHolds() throws Exception {
        SnapshotId snapshot = snapshot(1, "f", entries("x", 2_000_000));
        DumpReference dump = repository.manifest(snapshot).shards().getFirst().dump();
        assertThat(comparer.compare(snapshot, snapshot, NOW).entriesHere()).isEqualTo(40);
        byte[] kept = repository.digests(dump).orElseThrow();

        store.damage(new ObjectName(dump.objectName()), new byte[7]);
        assertThat(comparer.compare(snapshot, snapshot, Instant.ofEpochMilli(2_000_000))
                        .entriesHere())
                .isEqualTo(40);
        assertThatThrownBy(() -> comparer.compare(snapshot, snapshot, Instant.ofEpochMilli(2_000_001)))
                .hasMessageContaining("is damaged");
        for (int position : new int[] {0, 100, 3000}) {
            byte[] other = kept.clone();
            other[Math.min(position, kept.length - 1)] ^= 1;
            repository.storeDigests(dump, other);
            assertThatThrownBy(() -> comparer.compare(snapshot, snapshot, NOW)).hasMessageContaining("is damaged");
        }
        repository.storeDigests(dump, new byte[3]);
        assertThatThrownBy(() -> comparer.compare(snapshot, snapshot, NOW)).hasMessageContaining("is damaged");
    }
}
