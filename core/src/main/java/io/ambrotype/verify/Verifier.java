package io.ambrotype.verify;

import io.ambrotype.common.AmbrotypeException;
import io.ambrotype.common.ErrorCode;
import io.ambrotype.common.TaskGroup;
import io.ambrotype.rdb.HashSlot;
import io.ambrotype.repository.DumpContent;
import io.ambrotype.repository.DumpReference;
import io.ambrotype.repository.DumpScan;
import io.ambrotype.repository.Manifest;
import io.ambrotype.repository.Repository;
import io.ambrotype.repository.SnapshotBegun;
import io.ambrotype.repository.SnapshotEntry;
import io.ambrotype.repository.SnapshotId;
import io.ambrotype.verify.VerifyReport.ShardVerdict;
import io.ambrotype.verify.VerifyReport.SnapshotVerdict;
import io.ambrotype.verify.VerifyReport.State;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.BiConsumer;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * Verifies snapshots: that manifest and {@code begun.json} are as they were written; that every slot belongs to exactly
 * one shard; and, in one pass over each dump, its SHA-256, its zstd frames, the servers' own CRC-64, and that what is in
 * it is what the manifest says, per type, database and slot; and that the digests kept of it are as they were written. It changes nothing. What is broken is reported by name; one
 * broken part does not keep the others from being looked at.
 *
 * <p>Several dumps are read at once where there are processors for it. For one thread at a time.
 */
public final class Verifier {
    /**
     * Is told how far a verification has come; called often, so to be quick. Of several shards at once, each of them on a thread of its
     * own.
     */
    public interface Progress {
        /** Hears nothing. */
        Progress NONE = new Progress() {
            @Override
            public void snapshot(SnapshotId snapshot, int number, int count) {}

            @Override
            public void dump(Manifest.Shard shard, long rdbBytes, long entries) {}

            @Override
            public void ended(Manifest.Shard shard, boolean whole) {}
        };

        /**
         * A snapshot's turn has come.
         *
         * @param snapshot its id
         * @param number its number, from 1
         * @param count how many there are
         */
        void snapshot(SnapshotId snapshot, int number, int count);

        /**
         * So much of a shard's dump has been checked.
         *
         * @param shard the shard, which knows how much there should be
         * @param rdbBytes bytes of RDB
         * @param entries entries
         */
        void dump(Manifest.Shard shard, long rdbBytes, long entries);

        /**
         * No more is read of a shard's dump.
         *
         * @param shard the shard
         * @param whole whether it was read to its end, and nothing was wrong with its bytes
         */
        void ended(Manifest.Shard shard, boolean whole);
    }

    /** How many dumps are read at once; of several processors, not all of a machine that may have other things to do. */
    private static final int MOST_READERS = 4;

    private record Scanned(DumpReference dump, BitSet ownedSlots) {}

    private final Repository repository;

    /** A verifier of one repository. */
    public Verifier(Repository repository) {
        this.repository = repository;
    }

    /** Verifies one snapshot, all of it; see {@link #verify(SnapshotId, Sample, Progress)}. */
    public VerifyReport verify(SnapshotId snapshot, Progress progress) {
        return verify(snapshot, Sample.ALL, progress);
    }

    /**
     * Verifies one snapshot.
     *
     * @param sample which of its dumps are read; of the others only the manifest's word is looked at
     * @throws AmbrotypeException of code INTERRUPTED where the thread is interrupted; of code NO_REPOSITORY where the
     *     repository is no longer at its place; what is broken is no exception
     */
    public VerifyReport verify(SnapshotId snapshot, Sample sample, Progress progress) {
        return verify(List.of(snapshot), sample, progress);
    }

    /** Verifies all snapshots, all of each; see {@link #verifyAll(Sample, Progress)}. */
    public VerifyReport verifyAll(Progress progress) {
        return verifyAll(Sample.ALL, progress);
    }

    /**
     * Verifies all snapshots, newest first. A dump that several of them share is read once.
     *
     * @param sample which of all their dumps are read
     * @throws AmbrotypeException of code INTERRUPTED where the thread is interrupted; of code FAILED where the repository
     *     cannot be listed; of code NO_REPOSITORY where it is no longer at its place; what is broken is no exception
     */
    public VerifyReport verifyAll(Sample sample, Progress progress) {
        return verify(repository.list().stream().map(SnapshotEntry::snapshot).toList(), sample, progress);
    }

    private VerifyReport verify(List<SnapshotId> snapshots, Sample sample, Progress progress) {
        Pass pass = new Pass(chosen(snapshots, sample), progress);
        List<SnapshotVerdict> verdicts = new ArrayList<>();
        for (SnapshotId snapshot : snapshots) {
            progress.snapshot(snapshot, verdicts.size() + 1, snapshots.size());
            verdicts.add(pass.verify(snapshot));
        }
        return new VerifyReport(verdicts);
    }

    /** The dumps that are read; those of damaged or unfinished snapshots cannot be told. */
    private Set<DumpReference> chosen(List<SnapshotId> snapshots, Sample sample) {
        SortedMap<String, DumpReference> dumps = new TreeMap<>();
        for (SnapshotId snapshot : snapshots) {
            Manifest manifest = attempt(() -> repository.manifest(snapshot), new ArrayList<>());
            if (manifest != null) {
                manifest.shards().forEach(shard -> dumps.put(shard.dump().sha256(), shard.dump()));
            }
        }
        List<DumpReference> all = List.copyOf(dumps.values());
        return IntStream.range(0, all.size())
                .filter(index -> sample.has(index, all.size()))
                .mapToObj(all::get)
                .collect(Collectors.toSet());
    }

    /** One run over one or more snapshots. */
    private final class Pass {
        private final Set<DumpReference> chosen;
        private final Progress progress;
        private final Map<Scanned, DumpContent> scanned = new ConcurrentHashMap<>();

        Pass(Set<DumpReference> chosen, Progress progress) {
            this.chosen = chosen;
            this.progress = progress;
        }

        SnapshotVerdict verify(SnapshotId snapshot) {
            List<String> problems = new ArrayList<>();
            SnapshotBegun begun = attempt(() -> repository.begun(snapshot), problems);
            Manifest manifest;
            try {
                manifest = repository.manifest(snapshot);
            } catch (AmbrotypeException e) {
                if (e.code() == ErrorCode.UNRECOVERABLE && problems.isEmpty()) {
                    return new SnapshotVerdict(snapshot, State.UNFINISHED, problems, List.of());
                }
                problems.add(problem(e));
                return new SnapshotVerdict(snapshot, State.DAMAGED, problems, List.of());
            }
            if (begun != null
                    && !(begun.begun().equals(manifest.begun())
                            && begun.deployment().equals(manifest.deployment()))) {
                problems.add("snapshots/" + snapshot + ": begun.json and manifest.json are of different backups");
            }
            problems.addAll(slotProblems(manifest));
            List<ShardVerdict> shards = shards(manifest);
            boolean sound = problems.isEmpty()
                    && shards.stream().allMatch(shard -> shard.problems().isEmpty());
            return new SnapshotVerdict(snapshot, sound ? State.SOUND : State.DAMAGED, problems, shards);
        }

        /** All of them, in their order; some are verified side by side. */
        private List<ShardVerdict> shards(Manifest manifest) {
            List<Manifest.Shard> shards = manifest.shards();
            ShardVerdict[] verdicts = new ShardVerdict[shards.size()];
            int atOnce = Math.min(MOST_READERS, Runtime.getRuntime().availableProcessors());
            try (TaskGroup reading = TaskGroup.ofComputing(atOnce)) {
                for (int i = 0; i < verdicts.length; i++) {
                    int index = i;
                    Manifest.Shard shard = shards.get(index);
                    reading.fork(
                            "verify shard " + shard.index(),
                            () -> verdicts[index] = verify(shard, manifest.slotsOf(shard)));
                }
                reading.join("verifying the dumps");
            }
            return List.of(verdicts);
        }

        private ShardVerdict verify(Manifest.Shard shard, BitSet ownedSlots) {
            List<String> problems = new ArrayList<>();
            boolean read = chosen.contains(shard.dump());
            DumpContent found = read ? attempt(() -> content(shard, ownedSlots), problems) : null;
            if (found != null) {
                problems.addAll(differences(shard, found));
            }
            if (read) {
                attempt(
                        () -> {
                            repository.verifyDigests(shard.dump());
                            return shard;
                        },
                        problems);
            }
            return new ShardVerdict(shard.index(), shard.dump(), shard.content().entries(), read, problems);
        }

        private DumpContent content(Manifest.Shard shard, BitSet ownedSlots) {
            Scanned key = new Scanned(shard.dump(), ownedSlots);
            DumpContent known = scanned.get(key);
            if (known != null) {
                return known;
            }
            boolean whole = false;
            try {
                DumpContent content = repository.readDump(
                        shard.dump(),
                        reader -> DumpScan.scan(
                                reader, ownedSlots, (bytes, entries) -> progress.dump(shard, bytes, entries)));
                scanned.put(key, content);
                whole = true;
                return content;
            } finally {
                progress.ended(shard, whole);
            }
        }
    }

    private static <T> @Nullable T attempt(Supplier<T> action, List<String> problems) {
        try {
            return action.get();
        } catch (AmbrotypeException e) {
            problems.add(problem(e));
            return null;
        }
    }

    /** What is broken, as a sentence; an interrupt is not, and neither is a repository that is no longer there. */
    private static String problem(AmbrotypeException e) {
        if (e.code() == ErrorCode.INTERRUPTED || e.code() == ErrorCode.NO_REPOSITORY) {
            throw e;
        }
        return e.getMessage();
    }

    private static List<String> slotProblems(Manifest manifest) {
        String file = "snapshots/" + manifest.snapshot() + "/manifest.json: ";
        List<String> problems = new ArrayList<>();
        BitSet covered = new BitSet(HashSlot.COUNT);
        for (Manifest.Shard shard : manifest.shards()) {
            BitSet slots = manifest.slotsOf(shard);
            BitSet twice = (BitSet) slots.clone();
            twice.and(covered);
            if (!twice.isEmpty()) {
                problems.add(file + "slots " + ranges(twice) + " belong to shard " + shard.index()
                        + " and to one before it");
            }
            covered.or(slots);
        }
        if (covered.cardinality() < HashSlot.COUNT) {
            covered.flip(0, HashSlot.COUNT);
            problems.add(file + "slots " + ranges(covered) + " belong to no shard");
        }
        return problems;
    }

    private static String ranges(BitSet slots) {
        List<String> ranges = new ArrayList<>();
        for (int first = slots.nextSetBit(0); first >= 0; ) {
            int behind = slots.nextClearBit(first);
            ranges.add(behind == first + 1 ? Integer.toString(first) : first + "-" + (behind - 1));
            first = slots.nextSetBit(behind);
        }
        return String.join(",", ranges);
    }

    /** What the manifest says otherwise than the dump; the parts that are meant for people's eyes are left alone. */
    private static List<String> differences(Manifest.Shard shard, DumpContent found) {
        String subject = shard.dump().objectName() + " has another ";
        DumpContent promised = shard.content();
        List<String> problems = new ArrayList<>();
        BiConsumer<String, Function<DumpContent, Object>> compare = (what, part) -> {
            Object expected = part.apply(promised);
            Object actual = part.apply(found);
            if (!expected.equals(actual)) {
                problems.add(subject + what + " than the manifest says: " + actual + ", not " + expected);
            }
        };
        compare.accept("RDB version", DumpContent::rdbVersion);
        compare.accept("checksum", DumpContent::checksum);
        compare.accept("number of entries", DumpContent::entries);
        compare.accept("number of expiring entries", DumpContent::expiring);
        compareCounts(subject + "content of type ", promised.types(), found.types(), problems);
        compareCounts(subject + "content of database ", promised.databases(), found.databases(), problems);
        compareCounts(subject + "content of slot ", promised.slots(), found.slots(), problems);
        compareCounts(
                subject + "number of entries that its shard does not own in slot ",
                promised.orphans(),
                found.orphans(),
                problems);
        if (!promised.functions().equals(found.functions())) {
            problems.add(subject + "set of functions than the manifest says");
        }
        return problems;
    }

    private static <K extends Comparable<K>, V> void compareCounts(
            String subject, SortedMap<K, V> promised, SortedMap<K, V> found, List<String> problems) {
        SortedSet<K> keys = new TreeSet<>(promised.keySet());
        keys.addAll(found.keySet());
        keys.removeIf(key -> Objects.equals(promised.get(key), found.get(key)));
        if (!keys.isEmpty()) {
            problems.add(subject + keys.first() + " than the manifest says"
                    + (keys.size() == 1 ? "" : ", and in " + (keys.size() - 1) + " more"));
        }
    }
}
