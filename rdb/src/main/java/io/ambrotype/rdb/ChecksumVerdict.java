package io.ambrotype.rdb;

/** What the checksum at the end of an RDB said. A wrong one is no verdict but an {@link RdbFormatException}. */
public enum ChecksumVerdict {
    /** The checksum is that of the bytes read. */
    VERIFIED,
    /** The server wrote zeros: {@code rdbchecksum no}. Nothing vouches for the bytes. */
    DISABLED,
    /** The reader had been told not to compute it. */
    NOT_CHECKED
}
