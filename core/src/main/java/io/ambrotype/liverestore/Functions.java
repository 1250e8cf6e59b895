package io.ambrotype.liverestore;

import io.ambrotype.common.AmbrotypeException;
import io.ambrotype.common.ErrorCode;
import io.ambrotype.common.HostAndPort;
import io.ambrotype.rdb.FunctionLibrary;
import io.ambrotype.resp.ConnectionSettings;
import io.ambrotype.resp.RespConnection;
import io.ambrotype.resp.RespReply;
import io.ambrotype.resp.RespReply.ErrorReply;
import io.ambrotype.topology.Shard;
import io.ambrotype.topology.Topology;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;

/** The function libraries of a snapshot, and how they get to every master. Immutable. */
final class Functions {
    private final Map<String, byte[]> sources = new LinkedHashMap<>();

    private Functions() {}

    /**
     * Those of all dumps; of two with one name the first.
     *
     * @param notices told where two differ
     */
    static Functions of(List<byte[]> all, Consumer<String> notices) {
        Functions functions = new Functions();
        for (byte[] source : all) {
            String name = FunctionLibrary.nameOf(source).orElse("?");
            byte[] before = functions.sources.putIfAbsent(name, source);
            if (before != null && !Arrays.equals(before, source)) {
                notices.accept("function library " + name + " is not the same in all shards; the first is taken");
            }
        }
        return functions;
    }

    List<String> names() {
        return List.copyOf(sources.keySet());
    }

    /** Names of libraries that masters have with other code, with the master. */
    List<String> conflicts(Topology target, ConnectionSettings settings) {
        List<String> conflicts = new ArrayList<>();
        if (!sources.isEmpty()) {
            onEveryMaster(target, settings, connection -> {
                Map<String, byte[]> there = libraries(connection);
                sources.forEach((name, source) -> {
                    byte[] other = there.get(name);
                    if (other != null && !Arrays.equals(other, source)) {
                        conflicts.add("function library " + name + " on " + connection.address());
                    }
                });
            });
        }
        return conflicts;
    }

    /**
     * Loads what is not there yet, and has replicas told; how many libraries these were at most on one master.
     *
     * @throws AmbrotypeException where a master refuses one
     */
    int load(Topology target, ConnectionSettings settings, OnConflict onConflict) {
        int[] most = {0};
        if (!sources.isEmpty()) {
            onEveryMaster(target, settings, connection -> {
                Map<String, byte[]> there = libraries(connection);
                int loaded = 0;
                for (Map.Entry<String, byte[]> library : sources.entrySet()) {
                    byte[] other = there.get(library.getKey());
                    boolean replaces = other != null
                            && onConflict == OnConflict.REPLACE
                            && !Arrays.equals(other, library.getValue());
                    if (other == null || replaces) {
                        load(connection, library, replaces);
                        loaded++;
                    }
                }
                if (loaded > 0) {
                    connection.pipeline(List.<byte[][]>of(NodeLink.waitFor(1)));
                }
                most[0] = Math.max(most[0], loaded);
            });
        }
        return most[0];
    }

    private static void load(RespConnection connection, Map.Entry<String, byte[]> library, boolean replaces) {
        List<byte[]> command = new ArrayList<>(List.of(Commands.bytes("FUNCTION"), Commands.bytes("LOAD")));
        if (replaces) {
            command.add(Commands.bytes("REPLACE"));
        }
        command.add(library.getValue());
        RespReply reply = connection
                .pipeline(List.<byte[][]>of(command.toArray(new byte[0][])))
                .getFirst();
        if (reply instanceof ErrorReply error) {
            throw AmbrotypeException.of(
                            ErrorCode.FAILED,
                            connection.address() + " refused function library " + library.getKey() + ": "
                                    + error.message())
                    .withHint(
                            error.message().contains("already exists")
                                    ? "another library there has a function of that name: FUNCTION DELETE it, or restore keys only (--keys '*')"
                                    : TargetCheck.hint(error, "FUNCTION|LOAD"));
        }
    }

    private static void onEveryMaster(Topology target, ConnectionSettings settings, Consumer<RespConnection> task) {
        for (Shard shard : target.shards()) {
            if (!shard.slots().isEmpty()) {
                HostAndPort address = shard.master().connectAddress();
                try (RespConnection connection = RespConnection.open(address, settings)) {
                    task.accept(connection);
                }
            }
        }
    }

    private static Map<String, byte[]> libraries(RespConnection connection) {
        Map<String, byte[]> libraries = new HashMap<>();
        for (RespReply library : connection.array("FUNCTION", "LIST", "WITHCODE")) {
            List<RespReply> fields = library.array();
            String name = "";
            byte[] code = {};
            for (int i = 0; i + 1 < fields.size(); i += 2) {
                switch (fields.get(i).text()) {
                    case "library_name" -> name = fields.get(i + 1).text();
                    case "library_code" -> code = fields.get(i + 1).bytes();
                    default -> {}
                }
            }
            if (name.isEmpty()) {
                throw AmbrotypeException.of(
                        ErrorCode.FAILED, connection.address() + " listed a function library without a name");
            }
            libraries.put(name, code);
        }
        return libraries;
    }
}
