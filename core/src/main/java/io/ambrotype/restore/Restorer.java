package io.ambrotype.restore;

import io.ambrotype.common.AmbrotypeException;
import io.ambrotype.common.ErrorCode;
import io.ambrotype.common.TaskGroup;
import io.ambrotype.common.TeeChannel;
import io.ambrotype.rdb.Crossing;
import io.ambrotype.rdb.RdbFormatException;
import io.ambrotype.rdb.RdbReader;
import io.ambrotype.rdb.RdbRouter;
import io.ambrotype.rdb.RdbUnsupportedException;
import io.ambrotype.rdb.RdbVersion;
import io.ambrotype.rdb.RdbWriter;
import io.ambrotype.rdb.RecordKind;
import io.ambrotype.rdb.Transcoder;
import io.ambrotype.repository.Manifest;
import io.ambrotype.repository.Repository;
import io.ambrotype.restore.RestorePlan.Data;
import io.ambrotype.topology.SlotSet;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedByInterruptException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.channels.ReadableByteChannel;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Writes what a {@link RestorePlan} says, or a whole snapshot as one RDB. Every dump is read through all of its checks
 * (object, frames, the source's CRC-64, number of entries) on the way.
 *
 * <p>Nothing appears under its final name before everything is written and flushed: what fails or is interrupted is
 * removed again; what is killed leaves a folder that no server can mistake for its own.
 */
public final class Restorer {
    private static final String STAGING = ".restoring";
    private static final int PARALLEL = 2;
    private static final long UNKNOWN = -1;

    /** What a server with {@code appendonly yes} loads instead of a dump: from 7.0 on, and before. */
    private static final List<String> APPEND_ONLY = List.of("appendonlydir", "appendonly.aof");

    private final Repository repository;
    private final RestoreListener listener;
    private final AtomicLong readBytes = new AtomicLong();
    private final AtomicLong passedEntries = new AtomicLong();
    private long totalBytes;
    private long freeBytes = UNKNOWN;

    /** A restore from this repository, for one use. */
    public Restorer(Repository repository, RestoreListener listener) {
        this.repository = repository;
        this.listener = listener;
    }

    /**
     * Makes sure that a restore would not touch what is there.
     *
     * @throws AmbrotypeException {@link ErrorCode#UNSAFE} where the folder holds anything
     */
    public static void requireEmpty(Path folder) {
        if (!Files.exists(folder)) {
            return;
        }
        if (!Files.isDirectory(folder)) {
            throw AmbrotypeException.of(ErrorCode.UNSAFE, folder + " is not a folder")
                    .withHint("name a folder that is empty or does not exist yet");
        }
        try (var files = Files.list(folder)) {
            Optional<Path> first = files.min(Comparator.naturalOrder());
            if (first.isPresent()) {
                Path left = folder.resolve(STAGING);
                boolean interrupted = Files.exists(left);
                throw AmbrotypeException.of(
                                ErrorCode.UNSAFE,
                                folder
                                        + (interrupted
                                                ? " holds what an interrupted restore left behind"
                                                : " is not empty"))
                        .withHint(
                                interrupted
                                        ? "make sure that no other restore is at work there, then remove what is in"
                                                + " it, as its dumps may be incomplete, and run the command again"
                                        : "it holds " + first.get().getFileName()
                                                + "; name a folder that is empty or does not exist yet: nothing is"
                                                + " overwritten");
            }
        } catch (IOException e) {
            throw failed("look into " + folder, e);
        }
    }

    /**
     * Makes sure that a restore into one file would not touch what is there.
     *
     * @throws AmbrotypeException {@link ErrorCode#UNSAFE} where there is anything of that name
     */
    public static void requireAbsent(Path file) {
        if (Files.exists(file, LinkOption.NOFOLLOW_LINKS)) {
            throw AmbrotypeException.of(ErrorCode.UNSAFE, file + " exists already")
                    .withHint("name a file that does not exist yet: nothing is overwritten");
        }
    }

    /** What of the plan's snapshot its target cannot have. Reads the dumps that it has to read for that. */
    public Uncrossable uncrossable(RestorePlan plan) {
        return plan.target()
                .map(target -> new CrossingSearch(repository, plan.manifest(), target.version())
                        .find(inputs(plan.manifest(), plan.routedSlots())))
                .orElse(Uncrossable.NOTHING);
    }

    /** What of a snapshot these servers cannot have, all of it together. */
    public Uncrossable uncrossable(Manifest manifest, Optional<RestoreTarget> target) {
        return target.map(servers -> new CrossingSearch(repository, manifest, servers.version())
                        .find(inputs(manifest, List.of(SlotSet.ALL))))
                .orElse(Uncrossable.NOTHING);
    }

    /**
     * Makes sure that the target can have everything, or that the rest may be left out.
     *
     * @throws AmbrotypeException {@link ErrorCode#UNRECOVERABLE} otherwise
     */
    public static void requireCrossing(Manifest manifest, Optional<RestoreTarget> target, Uncrossable uncrossable) {
        if (target.isPresent() && !target.get().skipUnsupported() && !uncrossable.isEmpty()) {
            List<String> what = new ArrayList<>();
            if (uncrossable.entries() > 0) {
                Uncrossable.Item first = uncrossable.items().getFirst();
                what.add(uncrossable.entries() + (uncrossable.entries() == 1 ? " entry" : " entries") + " (first '"
                        + first.key() + "': " + first.reason() + ")");
            }
            if (!uncrossable.functions().isEmpty()) {
                what.add("function libraries: " + String.join(", ", uncrossable.functions()));
            }
            throw AmbrotypeException.of(
                            ErrorCode.UNRECOVERABLE,
                            target.get().version() + " cannot have all of snapshot " + manifest.snapshot() + ": "
                                    + String.join("; ", what))
                    .withHint("nothing was written; --dry-run lists them all, --skip-unsupported restores the rest"
                            + " without them, and a later --target-version may have them");
        }
    }

    /** Writes the node folders of the plan, as {@link #run(RestorePlan, Uncrossable)}. */
    public RestoreReport run(RestorePlan plan) throws InterruptedException {
        return run(plan, uncrossable(plan));
    }

    /**
     * Writes the node folders of the plan.
     *
     * @param uncrossable what {@link #uncrossable(RestorePlan)} said of the plan; it is left out
     * @throws AmbrotypeException {@link ErrorCode#UNRECOVERABLE} where the target cannot have it and leaving out was not asked for;
     *     {@link ErrorCode#UNSAFE} where the folder is not empty; {@link ErrorCode#CORRUPT} where
     *     the repository's objects are not what the manifest says; nothing is left in the folder then
     */
    public RestoreReport run(RestorePlan plan, Uncrossable uncrossable) throws InterruptedException {
        requireEmpty(plan.folder());
        requireCrossing(plan.manifest(), plan.target(), uncrossable);
        freeBytes = free(plan.folder());
        boolean existed = Files.exists(plan.folder());
        Path staging = plan.folder().resolve(STAGING);
        // What was made here and may be removed again: somebody else may be at work in the same folder.
        List<Path> made = new ArrayList<>();
        boolean done = false;
        try {
            Files.createDirectories(plan.folder());
            OwnerOnly.folder(staging);
            made.add(staging);
            for (RestorePlan.Node node : plan.nodes()) {
                OwnerOnly.folder(staging.resolve(node.name()));
            }
            Written written = writeDumps(plan, staging, uncrossable);
            for (RestorePlan.Node node : plan.nodes()) {
                Path folder = staging.resolve(node.name());
                if (node.data() instanceof Data.SameAs same) {
                    link(staging.resolve(same.folder()).resolve("dump.rdb"), folder.resolve("dump.rdb"));
                }
                if (node.nodesConf().isPresent()) {
                    OwnerOnly.write(
                            folder.resolve(node.nodesConf().get().name()),
                            node.nodesConf().get().text());
                }
                OwnerOnly.write(folder.resolve("ambrotype.conf"), node.configuration());
                OwnerOnly.flushFolder(folder);
            }
            List<String> steps = NextSteps.of(plan);
            OwnerOnly.write(staging.resolve("NEXT-STEPS.txt"), numbered(steps));
            for (RestorePlan.Node node : plan.nodes()) {
                publish(node.name(), staging, plan.folder(), made);
            }
            publish("NEXT-STEPS.txt", staging, plan.folder(), made);
            Files.delete(staging);
            OwnerOnly.flushFolder(plan.folder());
            done = true;
            return new RestoreReport(
                    plan.folder(),
                    written.entries,
                    written.leftOut,
                    written.skipped,
                    written.bytes,
                    written.notices,
                    steps);
        } catch (ClosedByInterruptException e) {
            throw interrupted();
        } catch (IOException e) {
            throw notWritten("write to " + plan.folder(), e);
        } finally {
            if (!done) {
                removeAll(made, plan.folder(), existed);
            }
        }
    }

    /** Writes all entries of a snapshot into one RDB for a single server of the snapshot's version. */
    public RestoreReport writeSingle(Manifest manifest, Path file) throws InterruptedException {
        return writeSingle(manifest, file, Optional.empty(), Uncrossable.NOTHING);
    }

    /**
     * Writes all entries of a snapshot into one RDB for a single server.
     *
     * @param file must not exist; its folder must
     * @param target the servers to write for; empty for those of the snapshot
     * @param uncrossable what {@link #uncrossable(Manifest, Optional)} said of it; it is left out
     * @throws AmbrotypeException as {@link #run}
     */
    public RestoreReport writeSingle(
            Manifest manifest, Path file, Optional<RestoreTarget> target, Uncrossable uncrossable)
            throws InterruptedException {
        Path absolute = file.toAbsolutePath().normalize();
        requireAbsent(absolute);
        requireCrossing(manifest, target, uncrossable);
        Path partial = absolute.resolveSibling("." + absolute.getFileName() + STAGING);
        requireAbandoned(partial, absolute);
        freeBytes = free(absolute);
        totalBytes = manifest.shards().stream()
                .mapToLong(shard -> shard.dump().rdbBytes())
                .sum();
        boolean done = false;
        try {
            Files.deleteIfExists(partial);
            Written written = new Written();
            written.notices.addAll(appendOnlyBeside(absolute));
            route(manifest, List.of(partial), List.of(SlotSet.ALL), target, uncrossable, written);
            Files.move(partial, absolute);
            OwnerOnly.flushFolder(absolute.getParent() == null ? absolute : absolute.getParent());
            done = true;
            return new RestoreReport(
                    absolute,
                    written.entries,
                    written.leftOut,
                    written.skipped,
                    written.bytes,
                    written.notices,
                    NextSteps.ofFile(manifest, absolute, target));
        } catch (ClosedByInterruptException e) {
            throw interrupted();
        } catch (IOException e) {
            throw notWritten("write " + absolute, e);
        } finally {
            if (!done) {
                try {
                    Files.deleteIfExists(partial);
                } catch (IOException e) {
                    listener.notice("cannot remove " + partial + ": " + reason(e));
                }
            }
        }
    }

    // ---- dumps

    private Written writeDumps(RestorePlan plan, Path staging, Uncrossable uncrossable)
            throws IOException, InterruptedException {
        Manifest manifest = plan.manifest();
        List<RestorePlan.Node> routed = plan.nodes().stream()
                .filter(node -> node.data() instanceof Data.Routed)
                .toList();
        List<SlotSet> slots = plan.routedSlots();
        totalBytes = plan.verbatimShards().stream()
                        .mapToLong(shard -> manifest.shards().get(shard).dump().rdbBytes())
                        .sum()
                + inputs(manifest, slots).stream()
                        .mapToLong(shard -> shard.dump().rdbBytes())
                        .sum();

        Written written = new Written();
        Map<String, Long> sizes = new ConcurrentHashMap<>();
        try (TaskGroup tasks = TaskGroup.ofComputing(PARALLEL)) {
            for (RestorePlan.Node node : plan.nodes()) {
                if (node.data() instanceof Data.Verbatim verbatim) {
                    tasks.fork("restore " + node.name(), () -> {
                        Manifest.Shard shard = manifest.shards().get(verbatim.shard());
                        copy(shard, staging.resolve(node.name()).resolve("dump.rdb"));
                        sizes.put(node.name(), shard.dump().rdbBytes());
                    });
                }
            }
            tasks.join();
        } catch (AmbrotypeException | InterruptedException e) {
            throw e;
        } catch (Exception e) {
            throw notWritten("write to " + plan.folder(), e);
        }
        for (Integer shard : plan.verbatimShards()) {
            written.entries += manifest.shards().get(shard).content().entries();
        }
        written.bytes += sizes.values().stream().mapToLong(Long::longValue).sum();
        if (!routed.isEmpty()) {
            List<Path> files = routed.stream()
                    .map(node -> staging.resolve(node.name()).resolve("dump.rdb"))
                    .toList();
            route(manifest, files, slots, plan.target(), uncrossable, written);
        }
        return written;
    }

    /** Hands the dump back byte for byte, reading it as a server would. */
    private void copy(Manifest.Shard shard, Path file) throws IOException {
        try (FileChannel target = OwnerOnly.create(file);
                RdbReader reader = RdbReader.open(new TeeChannel(repository.openDump(shard.dump()), target))) {
            long entries = 0;
            long reported = 0;
            for (RecordKind kind = reader.next(); kind != RecordKind.END; kind = reader.next()) {
                if (kind == RecordKind.ENTRY) {
                    entries++;
                }
                if (reader.position() - reported > 4 << 20) {
                    report(reader.position() - reported, 0);
                    reported = reader.position();
                }
            }
            report(reader.position() - reported, entries);
            requireEntries(shard, entries);
            target.force(true);
        } catch (RdbFormatException e) {
            throw damaged(shard, e);
        }
    }

    private void route(
            Manifest manifest,
            List<Path> files,
            List<SlotSet> slots,
            Optional<RestoreTarget> target,
            Uncrossable uncrossable,
            Written written)
            throws IOException {
        List<Manifest.Shard> inputs = inputs(manifest, slots);
        // Masters without slots get an empty dump of the same kind as the others.
        List<Manifest.Shard> models = inputs.isEmpty() ? manifest.shards() : inputs;
        RdbVersion version = models.stream()
                .map(shard -> versionOf(shard))
                .max(Comparator.comparing(RdbVersion::dialect).thenComparingInt(RdbVersion::number))
                .orElseThrow();
        List<AutoCloseable> open = new ArrayList<>();
        try {
            List<FileChannel> channels = new ArrayList<>();
            List<RdbWriter> writers = new ArrayList<>();
            for (Path file : files) {
                FileChannel channel = OwnerOnly.create(file);
                open.add(channel);
                hold(channel);
                channels.add(channel);
                RdbWriter writer = target.isPresent()
                        ? new RdbWriter(channel, target.get().version())
                        : new RdbWriter(channel, version);
                open.add(writer);
                writers.add(writer);
                // A file for others does not say that their vendor's servers wrote it.
                for (String name :
                        target.isPresent() ? List.of("redis-bits") : List.of("redis-ver", "valkey-ver", "redis-bits")) {
                    String value = models.getFirst().content().aux().get(name);
                    if (value != null) {
                        writer.aux(name, value);
                    }
                }
            }
            List<RdbRouter.Input> sources = new ArrayList<>();
            for (Manifest.Shard shard : inputs) {
                RdbReader reader = RdbReader.open(new Counting(repository.openDump(shard.dump())));
                open.add(reader);
                BitSet owned = manifest.slotsOf(shard);
                sources.add(new RdbRouter.Input("shard " + shard.index(), reader, owned::get));
            }
            int[] targetOfSlot = targets(slots);
            RdbRouter.Report report = new RdbRouter(
                            writers,
                            slot -> targetOfSlot[slot],
                            exclusion(inputs, target, uncrossable),
                            uncrossable.functions().isEmpty())
                    .route(sources);
            for (int i = 0; i < inputs.size(); i++) {
                RdbRouter.InputReport input = report.inputs().get(i);
                long orphans = input.orphans().values().stream()
                        .mapToLong(Long::longValue)
                        .sum();
                requireEntries(inputs.get(i), input.routed() + input.leftOut() + input.excluded() + orphans);
                written.leftOut += orphans;
                written.skipped += input.excluded();
            }
            if (written.skipped > 0) {
                written.notices.add(
                        written.skipped + " entries were left out; a comparison with the snapshot will miss" + " them");
            }
            for (RdbRouter.FunctionConflict conflict : report.conflicts()) {
                written.notices.add("function library " + conflict.library() + " is not the same in "
                        + conflict.written() + " and " + conflict.refused() + "; that of " + conflict.written()
                        + " was written");
            }
            for (int i = 0; i < writers.size(); i++) {
                written.bytes += writers.get(i).finish();
                written.entries += writers.get(i).entries();
                channels.get(i).force(true);
            }
        } catch (RdbFormatException e) {
            throw AmbrotypeException.of(
                            ErrorCode.CORRUPT,
                            "a dump of snapshot " + manifest.snapshot() + " is damaged: " + e.getMessage())
                    .withHint("ambrotype verify " + manifest.snapshot() + " says which; restore another snapshot")
                    .causedBy(e);
        } catch (RdbUnsupportedException e) {
            throw AmbrotypeException.of(ErrorCode.UNRECOVERABLE, e.getMessage() == null ? "" : e.getMessage())
                    .causedBy(e);
        } finally {
            close(open);
        }
    }

    private static RdbRouter.Exclusion exclusion(
            List<Manifest.Shard> inputs, Optional<RestoreTarget> target, Uncrossable uncrossable) {
        if (target.isEmpty() || uncrossable.entries() == 0) {
            return RdbRouter.Exclusion.NOTHING;
        }
        Transcoder transcoder = new Transcoder(target.get().version());
        return (input, reader) -> transcoder.crossing(reader) instanceof Crossing.Refused
                || uncrossable
                        .exceeding()
                        .getOrDefault(inputs.get(input).index(), Set.of())
                        .contains(reader.recordOffset());
    }

    /** The shards that own any of the slots. */
    private static List<Manifest.Shard> inputs(Manifest manifest, List<SlotSet> slots) {
        SlotSet wanted = slots.stream().reduce(SlotSet.NONE, SlotSet::union);
        return manifest.shards().stream()
                .filter(shard -> !SlotSet.of(manifest.slotsOf(shard))
                        .intersection(wanted)
                        .isEmpty())
                .toList();
    }

    private static int[] targets(List<SlotSet> slots) {
        int[] targets = new int[SlotSet.ALL.size()];
        Arrays.fill(targets, RdbRouter.LEAVE_OUT);
        for (int i = 0; i < slots.size(); i++) {
            int target = i;
            slots.get(i).stream().forEach(slot -> targets[slot] = target);
        }
        return targets;
    }

    static RdbVersion versionOf(Manifest.Shard shard) {
        return RdbVersion.parse(shard.content().rdbVersion())
                .orElseThrow(() -> AmbrotypeException.of(
                        ErrorCode.CORRUPT,
                        "shard " + shard.index() + " has an RDB version that does not exist, "
                                + shard.content().rdbVersion()));
    }

    private static void requireEntries(Manifest.Shard shard, long found) {
        if (found != shard.content().entries()) {
            throw AmbrotypeException.of(
                    ErrorCode.CORRUPT,
                    shard.dump().objectName() + " holds " + found + " entries, and the manifest says "
                            + shard.content().entries());
        }
    }

    private static AmbrotypeException damaged(Manifest.Shard shard, RdbFormatException e) {
        return AmbrotypeException.of(ErrorCode.CORRUPT, shard.dump().objectName() + " is damaged: " + e.getMessage())
                .withHint("restore another snapshot; ambrotype list shows what there is")
                .causedBy(e);
    }

    private void report(long bytes, long entries) {
        listener.progress(readBytes.addAndGet(bytes), totalBytes, passedEntries.addAndGet(entries));
    }

    // ---- files

    private static void link(Path existing, Path link) throws IOException {
        try {
            Files.createLink(link, existing);
        } catch (IOException | UnsupportedOperationException e) {
            try (FileChannel source = FileChannel.open(existing);
                    FileChannel target = OwnerOnly.create(link)) {
                for (long at = 0; at < source.size(); ) {
                    at += source.transferTo(at, source.size() - at, target);
                }
                target.force(true);
            }
        }
    }

    private static void publish(String name, Path staging, Path folder, List<Path> made) throws IOException {
        Files.move(staging.resolve(name), folder.resolve(name));
        made.add(folder.resolve(name));
    }

    private void removeAll(List<Path> made, Path folder, boolean existed) {
        try {
            for (Path path : made) {
                OwnerOnly.removeTree(path);
            }
            if (!existed && !made.isEmpty()) {
                Files.deleteIfExists(folder);
            }
        } catch (IOException e) {
            listener.notice("cannot remove what was written to " + folder + ": " + reason(e));
        }
    }

    private static String numbered(List<String> steps) {
        StringBuilder text = new StringBuilder();
        for (int i = 0; i < steps.size(); i++) {
            text.append(i + 1).append(". ").append(steps.get(i)).append('\n');
        }
        return text.toString();
    }

    private static void close(List<AutoCloseable> open) {
        for (AutoCloseable each : open.reversed()) {
            try {
                each.close();
            } catch (Exception e) {
                // What was written is thrown away or was flushed already.
            }
        }
    }

    /** Says of a file that it is being written, as long as its channel is open. */
    private static void hold(FileChannel channel) {
        try {
            channel.tryLock();
        } catch (IOException e) {
            // A file system without locks: there nobody can tell.
        }
    }

    /** What a restore that was killed has left of its file is nobody's; what is held is another restore's. */
    private static void requireAbandoned(Path partial, Path file) {
        boolean held;
        try (FileChannel channel = FileChannel.open(partial, StandardOpenOption.WRITE, LinkOption.NOFOLLOW_LINKS);
                FileLock lock = channel.tryLock()) {
            held = lock == null;
        } catch (OverlappingFileLockException e) {
            held = true;
        } catch (IOException e) {
            held = false;
        }
        if (held) {
            throw AmbrotypeException.of(ErrorCode.UNSAFE, "another restore is writing " + file)
                    .withHint("wait until it has ended, or name another file");
        }
    }

    private static List<String> appendOnlyBeside(Path file) {
        return APPEND_ONLY.stream()
                .map(file::resolveSibling)
                .filter(Files::exists)
                .map(beside -> beside + " lies beside " + file.getFileName()
                        + ": a server with appendonly yes would load that instead; move it out of the way before the"
                        + " server starts")
                .toList();
    }

    /** Bytes that can be written there; {@link #UNKNOWN} where nobody says. */
    private static long free(Path place) {
        Path existing = place.toAbsolutePath();
        while (!Files.exists(existing) && existing.getParent() != null) {
            existing = existing.getParent();
        }
        try {
            return Files.getFileStore(existing).getUsableSpace();
        } catch (IOException e) {
            return UNKNOWN;
        }
    }

    private AmbrotypeException notWritten(String action, Exception e) {
        AmbrotypeException failure = failed(action, e);
        if (freeBytes != UNKNOWN && reason(e).equals("no space left on device")) {
            return failure.withHint("make room there or choose another place, and run the command again: about "
                    + totalBytes + " bytes are to be written, and " + freeBytes + " were free; nothing was left there");
        }
        return failure;
    }

    private static AmbrotypeException failed(String action, Exception e) {
        String reason = reason(e);
        AmbrotypeException failure = AmbrotypeException.of(ErrorCode.FAILED, "cannot " + action + ": " + reason)
                .causedBy(e);
        return switch (reason) {
            case "no space left on device", "disk quota exceeded" ->
                failure.withHint("make room there or choose another place, and run the command again");
            case "read-only file system" -> failure.withHint("mount it writable, or choose another place");
            default -> failure;
        };
    }

    private static String lower(String sentence) {
        return sentence.isEmpty()
                ? sentence
                : sentence.substring(0, 1).toLowerCase(Locale.ROOT) + sentence.substring(1);
    }

    private static InterruptedException interrupted() {
        // What threw had kept the interrupt; the exception stands for it now.
        Thread.interrupted();
        return new InterruptedException();
    }

    private static String reason(Exception e) {
        return switch (e) {
            case AccessDeniedException file -> file.getFile() + " may not be accessed (permission denied)";
            case FileAlreadyExistsException file -> file.getFile() + " exists already; is another restore at work?";
            case NoSuchFileException file -> file.getFile() + " does not exist";
            case FileSystemException file when file.getReason() != null -> lower(file.getReason());
            default -> e.getMessage() == null ? e.getClass().getSimpleName() : lower(e.getMessage());
        };
    }

    /** Sums of what was written. */
    private static final class Written {
        private long entries;
        private long leftOut;
        private long skipped;
        private long bytes;
        private final List<String> notices = new ArrayList<>();
    }

    /** Reports what is read. */
    private final class Counting implements ReadableByteChannel {
        private final ReadableByteChannel source;

        Counting(ReadableByteChannel source) {
            this.source = source;
        }

        @Override
        public int read(ByteBuffer target) throws IOException {
            int count = source.read(target);
            if (count > 0) {
                report(count, 0);
            }
            return count;
        }

        @Override
        public boolean isOpen() {
            return source.isOpen();
        }

        @Override
        public void close() throws IOException {
            source.close();
        }
    }
}
