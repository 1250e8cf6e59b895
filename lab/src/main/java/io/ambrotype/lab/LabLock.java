package io.ambrotype.lab;

import io.ambrotype.common.AmbrotypeException;
import io.ambrotype.common.ErrorCode;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/** Keeps two commands from changing the same lab at once; ends with the process that holds it. */
final class LabLock implements AutoCloseable {
    static final String FILE = "lab.lock";

    private final FileChannel channel;

    private LabLock(FileChannel channel) {
        this.channel = channel;
    }

    /** Locks an existing folder. @throws AmbrotypeException {@code LOCKED} where somebody else has */
    static LabLock of(Path dir) throws IOException {
        FileChannel channel = FileChannel.open(dir.resolve(FILE), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
        try {
            if (channel.tryLock() != null) {
                return new LabLock(channel);
            }
        } catch (OverlappingFileLockException e) {
            // Another thread of this JVM has it: the same as another process.
        } catch (IOException e) {
            channel.close();
            throw e;
        }
        channel.close();
        throw AmbrotypeException.of(ErrorCode.LOCKED, "another command is starting or stopping the lab in " + dir)
                .withHint("wait until it has ended");
    }

    @Override
    public void close() throws IOException {
        channel.close();
    }
}
