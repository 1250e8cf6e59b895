package io.ambrotype.backup;

import io.ambrotype.backup.ShardCapture.CapturedShard;
import io.ambrotype.common.AmbrotypeException;
import io.ambrotype.common.HostAndPort;
import io.ambrotype.common.TaskGroup;
import io.ambrotype.repository.DumpContent;
import io.ambrotype.repository.Manifest;
import io.ambrotype.repository.SnapshotId;
import io.ambrotype.resp.ConnectionSettings;
import io.ambrotype.resp.RespConnection;
import io.ambrotype.resp.ServerVersion;
import io.ambrotype.topology.DeploymentKind;
import io.ambrotype.topology.Node;
import io.ambrotype.topology.NodeConfiguration;
import io.ambrotype.topology.NodeFlag;
import io.ambrotype.topology.NodeId;
import io.ambrotype.topology.NodeInventory;
import io.ambrotype.topology.NodeState;
import io.ambrotype.topology.Role;
import io.ambrotype.topology.Shard;
import io.ambrotype.topology.Topology;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Stream;

/** Asks every node for its configuration and writes down what a snapshot consists of. */
final class ManifestBuilder {
    private static final String DEFAULT_NODES_CONF = "nodes.conf";

    private final BackupRequest request;
    private final BackupPlan plan;
    private final String toolVersion;
    private final List<String> warnings = new ArrayList<>();

    ManifestBuilder(BackupRequest request, BackupPlan plan, String toolVersion) {
        this.request = request;
        this.plan = plan;
        this.toolVersion = toolVersion;
    }

    /** What one node told beyond its state. */
    private record Description(NodeConfiguration configuration, NodeInventory inventory) {}

    Manifest build(
            SnapshotId snapshot,
            Instant begun,
            InstantSource clock,
            Map<String, Duration> durations,
            List<CapturedShard> captured,
            List<String> notices)
            throws InterruptedException {
        Instant describing = clock.instant();
        Topology topology = plan.topology();
        Map<NodeId, Description> descriptions = describe(topology);
        List<Manifest.Node> nodes = new ArrayList<>();
        for (int index = 0; index < topology.shards().size(); index++) {
            Shard shard = topology.shards().get(index);
            for (Node node : shard.nodes()) {
                if (node.address().isEmpty()) {
                    warnings.add(node.name() + " is not part of the snapshot: nobody knows its address");
                } else {
                    nodes.add(node(index, shard, node, Optional.ofNullable(descriptions.get(node.id()))));
                }
            }
        }
        List<Manifest.Shard> shards = new ArrayList<>();
        for (int index = 0; index < captured.size(); index++) {
            CapturedShard shard = captured.get(index);
            shards.add(shard(
                    index,
                    shard,
                    Optional.ofNullable(descriptions.get(shard.source().node().id()))));
        }
        warnOf(shards);
        Map<String, Duration> steps = new LinkedHashMap<>(durations);
        steps.put("describe", Duration.between(describing, clock.instant()));
        return new Manifest(
                snapshot,
                toolVersion,
                request.deployment(),
                topology.kind() == DeploymentKind.CLUSTER ? Manifest.Kind.CLUSTER : Manifest.Kind.STANDALONE,
                Manifest.Consistency.PER_SHARD,
                begun,
                clock.instant(),
                steps,
                Stream.of(plan.warnings(), notices, warnings)
                        .flatMap(List::stream)
                        .distinct()
                        .toList(),
                new Manifest.Topology(topology.currentEpoch(), topology.lastVoteEpoch(), nodes),
                shards);
    }

    private Map<NodeId, Description> describe(Topology topology) throws InterruptedException {
        Map<NodeId, Description> descriptions = new ConcurrentHashMap<>();
        Map<NodeId, String> failures = new ConcurrentHashMap<>();
        ConnectionSettings settings = request.settings();
        try (TaskGroup tasks = TaskGroup.ofWaiting()) {
            for (Node node : topology.nodes()) {
                if (node.isReached()) {
                    tasks.fork("describe " + node.name(), () -> {
                        try (RespConnection connection = RespConnection.open(node.connectAddress(), settings)) {
                            descriptions.put(
                                    node.id(),
                                    new Description(
                                            NodeConfiguration.read(connection), NodeInventory.read(connection)));
                        } catch (AmbrotypeException e) {
                            failures.put(node.id(), e.getMessage());
                        }
                    });
                }
            }
            tasks.join();
        } catch (AmbrotypeException | InterruptedException e) {
            throw e;
        } catch (Exception e) {
            throw new IllegalStateException(e);
        }
        for (Node node : topology.nodes()) {
            Description description = descriptions.get(node.id());
            String failure = failures.get(node.id());
            if (failure != null) {
                warnings.add("the configuration of " + node.name() + " is not part of the snapshot: " + failure);
            } else if (description != null) {
                description
                        .configuration()
                        .unavailable()
                        .ifPresent(reason -> warnings.add(
                                "the configuration of " + node.name() + " is not part of the snapshot: " + reason));
            } else {
                warnings.add("node " + node.name() + " did not answer: the snapshot has its place in the layout, and"
                        + " neither its configuration nor its own view");
            }
        }
        return descriptions;
    }

    private Manifest.Node node(int index, Shard shard, Node node, Optional<Description> description) {
        HostAndPort address = node.address().orElseThrow();
        ServerVersion version = node.state()
                .or(() -> shard.master().state())
                .map(NodeState::version)
                .orElseThrow();
        boolean cluster = plan.topology().kind() == DeploymentKind.CLUSTER;
        Optional<String> nodesConf = node.state()
                .flatMap(NodeState::view)
                .map(view -> view.nodesConf().toText());
        List<String> withheld = new ArrayList<>();
        description.map(Description::configuration).ifPresent(configuration -> {
            withheld.addAll(configuration.withheld());
            configuration
                    .aclUsers()
                    .ifPresent(users -> users.stream()
                            .filter(user -> !user.equals("default"))
                            .forEach(user -> withheld.add("user " + user)));
        });
        return new Manifest.Node(
                node.id().value(),
                index,
                node.role() == Role.MASTER ? Manifest.Role.MASTER : Manifest.Role.REPLICA,
                node.role() == Role.MASTER
                        ? Optional.empty()
                        : Optional.of(masterOf(node, shard).value()),
                address.host(),
                address.port(),
                cluster && node.busPort() > 0 ? OptionalInt.of(node.busPort()) : OptionalInt.empty(),
                node.tlsPort().isPresent() && node.tlsPort().getAsInt() != address.port()
                        ? node.tlsPort()
                        : OptionalInt.empty(),
                node.hostname(),
                node.configEpoch(),
                cluster ? node.slots().toString() : "",
                node.flags().stream().map(NodeFlag::text).toList(),
                version.vendor().name().toLowerCase(Locale.ROOT),
                version.number(),
                description.map(told -> told.configuration().values()).orElseGet(TreeMap::new),
                withheld,
                nodesConf.map(text -> nodesConf(node, address.port(), description, text)),
                description.flatMap(told -> told.configuration().value("dir")));
    }

    /** Of a chained replica another replica; the shard's master where that one is not part of the snapshot. */
    private static NodeId masterOf(Node replica, Shard shard) {
        return replica.master()
                .filter(id -> shard.nodes().stream()
                        .anyMatch(node -> node.id().equals(id) && node.address().isPresent()))
                .orElse(shard.master().id());
    }

    private Manifest.NodesConf nodesConf(Node node, int port, Optional<Description> description, String text) {
        Optional<String> told = description.flatMap(each -> each.configuration().clusterConfigFile());
        Optional<String> set = request.nodesConfName().map(name -> name.replace("{port}", Integer.toString(port)));
        if (told.isEmpty() && set.isEmpty()) {
            warnings.add(
                    node.name() + " does not tell the name of its nodes.conf (Redis before 7.0 does not); assumed is "
                            + DEFAULT_NODES_CONF + ", nodes-conf-name in the configuration file sets another");
        }
        return new Manifest.NodesConf(
                told.or(() -> set).orElse(DEFAULT_NODES_CONF), told.isPresent() || set.isPresent(), text);
    }

    private static Manifest.Shard shard(int index, CapturedShard shard, Optional<Description> source) {
        return new Manifest.Shard(
                index,
                shard.plan().master().id().value(),
                shard.source().node().id().value(),
                shard.source().address().toString(),
                shard.sync().id().value(),
                shard.sync().offset().value(),
                shard.masterOffset(),
                shard.started(),
                shard.capturedAt(),
                shard.duration(),
                shard.captured().dump(),
                shard.captured().content(),
                source.flatMap(told -> told.inventory().modules()).orElse(List.of()).stream()
                        .map(module ->
                                new Manifest.Module(module.name(), OptionalLong.of(module.version()), module.path()))
                        .toList());
    }

    private void warnOf(List<Manifest.Shard> shards) {
        for (Manifest.Shard shard : shards) {
            DumpContent content = shard.content();
            if (content.orphanEntries() > 0) {
                warnings.add(content.orphanEntries() + " entries of shard " + shard.index() + " are in "
                        + content.orphans().size()
                        + " slots that their node does not own; they are in the dump and will not be restored");
            }
            if (content.checksum() == DumpContent.Checksum.DISABLED) {
                warnings.add("the source of shard " + shard.index()
                        + " does not sign its RDB (rdbchecksum no): damage on the way from it could not be seen");
            }
        }
    }
}
