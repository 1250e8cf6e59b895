package io.ambrotype.imports;

import io.ambrotype.common.AmbrotypeException;
import io.ambrotype.common.ErrorCode;
import io.ambrotype.imports.ImportPlan.DumpFile;
import io.ambrotype.imports.ImportPlan.ShardFile;
import io.ambrotype.topology.NodeFlag;
import io.ambrotype.topology.NodeId;
import io.ambrotype.topology.NodesConf;
import io.ambrotype.topology.Role;
import io.ambrotype.topology.SlotSet;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;

/**
 * Decides which file is which shard's. A pure function of the topology and of what was found in the files.
 *
 * <p>A file belongs to the master that owns the slots of most of its keys, more than half of them. One without keys belongs to the
 * shard of the node whose {@code nodes.conf} lies beside it, else to the first shard that has no other file. What contradicts itself is
 * refused: two files for one shard, a shard without a file, keys of no master or of several, a {@code nodes.conf} beside a file
 * that says another shard than its keys.
 */
final class ImportPlanner {
    private final String deployment;
    private final NodesConf conf;
    private final List<DumpFile> files;
    private final List<String> warnings = new ArrayList<>();

    private ImportPlanner(String deployment, NodesConf conf, List<DumpFile> files) {
        this.deployment = deployment;
        this.conf = conf;
        this.files = files;
    }

    static ImportPlan standalone(String deployment, DumpFile file) {
        List<String> warnings = new ArrayList<>();
        warnOf(file, warnings);
        return new ImportPlan(
                deployment,
                List.of(),
                Optional.empty(),
                List.of(new ShardFile(Optional.empty(), SlotSet.ALL, file, "it is the only one")),
                warnings);
    }

    /**
     * The plan for a cluster.
     *
     * @throws AmbrotypeException {@link ErrorCode#USAGE} where files and topology do not fit together
     */
    static ImportPlan cluster(String deployment, NodesConf conf, List<DumpFile> files) {
        return new ImportPlanner(deployment, conf, files).plan();
    }

    private ImportPlan plan() {
        List<NodesConf.Line> known = conf.lines().stream()
                .filter(line -> !line.flags().contains(NodeFlag.HANDSHAKE))
                .toList();
        List<NodesConf.Line> masters = known.stream()
                .filter(line -> line.role() == Role.MASTER && !line.slots().isEmpty())
                .sorted(Comparator.comparingInt(line -> line.slots().first().orElse(0)))
                .toList();
        if (masters.isEmpty()) {
            throw usage(
                    "no node of the topology owns slots", "name the nodes.conf of a node that was part of the cluster");
        }
        SlotSet covered = masters.stream().map(NodesConf.Line::slots).reduce(SlotSet.NONE, SlotSet::union);
        if (covered.size() < SlotSet.ALL.size()) {
            warnings.add("slots " + SlotSet.ALL.minus(covered) + " have no owner in the topology");
        }
        Map<NodeId, ShardFile> byMaster = assign(masters);
        List<ShardFile> shards =
                masters.stream().map(master -> byMaster.get(master.id())).toList();
        for (ShardFile shard : shards) {
            warnOf(shard.file(), warnings);
            if (shard.orphans() > 0) {
                warnings.add(
                        shard.file().path() + " has " + shard.orphans()
                                + " entries in slots that its master does not own; they are in the dump and will not be restored");
            }
        }
        return new ImportPlan(deployment, nodes(known, masters), Optional.of(conf), shards, warnings);
    }

    private Map<NodeId, ShardFile> assign(List<NodesConf.Line> masters) {
        Map<NodeId, ShardFile> byMaster = new LinkedHashMap<>();
        List<DumpFile> unknown = new ArrayList<>();
        for (DumpFile file : files) {
            Optional<NodesConf.Line> byKeys = byKeys(file, masters);
            Optional<NodesConf.Line> byView = byView(file, masters);
            if (byKeys.isPresent() && byView.isPresent() && !byKeys.equals(byView)) {
                throw usage(
                        file.given() + " contradicts itself: its keys are those of master " + name(byKeys.get())
                                + ", and the nodes.conf beside it is of the shard of " + name(byView.get()),
                        "move that nodes.conf away if it is of another time, or name the right file");
            }
            Optional<NodesConf.Line> master = byKeys.or(() -> byView);
            if (master.isPresent()) {
                put(byMaster, master.get(), file, byKeys.isPresent() ? "most of its keys" : "the nodes.conf beside it");
            } else {
                unknown.add(file);
            }
        }
        for (NodesConf.Line master : masters) {
            if (!byMaster.containsKey(master.id()) && !unknown.isEmpty()) {
                put(byMaster, master, unknown.removeFirst(), "it is empty, and the shard has no other");
            }
        }
        if (!unknown.isEmpty()) {
            throw usage(
                    unknown.getFirst().given() + " has no keys, and every shard has a file already",
                    "leave it out: one file for each of the " + masters.size() + " masters");
        }
        List<String> missing = masters.stream()
                .filter(master -> !byMaster.containsKey(master.id()))
                .map(master -> name(master) + " (slots " + master.slots() + ")")
                .toList();
        if (!missing.isEmpty()) {
            throw usage(
                    "there is no file for master " + String.join(", nor for ", missing),
                    "name one file for each of the " + masters.size()
                            + " masters, its own or a replica's: a snapshot is whole or it is none");
        }
        return byMaster;
    }

    private static void put(Map<NodeId, ShardFile> byMaster, NodesConf.Line master, DumpFile file, String reason) {
        ShardFile before = byMaster.put(master.id(), new ShardFile(Optional.of(master), master.slots(), file, reason));
        if (before != null) {
            throw usage(
                    before.file().given() + " (saved " + before.file().savedAt() + ") and " + file.given() + " (saved "
                            + file.savedAt() + ") are both of the shard of master " + name(master),
                    "name one of them, as a rule the later one");
        }
    }

    private static Optional<NodesConf.Line> byKeys(DumpFile file, List<NodesConf.Line> masters) {
        if (file.entries() == 0) {
            return Optional.empty();
        }
        return masters.stream()
                .filter(master -> 2 * file.entriesIn(master.slots()) > file.entries())
                .findFirst()
                .or(() -> {
                    String shares = masters.stream()
                            .filter(master -> file.entriesIn(master.slots()) > 0)
                            .map(master -> file.entriesIn(master.slots()) + " of " + name(master))
                            .collect(Collectors.joining(", "));
                    throw usage(
                            file.given() + " is of no shard of this topology: of its " + file.entries() + " entries "
                                    + (shares.isEmpty() ? "none is in a slot that has an owner" : "are " + shares),
                            "name the nodes.conf of the cluster as it was when the file was saved");
                });
    }

    private Optional<NodesConf.Line> byView(DumpFile file, List<NodesConf.Line> masters) {
        Optional<NodeId> self = file.view().map(view -> view.myself().id());
        return self.flatMap(id -> conf.lines().stream()
                        .filter(line -> line.id().equals(id))
                        .findFirst())
                .map(line ->
                        line.role() == Role.MASTER ? line.id() : line.master().orElse(line.id()))
                .flatMap(id -> masters.stream()
                        .filter(master -> master.id().equals(id))
                        .findFirst());
    }

    /** The nodes that have a shard and an address; a node's own address is often missing in its own file. */
    private List<NodesConf.Line> nodes(List<NodesConf.Line> known, List<NodesConf.Line> masters) {
        Map<NodeId, NodesConf.Line> byId = new HashMap<>();
        known.forEach(line -> byId.put(line.id(), line));
        List<NodesConf.Line> nodes = new ArrayList<>();
        for (NodesConf.Line line : known) {
            NodeId master = line.role() == Role.MASTER ? line.id() : masterOf(line, byId);
            boolean inShard = masters.stream().anyMatch(each -> each.id().equals(master));
            if (!inShard) {
                warnings.add("node " + name(line) + " has no slots and follows nobody who has, and is left out");
            } else if (line.port() == 0) {
                warnings.add("node " + line.id() + " has no address in the topology and is left out");
            } else {
                nodes.add(addressed(line, known));
            }
        }
        return nodes;
    }

    /** Chained replicas follow another replica. */
    private static NodeId masterOf(NodesConf.Line replica, Map<NodeId, NodesConf.Line> byId) {
        NodesConf.Line at = replica;
        for (int hops = 0; hops < byId.size() && at.role() == Role.REPLICA; hops++) {
            NodesConf.Line next = at.master().map(byId::get).orElse(null);
            if (next == null) {
                return at.id();
            }
            at = next;
        }
        return at.id();
    }

    private NodesConf.Line addressed(NodesConf.Line line, List<NodesConf.Line> known) {
        if (!line.host().isEmpty()) {
            return line;
        }
        Optional<String> told = files.stream()
                .flatMap(file -> file.view().stream())
                .flatMap(view -> view.lines().stream())
                .filter(other -> other.id().equals(line.id()) && !other.host().isEmpty())
                .map(NodesConf.Line::host)
                .findFirst();
        List<String> hosts = known.stream()
                .map(NodesConf.Line::host)
                .filter(host -> !host.isEmpty())
                .distinct()
                .toList();
        String host = told.orElse(hosts.size() == 1 ? hosts.getFirst() : "127.0.0.1");
        if (told.isEmpty()) {
            warnings.add("the topology does not tell the address of " + line.id() + "; assumed is " + host);
        }
        return new NodesConf.Line(
                line.id(),
                host,
                line.port(),
                line.busPort(),
                line.hostname(),
                line.values(),
                line.flags(),
                line.unknownFlags(),
                line.master(),
                line.pingSent(),
                line.pongReceived(),
                line.configEpoch(),
                line.connected(),
                line.slots(),
                line.openSlots());
    }

    private static void warnOf(DumpFile file, List<String> warnings) {
        if (!file.signed()) {
            warnings.add(file.path()
                    + " is not signed (rdbchecksum no): damage in it could not be seen, and its data are unverified");
        }
        if (!file.versionTold()) {
            warnings.add(file.path() + " does not tell which server wrote it; by its RDB version it is taken for "
                    + file.vendor() + " " + file.version());
        }
        file.leftOut().forEach(what -> warnings.add("not imported: " + what));
    }

    private static String name(NodesConf.Line line) {
        return line.address().map(Object::toString).orElse(":" + line.port());
    }

    private static AmbrotypeException usage(String message, String hint) {
        return AmbrotypeException.of(ErrorCode.USAGE, message).withHint(hint);
    }
}
