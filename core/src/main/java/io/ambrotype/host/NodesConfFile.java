package io.ambrotype.host;

import io.ambrotype.common.AmbrotypeException;
import io.ambrotype.common.ErrorCode;
import io.ambrotype.topology.NodeId;
import io.ambrotype.topology.NodesConf;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFileAttributes;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Optional;
import java.util.Set;

/**
 * A {@code nodes.conf} on this machine. Written whole or not at all: into a new file beside it, flushed, then renamed.
 *
 * @param path where it is, or will be; absolute
 */
public record NodesConfFile(Path path) {
    private static final Set<PosixFilePermission> USUAL = PosixFilePermissions.fromString("rw-r--r--");
    private static final int LONGEST = 8 << 20;

    /** What is there now. */
    public sealed interface Content {
        /** No file. */
        record Absent() implements Content {}

        /** A file without a byte: a server that finds it makes up a new identity. */
        record Empty() implements Content {}

        /** A file that servers do not start from. */
        record Broken(String reason) implements Content {}

        /** A file that makes a server the node with that id. */
        record Whole(NodeId id, NodesConf conf) implements Content {}
    }

    /**
     * Looks at it.
     *
     * @throws AmbrotypeException where it cannot be read
     */
    public Content content() {
        try {
            if (!Files.exists(path)) {
                return new Content.Absent();
            }
            if (!Files.isRegularFile(path)) {
                return new Content.Broken("it is not a regular file");
            }
            if (Files.size(path) == 0) {
                return new Content.Empty();
            }
            if (Files.size(path) > LONGEST) {
                return new Content.Broken("it is longer than any nodes.conf");
            }
            NodesConf conf = NodesConf.parse(HostFiles.read(path, LONGEST), path.toString());
            return new Content.Whole(conf.myself().id(), conf);
        } catch (IOException e) {
            throw AmbrotypeException.of(ErrorCode.FAILED, path + " cannot be read: " + HostFiles.reason(e))
                    .causedBy(e);
        } catch (AmbrotypeException e) {
            return new Content.Broken(e.getMessage());
        }
    }

    /** What it says, where it is whole and can be read. */
    public Optional<NodesConf> conf() {
        try {
            return content() instanceof Content.Whole whole ? Optional.of(whole.conf()) : Optional.empty();
        } catch (AmbrotypeException _) {
            return Optional.empty();
        }
    }

    /**
     * Why a server that starts with it would not come back as that node, as a sentence; empty where it would, and where the
     * file may not be read, so that nothing is known.
     */
    public Optional<String> problem(NodeId id) {
        try {
            return switch (content()) {
                case Content.Absent _ -> Optional.of(path + " does not exist");
                case Content.Empty _ -> Optional.of(path + " is empty");
                case Content.Broken(String reason) -> Optional.of(path + " is damaged: " + reason);
                case Content.Whole whole ->
                    whole.id().equals(id)
                            ? Optional.empty()
                            : Optional.of(path + " belongs to another node, "
                                    + whole.id().shortForm());
            };
        } catch (AmbrotypeException _) {
            return Optional.empty();
        }
    }

    /**
     * Puts a file there, in place of one that may be there already; owner, group and mode are those of that one, else
     * owner and group of the folder and mode 0644, as servers make it themselves.
     *
     * @return what could not be done as it should, as a sentence: the server may not be able to open the file
     * @throws AmbrotypeException where it cannot be written; what was there is there still
     */
    public Optional<String> write(NodesConf conf) {
        Path folder = path.toAbsolutePath().getParent();
        if (folder == null) {
            throw AmbrotypeException.of(ErrorCode.USAGE, path + " is not a file name");
        }
        Path part = folder.resolve("." + path.getFileName() + ".part");
        try {
            Files.deleteIfExists(part);
            try (FileChannel channel =
                    FileChannel.open(part, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
                ByteBuffer bytes = ByteBuffer.wrap(conf.toText().getBytes(StandardCharsets.UTF_8));
                while (bytes.hasRemaining()) {
                    channel.write(bytes);
                }
                Optional<String> trouble = adopt(part, Files.exists(path) ? path : folder);
                channel.force(true);
                Files.move(part, path, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
                HostFiles.flushFolder(folder);
                return trouble;
            } finally {
                Files.deleteIfExists(part);
            }
        } catch (IOException e) {
            throw AmbrotypeException.of(ErrorCode.FAILED, path + " cannot be written: " + e)
                    .causedBy(e);
        }
    }

    private Optional<String> adopt(Path file, Path model) throws IOException {
        PosixFileAttributes wanted;
        try {
            wanted = Files.readAttributes(model, PosixFileAttributes.class);
        } catch (UnsupportedOperationException _) {
            return Optional.empty();
        }
        Files.setPosixFilePermissions(file, Files.isRegularFile(model) ? wanted.permissions() : USUAL);
        PosixFileAttributes got = Files.readAttributes(file, PosixFileAttributes.class);
        try {
            if (!got.group().equals(wanted.group())) {
                Files.setAttribute(file, "posix:group", wanted.group());
            }
            if (!got.owner().equals(wanted.owner())) {
                Files.setOwner(file, wanted.owner());
            }
            return Optional.empty();
        } catch (IOException _) {
            return got.owner().equals(wanted.owner())
                    ? Optional.empty()
                    : Optional.of(path + " belongs to " + got.owner().getName() + ", the server's files to "
                            + wanted.owner().getName() + ", and a server has to write to its nodes.conf: chown "
                            + wanted.owner().getName() + " " + path);
        }
    }
}
