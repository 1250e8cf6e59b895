package io.ambrotype.host;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFileAttributeView;
import java.nio.file.attribute.PosixFileAttributes;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** Files of this host: bounded reading, and writing that a crash does not leave half done. */
final class HostFiles {
    private static final int PASSWD_BYTES = 16 << 20;

    private HostFiles() {}

    /** The content of a file. @throws IOException where it has more bytes than that, or cannot be read */
    static byte[] read(Path file, int maximumBytes) throws IOException {
        try (InputStream in = Files.newInputStream(file)) {
            byte[] bytes = in.readNBytes(maximumBytes + 1);
            if (bytes.length > maximumBytes) {
                throw new IOException(file + " has more than " + maximumBytes + " bytes");
            }
            return bytes;
        }
    }

    /** The content of a file, a character for each byte. */
    static String readText(Path file, int maximumBytes) throws IOException {
        return new String(read(file, maximumBytes), StandardCharsets.ISO_8859_1);
    }

    /** The end of a file, at most that many bytes, and nothing of what stands before that place. */
    static String tail(Path file, long from, int maximumBytes) throws IOException {
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
            channel.position(Math.max(from, channel.size() - maximumBytes));
            ByteBuffer bytes = ByteBuffer.allocate(maximumBytes);
            while (bytes.hasRemaining() && channel.read(bytes) >= 0) {
                // Until the end.
            }
            return new String(bytes.array(), 0, bytes.position(), StandardCharsets.UTF_8);
        }
    }

    /**
     * Puts another content into the place of a file, with the owner, group and permissions of the old one. After a failure
     * the file is as it was.
     */
    static void replace(Path file, byte[] content) throws IOException {
        // Behind a link is the file that is meant; the link stays.
        Path real = file.toRealPath();
        Path part = real.resolveSibling("." + real.getFileName() + ".ambrotype-part");
        Files.deleteIfExists(part);
        try {
            create(part, content, real);
            Files.move(part, real, StandardCopyOption.ATOMIC_MOVE);
        } catch (IOException e) {
            Files.deleteIfExists(part);
            throw e;
        }
        flushFolder(parent(real));
    }

    /** Makes a file with the owner, group and permissions of another one; it is on the disk when this returns. */
    static void create(Path file, byte[] content, Path like) throws IOException {
        try (FileChannel channel = FileChannel.open(
                file,
                Set.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE),
                PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")))) {
            ByteBuffer bytes = ByteBuffer.wrap(content);
            while (bytes.hasRemaining()) {
                channel.write(bytes);
            }
            copyOwnerAndMode(like, file);
            channel.force(true);
        }
    }

    /** Owner, group and permissions of a file. */
    static List<Object> attributes(Path file) throws IOException {
        PosixFileAttributes attributes = Files.readAttributes(file, PosixFileAttributes.class);
        return List.of(attributes.owner(), attributes.group(), attributes.permissions());
    }

    /** Gives a file the owner, the group and the permissions of another one. */
    static void copyOwnerAndMode(Path from, Path to) throws IOException {
        PosixFileAttributes wanted = Files.readAttributes(from, PosixFileAttributes.class);
        PosixFileAttributeView view = Files.getFileAttributeView(to, PosixFileAttributeView.class);
        PosixFileAttributes present = view.readAttributes();
        if (!present.group().equals(wanted.group())) {
            view.setGroup(wanted.group());
        }
        if (!present.owner().equals(wanted.owner())) {
            view.setOwner(wanted.owner());
        }
        view.setPermissions(wanted.permissions());
    }

    /** Makes the names in a folder survive a crash of the machine. */
    static void flushFolder(Path folder) throws IOException {
        try (FileChannel channel = FileChannel.open(folder, StandardOpenOption.READ)) {
            channel.force(true);
        }
    }

    /** The folder that a file is in. */
    static Path parent(Path file) {
        Path parent = file.toAbsolutePath().getParent();
        return parent == null ? file.toAbsolutePath() : parent;
    }

    /** A path without links, {@code .} and {@code ..}, as the kernel understands it; as far as can be told where nothing is there. */
    static Path real(Path path) {
        try {
            return path.toRealPath();
        } catch (IOException _) {
            return path.toAbsolutePath().normalize();
        }
    }

    /** Whether there is something of that name, also a link to nothing. */
    static boolean isThere(Path path) {
        return Files.exists(path, LinkOption.NOFOLLOW_LINKS);
    }

    /** Why something could not be done, as the end of a sentence. */
    static String reason(IOException failure) {
        return switch (failure) {
            case NoSuchFileException missing -> missing.getFile() + " does not exist";
            case AccessDeniedException denied -> denied.getFile() + " is not accessible: permission denied";
            case FileAlreadyExistsException existing -> existing.getFile() + " exists already";
            default -> String.valueOf(failure.getMessage());
        };
    }

    /** The name of a user, where {@code /etc/passwd} has it. */
    static Optional<String> userName(int userId) {
        try {
            return readText(Path.of("/etc/passwd"), PASSWD_BYTES)
                    .lines()
                    .map(line -> line.split(":"))
                    .filter(fields -> fields.length > 2 && fields[2].equals(Integer.toString(userId)))
                    .map(fields -> fields[0])
                    .findFirst();
        } catch (IOException _) {
            return Optional.empty();
        }
    }
}
