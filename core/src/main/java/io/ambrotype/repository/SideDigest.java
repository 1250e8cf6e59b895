package io.ambrotype.repository;

import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.util.concurrent.ForkJoinPool;
import java.util.concurrent.ForkJoinTask;
import org.jspecify.annotations.Nullable;

/**
 * The SHA-256 of bytes that are read for something else at the same time: to hash them takes longer than to decompress them, and is
 * done on a thread of the common pool. For one thread.
 */
final class SideDigest {
    private final MessageDigest sha256 = Sha256.digest();
    private @Nullable ForkJoinTask<?> running;

    /** Begins with the bytes; nobody may change them before {@link #await}. */
    void update(ByteBuffer bytes) {
        await();
        ForkJoinTask<?> task = ForkJoinTask.adapt(() -> sha256.update(bytes));
        running = task;
        ForkJoinPool.commonPool().execute(task);
    }

    /** Waits until nothing is read any more; does the work itself where the pool has not come to it. */
    void await() {
        ForkJoinTask<?> task = running;
        if (task != null) {
            running = null;
            task.join();
        }
    }

    /** Of all bytes, in lower-case hexadecimal. */
    String hex() {
        await();
        return Sha256.hex(sha256);
    }
}
