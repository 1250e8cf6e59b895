package io.ambrotype.doctor;

import java.util.List;

/**
 * What became of a plan. Immutable.
 *
 * @param nodes one for each node of the plan
 * @param complete whether all of it was done and took effect
 * @param after the diagnosis when all was done
 */
public record FixReport(List<NodeReport> nodes, boolean complete, Diagnosis after) {
    /** Keeps its own list. */
    public FixReport {
        nodes = List.copyOf(nodes);
    }

    /**
     * What became of one node.
     *
     * @param name its name
     * @param done what was done: phrases
     * @param failed what was not, or has not taken effect, and why: phrases
     */
    public record NodeReport(String name, List<String> done, List<String> failed) {
        /** Keeps its own lists. */
        public NodeReport {
            done = List.copyOf(done);
            failed = List.copyOf(failed);
        }
    }
}
