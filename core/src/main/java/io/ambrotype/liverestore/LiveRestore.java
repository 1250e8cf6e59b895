package io.ambrotype.liverestore;

import io.ambrotype.common.AmbrotypeException;
import io.ambrotype.common.ErrorCode;
import io.ambrotype.common.TaskGroup;
import io.ambrotype.common.Time;
import io.ambrotype.control.Journal;
import io.ambrotype.liverestore.RestoreEntry.AtRisk;
import io.ambrotype.liverestore.RestoreEntry.Mark;
import io.ambrotype.liverestore.RestoreRuns.Run;
import io.ambrotype.liverestore.TargetNodes.Lost;
import io.ambrotype.rdb.RdbReader;
import io.ambrotype.repository.DumpContent;
import io.ambrotype.repository.Manifest;
import io.ambrotype.repository.Repository;
import io.ambrotype.resp.RespConnectionException;
import io.ambrotype.resp.RespErrorException;
import io.ambrotype.topology.DeploymentKind;
import io.ambrotype.topology.Node;
import io.ambrotype.topology.NodeId;
import io.ambrotype.topology.Topology;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.Collection;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicLongArray;
import java.util.concurrent.locks.ReentrantLock;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * Brings a snapshot, or some of its keys, into a deployment that runs.
 *
 * <ol>
 *   <li><b>Look.</b> The target is asked whether it takes writes ({@link TargetCheck}). Then every dump is read to its end, which
 *       proves its checksums, and every wanted key is looked for in the target: what cannot be held, what is there already and what
 *       has expired is known before anything is written ({@link DumpLook}, {@link LiveRestorePlan}).
 *   <li><b>Functions</b> are loaded on every master, where everything is wanted.
 *   <li><b>Write.</b> The dumps are read again, a few side by side. A plain string goes by SET ({@link EntryBatch}), any other value by RESTORE, as its own bytes where the target knows
 *       their encoding, else in one that it knows ({@link Payloads}); one that is too large for that by the commands of its type
 *       under a temporary key that is renamed when it is whole ({@link DumpFeed}). Batches go to whoever has the
 *       slots now, follow slots and masters that move, and count as written when a replica has them too ({@link Writers}).
 *   <li><b>Journal.</b> Before an entry is sent, a line on the disk says that entries up to some further one may be; from time to time
 *       one says up to where all are done. A run that is killed goes on behind the latter. What lies between the two may have been
 *       written: where such a key is there, it is this run's own (or somebody's who wrote to it since) and is left as it is, also with
 *       {@link OnConflict#FAIL}. With {@link OnConflict#REPLACE} it is written again.
 * </ol>
 *
 * <p>On any failure that does not pass it stops. Keys that are written stay; nothing is half written.
 */
public final class LiveRestore {
    private static final int PARALLEL = 2;
    private static final int NAMED = 10;
    private static final int PASSES = 3;
    private static final Duration BETWEEN_MARKS = Duration.ofSeconds(2);
    private static final Duration BETWEEN_ATTEMPTS = Duration.ofMillis(500);
    private static final DateTimeFormatter RUN =
            DateTimeFormatter.ofPattern("yyyyMMdd'T'HHmmss'Z'", Locale.ROOT).withZone(ZoneOffset.UTC);

    private final Repository repository;
    private final Path journals;
    private final Time time;
    private final RandomGenerator random;
    private final String toolVersion;

    /**
     * Live restores from one repository.
     *
     * @param journals the folder of all runs' journals
     */
    public LiveRestore(Repository repository, Path journals, Time time, RandomGenerator random, String toolVersion) {
        this.repository = repository;
        this.journals = journals;
        this.time = time;
        this.random = random;
        this.toolVersion = toolVersion;
    }

    /** A restore that has been looked at and not begun. */
    public static final class Prepared {
        private final LiveRestorePlan plan;
        private final String run;
        private final Optional<Run> earlier;
        private final Instant base;
        private final TargetState target;
        private final List<Sieve> sieves;
        private final List<DumpLook> looks;
        private final Functions functions;
        private final Features features;

        private Prepared(
                LiveRestorePlan plan,
                String run,
                Optional<Run> earlier,
                Instant base,
                TargetState target,
                List<Sieve> sieves,
                List<DumpLook> looks,
                Functions functions,
                Features features) {
            this.plan = plan;
            this.run = run;
            this.earlier = earlier;
            this.base = base;
            this.target = target;
            this.sieves = sieves;
            this.looks = looks;
            this.functions = functions;
            this.features = features;
        }

        /** What would be written. */
        public LiveRestorePlan plan() {
            return plan;
        }

        /**
         * Makes sure that the plan may be carried out.
         *
         * @throws AmbrotypeException {@code UNSAFE} where keys are there that must not be; {@code UNRECOVERABLE} where the target
         *     cannot hold a value and that was not allowed for
         */
        public void requireAllowed() {
            LiveRestoreRequest request = plan.request();
            if (plan.unsupported() > 0 && !request.skipUnsupported()) {
                throw AmbrotypeException.of(
                                ErrorCode.UNRECOVERABLE,
                                "the target cannot hold " + plan.unsupported() + " of the values: "
                                        + some(plan.firstUnsupported(), plan.unsupported()))
                        .withHint("nothing was written; --skip-unsupported goes on without them");
            }
            if (plan.existing() > 0 && request.onConflict() == OnConflict.FAIL) {
                throw AmbrotypeException.of(
                                ErrorCode.UNSAFE,
                                plan.existing() + " of the keys are in the target already: "
                                        + some(plan.firstExisting(), plan.existing()))
                        .withHint(
                                "nothing was written; --on-conflict skip keeps what is there, --on-conflict replace does not");
            }
        }

        private static String some(List<String> first, long all) {
            return String.join(", ", first.subList(0, Math.min(5, first.size()))) + (all > 5 ? ", …" : "");
        }
    }

    /**
     * Looks at the target and through the dumps; writes nothing.
     *
     * @param resume whether to go on with a run of this snapshot into this target that was broken off; what that was asked for takes
     *     the place of the request's selection, expiry and unsupported values, and of its conflict rule where that is the usual one
     * @throws AmbrotypeException {@code UNSAFE} where the target cannot take a restore now; {@code CORRUPT} where a dump is damaged;
     *     {@code UNRECOVERABLE} where it has not the databases
     */
    public Prepared prepare(Manifest manifest, LiveRestoreRequest asked, boolean resume, LiveRestoreListener listener)
            throws InterruptedException {
        String fresh = RUN.format(time.instant()) + "-" + Integer.toHexString(random.nextInt(1 << 16));
        TargetState target = TargetCheck.run(asked, fresh);
        Collection<NodeId> nodes =
                target.topology().nodes().stream().map(Node::id).toList();
        Optional<Run> unfinished =
                RestoreRuns.unfinished(journals, manifest.snapshot().text(), nodes);
        if (resume && unfinished.isEmpty()) {
            throw AmbrotypeException.of(
                            ErrorCode.FAILED,
                            "there is no restore of snapshot " + manifest.snapshot() + " into " + asked.deployment()
                                    + " that was broken off")
                    .withHint("looked into the journals in " + journals);
        }
        Optional<Run> earlier = resume ? unfinished.map(run -> surviving(run, asked, listener)) : Optional.empty();
        LiveRestoreRequest request = earlier.map(run -> asked.as(run.begun())).orElse(asked);
        String run = earlier.map(before -> before.begun().run()).orElse(fresh);
        Instant base = earlier.map(before -> before.begun().at()).orElseGet(time::instant);
        requireDatabases(manifest, request, target);
        List<Sieve> sieves = manifest.shards().stream()
                .map(shard -> sieve(manifest, shard, request, target, base))
                .toList();
        List<String> warnings = new ArrayList<>(target.warnings());
        if (!resume) {
            unfinished.ifPresent(before -> warnings.add("a restore of this snapshot into this target, begun at "
                    + before.begun().at() + ", was broken off: --resume would go on with it"));
        }
        Names existing = new Names(NAMED);
        Names unsupported = new Names(NAMED);
        List<DumpLook> looks = look(manifest, request, target, sieves, earlier, existing, unsupported, listener);
        List<byte[]> sources =
                looks.stream().flatMap(look -> look.functions().stream()).toList();
        Features features = Features.of(target.versions())
                .withSet(PermissionCheck.permitsSet(target.topology(), request.settings(), run));
        Functions functions = Functions.of(features.functions() ? sources : List.of(), warnings::add);
        if (!features.functions()) {
            Functions.of(sources, _ -> {})
                    .names()
                    .forEach(name -> unsupported.add("function library " + name + ": the target has no functions"));
        }
        PermissionCheck.run(
                target.topology(),
                request.settings(),
                run,
                new PermissionCheck.Needs(
                        highestDatabase(manifest, request.selection()) > 0,
                        looks.stream().anyMatch(look -> look.byCommands() + look.inPieces() > 0),
                        features.fieldExpiry(),
                        !functions.names().isEmpty()),
                warnings::add);
        functions.conflicts(target.topology(), request.settings()).forEach(existing::add);
        long bytes = looks.stream().mapToLong(DumpLook::bytes).sum();
        warnOfMemory(manifest, target, bytes, warnings);
        LiveRestorePlan plan = new LiveRestorePlan(
                manifest,
                target.topology(),
                request,
                earlier.isPresent(),
                looks.stream().mapToLong(DumpLook::wanted).sum(),
                bytes,
                looks.stream().mapToLong(DumpLook::expired).sum(),
                looks.stream().mapToLong(DumpLook::orphans).sum(),
                looks.stream().mapToLong(DumpLook::byCommands).sum(),
                looks.stream().mapToLong(DumpLook::inPieces).sum(),
                unsupported.count(),
                unsupported.first(),
                existing.count(),
                existing.first(),
                functions.names(),
                warnings);
        return new Prepared(plan, run, earlier, base, target, sieves, looks, functions, features);
    }

    /** What is known of a run now: what its servers have lost since was not written. */
    private static Run surviving(Run run, LiveRestoreRequest request, LiveRestoreListener listener) {
        List<String> gone = run.atRisk().stream()
                .filter(server -> !NodeLink.isStill(server, request.settings()))
                .map(AtRisk::address)
                .toList();
        if (gone.isEmpty()) {
            return run;
        }
        listener.notice(String.join(", ", gone)
                + " took keys that no replica had confirmed, and was started again, replaced or stopped since: "
                + "everything is gone through again");
        return run.fromTheBeginning();
    }

    private List<DumpLook> look(
            Manifest manifest,
            LiveRestoreRequest request,
            TargetState target,
            List<Sieve> sieves,
            Optional<Run> earlier,
            Names existing,
            Names unsupported,
            LiveRestoreListener listener)
            throws InterruptedException {
        Totals totals = new Totals(manifest);
        List<DumpLook> looks = new ArrayList<>();
        boolean empty = isEmpty(target.topology());
        try (TargetNodes nodes = new TargetNodes(request.settings(), request.seeds(), target.topology(), time);
                Writers writers = new Writers(nodes, time, request.patience())) {
            for (Manifest.Shard shard : manifest.shards()) {
                looks.add(new DumpLook(
                        sieves.get(shard.index()),
                        mark(earlier, shard),
                        new Batches(writers, nodes, false, shard.dump().rdbBytes()),
                        existing,
                        unsupported,
                        empty,
                        (bytes, entries) -> {
                            totals.at(shard.index(), bytes, entries);
                            listener.looked(totals.bytes(), totals.all(), totals.entries());
                        }));
            }
            readAll(manifest, (shard, reader) -> looks.get(shard.index()).run(reader));
            writers.await();
        }
        return looks;
    }

    /** Whether every master has said that it holds no key at all: then none has to be looked for. */
    private static boolean isEmpty(Topology target) {
        return target.shards().stream()
                .allMatch(shard -> shard.master()
                        .state()
                        .filter(state -> !state.isLoading() && state.keys() == 0)
                        .isPresent());
    }

    /**
     * Writes what was prepared.
     *
     * @throws AmbrotypeException what stopped it; keys that are written stay, and the run can be resumed
     */
    public LiveRestoreReport run(Prepared prepared, LiveRestoreListener listener) throws InterruptedException {
        prepared.requireAllowed();
        LiveRestorePlan plan = prepared.plan;
        Path file = prepared.earlier.map(Run::file).orElseGet(() -> RestoreRuns.file(journals, prepared.run));
        // What lies behind the last mark is sent again and counts then.
        long dealtWith = prepared.looks.stream().mapToLong(DumpLook::dealtWith).sum();
        Ledger ledger = new Ledger(
                plan.request(),
                prepared.earlier
                        .map(before -> Math.min(before.written(), dealtWith))
                        .orElse(0L));
        Marker marker = new Marker(prepared, ledger);
        try (Journal<RestoreEntry> journal = Journal.open(file)) {
            if (prepared.earlier.isEmpty()) {
                journal.append(begun(prepared));
            }
            LiveRestoreReport report = write(prepared, ledger, marker, journal, listener);
            if (report.lostPerhaps().isEmpty()) {
                journal.append(new RestoreEntry.Ended(time.instant(), ledger.written()));
            }
            return report;
        } catch (AmbrotypeException e) {
            tellBrokenOff(file, marker, e);
            throw stopped(e, plan, ledger);
        } catch (InterruptedException e) {
            tellBrokenOff(file, marker, e);
            throw e;
        }
    }

    /** In a journal opened anew: an interrupt closes the one that is being written. */
    private void tellBrokenOff(Path file, Marker marker, Exception reason) {
        boolean interrupted = Thread.interrupted();
        try (Journal<RestoreEntry> journal = Journal.open(file)) {
            marker.mark(journal);
            journal.append(new RestoreEntry.BrokenOff(time.instant(), String.valueOf(reason.getMessage())));
        } catch (AmbrotypeException e) {
            // What the journal has is enough to go on from; the reason matters more.
            reason.addSuppressed(e);
        } finally {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    private RestoreEntry.Begun begun(Prepared prepared) {
        LiveRestoreRequest request = prepared.plan.request();
        return new RestoreEntry.Begun(
                prepared.base,
                prepared.run,
                toolVersion,
                prepared.plan.manifest().snapshot().text(),
                request.deployment(),
                prepared.target.topology().nodes().stream().map(Node::id).toList(),
                request.selection(),
                request.onConflict(),
                request.shiftTtl(),
                request.skipUnsupported());
    }

    private static AmbrotypeException stopped(AmbrotypeException cause, LiveRestorePlan plan, Ledger ledger) {
        String resume = "ambrotype restore " + plan.manifest().snapshot() + " --to "
                + plan.request().deployment() + " --resume goes on from there";
        return AmbrotypeException.of(
                        cause.code(), cause.getMessage() + "; stopped with " + ledger.written() + " keys written")
                .withHint(cause.hint().map(hint -> hint + "; then " + resume).orElse(resume))
                .causedBy(cause);
    }

    private LiveRestoreReport write(
            Prepared prepared,
            Ledger ledger,
            Marker marker,
            Journal<RestoreEntry> journal,
            LiveRestoreListener listener)
            throws InterruptedException {
        List<String> evicted = new ArrayList<>();
        LiveRestorePlan plan = prepared.plan;
        LiveRestoreRequest request = plan.request();
        try (TargetNodes nodes = new TargetNodes(request.settings(), request.seeds(), plan.target(), time);
                Writers writers = new Writers(nodes, time, request.patience())) {
            marker.watch(nodes);
            int functions = loadFunctions(prepared, nodes);
            List<Mark> from = plan.manifest().shards().stream()
                    .map(shard -> mark(prepared.earlier, shard))
                    .toList();
            feed(prepared, from, Optional.empty(), nodes, writers, ledger, marker, journal, listener);
            Lost lost = nodes.takeLost();
            for (int pass = 1; pass < PASSES && !lost.servers().isEmpty(); pass++) {
                listener.notice(String.join(", ", lost.servers())
                        + " took keys that no other server had confirmed, and was started again or replaced: "
                        + "they are looked for, and written again where they are missing");
                from = marker.again();
                // Counts nothing: what is written now was counted when it was written first.
                Ledger again = new Ledger(request, 0);
                feed(prepared, from, Optional.of(lost.slots()), nodes, writers, again, marker, journal, listener);
                lost = nodes.takeLost();
            }
            marker.mark(journal);
            if (!lost.servers().isEmpty()) {
                marker.again();
                marker.mark(journal);
            }
            // A master that was promoted meanwhile may not have been told of them.
            functions = Math.max(functions, loadFunctions(prepared, nodes));
            nodes.evicted().forEach((node, keys) -> evicted.add(node + " (" + keys + ")"));
            return new LiveRestoreReport(
                    ledger.written(),
                    ledger.skipped(),
                    ledger.appeared.count(),
                    ledger.appeared.first(),
                    plan.expired(),
                    plan.orphans(),
                    plan.unsupported() + ledger.unsupported.count(),
                    concat(plan.firstUnsupported(), ledger.unsupported.first()),
                    functions,
                    lost.servers(),
                    evicted,
                    journal.file());
        }
    }

    /** Sends the dumps from the marks on, all of it or what is in some slots, and waits for the end of it. */
    private void feed(
            Prepared prepared,
            List<Mark> from,
            Optional<BitSet> slots,
            TargetNodes nodes,
            Writers writers,
            Ledger ledger,
            Marker marker,
            Journal<RestoreEntry> journal,
            LiveRestoreListener listener)
            throws InterruptedException {
        Manifest manifest = prepared.plan.manifest();
        Totals totals = new Totals(manifest);
        readAll(
                manifest,
                (shard, reader) -> new DumpFeed(
                                prepared.sieves.get(shard.index()),
                                slots,
                                prepared.looks.get(shard.index()),
                                from.get(shard.index()),
                                marker.track(shard.index()),
                                writers,
                                new Batches(writers, nodes, true, shard.dump().rdbBytes()),
                                prepared.features,
                                prepared.plan.request().onConflict(),
                                ledger,
                                prepared.run,
                                () -> marker.mark(journal),
                                bytes -> {
                                    totals.at(shard.index(), bytes, 0);
                                    marker.markWhenDue(journal);
                                    listener.written(totals.bytes(), totals.all(), marker.written());
                                })
                        .run(reader));
        writers.await();
    }

    /** To all masters that there are now; a failover is waited for. */
    private int loadFunctions(Prepared prepared, TargetNodes nodes) throws InterruptedException {
        LiveRestoreRequest request = prepared.plan.request();
        Instant deadline = time.instant().plus(request.patience());
        while (!prepared.functions.names().isEmpty()) {
            try {
                return prepared.functions.load(nodes.lookNow(), request.settings(), request.onConflict());
            } catch (AmbrotypeException e) {
                boolean passes = (e instanceof RespConnectionException broken && Writers.isPassing(broken.reason()))
                        || (e instanceof RespErrorException refusal && NodeLink.isPassing(refusal));
                if (!passes || time.instant().isAfter(deadline)) {
                    throw e;
                }
                time.sleep(BETWEEN_ATTEMPTS);
            }
        }
        return 0;
    }

    // ---- reading dumps

    private interface ShardTask {
        void read(Manifest.Shard shard, RdbReader reader) throws IOException, InterruptedException;
    }

    /** Reads all dumps, a few side by side, each to its end and through all of its checks. */
    private void readAll(Manifest manifest, ShardTask task) throws InterruptedException {
        try (TaskGroup group = TaskGroup.ofComputing(PARALLEL)) {
            for (Manifest.Shard shard : manifest.shards()) {
                group.fork(
                        "dump of shard " + shard.index(),
                        () -> repository.readDump(shard.dump(), reader -> {
                            try {
                                task.read(shard, reader);
                            } catch (InterruptedException e) {
                                Thread.currentThread().interrupt();
                                throw new InterruptedIOException("interrupted");
                            }
                            return true;
                        }));
            }
            group.join();
        } catch (RuntimeException | InterruptedException e) {
            throw e;
        } catch (Exception e) {
            throw new IllegalStateException(e);
        }
    }

    private static Mark mark(Optional<Run> earlier, Manifest.Shard shard) {
        return earlier.map(run -> run.of(shard.index())).orElse(new Mark(shard.index(), 0, 0));
    }

    private Sieve sieve(
            Manifest manifest, Manifest.Shard shard, LiveRestoreRequest request, TargetState target, Instant base) {
        BitSet owned = manifest.slotsOf(shard);
        long shift =
                request.shiftTtl() ? Duration.between(shard.capturedAt(), base).toMillis() : 0;
        return new Sieve(
                owned,
                request.selection(),
                request.selection().keys().stream().map(KeyPattern::of).toList(),
                new ExpiryRule(time.millis(), shift),
                request.shiftTtl(),
                Payloads.of(target.versions()),
                target);
    }

    // ---- what has to hold

    private static void requireDatabases(Manifest manifest, LiveRestoreRequest request, TargetState target) {
        int highest = highestDatabase(manifest, request.selection());
        if (highest < target.databases()) {
            return;
        }
        boolean cluster = target.topology().kind() == DeploymentKind.CLUSTER;
        throw AmbrotypeException.of(
                        ErrorCode.UNRECOVERABLE,
                        "the snapshot has keys for database " + highest + ", and "
                                + (cluster && target.databases() == 1
                                        ? "a cluster has database 0 only"
                                        : "the target has " + target.databases() + " databases"))
                .withHint("nothing was written; --db 0 restores database 0 only, --db " + highest + ":0 puts database "
                        + highest + " into database 0");
    }

    private static int highestDatabase(Manifest manifest, Selection selection) {
        return manifest.shards().stream()
                .map(Manifest.Shard::content)
                .map(DumpContent::databases)
                .flatMap(databases -> databases.keySet().stream())
                .filter(selection::wantsDatabase)
                .mapToInt(selection::target)
                .max()
                .orElse(0);
    }

    private static void warnOfMemory(Manifest manifest, TargetState target, long bytes, List<String> warnings) {
        long rdbBytes = manifest.shards().stream()
                .mapToLong(shard -> shard.dump().rdbBytes())
                .sum();
        long usedThere = manifest.shards().stream()
                .map(shard -> shard.content().aux().getOrDefault("used-mem", ""))
                .filter(text -> text.matches("[0-9]{1,18}"))
                .mapToLong(Long::parseLong)
                .sum();
        // A value takes more memory than bytes in a dump; how much more the source's own use tells.
        long needed = Math.max(bytes, rdbBytes == 0 ? 0 : (long) ((double) usedThere * bytes / rdbBytes));
        target.freeBytes()
                .filter(free -> free < needed)
                .ifPresent(free -> warnings.add("it may not fit: about " + (needed >> 20)
                        + " MiB are needed, and the masters have " + (free >> 20) + " MiB left to their maxmemory"));
    }

    private static List<String> concat(List<String> some, List<String> more) {
        List<String> all = new ArrayList<>(some);
        all.addAll(more);
        return all;
    }

    // ---- how far it is

    /** How far all dumps are read. Thread-safe. */
    private static final class Totals {
        private final AtomicLongArray bytes;
        private final AtomicLongArray entries;
        private final long all;

        Totals(Manifest manifest) {
            bytes = new AtomicLongArray(manifest.shards().size());
            entries = new AtomicLongArray(manifest.shards().size());
            all = manifest.shards().stream()
                    .mapToLong(shard -> shard.dump().rdbBytes())
                    .sum();
        }

        void at(int shard, long newBytes, long newEntries) {
            bytes.set(shard, newBytes);
            entries.set(shard, newEntries);
        }

        long bytes() {
            return sum(bytes);
        }

        long entries() {
            return sum(entries);
        }

        long all() {
            return all;
        }

        private static long sum(AtomicLongArray values) {
            long sum = 0;
            for (int i = 0; i < values.length(); i++) {
                sum += values.get(i);
            }
            return sum;
        }
    }

    /** Writes marks of all dumps into the journal. Thread-safe. */
    private final class Marker {
        private final Ledger ledger;
        private final List<Track> tracks = new CopyOnWriteArrayList<>();
        private volatile @Nullable TargetNodes nodes;
        private final ReentrantLock marking = new ReentrantLock();
        private volatile Instant marked;

        Marker(Prepared prepared, Ledger ledger) {
            this.ledger = ledger;
            this.marked = time.instant();
            for (Manifest.Shard shard : prepared.plan.manifest().shards()) {
                tracks.add(new Track(LiveRestore.mark(prepared.earlier, shard)));
            }
        }

        /** The servers that are written to from now on. */
        void watch(TargetNodes target) {
            nodes = target;
        }

        Track track(int shard) {
            return tracks.get(shard);
        }

        long written() {
            return ledger.written();
        }

        /** Nothing counts as done any more, and everything sent as what may be there; the marks to begin from. */
        List<Mark> again() {
            tracks.replaceAll(track -> new Track(track.mark().again()));
            return tracks.stream().map(Track::mark).toList();
        }

        void mark(Journal<RestoreEntry> journal) {
            marking.lock();
            try {
                long written = ledger.written();
                List<Mark> marks = tracks.stream().map(Track::mark).toList();
                // In this order: what is done by now was at risk before, unless it was confirmed.
                TargetNodes target = nodes;
                List<AtRisk> atRisk = target == null ? List.of() : target.atRisk();
                journal.append(new RestoreEntry.Marks(time.instant(), marks, written, atRisk));
                marked = time.instant();
            } finally {
                marking.unlock();
            }
        }

        void markWhenDue(Journal<RestoreEntry> journal) {
            if (time.instant().isAfter(marked.plus(BETWEEN_MARKS)) && marking.tryLock()) {
                try {
                    mark(journal);
                } finally {
                    marking.unlock();
                }
            }
        }
    }
}
