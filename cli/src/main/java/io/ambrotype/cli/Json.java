package io.ambrotype.cli;

import io.ambrotype.common.HostAndPort;
import io.ambrotype.common.ReplicationId;
import io.ambrotype.common.Secret;
import io.ambrotype.resp.ServerVersion;
import io.ambrotype.topology.NodeId;
import io.ambrotype.topology.SlotSet;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import tools.jackson.core.JsonGenerator;
import tools.jackson.databind.MapperFeature;
import tools.jackson.databind.SerializationContext;
import tools.jackson.databind.SerializationFeature;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.module.SimpleModule;
import tools.jackson.databind.ser.std.StdSerializer;
import tools.jackson.databind.ser.std.ToStringSerializer;

/**
 * Results as JSON: records with their components in order, absent values as null, times as ISO-8601, constants in lower
 * case with hyphens, and what has a printed form of its own (addresses, ids, slots, versions) in that. Components are only
 * ever added, so that scripts may rely on those that are there.
 */
final class Json {
    private static final JsonMapper MAPPER = JsonMapper.builder()
            .disable(MapperFeature.SORT_PROPERTIES_ALPHABETICALLY)
            .disable(SerializationFeature.ORDER_MAP_ENTRIES_BY_KEYS)
            .addModule(printed())
            .build();

    private Json() {}

    private static SimpleModule printed() {
        SimpleModule module = new SimpleModule("printed");
        List.of(
                        HostAndPort.class,
                        NodeId.class,
                        Path.class,
                        ReplicationId.class,
                        Secret.class,
                        ServerVersion.class,
                        SlotSet.class)
                .forEach(type -> module.addSerializer(type, ToStringSerializer.instance));
        return module.addSerializer(new ConstantSerializer());
    }

    /** {@code NODE_LOADING} is {@code node-loading}. */
    private static final class ConstantSerializer extends StdSerializer<Enum<?>> {
        ConstantSerializer() {
            super(Enum.class);
        }

        @Override
        public void serialize(Enum<?> constant, JsonGenerator generator, SerializationContext context) {
            generator.writeString(constant.name().toLowerCase(Locale.ROOT).replace('_', '-'));
        }
    }

    /** A document over several lines, for standard output. */
    static String document(Object value) {
        return MAPPER.writerWithDefaultPrettyPrinter().writeValueAsString(value);
    }

    /** A document that is JSON already. */
    static Object tree(String json) {
        return MAPPER.readTree(json);
    }

    /** A document on one line. */
    static String line(Object value) {
        return MAPPER.writeValueAsString(value);
    }
}
