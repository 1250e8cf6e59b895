package io.ambrotype.rdb;

/**
 * The two families of the RDB format. They share everything up to version 11; above it the same opcode and type bytes mean
 * different things, so the magic decides before anything else is read.
 */
public enum RdbDialect {
    /** Magic {@code REDIS} and four digits: Redis, and Valkey up to 8.1. */
    REDIS("REDIS", 1, 79),
    /** Magic {@code VALKEY} and three digits: Valkey from 9.0. */
    VALKEY("VALKEY", 80, 999);

    private final String prefix;
    private final int firstVersion;
    private final int lastVersion;

    RdbDialect(String prefix, int firstVersion, int lastVersion) {
        this.prefix = prefix;
        this.firstVersion = firstVersion;
        this.lastVersion = lastVersion;
    }

    /** What the magic begins with. */
    public String prefix() {
        return prefix;
    }

    boolean numbers(int version) {
        return firstVersion <= version && version <= lastVersion;
    }
}
