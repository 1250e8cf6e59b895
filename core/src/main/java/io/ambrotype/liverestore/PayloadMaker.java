package io.ambrotype.liverestore;

import io.ambrotype.rdb.RdbReader;
import io.ambrotype.rdb.ValueType;
import java.io.IOException;

/** Knows how a value gets into a target: what its servers accept of RESTORE, and what not. Immutable. */
interface PayloadMaker {
    /** How a value gets there. */
    sealed interface Way {
        /** By RESTORE. */
        record Whole() implements Way {}

        /** By the commands of its type, because the target does not know its encoding. */
        record ByCommands() implements Way {}

        /** Not at all. */
        record Refused(String reason) implements Way {}
    }

    /** How values of that encoding get there. */
    Way way(ValueType type);

    /**
     * What RESTORE takes for the entry that the reader is at; passes its value.
     *
     * @param expectedBytes length of the value as stored, where it is known; -1 otherwise
     */
    byte[] payload(RdbReader reader, long expectedBytes) throws IOException;
}
