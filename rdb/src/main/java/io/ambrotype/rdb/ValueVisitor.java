package io.ambrotype.rdb;

import java.io.IOException;
import org.jspecify.annotations.Nullable;

/**
 * Is told what a value means, whatever its encoding, piece by piece in the order in which it is stored
 * ({@link RdbReader#readValue}). A string belongs to the method that gets it and must be read inside it; it need not be read.
 * Every method does nothing by default.
 *
 * <p>Per kind of value the calls are:
 *
 * <ul>
 *   <li>string: {@link #string} once;
 *   <li>list: {@link #size}, then {@link #listElement} per element, in order;
 *   <li>set: {@link #size}, then {@link #setMember} per member;
 *   <li>sorted set: {@link #size}, then {@link #zsetMember} and {@link #zsetScore} per member;
 *   <li>hash: {@link #size}, then {@link #hashField}, {@link #hashValue} and {@link #hashFieldEnd} per field, expired ones included;
 *   <li>stream: per entry {@link #streamEntry}, then {@link #streamField} and {@link #streamValue} per field, then {@link
 *       #streamEntryEnd}; deleted entries are left out; then {@link #streamState}; then per group {@link #streamGroup}, {@link
 *       #streamGroupState}, {@link #streamPending} per pending entry, and per consumer {@link #streamConsumer}, {@link
 *       #streamConsumerTimes} and {@link #streamConsumerPending} per pending entry that is his;
 *   <li>module value: {@link #module}, then one of the {@code module…} methods per item that the module wrote.
 * </ul>
 */
public interface ValueVisitor {
    /** {@link #size} of what does not say it in front. */
    long UNKNOWN_SIZE = -1;

    /**
     * The beginning of a list, set, sorted set or hash.
     *
     * @param count how many elements, members or fields follow, or {@link #UNKNOWN_SIZE}
     */
    default void size(long count) throws IOException {}

    /** The value of a string. */
    default void string(RdbString value) throws IOException {}

    /** The next element of a list. */
    default void listElement(RdbString element) throws IOException {}

    /** A member of a set. */
    default void setMember(RdbString member) throws IOException {}

    /** A member of a sorted set; its score follows. */
    default void zsetMember(RdbString member) throws IOException {}

    /** The score of the member before; it may be infinite. */
    default void zsetScore(double score) throws IOException {}

    /** A field of a hash; its value follows. */
    default void hashField(RdbString field) throws IOException {}

    /** The value of the field before. */
    default void hashValue(RdbString value) throws IOException {}

    /** The end of a field: when it expires, in milliseconds since the epoch, or {@link RdbReader#NO_EXPIRY}. */
    default void hashFieldEnd(long expireAtMillis) throws IOException {}

    /** An entry of a stream; its fields follow. */
    default void streamEntry(StreamId id) throws IOException {}

    /** A field of a stream entry; its value follows. Fields of one name may stand more than once. */
    default void streamField(RdbString field) throws IOException {}

    /** The value of the field before. */
    default void streamValue(RdbString value) throws IOException {}

    /** The end of a stream entry. */
    default void streamEntryEnd() throws IOException {}

    /** What a stream says of itself, behind its entries. */
    default void streamState(StreamState state) throws IOException {}

    /** A consumer group, by its name. */
    default void streamGroup(RdbString name) throws IOException {}

    /**
     * What the group has got so far.
     *
     * @param lastDelivered id of the last entry delivered to it
     * @param entriesRead how many entries it has read, an estimate; -1 where it is unknown, as before Redis 7.0
     */
    default void streamGroupState(StreamId lastDelivered, long entriesRead) throws IOException {}

    /**
     * An entry that was delivered to the group and has not been acknowledged.
     *
     * @param id its id
     * @param deliveredAtMillis when it was last delivered, in milliseconds since the epoch
     * @param deliveries how often it was delivered
     */
    default void streamPending(StreamId id, long deliveredAtMillis, long deliveries) throws IOException {}

    /** A consumer of the group, by its name. */
    default void streamConsumer(RdbString name) throws IOException {}

    /**
     * When the consumer was there.
     *
     * @param seenAtMillis when it last tried, in milliseconds since the epoch
     * @param activeAtMillis when it last got something; -1 where it is unknown, as before RDB 11, or never happened
     */
    default void streamConsumerTimes(long seenAtMillis, long activeAtMillis) throws IOException {}

    /** One of the group's pending entries is this consumer's. */
    default void streamConsumerPending(StreamId id) throws IOException {}

    /**
     * A module value.
     *
     * @param typeName nine characters
     * @param encodingVersion the module's own
     */
    default void module(String typeName, int encodingVersion) throws IOException {}

    /** A signed number of a module value. */
    default void moduleSigned(long number) throws IOException {}

    /** An unsigned number of a module value. */
    default void moduleUnsigned(long number) throws IOException {}

    /** A single-precision number of a module value. */
    default void moduleFloat(float number) throws IOException {}

    /** A double-precision number of a module value. */
    default void moduleDouble(double number) throws IOException {}

    /** A string of a module value. */
    default void moduleString(RdbString string) throws IOException {}

    /**
     * What a stream says of itself.
     *
     * @param length number of its entries
     * @param lastId id of the last entry ever added
     * @param firstId id of its first entry; null before RDB 10, which does not say
     * @param maxDeletedId greatest id ever deleted; null before RDB 10
     * @param entriesAdded number of entries ever added; -1 before RDB 10
     */
    record StreamState(
            long length,
            StreamId lastId,
            @Nullable StreamId firstId,
            @Nullable StreamId maxDeletedId,
            long entriesAdded) {}
}
