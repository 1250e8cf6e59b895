package io.ambrotype.topology;

import java.util.Optional;

/** What a cluster node's view says about another, as in the third field of a {@code CLUSTER NODES} line. */
public enum NodeFlag {
    /** The node whose view this is. */
    MYSELF("myself"),
    /** A master; Valkey 9 also writes {@code primary}. */
    MASTER("master"),
    /** A replica; Valkey 9 also writes {@code replica}. */
    SLAVE("slave"),
    /** This viewer cannot reach it; others were not asked yet. */
    PFAIL("fail?"),
    /** A majority of the masters could not reach it. */
    FAIL("fail"),
    /** Just met; its id is provisional. */
    HANDSHAKE("handshake"),
    /** Its address is not known any more. */
    NOADDR("noaddr"),
    /** A replica that does not stand for automatic election. */
    NOFAILOVER("nofailover");

    private final String text;

    NodeFlag(String text) {
        this.text = text;
    }

    /** The flag as servers of every version read it. */
    public String text() {
        return text;
    }

    /** The flag with that name, old or new. */
    static Optional<NodeFlag> of(String name) {
        for (NodeFlag flag : values()) {
            if (flag.text.equals(name)) {
                return Optional.of(flag);
            }
        }
        return switch (name) {
            case "primary" -> Optional.of(MASTER);
            case "replica" -> Optional.of(SLAVE);
            default -> Optional.empty();
        };
    }
}
