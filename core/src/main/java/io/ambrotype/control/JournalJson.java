package io.ambrotype.control;

import io.ambrotype.common.HostAndPort;
import io.ambrotype.topology.NodeId;
import io.ambrotype.topology.SlotSet;
import java.nio.file.Path;
import java.util.function.Function;
import tools.jackson.core.JsonGenerator;
import tools.jackson.core.JsonParser;
import tools.jackson.databind.DeserializationContext;
import tools.jackson.databind.DeserializationFeature;
import tools.jackson.databind.SerializationContext;
import tools.jackson.databind.ValueDeserializer;
import tools.jackson.databind.ValueSerializer;
import tools.jackson.databind.cfg.DateTimeFeature;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.module.SimpleModule;

/** How records stand in a journal: field by field, with ids, addresses and slots in the form that people read. */
final class JournalJson {
    static final JsonMapper MAPPER = JsonMapper.builder()
            .addModule(module())
            .disable(DateTimeFeature.WRITE_DATES_AS_TIMESTAMPS)
            .disable(DateTimeFeature.WRITE_DURATIONS_AS_TIMESTAMPS)
            // Later versions add fields.
            .disable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
            .build();

    private JournalJson() {}

    private static SimpleModule module() {
        SimpleModule module = new SimpleModule("ambrotype");
        text(module, NodeId.class, NodeId::new);
        text(module, HostAndPort.class, HostAndPort::parse);
        text(module, SlotSet.class, SlotSet::parse);
        text(module, Path.class, Path::of);
        return module;
    }

    private static <T> void text(SimpleModule module, Class<T> type, Function<String, T> parse) {
        module.addSerializer(type, new ValueSerializer<T>() {
            @Override
            public void serialize(T value, JsonGenerator generator, SerializationContext context) {
                generator.writeString(value.toString());
            }
        });
        module.addDeserializer(type, new ValueDeserializer<T>() {
            @Override
            public T deserialize(JsonParser parser, DeserializationContext context) {
                return parse.apply(parser.getString());
            }
        });
    }
}
