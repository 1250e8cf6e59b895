package io.ambrotype.repository;

import java.time.Instant;
import java.time.temporal.ChronoUnit;

/**
 * What is known when a snapshot begins; written before anything else, so that a backup that never finished is visible.
 * Immutable.
 *
 * @param toolVersion version of the program that began it
 * @param deployment name of the deployment, or its address where it has no name; never with a password
 * @param begun when, to the millisecond
 */
public record SnapshotBegun(String toolVersion, String deployment, Instant begun) {
    /** Cuts the time to milliseconds. */
    public SnapshotBegun {
        Check.notEmpty("toolVersion", toolVersion);
        Check.notEmpty("deployment", deployment);
        begun = begun.truncatedTo(ChronoUnit.MILLIS);
    }
}
