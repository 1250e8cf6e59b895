package io.ambrotype.cli;

import tools.jackson.databind.MapperFeature;
import tools.jackson.databind.SerializationFeature;
import tools.jackson.databind.json.JsonMapper;

/**
 * Results as JSON: records with their components in order, absent values as null, times as ISO-8601. Components are only
 * ever added, so that scripts may rely on those that are there.
 */
final class Json {
    private static final JsonMapper MAPPER = JsonMapper.builder()
            .disable(MapperFeature.SORT_PROPERTIES_ALPHABETICALLY)
            .disable(SerializationFeature.ORDER_MAP_ENTRIES_BY_KEYS)
            .build();

    private Json() {}

    /** A document over several lines, for standard output. */
    static String document(Object value) {
        return MAPPER.writerWithDefaultPrettyPrinter().writeValueAsString(value);
    }

    /** A document that is JSON already. */
    static Object tree(String json) {
        return MAPPER.readTree(json);
    }

    /** A document on one line, for standard error. */
    static String line(Object value) {
        return MAPPER.writeValueAsString(value);
    }
}
