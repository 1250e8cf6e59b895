package io.ambrotype.cli;

import io.ambrotype.common.AmbrotypeException;
import io.ambrotype.common.ErrorCode;
import java.nio.file.Path;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.core.StreamReadFeature;
import tools.jackson.core.TokenStreamLocation;
import tools.jackson.dataformat.yaml.YAMLFactory;

/**
 * A value in a YAML file that knows where it stands, so that every error can name file and line. Errors never show a
 * value, which may be a password. Immutable.
 */
final class YamlNode {
    private final Path file;
    private final int line;
    private final String name;
    private final @Nullable String text;
    private final @Nullable Map<String, YamlNode> group;

    private YamlNode(Path file, int line, String name, @Nullable String text, @Nullable Map<String, YamlNode> group) {
        this.file = file;
        this.line = line;
        this.name = name;
        this.text = text;
        this.group = group == null ? null : Collections.unmodifiableMap(group);
    }

    /**
     * Reads a file's text; a file without a value is an empty group.
     *
     * @throws AmbrotypeException {@code USAGE} where it is not YAML or has a key twice
     */
    static YamlNode parse(Path file, String text) {
        YAMLFactory factory = YAMLFactory.builder()
                .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
                .build();
        try (JsonParser parser = factory.createParser(tools.jackson.core.ObjectReadContext.empty(), text)) {
            JsonToken first = parser.nextToken();
            return first == null || first == JsonToken.VALUE_NULL
                    ? new YamlNode(file, 1, "the file", null, Map.of())
                    : read(parser, file, 1, "the file");
        } catch (JacksonException e) {
            TokenStreamLocation location = e.getLocation();
            // Indented lines show the text again.
            throw wrong(
                    file,
                    location == null ? 0 : location.getLineNr(),
                    e.getOriginalMessage()
                            .lines()
                            .filter(part -> !part.startsWith(" "))
                            .collect(Collectors.joining(", ")));
        }
    }

    private static YamlNode read(JsonParser parser, Path file, int line, String name) {
        return switch (parser.currentToken()) {
            case START_OBJECT -> {
                Map<String, YamlNode> group = new LinkedHashMap<>();
                while (parser.nextToken() != JsonToken.END_OBJECT) {
                    String key = parser.currentName();
                    int at = parser.currentTokenLocation().getLineNr();
                    if (parser.nextToken() != JsonToken.VALUE_NULL) {
                        group.put(key, read(parser, file, at, "'" + key + "'"));
                    } else {
                        group.put(key, new YamlNode(file, at, "'" + key + "'", null, null));
                    }
                }
                yield new YamlNode(file, line, name, null, group);
            }
            case START_ARRAY -> {
                parser.skipChildren();
                throw wrong(file, line, name + " is a list, and no list is expected there");
            }
            default -> new YamlNode(file, line, name, parser.getString(), null);
        };
    }

    /** Whether there is a key without a value. */
    boolean isEmpty() {
        return text == null && group == null;
    }

    /** The values of a group, any keys. */
    Map<String, YamlNode> group() {
        if (group == null) {
            throw wrong(name + " is not a group of keys with values");
        }
        return group;
    }

    /** The values of a group that has no other keys than these. */
    Map<String, YamlNode> group(String... known) {
        for (Map.Entry<String, YamlNode> entry : group().entrySet()) {
            if (!List.of(known).contains(entry.getKey())) {
                throw entry.getValue()
                        .wrong("unknown key " + entry.getValue().name)
                        .withHint(Suggestion.didYouMean(entry.getKey(), List.of(known))
                                .orElse("known here are "
                                        + Stream.of(known).sorted().collect(Collectors.joining(", "))));
            }
        }
        return group();
    }

    /** The value of a key of this group; empty where it has none. */
    Optional<YamlNode> get(String key) {
        return Optional.ofNullable(group().get(key)).filter(node -> !node.isEmpty());
    }

    /** A scalar as it is written. */
    String text() {
        if (text == null) {
            throw wrong(name + " is not a text");
        }
        return text;
    }

    /** A whole number in these bounds. */
    int integer(int least, int most) {
        try {
            int number = Integer.parseInt(text());
            if (number >= least && number <= most) {
                return number;
            }
        } catch (NumberFormatException _) {
            // Told below.
        }
        throw wrong(name + " is not a whole number from " + least + " to " + most);
    }

    /** {@code true} or {@code false}. */
    boolean flag() {
        return switch (text()) {
            case "true" -> true;
            case "false" -> false;
            default -> throw wrong(name + " is not true or false");
        };
    }

    /** An error about this value. */
    AmbrotypeException wrong(String what) {
        return wrong(file, line, what);
    }

    private static AmbrotypeException wrong(Path file, int line, String what) {
        return AmbrotypeException.of(
                ErrorCode.USAGE,
                "configuration file " + file + (line < 1 ? "" : ", line " + line) + ": " + Console.printable(what));
    }
}
