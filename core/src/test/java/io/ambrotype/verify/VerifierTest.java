package io.ambrotype.verify;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.ambrotype.common.AmbrotypeException;
import io.ambrotype.common.ErrorCode;
import io.ambrotype.repository.DumpContent;
import io.ambrotype.repository.DumpContent.Count;
import io.ambrotype.repository.DumpReference;
import io.ambrotype.repository.Manifest;
import io.ambrotype.repository.Repository;
import io.ambrotype.repository.Samples;
import io.ambrotype.repository.SnapshotBegun;
import io.ambrotype.repository.SnapshotDraft;
import io.ambrotype.repository.SnapshotId;
import io.ambrotype.repository.TestRdb;
import io.ambrotype.storage.FileStore;
import io.ambrotype.storage.MemoryStore;
import io.ambrotype.storage.ObjectName;
import io.ambrotype.verify.VerifyReport.SnapshotVerdict;
import io.ambrotype.verify.VerifyReport.State;
import java.io.InputStream;
import java.nio.channels.Channels;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.SortedMap;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class VerifierTest {
    private final MemoryStore store = new MemoryStore();
    private final Repository repository = Samples.repository(store);
    private final Verifier verifier = new Verifier(repository);

    private SnapshotVerdict verdict(SnapshotId snapshot) {
        return verifier.verify(snapshot, Verifier.Progress.NONE).snapshots().getFirst();
    }

    private List<String> problems(SnapshotId snapshot) {
        SnapshotVerdict verdict = verdict(snapshot);
        List<String> problems = new ArrayList<>(verdict.problems());
        verdict.shards().forEach(shard -> problems.addAll(shard.problems()));
        assertThat(verdict.state()).isEqualTo(problems.isEmpty() ? State.SOUND : State.DAMAGED);
        return problems;
    }

    private byte[] stored(ObjectName name) throws Exception {
        try (InputStream in = Channels.newInputStream(store.open(name).orElseThrow())) {
            return in.readAllBytes();
        }
    }

    private static ObjectName file(SnapshotId snapshot, String name) {
        return new ObjectName("snapshots/" + snapshot + "/" + name);
    }

    @Test
    void findsNothingWrongWithASoundSnapshot() throws Exception {
        Manifest manifest = Samples.snapshot(repository, 1, 2, 3);
        List<String> heard = Collections.synchronizedList(new ArrayList<>());
        VerifyReport report = verifier.verify(manifest.snapshot(), new Verifier.Progress() {
            @Override
            public void snapshot(SnapshotId snapshot, int number, int count) {
                heard.add(number + "/" + count + " " + snapshot);
            }

            @Override
            public void dump(Manifest.Shard shard, long rdbBytes, long entries) {
                heard.add(shard.index() + ": " + (shard.dump().rdbBytes() - rdbBytes) + " left, " + entries);
            }

            @Override
            public void ended(Manifest.Shard shard, boolean whole) {
                heard.add(shard.index() + ": " + whole);
            }
        });
        assertThat(report.failure()).isEmpty();
        assertThat(report.snapshots().getFirst().state()).isEqualTo(State.SOUND);
        assertThat(report.snapshots().getFirst().shards()).hasSize(3).allMatch(shard -> shard.entries() == 51);
        assertThat(heard).startsWith("1/1 " + manifest.snapshot()).hasSize(7);
        for (int shard = 0; shard < 3; shard++) {
            // Of different shards at once; of each in order.
            assertThat(heard).containsSubsequence(shard + ": 0 left, 51", shard + ": true");
        }
    }

    @Test
    void readsADumpThatSeveralSnapshotsShareOnce() throws Exception {
        Samples.snapshot(repository, 1, 2);
        Samples.snapshot(repository, 1, 2);
        SnapshotDraft unfinished = Samples.begin(repository);
        List<Integer> dumps = Collections.synchronizedList(new ArrayList<>());
        VerifyReport report = verifier.verifyAll(new Verifier.Progress() {
            @Override
            public void snapshot(SnapshotId snapshot, int number, int count) {
                assertThat(count).isEqualTo(3);
            }

            @Override
            public void dump(Manifest.Shard shard, long rdbBytes, long entries) {
                dumps.add(shard.index());
            }

            @Override
            public void ended(Manifest.Shard shard, boolean whole) {}
        });
        assertThat(dumps).containsExactlyInAnyOrder(0, 1);
        assertThat(report.snapshots()).hasSize(3);
        assertThat(report.failure()).isEmpty();
        assertThat(report.snapshots())
                .filteredOn(verdict -> verdict.state() == State.UNFINISHED)
                .extracting(SnapshotVerdict::snapshot)
                .containsExactly(unfinished.snapshot());
    }

    @Test
    void readsOnlyTheDumpsOfASample() throws Exception {
        Manifest manifest = Samples.snapshot(repository, 1, 2, 3);
        List<Integer> read = new ArrayList<>();
        for (int seed = 0; seed < 3; seed++) {
            VerifyReport report = verifier.verify(manifest.snapshot(), Sample.of(5, seed), Verifier.Progress.NONE);
            assertThat(report.snapshots().getFirst().state()).isEqualTo(State.SOUND);
            report.snapshots().getFirst().shards().stream()
                    .filter(VerifyReport.ShardVerdict::read)
                    .forEach(shard -> read.add(shard.index()));
        }
        assertThat(read).containsExactlyInAnyOrder(0, 1, 2);
        // What is not read is not seen.
        ObjectName damaged = new ObjectName(manifest.shards().getFirst().dump().objectName());
        store.damage(damaged, new byte[3]);
        assertThat(verifier.verifyAll(Sample.NONE, Verifier.Progress.NONE).failure())
                .isEmpty();
        assertThat(verifier.verifyAll(Verifier.Progress.NONE).failure()).isPresent();
    }

    @Test
    void namesEachThingThatIsMissingOrFlipped() throws Exception {
        Manifest manifest = Samples.snapshot(repository, 1, 2);
        SnapshotId snapshot = manifest.snapshot();
        List<ObjectName> files = List.of(
                file(snapshot, "begun.json"),
                file(snapshot, "manifest.json"),
                new ObjectName(manifest.shards().get(0).dump().objectName()),
                new ObjectName(manifest.shards().get(1).dump().objectName()));
        for (ObjectName file : files) {
            byte[] good = stored(file);
            for (int position = 0; position < good.length; position += 7) {
                byte[] bad = good.clone();
                bad[position] ^= (byte) (1 << position % 8);
                store.damage(file, bad);
                assertThat(problems(snapshot)).singleElement().asString().startsWith(file.text());
            }
            store.delete(file);
            if (file.text().endsWith("manifest.json")) {
                assertThat(verdict(snapshot).state()).isEqualTo(State.UNFINISHED);
            } else {
                assertThat(problems(snapshot)).containsExactly(file + " is missing");
            }
            store.damage(file, good);
        }
        assertThat(problems(snapshot)).isEmpty();
        store.delete(files.get(0));
        store.delete(files.get(2));
        assertThat(problems(snapshot)).containsExactly(files.get(0) + " is missing", files.get(2) + " is missing");
        Samples.snapshot(repository, 5);
        VerifyReport report = verifier.verifyAll(Verifier.Progress.NONE);
        assertThat(report.failure()).get().satisfies(failure -> {
            assertThat(failure).hasMessage("1 of 2 snapshots are damaged");
            assertThat(failure.code()).isEqualTo(ErrorCode.CORRUPT);
        });
        assertThat(verifier.verify(snapshot, Verifier.Progress.NONE).failure())
                .get()
                .extracting(Throwable::getMessage)
                .isEqualTo("1 of 1 snapshot is damaged");
    }

    @Test
    void anUnfinishedSnapshotWithADamagedBeginningIsDamaged() {
        SnapshotDraft draft = Samples.begin(repository);
        store.damage(file(draft.snapshot(), "begun.json"), new byte[10]);
        assertThat(verdict(draft.snapshot()).state()).isEqualTo(State.DAMAGED);
    }

    @Test
    void noticesABeginningOfAnotherBackup() throws Exception {
        Manifest manifest = Samples.snapshot(repository, 1);
        MemoryStore other = new MemoryStore();
        SnapshotDraft twin =
                Repository.create(other, new Random(1)).begin(new SnapshotBegun("0.1.0", "other", Samples.BEGUN));
        assertThat(twin.snapshot()).isEqualTo(manifest.snapshot());
        try (InputStream in = Channels.newInputStream(
                other.open(file(twin.snapshot(), "begun.json")).orElseThrow())) {
            store.damage(file(manifest.snapshot(), "begun.json"), in.readAllBytes());
        }
        assertThat(problems(manifest.snapshot()))
                .containsExactly(
                        "snapshots/" + manifest.snapshot() + ": begun.json and manifest.json are of different backups");
    }

    private Manifest commit(Manifest.Topology topology, List<Manifest.Shard> shards) {
        SnapshotDraft draft = Samples.begin(repository);
        Manifest manifest = Samples.manifest(draft.snapshot(), Manifest.Kind.CLUSTER, topology, shards);
        draft.commit(manifest);
        return manifest;
    }

    @Test
    void checksThatEverySlotBelongsToOneShard() throws Exception {
        Manifest two = Samples.snapshot(repository, 1, 2);
        List<Manifest.Node> nodes = new ArrayList<>(two.topology().nodes());
        nodes.set(0, withSlots(nodes.get(0), "0-99,101-8192"));
        Manifest manifest = commit(
                new Manifest.Topology(6, 0, nodes),
                List.of(
                        Samples.shard(
                                0,
                                two.shards().get(0).dump(),
                                Samples.scan(Samples.rdb(1), nodes.get(0).slotSet())),
                        two.shards().get(1)));
        assertThat(problems(manifest.snapshot()))
                .containsExactly(
                        file(manifest.snapshot(), "manifest.json")
                                + ": slots 8192 belong to shard 1 and to one before it",
                        file(manifest.snapshot(), "manifest.json") + ": slots 100 belong to no shard");
    }

    private static Manifest.Node withSlots(Manifest.Node node, String slots) {
        return new Manifest.Node(
                node.id(),
                node.shard(),
                node.role(),
                node.masterId(),
                node.host(),
                node.port(),
                node.busPort(),
                node.tlsPort(),
                node.hostname(),
                node.configEpoch(),
                slots,
                node.flags(),
                node.vendor(),
                node.version(),
                node.configuration(),
                node.withheld(),
                node.nodesConf(),
                node.dir());
    }

    @Test
    void comparesTheDumpWithWhatTheManifestSays() throws Exception {
        byte[] rdb = Samples.rdb(1);
        DumpReference dump = Samples.store(repository, rdb);
        Manifest.Topology topology = Samples.cluster(1);
        DumpContent content = Samples.scan(rdb, topology.nodes().getFirst().slotSet());
        int slot = content.slots().firstKey();
        SortedMap<Integer, Count> slots = new TreeMap<>(content.slots());
        int freeSlot = slots.containsKey(16_383) ? 16_382 : 16_383;
        slots.put(freeSlot, slots.remove(slot));
        Manifest manifest = commit(
                topology,
                List.of(Samples.shard(
                        0,
                        dump,
                        new DumpContent(
                                "REDIS0011",
                                DumpContent.Checksum.DISABLED,
                                content.entries(),
                                content.expiring() + 1,
                                new TreeMap<>(Map.of("HASH", new Count(content.entries(), 7))),
                                new TreeMap<>(Map.of(1, new Count(content.entries(), 7))),
                                slots,
                                new TreeMap<>(Map.of(freeSlot, 1L)),
                                List.of(),
                                content.aux(),
                                content.biggest()))));
        String subject = dump.objectName() + " has another ";
        assertThat(problems(manifest.snapshot()))
                .containsExactly(
                        subject + "RDB version than the manifest says: REDIS0010, not REDIS0011",
                        subject + "checksum than the manifest says: VERIFIED, not DISABLED",
                        subject + "number of expiring entries than the manifest says: 1, not 2",
                        subject + "content of type HASH than the manifest says, and in 1 more",
                        subject + "content of database 0 than the manifest says, and in 1 more",
                        subject + "content of slot " + slot + " than the manifest says, and in 1 more",
                        subject + "number of entries that its shard does not own in slot " + freeSlot
                                + " than the manifest says",
                        subject + "set of functions than the manifest says");
    }

    @Test
    void noticesDumpsThatAreNoRdb() throws Exception {
        Manifest.Topology topology = Samples.cluster(1);
        byte[] good = new TestRdb().database(0).entry("a", "b").finish();
        DumpContent content = Samples.scan(good, topology.nodes().getFirst().slotSet());
        byte[] bad = good.clone();
        bad[bad.length - 1]++;
        DumpReference badChecksum = Samples.store(repository, bad);
        assertThat(problems(commit(topology, List.of(Samples.shard(0, badChecksum, content)))
                        .snapshot()))
                .singleElement()
                .asString()
                .startsWith(badChecksum.objectName() + " does not hold a whole RDB: ");
        DumpReference cut = Samples.store(repository, Arrays.copyOf(good, good.length - 3));
        assertThat(problems(commit(topology, List.of(Samples.shard(0, cut, content)))
                        .snapshot()))
                .singleElement()
                .asString()
                .startsWith(cut.objectName() + " does not hold a whole RDB: ");
        DumpReference longer = Samples.store(repository, Arrays.copyOf(good, good.length + 3));
        assertThat(problems(commit(topology, List.of(Samples.shard(0, longer, content)))
                        .snapshot()))
                .singleElement()
                .asString()
                .startsWith(longer.objectName());
    }

    @Test
    void anInterruptIsNoDamage(@TempDir Path folder) throws Exception {
        Repository files = Samples.repository(new FileStore(folder.resolve("repository"), InstantSource.system()));
        SnapshotId snapshot = Samples.snapshot(files, 1).snapshot();
        Thread.currentThread().interrupt();
        assertThatThrownBy(() -> new Verifier(files).verify(snapshot, Verifier.Progress.NONE))
                .satisfies(
                        error -> assertThat(((AmbrotypeException) error).code()).isEqualTo(ErrorCode.INTERRUPTED));
        assertThat(Thread.interrupted()).isTrue();
        assertThat(new Verifier(files).verify(snapshot, Verifier.Progress.NONE).failure())
                .isEmpty();
    }

    @Test
    void anInterruptWhileDumpsAreReadEndsIt(@TempDir Path folder) throws Exception {
        Repository files = Samples.repository(new FileStore(folder.resolve("repository"), InstantSource.system()));
        SnapshotId snapshot = Samples.snapshot(files, 1, 2, 3).snapshot();
        Thread waiting = Thread.currentThread();
        assertThatThrownBy(() -> new Verifier(files).verify(snapshot, new Verifier.Progress() {
                    @Override
                    public void snapshot(SnapshotId each, int number, int count) {}

                    @Override
                    public void dump(Manifest.Shard shard, long rdbBytes, long entries) {
                        waiting.interrupt();
                    }

                    @Override
                    public void ended(Manifest.Shard shard, boolean whole) {}
                }))
                .satisfies(
                        error -> assertThat(((AmbrotypeException) error).code()).isEqualTo(ErrorCode.INTERRUPTED));
        assertThat(Thread.interrupted()).isTrue();
    }
}
