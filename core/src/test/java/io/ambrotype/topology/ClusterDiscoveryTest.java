package io.ambrotype.topology;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.ambrotype.common.AmbrotypeException;
import io.ambrotype.common.ErrorCode;
import io.ambrotype.common.HostAndPort;
import io.ambrotype.common.Secret;
import io.ambrotype.resp.ConnectionSettings;
import io.ambrotype.resp.Credentials;
import io.ambrotype.resp.TlsSettings;
import io.ambrotype.servers.TestCertificates;
import io.ambrotype.servers.TestServer;
import io.ambrotype.servers.TestServer.Binary;
import io.ambrotype.topology.Problem.Kind;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Discovery of real clusters, whose files were written by our own codec. */
class ClusterDiscoveryTest {
    private static final ConnectionSettings SETTINGS =
            ConnectionSettings.defaults().withReplyTimeout(Duration.ofSeconds(2));
    private static final HostAndPort NOBODY = new HostAndPort("127.0.0.1", TestCluster.FIRST_PORT + 99);

    @TempDir
    Path dir;

    @ParameterizedTest
    @EnumSource(Binary.class)
    void findsTheWholeClusterFromAnyNode(Binary binary) {
        try (TestCluster cluster = TestCluster.start(binary, dir, SETTINGS, 3, 1)) {
            Topology topology = cluster.awaitWhole();
            assertThat(topology.kind()).isEqualTo(DeploymentKind.CLUSTER);
            assertThat(topology.shards()).hasSize(3);
            for (int i = 0; i < 3; i++) {
                Shard shard = topology.shards().get(i);
                assertThat(shard.slots()).isEqualTo(cluster.plan.nodes().get(i).slots());
                assertMatches(cluster, i, shard.master());
                assertThat(shard.replicas()).hasSize(1);
                assertMatches(cluster, i + 3, shard.replicas().getFirst());
                assertThat(topology.shardOf(shard.slots().first().orElseThrow()))
                        .contains(shard);
                assertThat(topology.shardOf(cluster.id(i + 3))).contains(shard);
            }
            assertThat(topology.coveredSlots()).isEqualTo(SlotSet.ALL);
            assertThat(topology.currentEpoch()).isEqualTo(3);
            assertThat(topology.lastVoteEpoch()).isEqualTo(3);
            for (HostAndPort seed : cluster.addresses()) {
                Topology other = cluster.discover(seed);
                assertThat(other.differencesFrom(topology)).isEmpty();
                assertThat(other.nodes().stream().map(Node::id))
                        .isEqualTo(topology.nodes().stream().map(Node::id).toList());
            }
            // All seeds together, some of them twice and under another name: still one node each.
            assertThat(cluster.discover(
                                    new HostAndPort(
                                            "localhost", cluster.address(4).port()),
                                    cluster.address(4),
                                    cluster.address(0))
                            .sameLayout(topology))
                    .isTrue();
        }
    }

    private static void assertMatches(TestCluster cluster, int index, Node node) {
        NodesConfPlan.Target planned = cluster.plan.nodes().get(index);
        assertThat(node.id()).isEqualTo(planned.id());
        assertThat(node.address()).contains(cluster.address(index));
        assertThat(node.connectAddress()).isEqualTo(cluster.address(index));
        assertThat(node.busPort()).isEqualTo(planned.busPort());
        assertThat(node.role()).isEqualTo(planned.role());
        assertThat(node.master()).isEqualTo(planned.master());
        assertThat(node.configEpoch()).isEqualTo(planned.configEpoch());
        assertThat(node.flags()).isEmpty();
        assertThat(node.tlsPort()).isEmpty();
        NodeState state = node.state().orElseThrow();
        assertThat(state.version().major()).isPositive();
        assertThat(state.runId()).hasSize(40);
        assertThat(state.keys()).isZero();
        assertThat(state.usedMemory()).isPositive();
        assertThat(state.isLoading()).isFalse();
        assertThat(state.replication().linkUp()).isTrue();
        assertThat(state.replication().readOnly()).isEqualTo(planned.role() == Role.REPLICA);
        assertThat(state.replication().attached()).hasSize(planned.role() == Role.MASTER ? 1 : 0);
    }

    @ParameterizedTest
    @EnumSource(Binary.class)
    void startsAgainFromFilesRebuiltFromTheViews(Binary binary) {
        try (TestCluster cluster = TestCluster.start(binary, dir, SETTINGS, 3, 1)) {
            // A failover first, so that epochs and roles are not those of the plan any more.
            cluster.call(3, "CLUSTER", "FAILOVER");
            Topology before =
                    cluster.discoverWhen(topology -> topology.problems().isEmpty()
                            && topology.node(cluster.id(3)).orElseThrow().role() == Role.MASTER);
            for (Node node : before.nodes()) {
                NodesConf rebuilt =
                        node.state().orElseThrow().view().orElseThrow().nodesConf();
                NodesConf own = NodesConf.parse(cluster.file(node.id()), "nodes.conf of " + node.name());
                assertThat(rebuilt.currentEpoch()).isEqualTo(own.currentEpoch());
                assertThat(rebuilt.lastVoteEpoch()).isGreaterThanOrEqualTo(own.lastVoteEpoch());
                // Servers write the file when something lasting changed, and may be behind with that.
                assertThat(List.of(rebuilt.toText().split("\n")))
                        .filteredOn(line -> !line.startsWith("vars"))
                        .containsExactlyInAnyOrderElementsOf(
                                List.of(own.toText().split("\n")).stream()
                                        .filter(line -> !line.startsWith("vars"))
                                        .toList());
            }
            before.nodes().forEach(node -> cluster.kill(node.id()));
            before.nodes()
                    .forEach(node -> cluster.write(
                            node.id(),
                            node.state()
                                    .orElseThrow()
                                    .view()
                                    .orElseThrow()
                                    .nodesConf()
                                    .toText()));
            before.nodes().forEach(node -> cluster.start(node.id()));
            Topology after = cluster.awaitWhole();
            assertThat(after.differencesFrom(before)).isEmpty();
            assertThat(after.currentEpoch()).isEqualTo(before.currentEpoch());
        }
    }

    @Test
    void tellsADeadMasterAndItsSuccession() {
        try (TestCluster cluster = TestCluster.start(Binary.REDIS_7_0, dir, SETTINGS, 3, 1)) {
            Topology before = cluster.awaitWhole();
            cluster.kill(cluster.id(0));
            Topology failing = cluster.discoverWhen(
                    topology -> !topology.problems(Kind.NODE_UNREACHABLE).isEmpty());
            assertThat(failing.problems(Kind.NODE_UNREACHABLE)).singleElement().satisfies(problem -> {
                assertThat(problem.nodes()).containsExactly(cluster.id(0));
                assertThat(problem.sentence())
                        .contains(cluster.address(0) + " does not answer: cannot connect to " + cluster.address(0));
            });
            assertThat(failing.node(cluster.id(0)).orElseThrow().isReached()).isFalse();
            Topology after = cluster.discoverWhen(
                    topology -> topology.shardOf(0).orElseThrow().master().id().equals(cluster.id(3))
                            && topology.problems(Kind.CLUSTER_DOWN, Kind.VIEWS_DISAGREE, Kind.REPLICA_LINK_DOWN)
                                    .isEmpty());
            // The dead node is still listed as a master, but nothing depends on it any more.
            assertThat(after.problems(Kind.MASTER_FAILING)).isEmpty();
            assertThat(after.problems(Kind.REPLICA_FAILING))
                    .singleElement()
                    .satisfies(problem -> assertThat(problem.sentence())
                            .startsWith("master " + cluster.address(0) + " (without slots) has failed for "
                                    + cluster.address(1)));
            assertThat(after.problems(Kind.NODE_UNREACHABLE))
                    .singleElement()
                    .satisfies(problem -> assertThat(problem.sentence())
                            .startsWith("master " + cluster.address(0) + " (without slots) does not answer: "));
            assertThat(after.sameLayout(before)).isFalse();
            assertThat(after.differencesFrom(before)).singleElement().satisfies(difference -> {
                assertThat(difference.kind()).isEqualTo(LayoutDifference.Kind.MASTER_CHANGED);
                assertThat(difference.nodes()).containsExactlyInAnyOrder(cluster.id(0), cluster.id(3));
                assertThat(difference.slots()).hasToString("0-5460");
                assertThat(difference)
                        .hasToString("the owner of slots 0-5460 was " + cluster.address(0) + " and is "
                                + cluster.address(3) + ", which was its replica");
            });
        }
    }

    @Test
    void tellsADeadAndAFrozenReplica() {
        try (TestCluster cluster =
                TestCluster.start(Binary.REDIS_7_0, dir, SETTINGS.withReplyTimeout(Duration.ofMillis(300)), 3, 1)) {
            cluster.kill(cluster.id(4));
            cluster.server(cluster.id(5)).freeze();
            Topology topology = cluster.discoverWhen(
                    seen -> seen.problems(Kind.REPLICA_FAILING).size() == 2);
            assertThat(topology.problems(Kind.NODE_UNREACHABLE))
                    .map(Problem::sentence)
                    .satisfiesExactlyInAnyOrder(
                            dead -> assertThat(dead)
                                    .startsWith("replica " + cluster.address(4) + " does not answer: cannot connect"),
                            frozen -> assertThat(frozen)
                                    .startsWith("replica " + cluster.address(5) + " does not answer: ")
                                    .contains("300 ms"));
            assertThat(topology.shards()).allMatch(shard -> shard.replicas().size() == 1);
        }
    }

    @Test
    void tellsOpenSlotsAndUncoveredOnes() {
        try (TestCluster cluster = TestCluster.start(Binary.REDIS_7_0, dir, SETTINGS, 3, 0)) {
            cluster.call(
                    0, "CLUSTER", "SETSLOT", "7", "MIGRATING", cluster.id(1).value());
            cluster.call(
                    1, "CLUSTER", "SETSLOT", "7", "IMPORTING", cluster.id(0).value());
            Topology open = cluster.discover(cluster.address(2));
            assertThat(open.problems(Kind.OPEN_SLOTS)).hasSize(2).allSatisfy(problem -> {
                assertThat(problem.slots()).hasToString("7");
                assertThat(problem.nodes()).containsExactlyInAnyOrder(cluster.id(0), cluster.id(1));
            });
            assertThat(open.node(cluster.id(0)).orElseThrow().openSlots())
                    .containsExactly(new OpenSlot(7, OpenSlot.Direction.MIGRATING, cluster.id(1)));
            assertThat(open.node(cluster.id(0))
                            .orElseThrow()
                            .state()
                            .orElseThrow()
                            .view()
                            .orElseThrow()
                            .nodesConf()
                            .toText())
                    .contains("[7->-" + cluster.id(1) + "]");
            cluster.call(0, "CLUSTER", "SETSLOT", "7", "STABLE");
            cluster.call(1, "CLUSTER", "SETSLOT", "7", "STABLE");
            // In every view at once; the former owner does not claim them any more.
            for (int i = 0; i < 3; i++) {
                cluster.call(i, "CLUSTER", "DELSLOTS", "0", "1", "9");
            }
            Topology uncovered = cluster.discoverWhen(seen -> seen.problems(Kind.CLUSTER_DOWN).stream()
                            .anyMatch(problem -> problem.nodes().size() == 3)
                    && seen.problems(Kind.VIEWS_DISAGREE).isEmpty());
            assertThat(uncovered.problems(Kind.UNCOVERED_SLOTS)).singleElement().satisfies(problem -> {
                assertThat(problem.slots()).hasToString("0-1,9");
                assertThat(problem).hasToString("slots 0-1,9 have no owner");
            });
            assertThat(uncovered.shardOf(0)).isEmpty();
            assertThat(uncovered.differencesFrom(open)).singleElement().satisfies(difference -> {
                assertThat(difference.kind()).isEqualTo(LayoutDifference.Kind.SLOTS_MOVED);
                assertThat(difference)
                        .hasToString("the owner of slots 0-1,9 was " + cluster.address(0) + " and is nobody");
            });
        }
    }

    @Test
    void tellsViewsThatDisagree() {
        try (TestCluster cluster = TestCluster.start(Binary.REDIS_7_0, dir, SETTINGS, 3, 1)) {
            Topology before = cluster.awaitWhole();
            cluster.call(1, "CLUSTER", "FORGET", cluster.id(3).value());
            Topology topology = cluster.discover(cluster.address(1));
            assertThat(topology.problems(Kind.VIEWS_DISAGREE)).singleElement().satisfies(problem -> {
                assertThat(problem.nodes()).containsExactly(cluster.id(3));
                assertThat(problem.sentence())
                        .startsWith(cluster.address(3) + " is a member for " + cluster.address(0))
                        .endsWith(", but not for " + cluster.address(1));
            });
            assertThat(topology.sameLayout(before)).isTrue();
        }
    }

    @Test
    void tellsARestartWithoutItsFile() throws Exception {
        try (TestCluster cluster = TestCluster.start(Binary.REDIS_7_0, dir, SETTINGS, 3, 1)) {
            cluster.kill(cluster.id(4));
            Files.delete(dir.resolve(cluster.id(4).value()).resolve("nodes.conf"));
            cluster.start(cluster.id(4));
            // Seen at its address at once, and soon the cluster drops that address.
            Topology topology = cluster.discoverWhen(
                    seen -> !seen.problems(Kind.NODE_WITHOUT_ADDRESS).isEmpty());
            assertThat(topology.problems(Kind.NODE_WITHOUT_ADDRESS).getFirst().nodes())
                    .containsExactly(cluster.id(4));
            assertThat(topology.node(cluster.id(4)).orElseThrow().address()).isEmpty();
            assertThatThrownBy(() -> topology.node(cluster.id(4)).orElseThrow().connectAddress())
                    .hasMessage("nobody knows the address of node " + cluster.id(4));
            assertThatThrownBy(() -> cluster.discover(cluster.address(0), cluster.address(4)))
                    .isInstanceOfSatisfying(AmbrotypeException.class, e -> {
                        assertThat(e.code()).isEqualTo(ErrorCode.USAGE);
                        assertThat(e)
                                .hasMessage(cluster.address(0) + " and " + cluster.address(4)
                                        + " belong to different clusters: neither is known to the other");
                        assertThat(e.hint().orElseThrow()).contains("nodes.conf");
                    });
        }
    }

    @Test
    void needsThePassword() {
        ConnectionSettings right = SETTINGS.withCredentials(Credentials.password(Secret.of("s3 cret")));
        try (TestCluster cluster = TestCluster.start(
                Binary.REDIS_7_0, dir, right, 3, 1, "--requirepass", "s3 cret", "--masterauth", "s3 cret")) {
            assertThat(cluster.awaitWhole().shards()).hasSize(3);
            for (ConnectionSettings wrong :
                    List.of(SETTINGS, SETTINGS.withCredentials(Credentials.password(Secret.of("other"))))) {
                assertThatThrownBy(() -> new TopologyReader(wrong).discover(cluster.addresses()))
                        .isInstanceOfSatisfying(AmbrotypeException.class, e -> {
                            assertThat(e.code()).isEqualTo(ErrorCode.WRONG_KEY);
                            assertThat(e.getMessage())
                                    .startsWith("none of the 6 addresses answered: " + cluster.address(0))
                                    .doesNotContain("other");
                            assertThat(e.hint()).isPresent();
                        });
            }
        }
    }

    @Test
    void usesWhateverSeedAnswers() {
        try (TestCluster cluster = TestCluster.start(Binary.REDIS_7_0, dir, SETTINGS, 3, 0)) {
            HostAndPort noName = new HostAndPort("no-such-host.invalid", 1);
            Topology topology = cluster.discover(NOBODY, noName, cluster.address(1));
            assertThat(topology.shards()).hasSize(3);
            assertThat(topology.problems(Kind.SEED_UNREACHABLE))
                    .map(Problem::sentence)
                    .satisfiesExactly(
                            refused -> assertThat(refused).startsWith("cannot connect to " + NOBODY),
                            unknown -> assertThat(unknown).contains("no-such-host.invalid"));
            assertThatThrownBy(() -> cluster.discover(NOBODY, noName))
                    .hasMessageStartingWith("none of the 2 addresses answered: cannot connect to " + NOBODY)
                    .hasMessageContaining("; the host name of no-such-host.invalid:1 has no address");
            assertThatThrownBy(() -> cluster.discover(NOBODY)).hasMessageStartingWith("cannot connect to " + NOBODY);
            try (TestServer single =
                    TestServer.start(Binary.REDIS_6_2, dir, "--port", Integer.toString(TestCluster.FIRST_PORT + 50))) {
                HostAndPort alone = new HostAndPort("127.0.0.1", TestCluster.FIRST_PORT + 50);
                assertThatThrownBy(() -> cluster.discover(alone, cluster.address(0)))
                        .hasMessage(cluster.address(0) + " is a cluster node and " + alone + " is not");
                assertThat(single.log()).isNotEmpty();
            }
        }
    }

    @Test
    void takesAnnouncedNamesAndMissingAddresses() {
        // A node that never met anybody does not know its own address.
        try (TestCluster cluster = TestCluster.start(
                Binary.REDIS_7_0, dir, SETTINGS, 1, 0, "--cluster-announce-hostname", "redis-1.example.org")) {
            cluster.kill(cluster.id(0));
            cluster.write(
                    cluster.id(0),
                    new String(cluster.file(cluster.id(0)), StandardCharsets.UTF_8)
                            .replaceFirst("127\\.0\\.0\\.1:", ":"));
            cluster.start(cluster.id(0));
            Topology topology = cluster.awaitWhole();
            Node node = topology.nodes().getFirst();
            assertThat(node.address()).contains(cluster.address(0));
            assertThat(node.hostname()).contains("redis-1.example.org");
            assertThat(node.busPort()).isEqualTo(cluster.address(0).port() + 10_000);
            NodesConf rebuilt = node.state().orElseThrow().view().orElseThrow().nodesConf();
            assertThat(rebuilt.myself().host()).isEmpty();
            assertThat(rebuilt.toText())
                    .isEqualTo(cluster.id(0) + " :" + cluster.address(0).port() + "@" + node.busPort()
                            + " myself,master - 0 0 1 connected 0-16383\nvars currentEpoch 1 lastVoteEpoch 1\n");
        }
    }

    @Test
    void findsAClusterOverTls() {
        TestCertificates certificates = new TestCertificates(dir);
        certificates.issue("server", "RSA", "-signer", "ca", "-ext", "san=ip:127.0.0.1");
        ConnectionSettings tls = SETTINGS.withTls(new TlsSettings(certificates.certificate("ca"), null, true));
        try (TestCluster cluster = TestCluster.start(
                Binary.REDIS_6_2,
                dir,
                tls,
                3,
                1,
                "--port",
                "0",
                "--tls-cluster",
                "yes",
                "--tls-replication",
                "yes",
                "--tls-auth-clients",
                "no",
                "--tls-ca-cert-file",
                certificates.certificate("ca").toString(),
                "--tls-cert-file",
                certificates.certificate("server").toString(),
                "--tls-key-file",
                certificates.key("server").toString())) {
            Topology topology = cluster.awaitWhole();
            assertThat(topology.nodes()).hasSize(6).allSatisfy(node -> {
                assertThat(node.isReached()).isTrue();
                assertThat(node.tlsPort()).hasValue(node.address().orElseThrow().port());
            });
        }
    }

    @Test
    void findsAClusterOnIpv6() {
        assumeTrue(hasIpv6(), "this machine has no ::1");
        try (TestCluster cluster = TestCluster.startOn("::1", Binary.REDIS_6_2, dir, SETTINGS, 3, 1)) {
            assertThat(cluster.awaitWhole().nodes())
                    .extracting(Node::name)
                    .containsExactlyInAnyOrder(cluster.addresses().stream()
                            .map(HostAndPort::toString)
                            .toArray(String[]::new))
                    .allMatch(name -> name.startsWith("[::1]:"));
        }
    }

    private static boolean hasIpv6() {
        byte[] loopback = new byte[16];
        loopback[15] = 1;
        try (ServerSocket _ = new ServerSocket(0, 1, InetAddress.getByAddress(loopback))) {
            return true;
        } catch (IOException e) {
            return false;
        }
    }

    @Test
    void tellsNodesThatAreAboutToMeet() {
        try (TestCluster cluster = TestCluster.start(Binary.REDIS_7_0, dir, SETTINGS, 1, 0)) {
            // Nobody listens there: the handshake stays open for the node timeout.
            cluster.call(0, "CLUSTER", "MEET", "127.0.0.1", Integer.toString(NOBODY.port()));
            Topology topology = cluster.discover(cluster.address(0));
            assertThat(topology.problems(Kind.HANDSHAKE))
                    .singleElement()
                    .hasToString(cluster.address(0) + " is about to meet a node at " + NOBODY);
            assertThat(topology.nodes()).hasSize(1);
        }
    }

    @Test
    void endsWhenInterrupted() throws Exception {
        try (TestCluster cluster =
                TestCluster.start(Binary.REDIS_7_0, dir, SETTINGS.withReplyTimeout(Duration.ofMinutes(5)), 1, 0)) {
            cluster.server(cluster.id(0)).freeze();
            AtomicReference<Optional<Throwable>> end = new AtomicReference<>(Optional.empty());
            Thread thread = Thread.ofPlatform().start(() -> {
                try {
                    cluster.discover(cluster.address(0));
                } catch (AmbrotypeException e) {
                    end.set(Optional.of(e));
                }
            });
            await().until(() -> thread.getState() == Thread.State.WAITING);
            thread.interrupt();
            thread.join(Duration.ofSeconds(30));
            assertThat(end.get().orElseThrow())
                    .isInstanceOfSatisfying(
                            AmbrotypeException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.INTERRUPTED));
        }
    }
}
