package io.ambrotype.restart;

import io.ambrotype.control.Member;
import java.time.Duration;

/**
 * What became of a node that was restarted. Immutable.
 *
 * @param member who
 * @param versionBefore what it ran, such as {@code Redis 7.0.15}
 * @param versionAfter what it runs
 * @param entriesBefore keys right before it was stopped; those that have expired and not been removed yet included
 * @param entriesAfter keys when it was in its place again
 * @param down from the order to stop until it answered again
 * @param fullSynchronization whether it had to fetch all data from its master again
 */
public record NodeReport(
        Member member,
        String versionBefore,
        String versionAfter,
        long entriesBefore,
        long entriesAfter,
        Duration down,
        boolean fullSynchronization) {}
