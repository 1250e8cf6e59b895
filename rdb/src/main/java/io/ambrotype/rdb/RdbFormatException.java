package io.ambrotype.rdb;

import java.io.IOException;

/**
 * Bytes that are not the RDB they claim to be, or of a version, opcode or type that this library does not know. Where an
 * unknown byte stands, the boundaries of all that follows are lost, so reading never goes on behind it.
 */
public final class RdbFormatException extends IOException {
    private static final long serialVersionUID = 1;

    private final long offset;

    /**
     * An error at a byte.
     *
     * @param offset position in the RDB of the first byte of what cannot be read, from 0
     * @param sentence what is wrong, lower case, without the offset
     */
    public RdbFormatException(long offset, String sentence) {
        super(sentence + " (at byte " + offset + " of the RDB)");
        this.offset = offset;
    }

    /** Position in the RDB of the first byte of what cannot be read, from 0. */
    public long offset() {
        return offset;
    }
}
