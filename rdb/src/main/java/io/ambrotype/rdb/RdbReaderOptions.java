package io.ambrotype.rdb;

/**
 * How an RDB is read. Immutable.
 *
 * @param windowBytes size of the one buffer that the RDB passes through; at least 16
 * @param maxStringBytes greatest length of the strings that are held in memory as a whole: keys, aux fields, function
 *     sources, the field names that the entries of a stream share. A longer one is refused. Nothing is allocated ahead of the
 *     bytes that are really there
 * @param verifyChecksum whether the CRC-64 is computed and compared
 * @param trailingBytesAllowed whether bytes may follow the end of the RDB, as in an append-only file with an RDB preamble; the
 *     reader may have taken some of them from the channel. Otherwise they are an error
 */
public record RdbReaderOptions(
        int windowBytes, int maxStringBytes, boolean verifyChecksum, boolean trailingBytesAllowed) {
    /** Window of 1 MiB, strings of up to 512 MiB (the servers' own default limit), checksum verified, nothing behind the end. */
    public static final RdbReaderOptions DEFAULT = new RdbReaderOptions(1 << 20, 512 << 20, true, false);

    /** Rejects windows that cannot work. */
    public RdbReaderOptions {
        if (windowBytes < 16) {
            throw new IllegalArgumentException("a window of " + windowBytes + " bytes is too small");
        }
        if (maxStringBytes < 0) {
            throw new IllegalArgumentException("negative limit " + maxStringBytes);
        }
    }

    /** These options with another window size. */
    public RdbReaderOptions withWindowBytes(int bytes) {
        return new RdbReaderOptions(bytes, maxStringBytes, verifyChecksum, trailingBytesAllowed);
    }

    /** These options with another limit for strings held in memory. */
    public RdbReaderOptions withMaxStringBytes(int bytes) {
        return new RdbReaderOptions(windowBytes, bytes, verifyChecksum, trailingBytesAllowed);
    }

    /** These options with or without the checksum. */
    public RdbReaderOptions withVerifyChecksum(boolean verify) {
        return new RdbReaderOptions(windowBytes, maxStringBytes, verify, trailingBytesAllowed);
    }

    /** These options with bytes behind the end allowed or not. */
    public RdbReaderOptions withTrailingBytesAllowed(boolean allowed) {
        return new RdbReaderOptions(windowBytes, maxStringBytes, verifyChecksum, allowed);
    }
}
