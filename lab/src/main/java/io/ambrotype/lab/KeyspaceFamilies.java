package io.ambrotype.lab;

import static io.ambrotype.lab.KeyspaceValues.bytes;

import io.ambrotype.lab.Keyspace.Feature;
import io.ambrotype.resp.RespConnection;
import io.ambrotype.resp.ServerVersion.Vendor;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;

/** Writes the families of keys that make up a {@link Keyspace}, one database at a time. */
final class KeyspaceFamilies {
    /** The year 9999, and a time that no double holds exactly; both are further off than 64 bits of nanoseconds. */
    private static final List<Long> FAR_EXPIRIES = List.of(253_402_300_799_000L, 9_007_199_254_740_993L);

    /** The last millisecond but a few that the expiry of a hash field can hold (46 bits, Redis). */
    private static final long FAR_FIELD_EXPIRY = (1L << 46) - 1000;

    private static final long STREAM_START = 1_700_000_000_000L;

    private final RoutedPipeline pipeline;
    private final long seed;
    private final int database;
    private final Set<Feature> features;
    private final Instant now;
    private final Duration nearExpiry;
    private KeyspaceValues values;

    KeyspaceFamilies(
            RoutedPipeline pipeline, long seed, int database, Set<Feature> features, Instant now, Duration nearExpiry) {
        this.pipeline = pipeline;
        this.seed = seed;
        this.database = database;
        this.features = features;
        this.now = now;
        this.nearExpiry = nearExpiry;
        this.values = new KeyspaceValues(seed, "");
    }

    void write() {
        family("keys", this::keys);
        family("strings", this::strings);
        family("lists", this::lists);
        family("sets", this::sets);
        family("hashes", this::hashes);
        family("zsets", this::sortedSets);
        family("streams", this::streams);
        family("expiries", this::expiries);
        if (features.contains(Feature.FIELD_EXPIRY)) {
            family("fields", this::fieldExpiries);
        }
        if (features.contains(Feature.VECTOR_SETS)) {
            family("vectors", this::vectorSets);
        }
        if (features.contains(Feature.PLAIN_LIST_NODES)) {
            family("plain", this::plainListNodes);
        }
        pipeline.flush();
    }

    static void loadFunctions(RespConnection connection) {
        for (String library : List.of("ambrotype_first", "ambrotype_second")) {
            connection.call(
                    "FUNCTION",
                    "LOAD",
                    "REPLACE",
                    "#!lua name=" + library + "\nredis.register_function{function_name='" + library
                            + "_get', callback=function(keys, args) return redis.call('GET', keys[1]) end, flags={'no-writes'}}"
                            + "\n-- " + "padding that compresses well ".repeat(100) + "\n");
        }
    }

    private void family(String name, Runnable writer) {
        values = new KeyspaceValues(seed, name + database);
        writer.run();
    }

    private void keys() {
        // A cluster hashes the empty key to slot 0; it is a key like any other.
        List<byte[]> keys = new ArrayList<>(List.of(new byte[0], new byte[] {0}, new byte[] {(byte) 0xff, 0, 10, 13}));
        KeyspaceValues.integers().forEach(integer -> keys.add(bytes(integer.toString())));
        KeyspaceValues.almostIntegers().forEach(text -> keys.add(bytes(text)));
        byte[] allBytes = new byte[256];
        for (int i = 0; i < allBytes.length; i++) {
            allBytes[i] = (byte) i;
        }
        keys.add(allBytes);
        for (String text : List.of(
                "key with spaces",
                "line\r\nbreak",
                "\"quoted\"",
                "{}",
                "{}tagged",
                "{tag",
                "tag}",
                "a{tag}b",
                "{tag}",
                "}{tag}",
                "{tag}{other}",
                "{{tag}}",
                "a}b{tag}c",
                "\u00fcml\u00e4ut \u65e5\u672c\u8a9e \ud83d\ude00")) {
            keys.add(bytes("key:" + text));
        }
        for (int length : KeyspaceValues.lengths()) {
            if (length > 0) {
                keys.add(values.random(length));
            }
        }
        keys.add(bytes("k".repeat(1000)));
        keys.add(bytes("long key ".repeat(5000)));
        for (byte[] key : keys) {
            send("SET", key, "value of " + key.length);
        }
        for (int i = 0; i < 50; i++) {
            send("SET", bytes("{user:1000}." + i), i);
        }
    }

    private void strings() {
        int number = 0;
        for (long integer : KeyspaceValues.integers()) {
            send("SET", key("string:integer:", number++), integer);
        }
        for (String text : KeyspaceValues.almostIntegers()) {
            send("SET", key("string:almost:", number++), text);
        }
        for (int length : KeyspaceValues.lengths()) {
            send("SET", key("string:random:", length), values.random(length));
            send("SET", key("string:compressible:", length), values.compressible(length));
            send("SET", key("string:same:", length), bytes("a".repeat(length)));
        }
        send("SET", bytes("string:megabyte"), values.compressible(1 << 20));
        send("SET", bytes("string:megabyte:random"), values.random(1 << 20));
        send("SETBIT", bytes("string:bitmap"), 100_000, 1);
        send("APPEND", bytes("string:appended"), "12");
        send("APPEND", bytes("string:appended"), "34");
        for (int i = 0; i < 10; i++) {
            send("PFADD", bytes("string:hyperloglog:sparse"), "element " + i);
        }
        for (int i = 0; i < 5000; i += 50) {
            List<Object> elements = new ArrayList<>();
            for (int j = i; j < i + 50; j++) {
                elements.add("element " + j);
            }
            sendAll("PFADD", bytes("string:hyperloglog:dense"), elements);
        }
    }

    private void lists() {
        sendAll("RPUSH", bytes("list:one"), List.of("element"));
        sendAll("RPUSH", bytes("list:integers"), KeyspaceValues.integers());
        sendAll("RPUSH", bytes("list:almost"), KeyspaceValues.almostIntegers());
        for (int length : KeyspaceValues.lengths()) {
            send("RPUSH", bytes("list:lengths"), values.random(length));
            send("RPUSH", bytes("list:compressible"), values.compressible(length));
        }
        for (int i = 0; i < 5000; i += 100) {
            List<Object> elements = new ArrayList<>();
            for (int j = i; j < i + 100; j++) {
                elements.add(j % 3 == 0 ? (Object) j : values.text(values.below(80)));
            }
            sendAll("RPUSH", bytes("list:large"), elements);
        }
        sendAll(
                "RPUSH",
                bytes("list:huge:elements"),
                List.of(values.random(20_000), "small", values.compressible(70_000)));
    }

    private void sets() {
        sendAll("SADD", bytes("set:intset:16"), List.of(1, -1, 0, 32767, -32768));
        sendAll("SADD", bytes("set:intset:32"), List.of(1, -1, 40_000, Integer.MAX_VALUE, Integer.MIN_VALUE));
        sendAll("SADD", bytes("set:intset:64"), List.of(1, -1, 1L << 40, Long.MAX_VALUE, Long.MIN_VALUE));
        sendAll("SADD", bytes("set:integers"), KeyspaceValues.integers());
        sendAll("SADD", bytes("set:almost"), KeyspaceValues.almostIntegers());
        sendAll("SADD", bytes("set:small"), List.of("a", "b", "", 5, values.random(20)));
        List<Object> integers = new ArrayList<>();
        List<Object> members = new ArrayList<>();
        for (int i = 0; i < 1000; i++) {
            integers.add(i * 7);
            members.add("member " + i);
        }
        sendAll("SADD", bytes("set:integers:many"), integers);
        sendAll("SADD", bytes("set:large"), members);
        sendAll("SADD", bytes("set:long:member"), List.of(values.random(300), "short"));
    }

    private void hashes() {
        sendAll(
                "HSET",
                bytes("hash:small"),
                List.of("name", "value", "", "", "count", 42, values.random(10), values.random(30)));
        List<Object> integers = new ArrayList<>();
        for (long integer : KeyspaceValues.integers()) {
            integers.add(integer);
            integers.add(-1 - integer);
        }
        sendAll("HSET", bytes("hash:integers"), integers);
        List<Object> many = new ArrayList<>();
        for (int i = 0; i < 1000; i++) {
            many.add("field " + i);
            many.add(i % 2 == 0 ? (Object) i : values.text(values.below(60)));
        }
        sendAll("HSET", bytes("hash:large"), many);
        sendAll(
                "HSET",
                bytes("hash:long:value"),
                List.of("field", values.compressible(3000), "other", values.random(100)));
    }

    private void sortedSets() {
        List<Object> pairs = new ArrayList<>();
        for (String score : KeyspaceValues.scores()) {
            pairs.add(score);
            pairs.add("member " + score);
        }
        sendAll("ZADD", bytes("zset:small"), pairs);
        sendAll("ZADD", bytes("zset:binary"), List.of(1, "", 2, values.random(20), 2, values.random(5), 3, 77));
        pairs.addAll(List.of(5, values.random(100))); // too long for a listpack
        sendAll("ZADD", bytes("zset:skiplist"), pairs);
        List<Object> many = new ArrayList<>();
        for (int i = 0; i < 1000; i++) {
            many.add(i % 5 == 0 ? (Object) (i / 3.0) : (Object) (i - 500));
            many.add("member " + i);
        }
        sendAll("ZADD", bytes("zset:large"), many);
        sendAll("GEOADD", bytes("zset:geo"), List.of(13.361389, 38.115556, "Palermo", 15.087269, 37.502669, "Catania"));
    }

    private void streams() {
        byte[] small = bytes("stream:small");
        send("XADD", small, STREAM_START + "-0", "field", "value");
        send("XADD", small, STREAM_START + "-1", "field", "value", "other", values.random(30));
        send("XADD", small, "18446744073709551614-18446744073709551615", "", "");

        byte[] large = bytes("stream:large");
        for (int i = 0; i < 350; i++) {
            String id = (STREAM_START + i / 3) + "-" + (i % 3 + 1);
            if (i % 10 == 9) {
                send("XADD", large, id, "only " + i, values.text(20), "number", i);
            } else {
                send("XADD", large, id, "temperature", i, "humidity", values.text(8));
            }
        }
        for (int i = 0; i < 350; i += 7) {
            send("XDEL", large, (STREAM_START + i / 3) + "-" + (i % 3 + 1));
        }
        send("XTRIM", large, "MAXLEN", 250);
        group(large, "readers", "0");
        group(large, "writers", "$");
        group(large, "idle", (STREAM_START + 50) + "-1");
        read(large, "readers", "alice", 60);
        read(large, "readers", "bob", 40);
        read(large, "idle", "carol", 5);
        if (isAtLeast(6, 2)) {
            // A read that finds nothing makes a consumer too, but some versions do not tell their replicas of that.
            pipeline.send(
                    database, large, KeyspaceValues.command("XGROUP", "CREATECONSUMER", large, "writers", "nobody"));
        }
        for (int i = 150; i < 220; i += 2) {
            send("XACK", large, "readers", (STREAM_START + i / 3) + "-" + (i % 3 + 1));
        }
        String pending = (STREAM_START + 60) + "-1";
        send("XCLAIM", large, "readers", "dave", 0, pending, "TIME", STREAM_START, "RETRYCOUNT", 7, "FORCE");
        send("XDEL", large, (STREAM_START + 61) + "-2"); // stays pending

        byte[] empty = bytes("stream:empty");
        send("XGROUP", empty, "waiting", "$", "MKSTREAM");
        byte[] emptied = bytes("stream:emptied");
        send("XADD", emptied, "5-5", "field", "value");
        group(emptied, "readers", "0");
        read(emptied, "readers", "alice", 1);
        send("XDEL", emptied, "5-5");
        if (isAtLeast(7, 0)) {
            // Replicas of 7.0 do not count what a group has read; told so, they keep it.
            pipeline.send(
                    database,
                    emptied,
                    KeyspaceValues.command("XGROUP", "SETID", emptied, "readers", "5-5", "ENTRIESREAD", 1));
        }
        byte[] trimmed = bytes("stream:trimmed");
        for (int i = 1; i <= 120; i++) {
            send("XADD", trimmed, i + "-" + i, "number", i);
        }
        send("XTRIM", trimmed, "MAXLEN", 0);
        byte[] mixed = bytes("stream:values");
        int number = 1;
        for (long integer : KeyspaceValues.integers()) {
            send("XADD", mixed, "1-" + number++, integer, integer);
        }
        for (int length : KeyspaceValues.lengths()) {
            send(
                    "XADD",
                    mixed,
                    "1-" + number++,
                    "compressible",
                    values.compressible(length),
                    "random",
                    values.random(length));
        }
    }

    private void expiries() {
        int number = 0;
        for (long at : FAR_EXPIRIES) {
            expiring(number++, at);
        }
        for (Duration distance : List.of(Duration.ofDays(1), Duration.ofDays(365), Duration.ofDays(36_500))) {
            expiring(number++, now.plus(distance).toEpochMilli());
        }
        for (int i = 0; i < 20; i++) {
            byte[] key = key("expiry:near:", i);
            send("SET", key, i);
            send("PEXPIREAT", key, now.plus(nearExpiry).toEpochMilli() + i);
        }
    }

    /** One key of each type with the same expiry. */
    private void expiring(int number, long at) {
        String prefix = "expiry:" + number + ":";
        send("SET", bytes(prefix + "string"), at);
        send("RPUSH", bytes(prefix + "list"), at, "element");
        send("SADD", bytes(prefix + "set"), at, "member");
        send("HSET", bytes(prefix + "hash"), "field", at);
        send("ZADD", bytes(prefix + "zset"), 1, at);
        send("XADD", bytes(prefix + "stream"), "1-1", "field", at);
        for (String type : List.of("string", "list", "set", "hash", "zset", "stream")) {
            send("PEXPIREAT", bytes(prefix + type), at);
        }
    }

    private void fieldExpiries() {
        for (int size : new int[] {3, 1000}) {
            byte[] key = key("hash:expiring:", size);
            List<Object> fields = new ArrayList<>();
            for (int i = 0; i < size; i++) {
                fields.add("field " + i);
                fields.add(i % 2 == 0 ? (Object) i : values.text(30));
            }
            sendAll("HSET", key, fields);
            for (int i = 0; i < size; i += 3) {
                long at =
                        i == 0 ? FAR_FIELD_EXPIRY : now.plus(Duration.ofDays(1)).toEpochMilli() + i;
                send("HPEXPIREAT", key, at, "FIELDS", 1, "field " + i);
            }
        }
        byte[] all = bytes("hash:expiring:all");
        send("HSET", all, "a", 1, "b", 2);
        send("HPEXPIREAT", all, now.plus(Duration.ofDays(2)).toEpochMilli(), "FIELDS", 2, "a", "b");
        send("PEXPIREAT", all, now.plus(Duration.ofDays(1)).toEpochMilli());
        byte[] near = bytes("hash:expiring:near");
        send("HSET", near, "a", 1, "b", 2);
        send("HPEXPIREAT", near, now.plus(nearExpiry).toEpochMilli(), "FIELDS", 1, "a");
    }

    private void vectorSets() {
        byte[] key = bytes("vectors");
        for (int i = 0; i < 50; i++) {
            List<Object> arguments = new ArrayList<>(List.of("VALUES", 8));
            for (int j = 0; j < 8; j++) {
                arguments.add((values.below(2000) - 1000) / 1000.0);
            }
            arguments.add("element " + i);
            if (i % 5 == 0) {
                arguments.addAll(List.of("SETATTR", "{\"number\": " + i + "}"));
            }
            sendAll("VADD", key, arguments);
        }
    }

    /** Elements above the threshold stand in nodes of their own, which is else reached above 1 GB only (7.0). */
    private void plainListNodes() {
        for (RespConnection connection : pipeline.connections()) {
            connection.call("DEBUG", "QUICKLIST-PACKED-THRESHOLD", "100b");
        }
        sendAll(
                "RPUSH",
                bytes("list:plain:nodes"),
                List.of(
                        "packed",
                        values.random(200),
                        values.compressible(5000),
                        7,
                        values.compressible(200),
                        "packed"));
        for (RespConnection connection : pipeline.connections()) {
            connection.call("DEBUG", "QUICKLIST-PACKED-THRESHOLD", "0");
        }
    }

    private boolean isAtLeast(int major, int minor) {
        return pipeline.version().vendor() == Vendor.VALKEY
                || pipeline.version().isAtLeast(Vendor.REDIS, major, minor);
    }

    private void group(byte[] key, String name, String from) {
        send("XGROUP", key, name, from);
    }

    private void read(byte[] key, String group, String consumer, int count) {
        pipeline.send(
                database,
                key,
                KeyspaceValues.command("XREADGROUP", "GROUP", group, consumer, "COUNT", count, "STREAMS", key, ">"));
    }

    /** Sends a command whose first argument is its key; for XGROUP that is after its subcommand CREATE. */
    private void send(String name, byte[] key, Object... arguments) {
        List<Object> all = new ArrayList<>();
        if (name.equals("XGROUP")) {
            all.add("CREATE");
        }
        all.add(key);
        all.addAll(Arrays.asList(arguments));
        pipeline.send(database, key, KeyspaceValues.command(name, all.toArray()));
    }

    private void sendAll(String name, byte[] key, List<?> arguments) {
        send(name, key, arguments.toArray());
    }

    private static byte[] key(String prefix, long number) {
        return (prefix + number).getBytes(StandardCharsets.UTF_8);
    }
}
