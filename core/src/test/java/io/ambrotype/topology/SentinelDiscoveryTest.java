package io.ambrotype.topology;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.ambrotype.common.AmbrotypeException;
import io.ambrotype.common.ErrorCode;
import io.ambrotype.common.HostAndPort;
import io.ambrotype.common.Secret;
import io.ambrotype.resp.ConnectionSettings;
import io.ambrotype.resp.Credentials;
import io.ambrotype.resp.RespConnection;
import io.ambrotype.resp.SentinelSettings;
import io.ambrotype.servers.TestServer;
import io.ambrotype.servers.TestServer.Binary;
import io.ambrotype.topology.Problem.Kind;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Predicate;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Discovery of a master, a replica and the Sentinels that watch them, all real. */
class SentinelDiscoveryTest {
    private static final int MASTER = TestCluster.FIRST_PORT + 80;
    private static final int REPLICA = MASTER + 1;
    private static final int OTHER_MASTER = MASTER + 2;
    private static final int FIRST_SENTINEL = MASTER + 5;

    @TempDir
    Path dir;

    private final Map<Integer, TestServer> running = new HashMap<>();

    @AfterEach
    void stop() {
        running.values().forEach(TestServer::close);
    }

    @ParameterizedTest
    @EnumSource(Binary.class)
    void findsTheSameFromServersAndSentinels(Binary binary) {
        start(binary, 3, "60000");
        Topology fromSentinel = awaitWhole(at(FIRST_SENTINEL + 1));
        Topology fromReplica = awaitWhole(at(REPLICA));
        assertThat(fromSentinel.sameLayout(fromReplica)).isTrue();
        for (Topology topology : List.of(fromSentinel, fromReplica)) {
            assertThat(topology.kind()).isEqualTo(DeploymentKind.STANDALONE);
            assertThat(topology.shards().getFirst().master().address()).contains(at(MASTER));
            assertThat(topology.nodes()).hasSize(2);
            SentinelSet set = topology.sentinels().orElseThrow();
            assertThat(set.masterName()).isEqualTo("shop");
            assertThat(set.addresses())
                    .containsExactlyInAnyOrder(at(FIRST_SENTINEL), at(FIRST_SENTINEL + 1), at(FIRST_SENTINEL + 2));
            assertThat(set.quorum()).isEqualTo(2);
            assertThat(set.majority()).isEqualTo(2);
            assertThat(set.downAfter()).isEqualTo(Duration.ofSeconds(60));
            assertThat(set.failoverTimeout()).isEqualTo(Duration.ofMinutes(3));
            assertThat(set.master()).contains(at(MASTER));
            assertThat(set.views())
                    .allSatisfy(view -> assertThat(view.replicas())
                            .singleElement()
                            .satisfies(replica -> {
                                assertThat(replica.address()).isEqualTo(at(REPLICA));
                                assertThat(replica.priority()).isEqualTo(100);
                            }));
        }
        stop(FIRST_SENTINEL);
        Topology without = discover(ConnectionSettings.defaults(), at(FIRST_SENTINEL), at(FIRST_SENTINEL + 1));
        assertThat(without.problems())
                .extracting(Problem::kind)
                .contains(Kind.SENTINEL_UNREACHABLE, Kind.SEED_UNREACHABLE)
                .doesNotContain(Kind.SENTINELS_WITHOUT_QUORUM);
        stop(FIRST_SENTINEL + 1);
        Topology alone = discover(ConnectionSettings.defaults(), at(FIRST_SENTINEL + 2));
        assertThat(alone.problems(Kind.SENTINELS_WITHOUT_QUORUM))
                .singleElement()
                .hasToString("a failover needs 2 of the 3 Sentinels that are known, and 1 is there for it");
    }

    @Test
    void tellsWhereSentinelsAndServersDiffer() {
        start(Binary.REDIS_7_0, 1, "60000");
        awaitWhole(at(FIRST_SENTINEL));
        // Nobody told the Sentinel: it goes on believing in the first master until it corrects this one.
        try (var replica = RespConnection.open(at(REPLICA), ConnectionSettings.defaults())) {
            replica.call("REPLICAOF", "NO", "ONE");
        }
        Topology topology = discover(ConnectionSettings.defaults(), at(FIRST_SENTINEL));
        assertThat(topology.problems(Kind.SENTINEL_DISAGREES))
                .extracting(Problem::sentence)
                .contains("Sentinels list replica " + at(REPLICA) + ", which does not follow " + at(MASTER));
        stop(REPLICA);
        topology = discover(ConnectionSettings.defaults(), at(FIRST_SENTINEL));
        assertThat(topology.problems(Kind.UNKNOWN_REPLICA))
                .singleElement()
                .asString()
                .startsWith("replica " + at(REPLICA) + ", which Sentinels list, does not answer: ");
    }

    @Test
    void followsAFailover() {
        start(Binary.REDIS_7_0, 3, "500");
        awaitWhole(at(FIRST_SENTINEL));
        stop(MASTER);
        Topology topology = await().atMost(Duration.ofSeconds(60))
                .until(
                        () -> discover(ConnectionSettings.defaults(), at(FIRST_SENTINEL)),
                        seen -> seen.shards().getFirst().master().address().equals(Optional.of(at(REPLICA)))
                                && seen.problems(Kind.SENTINEL_FAILOVER, Kind.SENTINEL_DISAGREES)
                                        .isEmpty());
        assertThat(topology.problems()).extracting(Problem::kind).containsOnly(Kind.UNKNOWN_REPLICA);
        assertThat(topology.sentinels().orElseThrow().views()).allMatch(view -> view.configEpoch() > 0);
    }

    @Test
    void choosesOneOfSeveralMasters() {
        start(Binary.REDIS_6_2, 1, "60000");
        running.put(OTHER_MASTER, server(Binary.REDIS_6_2, OTHER_MASTER));
        try (var sentinel = RespConnection.open(at(FIRST_SENTINEL), ConnectionSettings.defaults())) {
            sentinel.call("SENTINEL", "MONITOR", "other", "127.0.0.1", Integer.toString(OTHER_MASTER), "1");
        }
        assertThatThrownBy(() -> discover(ConnectionSettings.defaults(), at(FIRST_SENTINEL)))
                .isInstanceOfSatisfying(AmbrotypeException.class, e -> {
                    assertThat(e.code()).isEqualTo(ErrorCode.USAGE);
                    assertThat(e.hint())
                            .hasValueSatisfying(hint -> assertThat(hint).contains("sentinel-master: "));
                })
                .hasMessageContaining("watches more than one master: ");
        ConnectionSettings chosen = ConnectionSettings.defaults().withSentinels(new SentinelSettings("other", null));
        assertThat(discover(chosen, at(FIRST_SENTINEL)).nodes())
                .extracting(node -> node.address().orElseThrow())
                .containsExactly(at(OTHER_MASTER));
        ConnectionSettings unknown = ConnectionSettings.defaults().withSentinels(new SentinelSettings("nobody", null));
        assertThatThrownBy(() -> discover(unknown, at(FIRST_SENTINEL)))
                .hasMessageStartingWith("Sentinel " + at(FIRST_SENTINEL) + " watches no master 'nobody', but ");
    }

    @Test
    void sentinelsMayHaveAPasswordOfTheirOwn() {
        running.put(MASTER, server(Binary.REDIS_6_2, MASTER, "--requirepass", "data"));
        running.put(
                FIRST_SENTINEL,
                TestServer.sentinel(
                        Binary.REDIS_6_2,
                        dir,
                        FIRST_SENTINEL,
                        List.of(
                                "sentinel monitor shop 127.0.0.1 " + MASTER + " 1",
                                "sentinel auth-pass shop data",
                                "requirepass watcher")));
        ConnectionSettings servers =
                ConnectionSettings.defaults().withCredentials(Credentials.password(Secret.of("data")));
        ConnectionSettings both =
                servers.withSentinels(new SentinelSettings(null, Credentials.password(Secret.of("watcher"))));
        for (int seed : List.of(MASTER, FIRST_SENTINEL)) {
            Topology topology = discoverWhen(
                    both,
                    at(seed),
                    seen -> seen.problems().isEmpty() && seen.sentinels().isPresent());
            assertThat(topology.sentinels().orElseThrow().addresses()).containsExactly(at(FIRST_SENTINEL));
        }
        assertThat(discover(servers, at(MASTER)).problems(Kind.SENTINEL_UNREACHABLE))
                .singleElement()
                .asString()
                .contains("does not tell its view: " + at(FIRST_SENTINEL) + " does not accept the password");
        assertThatThrownBy(() -> discover(servers, at(FIRST_SENTINEL)))
                .hasMessageContaining("does not accept the password");
    }

    private void start(Binary binary, int sentinels, String downAfter) {
        running.put(MASTER, server(binary, MASTER));
        running.put(REPLICA, server(binary, REPLICA, "--replicaof", "127.0.0.1", Integer.toString(MASTER)));
        for (int i = 0; i < sentinels; i++) {
            List<String> lines = new ArrayList<>(List.of(
                    "sentinel monitor shop 127.0.0.1 " + MASTER + " " + (sentinels / 2 + 1),
                    "sentinel down-after-milliseconds shop " + downAfter));
            if (downAfter.length() < 5) {
                // Where an election fails on a busy machine, the next one begins after twice that time.
                lines.add("sentinel failover-timeout shop 3000");
            }
            running.put(FIRST_SENTINEL + i, TestServer.sentinel(binary, dir, FIRST_SENTINEL + i, lines));
        }
    }

    private TestServer server(Binary binary, int port, String... options) {
        List<String> all = new ArrayList<>(List.of(
                "--port", Integer.toString(port), "--repl-diskless-sync-delay", "0", "--dbfilename", port + ".rdb"));
        all.addAll(List.of(options));
        return TestServer.start(binary, dir, all.toArray(String[]::new));
    }

    private void stop(int port) {
        Objects.requireNonNull(running.remove(port)).close();
    }

    private Topology awaitWhole(HostAndPort seed) {
        int sentinels = running.size() - 2;
        return discoverWhen(
                ConnectionSettings.defaults(),
                seed,
                topology -> topology.problems().isEmpty()
                        && topology.sentinels()
                                .filter(set -> set.views().stream()
                                        .allMatch(view -> !view.replicas().isEmpty()
                                                && view.others().size() == sentinels - 1))
                                .isPresent());
    }

    private static Topology discoverWhen(ConnectionSettings settings, HostAndPort seed, Predicate<Topology> test) {
        return await().atMost(Duration.ofSeconds(60)).until(() -> discover(settings, seed), test);
    }

    private static Topology discover(ConnectionSettings settings, HostAndPort... seeds) {
        return new TopologyReader(settings).discover(List.of(seeds));
    }

    private static HostAndPort at(int port) {
        return new HostAndPort("127.0.0.1", port);
    }
}
