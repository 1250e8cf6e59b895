package io.ambrotype.liverestore;

import io.ambrotype.common.AmbrotypeException;
import io.ambrotype.common.ErrorCode;
import io.ambrotype.common.HostAndPort;
import io.ambrotype.common.Time;
import io.ambrotype.liverestore.RestoreEntry.AtRisk;
import io.ambrotype.rdb.HashSlot;
import io.ambrotype.resp.ConnectionSettings;
import io.ambrotype.topology.DeploymentKind;
import io.ambrotype.topology.Node;
import io.ambrotype.topology.Shard;
import io.ambrotype.topology.Topology;
import io.ambrotype.topology.TopologyReader;
import java.time.Duration;
import java.time.Instant;
import java.util.BitSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReferenceArray;
import java.util.concurrent.locks.ReentrantLock;
import java.util.stream.Stream;

/**
 * Who takes the writes of which slot, as far as is known at the moment, and links to each: two, so that a server has something to do
 * while the replies to the last batch are read. What is known comes from looks at the whole deployment and from what servers answer
 * to commands that were sent to the wrong one. Thread-safe.
 */
final class TargetNodes implements AutoCloseable {
    private static final Duration BETWEEN_LOOKS = Duration.ofMillis(300);
    private static final Duration CONNECT_TIMEOUT = Duration.ofSeconds(2);

    private final ConnectionSettings settings;
    private final List<HostAndPort> seeds;
    private final Time time;
    private final AtomicReferenceArray<HostAndPort> owners = new AtomicReferenceArray<>(HashSlot.COUNT);
    private final Map<HostAndPort, List<NodeLink>> links = new ConcurrentHashMap<>();
    private final AtomicInteger turn = new AtomicInteger();
    private final boolean cluster;
    private final ReentrantLock looking = new ReentrantLock();
    private Instant looked;

    TargetNodes(ConnectionSettings settings, List<HostAndPort> seeds, Topology seen, Time time) {
        this.settings = settings.withConnectTimeout(CONNECT_TIMEOUT);
        this.time = time;
        this.looked = time.instant();
        this.cluster = seen.kind() == DeploymentKind.CLUSTER;
        Set<HostAndPort> all = new LinkedHashSet<>(seeds);
        for (Node node : seen.nodes()) {
            node.address().ifPresent(all::add);
        }
        // Sentinels are found again from the servers; where a seed is one, it stays one.
        this.seeds = List.copyOf(all);
        take(seen);
    }

    /** Whether keys have to be in one slot to be in one command. */
    boolean isCluster() {
        return cluster;
    }

    /** Who has the slot; empty where nobody is known to. */
    Optional<HostAndPort> owner(int slot) {
        return Optional.ofNullable(owners.get(slot));
    }

    /** A server said who has the slot. */
    void moved(int slot, HostAndPort owner) {
        owners.set(slot, owner);
    }

    /** One of the links to a server; each time the next one. */
    NodeLink link(HostAndPort address) {
        List<NodeLink> both = links(address);
        return both.get(Math.floorMod(turn.getAndIncrement(), both.size()));
    }

    private List<NodeLink> links(HostAndPort address) {
        return links.computeIfAbsent(
                address,
                missing -> List.of(new NodeLink(missing, settings, time), new NodeLink(missing, settings, time)));
    }

    private Stream<NodeLink> allLinks() {
        return links.values().stream().flatMap(List::stream);
    }

    /** The deployment as it is at this moment. */
    Topology lookNow() {
        looking.lock();
        try {
            Topology now = new TopologyReader(settings).discover(seeds);
            take(now);
            looked = time.instant();
            return now;
        } finally {
            looking.unlock();
        }
    }

    /** Looks at the deployment again, unless that has just been done; where nothing is to be seen, what was known stays. */
    void lookAgain() {
        looking.lock();
        try {
            if (time.instant().isBefore(looked.plus(BETWEEN_LOOKS))) {
                return;
            }
            lookNow();
        } catch (AmbrotypeException e) {
            if (e.code() == ErrorCode.INTERRUPTED) {
                throw e;
            }
            // In the middle of a failover there may be no answer that makes sense. Whoever asked goes on trying.
            looked = time.instant();
        } finally {
            looking.unlock();
        }
    }

    /**
     * What may be lost.
     *
     * @param servers that took it and do not live on as masters
     * @param slots of the keys
     */
    record Lost(List<String> servers, BitSet slots) {}

    /** What may have been lost of what was written; it is told once. */
    Lost takeLost() {
        Set<String> servers = new LinkedHashSet<>();
        BitSet slots = new BitSet(HashSlot.COUNT);
        allLinks()
                .forEach(link -> link.takeLost().ifPresent(lost -> {
                    servers.add(link.address().toString());
                    slots.or(lost);
                }));
        return new Lost(List.copyOf(servers), slots);
    }

    /** Servers that have keys of which replicas may have not all. */
    List<AtRisk> atRisk() {
        return allLinks().flatMap(link -> link.atRisk().stream()).distinct().toList();
    }

    /** How many keys the masters have dropped for want of memory since they were first connected to, with who did. */
    Map<HostAndPort, Long> evicted() {
        Map<HostAndPort, Long> evicted = new LinkedHashMap<>();
        allLinks().forEach(link -> {
            long keys = link.evicted();
            if (keys > 0) {
                evicted.merge(link.address(), keys, Math::max);
            }
        });
        return evicted;
    }

    private void take(Topology topology) {
        for (Shard shard : topology.shards()) {
            if (shard.master().state().isEmpty() && shard.master().address().isEmpty()) {
                continue;
            }
            HostAndPort master = shard.master().connectAddress();
            links(master).forEach(link -> link.followers(shard.replicas().size()));
            if (topology.kind() == DeploymentKind.STANDALONE) {
                for (int slot = 0; slot < HashSlot.COUNT; slot++) {
                    owners.set(slot, master);
                }
            } else {
                shard.slots().stream().forEach(slot -> owners.set(slot, master));
            }
        }
    }

    @Override
    public void close() {
        allLinks().forEach(NodeLink::close);
    }
}
