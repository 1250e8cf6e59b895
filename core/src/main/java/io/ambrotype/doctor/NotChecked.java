package io.ambrotype.doctor;

import java.util.List;

/**
 * Checks that could not be made on some nodes, for one reason. Immutable.
 *
 * @param nodes names of the nodes
 * @param reason why not, as the end of a sentence about them
 * @param byHand what to look at instead
 */
public record NotChecked(List<String> nodes, String reason, List<ByHand> byHand) {
    /** Keeps its own lists. */
    public NotChecked {
        nodes = List.copyOf(nodes);
        byHand = List.copyOf(byHand);
    }

    /**
     * One check and how people make it.
     *
     * @param check its id
     * @param how a command, or what to look at
     */
    public record ByHand(String check, String how) {}
}
