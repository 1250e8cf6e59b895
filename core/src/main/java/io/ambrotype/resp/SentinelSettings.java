package io.ambrotype.resp;

import org.jspecify.annotations.Nullable;

/**
 * What is known beforehand of the Sentinels of a deployment. Immutable.
 *
 * @param master the name by which they know the deployment's master; null where they watch only one
 * @param credentials what AUTH sends to them, which are no part of the servers' own; null for the same as to the servers,
 *     and where they refuse that, none
 */
public record SentinelSettings(
        @Nullable String master, @Nullable Credentials credentials) {
    /** Nothing is known. */
    public static final SentinelSettings UNKNOWN = new SentinelSettings(null, null);
}
