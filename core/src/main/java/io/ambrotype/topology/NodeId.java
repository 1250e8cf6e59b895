package io.ambrotype.topology;

import io.ambrotype.common.HostAndPort;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.random.RandomGenerator;

/**
 * The name of a node for its whole life: 40 lower-case hexadecimal digits. A cluster node chose its own at its first
 * start and keeps it in {@code nodes.conf}; a standalone server has none and is given one by {@link #ofAddress}.
 * Immutable; ordered as servers order ids, by their text.
 *
 * @param value the 40 digits
 */
public record NodeId(String value) implements Comparable<NodeId> {
    private static final int LENGTH = 40;

    /** Rejects everything but 40 lower-case hexadecimal digits. */
    public NodeId {
        if (!isValid(value)) {
            throw new IllegalArgumentException(
                    Quoted.of(value) + " is not a node id; expected 40 lower-case hexadecimal digits");
        }
    }

    /** Whether the text is a node id. */
    public static boolean isValid(String text) {
        if (text.length() != LENGTH) {
            return false;
        }
        for (int i = 0; i < LENGTH; i++) {
            char c = text.charAt(i);
            if ((c < '0' || c > '9') && (c < 'a' || c > 'f')) {
                return false;
            }
        }
        return true;
    }

    /**
     * The synthetic id of a server that has none: the SHA-1 of its printed address. It stays the same over restarts and
     * failovers for as long as the address does.
     */
    public static NodeId ofAddress(HostAndPort address) {
        try {
            byte[] digest =
                    MessageDigest.getInstance("SHA-1").digest(address.toString().getBytes(StandardCharsets.UTF_8));
            return new NodeId(HexFormat.of().formatHex(digest));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java platform has SHA-1", e);
        }
    }

    /** A new id, as a node without {@code nodes.conf} would choose one. */
    public static NodeId random(RandomGenerator random) {
        byte[] bytes = new byte[LENGTH / 2];
        random.nextBytes(bytes);
        return new NodeId(HexFormat.of().formatHex(bytes));
    }

    /** The first eight digits: enough for people within one deployment. */
    public String shortForm() {
        return value.substring(0, 8);
    }

    @Override
    public int compareTo(NodeId other) {
        return value.compareTo(other.value);
    }

    @Override
    public String toString() {
        return value;
    }
}
