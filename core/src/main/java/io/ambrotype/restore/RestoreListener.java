package io.ambrotype.restore;

/** Hears how a restore goes on. Called from several threads; must be quick and must not throw. */
public interface RestoreListener {
    /** Hears nothing. */
    RestoreListener NONE = new RestoreListener() {};

    /**
     * More has been read and written.
     *
     * @param readBytes bytes of RDB read from the repository so far
     * @param totalBytes bytes of RDB that will be read
     * @param entries entries passed so far
     */
    default void progress(long readBytes, long totalBytes, long entries) {}

    /** Something happened that the operator should know, and the restore goes on. */
    default void notice(String sentence) {}
}
