package io.ambrotype.common;

/**
 * A place in a history of writes: how many of its bytes are included ({@code master_repl_offset}).
 *
 * @param value in bytes; not negative
 */
public record ReplicationOffset(long value) implements Comparable<ReplicationOffset> {
    /** Rejects negative offsets. */
    public ReplicationOffset {
        if (value < 0) {
            throw new IllegalArgumentException("replication offset " + value + " is negative");
        }
    }

    /** The place that many bytes further on. */
    public ReplicationOffset plus(long bytes) {
        return new ReplicationOffset(Math.addExact(value, bytes));
    }

    @Override
    public int compareTo(ReplicationOffset other) {
        return Long.compare(value, other.value);
    }

    @Override
    public String toString() {
        return Long.toString(value);
    }
}
