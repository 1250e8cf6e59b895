package io.ambrotype.topology;

/**
 * A slot on its way from one master to another. Only the two nodes concerned know of it: it stands in their own lines of
 * their own views and is not told to others.
 *
 * @param slot the hash slot, 0 to 16383
 * @param direction which way it goes, seen from the node that says so
 * @param peer the other node
 */
public record OpenSlot(int slot, Direction direction, NodeId peer) {
    /** Which way an open slot goes. */
    public enum Direction {
        /** From this node to the peer; printed {@code [slot->-peer]}. */
        MIGRATING("->-"),
        /** From the peer to this node; printed {@code [slot-<-peer]}. */
        IMPORTING("-<-");

        private final String arrow;

        Direction(String arrow) {
            this.arrow = arrow;
        }
    }

    /** Rejects slots that do not exist. */
    public OpenSlot {
        if (slot < 0 || slot > SlotRange.HIGHEST) {
            throw new IllegalArgumentException("slot " + slot + " is not between 0 and " + SlotRange.HIGHEST);
        }
    }

    /**
     * Reads {@code [93->-id]} or {@code [77-<-id]}.
     *
     * @throws IllegalArgumentException where it is neither
     */
    static OpenSlot parse(String text) {
        if (text.startsWith("[") && text.endsWith("]")) {
            for (Direction direction : Direction.values()) {
                int arrow = text.indexOf(direction.arrow);
                if (arrow > 0) {
                    SlotRange slot = SlotSet.parseRange(text.substring(1, arrow));
                    NodeId peer = new NodeId(text.substring(arrow + direction.arrow.length(), text.length() - 1));
                    if (slot.size() == 1) {
                        return new OpenSlot(slot.first(), direction, peer);
                    }
                }
            }
        }
        throw new IllegalArgumentException(Quoted.of(text) + " is not an open slot");
    }

    /** The form of {@code CLUSTER NODES} and {@code nodes.conf}. */
    @Override
    public String toString() {
        return "[" + slot + direction.arrow + peer + "]";
    }
}
