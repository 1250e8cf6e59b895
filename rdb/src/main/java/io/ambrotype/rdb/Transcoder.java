package io.ambrotype.rdb;

import java.io.IOException;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Brings values to a server of another version or vendor: untouched where it knows their encoding, else in one that it knows.
 *
 * <p>What changes: listpacks become the plain encodings of hash, set and sorted set, quicklists of listpacks those of ziplists
 * (all servers choose their own encoding again when they load them); of streams, what an older version does not keep is left out
 * (the first id, the greatest deleted id, the counters of entries added and read, when a consumer was last active): such a server
 * neither has nor needs it. Hashes whose fields expire go from Redis to Valkey 9 and back with every field's expiry; a server that
 * cannot expire fields does not get them, since fields would live for ever there.
 *
 * <p><b>Limits.</b> Values pass in pieces, whatever their size. What must be held whole while it is transcoded is limited to
 * {@value #MOST_HELD_BYTES} bytes: one node of a quicklist; one field with its value, from Valkey 9 to Redis; and a listpack of
 * more than 65,534 elements, which does not say how many it has. What is larger is refused by {@link RdbUnsupportedException}.
 *
 * <p>Immutable, and for use by any number of readers and threads.
 *
 * @param target what is written for
 */
public record Transcoder(TargetVersion target) {
    /** How much of a value may have to be held in memory. */
    public static final int MOST_HELD_BYTES = 32 << 20;

    /**
     * How the entry that {@code reader} is at gets there; its value is not passed. A value that is {@link Crossing.Transcoded} may
     * still turn out to exceed a limit.
     *
     * @throws RdbFormatException where the value is malformed
     * @throws IllegalStateException where the reader is not at an entry or its value has been passed
     */
    public Crossing crossing(RdbReader reader) throws IOException {
        ValueType type = reader.type();
        if (type == ValueType.MODULE_2) {
            Optional<String> objection = target.objectionToModule(reader.moduleTypeName());
            if (objection.isPresent()) {
                return new Crossing.Refused(objection.get());
            }
        }
        return crossing(type);
    }

    /** How values of a type get there, as far as the type alone decides it. */
    public Crossing crossing(ValueType type) {
        if (target.reads(type)) {
            return new Crossing.Untouched(type);
        }
        ValueType to = substitute(type);
        if (to != null && target.reads(to)) {
            return new Crossing.Transcoded(type, to);
        }
        return new Crossing.Refused(target + " has no expiry of hash fields");
    }

    private @Nullable ValueType substitute(ValueType type) {
        return switch (type) {
            case HASH_LISTPACK -> ValueType.HASH;
            case ZSET_LISTPACK -> ValueType.ZSET_2;
            case SET_LISTPACK -> ValueType.SET;
            case LIST_QUICKLIST_2 -> ValueType.LIST_QUICKLIST;
            case STREAM_LISTPACKS_2 -> ValueType.STREAM_LISTPACKS;
            case STREAM_LISTPACKS_3 ->
                target.reads(ValueType.STREAM_LISTPACKS_2) ? ValueType.STREAM_LISTPACKS_2 : ValueType.STREAM_LISTPACKS;
            case HASH_METADATA, HASH_METADATA_PRE_GA, HASH_LISTPACK_EX, HASH_LISTPACK_EX_PRE_GA -> ValueType.HASH_2;
            case HASH_2 -> ValueType.HASH_METADATA;
            // Every target reads these.
            case STRING,
                    LIST,
                    SET,
                    ZSET,
                    HASH,
                    ZSET_2,
                    MODULE_2,
                    HASH_ZIPMAP,
                    LIST_ZIPLIST,
                    SET_INTSET,
                    ZSET_ZIPLIST,
                    HASH_ZIPLIST,
                    LIST_QUICKLIST,
                    STREAM_LISTPACKS -> null;
        };
    }

    /**
     * Passes the value of the entry that {@code reader} is at and gives it to {@code sink}, in pieces, as the target reads it:
     * without type and key.
     *
     * @param crossing what {@link #crossing(RdbReader)} said of this entry
     * @throws RdbUnsupportedException where the target cannot have it: nothing has been given to the sink and the value is not
     *     passed if that was foreseen, else the sink has got a part and the value is passed; the reader can go on either way. The
     *     message is a reason without the key
     * @throws RdbFormatException where the value is malformed
     */
    public void copyValue(RdbReader reader, Crossing crossing, ByteSink sink) throws IOException {
        switch (crossing) {
            case Crossing.Untouched _ -> reader.copyValue(sink);
            case Crossing.Transcoded transcoded -> reader.transcodeValue(transcoded.to(), sink);
            case Crossing.Refused refused -> throw new RdbUnsupportedException(refused.reason());
        }
    }
}
