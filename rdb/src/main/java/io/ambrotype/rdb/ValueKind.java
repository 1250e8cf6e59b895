package io.ambrotype.rdb;

/** What a value is for its user, whatever its encoding. */
public enum ValueKind {
    STRING,
    LIST,
    SET,
    /** Sorted set. */
    ZSET,
    HASH,
    STREAM,
    /** A value of a module's own type. */
    MODULE;

    /** The name that the TYPE command uses; {@code module} for module values. */
    public String typeName() {
        return switch (this) {
            case STRING -> "string";
            case LIST -> "list";
            case SET -> "set";
            case ZSET -> "zset";
            case HASH -> "hash";
            case STREAM -> "stream";
            case MODULE -> "module";
        };
    }
}
