package io.ambrotype.topology;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.ambrotype.common.AmbrotypeException;
import io.ambrotype.common.ErrorCode;
import io.ambrotype.common.HostAndPort;
import io.ambrotype.resp.ConnectionSettings;
import io.ambrotype.resp.RawChannel;
import io.ambrotype.resp.RespConnection;
import io.ambrotype.servers.TestServer;
import io.ambrotype.servers.TestServer.Binary;
import io.ambrotype.topology.Problem.Kind;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.Predicate;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Discovery of real servers without the cluster bus. */
class StandaloneDiscoveryTest {
    private static final int MASTER = TestCluster.FIRST_PORT + 60;
    private static final int REPLICA_1 = MASTER + 1;
    private static final int REPLICA_2 = MASTER + 2;
    private static final int CHAINED = MASTER + 3;

    @TempDir
    Path dir;

    private final Map<Integer, TestServer> servers = new HashMap<>();

    @AfterEach
    void stop() {
        servers.values().forEach(TestServer::close);
    }

    @ParameterizedTest
    @EnumSource(Binary.class)
    void findsTheWholeSetFromAnyMember(Binary binary) {
        startSet(binary);
        try (RespConnection connection = RespConnection.open(at(MASTER), ConnectionSettings.defaults())) {
            connection.call("SELECT", "3");
            connection.call("SET", "key", "value");
            connection.call("SELECT", "0");
            connection.call("SET", "key", "value");
        }
        Topology topology = awaitWhole();
        assertThat(topology.kind()).isEqualTo(DeploymentKind.STANDALONE);
        assertThat(topology.currentEpoch()).isZero();
        Shard shard = topology.shards().getFirst();
        assertThat(topology.shards()).hasSize(1);
        assertThat(shard.slots()).isEqualTo(SlotSet.ALL);
        assertThat(shard.master().address()).contains(at(MASTER));
        assertThat(shard.master().id()).isEqualTo(NodeId.ofAddress(at(MASTER)));
        assertThat(shard.master().busPort()).isZero();
        NodeState master = shard.master().state().orElseThrow();
        assertThat(master.keys()).isEqualTo(2);
        assertThat(master.isCluster()).isFalse();
        assertThat(master.view()).isEmpty();
        assertThat(master.replication().attached())
                .hasSize(2)
                .allMatch(ReplicationState.Attached::online)
                .extracting(attached -> attached.address().orElseThrow())
                .containsExactlyInAnyOrder(at(REPLICA_1), at(REPLICA_2));
        assertThat(shard.replicas())
                .extracting(node -> node.address().orElseThrow())
                .containsExactly(at(REPLICA_1), at(REPLICA_2), at(CHAINED));
        assertThat(shard.replicas().get(0).master()).contains(shard.master().id());
        assertThat(shard.replicas().get(2).master())
                .contains(shard.replicas().get(1).id());
        assertThat(shard.replicas()).allSatisfy(replica -> {
            ReplicationState state = replica.state().orElseThrow().replication();
            assertThat(state.id()).isEqualTo(master.replication().id());
            assertThat(state.linkUp()).isTrue();
            assertThat(state.readOnly()).isTrue();
            assertThat(state.lagSeconds()).isPresent();
            assertThat(state.syncInProgress()).isFalse();
        });
        // The master's PINGs move the offset on all the time.
        await().untilAsserted(() -> {
            Shard now = discover(at(CHAINED)).shards().getFirst();
            assertThat(now.replicas())
                    .extracting(node -> node.state().orElseThrow().replication().offset())
                    .containsOnly(
                            now.master().state().orElseThrow().replication().offset());
        });
        for (int port : List.of(MASTER, REPLICA_1, REPLICA_2, CHAINED)) {
            assertThat(discover(at(port)).differencesFrom(topology)).isEmpty();
        }
        // By another name the same servers keep the names their deployment gives them.
        assertThat(discover(new HostAndPort("localhost", MASTER), at(CHAINED)).differencesFrom(topology))
                .isEmpty();
    }

    @Test
    void tellsAMasterThatIsGone() {
        startSet(Binary.REDIS_7_0);
        Topology before = awaitWhole();
        stop(MASTER);
        // Only a master knows its replicas: with it gone, each side of the set has to be named.
        assertThat(discover(at(CHAINED)).nodes()).hasSize(3);
        Topology after = await().atMost(Duration.ofSeconds(30))
                .until(
                        () -> discover(at(CHAINED), at(REPLICA_1)),
                        topology -> topology.problems(Kind.REPLICA_LINK_DOWN).size() == 2);
        assertThat(after.differencesFrom(before)).isEmpty();
        assertThat(after.shards().getFirst().master().isReached()).isFalse();
        assertThat(after.problems(Kind.NODE_UNREACHABLE))
                .singleElement()
                .satisfies(problem -> assertThat(problem.sentence())
                        .startsWith("master " + at(MASTER) + " does not answer: cannot connect to " + at(MASTER)));
        assertThat(after.problems(Kind.REPLICA_LINK_DOWN))
                .map(Problem::sentence)
                .contains("the link of replica " + at(REPLICA_1) + " to its master is down");
        // Asked for directly as well, it is told once.
        assertThat(discover(at(MASTER), at(REPLICA_1)).problems(Kind.SEED_UNREACHABLE, Kind.NODE_UNREACHABLE))
                .hasSize(1);
    }

    @Test
    void tellsAPromotion() {
        startSet(Binary.REDIS_7_0);
        Topology before = awaitWhole();
        call(REPLICA_1, "REPLICAOF", "NO", "ONE");
        call(REPLICA_2, "REPLICAOF", "127.0.0.1", Integer.toString(REPLICA_1));
        call(MASTER, "REPLICAOF", "127.0.0.1", Integer.toString(REPLICA_1));
        Topology after = awaitWhole();
        assertThat(after.differencesFrom(before)).singleElement().satisfies(difference -> {
            assertThat(difference.kind()).isEqualTo(LayoutDifference.Kind.MASTER_CHANGED);
            assertThat(difference)
                    .hasToString("the owner of slots 0-16383 was " + at(MASTER) + " and is " + at(REPLICA_1)
                            + ", which was its replica");
        });
    }

    @Test
    void tellsWritableReplicasAndStrangers() {
        start(Binary.REDIS_7_0, MASTER);
        start(
                Binary.REDIS_7_0,
                REPLICA_1,
                "--replicaof",
                "127.0.0.1",
                Integer.toString(MASTER),
                "--replica-read-only",
                "no");
        discoverWhen(MASTER, topology -> topology.shards().getFirst().replicas().size() == 1);
        // A client that presents itself as a replica at a port where nobody listens, as a backup does.
        try (RespConnection pretender = RespConnection.open(at(MASTER), ConnectionSettings.defaults())) {
            pretender.call("REPLCONF", "listening-port", Integer.toString(CHAINED));
            send(pretender.raw());
            Topology topology = discoverWhen(
                    REPLICA_1, seen -> !seen.problems(Kind.UNKNOWN_REPLICA).isEmpty());
            assertThat(topology.nodes()).hasSize(2);
            assertThat(topology.problems(Kind.UNKNOWN_REPLICA))
                    .singleElement()
                    .satisfies(problem -> assertThat(problem.sentence())
                            .startsWith("what is attached to " + at(MASTER) + " as replica " + at(CHAINED)
                                    + " does not answer: "));
            assertThat(topology.problems(Kind.WRITABLE_REPLICA))
                    .singleElement()
                    .hasToString("replica " + at(REPLICA_1) + " takes writes of its own (replica-read-only no)");
        }
    }

    @Test
    void refusesSeedsOfTwoSetsAndRings() {
        start(Binary.REDIS_7_0, MASTER);
        start(Binary.REDIS_7_0, REPLICA_1);
        assertThatThrownBy(() -> discover(at(MASTER), at(REPLICA_1)))
                .isInstanceOfSatisfying(AmbrotypeException.class, e -> {
                    assertThat(e.code()).isEqualTo(ErrorCode.USAGE);
                    assertThat(e)
                            .hasMessage(at(MASTER) + " and " + at(REPLICA_1)
                                    + " belong to different deployments: their masters are " + at(MASTER) + " and "
                                    + at(REPLICA_1));
                });
        call(MASTER, "REPLICAOF", "127.0.0.1", Integer.toString(REPLICA_1));
        call(REPLICA_1, "REPLICAOF", "127.0.0.1", Integer.toString(MASTER));
        assertThatThrownBy(() -> discover(at(MASTER))).isInstanceOfSatisfying(AmbrotypeException.class, e -> {
            assertThat(e.code()).isEqualTo(ErrorCode.UNSAFE);
            assertThat(e)
                    .hasMessage(
                            at(MASTER) + " follows itself, directly or by way of other replicas: there is no master");
        });
    }

    private static void send(RawChannel channel) {
        try {
            channel.send("PSYNC", "?", "-1");
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private void startSet(Binary binary) {
        start(binary, MASTER);
        start(binary, REPLICA_1, "--replicaof", "127.0.0.1", Integer.toString(MASTER));
        start(binary, REPLICA_2, "--replicaof", "127.0.0.1", Integer.toString(MASTER));
        start(binary, CHAINED, "--replicaof", "127.0.0.1", Integer.toString(REPLICA_2));
    }

    private void start(Binary binary, int port, String... options) {
        List<String> all = new ArrayList<>(List.of(
                "--port",
                Integer.toString(port),
                "--repl-diskless-sync-delay",
                "0",
                "--repl-ping-replica-period",
                "1",
                "--dbfilename",
                port + ".rdb"));
        all.addAll(List.of(options));
        servers.put(port, TestServer.start(binary, dir, all.toArray(String[]::new)));
    }

    private void stop(int port) {
        Objects.requireNonNull(servers.remove(port)).close();
    }

    private static void call(int port, String... command) {
        try (RespConnection connection = RespConnection.open(at(port), ConnectionSettings.defaults())) {
            connection.call(command);
        }
    }

    private static HostAndPort at(int port) {
        return new HostAndPort("127.0.0.1", port);
    }

    private static Topology discover(HostAndPort... seeds) {
        return new TopologyReader(ConnectionSettings.defaults()).discover(List.of(seeds));
    }

    private static Topology awaitWhole() {
        return discoverWhen(
                MASTER,
                topology -> topology.problems().isEmpty()
                        && topology.nodes().size() == 4
                        && topology.nodes().stream()
                                .allMatch(node -> node.state().orElseThrow().replication().attached().stream()
                                        .allMatch(ReplicationState.Attached::online)));
    }

    private static Topology discoverWhen(int seed, Predicate<Topology> test) {
        return await().atMost(Duration.ofSeconds(30))
                .pollInterval(Duration.ofMillis(50))
                .until(() -> discover(at(seed)), test);
    }
}
