package io.ambrotype.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.ambrotype.common.HostAndPort;
import io.ambrotype.resp.ServerVersion;
import io.ambrotype.resp.ServerVersion.Vendor;
import io.ambrotype.status.DeploymentStatus;
import io.ambrotype.status.NodeStatus;
import io.ambrotype.status.NodeStatus.AppendOnly;
import io.ambrotype.status.NodeStatus.Link;
import io.ambrotype.status.NodeStatus.Save;
import io.ambrotype.status.NodeStatus.State;
import io.ambrotype.status.ShardStatus;
import io.ambrotype.status.StatusProblem;
import io.ambrotype.topology.DeploymentKind;
import io.ambrotype.topology.NodeId;
import io.ambrotype.topology.Role;
import io.ambrotype.topology.SlotSet;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class StatusScreenTest {
    private static final Instant AT = Instant.parse("2026-11-22T15:53:28Z");

    private static NodeStatus node(String host, int port, Role role, State state, Optional<Link> link) {
        HostAndPort address = new HostAndPort(host, port);
        NodeId id = NodeId.ofAddress(address);
        boolean up = state == State.UP;
        return new NodeStatus(
                id,
                id.shortForm(),
                Optional.of(address),
                Optional.empty(),
                role,
                Optional.empty(),
                state,
                up ? Optional.of(ServerVersion.parse(Vendor.REDIS, "7.0.15")) : Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                up ? OptionalLong.of(300_000) : OptionalLong.empty(),
                List.of(),
                1,
                up ? Optional.of(true) : Optional.empty(),
                OptionalLong.empty(),
                link,
                OptionalLong.empty(),
                link.isPresent() ? OptionalLong.of(0) : OptionalLong.empty(),
                OptionalLong.empty(),
                up ? OptionalLong.of(1_234_567) : OptionalLong.empty(),
                up ? OptionalLong.of(3L << 30) : OptionalLong.empty(),
                OptionalLong.empty(),
                OptionalLong.empty(),
                OptionalLong.empty(),
                up
                        ? Optional.of(new Save(AT, 720, true, true, false, OptionalLong.empty(), Optional.of("900 1")))
                        : Optional.empty(),
                Optional.of(new AppendOnly(false, true, false)));
    }

    private static DeploymentStatus cluster(String host, int masters, List<StatusProblem> problems) {
        List<SlotSet> slots = SlotSet.split(masters);
        List<ShardStatus> shards = IntStream.range(0, masters)
                .mapToObj(i -> new ShardStatus(
                        i,
                        slots.get(i),
                        slots.get(i).size(),
                        node(host, 7000 + i, Role.MASTER, State.UP, Optional.empty()),
                        List.of(node(
                                host,
                                7000 + masters + i,
                                Role.REPLICA,
                                State.UP,
                                Optional.of(new Link(true, false, OptionalLong.empty(), OptionalLong.empty()))))))
                .toList();
        return new DeploymentStatus(
                "shop",
                DeploymentKind.CLUSTER,
                AT,
                problems.isEmpty(),
                16_384,
                6,
                2 * masters,
                2 * masters,
                shards,
                problems);
    }

    private static List<String> lines(DeploymentStatus status, int width) {
        return new StatusScreen(status, width, (_, text) -> text).lines();
    }

    @Test
    void aHealthyClusterStandsOnAnEightyColumnScreen() {
        List<String> lines = lines(cluster("10.0.0.1", 3, List.of()), 80);

        assertThat(lines)
                .startsWith(
                        "shop  healthy  2026-11-22 15:53:28 UTC",
                        "cluster state ok, all slots covered, epoch 6",
                        "3 masters, 3 replicas, Redis 7.0.15, 3,703,701 keys")
                .contains("slots 0-5460")
                .allMatch(line -> line.length() <= 80);
        assertThat(lines)
                .filteredOn(line -> line.contains("7003"))
                .singleElement()
                .asString()
                .contains("replica");
    }

    @Test
    void thirtyNodesAreOneLineEachWhereThereIsRoom() {
        assertThat(lines(cluster("10.0.0.1", 15, List.of()), 120)).hasSize(3 + 1 + 1 + 30);
    }

    @Test
    void longAddressesGoOnLinesOfTheirOwn() {
        List<String> lines = lines(cluster("2001:db8:ffff:ffff:ffff:ffff:ffff:ffff", 3, List.of()), 80);

        assertThat(lines)
                .contains("  [2001:db8:ffff:ffff:ffff:ffff:ffff:ffff]:7000")
                .allMatch(line -> line.length() <= 80);
    }

    @Test
    void whatIsWrongStandsOutAndIsExplainedOncePerKind() {
        NodeStatus down = node("10.0.0.9", 7009, Role.REPLICA, State.UNREACHABLE, Optional.empty());
        List<StatusProblem> problems = new ArrayList<>();
        for (int i = 0; i < 10; i++) {
            problems.add(new StatusProblem(
                    "replica-failing",
                    List.of(down.id()),
                    "replica 10.0.0.9:" + (7000 + i) + " failed",
                    "one copy less"));
        }
        List<String> lines = lines(cluster("10.0.0.1", 3, problems), 80);

        assertThat(lines)
                .contains("! replica 10.0.0.9:7000 failed", "! and 2 more like this")
                .containsOnlyOnce("  one copy less")
                .allMatch(line -> line.length() <= 80);
        assertThat(lines.getFirst()).contains("10 problems");
    }

    @Test
    void aNodeThatDoesNotAnswerKeepsItsPlace() {
        ShardStatus shard = new ShardStatus(
                0,
                SlotSet.ALL,
                16_384,
                node("10.0.0.1", 7000, Role.MASTER, State.UNREACHABLE, Optional.empty()),
                List.of(
                        node("10.0.0.1", 7001, Role.REPLICA, State.LOADING, Optional.empty()),
                        node(
                                "10.0.0.1",
                                7002,
                                Role.REPLICA,
                                State.UP,
                                Optional.of(new Link(false, true, OptionalLong.of(5 << 20), OptionalLong.empty())))));
        DeploymentStatus status = new DeploymentStatus(
                "shop", DeploymentKind.STANDALONE, AT, false, 16_384, 0, 3, 2, List.of(shard), List.of());

        assertThat(lines(status, 100))
                .contains("1 master, 2 replicas, 1 node without an answer, Redis 7.0.15, 0 keys")
                .anyMatch(line -> line.contains("7000") && line.contains("DOWN"))
                .anyMatch(line -> line.contains("7001") && line.contains("loading"))
                .anyMatch(line -> line.contains("7002") && line.contains("sync 5.0 MiB"));
    }

    @Test
    void aLogGetsALine() {
        DeploymentStatus status =
                cluster("10.0.0.1", 3, List.of(new StatusProblem("x", List.of(), "a thing\u001b is wrong", "hm")));

        assertThat(new StatusScreen(status, 80, (_, text) -> text).summary())
                .isEqualTo("2026-11-22T15:53:28Z  shop  1 problem  6 of 6 nodes  3,703,701 keys  lag 0 B"
                        + "  a thing? is wrong");
    }
}
