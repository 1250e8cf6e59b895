package io.ambrotype.restore;

import io.ambrotype.common.AmbrotypeException;
import io.ambrotype.common.ErrorCode;
import io.ambrotype.common.HostAndPort;
import io.ambrotype.rdb.Crossing;
import io.ambrotype.rdb.TargetVersion;
import io.ambrotype.rdb.Transcoder;
import io.ambrotype.rdb.ValueType;
import io.ambrotype.repository.DumpContent;
import io.ambrotype.repository.Manifest;
import io.ambrotype.restore.RestorePlan.ClusterFile;
import io.ambrotype.restore.RestorePlan.Data;
import io.ambrotype.restore.RestorePlan.Identity;
import io.ambrotype.topology.NodeId;
import io.ambrotype.topology.NodesConf;
import io.ambrotype.topology.NodesConfPlan;
import io.ambrotype.topology.Role;
import io.ambrotype.topology.SlotSet;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.random.RandomGenerator;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Decides what a restore into folders writes: which nodes, with which ids, epochs and slots, and where each one's data
 * comes from. A pure function of the manifest, the request and the source of randomness for new ids.
 *
 * <p>Where a target node owns exactly the slots of a shard of the snapshot, and that shard holds no orphans, it gets the
 * shard's dump byte for byte. Otherwise its dump is put together from the entries of its slots; orphans are left out,
 * because a server that loads one opens the slot for import (Redis) or deletes the key (Valkey 8.0+).
 *
 * <p>Replicas get their master's dump too: an empty replica that is promoted over a slowly loading master would erase
 * the shard.
 */
public final class RestorePlanner {
    private static final String DEFAULT_NODES_CONF = "nodes.conf";

    /** Whatever the locale, such a name can be written; others are replaced, since a snapshot may come from anywhere. */
    private static final Pattern USABLE_NAME = Pattern.compile("[ -~&&[^/]]{1,200}");

    private final Manifest manifest;
    private final RestoreRequest request;
    private final RandomGenerator random;
    private final List<String> warnings = new ArrayList<>();

    private RestorePlanner(Manifest manifest, RestoreRequest request, RandomGenerator random) {
        this.manifest = manifest;
        this.request = request;
        this.random = random;
    }

    /**
     * The plan that does what is asked.
     *
     * @throws AmbrotypeException {@link ErrorCode#USAGE} where the request does not fit together or does not fit the
     *     snapshot; {@link ErrorCode#UNRECOVERABLE} where what is asked for cannot hold the data
     */
    public static RestorePlan plan(Manifest manifest, RestoreRequest request, RandomGenerator random) {
        RestorePlanner planner = new RestorePlanner(manifest, request, random);
        return request.only().isPresent() ? planner.oneNode(request.only().get()) : planner.wholeDeployment();
    }

    // ---- one node as itself

    private RestorePlan oneNode(HostAndPort address) {
        if (!request.addresses().isEmpty()
                || request.masters().isPresent()
                || request.replicas().isPresent()
                || request.sameIds()) {
            throw usage(
                    "--node brings one node back as itself and does not go with --nodes, --masters, --replicas or --same-ids",
                    "leave the others out");
        }
        Manifest.Node recorded = manifest.topology().nodes().stream()
                .filter(node -> isAt(node, address))
                .findFirst()
                .orElseThrow(() -> noNodeAt(address));
        requireOwnView(recorded, address);
        boolean master = recorded.role() == Manifest.Role.MASTER;
        if (master && manifest.kind() == Manifest.Kind.CLUSTER) {
            warnings.add("node " + address + " was a master: where its shard has failed over since, it comes back as a"
                    + " replica of the new master and takes over its data; else it serves the data of the snapshot");
        }
        Spot spot = new Spot(
                addressOf(recorded),
                recorded.shard(),
                master ? Role.MASTER : Role.REPLICA,
                recorded,
                new NodeId(recorded.id()));
        warnOfSnapshot();
        return new RestorePlan(
                manifest,
                request.folder(),
                Identity.ONE_NODE,
                List.of(node(
                        spot,
                        slotsOf(recorded.shard()),
                        dataOf(recorded.shard()),
                        recorded.masterId().map(NodeId::new),
                        recorded.nodesConf()
                                .map(file -> new ClusterFile(fileName(recorded, spot.address), file.text())),
                        recorded.masterId()
                                .map(manifest::node)
                                .map(RestorePlanner::addressOf)
                                .map(TargetAddress::client))),
                request.target(),
                warnings,
                appendOnly(List.of(spot)));
    }

    /** Without its own view there is nothing that would lead the node back into its cluster. */
    private void requireOwnView(Manifest.Node recorded, HostAndPort address) {
        if (manifest.kind() == Manifest.Kind.STANDALONE) {
            return;
        }
        if (recorded.nodesConf().isEmpty()) {
            throw AmbrotypeException.of(
                            ErrorCode.UNRECOVERABLE,
                            "node " + address + " did not answer when snapshot " + manifest.snapshot()
                                    + " was taken: its place is known, and not its nodes.conf")
                    .withHint("start an empty node there and make it a replica: redis-cli --cluster add-node"
                            + " --cluster-slave; or name an older snapshot");
        }
        NodesConf view = NodesConf.parse(
                recorded.nodesConf().get().text().getBytes(StandardCharsets.UTF_8),
                "the nodes.conf of " + address + " in snapshot " + manifest.snapshot());
        if (!view.myself().id().value().equals(recorded.id())) {
            throw AmbrotypeException.of(
                    ErrorCode.CORRUPT,
                    "the nodes.conf of " + address + " in snapshot " + manifest.snapshot() + " is that of node "
                            + view.myself().id());
        }
    }

    private AmbrotypeException noNodeAt(HostAndPort address) {
        String known = manifest.topology().nodes().stream()
                .map(node -> addressOf(node).client().toString())
                .collect(Collectors.joining(", "));
        return AmbrotypeException.of(
                        ErrorCode.UNRECOVERABLE, "snapshot " + manifest.snapshot() + " has no node at " + address)
                .withHint("its nodes are " + known + "; an older snapshot may have it: ambrotype list");
    }

    // ---- a whole deployment

    private RestorePlan wholeDeployment() {
        int masters = request.masters().orElse(manifest.shards().size());
        boolean ownSlots = masters == manifest.shards().size();
        boolean cluster = manifest.kind() == Manifest.Kind.CLUSTER || masters > 1;
        if (request.sameIds() && manifest.kind() == Manifest.Kind.STANDALONE) {
            throw usage(
                    "--same-ids is for clusters, and snapshot " + manifest.snapshot() + " is of a standalone server",
                    "leave it out: a standalone server has no id to lose");
        }
        if (manifest.kind() == Manifest.Kind.CLUSTER
                && masters < manifest.shards().size()) {
            warnOfMemory(masters);
        }
        if (cluster) {
            requireOneDatabase();
        }

        List<Spot> spots = spots(masters, ownSlots);
        if (request.sameIds() && spots.stream().anyMatch(spot -> spot.oldId == null)) {
            throw usage(
                    "--same-ids needs the snapshot's own number of masters and replicas",
                    "leave out --masters and --replicas, or --same-ids");
        }
        List<SlotSet> slots =
                ownSlots ? IntStream.range(0, masters).mapToObj(this::slotsOf).toList() : SlotSet.split(masters);
        List<NodeId> ids = spots.stream()
                .map(spot -> request.sameIds() && spot.oldId != null ? spot.oldId : NodeId.random(random))
                .toList();
        requireBusPorts(spots, cluster);
        NodesConfPlan clusterPlan = cluster ? clusterPlan(spots, ids, slots) : null;
        warnOfSnapshot();

        List<RestorePlan.Node> nodes = new ArrayList<>();
        for (int i = 0; i < spots.size(); i++) {
            Spot spot = spots.get(i);
            NodeId id = ids.get(i);
            boolean master = spot.role == Role.MASTER;
            Data data = !master
                    ? new Data.SameAs(folderName(spots.get(spot.shard).address))
                    : ownSlots ? dataOf(spot.shard) : new Data.Routed(slots.get(spot.shard));
            nodes.add(node(
                    new Spot(spot.address, spot.shard, spot.role, spot.recorded, id),
                    slots.get(spot.shard),
                    data,
                    master ? Optional.empty() : Optional.of(ids.get(spot.shard)),
                    clusterPlan == null
                            ? Optional.empty()
                            : Optional.of(new ClusterFile(
                                    fileName(spot.recorded, spot.address),
                                    clusterPlan.fileFor(id).toText())),
                    master
                            ? Optional.empty()
                            : Optional.of(spots.get(spot.shard).address.client())));
        }
        return new RestorePlan(
                manifest,
                request.folder(),
                request.sameIds() ? Identity.SAME : Identity.NEW,
                nodes,
                request.target(),
                warnings,
                appendOnly(spots));
    }

    /** Where each node goes: masters first, each at the index of its shard, then the replicas. */
    private List<Spot> spots(int masters, boolean ownSlots) {
        List<Manifest.Node> recordedMasters = manifest.shards().stream()
                .map(shard -> manifest.node(shard.masterId()))
                .toList();
        List<List<Manifest.Node>> recordedReplicas = manifest.shards().stream()
                .map(shard -> manifest.topology().nodes().stream()
                        .filter(node -> node.shard() == shard.index() && node.role() == Manifest.Role.REPLICA)
                        .toList())
                .toList();
        List<TargetAddress> ownAddresses = Stream.concat(
                        recordedMasters.stream(), recordedReplicas.stream().flatMap(List::stream))
                .map(RestorePlanner::addressOf)
                .toList();
        boolean given = !request.addresses().isEmpty();
        List<TargetAddress> addresses = given ? request.addresses() : ownAddresses;
        requireDistinct(addresses);
        requireDistinctFolders(addresses);

        boolean ownReplicas =
                ownSlots && request.replicas().isEmpty() && (!given || addresses.size() == ownAddresses.size());
        List<Integer> replicas = ownReplicas
                ? recordedReplicas.stream().map(List::size).toList()
                : Collections.nCopies(masters, replicasEach(masters, given, recordedReplicas));
        int needed = masters + replicas.stream().mapToInt(Integer::intValue).sum();
        if (given ? addresses.size() != needed : addresses.size() < needed) {
            throw usage(
                    needed + " addresses are needed, and " + (given ? "--nodes has " : "the snapshot's nodes have ")
                            + addresses.size(),
                    given
                            ? "give as many as masters and replicas, masters first; --masters and --replicas set their numbers"
                            : "give the addresses by --nodes, or fewer replicas by --replicas");
        }

        List<Spot> spots = new ArrayList<>();
        for (int i = 0; i < masters; i++) {
            Manifest.Node recorded = recordedMasters.get(ownSlots ? i : 0);
            spots.add(new Spot(addresses.get(i), i, Role.MASTER, recorded, ownSlots ? idOf(recorded) : null));
        }
        List<TargetAddress> free = new ArrayList<>(addresses.subList(masters, needed));
        for (int round = 0; !free.isEmpty(); round++) {
            for (int i = 0; i < masters; i++) {
                if (round < replicas.get(i)) {
                    Manifest.Node recorded =
                            ownReplicas ? recordedReplicas.get(i).get(round) : recordedMasters.get(ownSlots ? i : 0);
                    TargetAddress address = given || !ownReplicas ? apart(free, spots, i) : addressOf(recorded);
                    free.remove(address);
                    spots.add(new Spot(address, i, Role.REPLICA, recorded, ownReplicas ? idOf(recorded) : null));
                }
            }
        }
        return spots;
    }

    private int replicasEach(int masters, boolean given, List<List<Manifest.Node>> recorded) {
        if (request.replicas().isPresent()) {
            return request.replicas().getAsInt();
        }
        if (!given) {
            return recorded.stream().mapToInt(List::size).min().orElse(0);
        }
        int addresses = request.addresses().size();
        if (addresses % masters != 0) {
            throw usage(
                    addresses + " addresses cannot be " + masters + " masters with the same number of replicas each",
                    "set the numbers by --masters and --replicas");
        }
        return addresses / masters - 1;
    }

    /** The first free address on a host that has nothing of the shard yet; else simply the first. */
    private static TargetAddress apart(List<TargetAddress> free, List<Spot> spots, int shard) {
        Set<String> taken = spots.stream()
                .filter(spot -> spot.shard == shard)
                .map(spot -> spot.address.client().host())
                .collect(Collectors.toSet());
        return free.stream()
                .filter(address -> !taken.contains(address.client().host()))
                .findFirst()
                .orElse(free.getFirst());
    }

    /**
     * New ids: epochs 1 to N and nobody has voted. The old ids: the epochs they had, and a last vote as high as any
     * epoch seen, so that no node votes twice in one.
     */
    private NodesConfPlan clusterPlan(List<Spot> spots, List<NodeId> ids, List<SlotSet> slots) {
        List<NodesConfPlan.Target> targets = new ArrayList<>();
        long currentEpoch = request.sameIds() ? manifest.topology().currentEpoch() : 0;
        List<Long> epochs = new ArrayList<>();
        for (Spot spot : spots) {
            long epoch = request.sameIds() ? spot.recorded.configEpoch() : spot.shard + 1L;
            if (spot.role == Role.MASTER) {
                // Masters without an epoch of their own: the servers would settle it by bumping one, so we do.
                epochs.add(epoch > 0 && !epochs.contains(epoch) ? epoch : -1L);
                currentEpoch = Math.max(currentEpoch, epoch);
            }
        }
        for (int i = 0; i < epochs.size(); i++) {
            if (epochs.get(i) < 0) {
                currentEpoch++;
                epochs.set(i, currentEpoch);
            }
        }
        long lastVoteEpoch = request.sameIds() ? currentEpoch : 0;
        try {
            for (int i = 0; i < spots.size(); i++) {
                Spot spot = spots.get(i);
                HostAndPort client = spot.address.client();
                int busPort = spot.address.effectiveBusPort();
                targets.add(
                        spot.role == Role.MASTER
                                ? NodesConfPlan.Target.master(
                                        ids.get(i),
                                        client.host(),
                                        client.port(),
                                        busPort,
                                        slots.get(spot.shard),
                                        epochs.get(spot.shard))
                                : NodesConfPlan.Target.replica(
                                        ids.get(i), client.host(), client.port(), busPort, targets.get(spot.shard)));
            }
            NodesConfPlan plan = new NodesConfPlan(targets, currentEpoch, lastVoteEpoch);
            // An address that does not fit into a file shows only when one is made.
            plan.fileFor(ids.getFirst());
            return plan;
        } catch (IllegalArgumentException e) {
            throw AmbrotypeException.of(ErrorCode.USAGE, "these nodes cannot be a cluster: " + e.getMessage())
                    .causedBy(e);
        }
    }

    // ---- one folder

    private RestorePlan.Node node(
            Spot spot,
            SlotSet shardSlots,
            Data data,
            Optional<NodeId> master,
            Optional<ClusterFile> nodesConf,
            Optional<HostAndPort> masterAddress) {
        String folder = folderName(spot.address);
        Manifest.Node configured = configured(spot.recorded);
        List<Manifest.Module> modules = manifest.shards()
                .get(Math.min(spot.shard, manifest.shards().size() - 1))
                .modules();
        String configuration = ServerDirectives.of(
                manifest,
                spot.recorded,
                configured,
                modules,
                spot.address,
                nodesConf.map(ClusterFile::name),
                nodesConf.isPresent() ? Optional.empty() : masterAddress,
                request.folder().resolve(folder),
                request.target().map(RestoreTarget::version));
        return new RestorePlan.Node(
                folder,
                spot.id(),
                spot.address.client(),
                nodesConf.isPresent() ? spot.address.effectiveBusPort() : 0,
                spot.role,
                master,
                spot.role == Role.MASTER ? shardSlots : SlotSet.NONE,
                data,
                nodesConf,
                configuration,
                configured.withheld());
    }

    /** The node that tells how this one is configured: its master for a replica that told nothing. */
    private Manifest.Node configured(Manifest.Node recorded) {
        return recorded.configuration().isEmpty() ? masterOr(recorded) : recorded;
    }

    private Manifest.Node masterOr(Manifest.Node recorded) {
        return recorded.masterId()
                .map(_ -> manifest.node(manifest.shards().get(recorded.shard()).masterId()))
                .orElse(recorded);
    }

    private Data dataOf(int shard) {
        Manifest.Shard captured = manifest.shards().get(shard);
        boolean untouched = request.target()
                .map(RestoreTarget::version)
                .map(target -> CrossingSearch.isUntouched(captured, target))
                .orElse(true);
        return captured.content().orphanEntries() == 0 && untouched
                ? new Data.Verbatim(shard)
                : new Data.Routed(slotsOf(shard));
    }

    private SlotSet slotsOf(int shard) {
        return SlotSet.of(manifest.slotsOf(manifest.shards().get(shard)));
    }

    /** As that deployment names it; a port in the name follows the node. */
    private String fileName(Manifest.Node recorded, TargetAddress address) {
        Manifest.Node telling = recorded.nodesConf().isPresent() ? recorded : masterOr(recorded);
        String name = telling.nodesConf().map(Manifest.NodesConf::name).orElse(DEFAULT_NODES_CONF);
        String plain = name.substring(name.lastIndexOf('/') + 1)
                .replace(
                        Integer.toString(telling.port()),
                        Integer.toString(address.client().port()));
        boolean usable = USABLE_NAME.matcher(plain).matches()
                && !plain.equals(".")
                && !plain.equals("..")
                && !plain.equals("dump.rdb")
                && !plain.equals("ambrotype.conf");
        return usable ? plain : DEFAULT_NODES_CONF;
    }

    private static String folderName(TargetAddress address) {
        return address.client().host().replaceAll("[^A-Za-z0-9._-]", "_") + "-"
                + address.client().port();
    }

    // ---- what cannot be, and what should be known

    private void requireOneDatabase() {
        boolean severalDatabases = manifest.shards().stream()
                .flatMap(shard -> shard.content().databases().keySet().stream())
                .anyMatch(database -> database > 0);
        Manifest.Node first = manifest.topology().nodes().getFirst();
        String servers = request.target()
                .map(target -> target.version().toString())
                .orElse(first.vendor() + " " + first.version());
        boolean clustersHaveDatabases = request.target()
                .map(target -> target.version().isAtLeast(TargetVersion.Vendor.VALKEY, 9, 0))
                .orElse(first.vendor().equals("valkey") && major(first.version()) >= 9);
        if (severalDatabases && !clustersHaveDatabases) {
            String found = manifest.shards().stream()
                    .flatMap(shard -> shard.content().databases().entrySet().stream())
                    .filter(database -> database.getKey() > 0)
                    .map(database -> "database " + database.getKey() + ": "
                            + database.getValue().entries()
                            + (database.getValue().entries() == 1 ? " entry" : " entries"))
                    .collect(Collectors.joining(", "));
            throw AmbrotypeException.of(
                            ErrorCode.UNRECOVERABLE,
                            "a cluster of " + servers + " has database 0 only, and the snapshot holds " + found)
                    .withHint("restore it as a single server: leave --masters out, or use --rdb FILE");
        }
    }

    private void requireBusPorts(List<Spot> spots, boolean cluster) {
        for (Spot spot : spots) {
            Manifest.Node recorded = spot.recorded;
            int busPort = spot.address.effectiveBusPort();
            if (cluster && busPort > 65_535) {
                throw usage(
                        "the bus of " + spot.address.client() + " would be at port " + busPort
                                + ", and the last one is 65535",
                        "name another as " + spot.address.client() + "@BUSPORT, or take a port below 55536");
            }
            // An announced one may differ: a container's, say.
            boolean asRecorded = spot.address.equals(addressOf(recorded));
            if (cluster
                    && !asRecorded
                    && !spot.address.hasDefaultBusPort()
                    && !ServerDirectives.knowsClusterPort(
                            recorded, request.target().map(RestoreTarget::version))) {
                throw usage(
                        request.target()
                                        .map(target -> target.version().toString())
                                        .orElse("redis " + recorded.version())
                                + " cannot have its bus at port " + busPort
                                + ": before 7.0 it is always the port + 10000",
                        "leave out @" + busPort);
            }
        }
    }

    private static void requireDistinctFolders(List<TargetAddress> addresses) {
        Map<String, HostAndPort> folders = new HashMap<>();
        for (TargetAddress address : addresses) {
            HostAndPort other = folders.putIfAbsent(folderName(address), address.client());
            if (other != null) {
                throw usage(
                        other + " and " + address.client() + " would both get the folder " + folderName(address),
                        "give other addresses by --nodes");
            }
        }
    }

    private static void requireDistinct(List<TargetAddress> addresses) {
        Set<HostAndPort> seen = new HashSet<>();
        for (TargetAddress address : addresses) {
            if (!seen.add(address.client())) {
                throw usage(address.client() + " is named twice", "give every node its own address");
            }
        }
    }

    private void warnOfMemory(int masters) {
        manifest.topology().nodes().stream()
                .map(node -> node.configuration().getOrDefault("maxmemory", "0"))
                .filter(limit -> !limit.equals("0"))
                .findFirst()
                .ifPresent(limit -> warnings.add(masters + " masters take over the data of "
                        + manifest.shards().size() + ", each with maxmemory " + limit
                        + ": see that it is enough, or writes are refused or keys evicted"));
    }

    /** What is done to the data on the way to other servers. */
    public static List<String> warningsOf(Manifest manifest, RestoreTarget target) {
        Transcoder transcoder = new Transcoder(target.version());
        long transcoded = 0;
        boolean streams = false;
        boolean modules = false;
        boolean vectorSets = false;
        for (Manifest.Shard shard : manifest.shards()) {
            for (Map.Entry<String, DumpContent.Count> counted :
                    shard.content().types().entrySet()) {
                ValueType type = ValueType.valueOf(counted.getKey());
                if (transcoder.crossing(type) instanceof Crossing.Transcoded crossing) {
                    transcoded += counted.getValue().entries();
                    streams |= crossing.to() == ValueType.STREAM_LISTPACKS;
                }
                modules |= type == ValueType.MODULE_2 && hasOtherModules(shard);
                vectorSets |= type == ValueType.MODULE_2;
            }
        }
        List<String> warnings = new ArrayList<>();
        if (transcoded > 0) {
            warnings.add(transcoded + " entries are in encodings that " + target.version()
                    + " does not know and are written anew in ones that it knows; their values stay the same"
                    + (streams
                            ? "; streams lose what it does not keep: the counters of entries added and read, the greatest"
                                    + " deleted id, and when consumers were last active"
                            : ""));
        }
        if (modules) {
            warnings.add("values of modules are handed on as they are: " + target.version()
                    + " must load modules that know them, or it will not start");
        }
        if (vectorSets && isRedis80(target.version())) {
            warnings.add(
                    "vector sets as Redis 8.0.4 and later write them are not read by Redis 8.0.0 to 8.0.3, which do not"
                            + " start with them: see that the servers have 8.0.4 or later where the snapshot's had");
        }
        return warnings;
    }

    /** https://github.com/redis/redis/pull/14144 added to what is written of a vector set's node. */
    private static boolean isRedis80(TargetVersion target) {
        return target.vendor() == TargetVersion.Vendor.REDIS && target.major() == 8 && target.minor() == 0;
    }

    /** Whether there may be values of others than vector sets, which are part of the server. */
    private static boolean hasOtherModules(Manifest.Shard shard) {
        return shard.modules().isEmpty()
                || shard.modules().stream().anyMatch(module -> !module.name().equals("vectorset"));
    }

    private void warnOfSnapshot() {
        request.target().ifPresent(target -> warnings.addAll(warningsOf(manifest, target)));
        long orphans = manifest.shards().stream()
                .map(Manifest.Shard::content)
                .mapToLong(DumpContent::orphanEntries)
                .sum();
        if (orphans > 0) {
            warnings.add(orphans + " entries were found in slots that their node did not own and are left out; they"
                    + " stay in the snapshot's dumps");
        }
        for (Manifest.Node node : manifest.topology().nodes()) {
            if (node.configuration().isEmpty()) {
                warnings.add("the configuration of " + addressOf(node).client() + " is not part of the snapshot"
                        + (configured(node).configuration().isEmpty()
                                ? ": see that its ambrotype.conf has all that it needs"
                                : "; it gets that of its master"));
            }
        }
        for (Manifest.Shard shard : manifest.shards()) {
            if (shard.content().checksum() == DumpContent.Checksum.DISABLED) {
                warnings.add("the dump of shard " + shard.index()
                        + " was not signed by its server (rdbchecksum no); it is protected by the repository's own"
                        + " checksums only");
            }
        }
        boolean assumed = manifest.topology().nodes().stream()
                .anyMatch(node ->
                        node.nodesConf().isPresent() && !node.nodesConf().get().nameKnown());
        if (assumed) {
            warnings.add(
                    "the servers did not tell the name of their nodes.conf (Redis before 7.0 does not); the name in"
                            + " ambrotype.conf is the one that the files are given");
        }
    }

    private List<String> appendOnly(List<Spot> spots) {
        return spots.stream()
                .filter(spot -> configured(spot.recorded)
                        .configuration()
                        .getOrDefault("appendonly", "no")
                        .equals("yes"))
                .map(spot -> folderName(spot.address))
                .sorted(Comparator.naturalOrder())
                .toList();
    }

    private static boolean isAt(Manifest.Node node, HostAndPort address) {
        return node.port() == address.port()
                && (node.host().equals(address.host()) || node.hostname().equals(Optional.of(address.host())));
    }

    private static TargetAddress addressOf(Manifest.Node node) {
        return new TargetAddress(new HostAndPort(node.host(), node.port()), node.busPort());
    }

    private static NodeId idOf(Manifest.Node node) {
        return new NodeId(node.id());
    }

    private static int major(String version) {
        int dot = version.indexOf('.');
        String number = dot < 0 ? version : version.substring(0, dot);
        return number.matches("[0-9]{1,4}") ? Integer.parseInt(number) : 0;
    }

    private static AmbrotypeException usage(String message, String hint) {
        return AmbrotypeException.of(ErrorCode.USAGE, message).withHint(hint);
    }

    /**
     * A place for a node.
     *
     * @param address where it shall run
     * @param shard index of its master among the targets
     * @param role what it starts as
     * @param recorded the node of the snapshot whose configuration it gets
     * @param oldId the id that it may have again; null where it is no node of the snapshot
     */
    private record Spot(
            TargetAddress address,
            int shard,
            Role role,
            Manifest.Node recorded,
            @Nullable NodeId oldId) {
        NodeId id() {
            return Objects.requireNonNull(oldId);
        }
    }
}
