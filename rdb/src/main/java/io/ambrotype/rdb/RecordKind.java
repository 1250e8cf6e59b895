package io.ambrotype.rdb;

/** What {@link RdbReader#next()} has come to. */
public enum RecordKind {
    /** A name and a text about the file ({@link RdbReader#auxName()}, {@link RdbReader#auxValue()}). */
    AUX,
    /** The source of a function library ({@link RdbReader#functionSource()}). */
    FUNCTION,
    /** A module's data outside the keyspace ({@link RdbReader#moduleName()}). */
    MODULE_AUX,
    /** The entries that follow are of another database ({@link RdbReader#database()}). */
    SELECT_DATABASE,
    /** A hint: how many entries, and how many with an expiry, the database has. */
    RESIZE_DATABASE,
    /** A hint: how many entries a hash slot has (Redis 7.4 and later, cluster). */
    SLOT_INFO,
    /** Slots that the server was importing: their entries are in the file, but not yet its own (Valkey 9). */
    SLOT_IMPORT,
    /** A key and its value. */
    ENTRY,
    /** The end; the checksum has been read ({@link RdbReader#checksum()}). */
    END
}
