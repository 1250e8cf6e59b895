package io.ambrotype.repository;

import io.ambrotype.rdb.RdbReader;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.Random;
import java.util.TreeMap;

/** Snapshots to test with. */
public final class Samples {
    public static final Instant BEGUN = Instant.parse("2026-11-22T15:53:28.123Z");

    private Samples() {}

    public static Repository repository(io.ambrotype.storage.Store store) {
        return Repository.create(store, new Random(1));
    }

    /** A master's or replica's id. */
    public static String nodeId(int number) {
        return String.format("%040x", 0xabc000 + number);
    }

    public static String slots(int shard, int shards) {
        int first = 16_384 * shard / shards;
        int last = 16_384 * (shard + 1) / shards - 1;
        return first + "-" + last;
    }

    /** One shard's RDB: entries in its own slots mostly, different for each seed. */
    public static byte[] rdb(int seed) {
        TestRdb rdb = new TestRdb()
                .aux("redis-ver", "7.0.15")
                .aux("seed", Integer.toString(seed))
                .function("#!lua name=lib" + seed + "\nredis.register_function('f', function() return 1 end)")
                .database(0);
        for (int entry = 0; entry < 50; entry++) {
            rdb.entry("key:" + entry, "value " + seed);
        }
        return rdb.expiring("until", "soon", 4_000_000_000_000L).finish();
    }

    public static DumpReference store(Repository repository, byte[] rdb) throws IOException {
        try (DumpWriter writer = repository.dumpWriter()) {
            writer.write(ByteBuffer.wrap(rdb));
            return writer.commit();
        }
    }

    public static DumpContent scan(byte[] rdb, BitSet slots) throws IOException {
        try (RdbReader reader = RdbReader.open(Channels.newChannel(new ByteArrayInputStream(rdb)))) {
            return DumpScan.scan(reader, slots, (_, _) -> {});
        }
    }

    public static Manifest.Topology cluster(int shards) {
        List<Manifest.Node> nodes = new ArrayList<>();
        for (int shard = 0; shard < shards; shard++) {
            nodes.add(new Manifest.Node(
                    nodeId(shard),
                    shard,
                    Manifest.Role.MASTER,
                    Optional.empty(),
                    "10.0.0." + shard,
                    7000 + shard,
                    OptionalInt.of(17_000 + shard),
                    OptionalInt.of(8000 + shard),
                    Optional.of("redis-" + shard),
                    shard + 1,
                    slots(shard, shards),
                    List.of("master"),
                    "redis",
                    "7.0.15",
                    new TreeMap<>(Map.of("maxmemory", "0", "save", "3600 1 \"300\" \\ 100\n")),
                    List.of("requirepass"),
                    Optional.of(new Manifest.NodesConf("nodes.conf", true, "vars currentEpoch 6 lastVoteEpoch 0\n")),
                    Optional.of("/var/lib/redis")));
            nodes.add(new Manifest.Node(
                    nodeId(100 + shard),
                    shard,
                    Manifest.Role.REPLICA,
                    Optional.of(nodeId(shard)),
                    "::1",
                    7100 + shard,
                    OptionalInt.of(17_100 + shard),
                    OptionalInt.empty(),
                    Optional.empty(),
                    shard + 1,
                    "",
                    List.of("slave", "nofailover"),
                    "redis",
                    "6.2.11",
                    new TreeMap<>(),
                    List.of(),
                    Optional.empty(),
                    Optional.empty()));
        }
        return new Manifest.Topology(6, 0, nodes);
    }

    public static Manifest.Topology standalone() {
        return new Manifest.Topology(
                0,
                0,
                List.of(new Manifest.Node(
                        nodeId(0),
                        0,
                        Manifest.Role.MASTER,
                        Optional.empty(),
                        "localhost",
                        6379,
                        OptionalInt.empty(),
                        OptionalInt.empty(),
                        Optional.empty(),
                        0,
                        "",
                        List.of(),
                        "valkey",
                        "8.1.1",
                        new TreeMap<>(Map.of("Größe", "한국어 \uD83D\uDE00")),
                        List.of(),
                        Optional.empty(),
                        Optional.empty())));
    }

    public static Manifest manifest(
            SnapshotId snapshot, Manifest.Kind kind, Manifest.Topology topology, List<Manifest.Shard> shards) {
        Map<String, Duration> durations = new LinkedHashMap<>();
        durations.put("discover", Duration.ofMillis(12));
        durations.put("capture", Duration.ofSeconds(3));
        return new Manifest(
                snapshot,
                "0.1.0",
                "shop",
                kind,
                Manifest.Consistency.PER_SHARD,
                BEGUN,
                BEGUN.plusSeconds(4),
                durations,
                List.of("a warning"),
                topology,
                shards);
    }

    public static Manifest.Shard shard(int index, DumpReference dump, DumpContent content) {
        return new Manifest.Shard(
                index,
                nodeId(index),
                nodeId(index),
                "10.0.0." + index + ":" + (7000 + index),
                nodeId(500 + index),
                1000 + index,
                1000,
                BEGUN.plusMillis(10),
                BEGUN.plusMillis(20 + 300L * index),
                Duration.ofMillis(500),
                dump,
                content,
                List.of(
                        new Manifest.Module("ReJSON", OptionalLong.of(20_000), Optional.of("/opt/modules/search.so")),
                        new Manifest.Module("other", OptionalLong.empty(), Optional.empty())));
    }

    public static SnapshotDraft begin(Repository repository) {
        return repository.begin(new SnapshotBegun("0.1.0", "shop", BEGUN));
    }

    /** Stores and finishes a snapshot of a cluster, its dumps made from the seeds. */
    public static Manifest snapshot(Repository repository, int... seeds) throws IOException {
        SnapshotDraft draft = begin(repository);
        Manifest.Topology topology = cluster(seeds.length);
        List<Manifest.Shard> shards = new ArrayList<>();
        for (int index = 0; index < seeds.length; index++) {
            byte[] rdb = rdb(seeds[index]);
            BitSet slots = topology.nodes().get(2 * index).slotSet();
            shards.add(shard(index, store(repository, rdb), scan(rdb, slots)));
        }
        Manifest manifest = manifest(draft.snapshot(), Manifest.Kind.CLUSTER, topology, shards);
        draft.commit(manifest);
        return manifest;
    }
}
