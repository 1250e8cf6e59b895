package io.ambrotype.it;

import io.ambrotype.lab.LabCluster;
import io.ambrotype.lab.RedisServer;
import io.ambrotype.resp.RespConnection;
import io.ambrotype.resp.RespReply;
import io.ambrotype.resp.ServerInfo;
import io.ambrotype.resp.ServerVersion;
import io.ambrotype.resp.ServerVersion.Vendor;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * What the servers themselves say their data are, read key by key without any of our own decoding: type, {@code DEBUG
 * DIGEST-VALUE}, expiry, and of streams the groups with all that is pending, of hashes the expiries of their fields, which
 * that digest leaves out. Made to be compared before and after a restore. Immutable.
 *
 * @param entries by database and key
 * @param functions the sources of all function libraries
 */
record GroundTruth(Map<Key, Entry> entries, Set<String> functions) {
    private static final int BATCH = 500;
    /** Before 7.0 servers tell the time left, not the time; what passes between two questions blurs it. */
    private static final long EXPIRY_BLUR_MILLIS = 20;

    /** Fields of XINFO GROUPS and XINFO CONSUMERS that are data and not the time since something. */
    private static final Set<String> LASTING =
            Set.of("name", "consumers", "pending", "last-delivered-id", "entries-read", "lag");

    /** A key in its database. */
    record Key(int database, String hex) implements Comparable<Key> {
        static Key of(int database, byte[] key) {
            return new Key(database, HexFormat.of().formatHex(key));
        }

        @Override
        public int compareTo(Key other) {
            return database != other.database ? Integer.compare(database, other.database) : hex.compareTo(other.hex);
        }

        @Override
        public String toString() {
            byte[] key = HexFormat.of().parseHex(hex);
            String text = new String(key, 0, Math.min(60, key.length), StandardCharsets.UTF_8);
            return "db " + database + " key '" + text.replaceAll("\\p{Cntrl}", "?") + "' (" + key.length + " bytes)";
        }
    }

    /** What a server says of one key; -1 for no expiry. */
    record Entry(String type, String digest, long expireAtMillis, String details) {
        /** What of this stands not in the other, of details only the lines that differ. */
        String otherThan(Entry other) {
            List<String> lines = new ArrayList<>(details.lines().toList());
            lines.removeAll(other.details.lines().toList());
            return type + " " + digest + " expiry " + expireAtMillis + " "
                    + lines.subList(0, Math.min(5, lines.size()));
        }

        boolean sameAs(Entry other) {
            return type.equals(other.type)
                    && digest.equals(other.digest)
                    && details.equals(other.details)
                    && (expireAtMillis < 0) == (other.expireAtMillis < 0)
                    && Math.abs(expireAtMillis - other.expireAtMillis) <= EXPIRY_BLUR_MILLIS;
        }
    }

    GroundTruth {
        entries = Collections.unmodifiableMap(new TreeMap<>(entries));
        functions = Set.copyOf(functions);
    }

    /** Reads all masters of a lab. */
    static GroundTruth of(LabCluster lab) {
        return of(lab.masters());
    }

    /**
     * Reads the given servers, masters or replicas.
     *
     * @throws IllegalStateException where two of them have the same key
     */
    static GroundTruth of(List<RedisServer> servers) {
        Map<Key, Entry> entries = new TreeMap<>();
        Set<String> functions = new TreeSet<>();
        for (RedisServer server : servers) {
            try (RespConnection connection = server.connect()) {
                new Reader(connection, entries, functions).read();
            }
        }
        return new GroundTruth(entries, functions);
    }

    /**
     * What the other side lacks, has too much, or has otherwise; empty where both are equal. Keys that have expired by
     * then on either side do not count.
     */
    List<String> differencesTo(GroundTruth other, Instant asOf) {
        List<String> differences = new ArrayList<>();
        Set<Key> all = new TreeSet<>(entries.keySet());
        all.addAll(other.entries.keySet());
        for (Key key : all) {
            Entry here = alive(entries.get(key), asOf);
            Entry there = alive(other.entries.get(key), asOf);
            if (here == null && there != null) {
                differences.add(key + " is too much");
            } else if (here != null && there == null) {
                differences.add(key + " is missing");
            } else if (here != null && there != null && !here.sameAs(there)) {
                differences.add(key + " differs: " + here.otherThan(there) + " became " + there.otherThan(here));
            }
        }
        if (!functions.equals(other.functions)) {
            differences.add("the functions differ");
        }
        return differences;
    }

    private static @Nullable Entry alive(@Nullable Entry entry, Instant asOf) {
        return entry == null || (entry.expireAtMillis >= 0 && entry.expireAtMillis <= asOf.toEpochMilli())
                ? null
                : entry;
    }

    /** Reads one server into the maps. */
    private static final class Reader {
        private final RespConnection connection;
        private final Map<Key, Entry> entries;
        private final Set<String> functions;
        private final ServerVersion version;

        Reader(RespConnection connection, Map<Key, Entry> entries, Set<String> functions) {
            this.connection = connection;
            this.entries = entries;
            this.functions = functions;
            this.version = ServerInfo.read(connection, "server").version();
        }

        void read() {
            if (ServerInfo.read(connection, "cluster").is("cluster_enabled")) {
                connection.call("READONLY");
            }
            ServerInfo keyspace = ServerInfo.read(connection, "keyspace");
            for (String name :
                    keyspace.sections().getOrDefault("keyspace", Map.of()).keySet()) {
                readDatabase(Integer.parseInt(name.substring("db".length())));
            }
            if (version.vendor() == Vendor.VALKEY || version.isAtLeast(Vendor.REDIS, 7, 0)) {
                for (RespReply library : connection.array("FUNCTION", "LIST", "WITHCODE")) {
                    functions.add(pairs(library).get("library_code"));
                }
            }
        }

        private void readDatabase(int database) {
            if (database > 0) {
                connection.call("SELECT", Integer.toString(database));
            }
            Set<Key> seen = new TreeSet<>();
            String cursor = "0";
            do {
                List<RespReply> page = connection.array("SCAN", cursor, "COUNT", Integer.toString(BATCH));
                cursor = page.get(0).text();
                List<byte[]> keys = new ArrayList<>();
                for (RespReply key : page.get(1).array()) {
                    if (seen.add(Key.of(database, key.bytes()))) { // SCAN may return a key twice
                        keys.add(key.bytes());
                    }
                }
                readKeys(database, keys);
            } while (!cursor.equals("0"));
        }

        private void readKeys(int database, List<byte[]> keys) {
            boolean tellsTime = version.vendor() == Vendor.VALKEY || version.isAtLeast(Vendor.REDIS, 7, 0);
            List<byte[][]> commands = new ArrayList<>();
            for (byte[] key : keys) {
                commands.add(command("TYPE", key));
                commands.add(new byte[][] {bytes("DEBUG"), bytes("DIGEST-VALUE"), key});
                commands.add(command("TIME"));
                commands.add(command(tellsTime ? "PEXPIRETIME" : "PTTL", key));
            }
            List<RespReply> replies = connection.pipeline(commands);
            for (int i = 0; i < keys.size(); i++) {
                String type = replies.get(4 * i).text();
                long expiry = replies.get(4 * i + 3).integer();
                if (type.equals("none") || expiry == -2) {
                    continue; // expired since SCAN
                }
                List<RespReply> time = replies.get(4 * i + 2).array();
                long nowMillis = time.get(0).integer() * 1000 + time.get(1).integer() / 1000;
                Entry entry = new Entry(
                        type,
                        replies.get(4 * i + 1).array().getFirst().text(),
                        tellsTime || expiry < 0 ? expiry : nowMillis + expiry,
                        details(type, keys.get(i)));
                Key key = Key.of(database, keys.get(i));
                if (entries.put(key, entry) != null) {
                    throw new IllegalStateException(key + " is on two servers");
                }
            }
        }

        private String details(String type, byte[] key) {
            return switch (type) {
                case "stream" -> String.join("\n", streamDetails(key));
                case "hash" ->
                    version.isAtLeast(Vendor.VALKEY, 9, 0) || version.isAtLeast(Vendor.REDIS, 7, 4)
                            ? fieldExpiries(key)
                            : "";
                default -> "";
            };
        }

        private List<String> streamDetails(byte[] key) {
            List<String> details = new ArrayList<>();
            details.add(
                    pairs(connection.call(bytes("XINFO"), bytes("STREAM"), key)).getOrDefault("last-generated-id", ""));
            for (RespReply group :
                    connection.call(bytes("XINFO"), bytes("GROUPS"), key).array()) {
                Map<String, String> fields = pairs(group);
                details.add(lasting(fields));
                byte[] name = bytes(fields.getOrDefault("name", ""));
                for (RespReply consumer : connection
                        .call(bytes("XINFO"), bytes("CONSUMERS"), key, name)
                        .array()) {
                    details.add(lasting(pairs(consumer)));
                }
                for (RespReply pending : connection
                        .call(bytes("XPENDING"), key, name, bytes("-"), bytes("+"), bytes("100000"))
                        .array()) {
                    List<RespReply> fieldsOfOne = pending.array();
                    details.add(
                            fieldsOfOne.get(0).text() + " " + fieldsOfOne.get(1).text() + " "
                                    + fieldsOfOne.get(3).text());
                }
            }
            return details;
        }

        private String fieldExpiries(byte[] key) {
            List<byte[]> fields = new ArrayList<>();
            byte[] cursor = bytes("0");
            do {
                List<RespReply> page = connection
                        .call(bytes("HSCAN"), key, cursor, bytes("COUNT"), bytes("1000"))
                        .array();
                cursor = page.get(0).bytes();
                List<RespReply> pairs = page.get(1).array();
                for (int i = 0; i < pairs.size(); i += 2) {
                    fields.add(pairs.get(i).bytes());
                }
            } while (!new String(cursor, StandardCharsets.UTF_8).equals("0"));
            Set<String> expiries = new TreeSet<>();
            for (int from = 0; from < fields.size(); from += BATCH) {
                List<byte[]> some = fields.subList(from, Math.min(fields.size(), from + BATCH));
                List<byte[]> command =
                        new ArrayList<>(List.of(bytes("HPEXPIRETIME"), key, bytes("FIELDS"), bytes("" + some.size())));
                command.addAll(some);
                List<RespReply> times =
                        connection.call(command.toArray(new byte[0][])).array();
                for (int i = 0; i < times.size(); i++) {
                    if (times.get(i).integer() >= 0) {
                        expiries.add(HexFormat.of().formatHex(some.get(i)) + "="
                                + times.get(i).integer());
                    }
                }
            }
            return String.join("\n", expiries);
        }

        private static String lasting(Map<String, String> fields) {
            Map<String, String> lasting = new TreeMap<>(fields);
            lasting.keySet().retainAll(LASTING);
            return lasting.toString();
        }

        /** Names and texts of a flat array; what is no text counts as empty. */
        private static Map<String, String> pairs(RespReply reply) {
            Map<String, String> pairs = new TreeMap<>();
            List<RespReply> elements = reply.array();
            for (int i = 0; i + 1 < elements.size(); i += 2) {
                RespReply value = elements.get(i + 1);
                pairs.put(
                        elements.get(i).text(),
                        value instanceof RespReply.ArrayReply || value.isNull() ? "" : value.text());
            }
            return pairs;
        }

        private static byte[][] command(String name, byte[]... arguments) {
            byte[][] command = new byte[arguments.length + 1][];
            command[0] = bytes(name);
            System.arraycopy(arguments, 0, command, 1, arguments.length);
            return command;
        }

        private static byte[] bytes(String text) {
            return text.getBytes(StandardCharsets.UTF_8);
        }
    }
}
