package io.ambrotype.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.ambrotype.cli.CommandLineRun;
import io.ambrotype.common.AmbrotypeException;
import io.ambrotype.common.ErrorCode;
import io.ambrotype.common.Time;
import io.ambrotype.lab.LabCluster;
import io.ambrotype.lab.LabLayout;
import io.ambrotype.lab.LabTls;
import io.ambrotype.lab.RedisServer;
import io.ambrotype.lab.RoutedPipeline;
import io.ambrotype.lab.ServerBinary;
import io.ambrotype.probe.Probe;
import io.ambrotype.probe.ProbeWriter;
import io.ambrotype.probe.Verdict;
import io.ambrotype.resp.RespConnection;
import io.ambrotype.resp.RespErrorException;
import io.ambrotype.resp.ServerInfo;
import io.ambrotype.resp.ServerVersion.Vendor;
import io.ambrotype.restart.NodeReport;
import io.ambrotype.restart.RestartListener;
import io.ambrotype.restart.RestartReport;
import io.ambrotype.restart.RestartRequest;
import io.ambrotype.restart.Step;
import io.ambrotype.topology.Node;
import io.ambrotype.topology.NodeFlag;
import io.ambrotype.topology.NodesConf;
import io.ambrotype.topology.Topology;
import io.ambrotype.topology.TopologyReader;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** What restarts by hand run into, one by one: clusters that are set up unluckily, and accidents on the way. */
class RestartTrapsTest {
    private static final long KEYS = 3000;

    @RegisterExtension
    final Labs labs = new Labs();

    /** Does something once, when a node that is to be restarted has ended. */
    private static final class WhenGone implements RestartListener {
        private final RedisServer node;
        private final Runnable action;
        private boolean restarting;
        private boolean done;

        WhenGone(RedisServer node, Runnable action) {
            this.node = node;
            this.action = action;
        }

        @Override
        public void stepBegun(int number, Step step) {
            restarting = step instanceof Step.Restart restart
                    && restart.member().address().equals(node.address());
        }

        @Override
        public void passed(String gate, Duration waited) {
            if (restarting && !done && !node.isRunning()) {
                done = true;
                action.run();
            }
        }
    }

    /**
     * Before 6.2 a master that nobody has ever written to has offset 0, which a candidate never matches: the fail-over ends
     * after 5 s without one.
     */
    @Test
    void idleMastersHandOver() throws Exception {
        Optional<ServerBinary> old = ServersUnderTest.all().stream()
                .filter(server -> server.version().vendor() == Vendor.REDIS
                        && !server.version().isAtLeast(Vendor.REDIS, 6, 2))
                .findFirst();
        assumeTrue(old.isPresent(), "no server before 6.2 is in this run");
        LabCluster lab = labs.cluster(old.get(), 3, 1, "save 3600 1");
        Topology before = topology(lab);

        RestartReport report = restarts(lab).run(Probe.NONE, RestartListener.NONE);

        assertRestarted(lab, before, report, 6);
        assertThat(report.elections()).as("each at the first try").hasSize(6);
    }

    /** A replica that stood for election does so again only after 4 × node-timeout: writers would wait 5 s for nothing. */
    @Test
    void aCandidateIsNotAskedTwiceInARow() throws Exception {
        LabCluster lab = labs.cluster(
                ServersUnderTest.any(), 3, 1, spec -> spec.with("save 3600 1").withNodeTimeout(Duration.ofSeconds(2)));
        RestartRequest master = RestartRequest.all("shop")
                .withNodes(List.of(lab.servers().getFirst().address().toString()));
        for (int i = 0; i < 2; i++) {
            Topology before = topology(lab);
            try (Probe probe = probe(lab)) {
                RestartReport report = restarts(lab).run(master, probe, RestartListener.NONE);
                assertRestarted(lab, before, report, 1);
                assertThat(report.elections()
                                .subList(
                                        report.elections().size() - 2,
                                        report.elections().size()))
                        .extracting(election -> election.candidate().address())
                        .containsExactly(
                                lab.servers().get(3).address(),
                                lab.servers().getFirst().address());
                assertThat(report.notices()).noneMatch(notice -> notice.contains("did not take place"));
                assertNothingLost(report.verdict());
            }
        }
    }

    /** Slow to notice anything, a password everywhere, and started with a relative dir. */
    @Test
    void aClusterWithAPasswordAndALongNodeTimeout() throws Exception {
        LabCluster lab = labs.cluster(
                ServersUnderTest.any(),
                3,
                1,
                spec -> spec.with("save 3600 1")
                        .with(LabLayout.ONE_FOLDER)
                        .withNodeTimeout(Duration.ofSeconds(15))
                        .withPassword("s3 \"cret"));
        Topology before = topology(lab);
        write(lab);
        try (Probe probe = probe(lab)) {
            RestartReport report = restarts(lab).run(firstShard(lab), probe, RestartListener.NONE);
            assertRestarted(lab, before, report, 2);
            assertNothingLost(report.verdict());
        }
        assertThat(keys(lab)).isEqualTo(KEYS);
    }

    @Test
    void aClusterWithTlsAndAnAclUser() throws Exception {
        Optional<ServerBinary> server = ServersUnderTest.anyWithTls();
        assumeTrue(server.isPresent(), "no server with TLS is in this run");
        LabTls tls = LabTls.issue(labs.folder().resolve("tls"));
        LabCluster lab = labs.cluster(
                server.get(), 3, 1, spec -> spec.with("save 3600 1").with(tls).withUser("operator", "s3 \"cret"));
        Topology before = topology(lab);
        try (Probe probe = probe(lab)) {
            RestartReport report = restarts(lab).run(firstShard(lab), probe, RestartListener.NONE);
            assertRestarted(lab, before, report, 2);
            assertNothingLost(report.verdict());
        }
    }

    /** Nothing resynchronizes in part, and everybody is quick to call a node dead. */
    @Test
    void aClusterWithAppendOnlyFilesAndAShortNodeTimeout() throws Exception {
        LabCluster lab = labs.cluster(
                ServersUnderTest.any(),
                3,
                1,
                spec -> spec.with("appendonly yes").withNodeTimeout(Duration.ofSeconds(1)));
        Topology before = topology(lab);
        write(lab);
        try (Probe probe = probe(lab)) {
            RestartReport report = restarts(lab).run(probe, RestartListener.NONE);
            assertRestarted(lab, before, report, 6);
            assertThat(report.plan().warnings()).anyMatch(warning -> warning.contains("appendonly yes"));
            assertThat(report.nodes()).allMatch(NodeReport::fullSynchronization);
            // A busy machine alone makes such a cluster say now and then that it is down: an error is no matter of the
            // run.
            assertThat(report.verdict().provesNoLoss())
                    .as(report.verdict().toString())
                    .isTrue();
        }
        assertThat(keys(lab)).isEqualTo(KEYS);
        for (RedisServer server : lab.servers()) {
            try (RespConnection connection = server.connect()) {
                assertThat(connection.pairs("CONFIG", "GET", "appendonly")).containsValue("yes");
            }
        }
    }

    /** A master whose only replica is down would be given another shard's second one after 5 s. */
    @Test
    void aSecondReplicaStaysWhereItIs() throws Exception {
        LabCluster lab = labs.cluster(
                ServersUnderTest.any(), 2, 2, spec -> spec.with("save 3600 1").withNodeTimeout(Duration.ofSeconds(1)));
        RedisServer only = lab.servers().get(2);
        moveToTheOtherShard(lab, lab.servers().get(3));
        Topology before = topology(lab);
        RestartListener slowly = new WhenGone(only, () -> {
            await().atMost(Labs.patience()).until(() -> isFailedForAll(lab, only));
            // As long as a migration would take, and some more.
            await().atMost(Labs.patience())
                    .during(Duration.ofSeconds(7))
                    .until(() -> replicasOf(lab, lab.servers().get(1)) == 3);
        });

        RestartReport report = restarts(lab)
                .run(RestartRequest.all("shop").withNodes(List.of(only.address().toString())), Probe.NONE, slowly);

        assertRestarted(lab, before, report, 1);
    }

    /** Its disk is emptied while it is down: a replica by then, it fetches everything, and is master again. */
    @Test
    void aMasterThatLosesItsDataMeanwhileGetsThemBack() throws Exception {
        LabCluster lab = labs.cluster(ServersUnderTest.any(), 3, 1, "save 3600 1");
        Topology before = topology(lab);
        RedisServer master = lab.servers().getFirst();
        write(lab);
        RestartReport report = restarts(lab)
                .run(
                        Probe.NONE,
                        new WhenGone(master, () -> delete(master.folder().resolve("dump.rdb"))));
        assertRestarted(lab, before, report, 6);
        assertThat(keys(lab)).isEqualTo(KEYS);
    }

    /** Its whole folder is emptied while it is down: it comes back as a stranger, and nothing is handed over to it. */
    @Test
    void aMasterThatLosesItsIdentityMeanwhileEndsTheRun() throws Exception {
        LabCluster lab = labs.cluster(ServersUnderTest.any(), 3, 1, "save 3600 1");
        RedisServer master = lab.servers().getFirst();
        write(lab);
        AmbrotypeException stop = catchThrowableOfType(
                AmbrotypeException.class,
                () -> restarts(lab).run(Probe.NONE, new WhenGone(master, () -> {
                    delete(master.folder().resolve("dump.rdb"));
                    delete(master.folder().resolve("nodes.conf"));
                })));

        assertThat(stop).isNotNull();
        assertThat(stop.code()).isEqualTo(ErrorCode.UNSAFE);
        assertThat(stop.getMessage()).contains(master.address().toString(), "stopped at step");
        try (RespConnection connection = lab.servers().get(3).connect()) {
            ServerInfo info = ServerInfo.read(connection, "replication");
            assertThat(info.require("role")).isEqualTo("master");
            assertThat(connection.integer("DBSIZE")).isPositive();
        }
        assertThat(lab.masters().stream()
                        .filter(server -> !server.equals(master))
                        .mapToLong(RestartTrapsTest::keys)
                        .sum())
                .isEqualTo(KEYS);
    }

    /** A stranger at its address makes the others forget where a node is; it is found again all the same. */
    @Test
    void aNodeWhoseAddressWasTakenIsResumed() throws Exception {
        LabCluster lab = labs.cluster(ServersUnderTest.any(), 3, 1, "save 3600 1");
        Topology before = topology(lab);
        RedisServer replica = lab.servers().get(3);
        Path own = replica.folder().resolve("nodes.conf");
        Path kept = replica.folder().resolve("kept.conf");
        RestartRequest one =
                RestartRequest.all("shop").withNodes(List.of(replica.address().toString()));
        AmbrotypeException stop = catchThrowableOfType(
                AmbrotypeException.class,
                () -> restarts(lab).run(one, Probe.NONE, new WhenGone(replica, () -> move(own, kept))));
        assertThat(stop.getMessage()).contains(replica.address() + " came back as a stranger");
        await().atMost(Labs.patience())
                .until(() -> new TopologyReader(lab.servers().getFirst().settings())
                        .discover(List.of(lab.addresses().getFirst())).nodes().stream()
                                .anyMatch(node -> node.address().isEmpty()));

        replica.kill();
        move(kept, own);
        restarts(lab).resume(RestartListener.NONE, false);
        assertThat(topology(lab).differencesFrom(before)).isEmpty();
        assertThat(topology(lab).problems()).isEmpty();
    }

    private static void move(Path from, Path to) {
        try {
            Files.move(from, to, StandardCopyOption.REPLACE_EXISTING);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** All of it by the command, which sees processes and files of this machine. */
    @Test
    void whatIsNotSafeToBeginIsNotBegun() throws Exception {
        LabCluster lab = labs.cluster(
                ServersUnderTest.any(), 3, 1, spec -> spec.with("save 3600 1").with(LabLayout.FOLDER_EACH));
        RedisServer master = lab.servers().getFirst();
        RedisServer replica = lab.servers().get(3);
        write(lab);
        List<Optional<Long>> processes = processes(lab);

        set(master, "min-replicas-to-write", "1");
        assertRefused(lab, "min-replicas-to-write");
        set(master, "min-replicas-to-write", "0");

        set(replica, "appendonly", "yes");
        assertRefused(lab, "appendonly");
        set(replica, "appendonly", "no");

        Path file = replica.folder().resolve("nodes.conf");
        byte[] content = Files.readAllBytes(file);
        Files.delete(file);
        assertRefused(lab, "nodes.conf");
        Files.write(file, content);

        Labs.wipe(master.folder());
        assertRefused(lab, master.address().toString());

        assertThat(processes(lab)).isEqualTo(processes);
        assertThat(keys(lab)).isEqualTo(KEYS);
    }

    /** A node that something starts again by itself is left to that. */
    @Test
    void aSupervisedNodeComesBackByItself() throws Exception {
        LabCluster lab = labs.cluster(ServersUnderTest.any(), 3, 1, "save 3600 1");
        for (RedisServer replica : lab.replicas()) {
            replica.shutdown();
            replica.startSupervised();
        }
        lab.awaitWhole(Labs.patience());
        Topology before = topology(lab);
        String[] nodes = {
            "--nodes",
            String.join(
                    ",",
                    lab.replicas().stream()
                            .map(replica -> replica.address().toString())
                            .toList())
        };

        CommandLineRun unasked = restart(lab, nodes);
        assertThat(unasked.status()).as(unasked.err()).isEqualTo(ErrorCode.UNSAFE.exitStatus());
        assertThat(unasked.err()).contains("may start it again by itself");
        CommandLineRun run = restart(lab, nodes[0], nodes[1], "--start", "supervised");

        assertThat(run.status()).as(run.err()).isZero();
        Topology after = topology(lab);
        assertThat(after.differencesFrom(before)).isEmpty();
        assertThat(restarted(before, after)).isEqualTo(3);
    }

    /**
     * Where the promise ends: docs/GUARANTEES. While a node is down, the other one of its shard is the last copy. It is
     * killed then, and a supervisor starts it again: what it had acknowledged since it saved is gone, and nothing that was
     * written before is.
     */
    @Test
    void theBoundaryIsTheLastCopy() throws Exception {
        LabCluster lab = labs.cluster(ServersUnderTest.any(), 3, 1, "save 3600 1");
        RedisServer master = lab.servers().getFirst();
        RedisServer promoted = lab.servers().get(3);
        promoted.shutdown();
        promoted.startSupervised();
        lab.awaitWhole(Labs.patience());
        push(master, "before", 100);
        String run = process(promoted);

        RestartListener accident = new WhenGone(master, () -> {
            push(promoted, "after", 100);
            promoted.crash();
            promoted.awaitReady(Labs.patience());
            await().atMost(Labs.patience()).until(() -> !process(promoted).equals(run));
        });
        AmbrotypeException stop = catchThrowableOfType(
                AmbrotypeException.class,
                () -> restarts(lab)
                        .run(
                                RestartRequest.all("shop")
                                        .withNodes(List.of(master.address().toString())),
                                Probe.NONE,
                                accident));

        lab.awaitWhole(Labs.patience());
        RedisServer owner = lab.masters().contains(master) ? master : promoted;
        assertThat(length(owner, "before")).isEqualTo(100);
        assertThat(length(owner, "after"))
                .as("the loss that nothing removes, said as: " + stop)
                .isZero();
    }

    // ---- looking and acting

    private LabRestarts restarts(LabCluster lab) {
        return new LabRestarts(lab, labs.folder().resolve("journals"));
    }

    private static RestartRequest firstShard(LabCluster lab) {
        return RestartRequest.all("shop")
                .withNodes(List.of(
                        lab.servers().get(0).address().toString(),
                        lab.servers().get(3).address().toString()));
    }

    private CommandLineRun restart(LabCluster lab, String... options) {
        String[] arguments = new String[5 + options.length];
        arguments[0] = "restart";
        arguments[1] = "redis://" + lab.addresses().getFirst();
        arguments[2] = "--yes";
        arguments[3] = "--no-snapshot";
        arguments[4] = "--no-probe";
        System.arraycopy(options, 0, arguments, 5, options.length);
        return CommandLineRun.of(labs.folder(), arguments);
    }

    private void assertRefused(LabCluster lab, String reason) {
        CommandLineRun run = restart(lab);
        assertThat(run.status()).as(run.out() + run.err()).isEqualTo(ErrorCode.UNSAFE.exitStatus());
        assertThat(run.err()).contains(reason);
    }

    private static void assertRestarted(LabCluster lab, Topology before, RestartReport report, int nodes) {
        Topology after = topology(lab);
        assertThat(after.differencesFrom(before)).isEmpty();
        assertThat(after.problems()).isEmpty();
        assertThat(report.nodes()).hasSize(nodes).allMatch(node -> node.entriesAfter() >= node.entriesBefore());
        assertThat(restarted(before, after)).isEqualTo(nodes);
    }

    private static void assertNothingLost(Verdict verdict) {
        assertThat(verdict.provesNoLoss()).as(verdict.toString()).isTrue();
        assertThat(verdict.total().errorsByText()).isEmpty();
        assertThat(verdict.leftBehind()).isEmpty();
    }

    private static long restarted(Topology before, Topology after) {
        return after.nodes().stream()
                .filter(node -> !runId(node).equals(runId(before.node(node.id()).orElseThrow())))
                .count();
    }

    private static String runId(Node node) {
        return node.state().orElseThrow().runId();
    }

    private static Topology topology(LabCluster lab) {
        return new TopologyReader(lab.servers().getFirst().settings()).discover(lab.addresses());
    }

    private static Probe probe(LabCluster lab) throws InterruptedException {
        return ProbeWriter.start(topology(lab), lab.servers().getFirst().settings(), "traps", Time.SYSTEM);
    }

    private static void write(LabCluster lab) {
        RedisServer seed = lab.servers().getFirst();
        try (RoutedPipeline pipeline = RoutedPipeline.open(seed.address(), seed.settings())) {
            for (int i = 0; i < KEYS; i++) {
                byte[] key = ("key:" + i).getBytes(StandardCharsets.UTF_8);
                pipeline.send(0, key, "SET".getBytes(StandardCharsets.UTF_8), key, key);
            }
            pipeline.flush();
        }
    }

    private static long keys(LabCluster lab) {
        return lab.masters().stream().mapToLong(RestartTrapsTest::keys).sum();
    }

    private static long keys(RedisServer server) {
        try (RespConnection connection = server.connect()) {
            return connection.integer("DBSIZE");
        }
    }

    private static void set(RedisServer server, String name, String value) {
        try (RespConnection connection = server.connect()) {
            connection.call("CONFIG", "SET", name, value);
        }
    }

    /** To a list that lives on the first shard: slot 2331. */
    private static void push(RedisServer server, String list, int elements) {
        try (RespConnection connection = server.connect()) {
            for (int i = 0; i < elements; i++) {
                connection.call("RPUSH", "{shop-a}" + list, Integer.toString(i));
            }
        }
    }

    private static long length(RedisServer server, String list) {
        try (RespConnection connection = server.connect()) {
            return connection.integer("LLEN", "{shop-a}" + list);
        }
    }

    private static String process(RedisServer server) {
        try (RespConnection connection = server.connect()) {
            return ServerInfo.read(connection, "server").require("run_id");
        }
    }

    private static List<Optional<Long>> processes(LabCluster lab) {
        return lab.servers().stream()
                .map(server ->
                        server.pid().isPresent() ? Optional.of(server.pid().getAsLong()) : Optional.<Long>empty())
                .toList();
    }

    private static void delete(Path file) {
        try {
            Files.delete(file);
        } catch (java.io.IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }

    private static void moveToTheOtherShard(LabCluster lab, RedisServer replica) {
        RedisServer other = lab.servers().get(1);
        try (RespConnection target = other.connect();
                RespConnection connection = replica.connect()) {
            connection.call("CLUSTER", "REPLICATE", target.text("CLUSTER", "MYID"));
        }
        await().atMost(Labs.patience()).until(() -> replicasOf(lab, other) == 3);
        lab.awaitWhole(Labs.patience());
    }

    /** How many replicas a master has in the view of all nodes that answer; -1 where they disagree. */
    private static long replicasOf(LabCluster lab, RedisServer master) {
        List<Long> counts = lab.servers().stream()
                .filter(RedisServer::isRunning)
                .map(viewer -> view(viewer).stream()
                        .filter(line -> line.master()
                                .filter(id -> view(viewer).stream()
                                        .anyMatch(other -> other.id().equals(id)
                                                && other.port()
                                                        == master.address().port()))
                                .isPresent())
                        .count())
                .distinct()
                .toList();
        return counts.size() == 1 ? counts.getFirst() : -1;
    }

    private static boolean isFailedForAll(LabCluster lab, RedisServer node) {
        return lab.servers().stream()
                .filter(RedisServer::isRunning)
                .allMatch(viewer -> view(viewer).stream()
                        .anyMatch(line -> line.port() == node.address().port()
                                && line.flags().contains(NodeFlag.FAIL)));
    }

    private static List<NodesConf.Line> view(RedisServer viewer) {
        try (RespConnection connection = viewer.connect()) {
            return NodesConf.parseLines(connection.bytes("CLUSTER", "NODES"), viewer.toString());
        } catch (RespErrorException e) {
            return List.of();
        }
    }
}
