package io.ambrotype.liverestore;

import io.ambrotype.rdb.RdbReader;

/**
 * When what comes back expires. Immutable.
 *
 * @param nowMillis the time that decides what has expired
 * @param shiftMillis how much later than in the snapshot everything expires; 0 for the old times
 */
record ExpiryRule(long nowMillis, long shiftMillis) {
    /** The new time for one of the snapshot's; {@link RdbReader#NO_EXPIRY} stays. */
    long shifted(long expireAtMillis) {
        if (expireAtMillis == RdbReader.NO_EXPIRY || shiftMillis == 0) {
            return expireAtMillis;
        }
        long shifted = expireAtMillis + shiftMillis;
        // Far enough away to be no sum that servers accept: it was as good as for ever.
        return shifted < expireAtMillis ? expireAtMillis : shifted;
    }

    /** Whether what expires then, by the snapshot, has expired. */
    boolean hasExpired(long expireAtMillis) {
        return expireAtMillis != RdbReader.NO_EXPIRY && shifted(expireAtMillis) <= nowMillis;
    }
}
