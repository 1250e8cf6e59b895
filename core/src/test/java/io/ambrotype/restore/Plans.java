package io.ambrotype.restore;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.ambrotype.rdb.HashSlot;
import io.ambrotype.repository.Manifest;
import io.ambrotype.repository.Repository;
import io.ambrotype.repository.Samples;
import io.ambrotype.repository.SnapshotDraft;
import io.ambrotype.repository.TestRdb;
import java.io.IOException;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Random;
import java.util.TreeMap;
import java.util.function.UnaryOperator;
import java.util.stream.IntStream;

/** Snapshots to restore from. */
final class Plans {
    static final int KEYS = 60;

    private Plans() {}

    /** Changes to a recorded node. */
    record Change(
            String host,
            int port,
            OptionalInt busPort,
            String version,
            Map<String, String> configuration,
            Optional<Manifest.NodesConf> nodesConf) {}

    static Manifest.Node node(Manifest.Node node, UnaryOperator<Change> change) {
        Change to = change.apply(new Change(
                node.host(), node.port(), node.busPort(), node.version(), node.configuration(), node.nodesConf()));
        return new Manifest.Node(
                node.id(),
                node.shard(),
                node.role(),
                node.masterId(),
                to.host(),
                to.port(),
                to.busPort(),
                node.tlsPort(),
                node.hostname(),
                node.configEpoch(),
                node.slots(),
                node.flags(),
                node.vendor(),
                to.version(),
                new TreeMap<>(to.configuration()),
                node.withheld(),
                to.nodesConf(),
                node.dir());
    }

    static Manifest.Topology with(Manifest.Topology topology, UnaryOperator<Change> change) {
        return new Manifest.Topology(
                topology.currentEpoch(),
                topology.lastVoteEpoch(),
                topology.nodes().stream().map(node -> node(node, change)).toList());
    }

    /** A finished snapshot of these nodes, with keys in their own slots, and orphans in shard 0 where wanted. */
    static Manifest snapshot(Repository repository, Manifest.Topology topology, int database, boolean orphans)
            throws IOException {
        boolean cluster = topology.nodes().getFirst().busPort().isPresent();
        int shards = 1
                + topology.nodes().stream().mapToInt(Manifest.Node::shard).max().orElse(0);
        SnapshotDraft draft = Samples.begin(repository);
        List<Manifest.Shard> captured = new ArrayList<>();
        for (int index = 0; index < shards; index++) {
            int shard = index;
            BitSet slots = new BitSet();
            if (cluster) {
                slots.or(topology.nodes().stream()
                        .filter(node -> node.id().equals(Samples.nodeId(shard)))
                        .findFirst()
                        .orElseThrow()
                        .slotSet());
            } else {
                slots.set(0, HashSlot.COUNT);
            }
            TestRdb rdb = new TestRdb().aux("redis-ver", "7.0.15").database(database);
            IntStream.range(0, KEYS)
                    .mapToObj(i -> "key:" + i)
                    .filter(key -> slots.get(HashSlot.of(key.getBytes(UTF_8))) || (orphans && shard == 0))
                    .forEach(key -> rdb.entry(key, "value"));
            byte[] bytes = rdb.finish();
            captured.add(Samples.shard(index, Samples.store(repository, bytes), Samples.scan(bytes, slots)));
        }
        Manifest manifest = Samples.manifest(
                draft.snapshot(), cluster ? Manifest.Kind.CLUSTER : Manifest.Kind.STANDALONE, topology, captured);
        draft.commit(manifest);
        return manifest;
    }

    static RestorePlan plan(Manifest manifest, RestoreRequest request) {
        return RestorePlanner.plan(manifest, request, new Random(7));
    }
}
