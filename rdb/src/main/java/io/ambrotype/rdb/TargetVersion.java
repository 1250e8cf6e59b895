package io.ambrotype.rdb;

import java.util.Locale;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A server that data are written for, by vendor and version: it decides what the server can load. Redis from 5.0 and Valkey from
 * 7.2 on; what a later version would know in addition is not used. Immutable.
 *
 * @param vendor whose server it is
 * @param major of the vendor's own count
 * @param minor of the vendor's own count
 */
public record TargetVersion(Vendor vendor, int major, int minor) {
    private static final Pattern TEXT = Pattern.compile(
            "(redis|valkey)[ :/=-]?v?(\\d{1,4})(?:\\.(\\d{1,4}))?(?:\\.\\d{1,4})?(?:-.{1,40})?",
            Pattern.CASE_INSENSITIVE);

    /** Who makes the server. */
    public enum Vendor {
        /** Redis. */
        REDIS,
        /** Valkey. */
        VALKEY
    }

    /** Rejects what nothing is known of: Redis before 5.0, Valkey before 7.2. */
    public TargetVersion {
        if (vendor == Vendor.REDIS ? major < 5 : major < 7 || (major == 7 && minor < 2)) {
            throw new IllegalArgumentException((vendor == Vendor.REDIS ? "redis " : "valkey ") + major + "." + minor
                    + " is not supported: redis from 5.0 on, valkey from 7.2 on");
        }
    }

    /** A version of Redis. */
    public static TargetVersion redis(int major, int minor) {
        return new TargetVersion(Vendor.REDIS, major, minor);
    }

    /** A version of Valkey. */
    public static TargetVersion valkey(int major, int minor) {
        return new TargetVersion(Vendor.VALKEY, major, minor);
    }

    /**
     * Reads {@code redis:6.2}, {@code valkey 8.1.1}, {@code redis-7}; a missing part is 0, the third does not matter.
     *
     * @throws IllegalArgumentException where the text is nothing of the kind, or of a version that is not supported
     */
    public static TargetVersion parse(String text) {
        Matcher matcher = TEXT.matcher(text.strip());
        if (!matcher.matches()) {
            throw new IllegalArgumentException(
                    "'" + text + "' is no server version: redis:6.2 or valkey:8.1 would be one");
        }
        return new TargetVersion(
                Vendor.valueOf(matcher.group(1).toUpperCase(Locale.ROOT)),
                Integer.parseInt(matcher.group(2)),
                matcher.group(3) == null ? 0 : Integer.parseInt(matcher.group(3)));
    }

    /** Whether it is that version or a later one of that vendor. */
    public boolean isAtLeast(Vendor ofVendor, int thatMajor, int thatMinor) {
        return vendor == ofVendor && (major > thatMajor || (major == thatMajor && minor >= thatMinor));
    }

    /** Whether it has what came with a version of Redis up to 7.2, from which Valkey began. */
    public boolean hasWhatCameWithRedis(int thatMajor, int thatMinor) {
        return vendor == Vendor.VALKEY || isAtLeast(Vendor.REDIS, thatMajor, thatMinor);
    }

    /** The version to write for it: the greatest one that it reads and this library writes. */
    public RdbVersion rdbVersion() {
        if (isAtLeast(Vendor.VALKEY, 9, 0)) {
            return RdbVersion.VALKEY_80;
        }
        if (isAtLeast(Vendor.REDIS, 7, 4)) {
            return RdbVersion.REDIS_12;
        }
        if (hasWhatCameWithRedis(7, 2)) {
            return RdbVersion.REDIS_11;
        }
        return major >= 7 ? RdbVersion.REDIS_10 : RdbVersion.REDIS_9;
    }

    /** Whether it loads files of this version. Valkey 9 loads those of Redis up to 7.2 beside its own. */
    public boolean reads(RdbVersion version) {
        RdbVersion own = rdbVersion();
        int greatest = version.dialect() == own.dialect() ? own.number() : RdbVersion.REDIS_11.number();
        return (version.dialect() == own.dialect() || version.dialect() == RdbDialect.REDIS)
                && version.number() <= greatest;
    }

    /** Whether it loads values that are encoded so. */
    public boolean reads(ValueType type) {
        return type.isHeldBy(rdbVersion());
    }

    /** Whether it has function libraries (Redis 7.0, Valkey). */
    public boolean hasFunctions() {
        return hasWhatCameWithRedis(7, 0);
    }

    /**
     * Why it cannot have values of a module type; empty where it can, or could with the module loaded. Vector sets are stored as
     * values of a module that is part of Redis from 8.0 on and exists nowhere else.
     */
    Optional<String> objectionToModule(String typeName) {
        return typeName.equals(ModuleId.VECTOR_SET) && !isAtLeast(Vendor.REDIS, 8, 0)
                ? Optional.of(this + " has no vector sets")
                : Optional.empty();
    }

    /** For people, and readable by {@link #parse}: {@code redis 6.2}. */
    @Override
    public String toString() {
        return vendor.name().toLowerCase(Locale.ROOT) + " " + major + "." + minor;
    }
}
