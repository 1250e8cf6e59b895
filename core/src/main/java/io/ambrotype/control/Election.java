package io.ambrotype.control;

import java.time.Instant;

/**
 * That a replica was asked to take over. Immutable.
 *
 * @param candidate who
 * @param runId its process at that time
 * @param begun when
 */
public record Election(Member candidate, String runId, Instant begun) {}
