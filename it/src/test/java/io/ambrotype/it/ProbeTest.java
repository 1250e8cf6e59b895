package io.ambrotype.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assumptions.assumeThat;
import static org.awaitility.Awaitility.await;

import io.ambrotype.common.AmbrotypeException;
import io.ambrotype.common.ErrorCode;
import io.ambrotype.common.Secret;
import io.ambrotype.common.Time;
import io.ambrotype.lab.LabCluster;
import io.ambrotype.lab.RedisServer;
import io.ambrotype.lab.ServerBinary;
import io.ambrotype.probe.Probe;
import io.ambrotype.probe.ProbeWriter;
import io.ambrotype.probe.Reading;
import io.ambrotype.probe.Verdict;
import io.ambrotype.resp.ConnectionSettings;
import io.ambrotype.resp.Credentials;
import io.ambrotype.resp.RespConnection;
import io.ambrotype.resp.ServerInfo;
import io.ambrotype.topology.Topology;
import io.ambrotype.topology.TopologyReader;
import java.time.Duration;
import java.util.List;
import org.awaitility.core.ConditionFactory;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** The probe against real servers: it must see what an application would see, and above all a loss. */
class ProbeTest {
    private static final ConnectionSettings SETTINGS = ConnectionSettings.defaults();

    @RegisterExtension
    final Labs labs = new Labs();

    /** The node timeout is long enough for a machine that stands still for two seconds: nodes would take each other for failed. */
    @EachServer
    void losesNothingInAFailoverAndLeavesNothingBehind(ServerBinary server) throws Exception {
        LabCluster lab = labs.cluster(server, 3, 1, "cluster-node-timeout 5000");
        try (Probe probe = start(lab)) {
            writesMore(probe, 100);
            RedisServer candidate = lab.replicas().getFirst();
            // Before 6.2 a replica cannot be promoted while its master has written nothing.
            patiently().until(() -> number(candidate, "slave_repl_offset") > 0);
            call(candidate, "CLUSTER", "FAILOVER");
            patiently()
                    .until(() ->
                            lab.masters().contains(candidate) && probe.current().redirects() > 0);
            writesMore(probe, 100);

            Reading reading = probe.next();

            assertThat(reading.shards()).hasSize(3).allMatch(shard -> shard.writes() > 0);
            assertThat(reading.errorsByText()).isEmpty();
            assertThat(reading.redirects()).isPositive();
            assertThat(reading.longestStall()).isPositive();
            writesMore(probe, 100);
            Verdict verdict = probe.finish();
            assertThat(verdict.lost()).isEmpty();
            assertThat(verdict.provesNoLoss()).as(verdict.toString()).isTrue();
            assertThat(verdict.total().writes()).isGreaterThanOrEqualTo(reading.writes() + 100);
            assertThat(verdict.leftBehind()).isEmpty();
        }
        assertThat(lab.masters()).hasSize(3).allMatch(master -> keys(master).isEmpty());
    }

    /** A master that is killed and started again without its data wipes its replica: nothing of it can be found again. */
    @Test
    void countsWhatAMasterThatCameBackEmptyHasLost() throws Exception {
        LabCluster lab = labs.cluster(ServersUnderTest.any(), 3, 1, "cluster-node-timeout 15000");
        try (Probe probe = start(lab)) {
            writesMore(probe, 100);
            long safe = probe.next().writes();
            assertThat(safe).isPositive();
            RedisServer master = lab.masters().getFirst();
            master.kill();
            master.start();
            master.awaitReady(Labs.patience());
            writesMore(probe, 100);

            Verdict verdict = probe.finish();

            assertThat(verdict.provesNoLoss()).isFalse();
            assertThat(verdict.total().shards())
                    .filteredOn(shard -> shard.lost() > 0)
                    .hasSize(1);
            // Also what had been found at the first reading.
            assertThat(verdict.total().lost()).isGreaterThanOrEqualTo(300);
            assertThat(verdict.lost())
                    .hasSize(Probe.MOST_NAMED)
                    .allMatch(write ->
                            write.acknowledgedBy().equals(master.address().toString()));
            assertThat(verdict.leftBehind()).isEmpty();
            assertThat(verdict.total().reconnects()).isPositive();
        }
        assertThat(lab.masters()).allMatch(each -> keys(each).isEmpty());
    }

    @EachServer
    void countsWhatADetachedReplicaNeverGot(ServerBinary server) throws Exception {
        LabCluster lab = labs.standalone(server, 1);
        RedisServer master = lab.servers().getFirst();
        RedisServer replica = lab.servers().getLast();
        try (Probe probe = start(lab)) {
            writesMore(probe, 100);
            long before = probe.current().writes();
            long offset = number(master, "master_repl_offset");
            patiently().until(() -> number(replica, "slave_repl_offset") >= offset);
            call(replica, "REPLICAOF", "NO", "ONE");
            writesMore(probe, 100);
            master.kill();
            patiently().until(() -> keys(replica).size() > 0 && probe.current().reconnects() > 0);
            writesMore(probe, 100);

            Reading reading = probe.next();
            Verdict verdict = probe.finish();

            assertThat(verdict.total().lost()).isBetween(100L, verdict.total().writes() - before);
            assertThat(reading.lost()).isEqualTo(verdict.total().lost());
            assertThat(verdict.lost().getFirst().acknowledgedBy())
                    .isEqualTo(master.address().toString());
        }
        assertThat(keys(replica)).isEmpty();
    }

    @Test
    void countsRefusalsByTheirTextAndGoesOn() throws Exception {
        RedisServer server = labs.server(ServersUnderTest.any());
        try (Probe probe = start(List.of(server), SETTINGS)) {
            call(server, "CONFIG", "SET", "min-replicas-to-write", "1");
            patiently().until(() -> probe.current().errors() > 5);
            assertThat(probe.current().longestStall()).isGreaterThan(Duration.ofMillis(20));
            call(server, "CONFIG", "SET", "min-replicas-to-write", "0");
            writesMore(probe, 100);
            Verdict verdict = probe.finish();
            assertThat(verdict.total().errorsByText().keySet())
                    .singleElement()
                    .asString()
                    .startsWith("NOREPLICAS");
            assertThat(verdict.provesNoLoss()).isTrue();
        }
    }

    @Test
    void saysWhatItsUserLacksBeforeItBegins() {
        assumeThat(ServersUnderTest.any().version().major())
                .as("ACL is there from Redis 6.0 on")
                .isGreaterThanOrEqualTo(6);
        RedisServer server = labs.server(ServersUnderTest.any());
        call(server, "ACL", "SETUSER", "app", "on", ">secret", "~shop:*", "+@all");
        ConnectionSettings app = SETTINGS.withCredentials(new Credentials("app", Secret.of("secret")));
        assertThatThrownBy(() -> start(List.of(server), app).close())
                .isInstanceOfSatisfying(AmbrotypeException.class, e -> {
                    assertThat(e.code()).isEqualTo(ErrorCode.UNSAFE);
                    assertThat(e.getMessage())
                            .startsWith(
                                    "user 'app' may not write the probe's keys on " + server.address() + ": NOPERM");
                    assertThat(e.hint().orElse(""))
                            .startsWith("ACL SETUSER app ~ambrotype:probe:* +rpush")
                            .contains("--no-probe");
                });
        assertThat(keys(server)).isEmpty();
    }

    @Test
    void whatAKilledProbeLeavesExpires() throws Exception {
        RedisServer server = labs.server(ServersUnderTest.any());
        try (Probe probe = start(List.of(server), SETTINGS)) {
            writesMore(probe, 10);
        }
        try (RespConnection connection = server.connect()) {
            List<String> left = connection.texts("KEYS", "*");
            assertThat(left).isNotEmpty();
            for (String key : left) {
                assertThat(connection.integer("TTL", key)).isBetween(1L, Probe.LIFETIME.toSeconds());
            }
        }
    }

    private static Probe start(LabCluster lab) throws InterruptedException {
        return start(lab.servers(), SETTINGS);
    }

    private static Probe start(List<RedisServer> servers, ConnectionSettings settings) throws InterruptedException {
        Topology topology = new TopologyReader(SETTINGS)
                .discover(servers.stream().map(RedisServer::address).toList());
        return ProbeWriter.start(topology, settings, "test", Time.SYSTEM);
    }

    /** Until every shard has acknowledged so many writes more. */
    private static void writesMore(Probe probe, long count) {
        List<Long> goals = probe.current().shards().stream()
                .map(shard -> shard.writes() + count)
                .toList();
        patiently().until(() -> {
            for (int i = 0; i < goals.size(); i++) {
                if (probe.current().shards().get(i).writes() < goals.get(i)) {
                    return false;
                }
            }
            return true;
        });
    }

    private static ConditionFactory patiently() {
        return await().atMost(Labs.patience()).pollInterval(Duration.ofMillis(20));
    }

    private static List<String> keys(RedisServer server) {
        try (RespConnection connection = server.connect()) {
            return connection.texts("KEYS", "*");
        }
    }

    private static long number(RedisServer server, String field) {
        try (RespConnection connection = server.connect()) {
            return ServerInfo.read(connection, "replication").number(field).orElse(0);
        }
    }

    private static void call(RedisServer server, String... command) {
        try (RespConnection connection = server.connect()) {
            connection.call(command);
        }
    }
}
