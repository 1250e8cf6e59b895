package io.ambrotype.lab;

import io.ambrotype.common.HostAndPort;
import io.ambrotype.resp.ConnectionSettings;
import io.ambrotype.resp.RespConnection;
import io.ambrotype.resp.RespErrorException;
import io.ambrotype.resp.ServerVersion;
import io.ambrotype.resp.ServerVersion.Vendor;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.Set;

/**
 * A generated keyspace that has every type in every encoding that the connected server can be brought to make, small and
 * large, with awkward keys, expiries near and far, stream groups, functions, and hash fields that expire. The same seed
 * on the same version makes the same data, except for what servers decide by chance or by their clock. Immutable.
 *
 * <p>On a standalone server every database gets keys of the same names with other values.
 *
 * @param seed decides all values
 * @param databases how many databases are filled, from 0 on; only database 0 in a cluster
 * @param fillerKeys further small keys, to make it many; spread over the databases
 * @param bigStringBytes size of one big string in database 0; 0 for none, at most 512 MB, which is the limit of servers
 * @param bigHashBytes size of one big hash in database 0, all fields and values together; 0 for none
 * @param nearExpiry after which time the near expiries come; positive
 */
public record Keyspace(
        long seed, int databases, long fillerKeys, int bigStringBytes, long bigHashBytes, Duration nearExpiry) {
    private static final int BIG_HASH_VALUE = 4096;
    private static final int BIG_HASH_FIELDS_AT_ONCE = 16;

    /** What not every server has. */
    public enum Feature {
        /** Libraries of functions (Redis 7.0, Valkey). */
        FUNCTIONS,
        /** Expiry of hash fields (Redis 7.4, Valkey 9.0). */
        FIELD_EXPIRY,
        /** Vector sets, which are stored as values of a module (Redis 8.0). */
        VECTOR_SETS,
        /** Lists whose nodes are single elements, brought about by DEBUG (Redis 7.0, Valkey). */
        PLAIN_LIST_NODES
    }

    /**
     * What was written.
     *
     * @param version the server's
     * @param features which of those that not every server has are part of it
     * @param commands how many commands it took
     */
    public record Report(ServerVersion version, Set<Feature> features, long commands) {
        /** Keeps its own copy. */
        public Report {
            features = Set.copyOf(features);
        }
    }

    /** Rejects negative sizes. */
    public Keyspace {
        if (databases < 1 || fillerKeys < 0 || bigStringBytes < 0 || bigHashBytes < 0 || !nearExpiry.isPositive()) {
            throw new IllegalArgumentException("a keyspace cannot have negative sizes, no database or a past expiry");
        }
    }

    /** Every type and encoding in database 0, near expiries in an hour, nothing big. */
    public static Keyspace of(long seed) {
        return new Keyspace(seed, 1, 0, 0, 0, Duration.ofHours(1));
    }

    /** The same in so many databases. */
    public Keyspace inDatabases(int count) {
        return new Keyspace(seed, count, fillerKeys, bigStringBytes, bigHashBytes, nearExpiry);
    }

    /** The same with so many further small keys. */
    public Keyspace withFiller(long keys) {
        return new Keyspace(seed, databases, keys, bigStringBytes, bigHashBytes, nearExpiry);
    }

    /** The same with values of such sizes. */
    public Keyspace withBig(int stringBytes, long hashBytes) {
        return new Keyspace(seed, databases, fillerKeys, stringBytes, hashBytes, nearExpiry);
    }

    /** The same with near expiries after such a time. */
    public Keyspace withNearExpiry(Duration time) {
        return new Keyspace(seed, databases, fillerKeys, bigStringBytes, bigHashBytes, time);
    }

    /**
     * Writes it. The servers are not emptied before.
     *
     * @param seedNode a standalone master, or any node of a cluster
     * @param now what expiries are counted from
     * @throws io.ambrotype.common.AmbrotypeException where a server refuses a command or is lost
     */
    public Report write(HostAndPort seedNode, ConnectionSettings settings, Instant now) {
        try (RoutedPipeline pipeline = RoutedPipeline.open(seedNode, settings)) {
            Set<Feature> features = featuresOf(pipeline);
            for (int database = 0; database < (pipeline.isCluster() ? 1 : databases); database++) {
                new KeyspaceFamilies(pipeline, seed, database, features, now, nearExpiry).write();
            }
            if (features.contains(Feature.FUNCTIONS)) {
                pipeline.connections().forEach(KeyspaceFamilies::loadFunctions);
            }
            writeFiller(pipeline, now);
            writeBigString(pipeline);
            writeBigHash(pipeline);
            pipeline.flush();
            return new Report(pipeline.version(), features, pipeline.sent());
        }
    }

    private static Set<Feature> featuresOf(RoutedPipeline pipeline) {
        ServerVersion version = pipeline.version();
        boolean valkey = version.vendor() == Vendor.VALKEY;
        Set<Feature> features = EnumSet.noneOf(Feature.class);
        if (valkey || version.isAtLeast(Vendor.REDIS, 7, 0)) {
            features.add(Feature.FUNCTIONS);
        }
        if (version.isAtLeast(Vendor.VALKEY, 9, 0) || version.isAtLeast(Vendor.REDIS, 7, 4)) {
            features.add(Feature.FIELD_EXPIRY);
        }
        RespConnection one = pipeline.connections().iterator().next();
        if (!one.array("COMMAND", "INFO", "VADD").getFirst().isNull()) {
            features.add(Feature.VECTOR_SETS);
        }
        try {
            // 0 is the default threshold, so that the question changes nothing.
            one.call("DEBUG", "QUICKLIST-PACKED-THRESHOLD", "0");
            features.add(Feature.PLAIN_LIST_NODES);
        } catch (RespErrorException e) {
            // An older server, or one on which DEBUG is not allowed.
        }
        return features;
    }

    private void writeFiller(RoutedPipeline pipeline, Instant now) {
        KeyspaceValues values = new KeyspaceValues(seed, "filler");
        int spread = pipeline.isCluster() ? 1 : databases;
        for (long i = 0; i < fillerKeys; i++) {
            int database = Math.toIntExact(i * spread / fillerKeys);
            byte[] key = KeyspaceValues.bytes("filler:" + i);
            switch ((int) (i % 10)) {
                case 0 ->
                    pipeline.send(
                            database,
                            key,
                            KeyspaceValues.command(
                                    "HSET", key, "name", values.text(12), "count", i, "note", values.text(60)));
                case 1 ->
                    pipeline.send(
                            database, key, KeyspaceValues.command("RPUSH", key, i, values.text(20), values.random(30)));
                case 2 ->
                    pipeline.send(database, key, KeyspaceValues.command("ZADD", key, i, "a", i + 0.5, values.text(9)));
                case 3 -> {
                    pipeline.send(database, key, KeyspaceValues.command("SET", key, values.text(100)));
                    long at = now.plus(Duration.ofDays(30)).toEpochMilli() + i;
                    pipeline.send(database, key, KeyspaceValues.command("PEXPIREAT", key, at));
                }
                default ->
                    pipeline.send(
                            database, key, KeyspaceValues.command("SET", key, values.text(50 + values.below(400))));
            }
        }
    }

    private void writeBigString(RoutedPipeline pipeline) {
        if (bigStringBytes > 0) {
            byte[] key = KeyspaceValues.bytes("big:string");
            pipeline.send(
                    0,
                    key,
                    KeyspaceValues.command("SET", key, new KeyspaceValues(seed, "big string").random(bigStringBytes)));
        }
    }

    private void writeBigHash(RoutedPipeline pipeline) {
        KeyspaceValues values = new KeyspaceValues(seed, "big hash");
        byte[] key = KeyspaceValues.bytes("big:hash");
        long fields = bigHashBytes / (BIG_HASH_VALUE + 14);
        byte[] block = values.random(1 << 20);
        for (long field = 0; field < fields; field += BIG_HASH_FIELDS_AT_ONCE) {
            Object[] arguments = new Object[1 + 2 * (int) Math.min(BIG_HASH_FIELDS_AT_ONCE, fields - field)];
            arguments[0] = key;
            for (int i = 1; i < arguments.length; i += 2) {
                int offset = values.below(block.length - BIG_HASH_VALUE);
                arguments[i] = "field:%08d".formatted(field + i / 2);
                arguments[i + 1] = Arrays.copyOfRange(block, offset, offset + BIG_HASH_VALUE);
            }
            pipeline.send(0, key, KeyspaceValues.command("HSET", arguments));
        }
    }
}
