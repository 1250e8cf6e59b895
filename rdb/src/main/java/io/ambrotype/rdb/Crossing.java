package io.ambrotype.rdb;

/** How an entry gets to a server of a {@link TargetVersion}. */
public sealed interface Crossing {
    /**
     * Its value is handed on byte for byte.
     *
     * @param type how it is encoded
     */
    record Untouched(ValueType type) implements Crossing {}

    /**
     * Its value is written anew in an encoding that the server knows, and means the same.
     *
     * @param from how it is encoded
     * @param to how it is going to be
     */
    record Transcoded(ValueType from, ValueType to) implements Crossing {}

    /**
     * The server cannot have it without losing a part of its meaning.
     *
     * @param reason such as {@code redis 6.2 has no expiry of hash fields}
     */
    record Refused(String reason) implements Crossing {}
}
