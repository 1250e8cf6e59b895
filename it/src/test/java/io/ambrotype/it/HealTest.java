package io.ambrotype.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.ambrotype.cli.CommandLineRun;
import io.ambrotype.common.HostAndPort;
import io.ambrotype.lab.Keyspace;
import io.ambrotype.lab.LabCluster;
import io.ambrotype.lab.LabLayout;
import io.ambrotype.lab.RedisServer;
import io.ambrotype.lab.ServerBinary;
import io.ambrotype.resp.ConnectionSettings;
import io.ambrotype.resp.RespConnection;
import io.ambrotype.topology.NodeFlag;
import io.ambrotype.topology.NodeId;
import io.ambrotype.topology.NodesConf;
import io.ambrotype.topology.Role;
import io.ambrotype.topology.Topology;
import io.ambrotype.topology.TopologyReader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Clusters after accidents, and the same clusters after they were mended. */
class HealTest {
    private static final Duration NODE_TIMEOUT = Duration.ofMillis(1500);

    @RegisterExtension
    final Labs labs = new Labs();

    /** The accident of the field: {@code dir ./}, and somebody types the start command in another folder. */
    @EachServer
    void aMasterStartedFromAnotherFolderGetsItsPlaceBack(ServerBinary server) throws Exception {
        LabCluster lab = labs.cluster(
                server, 3, 1, spec -> spec.with(LabLayout.FOLDER_EACH).withNodeTimeout(NODE_TIMEOUT));
        RedisServer first = lab.servers().getFirst();
        Keyspace.of(17).write(first.address(), first.settings(), Instant.now());
        GroundTruth truth = GroundTruth.of(lab);
        Topology before = discover(lab);

        RedisServer master = lab.servers().get(1);
        comesBackAsStranger(lab, master, lab.servers().get(4));
        // The others have forgotten its address, and it need not be named: its server runs on this host.
        CommandLineRun planned = CommandLineRun.of(labs.folder(), "heal", "redis://" + first.address(), "--dry-run");
        assertThat(planned.status()).as(planned.err()).isZero();
        assertThat(planned.out())
                .startsWith("found\n")
                .contains("lost its identity: at " + master.address() + " its server answers as ")
                .contains("\n      it gets its own id back: ")
                .contains(master.startFolder() + " (where the files of the node were left)")
                .contains("\nplan\n  1. stop " + master.address())
                .endsWith("nothing was changed: this was a dry run\n");
        mends(lab);
        assertThat(discover(lab).differencesFrom(before)).isEmpty();
        try (RespConnection connection = master.connect()) {
            assertThat(connection.pairs("CONFIG", "GET", "dir").get("dir"))
                    .isEqualTo(master.startFolder().toRealPath().toString());
        }

        RedisServer other = lab.servers().get(2);
        comesBackAsStranger(lab, other, lab.servers().get(5));
        mends(lab, "--new-ids");
        assertThat(byAddress(discover(lab))).isEqualTo(byAddress(before));
        assertThat(discover(lab).nodes()).hasSize(6);

        assertThat(truth.differencesTo(GroundTruth.of(lab), Instant.now())).isEmpty();
        assertThat(truth.differencesTo(GroundTruth.of(lab.replicas()), Instant.now()))
                .isEmpty();
        assertThat(heal(lab).out()).startsWith("nothing to mend: every node of ");
    }

    /** A node that lost its file, and one whose file was cut short: both are down, and heal starts them as themselves. */
    @Test
    void nodesThatCannotStartAreStartedOnRebuiltFiles() throws Exception {
        LabCluster lab = labs.cluster(
                ServersUnderTest.any(),
                3,
                1,
                spec -> spec.with(LabLayout.FOLDER_EACH).withNodeTimeout(NODE_TIMEOUT));
        Topology before = discover(lab);
        RedisServer master = lab.servers().get(1);
        RedisServer replica = lab.servers().get(3);
        // Another runs in a folder that is nobody's own: guessed from it, everybody's file would be there.
        RedisServer other = lab.servers().getFirst();
        Path shared = Files.createDirectories(labs.folder().resolve("shared"));
        ask(replica, "CONFIG", "SET", "cluster-replica-no-failover", "yes");
        other.shutdown();
        Files.move(other.dataFolder().resolve("nodes.conf"), shared.resolve("nodes.conf"));
        other.startFrom(shared);
        lab.awaitWhole(Labs.patience());
        String id = id(master);
        master.shutdown();
        replica.shutdown();
        Path file = master.dataFolder().resolve("nodes.conf");
        byte[] whole = Files.readAllBytes(file);
        Files.write(file, Arrays.copyOf(whole, whole.length / 2));
        Files.delete(replica.dataFolder().resolve("nodes.conf"));
        await().atMost(Labs.patience())
                .until(() -> lab.servers().stream()
                        .filter(RedisServer::isRunning)
                        .allMatch(viewer -> sees(viewer, lab.servers().get(4), id)));

        assertThat(heal(lab, "--dry-run").out())
                .contains(" is down and cannot come back as itself: " + file + " is damaged (")
                .contains("nodes.conf is missing\n");
        mends(lab);
        assertThat(discover(lab).differencesFrom(before)).isEmpty();
        assertThat(file.resolveSibling("nodes.conf.before-heal")).hasSize(whole.length / 2);
        assertThat(Files.readString(shared.resolve("nodes.conf"))).containsPattern(id(other) + " \\S+ myself");
    }

    private void mends(LabCluster lab, String... options) {
        List<String> all = new ArrayList<>(List.of(options));
        all.add("--yes");
        CommandLineRun mended = heal(lab, all.toArray(String[]::new));
        assertThat(mended.status()).as(mended.out() + mended.err()).isZero();
        assertThat(mended.out()).startsWith("mended after ");
        assertThat(discover(lab).problems()).isEmpty();
    }

    /**
     * Nobody takes over before the node is back, and the replica, which follows an address, has replaced its data by the
     * stranger's nothing. The only data are in the folder that the node was started from before. Whether it comes so far
     * is a race without what is set here: from Valkey 8.1 on a replica that finds a stranger at its master's address
     * declares the master failed at once, and is elected up to a second later or emptied before that.
     */
    @OldestAndNewest
    void aMasterThatWasBackAtOnceGetsItsDataBack(ServerBinary server) throws Exception {
        LabCluster lab = labs.cluster(
                server, 3, 1, spec -> spec.with(LabLayout.FOLDER_EACH).withNodeTimeout(NODE_TIMEOUT));
        RedisServer master = lab.servers().get(1);
        Keyspace.of(18).write(master.address(), master.settings(), Instant.now());
        GroundTruth truth = GroundTruth.of(lab);
        Topology before = discover(lab);
        String id = id(master);

        emptied(lab, master, lab.servers().get(4));
        assertThat(heal(lab, "--dry-run").out())
                .contains("lost its identity and still owns slots 5461-10921")
                .contains("it gets its own id back with the data that it left: " + master.dataFolder()
                        + "/dump.rdb with ");
        mends(lab);

        assertThat(id(master)).isEqualTo(id);
        assertThat(discover(lab).differencesFrom(before)).isEmpty();
        assertThat(truth.differencesTo(GroundTruth.of(lab), Instant.now())).isEmpty();
        assertThat(truth.differencesTo(GroundTruth.of(lab.replicas()), Instant.now()))
                .isEmpty();
    }

    /** Emptied first and promoted then: as its replica the former master would lose the last copy. */
    @Test
    void whatOnlyTheFormerMasterLeftIsNotOverwrittenByItsEmptySuccessor() throws Exception {
        LabCluster lab = labs.cluster(
                ServersUnderTest.any(),
                3,
                1,
                spec -> spec.with(LabLayout.FOLDER_EACH).withNodeTimeout(NODE_TIMEOUT));
        RedisServer master = lab.servers().get(1);
        RedisServer successor = lab.servers().get(4);
        Keyspace.of(18).write(master.address(), master.settings(), Instant.now());
        GroundTruth truth = GroundTruth.of(lab);
        Topology before = discover(lab);
        emptied(lab, master, successor);
        ask(successor, "CLUSTER", "FAILOVER", "TAKEOVER");
        await().atMost(Labs.patience())
                .until(() -> lab.servers().stream()
                        .filter(viewer -> !viewer.equals(master))
                        .allMatch(viewer -> lines(viewer).stream().anyMatch(line -> owns(successor, line))));

        Path dump = master.dataFolder().resolve("dump.rdb");
        byte[] left = Files.readAllBytes(dump);
        CommandLineRun refused = heal(lab, "--yes");
        assertThat(refused.status()).isEqualTo(3);
        assertThat(refused.out())
                .contains(successor.address() + " has its slots now and is empty, and it left data: " + dump + " with ")
                .contains("When they are not needed: --discard " + master.address());
        assertThat(dump).hasBinaryContent(left);

        // As it says.
        successor.shutdown();
        Files.write(successor.dataFolder().resolve("dump.rdb"), left);
        successor.start();
        successor.awaitReady(Labs.patience());
        mends(lab);
        assertThat(discover(lab).differencesFrom(before)).isEmpty();
        assertThat(truth.differencesTo(GroundTruth.of(lab), Instant.now())).isEmpty();
        assertThat(truth.differencesTo(GroundTruth.of(lab.replicas()), Instant.now()))
                .isEmpty();
    }

    /** Two of three masters down: nobody can vote. */
    @Test
    void withoutAQuorumReplicasTakeOverWhereTheUserSaysSo() throws Exception {
        LabCluster lab = labs.cluster(
                ServersUnderTest.any(),
                3,
                1,
                spec -> spec.with(LabLayout.FOLDER_EACH).withNodeTimeout(NODE_TIMEOUT));
        RedisServer first = lab.servers().getFirst();
        Keyspace.of(18).write(first.address(), first.settings(), Instant.now());
        GroundTruth truth = GroundTruth.of(lab);
        Topology before = discover(lab);
        List<RedisServer> down = lab.servers().subList(1, 3);
        for (RedisServer master : down) {
            master.shutdown();
        }
        CommandLineRun asked = heal(lab, "--yes");
        assertThat(asked.status()).isEqualTo(3);
        assertThat(asked.out()).contains("nobody can be elected in its place, because most masters do not answer");

        CommandLineRun mended = heal(lab, "--take-over", "--yes");
        assertThat(mended.status()).as(mended.out() + mended.err()).isZero();
        assertThat(truth.differencesTo(
                        GroundTruth.of(List.of(
                                lab.servers().get(0),
                                lab.servers().get(4),
                                lab.servers().get(5))),
                        Instant.now()))
                .isEmpty();
        down.forEach(RedisServer::start);
        lab.awaitWhole(Labs.patience());
        mends(lab, "--fail-back");
        assertThat(discover(lab).differencesFrom(before)).isEmpty();
    }

    /** The replica has nothing any more, and nobody was elected. */
    private void emptied(LabCluster lab, RedisServer master, RedisServer replica) throws Exception {
        ask(replica, "CONFIG", "SET", "cluster-replica-no-failover", "yes");
        master.shutdown();
        startElsewhere(master);
        await().atMost(Labs.patience()).until(() -> keys(replica) == 0);
        // Whoever has not found the stranger yet still waits for its node.
        await().atMost(Labs.patience())
                .until(() -> lab.servers().stream()
                        .filter(viewer -> !viewer.equals(master))
                        .allMatch(HealTest::seesANodeWithoutAddress));
    }

    private static boolean seesANodeWithoutAddress(RedisServer viewer) {
        return lines(viewer).stream().anyMatch(line -> line.flags().contains(NodeFlag.NOADDR));
    }

    private static void ask(RedisServer node, String... command) {
        try (RespConnection connection = node.connect()) {
            connection.call(command);
        }
    }

    /** Its data saved, it is started where nothing is, when its replica has taken over. */
    private void comesBackAsStranger(LabCluster lab, RedisServer node, RedisServer successor) throws Exception {
        String id = id(node);
        node.shutdown();
        await().atMost(Labs.patience())
                .until(() -> lab.servers().stream()
                        .filter(viewer -> !viewer.equals(node))
                        .allMatch(viewer -> sees(viewer, successor, id)));
        startElsewhere(node);
        assertThat(id(node)).isNotEqualTo(id);
    }

    private void startElsewhere(RedisServer node) throws Exception {
        node.startFrom(Files.createDirectories(
                labs.folder().resolve("elsewhere-" + node.address().port())));
        node.awaitReady(Labs.patience());
    }

    private static long keys(RedisServer node) {
        try (RespConnection connection = node.connect()) {
            return connection.integer("DBSIZE");
        }
    }

    private static boolean sees(RedisServer viewer, RedisServer successor, String ghost) {
        List<NodesConf.Line> lines = lines(viewer);
        return lines.stream().anyMatch(line -> owns(successor, line))
                && lines.stream()
                        .anyMatch(line -> line.id().equals(new NodeId(ghost))
                                && line.flags().contains(NodeFlag.FAIL)
                                && line.slots().isEmpty());
    }

    private static boolean owns(RedisServer master, NodesConf.Line line) {
        return line.port() == master.address().port()
                && line.role() == Role.MASTER
                && !line.slots().isEmpty();
    }

    private static List<NodesConf.Line> lines(RedisServer viewer) {
        try (RespConnection connection = viewer.connect()) {
            return NodesConf.parseLines(connection.bytes("CLUSTER", "NODES"), viewer.toString());
        }
    }

    private CommandLineRun heal(LabCluster lab, String... options) {
        List<String> arguments = new ArrayList<>(List.of(
                "heal",
                "redis://" + lab.addresses().stream().map(HostAndPort::toString).collect(Collectors.joining(","))));
        arguments.addAll(List.of(options));
        return CommandLineRun.of(labs.folder(), arguments.toArray(String[]::new));
    }

    private static Set<String> byAddress(Topology topology) {
        Set<String> places = new TreeSet<>();
        topology.shards()
                .forEach(shard -> shard.nodes()
                        .forEach(node -> places.add(node.name() + " " + node.role() + " " + shard.slots())));
        return places;
    }

    private static Topology discover(LabCluster lab) {
        return new TopologyReader(ConnectionSettings.defaults()).discover(lab.addresses());
    }

    private static String id(RedisServer node) {
        try (RespConnection connection = node.connect()) {
            return connection.text("CLUSTER", "MYID");
        }
    }
}
