package io.ambrotype.repository;

import io.ambrotype.rdb.HashSlot;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.BitSet;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.Set;
import java.util.SortedMap;

/**
 * All that is known of a snapshot: its topology and configuration, and per shard the dump and where it came from.
 * Writing it is what makes a snapshot exist. Immutable; times are kept to the millisecond.
 *
 * <p>The records check that they fit together (every id that is referred to exists, every count adds up). Whether the
 * slots are covered is for {@code verify} to say, so that a manifest with a hole can still be read and shown.
 *
 * @param snapshot the snapshot's id
 * @param toolVersion version of the program that wrote it
 * @param deployment name of the deployment, or its address where it has no name; never with a password
 * @param kind cluster or standalone
 * @param consistency how the dumps of several shards relate in time
 * @param begun when the backup began
 * @param completed when the manifest was made
 * @param durations how long each step of the backup took, in the order of the steps
 * @param warnings sentences for the operator
 * @param topology every node as it was seen
 * @param shards what was captured, by index from 0
 */
public record Manifest(
        SnapshotId snapshot,
        String toolVersion,
        String deployment,
        Kind kind,
        Consistency consistency,
        Instant begun,
        Instant completed,
        Map<String, Duration> durations,
        List<String> warnings,
        Topology topology,
        List<Shard> shards) {

    /** What was backed up. */
    public enum Kind {
        /** A cluster: the shards share 16384 hash slots. */
        CLUSTER,
        /** One server with its replicas: one shard that holds everything. */
        STANDALONE
    }

    /** How the dumps of several shards relate in time. */
    public enum Consistency {
        /** Each shard at a moment of its own. */
        PER_SHARD("each shard is a consistent picture of one moment, but the moments differ from shard to shard:"
                + " writes that touched several shards during the capture may be in one dump and missing in another");

        private final String meaning;

        Consistency(String meaning) {
            this.meaning = meaning;
        }

        /** A sentence that says what may be relied on and what not. */
        public String meaning() {
            return meaning;
        }
    }

    /** A node's part in its shard. */
    public enum Role {
        /** It takes the writes. */
        MASTER,
        /** It follows its master. */
        REPLICA
    }

    /**
     * The nodes as they were seen when the backup began.
     *
     * @param currentEpoch the cluster's current epoch; 0 for standalone
     * @param lastVoteEpoch the greatest last-vote epoch seen; 0 where unknown
     * @param nodes every node
     */
    public record Topology(long currentEpoch, long lastVoteEpoch, List<Node> nodes) {
        /** Rejects nodes that appear twice and replicas without their master. */
        public Topology {
            Check.notNegative("currentEpoch", currentEpoch);
            Check.notNegative("lastVoteEpoch", lastVoteEpoch);
            nodes = List.copyOf(nodes);
            Map<String, Node> byId = new HashMap<>();
            for (Node node : nodes) {
                Check.that(byId.put(node.id(), node) == null, "node " + node.id() + " appears twice");
            }
            for (Node node : nodes) {
                if (node.masterId().isPresent()) {
                    Node master = byId.get(node.masterId().get());
                    Check.that(
                            master != null && master.shard() == node.shard(),
                            "the master of replica " + node.id() + " is not in its shard");
                }
            }
        }
    }

    /**
     * One node.
     *
     * @param id 40 lower-case hexadecimal digits; synthetic for standalone
     * @param shard index of its shard
     * @param role master or replica
     * @param masterId a replica's master; empty for a master
     * @param host host or address that it announces
     * @param port port for clients
     * @param busPort port of the cluster bus; empty for standalone
     * @param tlsPort the other client port, where there is one for TLS beside the plain one
     * @param hostname announced host name, where there is one
     * @param configEpoch its configuration epoch; 0 for standalone
     * @param slots a master's slots such as {@code 0-5460,5462}; empty for replicas and for standalone
     * @param flags its flags as CLUSTER NODES prints them, without {@code myself}
     * @param vendor {@code redis} or {@code valkey}
     * @param version such as {@code 7.0.15}
     * @param configuration CONFIG GET *, without secrets
     * @param withheld names of the parameters that were left out because they are, or may contain, secrets
     * @param nodesConf its nodes.conf as rebuilt from its own view; empty for standalone
     * @param dir its working folder, where the server tells it
     */
    public record Node(
            String id,
            int shard,
            Role role,
            Optional<String> masterId,
            String host,
            int port,
            OptionalInt busPort,
            OptionalInt tlsPort,
            Optional<String> hostname,
            long configEpoch,
            String slots,
            List<String> flags,
            String vendor,
            String version,
            SortedMap<String, String> configuration,
            List<String> withheld,
            Optional<NodesConf> nodesConf,
            Optional<String> dir) {
        /** Rejects impossible values; copies the collections. */
        public Node {
            Check.hex40("node id", id);
            Check.notNegative("shard", shard);
            Check.that(
                    (role == Role.REPLICA) == masterId.isPresent(),
                    "node " + id + ": a replica has a master, a master has none");
            masterId.ifPresent(master -> Check.hex40("master id", master));
            Check.notEmpty("host", host);
            Check.range("port", port, 1, 65_535);
            busPort.ifPresent(number -> Check.range("bus port", number, 1, 65_535));
            tlsPort.ifPresent(number -> Check.range("TLS port", number, 1, 65_535));
            Check.notNegative("configEpoch", configEpoch);
            Check.that(role == Role.MASTER || slots.isEmpty(), "node " + id + " is a replica and cannot own slots");
            parseSlots(slots);
            flags = List.copyOf(flags);
            Check.notEmpty("vendor", vendor);
            Check.notEmpty("version", version);
            configuration = Check.sorted(configuration);
            withheld = List.copyOf(withheld);
        }

        /** The slots it owns, as a set of the caller's own. */
        public BitSet slotSet() {
            return parseSlots(slots);
        }
    }

    /**
     * A node's nodes.conf.
     *
     * @param name file name; the servers' default where the node does not tell
     * @param nameKnown whether the node told the name (5.0 does not)
     * @param text the file's text as rebuilt from the node's own view
     */
    public record NodesConf(String name, boolean nameKnown, String text) {
        /** Rejects empty names. */
        public NodesConf {
            Check.notEmpty("name of nodes.conf", name);
        }
    }

    /**
     * The capture of one shard.
     *
     * @param index from 0, in the order of first slots
     * @param masterId the shard's master
     * @param sourceId the node that sent the dump
     * @param sourceAddress {@code host:port} under which it was reached
     * @param replicationId replication id of the dump, as FULLRESYNC named it
     * @param offset replication offset of the dump, as FULLRESYNC named it
     * @param masterOffsetAtStart the master's offset when the backup began; never beyond {@code offset}
     * @param started when the capture began
     * @param capturedAt when the source announced the dump: the moment the dump shows, as near as can be told
     * @param duration from start to the last byte verified
     * @param dump the stored dump
     * @param content what the scan found in it
     * @param modules modules loaded in the source
     */
    public record Shard(
            int index,
            String masterId,
            String sourceId,
            String sourceAddress,
            String replicationId,
            long offset,
            long masterOffsetAtStart,
            Instant started,
            Instant capturedAt,
            Duration duration,
            DumpReference dump,
            DumpContent content,
            List<Module> modules) {
        /** Rejects a dump that is older than its backup. */
        public Shard {
            Check.notNegative("index", index);
            Check.hex40("master id", masterId);
            Check.hex40("source id", sourceId);
            Check.notEmpty("sourceAddress", sourceAddress);
            Check.hex40("replication id", replicationId);
            Check.notNegative("masterOffsetAtStart", masterOffsetAtStart);
            Check.that(
                    offset >= masterOffsetAtStart,
                    "the dump's offset " + offset + " lies before the master's offset " + masterOffsetAtStart
                            + " when the backup began");
            Check.notNegative("duration", duration.toMillis());
            started = started.truncatedTo(ChronoUnit.MILLIS);
            capturedAt = capturedAt.truncatedTo(ChronoUnit.MILLIS);
            duration = duration.truncatedTo(ChronoUnit.MILLIS);
            modules = List.copyOf(modules);
        }
    }

    /**
     * A loaded module.
     *
     * @param name its name
     * @param version as MODULE LIST gives it, where known
     * @param path of its library on the node (servers from 7.0 on tell); its arguments may hold secrets and are not kept
     */
    public record Module(String name, OptionalLong version, Optional<String> path) {
        /** Rejects empty names. */
        public Module {
            Check.notEmpty("module name", name);
        }
    }

    /** Rejects parts that do not fit together; cuts times to milliseconds; copies the collections. */
    public Manifest {
        Check.notEmpty("toolVersion", toolVersion);
        Check.notEmpty("deployment", deployment);
        begun = begun.truncatedTo(ChronoUnit.MILLIS);
        completed = completed.truncatedTo(ChronoUnit.MILLIS);
        Map<String, Duration> steps = new LinkedHashMap<>();
        durations.forEach((step, duration) -> {
            Check.notNegative("duration of " + step, duration.toMillis());
            steps.put(step, duration.truncatedTo(ChronoUnit.MILLIS));
        });
        durations = Collections.unmodifiableMap(steps);
        warnings = List.copyOf(warnings);
        shards = List.copyOf(shards);

        Check.range("number of shards", shards.size(), 1, HashSlot.COUNT);
        Check.that(kind == Kind.CLUSTER || shards.size() == 1, "a standalone deployment has one shard");
        Set<Integer> captured = new HashSet<>();
        for (int index = 0; index < shards.size(); index++) {
            Shard shard = shards.get(index);
            Check.that(shard.index() == index, "shard " + index + " is numbered " + shard.index());
            Node master = nodeOf(topology, shard.masterId());
            Node source = nodeOf(topology, shard.sourceId());
            Check.that(
                    master.role() == Role.MASTER && master.shard() == index,
                    "node " + master.id() + " is not the master of shard " + index);
            Check.that(source.shard() == index, "node " + source.id() + " is not in shard " + index);
            captured.add(index);
        }
        for (Node node : topology.nodes()) {
            Check.that(
                    captured.contains(node.shard()), "shard " + node.shard() + " of node " + node.id() + " is missing");
        }
    }

    /**
     * The node with this id.
     *
     * @throws IllegalArgumentException where there is none
     */
    public Node node(String id) {
        return nodeOf(topology, id);
    }

    /**
     * The slots that the shard owned, as a set of the caller's own: those of its master; all of them for standalone.
     * Entries elsewhere are orphans.
     */
    public BitSet slotsOf(Shard shard) {
        if (kind == Kind.STANDALONE) {
            BitSet all = new BitSet(HashSlot.COUNT);
            all.set(0, HashSlot.COUNT);
            return all;
        }
        return node(shard.masterId()).slotSet();
    }

    /** What a listing shows of this snapshot. */
    public SnapshotSummary summary() {
        Map<String, Long> objects = new HashMap<>();
        shards.forEach(shard -> objects.put(shard.dump().sha256(), shard.dump().storedBytes()));
        Instant first =
                shards.stream().map(Shard::capturedAt).min(Instant::compareTo).orElseThrow();
        Instant last =
                shards.stream().map(Shard::capturedAt).max(Instant::compareTo).orElseThrow();
        return new SnapshotSummary(
                snapshot,
                toolVersion,
                deployment,
                kind,
                begun,
                completed,
                shards.stream().mapToLong(shard -> shard.content().entries()).sum(),
                shards.stream().mapToLong(shard -> shard.dump().rdbBytes()).sum(),
                objects.values().stream().mapToLong(Long::longValue).sum(),
                shards.size(),
                topology.nodes().size(),
                topology.nodes().stream()
                        .map(node -> node.vendor() + " " + node.version())
                        .distinct()
                        .sorted()
                        .toList(),
                Duration.between(first, last),
                warnings);
    }

    private static Node nodeOf(Topology topology, String id) {
        return topology.nodes().stream()
                .filter(node -> node.id().equals(id))
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException("node " + id + " is not in the topology"));
    }

    private static BitSet parseSlots(String text) {
        BitSet slots = new BitSet(HashSlot.COUNT);
        if (text.isEmpty()) {
            return slots;
        }
        for (String range : text.split(",", -1)) {
            int dash = range.indexOf('-');
            int first = slot(dash < 0 ? range : range.substring(0, dash), text);
            int last = dash < 0 ? first : slot(range.substring(dash + 1), text);
            Check.that(first <= last, "'" + text + "' is not a list of slots");
            slots.set(first, last + 1);
        }
        return slots;
    }

    private static int slot(String number, String text) {
        Check.that(number.matches("[0-9]{1,5}"), "'" + text + "' is not a list of slots");
        int slot = Integer.parseInt(number);
        Check.range("slot", slot, 0, HashSlot.COUNT - 1);
        return slot;
    }
}
