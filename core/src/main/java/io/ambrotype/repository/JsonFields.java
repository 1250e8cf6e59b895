package io.ambrotype.repository;

import io.ambrotype.common.AmbrotypeException;
import io.ambrotype.common.ErrorCode;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.time.format.ResolverStyle;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * One JSON object of a file, read field by field. Every value is checked; an error names the file and, as a JSON
 * pointer, the place. Fields that nobody asks for are passed over: later versions add some.
 */
final class JsonFields {
    private static final DateTimeFormatter INSTANT = DateTimeFormatter.ofPattern(
                    "uuuu-MM-dd'T'HH:mm:ss.SSS'Z'", Locale.ROOT)
            .withResolverStyle(ResolverStyle.STRICT)
            .withZone(ZoneOffset.UTC);

    private static final Pattern NUMBER = Pattern.compile("0|[1-9][0-9]{0,8}");
    private static final int LONGEST_COMPLAINT = 400;

    private final String file;
    private final @Nullable JsonFields parent;
    private final String ownName;
    private final JsonNode node;

    /** The root of a file. */
    JsonFields(String file, ObjectNode root) {
        this(file, null, "", root);
    }

    private JsonFields(String file, @Nullable JsonFields parent, String ownName, JsonNode node) {
        this.file = file;
        this.parent = parent;
        this.ownName = ownName;
        this.node = node;
    }

    /** How times are written. */
    static String format(Instant time) {
        return INSTANT.format(time);
    }

    /** How the constants of an enumeration are written. */
    static String format(Enum<?> constant) {
        return constant.name().toLowerCase(Locale.ROOT).replace('_', '-');
    }

    /** Builds a record; what its constructor rejects is an error at this place. */
    <T> T build(Supplier<T> constructor) {
        try {
            return constructor.get();
        } catch (IllegalArgumentException e) {
            throw corrupt(e.getMessage() == null ? "impossible value" : e.getMessage())
                    .causedBy(e);
        }
    }

    AmbrotypeException corrupt(String complaint) {
        String pointer = pointer();
        return AmbrotypeException.of(
                ErrorCode.CORRUPT, file + shown((pointer.isEmpty() ? "" : " at " + pointer) + ": " + complaint));
    }

    private String pointer() {
        return parent == null
                ? ""
                : parent.pointer() + "/" + ownName.replace("~", "~0").replace("/", "~1");
    }

    /** Text of the file is part of it: nothing in it may control a terminal, or fill it. */
    private static String shown(String text) {
        StringBuilder shown = new StringBuilder();
        text.codePoints()
                .limit(LONGEST_COMPLAINT)
                .map(c -> Character.isISOControl(c) ? '?' : c)
                .forEach(shown::appendCodePoint);
        return text.length() > LONGEST_COMPLAINT ? shown.append('…').toString() : shown.toString();
    }

    String text(String name) {
        return field(name).text();
    }

    Optional<String> optionalText(String name) {
        return optional(name).map(JsonFields::text);
    }

    boolean bool(String name) {
        JsonFields field = field(name);
        if (!field.node.isBoolean()) {
            throw field.corrupt("true or false was expected");
        }
        return field.node.booleanValue();
    }

    long number(String name) {
        return field(name).number();
    }

    OptionalLong optionalNumber(String name) {
        return optional(name).map(field -> OptionalLong.of(field.number())).orElseGet(OptionalLong::empty);
    }

    int integer(String name) {
        return field(name).integer();
    }

    OptionalInt optionalInteger(String name) {
        return optional(name).map(field -> OptionalInt.of(field.integer())).orElseGet(OptionalInt::empty);
    }

    Instant instant(String name) {
        JsonFields field = field(name);
        try {
            return INSTANT.parse(field.text(), Instant::from);
        } catch (DateTimeException e) {
            throw field.corrupt("a time such as 2026-11-22T15:53:28.000Z was expected")
                    .causedBy(e);
        }
    }

    /** A duration in milliseconds. */
    Duration millis(String name) {
        return Duration.ofMillis(number(name));
    }

    <E extends Enum<E>> E constant(String name, E[] constants) {
        JsonFields field = field(name);
        String text = field.text();
        for (E constant : constants) {
            if (format(constant).equals(text)) {
                return constant;
            }
        }
        throw field.corrupt("'" + text + "' is not known");
    }

    List<String> texts(String name) {
        return list(name, JsonFields::text);
    }

    <T> T object(String name, Function<JsonFields, T> read) {
        JsonFields field = field(name);
        if (!field.node.isObject()) {
            throw field.corrupt("an object was expected");
        }
        return read.apply(field);
    }

    <T> Optional<T> optionalObject(String name, Function<JsonFields, T> read) {
        return optional(name).map(field -> object(name, read));
    }

    <T> List<T> list(String name, Function<JsonFields, T> read) {
        return field(name).elements(read);
    }

    /** An object's field names and their values, in the order of the file. */
    <V> Map<String, V> map(String name, Function<JsonFields, V> value) {
        return object(name, object -> {
            Map<String, V> map = new LinkedHashMap<>();
            for (Map.Entry<String, JsonNode> property : object.node.properties()) {
                map.put(property.getKey(), value.apply(object.child(property.getKey(), property.getValue())));
            }
            return map;
        });
    }

    /** The same, of an object whose field names are numbers. */
    <V> SortedMap<Integer, V> numberedMap(String name, Function<JsonFields, V> value) {
        SortedMap<Integer, V> numbered = new TreeMap<>();
        map(name, value).forEach((number, each) -> {
            if (!NUMBER.matcher(number).matches()) {
                throw field(name).corrupt("'" + number + "' is not a number");
            }
            numbered.put(Integer.parseInt(number), each);
        });
        return numbered;
    }

    /** The elements of this array. */
    <T> List<T> elements(Function<JsonFields, T> read) {
        if (!node.isArray()) {
            throw corrupt("an array was expected");
        }
        List<T> elements = new ArrayList<>(node.size());
        for (int index = 0; index < node.size(); index++) {
            JsonNode element = node.get(index);
            if (element == null) {
                throw corrupt("no element " + index);
            }
            elements.add(read.apply(child(Integer.toString(index), element)));
        }
        return elements;
    }

    /** This value as text. */
    String text() {
        if (!node.isString()) {
            throw corrupt("a string was expected");
        }
        return node.stringValue();
    }

    /** This value as a whole number. */
    long number() {
        if (!node.isIntegralNumber() || !node.canConvertToLong()) {
            throw corrupt("a whole number was expected");
        }
        return node.longValue();
    }

    private int integer() {
        long number = number();
        if (number != (int) number) {
            throw corrupt("the number " + number + " is too big");
        }
        return (int) number;
    }

    private JsonFields field(String name) {
        return optional(name).orElseThrow(() -> corrupt("the field '" + name + "' is missing"));
    }

    private Optional<JsonFields> optional(String name) {
        @Nullable JsonNode value = node.get(name);
        return value == null ? Optional.empty() : Optional.of(child(name, value));
    }

    private JsonFields child(String name, JsonNode value) {
        return new JsonFields(file, this, name, value);
    }
}
