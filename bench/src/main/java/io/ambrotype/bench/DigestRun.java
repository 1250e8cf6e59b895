package io.ambrotype.bench;

import io.ambrotype.rdb.RdbReader;
import io.ambrotype.rdb.SlotDigests;
import java.io.IOException;
import java.nio.file.Path;

/** A program that does nothing but compute the digests of the dump that it is given. */
public final class DigestRun {
    private DigestRun() {}

    /** Computes them and forgets them. */
    public static void main(String[] arguments) throws IOException {
        digest(Path.of(arguments[0]));
    }

    /** Reads a dump as {@code ambrotype compare} does. */
    static void digest(Path dump) throws IOException {
        try (RdbReader reader = RdbReader.open(dump)) {
            SlotDigests.compute(reader, 1, System.currentTimeMillis(), _ -> true);
        }
    }
}
