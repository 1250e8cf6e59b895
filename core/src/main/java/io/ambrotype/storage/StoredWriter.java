package io.ambrotype.storage;

import java.nio.ByteBuffer;

/**
 * An object on its way into a {@link Store}. Its life is {@link #append} …, {@link #freeze}, {@link #commit},
 * {@link #close}; closing it uncommitted leaves nothing behind. For one thread at a time. Calls out of that order throw
 * {@link IllegalStateException}.
 *
 * <p>Where a method throws {@link io.ambrotype.common.AmbrotypeException}, the writer can only be closed.
 */
public interface StoredWriter extends AutoCloseable {
    /**
     * Adds all remaining bytes. Where it fails, nothing is visible to anybody.
     */
    void append(ByteBuffer bytes);

    /**
     * Ends the object: when this returns, its bytes survive a crash of the machine, though nobody can see them yet.
     * Where it fails, nothing is visible to anybody.
     */
    void freeze();

    /**
     * Publishes the frozen object under a name, in one step. When this returns {@code true}, the object survives a crash
     * of the machine. Where it fails, the object is there whole or it is not there.
     *
     * @return {@code false} where an object of that name exists already: it is left as it is, and this writer stays
     *     frozen
     */
    boolean commit(ObjectName name);

    /** Lets go of the writer; what was not committed is removed. Does not fail, and may be called again. */
    @Override
    void close();
}
