package io.ambrotype.rdb;

import static org.assertj.core.api.Assertions.assertThat;

import io.ambrotype.rdb.Plain.Group;
import io.ambrotype.rdb.Plain.Hash;
import io.ambrotype.rdb.Plain.Pending;
import io.ambrotype.rdb.Plain.Stream;
import io.ambrotype.rdb.Plain.StreamEntry;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Decoded dumps against what the servers themselves reply. */
class ServerRepliesTest {
    @TempDir
    Path folder;

    @ParameterizedTest
    @ValueSource(strings = {"6.2.11", "7.0.15"})
    void everyKeyMeansWhatTheServerSays(String version) throws Exception {
        for (String compression : List.of("yes", "no")) {
            Path own = Files.createDirectory(folder.resolve(compression));
            try (TestServer server = TestServer.start(version, own, options(version, compression));
                    RespClient client = server.client()) {
                Keyspace.fill(client);
                assertThat(Rdb.decode(server.dump())).isEqualTo(everything(client));
            }
        }
    }

    private static String[] options(String version, String compression) {
        List<String> options = new ArrayList<>(List.of("--rdbcompression", compression));
        if (version.startsWith("7")) {
            options.addAll(List.of("--enable-debug-command", "yes"));
        }
        return options.toArray(String[]::new);
    }

    @ParameterizedTest
    @CsvSource({"6.2.11,7.0.15", "6.2.11,6.2.11", "7.0.15,7.0.15"})
    void fingerprintsOutliveRoutingAndLoading(String from, String to) throws Exception {
        Path source = Files.createDirectory(folder.resolve("source"));
        byte[] dump;
        try (TestServer server = TestServer.start(from, source);
                RespClient client = server.client()) {
            Keyspace.fill(client);
            dump = server.dump();
        }
        long now = System.currentTimeMillis();
        SlotDigests whole = digests(dump, now);
        SlotDigests together = SlotDigests.empty(42, now);
        RdbVersion version = to.startsWith("6") ? RdbVersion.REDIS_9 : RdbVersion.REDIS_10;
        List<Path> targets = route(dump, version);
        for (Path target : targets) {
            try (TestServer server = TestServer.start(to, target)) {
                together = together.plus(digests(server.dump(), now));
            }
        }
        assertThat(together.differences(whole)).isEmpty();
        assertThat(together.totalEntries()).isEqualTo(Rdb.decode(dump).size());
    }

    private static SlotDigests digests(byte[] dump, long now) throws IOException {
        return SlotDigests.compute(Rdb.open(dump), 42, now, slot -> true);
    }

    /** Two folders with a dump.rdb each, of the lower and the upper half of the slots. */
    private List<Path> route(byte[] dump, RdbVersion version) throws IOException {
        List<Path> targets = new ArrayList<>();
        List<RdbWriter> writers = new ArrayList<>();
        for (int i = 0; i < 2; i++) {
            Path target = Files.createDirectory(folder.resolve("target" + i));
            targets.add(target);
            RdbWriter writer = new RdbWriter(
                    Files.newByteChannel(
                            target.resolve("dump.rdb"),
                            java.nio.file.StandardOpenOption.CREATE,
                            java.nio.file.StandardOpenOption.WRITE),
                    version);
            writer.aux("made-by", "a test");
            writers.add(writer);
        }
        new RdbRouter(writers, slot -> slot / (HashSlot.COUNT / 2))
                .route(List.of(new RdbRouter.Input("dump", Rdb.open(dump), slot -> true)));
        for (RdbWriter writer : writers) {
            writer.finish();
            writer.close();
        }
        return targets;
    }

    private static Map<String, Object> everything(RespClient client) throws IOException {
        Map<String, Object> values = new HashMap<>();
        for (int database = 0; database < 16; database++) {
            client.call("SELECT", database);
            for (String key : client.texts("KEYS", "*")) {
                values.put(database + "/" + key, value(client, key));
            }
        }
        return values;
    }

    private static Object value(RespClient client, String key) throws IOException {
        return switch (client.text("TYPE", key)) {
            case "string" -> client.text("GET", key);
            case "list" -> client.texts("LRANGE", key, 0, -1);
            case "set" -> new TreeSet<>(client.texts("SMEMBERS", key));
            case "zset" -> {
                Map<String, Double> scores = new TreeMap<>();
                List<String> reply = client.texts("ZRANGE", key, 0, -1, "WITHSCORES");
                for (int i = 0; i < reply.size(); i += 2) {
                    scores.put(reply.get(i), score(reply.get(i + 1)));
                }
                yield scores;
            }
            case "hash" -> {
                Map<String, String> fields = new TreeMap<>();
                List<String> reply = client.texts("HGETALL", key);
                for (int i = 0; i < reply.size(); i += 2) {
                    fields.put(reply.get(i), reply.get(i + 1));
                }
                yield new Hash(fields, Map.of());
            }
            case "stream" -> stream(client, key);
            default -> throw new AssertionError(key);
        };
    }

    private static double score(String text) {
        return switch (text) {
            case "inf" -> Double.POSITIVE_INFINITY;
            case "-inf" -> Double.NEGATIVE_INFINITY;
            default -> Double.parseDouble(text);
        };
    }

    @SuppressWarnings("unchecked")
    private static List<Object> items(Object reply) {
        return (List<Object>) reply;
    }

    /** An array of names and values. */
    private record Info(List<Object> items) {
        static Info of(Object reply) {
            return new Info(ServerRepliesTest.items(reply));
        }

        boolean has(String name) {
            return items.contains(name);
        }

        Object get(String name) {
            return items.get(items.indexOf(name) + 1);
        }

        String text(String name) {
            return (String) get(name);
        }

        long number(String name) {
            return (Long) get(name);
        }
    }

    private static Stream stream(RespClient client, String key) throws IOException {
        List<StreamEntry> entries = new ArrayList<>();
        for (Object entry : client.list("XRANGE", key, "-", "+")) {
            entries.add(new StreamEntry(
                    (String) items(entry).get(0),
                    items(items(entry).get(1)).stream().map(String::valueOf).toList()));
        }
        Info info = Info.of(client.list("XINFO", "STREAM", key, "FULL", "COUNT", 0));
        List<Group> groups = new ArrayList<>();
        for (Object reply : items(info.get("groups"))) {
            Info group = Info.of(reply);
            List<Pending> pending = new ArrayList<>();
            for (Object item : items(group.get("pending"))) {
                List<Object> nack = items(item);
                pending.add(new Pending(
                        (String) nack.get(0), (String) nack.get(1), (Long) nack.get(2), (Long) nack.get(3)));
            }
            Set<String> consumers = new TreeSet<>();
            for (Object consumer : items(group.get("consumers"))) {
                consumers.add(Info.of(consumer).text("name"));
            }
            groups.add(new Group(group.text("name"), group.text("last-delivered-id"), pending, consumers));
        }
        ValueVisitor.StreamState state = new ValueVisitor.StreamState(
                info.number("length"),
                id(info.text("last-generated-id")),
                info.has("recorded-first-entry-id") ? id(info.text("recorded-first-entry-id")) : null,
                info.has("max-deleted-entry-id") ? id(info.text("max-deleted-entry-id")) : null,
                info.has("entries-added") ? info.number("entries-added") : -1);
        return new Stream(entries, state, groups);
    }

    private static StreamId id(String text) {
        int dash = text.indexOf('-');
        return new StreamId(
                Long.parseUnsignedLong(text.substring(0, dash)), Long.parseUnsignedLong(text.substring(dash + 1)));
    }
}
