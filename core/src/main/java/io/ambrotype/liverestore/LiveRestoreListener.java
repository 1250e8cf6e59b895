package io.ambrotype.liverestore;

/** Is told how a live restore goes on. Called from several threads, often; to be quick. */
public interface LiveRestoreListener {
    /** Tells nobody. */
    LiveRestoreListener NONE = new LiveRestoreListener() {};

    /** The dumps have been looked through so far: nothing is written yet. */
    default void looked(long readBytes, long totalBytes, long entries) {}

    /** So much of the dumps has been dealt with, and so many keys are in the target. */
    default void written(long readBytes, long totalBytes, long keys) {}

    /** Something that the user should know and that stops nothing. */
    default void notice(String sentence) {}
}
