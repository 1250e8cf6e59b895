package io.ambrotype.imports;

import io.ambrotype.common.AmbrotypeException;
import io.ambrotype.common.ErrorCode;
import io.ambrotype.common.HostAndPort;
import io.ambrotype.common.TeeChannel;
import io.ambrotype.imports.ImportPlan.DumpFile;
import io.ambrotype.imports.ImportPlan.ShardFile;
import io.ambrotype.rdb.RdbFormatException;
import io.ambrotype.rdb.RdbReader;
import io.ambrotype.repository.DumpContent;
import io.ambrotype.repository.DumpScan;
import io.ambrotype.repository.DumpWriter;
import io.ambrotype.repository.FrameMemory;
import io.ambrotype.repository.Manifest;
import io.ambrotype.repository.Repository;
import io.ambrotype.repository.SnapshotBegun;
import io.ambrotype.repository.SnapshotDraft;
import io.ambrotype.topology.NodeFlag;
import io.ambrotype.topology.NodeId;
import io.ambrotype.topology.NodesConf;
import io.ambrotype.topology.Role;
import io.ambrotype.topology.SlotSet;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.EnumSet;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.TreeMap;

/**
 * Makes a snapshot of files:
 *
 * <ol>
 *   <li>Read every file to its end, through all of its checks; a damaged one ends the import before anything is written.
 *   <li>Decide which file is which shard's ({@link ImportPlanner}).
 *   <li>Begin the snapshot, store the RDB of each file byte for byte, checking it once more on the way.
 *   <li>Commit the manifest: the snapshot begins to exist.
 * </ol>
 *
 * <p>The files are only read. Whatever fails before the last step leaves an unfinished snapshot that is never restored.
 */
public final class Import {
    private static final String UNKNOWN_REPLICATION_ID = "0".repeat(40);
    private static final String NODES_CONF = "nodes.conf";
    private static final int USUAL_PORT = 6379;

    private final ImportRequest request;
    private final Optional<HostAndPort> address;
    private final ImportListener listener;
    private final InstantSource clock;
    private final String toolVersion;

    /**
     * An import that was not begun.
     *
     * @param address where a standalone server serves, where that is known
     * @param toolVersion written into the snapshot
     */
    public Import(
            ImportRequest request,
            Optional<HostAndPort> address,
            ImportListener listener,
            InstantSource clock,
            String toolVersion) {
        this.request = request;
        this.address = address;
        this.listener = listener;
        this.clock = clock;
        this.toolVersion = toolVersion;
    }

    /**
     * What {@link #run} would do: reads all files to their ends and writes nothing.
     *
     * @throws AmbrotypeException {@link ErrorCode#CORRUPT} where a file is damaged, with the byte; {@link ErrorCode#USAGE} where the
     *     files are not those of the topology
     */
    public ImportPlan plan() {
        Optional<NodesConf> conf = request.topology().map(Import::parse);
        Set<Path> seen = new HashSet<>();
        List<DumpFile> files = new ArrayList<>();
        for (Path file : request.files()) {
            if (!seen.add(file)) {
                throw AmbrotypeException.of(ErrorCode.USAGE, file + " is named twice");
            }
            files.add(new DumpFileReader(listener).read(file));
        }
        return conf.map(topology -> ImportPlanner.cluster(request.deployment(), topology, files))
                .orElseGet(() -> ImportPlanner.standalone(request.deployment(), files.getFirst()));
    }

    private static NodesConf parse(Path file) {
        try {
            return NodesConf.parse(DumpFileReader.beginning(file, NodesConf.MAXIMUM_BYTES + 1), file.toString());
        } catch (IOException e) {
            throw DumpFileReader.unreadable(file, e);
        }
    }

    /**
     * Takes the snapshot that a plan describes; returns when it is committed.
     *
     * @throws AmbrotypeException where a file is not what it was when the plan was made, or the repository fails
     */
    public Manifest run(ImportPlan plan, Repository repository) {
        Instant begun = clock.instant();
        SnapshotDraft draft = repository.begin(new SnapshotBegun(toolVersion, plan.deployment(), begun));
        List<Manifest.Node> nodes = plan.conf().isPresent() ? clusterNodes(plan) : List.of(standaloneNode(plan));
        List<Manifest.Shard> shards = new ArrayList<>();
        try (FrameMemory frames = new FrameMemory()) {
            for (int index = 0; index < plan.shards().size(); index++) {
                shards.add(store(index, plan.shards().get(index), nodes, repository, frames));
            }
        }
        Map<String, Duration> durations = new LinkedHashMap<>();
        Duration took = since(begun);
        durations.put("store", took);
        List<String> warnings = new ArrayList<>(plan.warnings());
        draft.warning().ifPresent(warnings::add);
        warnings.add("imported from files: the configuration of the nodes is not part of the snapshot");
        Manifest manifest = new Manifest(
                draft.snapshot(),
                toolVersion,
                plan.deployment(),
                plan.conf().isPresent() ? Manifest.Kind.CLUSTER : Manifest.Kind.STANDALONE,
                Manifest.Consistency.PER_SHARD,
                begun,
                begun.plus(took),
                durations,
                warnings,
                new Manifest.Topology(
                        plan.conf().map(NodesConf::currentEpoch).orElse(0L),
                        plan.conf().map(NodesConf::lastVoteEpoch).orElse(0L),
                        nodes),
                shards);
        draft.commit(manifest);
        return manifest;
    }

    /** Nothing at the least: somebody may set the clock back. */
    private Duration since(Instant start) {
        Duration passed = Duration.between(start, clock.instant());
        return passed.isNegative() ? Duration.ZERO : passed;
    }

    private Manifest.Shard store(
            int index, ShardFile shard, List<Manifest.Node> nodes, Repository repository, FrameMemory frames) {
        Instant started = clock.instant();
        DumpFile file = shard.file();
        BitSet owned = new BitSet(SlotSet.ALL.size());
        shard.slots().stream().forEach(owned::set);
        try (DumpWriter writer = repository.dumpWriter(frames);
                RdbReader reader = RdbReader.open(new TeeChannel(DumpFileReader.open(file), writer))) {
            DumpContent content = DumpScan.scan(
                    reader,
                    owned,
                    (bytes, entries) -> listener.progress(file.path(), true, bytes, file.rdbBytes(), entries));
            if (content.entries() != file.entries()) {
                throw AmbrotypeException.of(ErrorCode.FAILED, file.path() + " changed while it was imported")
                        .withHint("a server is writing it: import a copy, or take a backup of the server itself");
            }
            String masterId = shard.master()
                    .map(master -> master.id().value())
                    .orElse(nodes.getFirst().id());
            return new Manifest.Shard(
                    index,
                    masterId,
                    sourceOf(file, masterId, index, nodes),
                    file.path().toString(),
                    file.replicationId().orElse(UNKNOWN_REPLICATION_ID),
                    file.replicationOffset(),
                    0,
                    started,
                    file.savedAt(),
                    since(started),
                    writer.commit(),
                    content,
                    List.of());
        } catch (RdbFormatException e) {
            throw DumpFileReader.damaged(file.path(), e);
        } catch (IOException e) {
            throw DumpFileReader.unreadable(file.path(), e);
        }
    }

    /** The node whose nodes.conf lies beside the file; else the master. */
    private static String sourceOf(DumpFile file, String masterId, int shard, List<Manifest.Node> nodes) {
        return file.view()
                .map(view -> view.myself().id().value())
                .filter(id -> nodes.stream().anyMatch(node -> node.id().equals(id) && node.shard() == shard))
                .orElse(masterId);
    }

    private static List<Manifest.Node> clusterNodes(ImportPlan plan) {
        NodesConf conf = plan.conf().orElseThrow();
        List<Manifest.Node> nodes = new ArrayList<>();
        for (int index = 0; index < plan.shards().size(); index++) {
            ShardFile shard = plan.shards().get(index);
            NodeId master = shard.master().orElseThrow().id();
            for (NodesConf.Line line : plan.nodes()) {
                if (belongsTo(line, master, plan.nodes())) {
                    nodes.add(node(index, line, master, shard.file(), conf, plan.nodes()));
                }
            }
        }
        return nodes;
    }

    private static boolean belongsTo(NodesConf.Line line, NodeId master, List<NodesConf.Line> nodes) {
        NodesConf.Line at = line;
        for (int hops = 0; hops <= nodes.size(); hops++) {
            if (at.id().equals(master)) {
                return true;
            }
            Optional<NodeId> next = at.master();
            Optional<NodesConf.Line> following = nodes.stream()
                    .filter(each -> next.equals(Optional.of(each.id())))
                    .findFirst();
            if (following.isEmpty()) {
                return false;
            }
            at = following.get();
        }
        return false;
    }

    private static Manifest.Node node(
            int shard, NodesConf.Line line, NodeId master, DumpFile file, NodesConf conf, List<NodesConf.Line> nodes) {
        boolean isMaster = line.id().equals(master);
        return new Manifest.Node(
                line.id().value(),
                shard,
                isMaster ? Manifest.Role.MASTER : Manifest.Role.REPLICA,
                isMaster ? Optional.empty() : Optional.of(masterOf(line, master, nodes)),
                line.host(),
                line.port(),
                line.busPort() > 0 ? OptionalInt.of(line.busPort()) : OptionalInt.empty(),
                line.tlsPort().isPresent() && line.tlsPort().getAsInt() != line.port()
                        ? line.tlsPort()
                        : OptionalInt.empty(),
                line.hostname(),
                line.configEpoch(),
                isMaster ? line.slots().toString() : "",
                line.flags().stream()
                        .filter(flag -> flag != NodeFlag.MYSELF)
                        .map(NodeFlag::text)
                        .toList(),
                file.vendor(),
                file.version(),
                new TreeMap<>(),
                List.of(),
                Optional.of(new Manifest.NodesConf(NODES_CONF, false, viewOf(line.id(), conf, nodes))),
                Optional.empty());
    }

    /** Of a chained replica another replica; the shard's master where that one is not part of the snapshot. */
    private static String masterOf(NodesConf.Line replica, NodeId master, List<NodesConf.Line> nodes) {
        return replica.master()
                .filter(id -> nodes.stream().anyMatch(node -> node.id().equals(id)))
                .orElse(master)
                .value();
    }

    /** The topology that was given, as the file of one of its nodes. */
    private static String viewOf(NodeId id, NodesConf conf, List<NodesConf.Line> nodes) {
        List<NodesConf.Line> lines = nodes.stream()
                .map(line -> {
                    Set<NodeFlag> flags = EnumSet.noneOf(NodeFlag.class);
                    flags.add(line.role() == Role.MASTER ? NodeFlag.MASTER : NodeFlag.SLAVE);
                    if (line.id().equals(id)) {
                        flags.add(NodeFlag.MYSELF);
                    }
                    return NodesConf.Line.plain(
                            line.id(),
                            line.host(),
                            line.port(),
                            line.busPort(),
                            flags,
                            line.master(),
                            line.configEpoch(),
                            line.slots());
                })
                .toList();
        return new NodesConf(lines, conf.currentEpoch(), conf.lastVoteEpoch()).toText();
    }

    private Manifest.Node standaloneNode(ImportPlan plan) {
        DumpFile file = plan.shards().getFirst().file();
        HostAndPort at = address.orElse(new HostAndPort("127.0.0.1", USUAL_PORT));
        return new Manifest.Node(
                "0".repeat(39) + "1",
                0,
                Manifest.Role.MASTER,
                Optional.empty(),
                at.host(),
                at.port(),
                OptionalInt.empty(),
                OptionalInt.empty(),
                Optional.empty(),
                0,
                "",
                List.of("master"),
                file.vendor(),
                file.version(),
                new TreeMap<>(),
                List.of(),
                Optional.empty(),
                Optional.empty());
    }
}
