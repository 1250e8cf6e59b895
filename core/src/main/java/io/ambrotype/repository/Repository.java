package io.ambrotype.repository;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.ambrotype.common.AmbrotypeException;
import io.ambrotype.common.ErrorCode;
import io.ambrotype.rdb.RdbFormatException;
import io.ambrotype.rdb.RdbReader;
import io.ambrotype.rdb.RecordKind;
import io.ambrotype.storage.ObjectName;
import io.ambrotype.storage.Store;
import io.ambrotype.storage.StoredWriter;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.ReadableByteChannel;
import java.security.MessageDigest;
import java.util.Arrays;
import java.util.Collections;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.Executor;
import java.util.function.LongConsumer;
import java.util.random.RandomGenerator;
import java.util.stream.Collectors;

/**
 * Snapshots in a {@link Store}, format 1.
 *
 * <p>A snapshot's life: {@link #begin} writes {@code begun.json}, so that it is visible as unfinished; its dumps are
 * written under the names of their content; {@link SnapshotDraft#commit} writes {@code manifest.json}, and with that the
 * snapshot exists. Readers go the other way. Nothing is ever changed after it was written, so that a crash at any moment
 * leaves every older snapshot as it was, and two backups at once do not touch each other.
 *
 * <p>Thread-safe as its store is. Where the store fails, methods throw {@link AmbrotypeException} as {@link Store} says.
 */
public final class Repository {
    private static final ObjectName ROOT = new ObjectName("ambrotype.json");
    private static final String SNAPSHOTS = "snapshots";
    private static final int DIGEST_BYTES = 32;

    private final Store store;
    private final RandomGenerator random;
    private final RepositoryId id;
    private final long fingerprintSeed;

    private Repository(Store store, RandomGenerator random, RepositoryId id, long fingerprintSeed) {
        this.store = store;
        this.random = random;
        this.id = id;
        this.fingerprintSeed = fingerprintSeed;
    }

    /**
     * Makes a new repository.
     *
     * @param store an empty place, or one that does not exist yet
     * @param random draws the repository's id and seed, and the digits of snapshot ids; unpredictable in production
     * @throws AmbrotypeException of code FAILED where the place holds anything, a repository or not
     */
    public static Repository create(Store store, RandomGenerator random) {
        if (store.size(ROOT).isPresent()) {
            throw exists(store);
        }
        if (!store.isEmpty()) {
            throw AmbrotypeException.of(
                            ErrorCode.FAILED, store.location() + " is neither empty nor a repository of ambrotype")
                    .withHint("name an empty folder or one that does not exist yet");
        }
        Repository repository = new Repository(store, random, RepositoryId.random(random), random.nextLong());
        byte[] bytes = SealedJson.seal(SealedJson.start()
                .put("repository", repository.id.text())
                .put("fingerprintSeed", HexFormat.of().toHexDigits(repository.fingerprintSeed)));
        if (!repository.store(ROOT, bytes)) {
            throw exists(store);
        }
        return repository;
    }

    /**
     * Opens the repository at a place, or makes it where the place is empty. Of several processes that do so at once, one
     * makes it and the others open it.
     *
     * @throws AmbrotypeException as {@link #create} and {@link #open} do, except that there is or is not one already
     */
    public static Repository openOrCreate(Store store, RandomGenerator random) {
        if (store.size(ROOT).isEmpty()) {
            try {
                return create(store, random);
            } catch (AmbrotypeException e) {
                if (store.size(ROOT).isEmpty()) {
                    throw e;
                }
            }
        }
        return open(store, random);
    }

    /**
     * Opens a repository.
     *
     * @param random draws the digits of snapshot ids
     * @throws AmbrotypeException of code NO_REPOSITORY where there is none; of code FAILED where its format is not
     *     known; of code CORRUPT where {@code ambrotype.json} is damaged
     */
    public static Repository open(Store store, RandomGenerator random) {
        byte[] bytes = read(store, ROOT)
                .orElseThrow(() -> AmbrotypeException.of(
                                ErrorCode.NO_REPOSITORY, "there is no repository in " + store.location())
                        .withHint("check the path; the first backup makes a repository in an empty folder"));
        JsonFields root = SealedJson.open(ROOT.text(), bytes);
        return root.build(() -> new Repository(
                store,
                random,
                new RepositoryId(root.text("repository")),
                HexFormat.fromHexDigitsToLong(root.text("fingerprintSeed"))));
    }

    private static AmbrotypeException exists(Store store) {
        return AmbrotypeException.of(ErrorCode.FAILED, "there is a repository in " + store.location() + " already");
    }

    /** What tells this repository from others. */
    public RepositoryId id() {
        return id;
    }

    /** The seed of all fingerprints and digests of this repository. */
    public long fingerprintSeed() {
        return fingerprintSeed;
    }

    /** The place in words, for messages. */
    public String location() {
        return store.location();
    }

    /**
     * Begins a snapshot: from now on it is visible as unfinished. Where it fails, it is, or there is nothing.
     *
     * @throws AmbrotypeException of code NO_REPOSITORY where the repository is no longer at its place
     */
    public SnapshotDraft begin(SnapshotBegun begun) {
        requirePresent();
        for (long attempt = 0; ; attempt++) {
            SnapshotId snapshot = SnapshotId.of(begun.begun().plusMillis(attempt), random);
            if (store(begunName(snapshot), ManifestJson.writeBegun(snapshot, begun))) {
                return new SnapshotDraft(this, snapshot, begun, newer(snapshot));
            }
        }
    }

    /** The newest finished snapshot whose id is later than this one. */
    private Optional<SnapshotId> newer(SnapshotId snapshot) {
        Set<ObjectName> names = Set.copyOf(store.list(SNAPSHOTS));
        return ids(names).stream()
                .filter(other -> other.compareTo(snapshot) > 0 && names.contains(manifestName(other)))
                .findFirst();
    }

    /** A writer for one dump, which compresses in the thread of its caller. */
    public DumpWriter dumpWriter() {
        return dumpWriter(Runnable::run, 1);
    }

    /**
     * A writer for one dump, which compresses in the thread of its caller.
     *
     * @param memory whose memory it uses; to be closed after the writer
     * @throws AmbrotypeException of code NO_REPOSITORY where the repository is no longer at its place
     */
    public DumpWriter dumpWriter(FrameMemory memory) {
        requirePresent();
        return new DumpWriter(store.newWriter(), Runnable::run, 1, memory, () -> {}, this::publish);
    }

    /**
     * A writer for one dump.
     *
     * @param compression where frames of 16 MiB are compressed; CPU-bound
     * @param maxFrames how many frames there may be at once, 32 MiB of memory each: one more than are to be compressed
     *     at once
     * @throws AmbrotypeException of code NO_REPOSITORY where the repository is no longer at its place
     */
    public DumpWriter dumpWriter(Executor compression, int maxFrames) {
        requirePresent();
        StoredWriter object = store.newWriter();
        FrameMemory own = new FrameMemory();
        return new DumpWriter(object, compression, maxFrames, own, own::close, this::publish);
    }

    private void publish(StoredWriter object, DumpReference dump) {
        ObjectName name = new ObjectName(dump.objectName());
        boolean isNew = object.commit(name);
        try {
            verifyObject(dump, _ -> {});
        } catch (AmbrotypeException e) {
            if (e.code() != ErrorCode.CORRUPT) {
                throw e;
            }
            store.delete(name);
            if (isNew || !object.commit(name)) {
                throw e;
            }
            verifyObject(dump, _ -> {});
        }
    }

    /**
     * Opens the RDB inside a stored dump. The bytes are proved (frame by frame, and by the object's SHA-256) only when
     * the channel has returned -1; where they turn out wrong, {@code read} throws {@link AmbrotypeException} of code
     * CORRUPT naming object and byte. Takes at most about 16 MiB, usually 2. For one thread at a time.
     *
     * @throws AmbrotypeException of code CORRUPT where the object is missing or has another size
     */
    public ReadableByteChannel openDump(DumpReference dump) {
        expectStored(dump);
        return new DumpChannel(
                dump,
                store.open(new ObjectName(dump.objectName()))
                        .orElseThrow(() -> missing(new ObjectName(dump.objectName()))));
    }

    /**
     * Reads a dump from the first byte to the last and checks all that can be checked without looking into the RDB.
     *
     * @param progress told the bytes of RDB passed, in growing order
     * @throws AmbrotypeException of code CORRUPT where the object is missing or damaged
     */
    public void verifyObject(DumpReference dump, LongConsumer progress) {
        ByteBuffer buffer = ByteBuffer.allocate(256 << 10);
        long passed = 0;
        try (ReadableByteChannel rdb = openDump(dump)) {
            for (int count = rdb.read(buffer); count >= 0; count = rdb.read(buffer.clear())) {
                passed += count;
                progress.accept(passed);
            }
        } catch (IOException e) {
            throw unreadable(new ObjectName(dump.objectName()), e);
        }
    }

    /** Something that is done with the entries of a dump. */
    @FunctionalInterface
    public interface RdbTask<T> {
        /**
         * Reads; need not go on to the end.
         *
         * @throws IOException where the bytes cannot be read or are no RDB
         */
        T read(RdbReader reader) throws IOException;
    }

    /**
     * Reads the RDB inside a stored dump, entry by entry. When this returns, every byte of it was proved: the servers' own
     * checksum and the object's SHA-256 are those of the bytes that the task was given.
     *
     * @throws AmbrotypeException of code CORRUPT where the object is missing or damaged or does not hold a whole RDB; of
     *     code FAILED where the task throws any other IOException
     */
    public <T> T readDump(DumpReference dump, RdbTask<T> task) {
        ObjectName name = new ObjectName(dump.objectName());
        try (ReadableByteChannel rdb = openDump(dump);
                RdbReader reader = RdbReader.open(rdb)) {
            T result = task.read(reader);
            while (reader.next() != RecordKind.END) {
                // What the task left over is passed, so that the checksums speak.
            }
            if (rdb.read(ByteBuffer.allocate(1)) >= 0) {
                throw AmbrotypeException.of(ErrorCode.CORRUPT, name + " goes on behind the end of its RDB");
            }
            return result;
        } catch (RdbFormatException e) {
            throw AmbrotypeException.of(ErrorCode.CORRUPT, name + " does not hold a whole RDB: " + e.getMessage())
                    .causedBy(e);
        } catch (IOException e) {
            throw unreadable(name, e);
        }
    }

    /** Checks that a dump is there with its size; its bytes are not looked at. */
    void expectStored(DumpReference dump) {
        ObjectName name = new ObjectName(dump.objectName());
        OptionalLong size = store.size(name);
        if (size.isEmpty()) {
            throw missing(name);
        }
        if (size.getAsLong() != dump.storedBytes()) {
            throw AmbrotypeException.of(
                    ErrorCode.CORRUPT,
                    name + " is damaged: it has " + size.getAsLong() + " bytes, not " + dump.storedBytes());
        }
    }

    /**
     * All snapshots, newest first. Of each manifest only the front is read; what is damaged is listed as damaged and
     * does not hide the others.
     */
    public List<SnapshotEntry> list() {
        Set<ObjectName> names = Set.copyOf(store.list(SNAPSHOTS));
        return ids(names).stream().map(snapshot -> entry(snapshot, names)).toList();
    }

    private SnapshotEntry entry(SnapshotId snapshot, Set<ObjectName> names) {
        try {
            if (names.contains(manifestName(snapshot))) {
                return new SnapshotEntry.Finished(summary(snapshot));
            }
            return new SnapshotEntry.Unfinished(snapshot, begun(snapshot));
        } catch (AmbrotypeException e) {
            return new SnapshotEntry.Damaged(snapshot, e.getMessage());
        }
    }

    /** The ids of snapshots that have one of their two files, newest first. */
    private static List<SnapshotId> ids(Set<ObjectName> names) {
        Set<SnapshotId> ids = new TreeSet<>(Collections.reverseOrder());
        for (ObjectName name : names) {
            String[] parts = name.text().split("/");
            if (parts.length == 3 && SnapshotId.isValid(parts[1])) {
                SnapshotId snapshot = new SnapshotId(parts[1]);
                if (name.equals(manifestName(snapshot)) || name.equals(begunName(snapshot))) {
                    ids.add(snapshot);
                }
            }
        }
        return List.copyOf(ids);
    }

    private SnapshotSummary summary(SnapshotId snapshot) {
        ObjectName name = manifestName(snapshot);
        ReadableByteChannel channel = store.open(name).orElseThrow(() -> missing(name));
        try (InputStream in = Channels.newInputStream(channel)) {
            SnapshotSummary summary = ManifestJson.readSummary(name.text(), in);
            expectOwn(name, snapshot, summary.snapshot());
            return summary;
        } catch (IOException e) {
            throw unreadable(name, e);
        }
    }

    /**
     * The manifest of a finished snapshot as the text that is stored, checked as {@link #manifest} does.
     *
     * @throws AmbrotypeException as {@link #manifest}
     */
    public String manifestText(SnapshotId snapshot) {
        manifest(snapshot);
        return new String(read(store, manifestName(snapshot)).orElseThrow(() -> unfinished(snapshot)), UTF_8);
    }

    /**
     * The manifest of a finished snapshot, read whole and checked against its seal.
     *
     * @throws AmbrotypeException of code CORRUPT where it is damaged; of code UNRECOVERABLE where there is none; of code
     *     FAILED where its format is not known
     */
    public Manifest manifest(SnapshotId snapshot) {
        ObjectName name = manifestName(snapshot);
        byte[] bytes = read(store, name).orElseThrow(() -> unfinished(snapshot));
        Manifest manifest = ManifestJson.read(name.text(), bytes);
        expectOwn(name, snapshot, manifest.snapshot());
        return manifest;
    }

    /**
     * What was written when a snapshot was begun.
     *
     * @throws AmbrotypeException of code CORRUPT where it is missing or damaged
     */
    public SnapshotBegun begun(SnapshotId snapshot) {
        ObjectName name = begunName(snapshot);
        return ManifestJson.readBegun(name.text(), snapshot, read(store, name).orElseThrow(() -> missing(name)));
    }

    /**
     * Finds the finished snapshot that a user has named. Nothing of it is read.
     *
     * @param name {@code latest}, an id, or the beginning of one
     * @throws AmbrotypeException of code USAGE where the name fits none or several; of code UNRECOVERABLE where it is
     *     of one that is not finished, or where there is none at all
     */
    public SnapshotId resolve(String name) {
        Set<ObjectName> names = Set.copyOf(store.list(SNAPSHOTS));
        List<SnapshotId> ids = ids(names);
        if (name.equals("latest")) {
            return ids.stream()
                    .filter(snapshot -> names.contains(manifestName(snapshot)))
                    .findFirst()
                    .orElseThrow(() -> AmbrotypeException.of(
                                    ErrorCode.UNRECOVERABLE, "there is no finished snapshot in " + location())
                            .withHint("take one: ambrotype backup"));
        }
        List<SnapshotId> found = name.isEmpty()
                ? List.of()
                : ids.stream()
                        .filter(snapshot -> snapshot.text().startsWith(name))
                        .toList();
        if (found.isEmpty()) {
            throw AmbrotypeException.of(ErrorCode.USAGE, "there is no snapshot '" + name + "' in " + location())
                    .withHint("see what there is: ambrotype list");
        }
        if (found.size() > 1) {
            throw AmbrotypeException.of(
                            ErrorCode.USAGE, "'" + name + "' is the beginning of " + found.size() + " snapshot ids")
                    .withHint("write more of it: "
                            + found.stream().limit(5).map(SnapshotId::text).collect(Collectors.joining(", ")));
        }
        SnapshotId snapshot = found.getFirst();
        if (!names.contains(manifestName(snapshot))) {
            throw unfinished(snapshot);
        }
        return snapshot;
    }

    /** The digests that were stored for a dump; empty where there are none or they are damaged: then compute them. */
    public Optional<byte[]> digests(DumpReference dump) {
        return read(store, digestsName(dump))
                .filter(Repository::isSealed)
                .map(bytes -> Arrays.copyOf(bytes, bytes.length - DIGEST_BYTES));
    }

    /**
     * Checks the digests that were stored for a dump; there need be none.
     *
     * @throws AmbrotypeException of code CORRUPT where they are damaged, which harms nothing but says that the place does harm
     */
    public void verifyDigests(DumpReference dump) {
        ObjectName name = digestsName(dump);
        if (!read(store, name).map(Repository::isSealed).orElse(true)) {
            throw AmbrotypeException.of(
                    ErrorCode.CORRUPT, name + " is damaged; no data are lost with it: remove it, and it is made anew");
        }
    }

    private static boolean isSealed(byte[] bytes) {
        int end = bytes.length - DIGEST_BYTES;
        return end >= 0 && Arrays.equals(bytes, end, bytes.length, seal(bytes, end), 0, DIGEST_BYTES);
    }

    /**
     * Keeps the digests of a dump, in place of others that were kept before. Where it fails, the old ones are there, or
     * the new ones, or none; all three are harmless.
     */
    public void storeDigests(DumpReference dump, byte[] digests) {
        byte[] bytes = Arrays.copyOf(digests, digests.length + DIGEST_BYTES);
        System.arraycopy(seal(digests, digests.length), 0, bytes, digests.length, DIGEST_BYTES);
        store.delete(digestsName(dump));
        store(digestsName(dump), bytes);
    }

    private static byte[] seal(byte[] bytes, int length) {
        MessageDigest digest = Sha256.digest();
        digest.update(bytes, 0, length);
        return digest.digest();
    }

    /** Stores a small object; false where there is one of that name. */
    boolean store(ObjectName name, byte[] bytes) {
        try (StoredWriter writer = store.newWriter()) {
            writer.append(ByteBuffer.wrap(bytes));
            writer.freeze();
            return writer.commit(name);
        }
    }

    private static Optional<byte[]> read(Store store, ObjectName name) {
        Optional<ReadableByteChannel> channel = store.open(name);
        if (channel.isEmpty()) {
            return Optional.empty();
        }
        try (InputStream in = Channels.newInputStream(channel.get())) {
            byte[] bytes = in.readNBytes(SealedJson.MAX_BYTES + 1);
            if (bytes.length > SealedJson.MAX_BYTES) {
                throw AmbrotypeException.of(
                        ErrorCode.CORRUPT, name + " has more than " + SealedJson.MAX_BYTES + " bytes");
            }
            return Optional.of(bytes);
        } catch (IOException e) {
            throw unreadable(name, e);
        }
    }

    private static void expectOwn(ObjectName name, SnapshotId expected, SnapshotId found) {
        if (!found.equals(expected)) {
            throw AmbrotypeException.of(ErrorCode.CORRUPT, name + " belongs to snapshot " + found);
        }
    }

    private AmbrotypeException unfinished(SnapshotId snapshot) {
        if (store.size(ROOT).isEmpty()) {
            return gone();
        }
        return AmbrotypeException.of(ErrorCode.UNRECOVERABLE, "snapshot " + snapshot + " was begun but never finished")
                .withHint("choose a finished one: ambrotype list");
    }

    /** An object that should be there is missing, or with it all the others. */
    private AmbrotypeException missing(ObjectName name) {
        return store.size(ROOT).isEmpty() ? gone() : AmbrotypeException.of(ErrorCode.CORRUPT, name + " is missing");
    }

    /**
     * Makes sure that what is written will be found again: the place may have been unmounted or removed since the repository
     * was opened, and another one may be in its stead.
     *
     * @throws AmbrotypeException of code NO_REPOSITORY where this repository is there no more
     */
    void requirePresent() {
        byte[] bytes = read(store, ROOT).orElseThrow(this::gone);
        if (!SealedJson.open(ROOT.text(), bytes).text("repository").equals(id.text())) {
            throw AmbrotypeException.of(ErrorCode.NO_REPOSITORY, "another repository is in " + location() + " now")
                    .withHint("was something else mounted there? bring the place back and run the command again");
        }
    }

    private AmbrotypeException gone() {
        return AmbrotypeException.of(
                        ErrorCode.NO_REPOSITORY,
                        "the repository in " + location() + " is gone: " + ROOT + " is no longer there")
                .withHint("was the place unmounted, moved or removed? bring it back and run the command again");
    }

    private static AmbrotypeException unreadable(ObjectName name, IOException cause) {
        return AmbrotypeException.of(ErrorCode.FAILED, "cannot read " + name + ": " + cause.getMessage())
                .causedBy(cause);
    }

    private static ObjectName begunName(SnapshotId snapshot) {
        return new ObjectName(SNAPSHOTS + "/" + snapshot + "/begun.json");
    }

    static ObjectName manifestName(SnapshotId snapshot) {
        return new ObjectName(SNAPSHOTS + "/" + snapshot + "/manifest.json");
    }

    private static ObjectName digestsName(DumpReference dump) {
        return new ObjectName("digests/" + dump.sha256());
    }
}
