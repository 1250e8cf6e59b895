package io.ambrotype.topology;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.ambrotype.common.AmbrotypeException;
import io.ambrotype.common.ErrorCode;
import io.ambrotype.common.HostAndPort;
import io.ambrotype.resp.ServerInfo;
import io.ambrotype.resp.ServerVersion;
import io.ambrotype.topology.Problem.Kind;
import io.ambrotype.topology.TopologyReader.Attempt;
import io.ambrotype.topology.TopologyReader.Sighting;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** What is made of views that real clusters show for moments only. */
class ClusterAssemblyTest {
    private static final String A = "a".repeat(40);
    private static final String B = "b".repeat(40);
    private static final String C = "c".repeat(40);
    private static final String D = "d".repeat(40);
    private static final String NODES = A + " 10.0.0.1:7000@17000 master - 0 0 1 connected 0-8191\n" + B
            + " 10.0.0.2:7000@17000 master - 0 0 2 connected 8192-16383\n" + C + " 10.0.0.3:7000@17000 slave " + A
            + " 0 0 1 connected\n";

    private final Map<HostAndPort, Attempt> attempts = new LinkedHashMap<>();

    @Test
    void findsNothingWrongWithAWholeCluster() {
        seen(1, A, NODES);
        seen(2, B, NODES);
        seen(3, C, NODES);
        Topology topology = topology();
        assertThat(topology.problems()).isEmpty();
        assertThat(topology.shards()).map(shard -> shard.slots().toString()).containsExactly("0-8191", "8192-16383");
        assertThat(topology.shards().getFirst().replicas()).hasSize(1);
    }

    @Test
    void tellsWhoSeesWhichOwner() {
        seen(1, A, NODES);
        seen(2, B, NODES.replace("0-8191", "0-4095 4100-8191").replace("8192-16383", "8192-16383 4096-4098"));
        seen(3, C, NODES);
        Topology topology = topology();
        assertThat(topology.problems(Kind.VIEWS_DISAGREE))
                .map(Problem::sentence)
                .containsExactly(
                        "slots 4096-4098 are those of 10.0.0.1:7000 for 10.0.0.1:7000 and 10.0.0.3:7000, "
                                + "of 10.0.0.2:7000 for 10.0.0.2:7000",
                        "slots 4099 are those of 10.0.0.1:7000 for 10.0.0.1:7000 and 10.0.0.3:7000, "
                                + "of nobody for 10.0.0.2:7000");
        // Both claim the slots; the higher epoch wins, as it will in the cluster.
        assertThat(topology.shardOf(4097).orElseThrow().master().id()).hasToString(B);
        assertThat(topology.shardOf(4099).orElseThrow().master().id()).hasToString(A);
        assertThat(topology.problems(Kind.UNCOVERED_SLOTS)).isEmpty();
    }

    @Test
    void summarizesManyDifferences() {
        StringBuilder mixed = new StringBuilder();
        // Each slot of the first hundred belongs to another pair of opinions in turn.
        StringBuilder many = new StringBuilder();
        for (int i = 0; i < 20; i++) {
            String id = String.format("%040x", i + 1);
            many.append(id).append(" 10.1.0." + i + ":7000@17000 master - 0 0 " + (10 + i) + " connected " + i + "\n");
            mixed.append(id)
                    .append(" 10.1.0." + i + ":7000@17000 master - 0 0 " + (10 + i) + " connected " + (19 - i) + "\n");
        }
        String rest = NODES.replace("0-8191", "20-8191");
        seen(1, A, rest + many);
        seen(2, B, rest + mixed);
        seen(3, C, rest + many);
        List<Problem> problems = topology().problems(Kind.VIEWS_DISAGREE);
        assertThat(problems).hasSize(13);
        assertThat(problems.getLast()).hasToString("views also differ in the owners of slots 12-19");
    }

    @Test
    void tellsWhoSeesWhichRole() {
        seen(1, A, NODES);
        seen(2, B, NODES.replace("slave " + A, "slave " + B));
        seen(3, C, NODES.replace("slave " + A, "master -"));
        Topology topology = topology();
        assertThat(topology.problems(Kind.VIEWS_DISAGREE))
                .singleElement()
                .hasToString(
                        "10.0.0.3:7000 is a master for 10.0.0.3:7000, a replica of 10.0.0.1:7000 for 10.0.0.1:7000, "
                                + "a replica of 10.0.0.2:7000 for 10.0.0.2:7000");
        assertThat(topology.shards()).hasSize(3);
        assertThat(topology.shards().getLast().slots()).isEqualTo(SlotSet.NONE);
    }

    @Test
    void tellsCollidingEpochs() {
        String nodes = NODES.replace(" 0 0 2 ", " 0 0 1 ");
        seen(1, A, nodes);
        seen(2, B, nodes);
        seen(3, C, nodes);
        assertThat(topology().problems())
                .singleElement()
                .hasToString("masters 10.0.0.1:7000 and 10.0.0.2:7000 have the same epoch 1");
    }

    @Test
    void tellsSuspicionsAndBrokenLinks() {
        seen(
                1,
                A,
                NODES.replace(
                        "@17000 slave " + A + " 0 0 1 connected", "@17000 slave,fail? " + A + " 0 0 1 disconnected"));
        seen(
                2,
                B,
                NODES.replace("@17000 slave " + A + " 0 0 1 connected", "@17000 slave " + A + " 0 0 1 disconnected"));
        seen(3, C, NODES.replace("7000@17000 master - 0 0 2", "7000@17000 master,fail - 0 0 2"));
        assertThat(topology().problems())
                .map(Problem::sentence)
                .containsExactly(
                        "master 10.0.0.2:7000 has failed for 10.0.0.3:7000",
                        "replica 10.0.0.3:7000 is not reached by 10.0.0.1:7000",
                        "the cluster bus from 10.0.0.2:7000 to 10.0.0.3:7000 is not connected");
    }

    @Test
    void tellsOrphansAndRings() {
        String nodes = NODES.replace("slave " + A, "slave " + "e".repeat(40)) + D + " 10.0.0.4:7000@17000 slave " + D
                + " 0 0 1 connected\n";
        seen(1, A, nodes);
        seen(2, B, nodes);
        Topology topology = topology();
        assertThat(topology.problems(Kind.ORPHAN_REPLICA))
                .map(Problem::sentence)
                .containsExactly(
                        "replica 10.0.0.3:7000 follows node eeeeeeee, which is no member",
                        "replica 10.0.0.4:7000 follows node dddddddd, which is no member");
        assertThat(topology.nodes()).hasSize(2);
    }

    @Test
    void placesAReplicaOfAReplicaInTheShard() {
        String nodes = NODES + D + " 10.0.0.4:7000@17000 slave " + C + " 0 0 1 connected\n";
        seen(1, A, nodes);
        Topology topology = topology();
        assertThat(topology.shardOf(new NodeId(D)).orElseThrow().master().id()).hasToString(A);
    }

    @Test
    void recognizesALoadingNodeByItsAddress() {
        seen(1, A, NODES);
        seen(2, B, NODES);
        attempts.put(
                address(3),
                new Attempt.Reached(state(3, "loading:1\r\n", Optional.empty(), Optional.of("LOADING, it says"))));
        assertThat(ClusterAssembly.unasked(sighting(), false)).isEmpty();
        Topology topology = topology();
        assertThat(topology.problems())
                .map(Problem::sentence)
                .containsExactly(
                        "10.0.0.3:7000 is loading its data", "10.0.0.3:7000 does not tell its view: LOADING, it says");
        assertThat(topology.node(new NodeId(C)).orElseThrow().isReached()).isTrue();
    }

    @Test
    void needsOneView() {
        attempts.put(
                address(1),
                new Attempt.Reached(state(1, "loading:1\r\n", Optional.empty(), Optional.of("LOADING, it says"))));
        assertThatThrownBy(this::topology).isInstanceOfSatisfying(AmbrotypeException.class, e -> {
            assertThat(e).hasMessage("no node tells its view of the cluster: LOADING, it says");
            assertThat(e.hint()).contains("wait until the node has loaded its data");
        });
    }

    @Test
    void tellsTwoServersWithOneId() {
        seen(1, A, NODES);
        seen(9, A, NODES);
        seen(2, B, NODES);
        seen(3, C, NODES);
        assertThat(topology().problems())
                .singleElement()
                .hasToString("10.0.0.1:7000 and 10.0.0.9:7000 are two servers with the same id " + A);
    }

    @Test
    void tellsAStrangerAtAnAddress() {
        seen(1, A, NODES);
        seen(2, B, NODES);
        seen(3, D, D + " :7000@17000 master - 0 0 0 connected\n");
        Sighting sighting = new Sighting(List.of(address(1)), attempts);
        Topology topology = new ClusterAssembly(sighting, false).topology();
        assertThat(topology.problems())
                .map(Problem::sentence)
                .containsExactly(
                        "at 10.0.0.3:7000 answers node dddddddd instead of cccccccc",
                        "replica 10.0.0.3:7000 does not answer");
        // As a seed it is another cluster.
        assertThatThrownBy(this::topology)
                .isInstanceOfSatisfying(
                        AmbrotypeException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.USAGE));
    }

    @Test
    void countsInWhoKnowsAMemberButIsNotKnown() {
        seen(1, A, NODES.lines().filter(line -> !line.startsWith(C)).reduce("", (all, line) -> all + line + "\n"));
        seen(2, B, NODES);
        seen(4, D, NODES + D + " 10.0.0.4:7000@17000 slave " + B + " 0 0 2 connected\n");
        seen(3, C, NODES);
        assertThat(topology().problems())
                .map(Problem::sentence)
                .containsExactly(
                        "10.0.0.3:7000 is a member for 10.0.0.2:7000, 10.0.0.3:7000 and 10.0.0.4:7000, but not for 10.0.0.1:7000",
                        "10.0.0.4:7000 is a member for 10.0.0.4:7000, but not for 10.0.0.1:7000, 10.0.0.2:7000 and 10.0.0.3:7000");
    }

    @Test
    void asksByNameOrAddress() {
        seen(1, A, NODES.replace("10.0.0.3:7000@17000", "10.0.0.3:7000@17000,redis-3"));
        assertThat(ClusterAssembly.unasked(sighting(), false)).containsExactly(address(2), address(3));
        assertThat(ClusterAssembly.unasked(sighting(), true))
                .containsExactly(address(2), new HostAndPort("redis-3", 7000));
        attempts.put(
                address(3), new Attempt.Failed(AmbrotypeException.of(ErrorCode.FAILED, "cannot connect to 10.0.0.3")));
        seen(2, B, NODES);
        assertThat(ClusterAssembly.unasked(sighting(), false)).containsExactly(new HostAndPort("redis-3", 7000));
        assertThat(new ClusterAssembly(new Sighting(List.of(address(1)), attempts), true)
                        .topology()
                        .problems(Kind.NODE_UNREACHABLE))
                .singleElement()
                .hasToString("replica 10.0.0.3:7000 does not answer: cannot connect to 10.0.0.3");
    }

    @Test
    void takesTheHigherEpochsWordForASilentNode() {
        seen(1, A, NODES.replace("10.0.0.3:7000", "10.0.0.30:7000"), 5);
        seen(2, B, NODES.replace("10.0.0.3:7000", "10.0.0.31:7000"), 6);
        Topology topology = topology();
        assertThat(topology.node(new NodeId(C)).orElseThrow().address()).contains(new HostAndPort("10.0.0.31", 7000));
        assertThat(topology.currentEpoch()).isEqualTo(6);
    }

    @Test
    void tellsReplicasOutOfStep() {
        seen(1, A, NODES);
        seen(2, B, NODES);
        String info = "role:slave\r\nmaster_host:10.0.0.1\r\nmaster_port:7000\r\nslave_read_only:1\r\n"
                + "slave_repl_offset:-1\r\nmaster_last_io_seconds_ago:-1\r\nmaster_replid:" + D + "\r\n";
        replica(info + "master_link_status:up\r\n");
        assertThat(topology().problems())
                .singleElement()
                .hasToString("replica 10.0.0.3:7000 has the replication id " + D + ", its master " + A);
        replica(info + "master_link_status:down\r\nmaster_sync_in_progress:1\r\n");
        assertThat(topology().problems())
                .singleElement()
                .hasToString("replica 10.0.0.3:7000 is receiving its first data");
        ReplicationState state = topology()
                .node(new NodeId(C))
                .orElseThrow()
                .state()
                .orElseThrow()
                .replication();
        assertThat(state.offset().value()).isZero();
        assertThat(state.lagSeconds()).isEmpty();
        assertThat(state.syncInProgress()).isTrue();
    }

    private void replica(String replication) {
        ServerInfo info = info(3, replication);
        attempts.put(
                address(3),
                new Attempt.Reached(new NodeState(
                        address(3),
                        ServerVersion.of(info),
                        "run-3",
                        ReplicationState.of(info),
                        info,
                        Optional.of(view(C, NODES, 2)),
                        Optional.empty())));
    }

    private void seen(int host, String myself, String nodes) {
        seen(host, myself, nodes, 2);
    }

    private void seen(int host, String myself, String nodes, long epoch) {
        attempts.put(
                address(host),
                new Attempt.Reached(state(host, "", Optional.of(view(myself, nodes, epoch)), Optional.empty())));
    }

    private static ClusterView view(String myself, String nodes, long epoch) {
        String own = nodes.replaceFirst("(?m)^(" + myself + " \\S+) ", "$1 myself,");
        return new ClusterView(NodesConf.parseLines(own.getBytes(StandardCharsets.UTF_8), "nodes"), true, epoch);
    }

    private static NodeState state(int host, String more, Optional<ClusterView> view, Optional<String> withoutView) {
        ServerInfo info = info(host, "role:master\r\nmaster_replid:" + A + "\r\nmaster_repl_offset:0\r\n" + more);
        return new NodeState(
                address(host),
                ServerVersion.of(info),
                "run-" + host,
                ReplicationState.of(info),
                info,
                view,
                withoutView);
    }

    private static ServerInfo info(int host, String replication) {
        return ServerInfo.parse("# Server\r\nredis_version:7.0.15\r\nrun_id:run-" + host
                + "\r\n# Cluster\r\ncluster_enabled:1\r\n# Replication\r\n" + replication);
    }

    private Sighting sighting() {
        return new Sighting(List.copyOf(attempts.keySet()), attempts);
    }

    private Topology topology() {
        return new ClusterAssembly(sighting(), false).topology();
    }

    private static HostAndPort address(int host) {
        return new HostAndPort("10.0.0." + host, 7000);
    }
}
