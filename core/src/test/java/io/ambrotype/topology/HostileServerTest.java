package io.ambrotype.topology;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.ambrotype.common.AmbrotypeException;
import io.ambrotype.common.ErrorCode;
import io.ambrotype.common.HostAndPort;
import io.ambrotype.resp.ConnectionSettings;
import io.ambrotype.servers.ScriptedServer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What servers say that are none, are broken, or mean harm. */
class HostileServerTest {
    private static final String ID = "a".repeat(40);
    private static final String INFO =
            "redis_version:7.0.15\r\nrun_id:r\r\nrole:master\r\nmaster_replid:" + ID + "\r\nmaster_repl_offset:5\r\n";
    private static final String CLUSTER = INFO + "cluster_enabled:1\r\n";
    private static final String STATE = "cluster_state:ok\r\ncluster_current_epoch:1\r\n";

    @Test
    void believesNoSentinelThatIsNone() {
        refused("redis_mode:sentinel\r\n" + INFO, ErrorCode.FAILED, "%s answered SENTINEL with an ");
    }

    @Test
    void namesTheServerWhoseInfoIsNone() {
        refused("", ErrorCode.FAILED, "%s: INFO tells no server version that can be read");
        refused("redis_version:7.0.15\r\n", ErrorCode.FAILED, "%s: the server's INFO has no run_id");
        refused(INFO.replace(ID, "x"), ErrorCode.FAILED, "%s: its INFO replication cannot be read: a replication id");
        refused(
                INFO.replace("master_replid", "replid"),
                ErrorCode.FAILED,
                "%s: the server's INFO has no master_replid");
    }

    @Test
    void locatesGarbageInAView() {
        try (ScriptedServer server = server(CLUSTER, ID + " :0@0 myself,mas - 0 0 1 connected\n", STATE)) {
            assertThatThrownBy(() -> discover(server))
                    .isInstanceOfSatisfying(
                            AmbrotypeException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.CORRUPT))
                    .hasMessage("CLUSTER NODES of " + server.address()
                            + ", line 1: 'myself,mas' are not the flags of a node");
        }
    }

    @Test
    void readsAroundOddReplicas() {
        String replicas = INFO + "slave0:ip=,port=1,state=online,offset=1,lag=0\r\n"
                + "slave1:ip=10.0.0.1,port=0,state=wait_bgsave,offset=x,lag=\r\n"
                + "slave2:ip=10.0.0.1,port=99999\r\nslave4:ip=10.0.0.1,port=7\r\n";
        try (ScriptedServer server = server(replicas, "", "")) {
            Topology topology = discover(server);
            assertThat(topology.nodes()).hasSize(1);
            assertThat(topology.nodes()
                            .getFirst()
                            .state()
                            .orElseThrow()
                            .replication()
                            .attached())
                    .hasSize(3)
                    .allMatch(attached -> attached.address().isEmpty());
        }
    }

    @Test
    void followsNoEndlessListOfNodes() {
        StringBuilder nodes = new StringBuilder(ID + " :7000@17000 myself,master - 0 0 1 connected 0-16383\n");
        for (int i = 0; i < 5000; i++) {
            nodes.append(String.format("%040x", i))
                    .append(" 192.0.2.1:")
                    .append(i + 1)
                    .append("@1 master - 0 0 ");
            nodes.append(i + 2).append(" connected\n");
        }
        try (ScriptedServer server = server(CLUSTER, nodes.toString(), STATE)) {
            assertThatThrownBy(() -> discover(server))
                    .hasMessage("the nodes found from " + server.address()
                            + " name more than 4096 addresses: too many for one deployment");
        }
    }

    @Test
    void needsSeeds() {
        assertThatThrownBy(() -> new TopologyReader(ConnectionSettings.defaults()).discover(List.of()))
                .hasMessage("a deployment needs an address to start from");
    }

    private static void refused(String info, ErrorCode code, String message) {
        try (ScriptedServer server = server(info, "", "")) {
            assertThatThrownBy(() -> discover(server)).isInstanceOfSatisfying(AmbrotypeException.class, e -> {
                assertThat(e.code()).isEqualTo(code);
                assertThat(e.getMessage()).startsWith(message.formatted(server.address()));
            });
        }
    }

    private static ScriptedServer server(String info, String nodes, String state) {
        return ScriptedServer.start(client -> client.answer("+PONG\r\n", bulk(info), bulk(nodes), bulk(state)));
    }

    private static String bulk(String text) {
        return "$" + text.getBytes(StandardCharsets.ISO_8859_1).length + "\r\n" + text + "\r\n";
    }

    private static Topology discover(ScriptedServer server) {
        HostAndPort address = server.address();
        return new TopologyReader(ConnectionSettings.defaults().withReplyTimeout(Duration.ofSeconds(5)))
                .discover(List.of(address));
    }
}
