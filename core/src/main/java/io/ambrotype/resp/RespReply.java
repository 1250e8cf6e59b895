package io.ambrotype.resp;

import io.ambrotype.common.AmbrotypeException;
import io.ambrotype.common.ErrorCode;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * One RESP2 reply. Immutable, as long as nobody writes to the array of a {@link BulkString}.
 *
 * <p>The helpers read the expected shape and throw {@link AmbrotypeException} where the reply has another one; the
 * methods of the same names on {@link RespConnection} also name the node and the command.
 */
public sealed interface RespReply {
    /** A status such as {@code OK}. */
    record SimpleString(String value) implements RespReply {}

    /** An error, such as {@code ERR unknown command}. */
    record ErrorReply(String message) implements RespReply {
        /** The first word: {@code ERR}, {@code NOAUTH}, {@code MOVED} … */
        public String prefix() {
            int space = message.indexOf(' ');
            return space < 0 ? message : message.substring(0, space);
        }
    }

    /** A signed 64-bit integer. */
    record IntegerReply(long value) implements RespReply {}

    /** A string of bytes. */
    final class BulkString implements RespReply {
        private final byte[] value;

        /** Keeps the array itself, not a copy. */
        public BulkString(byte[] value) {
            this.value = value;
        }

        /** The bytes themselves, not a copy. */
        public byte[] value() {
            return value;
        }

        @Override
        public boolean equals(Object other) {
            return other instanceof BulkString bulk && Arrays.equals(value, bulk.value);
        }

        @Override
        public int hashCode() {
            return Arrays.hashCode(value);
        }

        /** Its length only: values are data of the users. */
        @Override
        public String toString() {
            return "BulkString[" + value.length + " bytes]";
        }
    }

    /** The null bulk string or null array. */
    record NullReply() implements RespReply {}

    /** An array of replies. */
    record ArrayReply(List<RespReply> elements) implements RespReply {
        /** Keeps its own unmodifiable list. */
        public ArrayReply {
            elements = List.copyOf(elements);
        }
    }

    /** Whether this is the null reply. */
    default boolean isNull() {
        return this instanceof NullReply;
    }

    /** The text of a status, a bulk string (as UTF-8) or an integer. */
    default String text() {
        return switch (this) {
            case SimpleString status -> status.value();
            case BulkString bulk -> new String(bulk.value(), StandardCharsets.UTF_8);
            case IntegerReply integer -> Long.toString(integer.value());
            case ErrorReply _, NullReply _, ArrayReply _ -> throw unexpected("a text");
        };
    }

    /** The bytes of a bulk string or status. */
    default byte[] bytes() {
        return switch (this) {
            case BulkString bulk -> bulk.value();
            case SimpleString status -> status.value().getBytes(StandardCharsets.UTF_8);
            case IntegerReply _, ErrorReply _, NullReply _, ArrayReply _ -> throw unexpected("a bulk string");
        };
    }

    /** The value of an integer reply, or of a text that is one. */
    default long integer() {
        return switch (this) {
            case IntegerReply integer -> integer.value();
            case SimpleString _, BulkString _ -> {
                try {
                    yield Long.parseLong(text());
                } catch (NumberFormatException e) {
                    throw unexpected("an integer").causedBy(e);
                }
            }
            case ErrorReply _, NullReply _, ArrayReply _ -> throw unexpected("an integer");
        };
    }

    /** The elements of an array. */
    default List<RespReply> array() {
        if (this instanceof ArrayReply array) {
            return array.elements();
        }
        throw unexpected("an array");
    }

    /** The elements of an array of texts. */
    default List<String> texts() {
        return array().stream().map(RespReply::text).toList();
    }

    /** The pairs of a flat array name, value, name, value … of texts, as CONFIG GET sends them, in their order. */
    default Map<String, String> pairs() {
        List<RespReply> elements = array();
        if (elements.size() % 2 != 0) {
            throw unexpected("an array of pairs");
        }
        Map<String, String> pairs = LinkedHashMap.newLinkedHashMap(elements.size() / 2);
        for (int i = 0; i < elements.size(); i += 2) {
            pairs.put(elements.get(i).text(), elements.get(i + 1).text());
        }
        return pairs;
    }

    private AmbrotypeException unexpected(String expected) {
        String found = switch (this) {
            case SimpleString _ -> "a status";
            case ErrorReply error -> "the error '" + error.message() + "'";
            case IntegerReply _ -> "an integer";
            case BulkString _ -> "a bulk string";
            case NullReply _ -> "a null";
            case ArrayReply array -> "an array of " + array.elements().size();
        };
        return AmbrotypeException.of(
                ErrorCode.FAILED, "unexpected reply: " + found + " where " + expected + " was expected");
    }
}
