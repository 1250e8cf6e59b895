package io.ambrotype.common;

import java.nio.charset.StandardCharsets;
import java.util.Objects;

/** A password or key that must not appear in any output: it has no readable {@link #toString}. Immutable. */
public final class Secret {
    private final String value;

    private Secret(String value) {
        this.value = Objects.requireNonNull(value);
    }

    /** Wraps a secret. */
    public static Secret of(String value) {
        return new Secret(value);
    }

    /** The secret itself; for the wire, never for people. */
    public String reveal() {
        return value;
    }

    /** The secret's UTF-8 bytes, as AUTH sends them. */
    public byte[] bytes() {
        return value.getBytes(StandardCharsets.UTF_8);
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof Secret secret && secret.value.equals(value);
    }

    @Override
    public int hashCode() {
        return value.hashCode();
    }

    /** A fixed mask. */
    @Override
    public String toString() {
        return "****";
    }
}
