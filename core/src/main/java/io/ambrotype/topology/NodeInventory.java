package io.ambrotype.topology;

import io.ambrotype.common.AmbrotypeException;
import io.ambrotype.resp.RespConnection;
import io.ambrotype.resp.RespErrorException;
import io.ambrotype.resp.RespReply;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;

/**
 * What a node has loaded beside its data and what a node must have that is to load them. Immutable.
 *
 * @param functions its function libraries; empty where it has no functions (before 7.0) or does not tell
 * @param modules its modules; empty where it does not tell
 */
public record NodeInventory(Optional<List<FunctionLibrary>> functions, Optional<List<LoadedModule>> modules) {
    /**
     * A function library; its source stands in the RDB.
     *
     * @param name as in {@code FUNCTION LIST}
     * @param engine the language, such as {@code LUA}
     * @param functions the names of its functions
     */
    public record FunctionLibrary(String name, String engine, List<String> functions) {
        /** Keeps its own list. */
        public FunctionLibrary {
            functions = List.copyOf(functions);
        }
    }

    /**
     * A module.
     *
     * @param name as in {@code MODULE LIST}
     * @param version as the module counts it
     * @param path the file it was loaded from, where there is one and the server tells it (7.0+)
     * @param arguments how many arguments it was loaded with; they are not kept because they may hold passwords
     */
    public record LoadedModule(String name, long version, Optional<String> path, int arguments) {}

    /** Keeps its own lists. */
    public NodeInventory {
        functions = functions.map(List::copyOf);
        modules = modules.map(List::copyOf);
    }

    /**
     * Asks a node.
     *
     * @throws AmbrotypeException where the connection fails or a reply has an unknown form; a refusal is not an error
     */
    public static NodeInventory read(RespConnection connection) {
        return new NodeInventory(
                list(connection, NodeInventory::library, "FUNCTION", "LIST"),
                list(connection, NodeInventory::module, "MODULE", "LIST"));
    }

    private static <T> Optional<List<T>> list(
            RespConnection connection, Function<Map<String, RespReply>, T> form, String... command) {
        try {
            List<T> items = new ArrayList<>();
            for (RespReply item : connection.array(command)) {
                items.add(form.apply(fields(item)));
            }
            return Optional.of(items);
        } catch (RespErrorException _) {
            return Optional.empty();
        }
    }

    private static FunctionLibrary library(Map<String, RespReply> fields) {
        List<String> functions = elements(fields, "functions").stream()
                .map(function -> text(fields(function), "name"))
                .toList();
        return new FunctionLibrary(text(fields, "library_name"), text(fields, "engine"), functions);
    }

    private static LoadedModule module(Map<String, RespReply> fields) {
        RespReply version = fields.get("ver");
        return new LoadedModule(
                text(fields, "name"),
                version == null ? 0 : version.integer(),
                // What is built in has no path (vector sets of Redis 8.0) or its name for one (Lua of Valkey 9.1).
                Optional.of(text(fields, "path")).filter(path -> path.contains("/")),
                elements(fields, "args").size());
    }

    private static Map<String, RespReply> fields(RespReply reply) {
        List<RespReply> elements = reply.array();
        Map<String, RespReply> fields = new HashMap<>();
        for (int i = 0; i + 1 < elements.size(); i += 2) {
            fields.put(elements.get(i).text(), elements.get(i + 1));
        }
        return fields;
    }

    private static String text(Map<String, RespReply> fields, String name) {
        RespReply value = fields.get(name);
        return value == null || value.isNull() ? "" : value.text();
    }

    private static List<RespReply> elements(Map<String, RespReply> fields, String name) {
        RespReply value = fields.get(name);
        return value == null || value.isNull() ? List.of() : value.array();
    }
}
