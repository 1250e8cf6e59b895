package io.ambrotype.host;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Arrays;
import java.util.Optional;

/**
 * A configuration file as it was before the server wrote it anew. From Redis 6.0.9 on servers put another file in its
 * place: readable for everybody, theirs, and no link any more.
 *
 * @param path its name
 * @param copy a copy beside it, with its owner and permissions; where the former content is
 * @param link what its name was a link to; empty where it was none
 */
record FormerFile(Path path, Path copy, Optional<Path> link) {
    private static final int MAXIMUM_BYTES = 8 << 20;

    /** How {@link #keep} is going to keep it. */
    static FormerFile of(Path path, String purpose) throws IOException {
        return new FormerFile(
                path,
                path.resolveSibling("." + path.getFileName() + ".ambrotype-" + purpose),
                Files.isSymbolicLink(path) ? Optional.of(Files.readSymbolicLink(path)) : Optional.empty());
    }

    /** Copies it; what an earlier attempt has left is replaced. */
    void keep() throws IOException {
        Files.deleteIfExists(copy);
        try {
            HostFiles.create(copy, HostFiles.read(path, MAXIMUM_BYTES), path);
        } catch (IOException e) {
            Files.deleteIfExists(copy);
            throw e;
        }
    }

    boolean isKept() {
        return Files.isRegularFile(copy);
    }

    /** Gives what is there now the former owner and permissions, and its name the former link. */
    void restoreAttributes() throws IOException {
        write(HostFiles.read(path, MAXIMUM_BYTES));
    }

    /** Puts the former content back, in one step. */
    void restore() throws IOException {
        write(HostFiles.read(copy, MAXIMUM_BYTES));
    }

    void forget() throws IOException {
        Files.deleteIfExists(copy);
    }

    private void write(byte[] content) throws IOException {
        boolean relink = link.isPresent() && !Files.isSymbolicLink(path);
        Path file = relink ? HostFiles.parent(path).resolve(link.get()) : path;
        if (relink || !sameAttributes() || !Arrays.equals(HostFiles.read(file, MAXIMUM_BYTES), content)) {
            HostFiles.copyOwnerAndMode(copy, file);
            HostFiles.replace(file, content);
        }
        if (relink) {
            Path again = path.resolveSibling("." + path.getFileName() + ".ambrotype-link");
            Files.deleteIfExists(again);
            Files.createSymbolicLink(again, link.get());
            Files.move(again, path, StandardCopyOption.ATOMIC_MOVE);
        }
    }

    private boolean sameAttributes() throws IOException {
        return HostFiles.attributes(copy).equals(HostFiles.attributes(path));
    }
}
