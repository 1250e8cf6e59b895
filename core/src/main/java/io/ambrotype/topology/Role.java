package io.ambrotype.topology;

/** What a node is to its shard. */
public enum Role {
    /** Owns the shard's slots and takes its writes (Valkey: primary). */
    MASTER,
    /** Follows a master, or in a standalone set another replica. */
    REPLICA
}
