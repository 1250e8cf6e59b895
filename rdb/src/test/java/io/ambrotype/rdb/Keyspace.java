package io.ambrotype.rdb;

import java.io.IOException;

/**
 * A keyspace that has every type in every encoding that a server writes, the same on every server and at any time; what a server
 * does not have is left out.
 */
final class Keyspace {
    /** Far enough away for any test, near enough for any server. */
    static final long FAR = 4_102_444_800_000L;

    private static final String LONG = "All the same, all the same. ".repeat(40);

    private Keyspace() {}

    static void fill(RespClient client) throws IOException {
        client.call("CONFIG", "SET", "hash-max-ziplist-entries", 8);
        client.call("CONFIG", "SET", "zset-max-ziplist-entries", 8);
        client.call("CONFIG", "SET", "set-max-intset-entries", 8);
        client.call("CONFIG", "SET", "list-max-ziplist-size", 8);
        client.call("CONFIG", "SET", "stream-node-max-entries", 4);
        strings(client);
        lists(client);
        sets(client);
        zsets(client);
        hashes(client);
        streams(client);
        client.call("SELECT", 3);
        client.call("SET", "elsewhere", "in another database");
        client.call("SET", "{tag}elsewhere", "1", "PX", 1);
        client.call("PERSIST", "{tag}elsewhere");
        client.call("SET", "{tag}elsewhere", "1");
        client.call("SELECT", 0);
        client.accepts("FUNCTION", "LOAD", "#!lua name=lib\nredis.register_function('f', function() return 1 end)");
    }

    private static void strings(RespClient client) throws IOException {
        client.call("SET", "", "under the empty key");
        client.call("SET", "empty", "");
        client.call("SET", "\u0000\u00ff\r\n binary", "\u0000\u0001\u00fe\u00ff");
        for (String number : new String[] {
            "0",
            "-1",
            "12",
            "127",
            "-128",
            "128",
            "32767",
            "-32768",
            "32768",
            "2147483647",
            "-2147483648",
            "2147483648",
            "9223372036854775807",
            "007",
            "+5",
            "1.5"
        }) {
            client.call("SET", "number:" + number, number);
        }
        client.call("SET", "12345", "under an integer key");
        client.call("SET", "long", LONG);
        client.call("SET", "longer", LONG.repeat(30));
        client.call("SET", LONG, "under a long key");
        client.call("SET", "expiring", "value", "PX", 100_000);
        client.call("PEXPIREAT", "expiring", FAR + 1);
        client.call("HSET", "expiring:hash", "f", "v");
        client.call("PEXPIREAT", "expiring:hash", FAR);
    }

    private static void lists(RespClient client) throws IOException {
        client.call("RPUSH", "list:small", "a", "", "0", "12", "13", "-1", "300", "-70000", "9000000", "3000000000");
        client.call("RPUSH", "list:small", "-9223372036854775808", LONG, "x".repeat(63), "x".repeat(64));
        for (int i = 0; i < 40; i++) {
            client.call("RPUSH", "list:long", "element " + i);
        }
        client.accepts("DEBUG", "QUICKLIST-PACKED-THRESHOLD", "500b");
        client.call("RPUSH", "list:plain", "short", LONG, "short again", LONG + LONG);
        client.accepts("DEBUG", "QUICKLIST-PACKED-THRESHOLD", "0");
    }

    private static void sets(RespClient client) throws IOException {
        client.call("SADD", "set:16", 1, 2, -3, 32767);
        client.call("SADD", "set:32", 1, 2, -70000);
        client.call("SADD", "set:64", 1, 2, Long.MIN_VALUE, Long.MAX_VALUE);
        client.call("SADD", "set:small", "a", "b", "", 17);
        client.call("SADD", "set:long", LONG, "b", 5);
        for (int i = 0; i < 30; i++) {
            client.call("SADD", "set:numbers", 1000 + i);
            client.call("SADD", "set:texts", "member " + i);
        }
    }

    private static void zsets(RespClient client) throws IOException {
        String[] scores = {"0", "-0", "1", "-17", "3.25", "0.1", "1e300", "-1e-300", "inf", "-inf", "9007199254740993"};
        for (int i = 0; i < scores.length; i++) {
            client.call("ZADD", i < 6 ? "zset:small" : "zset:other", scores[i], "member " + i);
            client.call("ZADD", "zset:large", scores[i], "member " + i);
        }
        client.call("ZADD", "zset:long", 5, LONG);
    }

    private static void hashes(RespClient client) throws IOException {
        client.call("HSET", "hash:small", "f", "v", "", "", "12", "34", "long", "x".repeat(60));
        for (int i = 0; i < 30; i++) {
            client.call("HSET", "hash:large", "field " + i, i * 1000, "text " + i, LONG);
        }
        client.call("HSET", "hash:repetitive", "a", "x".repeat(50), "b", "x".repeat(50), "c", "x".repeat(50));
        if (client.accepts("HPEXPIREAT", "hash:small", FAR, "FIELDS", 1, "nothing")) {
            client.call("HSET", "hash:ttl", "f", "v", "g", "w", "h", "12");
            client.call("HPEXPIREAT", "hash:ttl", FAR, "FIELDS", 1, "f");
            client.call("HPEXPIREAT", "hash:ttl", FAR + 5, "FIELDS", 1, "h");
            for (int i = 0; i < 30; i++) {
                client.call("HSET", "hash:ttl:large", "field " + i, "value " + i);
                if (i % 3 > 0) {
                    client.call("HPEXPIREAT", "hash:ttl:large", FAR + i, "FIELDS", 1, "field " + i);
                }
            }
        }
    }

    private static void streams(RespClient client) throws IOException {
        for (int i = 1; i <= 11; i++) {
            client.call("XADD", "stream", 1000 + i + "-" + i, "name", "value " + i, "number", i);
        }
        client.call("XADD", "stream", "2000-1", "other", LONG);
        client.call("XADD", "stream", "2000-2", "name", "same fields", "number", -1);
        client.call("XADD", "stream", "18446744073709551615-7", "far", "away", "far", "twice");
        client.call("XDEL", "stream", "1003-3", "2000-2");
        client.call("XGROUP", "CREATE", "stream", "readers", "1004-4");
        client.call("XGROUP", "CREATE", "stream", "nobody", "0");
        claim(client, "alice", "1001-1", 1);
        claim(client, "bob", "1002-2", 3);
        claim(client, "bob", "2000-1", 70_000);
        client.call("XGROUP", "CREATE", "stream:empty", "waiting", "$", "MKSTREAM");
        client.call("XADD", "stream:emptied", "5-5", "a", "b");
        client.call("XDEL", "stream:emptied", "5-5");
        // Reading one's own pending entries makes a consumer where there is no command for it yet.
        client.call("XREADGROUP", "GROUP", "readers", "idle", "STREAMS", "stream", "0");
    }

    private static void claim(RespClient client, String consumer, String id, int deliveries) throws IOException {
        client.call(
                "XCLAIM",
                "stream",
                "readers",
                consumer,
                0,
                id,
                "TIME",
                1_600_000_000_000L + deliveries,
                "RETRYCOUNT",
                deliveries,
                "FORCE",
                "JUSTID");
    }
}
