package io.ambrotype.storage;

import io.ambrotype.common.AmbrotypeException;
import io.ambrotype.common.ErrorCode;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.channels.ReadableByteChannel;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/**
 * Objects as files below one folder. Files have mode 0600, folders 0700; a folder that exists already keeps its own.
 * Symbolic links below the root are refused, so that no object can lie elsewhere.
 *
 * <p>A writer's bytes go to a file in {@code .tmp} below the root. {@link StoredWriter#freeze} is its fsync;
 * {@link StoredWriter#commit} gives it its name by a hard link, which fails where the name is taken (a rename would
 * replace), then fsyncs the folder; the folders above it are fsynced before, once by every store. File systems without
 * hard links get a rename after a look whether the name is taken; there two processes that publish the same name at the
 * same instant both succeed, which is harmless for names that are made of the content or of random digits, and there are
 * no others.
 *
 * <p>A writer holds a lock on its file. The first writer of each store removes files in {@code .tmp} that nobody holds
 * and that are older than an hour: the remains of processes that died.
 */
public final class FileStore implements Store {
    private static final String TEMPORARY = ".tmp";
    private static final Duration ABANDONED = Duration.ofHours(1);

    /** So much is written before the disk is asked to make it durable beside what follows. */
    private static final long FLUSH_BYTES = 32 << 20;

    private static final Executor FLUSHERS =
            task -> Thread.ofPlatform().daemon().name("flush").start(task);

    private static final FileAttribute<Set<PosixFilePermission>> PRIVATE_FILE =
            PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------"));
    private static final FileAttribute<Set<PosixFilePermission>> PRIVATE_FOLDER =
            PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------"));

    private final Path root;
    private final InstantSource clock;
    private final AtomicBoolean swept = new AtomicBoolean();
    private final Set<Path> durable = ConcurrentHashMap.newKeySet();

    /**
     * A store in a folder; the folder is made when the first object is written.
     *
     * @param root the folder
     * @param clock tells the age of left-over files
     */
    public FileStore(Path root, InstantSource clock) {
        this.root = root.toAbsolutePath().normalize();
        this.clock = clock;
    }

    @Override
    public String location() {
        return root.toString();
    }

    @Override
    public boolean isEmpty() {
        try {
            return entries(root).stream().allMatch(entry -> entry.endsWith(TEMPORARY));
        } catch (NoSuchFileException e) {
            return true;
        } catch (IOException e) {
            throw StorageFailure.of("cannot list " + root, root, e);
        }
    }

    @Override
    public StoredWriter newWriter() {
        try {
            refuseLinks(Path.of(TEMPORARY));
            Path folder = makeFolder(root.resolve(TEMPORARY));
            if (swept.compareAndSet(false, true)) {
                sweep(folder);
            }
            return new FileWriter(Files.createTempFile(folder, "", "", PRIVATE_FILE));
        } catch (IOException e) {
            throw StorageFailure.of("cannot write to " + root, root, e);
        }
    }

    @Override
    public Optional<ReadableByteChannel> open(ObjectName name) {
        try {
            Path file = existing(name);
            return file == null
                    ? Optional.empty()
                    : Optional.of(new FileReader(
                            name, FileChannel.open(file, StandardOpenOption.READ, LinkOption.NOFOLLOW_LINKS)));
        } catch (NoSuchFileException e) {
            return Optional.empty();
        } catch (IOException e) {
            throw StorageFailure.of("cannot read " + name + " in " + root, root, e);
        }
    }

    @Override
    public OptionalLong size(ObjectName name) {
        try {
            Path file = existing(name);
            return file == null ? OptionalLong.empty() : OptionalLong.of(Files.size(file));
        } catch (NoSuchFileException e) {
            return OptionalLong.empty();
        } catch (IOException e) {
            throw StorageFailure.of("cannot read " + name + " in " + root, root, e);
        }
    }

    @Override
    public List<ObjectName> list(String folder) {
        List<ObjectName> names = new ArrayList<>();
        if (folder.isEmpty()) {
            collect(root, "", names);
        } else {
            ObjectName name = new ObjectName(folder);
            refuseLinks(Path.of(name.text()));
            collect(root.resolve(name.text()), name.text() + "/", names);
        }
        Collections.sort(names);
        return names;
    }

    private static void collect(Path folder, String prefix, List<ObjectName> names) {
        try {
            for (Path entry : entries(folder)) {
                String name = prefix + entry.getFileName();
                if (!ObjectName.isValid(name)) {
                    continue;
                }
                if (Files.isDirectory(entry, LinkOption.NOFOLLOW_LINKS)) {
                    collect(entry, name + "/", names);
                } else if (Files.isRegularFile(entry, LinkOption.NOFOLLOW_LINKS)) {
                    names.add(new ObjectName(name));
                }
            }
        } catch (NoSuchFileException | NotDirectoryException e) {
            // Nothing below this name, or no longer.
        } catch (IOException e) {
            throw StorageFailure.of("cannot list " + folder, folder, e);
        }
    }

    private static List<Path> entries(Path folder) throws IOException {
        List<Path> entries = new ArrayList<>();
        try (DirectoryStream<Path> stream = Files.newDirectoryStream(folder)) {
            stream.forEach(entries::add);
        } catch (DirectoryIteratorException e) {
            throw new IOException(e.getMessage(), e);
        }
        return entries;
    }

    @Override
    public void delete(ObjectName name) {
        try {
            Path file = existing(name);
            if (file != null && Files.deleteIfExists(file)) {
                sync(parent(file));
            }
        } catch (IOException e) {
            throw StorageFailure.of("cannot delete " + name + " in " + root, root, e);
        }
    }

    /** The file of an object, or null where there is none. */
    private @Nullable Path existing(ObjectName name) throws IOException {
        refuseLinks(Path.of(name.text()));
        Path file = root.resolve(name.text());
        try {
            BasicFileAttributes attributes =
                    Files.readAttributes(file, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS);
            if (!attributes.isRegularFile()) {
                throw AmbrotypeException.of(ErrorCode.CORRUPT, name + " in " + root + " is not a regular file");
            }
            return file;
        } catch (NoSuchFileException e) {
            return null;
        } catch (FileSystemException e) {
            if (isBelowFile(file)) {
                return null;
            }
            throw e;
        }
    }

    private boolean isBelowFile(Path file) {
        for (Path above = parent(file); above.startsWith(root); above = parent(above)) {
            if (Files.isRegularFile(above, LinkOption.NOFOLLOW_LINKS)) {
                return true;
            }
        }
        return false;
    }

    private void refuseLinks(Path relative) {
        Path path = root;
        for (Path segment : relative) {
            path = path.resolve(segment);
            if (Files.isSymbolicLink(path)) {
                throw AmbrotypeException.of(ErrorCode.FAILED, path + " is a symbolic link")
                        .withHint(
                                "a repository lies in one folder; make the folder itself a link if it must lie elsewhere");
            }
        }
    }

    /**
     * Makes a folder and those above it where they are missing, each durably in its parent. A folder below the root that
     * is there already may have been made by a process that has not synced it yet, or never will; so this store does it
     * once for every folder that it uses.
     */
    private Path makeFolder(Path folder) throws IOException {
        boolean exists = Files.isDirectory(folder);
        boolean ours = folder.startsWith(root) && !folder.equals(root);
        if (exists && (!ours || durable.contains(folder))) {
            return folder;
        }
        Path above = makeFolder(parent(folder));
        try {
            if (!exists) {
                Files.createDirectory(folder, PRIVATE_FOLDER);
            }
        } catch (FileAlreadyExistsException e) {
            if (!Files.isDirectory(folder)) {
                throw new NotDirectoryException(folder.toString());
            }
        }
        sync(above);
        if (ours) {
            durable.add(folder);
        }
        return folder;
    }

    private static Path parent(Path path) {
        Path parent = path.getParent();
        if (parent == null) {
            throw new IllegalArgumentException(path + " has no parent");
        }
        return parent;
    }

    private static void sync(Path folder) throws IOException {
        try (FileChannel channel = FileChannel.open(folder, StandardOpenOption.READ)) {
            channel.force(true);
        }
    }

    private void sweep(Path folder) throws IOException {
        for (Path entry : entries(folder)) {
            if (isAbandoned(entry)) {
                Files.deleteIfExists(entry);
            }
        }
    }

    /** The age protects a file between its making and its locking; the lock protects a writer that waits for long. */
    private boolean isAbandoned(Path file) {
        try {
            if (Files.getLastModifiedTime(file, LinkOption.NOFOLLOW_LINKS)
                    .toInstant()
                    .isAfter(clock.instant().minus(ABANDONED))) {
                return false;
            }
            try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE, LinkOption.NOFOLLOW_LINKS);
                    FileLock lock = channel.tryLock()) {
                return lock != null;
            }
        } catch (IOException | OverlappingFileLockException e) {
            return false;
        }
    }

    private final class FileReader implements ReadableByteChannel {
        private final ObjectName name;
        private final FileChannel channel;

        FileReader(ObjectName name, FileChannel channel) {
            this.name = name;
            this.channel = channel;
        }

        @Override
        public int read(ByteBuffer target) {
            try {
                return channel.read(target);
            } catch (IOException e) {
                throw StorageFailure.of("cannot read " + name + " in " + root, root, e);
            }
        }

        @Override
        public boolean isOpen() {
            return channel.isOpen();
        }

        @Override
        public void close() throws IOException {
            channel.close();
        }
    }

    private final class FileWriter implements StoredWriter {
        private enum State {
            OPEN,
            FROZEN,
            COMMITTED,
            FAILED,
            CLOSED
        }

        private final Path file;
        private final FileChannel channel;
        private State state = State.OPEN;
        private long unflushed;
        private CompletableFuture<?> flushing = CompletableFuture.completedFuture(null);

        FileWriter(Path file) throws IOException {
            this.file = file;
            this.channel = FileChannel.open(file, StandardOpenOption.WRITE, LinkOption.NOFOLLOW_LINKS);
            try {
                channel.lock();
            } catch (IOException e) {
                // A file system without locks: nobody can take one to sweep this file either.
            }
        }

        @Override
        public void append(ByteBuffer bytes) {
            expect(State.OPEN);
            try {
                while (bytes.hasRemaining()) {
                    unflushed += channel.write(bytes);
                }
                if (unflushed >= FLUSH_BYTES && flushing.isDone()) {
                    requireFlushed();
                    unflushed = 0;
                    flushing = CompletableFuture.runAsync(this::flush, FLUSHERS);
                }
            } catch (IOException e) {
                throw failed("cannot write to " + root, e);
            }
        }

        /** Has the disk at work while bytes still come, so that {@link #freeze} has less to wait for. */
        private void flush() {
            try {
                channel.force(false);
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }

        /** Waits for the flush under way. The system tells an error of the disk once: it is not to be lost. */
        private void requireFlushed() throws IOException {
            try {
                flushing.join();
            } catch (CompletionException e) {
                throw e.getCause() instanceof UncheckedIOException disk ? disk.getCause() : new IOException(e);
            }
        }

        @Override
        public void freeze() {
            expect(State.OPEN);
            try {
                requireFlushed();
                channel.force(true);
                state = State.FROZEN;
            } catch (IOException e) {
                throw failed("cannot write to " + root, e);
            }
        }

        @Override
        public boolean commit(ObjectName name) {
            expect(State.FROZEN);
            refuseLinks(Path.of(name.text()));
            Path target = root.resolve(name.text());
            try {
                Path folder = makeFolder(parent(target));
                if (!publish(target)) {
                    return false;
                }
                sync(folder);
                state = State.COMMITTED;
                return true;
            } catch (IOException e) {
                throw failed("cannot write " + name + " in " + root, e);
            }
        }

        private boolean publish(Path target) throws IOException {
            try {
                Files.createLink(target, file);
                return true;
            } catch (FileAlreadyExistsException e) {
                return false;
            } catch (UnsupportedOperationException | FileSystemException e) {
                return rename(target);
            }
        }

        private boolean rename(Path target) throws IOException {
            try {
                Files.move(file, target);
                return true;
            } catch (FileAlreadyExistsException e) {
                return false;
            }
        }

        @Override
        public void close() {
            if (state == State.CLOSED) {
                return;
            }
            state = State.CLOSED;
            flushing.exceptionally(_ -> null).join();
            try (channel) {
                Files.deleteIfExists(file);
            } catch (IOException e) {
                // Invisible, in nobody's way, and swept when it is old; an error here would hide the one before.
            }
        }

        private void expect(State expected) {
            if (state != expected) {
                throw new IllegalStateException("the writer is " + state + ", not " + expected);
            }
        }

        private AmbrotypeException failed(String action, IOException cause) {
            state = State.FAILED;
            return StorageFailure.of(action, root, cause);
        }
    }
}
