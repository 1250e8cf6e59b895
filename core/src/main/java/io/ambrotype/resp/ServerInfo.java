package io.ambrotype.resp;

import io.ambrotype.common.AmbrotypeException;
import io.ambrotype.common.ErrorCode;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * What INFO said: sections of {@code name:value} lines. Section names are in lower case, in the server's order; field
 * names are as the server wrote them. Immutable.
 *
 * @param sections fields by section
 */
public record ServerInfo(Map<String, Map<String, String>> sections) {
    private static final int MOST_LINES = 100_000;

    /** Keeps its own unmodifiable maps. */
    public ServerInfo {
        Map<String, Map<String, String>> copy = new LinkedHashMap<>();
        sections.forEach(
                (section, fields) -> copy.put(section, Collections.unmodifiableMap(new LinkedHashMap<>(fields))));
        sections = Collections.unmodifiableMap(copy);
    }

    /**
     * Reads the text of an INFO reply; lines that are neither a section title nor a field are passed over, as is what stands behind the
     * first 100,000 lines.
     */
    public static ServerInfo parse(String text) {
        Map<String, Map<String, String>> sections = new LinkedHashMap<>();
        String section = "";
        // Some hundreds are usual; each takes many times its own bytes.
        for (String line : text.lines().limit(MOST_LINES).toList()) {
            int colon = line.indexOf(':');
            if (line.startsWith("#")) {
                section = line.substring(1).strip().toLowerCase(Locale.ROOT);
            } else if (colon > 0) {
                sections.computeIfAbsent(section, _ -> new LinkedHashMap<>())
                        .put(line.substring(0, colon), line.substring(colon + 1));
            }
        }
        return new ServerInfo(sections);
    }

    /**
     * Asks a server for one section: {@code server}, {@code replication}, …, {@code default} or {@code everything}. (More
     * than one section by name is understood from 7.0 on only.)
     */
    public static ServerInfo read(RespConnection connection, String section) {
        return parse(connection.text("INFO", section));
    }

    /** A field's value, in whatever section it stands first. */
    public Optional<String> value(String field) {
        for (Map<String, String> fields : sections.values()) {
            String value = fields.get(field);
            if (value != null) {
                return Optional.of(value);
            }
        }
        return Optional.empty();
    }

    /** A field that every supported version has. @throws AmbrotypeException where it is missing */
    public String require(String field) {
        return value(field)
                .orElseThrow(() -> AmbrotypeException.of(ErrorCode.FAILED, "the server's INFO has no " + field));
    }

    /** A field's value as a number; empty where it is missing or no integer. */
    public OptionalLong number(String field) {
        try {
            String value = value(field).orElse("");
            return value.isEmpty() ? OptionalLong.empty() : OptionalLong.of(Long.parseLong(value));
        } catch (NumberFormatException e) {
            return OptionalLong.empty();
        }
    }

    /** Whether a field is there and says 1 or {@code up}: {@code loading}, {@code cluster_enabled}, {@code master_link_status} … */
    public boolean is(String field) {
        String value = value(field).orElse("");
        return value.equals("1") || value.equals("up");
    }

    /** The parts of a value such as {@code ip=10.0.0.1,port=7000,state=online}, as in {@code slave0} or {@code db0}. */
    public static Map<String, String> parts(String value) {
        Map<String, String> parts = new LinkedHashMap<>();
        for (String part : value.split(",")) {
            int equals = part.indexOf('=');
            if (equals > 0) {
                parts.put(part.substring(0, equals), part.substring(equals + 1));
            }
        }
        return Collections.unmodifiableMap(parts);
    }

    /** Vendor and version. @throws AmbrotypeException where the section {@code server} was not asked for */
    public ServerVersion version() {
        return ServerVersion.of(this);
    }
}
