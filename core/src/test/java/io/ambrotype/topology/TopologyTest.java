package io.ambrotype.topology;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.ambrotype.common.HostAndPort;
import io.ambrotype.topology.LayoutDifference.Kind;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import org.junit.jupiter.api.Test;

class TopologyTest {
    private static final Topology BEFORE = cluster(
            shard(master(1, "0-8191"), replica(3, 1)),
            shard(master(2, "8192-16383"), replica(4, 2), replica(5, 2)),
            shard(master(6, "")));

    @Test
    void ordersShardsByTheirSlots() {
        Topology topology = cluster(shard(master(6, "")), shard(master(2, "8192-16383")), shard(master(1, "0-8191")));
        assertThat(topology.shards()).map(shard -> shard.master().name()).containsExactly("h1:1", "h2:1", "h6:1");
        assertThat(topology.shardOf(8192).orElseThrow().master().name()).isEqualTo("h2:1");
        assertThat(topology.shardOf(id(9))).isEmpty();
        assertThat(BEFORE.node(id(5)).orElseThrow().name()).isEqualTo("h5:1");
        assertThatThrownBy(() -> cluster(shard(master(1, "")), shard(master(1, ""))))
                .hasMessage("node " + id(1) + " stands in two places");
        assertThatThrownBy(() -> shard(replica(3, 1))).hasMessage("a shard is one master and replicas");
    }

    @Test
    void seesNoDifferenceInItself() {
        assertThat(BEFORE.sameLayout(BEFORE)).isTrue();
        assertThat(BEFORE.differencesFrom(BEFORE)).isEmpty();
    }

    @Test
    void tellsATakeoverAndWhatFollowedIt() {
        Topology after = cluster(
                shard(master(1, "0-8191"), replica(3, 1)),
                shard(master(4, "8192-16383"), replica(2, 4), replica(5, 4)),
                shard(master(6, "")));
        assertThat(after.differencesFrom(BEFORE))
                .containsExactly(new LayoutDifference(
                        Kind.MASTER_CHANGED,
                        Set.of(id(2), id(4)),
                        SlotSet.parse("8192-16383"),
                        "the owner of slots 8192-16383 was h2:1 and is h4:1, which was its replica"));
    }

    @Test
    void tellsSlotsThatMovedAndReplicasThatWent() {
        Topology after = cluster(
                shard(master(1, "0-8000"), replica(3, 1), replica(5, 1)),
                shard(master(2, "8192-16383"), replica(4, 2)),
                shard(master(6, "8001-8190")));
        assertThat(after.differencesFrom(BEFORE))
                .map(LayoutDifference::toString)
                .containsExactly(
                        "the owner of slots 8001-8190 was h1:1 and is h6:1",
                        "the owner of slots 8191 was h1:1 and is nobody",
                        "h5:1 was a replica of h2:1 and is one of h1:1");
        assertThat(after.differencesFrom(BEFORE))
                .map(LayoutDifference::kind)
                .containsExactly(Kind.SLOTS_MOVED, Kind.SLOTS_MOVED, Kind.REPLICA_MOVED);
        assertThat(BEFORE.differencesFrom(after))
                .map(LayoutDifference::toString)
                .contains("the owner of slots 8191 was nobody and is h1:1");
    }

    @Test
    void tellsMembersAndRoles() {
        Topology after = cluster(
                shard(master(1, "0-8191"), replica(3, 1), replica(6, 1)),
                shard(master(2, "8192-16383"), replica(4, 2), replica(7, 2)));
        assertThat(after.differencesFrom(BEFORE))
                .map(LayoutDifference::toString)
                .containsExactlyInAnyOrder(
                        "h5:1 is no member any more", "h6:1 was a master and is a replica", "h7:1 is a new replica");
    }

    @Test
    void tellsAnotherKind() {
        Topology standalone =
                new Topology(DeploymentKind.STANDALONE, List.of(shard(master(1, "0-16383"))), 0, 0, List.of());
        assertThat(standalone.differencesFrom(BEFORE).getFirst())
                .hasToString("the deployment was a cluster and is a standalone server");
        assertThat(BEFORE.differencesFrom(standalone).getFirst())
                .hasToString("the deployment was a standalone server and is a cluster");
    }

    @Test
    void refusesReplicasWithSlots() {
        assertThatThrownBy(() -> node(3, Role.REPLICA, Optional.of(id(1)), SlotSet.ALL))
                .hasMessage("replica " + id(3) + " cannot own slots");
    }

    private static Topology cluster(Shard... shards) {
        return new Topology(DeploymentKind.CLUSTER, List.of(shards), 6, 6, List.of());
    }

    private static Shard shard(Node master, Node... replicas) {
        return new Shard(master, new ArrayList<>(List.of(replicas)));
    }

    private static Node master(int number, String slots) {
        return node(number, Role.MASTER, Optional.empty(), SlotSet.parse(slots));
    }

    private static Node replica(int number, int master) {
        return node(number, Role.REPLICA, Optional.of(id(master)), SlotSet.NONE);
    }

    private static Node node(int number, Role role, Optional<NodeId> master, SlotSet slots) {
        return new Node(
                id(number),
                Optional.of(new HostAndPort("h" + number, 1)),
                2,
                Optional.empty(),
                OptionalInt.empty(),
                role,
                master,
                slots,
                number,
                Set.of(),
                List.of(),
                Optional.empty());
    }

    private static NodeId id(int number) {
        return new NodeId(String.format("%040d", number));
    }
}
