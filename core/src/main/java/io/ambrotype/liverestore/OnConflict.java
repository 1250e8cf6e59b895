package io.ambrotype.liverestore;

/** What becomes of a key that the target has already. */
public enum OnConflict {
    /** Nothing is written where any of the keys is there. */
    FAIL,
    /** The target's own stays. */
    SKIP,
    /** The snapshot's takes its place. */
    REPLACE
}
