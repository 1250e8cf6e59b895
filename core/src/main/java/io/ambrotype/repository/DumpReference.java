package io.ambrotype.repository;

/**
 * Points to a stored dump: the RDB of one shard as the server sent it, in zstd frames. Two references are to the same
 * object exactly when their SHA-256 are equal. Immutable.
 *
 * @param sha256 of the stored (compressed) bytes, lower-case hexadecimal; the object's name
 * @param storedBytes size of the object
 * @param rdbBytes size of the RDB inside
 * @param frames number of zstd frames
 */
public record DumpReference(String sha256, long storedBytes, long rdbBytes, int frames) {
    /** Rejects what cannot name an object. */
    public DumpReference {
        Check.sha256("sha256", sha256);
        Check.count("storedBytes", storedBytes);
        Check.count("rdbBytes", rdbBytes);
        Check.notNegative("frames", frames);
    }

    /** The object's name in the repository, {@code dumps/<aa>/<sha256>.rdb.zst}. */
    public String objectName() {
        return "dumps/" + sha256.substring(0, 2) + "/" + sha256 + ".rdb.zst";
    }
}
