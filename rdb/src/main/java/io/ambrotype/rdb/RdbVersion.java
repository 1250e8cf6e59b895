package io.ambrotype.rdb;

import java.nio.charset.StandardCharsets;
import java.util.Locale;
import java.util.Optional;

/**
 * A version of the RDB format, as its nine-byte magic says it. Written by: 9 Redis 5.0 to 6.2; 10 Redis 7.0; 11 Redis 7.2
 * and Valkey 7.2 to 8.1; 12 Redis 7.4 to 8.4; {@code VALKEY080} Valkey 9.0 and 9.1 (rdb.h of those versions). Immutable.
 *
 * @param dialect the family
 * @param number 1 to 79 for Redis, 80 to 999 for Valkey
 */
public record RdbVersion(RdbDialect dialect, int number) {
    /** Length of a magic in bytes. */
    public static final int MAGIC_BYTES = 9;

    /** Written by Redis 5.0, 6.0 and 6.2. */
    public static final RdbVersion REDIS_9 = new RdbVersion(RdbDialect.REDIS, 9);
    /** Written by Redis 7.0. */
    public static final RdbVersion REDIS_10 = new RdbVersion(RdbDialect.REDIS, 10);
    /** Written by Redis 7.2 and by Valkey 7.2 to 8.1. */
    public static final RdbVersion REDIS_11 = new RdbVersion(RdbDialect.REDIS, 11);
    /** Written by Redis 7.4 to 8.4. */
    public static final RdbVersion REDIS_12 = new RdbVersion(RdbDialect.REDIS, 12);
    /** Written by Valkey 9.0 and 9.1. */
    public static final RdbVersion VALKEY_80 = new RdbVersion(RdbDialect.VALKEY, 80);

    /** Rejects numbers that the dialect cannot have. */
    public RdbVersion {
        if (!dialect.numbers(number)) {
            throw new IllegalArgumentException("RDB version " + number + " is none of " + dialect);
        }
    }

    /** Reads a magic such as {@code REDIS0011} or {@code VALKEY080}; empty where it is none. */
    public static Optional<RdbVersion> parse(String magic) {
        for (RdbDialect dialect : RdbDialect.values()) {
            if (magic.length() == MAGIC_BYTES && magic.startsWith(dialect.prefix())) {
                int number = 0;
                for (int i = dialect.prefix().length(); i < MAGIC_BYTES; i++) {
                    int digit = magic.charAt(i) - '0';
                    if (digit < 0 || digit > 9) {
                        return Optional.empty();
                    }
                    number = number * 10 + digit;
                }
                return dialect.numbers(number) ? Optional.of(new RdbVersion(dialect, number)) : Optional.empty();
            }
        }
        return Optional.empty();
    }

    /** Whether this library knows every type and opcode of the version: Redis 5 to 12, Valkey 80. */
    public boolean isSupported() {
        return switch (dialect) {
            case REDIS -> number >= 5 && number <= 12;
            case VALKEY -> number == 80;
        };
    }

    /** The magic as bytes. */
    public byte[] magic() {
        return toString().getBytes(StandardCharsets.US_ASCII);
    }

    /** The magic, such as {@code REDIS0011} or {@code VALKEY080}. */
    @Override
    public String toString() {
        int digits = MAGIC_BYTES - dialect.prefix().length();
        return dialect.prefix() + String.format(Locale.ROOT, "%0" + digits + "d", number);
    }
}
