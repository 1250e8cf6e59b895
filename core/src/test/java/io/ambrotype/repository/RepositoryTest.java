package io.ambrotype.repository;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.ambrotype.common.AmbrotypeException;
import io.ambrotype.common.ErrorCode;
import io.ambrotype.storage.CrashingStore;
import io.ambrotype.storage.FileStore;
import io.ambrotype.storage.MemoryStore;
import io.ambrotype.storage.ObjectName;
import java.io.InputStream;
import java.nio.channels.Channels;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RepositoryTest {
    private static final ObjectName ROOT = new ObjectName("ambrotype.json");

    private final MemoryStore store = new MemoryStore();
    private final Repository repository = Samples.repository(store);

    @TempDir
    Path folder;

    private Repository reopened(MemoryStore from) {
        return Repository.open(from, new Random(2));
    }

    private static void assertFails(ErrorCode code, String message, ThrowingCallable action) {
        assertThatThrownBy(action)
                .isInstanceOf(AmbrotypeException.class)
                .hasMessage(message)
                .satisfies(
                        error -> assertThat(((AmbrotypeException) error).code()).isEqualTo(code));
    }

    private byte[] stored(ObjectName name) throws Exception {
        try (InputStream in = Channels.newInputStream(store.open(name).orElseThrow())) {
            return in.readAllBytes();
        }
    }

    private void flip(ObjectName name, int position) throws Exception {
        byte[] bytes = stored(name);
        bytes[position] ^= 1;
        store.damage(name, bytes);
    }

    @Test
    void keepsItsIdAndSeed() throws Exception {
        Repository again = reopened(store);
        assertThat(again.id()).isEqualTo(repository.id());
        assertThat(again.fingerprintSeed()).isEqualTo(repository.fingerprintSeed());
        assertThat(again.location()).isEqualTo("memory");
        assertThat(new String(stored(ROOT), UTF_8)).startsWith("{\n  \"format\" : 1,\n  \"repository\" : \"");
        assertThat(Repository.create(new MemoryStore(), new Random(3)).id()).isNotEqualTo(repository.id());
    }

    @Test
    void isMadeInEmptyPlacesOnly() throws Exception {
        assertFails(
                ErrorCode.FAILED,
                "there is a repository in memory already",
                () -> Repository.create(store, new Random(1)));
        Files.writeString(folder.resolve("My holiday.jpg"), "x");
        FileStore foreign = new FileStore(folder, InstantSource.system());
        assertFails(
                ErrorCode.FAILED,
                folder + " is neither empty nor a repository of ambrotype",
                () -> Repository.create(foreign, new Random(1)));
        assertThat(folder.resolve("My holiday.jpg")).exists();
        assertFails(
                ErrorCode.NO_REPOSITORY,
                "there is no repository in " + folder,
                () -> Repository.open(foreign, new Random(1)));
        assertThatThrownBy(() -> Repository.open(foreign, new Random(1)))
                .satisfies(error -> assertThat(((AmbrotypeException) error).hint())
                        .hasValue("check the path; the first backup makes a repository in an empty folder"));
    }

    @Test
    void aDamagedRootIsNoticedByteByByte() throws Exception {
        byte[] good = stored(ROOT);
        for (int position = 0; position < good.length; position++) {
            store.damage(ROOT, good.clone());
            flip(ROOT, position);
            assertThatThrownBy(() -> reopened(store))
                    .isInstanceOf(AmbrotypeException.class)
                    .hasMessageStartingWith("ambrotype.json");
        }
        store.damage(ROOT, "{\"format\" : 7}".getBytes(UTF_8));
        assertFails(
                ErrorCode.FAILED,
                "ambrotype.json has format 7, which this version of ambrotype does not know",
                () -> reopened(store));
        store.damage(ROOT, new byte[SealedJson.MAX_BYTES + 1]);
        assertFails(ErrorCode.CORRUPT, "ambrotype.json has more than 67108864 bytes", () -> reopened(store));
        store.damage(
                ROOT, SealedJson.seal(SealedJson.start().put("repository", "x").put("fingerprintSeed", "0")));
        assertFails(ErrorCode.CORRUPT, "ambrotype.json: 'x' is not a repository id", () -> reopened(store));
        store.damage(
                ROOT,
                SealedJson.seal(
                        SealedJson.start().put("repository", "0".repeat(32)).put("fingerprintSeed", "?")));
        assertThatThrownBy(() -> reopened(store)).hasMessageStartingWith("ambrotype.json: ");
    }

    @Test
    void aSnapshotIsUnfinishedUntilItIsCommitted() throws Exception {
        SnapshotDraft draft = Samples.begin(repository);
        assertThat(draft.snapshot().text()).startsWith("20261122T155328Z-");
        assertThat(draft.snapshot().second()).isEqualTo(Instant.parse("2026-11-22T15:53:28Z"));
        assertThat(repository.list()).containsExactly(new SnapshotEntry.Unfinished(draft.snapshot(), draft.begun()));
        assertThat(repository.begun(draft.snapshot())).isEqualTo(draft.begun());
        String unfinished = "snapshot " + draft.snapshot() + " was begun but never finished";
        assertFails(ErrorCode.UNRECOVERABLE, unfinished, () -> repository.manifest(draft.snapshot()));
        assertFails(
                ErrorCode.UNRECOVERABLE,
                unfinished,
                () -> repository.resolve(draft.snapshot().text()));
        assertFails(
                ErrorCode.UNRECOVERABLE, "there is no finished snapshot in memory", () -> repository.resolve("latest"));
    }

    @Test
    void aCommittedSnapshotIsReadBackByAnyone() throws Exception {
        Manifest manifest = Samples.snapshot(repository, 1, 2);
        Repository again = reopened(store.afterCrash());
        assertThat(again.list()).containsExactly(new SnapshotEntry.Finished(manifest.summary()));
        assertThat(again.list().getFirst().snapshot()).isEqualTo(manifest.snapshot());
        assertThat(again.manifest(manifest.snapshot())).isEqualTo(manifest);
        for (Manifest.Shard shard : manifest.shards()) {
            try (InputStream in = Channels.newInputStream(again.openDump(shard.dump()))) {
                assertThat(in.readAllBytes()).isEqualTo(Samples.rdb(shard.index() + 1));
            }
        }
    }

    @Test
    void aDraftCommitsOnceAndOnlyWhatIsItsOwn() throws Exception {
        SnapshotDraft draft = Samples.begin(repository);
        byte[] rdb = Samples.rdb(1);
        DumpReference dump = Samples.store(repository, rdb);
        Manifest.Topology topology = Samples.cluster(1);
        Manifest.Shard shard = Samples.shard(
                0, dump, Samples.scan(rdb, topology.nodes().getFirst().slotSet()));
        Manifest manifest = Samples.manifest(draft.snapshot(), Manifest.Kind.CLUSTER, topology, List.of(shard));

        Manifest foreign = Samples.manifest(
                new SnapshotId("20200101T000000Z-0000"), Manifest.Kind.CLUSTER, topology, List.of(shard));
        assertThatThrownBy(() -> draft.commit(foreign)).isInstanceOf(IllegalArgumentException.class);
        SnapshotDraft other = repository.begin(new SnapshotBegun("0.1.0", "other", Samples.BEGUN));
        Manifest wrong = Samples.manifest(other.snapshot(), Manifest.Kind.CLUSTER, topology, List.of(shard));
        assertThatThrownBy(() -> other.commit(wrong)).hasMessage("the manifest is not of the backup that was begun");

        DumpReference missing = new DumpReference("0".repeat(64), 1, 1, 1);
        Manifest hollow = Samples.manifest(
                draft.snapshot(), Manifest.Kind.CLUSTER, topology, List.of(Samples.shard(0, missing, shard.content())));
        assertFails(ErrorCode.CORRUPT, missing.objectName() + " is missing", () -> draft.commit(hollow));

        Manifest unwritable = Samples.manifest(
                draft.snapshot(),
                Manifest.Kind.CLUSTER,
                topology,
                List.of(new Manifest.Shard(
                        0,
                        shard.masterId(),
                        shard.sourceId(),
                        "lone surrogate \uD800",
                        shard.replicationId(),
                        shard.offset(),
                        shard.masterOffsetAtStart(),
                        shard.started(),
                        shard.capturedAt(),
                        shard.duration(),
                        dump,
                        shard.content(),
                        List.of())));
        assertThatThrownBy(() -> draft.commit(unwritable)).isInstanceOf(RuntimeException.class);
        assertThat(repository.list()).noneMatch(SnapshotEntry.Finished.class::isInstance);

        draft.commit(manifest);
        assertThatThrownBy(() -> draft.commit(manifest)).isInstanceOf(IllegalStateException.class);
        SnapshotDraft twin = new SnapshotDraft(repository, draft.snapshot(), draft.begun(), Optional.empty());
        assertFails(
                ErrorCode.FAILED,
                "snapshot " + draft.snapshot() + " has a manifest already",
                () -> twin.commit(manifest));
    }

    /** Unmounted, or another one mounted over it. */
    @Test
    void aRepositoryThatIsGoneTakesNothingAndIsNotCalledDamaged() throws Exception {
        Manifest older = Samples.snapshot(repository, 1);
        SnapshotDraft draft = Samples.begin(repository);
        Manifest manifest = Samples.manifest(draft.snapshot(), older.kind(), older.topology(), older.shards());
        byte[] root = stored(ROOT);
        store.delete(ROOT);
        String gone = "the repository in memory is gone: ambrotype.json is no longer there";
        assertFails(ErrorCode.NO_REPOSITORY, gone, () -> Samples.begin(repository));
        assertFails(ErrorCode.NO_REPOSITORY, gone, repository::dumpWriter);
        assertFails(ErrorCode.NO_REPOSITORY, gone, () -> draft.commit(manifest));
        MemoryStore other = new MemoryStore();
        Repository.create(other, new Random(9));
        try (InputStream in = Channels.newInputStream(other.open(ROOT).orElseThrow())) {
            store.damage(ROOT, in.readAllBytes());
        }
        assertFails(ErrorCode.NO_REPOSITORY, "another repository is in memory now", () -> draft.commit(manifest));
        store.damage(ROOT, root);
        draft.commit(manifest);
        assertThat(repository.list()).hasSize(2);
    }

    /** The clock was set back between two backups: the later one has the earlier id. */
    @Test
    void anOrderThatIsUnsureIsTold() throws Exception {
        Manifest first = Samples.snapshot(repository, 1);
        SnapshotDraft back = repository.begin(new SnapshotBegun("1", "shop", Samples.BEGUN.minusSeconds(3600)));
        assertThat(back.warning().orElse(""))
                .contains("snapshot " + first.snapshot() + " of this repository claims to be newer");
        assertThat(repository
                        .begin(new SnapshotBegun("1", "shop", Samples.BEGUN.plusSeconds(1)))
                        .warning())
                .isEmpty();
        assertThat(repository.resolve("latest")).isEqualTo(first.snapshot());
    }

    @Test
    void drawsAnotherIdWhereOneIsTaken() {
        Random same = new Random(5);
        SnapshotDraft first = Repository.open(store, new Random(5)).begin(new SnapshotBegun("1", "d", Samples.BEGUN));
        SnapshotDraft second = Repository.open(store, same).begin(new SnapshotBegun("1", "d", Samples.BEGUN));
        assertThat(second.snapshot()).isNotEqualTo(first.snapshot());
        assertThat(repository.list()).hasSize(2);
    }

    @Test
    void listsNewestFirstAndShowsDamageWithoutHidingTheRest() throws Exception {
        Manifest good = Samples.snapshot(repository, 1);
        Manifest bad = Samples.snapshot(repository, 2);
        SnapshotDraft late = repository.begin(new SnapshotBegun("0.1.0", "shop", Samples.BEGUN.plusSeconds(60)));
        SnapshotDraft lost = repository.begin(new SnapshotBegun("0.1.0", "shop", Samples.BEGUN.minusSeconds(60)));
        store.damage(Repository.manifestName(bad.snapshot()), "{\"format\" : 1, \"snapshot\" : 7}".getBytes(UTF_8));
        flip(new ObjectName("snapshots/" + lost.snapshot() + "/begun.json"), 30);
        store.damage(new ObjectName("snapshots/notes.txt"), new byte[1]);
        store.damage(new ObjectName("snapshots/20261122T155328Z-3f7a/other.json"), new byte[1]);
        store.damage(new ObjectName("snapshots/20261399T155328Z-3f7a/begun.json"), new byte[1]);

        List<SnapshotEntry> entries = repository.list();
        assertThat(entries).hasSize(4);
        assertThat(entries.getFirst()).isEqualTo(new SnapshotEntry.Unfinished(late.snapshot(), late.begun()));
        assertThat(entries).contains(new SnapshotEntry.Finished(good.summary()));
        assertThat(entries)
                .contains(new SnapshotEntry.Damaged(
                        bad.snapshot(),
                        "snapshots/" + bad.snapshot() + "/manifest.json: the field 'summary' is missing"));
        assertThat(entries.getLast()).isInstanceOf(SnapshotEntry.Damaged.class);
        assertThat(entries.getLast().snapshot()).isEqualTo(lost.snapshot());

        store.damage(Repository.manifestName(bad.snapshot()), stored(Repository.manifestName(good.snapshot())));
        String stolen = "snapshots/" + bad.snapshot() + "/manifest.json belongs to snapshot " + good.snapshot();
        assertThat(repository.list()).contains(new SnapshotEntry.Damaged(bad.snapshot(), stolen));
        assertFails(ErrorCode.CORRUPT, stolen, () -> repository.manifest(bad.snapshot()));
        store.damage(
                new ObjectName("snapshots/" + late.snapshot() + "/begun.json"),
                stored(new ObjectName("snapshots/" + good.snapshot() + "/begun.json")));
        assertFails(
                ErrorCode.CORRUPT,
                "snapshots/" + late.snapshot() + "/begun.json: it belongs to snapshot " + good.snapshot(),
                () -> repository.begun(late.snapshot()));
        store.delete(new ObjectName("snapshots/" + good.snapshot() + "/begun.json"));
        assertFails(
                ErrorCode.CORRUPT,
                "snapshots/" + good.snapshot() + "/begun.json is missing",
                () -> repository.begun(good.snapshot()));
    }

    @Test
    void findsSnapshotsByName() throws Exception {
        SnapshotId first = Samples.snapshot(repository, 1).snapshot();
        SnapshotId second = Samples.snapshot(repository, 1).snapshot();
        SnapshotDraft late = repository.begin(new SnapshotBegun("0.1.0", "shop", Samples.BEGUN.plusSeconds(60)));
        SnapshotId newest = first.compareTo(second) > 0 ? first : second;
        assertThat(repository.resolve("latest")).isEqualTo(newest);
        assertThat(repository.resolve(first.text())).isEqualTo(first);
        assertThat(repository.resolve(first.text().substring(0, 20))).isEqualTo(first);
        assertThat(late.snapshot()).isGreaterThan(newest);
        assertFails(ErrorCode.USAGE, "'2026' is the beginning of 3 snapshot ids", () -> repository.resolve("2026"));
        assertFails(ErrorCode.USAGE, "there is no snapshot '2027' in memory", () -> repository.resolve("2027"));
        assertFails(ErrorCode.USAGE, "there is no snapshot '' in memory", () -> repository.resolve(""));
    }

    @Test
    void listsHundredsQuickly() throws Exception {
        Manifest manifest = Samples.snapshot(repository, 1, 2, 3);
        for (int number = 0; number < 200; number++) {
            SnapshotDraft draft = Samples.begin(repository);
            draft.commit(Samples.manifest(draft.snapshot(), manifest.kind(), manifest.topology(), manifest.shards()));
        }
        assertThat(repository.list()).hasSize(201).allMatch(SnapshotEntry.Finished.class::isInstance);
        assertThat(store.list("dumps")).hasSize(3);
    }

    /** Power gone at every single operation, with and without its effect. */
    @Test
    void aCrashAtAnyOperationLeavesTheRepositoryWhole() throws Exception {
        Manifest older = Samples.snapshot(repository, 1, 2);
        int operation = 0;
        boolean finished = false;
        while (!finished) {
            for (boolean afterEffect : new boolean[] {false, true}) {
                MemoryStore disk = store.afterCrash();
                CrashingStore crashing = new CrashingStore(disk, operation, afterEffect);
                try {
                    Samples.snapshot(Repository.open(crashing, new Random(operation)), 3, 4);
                    finished = true;
                } catch (AmbrotypeException e) {
                    assertThat(crashing.crashed()).isTrue();
                }
                Repository found = reopened(disk.afterCrash());
                List<SnapshotEntry> entries = found.list();
                assertThat(entries).contains(new SnapshotEntry.Finished(older.summary()));
                assertThat(entries).noneMatch(SnapshotEntry.Damaged.class::isInstance);
                for (SnapshotEntry entry : entries) {
                    if (entry instanceof SnapshotEntry.Finished) {
                        for (Manifest.Shard shard :
                                found.manifest(entry.snapshot()).shards()) {
                            found.verifyObject(shard.dump(), _ -> {});
                        }
                    }
                }
                Manifest next = Samples.snapshot(found, 3, 4);
                assertThat(found.list()).contains(new SnapshotEntry.Finished(next.summary()));
            }
            operation++;
        }
        assertThat(operation).isGreaterThan(12);
    }

    @Test
    void aCrashDuringCreationLeavesARepositoryOrAnEmptyPlace() {
        for (int operation = 0; operation < 3; operation++) {
            for (boolean afterEffect : new boolean[] {false, true}) {
                MemoryStore disk = new MemoryStore();
                CrashingStore crashing = new CrashingStore(disk, operation, afterEffect);
                assertThatThrownBy(() -> Repository.create(crashing, new Random(1)))
                        .hasMessageStartingWith("crash");
                MemoryStore survivor = disk.afterCrash();
                if (survivor.isEmpty()) {
                    Repository.create(survivor, new Random(1));
                }
                assertThat(Repository.open(survivor, new Random(1)).list()).isEmpty();
            }
        }
    }

    @Test
    void twoBackupsAtOnceDoNotHarmEachOther() throws Exception {
        Path place = folder.resolve("repository");
        Repository files = Samples.repository(new FileStore(place, InstantSource.system()));
        int backups = 4;
        CyclicBarrier start = new CyclicBarrier(backups);
        List<Callable<Manifest>> tasks = new ArrayList<>();
        for (int backup = 0; backup < backups; backup++) {
            tasks.add(() -> {
                Repository own = Repository.open(new FileStore(place, InstantSource.system()), new Random());
                start.await();
                return Samples.snapshot(own, 1, 2, 3);
            });
        }
        try (ExecutorService threads = Executors.newFixedThreadPool(backups)) {
            for (Future<Manifest> backup : threads.invokeAll(tasks)) {
                Manifest manifest = backup.get();
                assertThat(files.list()).contains(new SnapshotEntry.Finished(manifest.summary()));
                for (Manifest.Shard shard : manifest.shards()) {
                    files.verifyObject(shard.dump(), _ -> {});
                }
            }
        }
        assertThat(files.list()).hasSize(backups);
        assertThat(new FileStore(place, InstantSource.system()).list("dumps")).hasSize(3);
    }

    @Test
    void repositoriesMadeAtOnceAreOne() throws Exception {
        Path place = folder.resolve("repository");
        int makers = 4;
        CyclicBarrier start = new CyclicBarrier(makers);
        Callable<RepositoryId> task = () -> {
            start.await();
            return Repository.openOrCreate(new FileStore(place, InstantSource.system()), new Random())
                    .id();
        };
        try (ExecutorService threads = Executors.newFixedThreadPool(makers)) {
            Set<RepositoryId> ids = new HashSet<>();
            for (Future<RepositoryId> each : threads.invokeAll(Collections.nCopies(makers, task))) {
                ids.add(each.get());
            }
            assertThat(ids).hasSize(1);
        }
        Files.writeString(folder.resolve("My holiday.jpg"), "x");
        assertFails(
                ErrorCode.FAILED,
                folder + " is neither empty nor a repository of ambrotype",
                () -> Repository.openOrCreate(new FileStore(folder, InstantSource.system()), new Random(1)));
    }
}
