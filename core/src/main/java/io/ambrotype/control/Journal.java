package io.ambrotype.control;

import io.ambrotype.common.AmbrotypeException;
import io.ambrotype.common.ErrorCode;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;

/**
 * What an operation did, one JSON object per line, written before it is done or right after it was seen. Every line is on
 * the disk when {@link #append} returns; a line that a crash cut off is not there. While a journal is open for writing,
 * nobody else can open it. Thread-safe.
 *
 * @param <E> the entries: a sealed interface whose records Jackson can tell apart
 */
public final class Journal<E> implements AutoCloseable {
    private static final int LONGEST_FILE = 64 << 20;

    private final Path file;
    private final FileChannel channel;

    private Journal(Path file, FileChannel channel) {
        this.file = file;
        this.channel = channel;
    }

    /**
     * Begins a journal, or goes on with one; a last line that was cut off is removed.
     *
     * @param file its folder is made where it does not exist, readable for its owner only
     * @throws AmbrotypeException {@code LOCKED} where another process has it open; {@code FAILED} where it cannot be
     *     written
     */
    public static <E> Journal<E> open(Path file) {
        try {
            Path folder = file.toAbsolutePath().getParent();
            if (folder != null) {
                Files.createDirectories(
                        folder, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
            }
            FileChannel channel = FileChannel.open(
                    file, StandardOpenOption.CREATE, StandardOpenOption.READ, StandardOpenOption.WRITE);
            try {
                if (lock(channel) == null) {
                    throw AmbrotypeException.of(
                            ErrorCode.LOCKED, "the journal " + file + " is being written by another process");
                }
                channel.truncate(wholeLines(file));
                channel.position(channel.size());
                return new Journal<>(file, channel);
            } catch (Throwable e) {
                channel.close();
                throw e;
            }
        } catch (IOException e) {
            throw failed(file, "written", e);
        }
    }

    /**
     * Reads a journal; a last line that was cut off is passed over.
     *
     * @throws AmbrotypeException {@code CORRUPT} where a line is none of the entries
     */
    public static <E> List<E> read(Path file, Class<E> entries) {
        try {
            if (Files.size(file) > LONGEST_FILE) {
                throw AmbrotypeException.of(
                        ErrorCode.CORRUPT, "the journal " + file + " is larger than " + LONGEST_FILE + " bytes");
            }
            byte[] bytes = Files.readAllBytes(file);
            String text = new String(bytes, 0, wholeLines(bytes), StandardCharsets.UTF_8);
            List<E> read = new ArrayList<>();
            for (String line : text.lines().toList()) {
                try {
                    read.add(JournalJson.MAPPER.readValue(line, entries));
                } catch (JacksonException | IllegalArgumentException e) {
                    throw AmbrotypeException.of(
                                    ErrorCode.CORRUPT,
                                    "line " + (read.size() + 1) + " of the journal " + file + " cannot be read")
                            .withHint("it was written by another version of ambrotype, or is damaged")
                            .causedBy(e);
                }
            }
            return read;
        } catch (IOException e) {
            throw failed(file, "read", e);
        }
    }

    /** Whether somebody has it open for writing: what it tells of is at work. */
    public static boolean isOpen(Path file) {
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
            return lock(channel) == null;
        } catch (IOException e) {
            throw failed(file, "opened", e);
        }
    }

    /** Where it is. */
    public Path file() {
        return file;
    }

    /** Writes an entry; it is on the disk on return. */
    public synchronized void append(E entry) {
        ByteBuffer line =
                ByteBuffer.wrap((JournalJson.MAPPER.writeValueAsString(entry) + "\n").getBytes(StandardCharsets.UTF_8));
        try {
            while (line.hasRemaining()) {
                channel.write(line);
            }
            channel.force(true);
        } catch (IOException e) {
            throw failed(file, "written", e);
        }
    }

    @Override
    public void close() {
        try {
            channel.close();
        } catch (IOException e) {
            throw failed(file, "closed", e);
        }
    }

    private static @Nullable FileLock lock(FileChannel channel) throws IOException {
        try {
            return channel.tryLock();
        } catch (OverlappingFileLockException _) {
            return null;
        }
    }

    private static long wholeLines(Path file) throws IOException {
        return wholeLines(Files.readAllBytes(file));
    }

    private static int wholeLines(byte[] bytes) {
        int end = bytes.length;
        while (end > 0 && bytes[end - 1] != '\n') {
            end--;
        }
        return end;
    }

    private static AmbrotypeException failed(Path file, String what, IOException e) {
        return AmbrotypeException.of(ErrorCode.FAILED, "the journal " + file + " cannot be " + what + ": " + e)
                .causedBy(e);
    }
}
