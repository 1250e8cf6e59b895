package io.ambrotype.heal;

import static io.ambrotype.heal.ThreeShards.A;
import static io.ambrotype.heal.ThreeShards.B;
import static io.ambrotype.heal.ThreeShards.C;
import static io.ambrotype.heal.ThreeShards.D;
import static io.ambrotype.heal.ThreeShards.E;
import static io.ambrotype.heal.ThreeShards.F;
import static io.ambrotype.heal.ThreeShards.TAKEN_OVER;
import static io.ambrotype.heal.ThreeShards.TAKEN_OVER_FROM_GHOST;
import static io.ambrotype.heal.ThreeShards.WHOLE;
import static io.ambrotype.heal.ThreeShards.seen;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.ambrotype.common.AmbrotypeException;
import io.ambrotype.common.ErrorCode;
import io.ambrotype.common.HostAndPort;
import io.ambrotype.heal.RebuiltNodesConf.Successor;
import io.ambrotype.topology.NodeId;
import io.ambrotype.topology.SeenCluster;
import io.ambrotype.topology.Topology;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** What file is made of which views, and when none is. */
class RebuiltNodesConfTest {
    @Test
    void aReplicaComesBackAsReplica() {
        RebuiltNodesConf rebuilt = rebuild(seen(WHOLE, 4), D);
        assertThat(rebuilt.conf().toText()).isEqualTo("""
                %s 10.0.0.1:7000@17000 master - 0 0 1 connected 0-5460
                %s 10.0.0.4:7000@17000 myself,slave %s 0 0 1 connected
                %s 10.0.0.2:7000@17000 master - 0 0 2 connected 5461-10922
                %s 10.0.0.5:7000@17000 slave %s 0 0 2 connected
                %s 10.0.0.3:7000@17000 master - 0 0 3 connected 10923-16383
                %s 10.0.0.6:7000@17000 slave %s 0 0 3 connected
                vars currentEpoch 3 lastVoteEpoch 3
                """.formatted(A, D, A, B, E, B, C, F, C));
        assertThat(rebuilt.warnings()).isEmpty();
    }

    @Test
    void aMasterThatStillOwnsItsSlotsComesBackAsTheirMasterWithAWarning() {
        RebuiltNodesConf rebuilt = rebuild(seen(WHOLE, 2), B);
        assertThat(rebuilt.conf().toText())
                .contains(B + " 10.0.0.2:7000@17000 myself,master - 0 0 2 connected 5461-10922\n");
        assertThat(rebuilt.warnings())
                .singleElement()
                .asString()
                .contains("an empty master empties its replicas")
                .contains("have 10.0.0.5:7000 take over first");
    }

    @Test
    void aMasterThatWasReplacedFollowsItsSuccessor() {
        RebuiltNodesConf rebuilt = rebuild(seen(TAKEN_OVER, 2), B);
        assertThat(rebuilt.conf().toText())
                .contains(B + " 10.0.0.2:7000@17000 myself,slave " + E + " 0 0 4 connected\n")
                .endsWith("vars currentEpoch 4 lastVoteEpoch 4\n");
        assertThat(rebuilt.master().orElseThrow().name()).isEqualTo("10.0.0.5:7000");
    }

    @Test
    void theShardsThatServersRememberGoBeforeGuessing() {
        Topology cluster = seen(TAKEN_OVER, 2);
        ShardMates mates = new ShardMates(List.of(Set.of(new NodeId(A), new NodeId(B)), Set.of(new NodeId(C))));
        assertThat(RebuiltNodesConf.of(cluster, new NodeId(B), Optional.empty(), Successor.FOUND_OUT, mates)
                        .master()
                        .orElseThrow()
                        .name())
                .isEqualTo("10.0.0.1:7000");
    }

    @Test
    void whereNothingTellsTheSuccessorItHasToBeNamed() {
        // Another shard has no replica either.
        Topology cluster = seen(TAKEN_OVER.replaceAll("(?m)^" + F + ".*\n", ""), 2, 6);
        assertThatThrownBy(() -> rebuild(cluster, B))
                .isInstanceOfSatisfying(AmbrotypeException.class, e -> {
                    assertThat(e.code()).isEqualTo(ErrorCode.UNSAFE);
                    assertThat(e.hint().orElseThrow()).contains("--of HOST:PORT");
                })
                .hasMessageContaining("it may be 10.0.0.5:7000 or 10.0.0.3:7000");
        assertThat(RebuiltNodesConf.of(
                                cluster,
                                new NodeId(B),
                                Optional.empty(),
                                new Successor.Named(new NodeId(E)),
                                ShardMates.UNKNOWN)
                        .master())
                .isPresent();
        assertThat(RebuiltNodesConf.of(
                                cluster, new NodeId(B), Optional.empty(), new Successor.Nobody(), ShardMates.UNKNOWN)
                        .conf()
                        .toText())
                .contains(B + " 10.0.0.2:7000@17000 myself,master - 0 0 2 connected\n");
    }

    @Test
    void aGhostWithoutAddressIsGivenOneOrLeftOut() {
        Topology cluster = seen(TAKEN_OVER_FROM_GHOST, 2);
        assertThatThrownBy(() -> rebuild(cluster, B)).hasMessageContaining("nobody knows the address of node bbbbbbbb");
        assertThat(RebuiltNodesConf.of(
                                cluster,
                                new NodeId(B),
                                Optional.of(new HostAndPort("10.0.0.2", 7000)),
                                Successor.FOUND_OUT,
                                ShardMates.UNKNOWN)
                        .conf()
                        .toText())
                .contains(B + " 10.0.0.2:7000@17000 myself,slave " + E);
        RebuiltNodesConf other = rebuild(cluster, D);
        assertThat(other.conf().toText()).doesNotContain(B);
        assertThat(other.notes()).containsExactly("node bbbbbbbb is left out: nobody knows its address any more");
    }

    @Test
    void refusesWherePeersDoNotAgree() {
        Topology cluster = new SeenCluster()
                .node(1, A, WHOLE)
                .node(2, B, WHOLE)
                .node(3, C, WHOLE.replace("slave " + B, "slave " + C))
                .topology();
        assertThatThrownBy(() -> rebuild(cluster, D))
                .isInstanceOfSatisfying(
                        AmbrotypeException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.UNSAFE))
                .hasMessage("the nodes do not agree on what 10.0.0.5:7000 is: a replica of 10.0.0.2:7000 for"
                        + " 10.0.0.1:7000, 10.0.0.2:7000; a replica of 10.0.0.3:7000 for 10.0.0.3:7000");
    }

    @Test
    void refusesWhatNobodyKnowsAndWhatNobodyTells() {
        Topology alone = new SeenCluster().node(1, A, WHOLE).topology();
        assertThatThrownBy(() -> rebuild(alone, A)).hasMessageContaining("no other node of the cluster answered");
        assertThatThrownBy(() -> rebuild(alone, "9".repeat(40)))
                .hasMessage("none of the 1 nodes that answered knows node 99999999");
    }

    @Test
    void warnsWhereSomeHaveForgottenIt() {
        Topology cluster = new SeenCluster()
                .node(1, A, WHOLE)
                .node(2, B, WHOLE.replaceAll("(?m)^" + D + ".*\n", ""))
                .topology();
        assertThat(rebuild(cluster, D).warnings())
                .containsExactly(
                        "only 1 of the 2 nodes that answered know node dddddddd: the others may have been told to forget it");
    }

    private static RebuiltNodesConf rebuild(Topology cluster, String id) {
        return RebuiltNodesConf.of(cluster, new NodeId(id), Optional.empty(), Successor.FOUND_OUT, ShardMates.UNKNOWN);
    }
}
