package io.ambrotype.imports;

import java.nio.file.Path;

/** Hears how an import goes on; must be quick and must not throw. */
public interface ImportListener {
    /** Hears nothing. */
    ImportListener NONE = new ImportListener() {};

    /**
     * So much of a file has been read.
     *
     * @param file the file
     * @param storing whether it is being stored; else it is looked at
     * @param bytes bytes of RDB passed
     * @param totalBytes length of the file
     * @param entries entries passed
     */
    default void progress(Path file, boolean storing, long bytes, long totalBytes, long entries) {}
}
