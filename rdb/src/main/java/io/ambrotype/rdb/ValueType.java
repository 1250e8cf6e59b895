package io.ambrotype.rdb;

import org.jspecify.annotations.Nullable;

/**
 * The encodings of values: what the type byte before a key says. Names follow {@code RDB_TYPE_*} in rdb.h of Redis and
 * Valkey; byte 22 is one thing in Redis and another in Valkey, and is therefore two constants.
 */
public enum ValueType {
    STRING(0, ValueKind.STRING, 1),
    LIST(1, ValueKind.LIST, 1),
    SET(2, ValueKind.SET, 1),
    /** Sorted set with scores as text. */
    ZSET(3, ValueKind.ZSET, 1),
    HASH(4, ValueKind.HASH, 1),
    /** Sorted set with binary scores. */
    ZSET_2(5, ValueKind.ZSET, 8),
    MODULE_2(7, ValueKind.MODULE, 8),
    HASH_ZIPMAP(9, ValueKind.HASH, 2),
    LIST_ZIPLIST(10, ValueKind.LIST, 2),
    SET_INTSET(11, ValueKind.SET, 2),
    ZSET_ZIPLIST(12, ValueKind.ZSET, 2),
    HASH_ZIPLIST(13, ValueKind.HASH, 4),
    /** A list of ziplists. */
    LIST_QUICKLIST(14, ValueKind.LIST, 7),
    STREAM_LISTPACKS(15, ValueKind.STREAM, 9),
    HASH_LISTPACK(16, ValueKind.HASH, 10),
    ZSET_LISTPACK(17, ValueKind.ZSET, 10),
    /** A list of listpacks and plain elements. */
    LIST_QUICKLIST_2(18, ValueKind.LIST, 10),
    /** Adds the first id, the greatest deleted id and counters. */
    STREAM_LISTPACKS_2(19, ValueKind.STREAM, 10),
    SET_LISTPACK(20, ValueKind.SET, 11),
    /** Adds the consumers' active time. */
    STREAM_LISTPACKS_3(21, ValueKind.STREAM, 11),
    /** Hash with field expiry of the Redis 7.4 release candidates. */
    HASH_METADATA_PRE_GA(22, ValueKind.HASH, RdbVersion.REDIS_12),
    /** Small hash with field expiry of the Redis 7.4 release candidates. */
    HASH_LISTPACK_EX_PRE_GA(23, ValueKind.HASH, RdbVersion.REDIS_12),
    /** Hash with field expiry of Redis 7.4. */
    HASH_METADATA(24, ValueKind.HASH, RdbVersion.REDIS_12),
    /** Small hash with field expiry of Redis 7.4. */
    HASH_LISTPACK_EX(25, ValueKind.HASH, RdbVersion.REDIS_12),
    /** Hash with field expiry of Valkey 9. */
    HASH_2(22, ValueKind.HASH, RdbVersion.VALKEY_80);

    private static final @Nullable ValueType[] REDIS_TYPES = byCode(RdbDialect.REDIS);
    private static final @Nullable ValueType[] VALKEY_TYPES = byCode(RdbDialect.VALKEY);

    private final int code;
    private final ValueKind kind;
    private final int minimumVersion;
    private final @Nullable RdbDialect onlyDialect;

    /** A type that both dialects know. */
    ValueType(int code, ValueKind kind, int minimumVersion) {
        this.code = code;
        this.kind = kind;
        this.minimumVersion = minimumVersion;
        this.onlyDialect = null;
    }

    /** A type that one dialect alone knows. */
    ValueType(int code, ValueKind kind, RdbVersion minimum) {
        this.code = code;
        this.kind = kind;
        this.minimumVersion = minimum.number();
        this.onlyDialect = minimum.dialect();
    }

    /** The type that {@code code} means in an RDB of {@code dialect}; null where it means none, or one without known boundaries. */
    public static @Nullable ValueType of(RdbDialect dialect, int code) {
        @Nullable ValueType[] types = dialect == RdbDialect.REDIS ? REDIS_TYPES : VALKEY_TYPES;
        return code >= 0 && code < types.length ? types[code] : null;
    }

    /** The type byte in the RDB, 0 to 255. */
    public int code() {
        return code;
    }

    /** What the value is, whatever its encoding. */
    public ValueKind kind() {
        return kind;
    }

    /** The first version whose servers read this type. */
    public RdbVersion minimumVersion() {
        return new RdbVersion(onlyDialect == null ? RdbDialect.REDIS : onlyDialect, minimumVersion);
    }

    /** Whether servers that write {@code version} read this type. */
    public boolean isHeldBy(RdbVersion version) {
        return version.number() >= minimumVersion && (onlyDialect == null || onlyDialect == version.dialect());
    }

    private static @Nullable ValueType[] byCode(RdbDialect dialect) {
        @Nullable ValueType[] types = new @Nullable ValueType[26];
        for (ValueType type : values()) {
            if (type.onlyDialect == null || type.onlyDialect == dialect) {
                types[type.code] = type;
            }
        }
        return types;
    }
}
