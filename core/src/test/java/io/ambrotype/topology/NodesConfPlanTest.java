package io.ambrotype.topology;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.ambrotype.topology.NodesConfPlan.Target;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class NodesConfPlanTest {
    private static final NodeId A = new NodeId("a".repeat(40));
    private static final NodeId B = new NodeId("b".repeat(40));
    private static final NodeId C = new NodeId("c".repeat(40));
    private static final NodeId D = new NodeId("d".repeat(40));
    private static final Target MASTER_A = Target.master(A, "127.0.0.1", 7000, 17000, SlotSet.parse("0-8191"), 1);
    private static final Target MASTER_B = Target.master(B, "127.0.0.1", 7001, 17001, SlotSet.parse("8192-16383"), 2);
    private static final Target REPLICA_C = Target.replica(C, "::1", 7000, 17000, MASTER_B);

    @Test
    void makesTheFileOfEachNode() {
        NodesConfPlan plan = NodesConfPlan.of(List.of(MASTER_A, MASTER_B, REPLICA_C));
        assertThat(plan.fileFor(C).toText())
                .isEqualTo(A + " 127.0.0.1:7000@17000 master - 0 0 1 connected 0-8191\n" + B
                        + " 127.0.0.1:7001@17001 master - 0 0 2 connected 8192-16383\n" + C
                        + " ::1:7000@17000 myself,slave " + B + " 0 0 2 connected\n"
                        + "vars currentEpoch 2 lastVoteEpoch 0\n");
        assertThat(plan.fileFor(A).myself().id()).isEqualTo(A);
        assertThat(new NodesConfPlan(plan.nodes(), 9, 8).fileFor(B).toText())
                .endsWith("vars currentEpoch 9 lastVoteEpoch 8\n");
        assertThatThrownBy(() -> plan.fileFor(D)).hasMessage("0 nodes are flagged myself instead of one");
    }

    @Test
    void refusesPlansThatWouldNotStartAsTheyAre() {
        refused("node " + A + " is planned twice", MASTER_A, MASTER_A);
        refused("is used twice", MASTER_A, Target.master(B, "127.0.0.1", 7000, 17009, SlotSet.NONE, 2));
        refused("is used twice", MASTER_A, Target.master(B, "127.0.0.1", 17000, 17009, SlotSet.NONE, 2));
        refused(
                "slots 8191 of node " + B + " have two owners",
                MASTER_A,
                Target.master(B, "h", 1, 2, SlotSet.parse("8191-16383"), 2));
        refused("master " + B + " needs an epoch of its own, not 1", MASTER_A, master(B, 1));
        refused("master " + B + " needs an epoch of its own, not 0", MASTER_A, master(B, 0));
        refused("replica " + C + " belongs to a master that is not planned", MASTER_A, REPLICA_C);
        refused(
                "replica " + D + " belongs to a master that is not planned",
                MASTER_B,
                REPLICA_C,
                new Target(D, "h", 1, 2, Optional.of(C), SlotSet.NONE, 1));
        assertThatThrownBy(() -> new NodesConfPlan(List.of(MASTER_B), 1, 0))
                .hasMessage("epoch 2 of node " + B + " is above the current epoch 1");
        assertThatThrownBy(() -> new NodesConfPlan(List.of(MASTER_B), 2, -1)).hasMessageContaining("negative");
    }

    @Test
    void refusesTargetsThatOthersCannotBeTold() {
        assertThatThrownBy(() -> Target.master(A, "", 1, 2, SlotSet.NONE, 1))
                .hasMessageContaining("1 to 45 characters");
        assertThatThrownBy(() -> Target.master(A, "h".repeat(46), 1, 2, SlotSet.NONE, 1))
                .hasMessageContaining("1 to 45 characters");
        assertThatThrownBy(() -> Target.master(A, "h", 1, 0, SlotSet.NONE, 1)).hasMessageContaining("port 1@0");
        assertThatThrownBy(() -> Target.master(A, "h", 0, 1, SlotSet.NONE, 1)).hasMessageContaining("port 0@1");
        assertThatThrownBy(() -> new Target(A, "h", 1, 2, Optional.of(B), SlotSet.ALL, 1))
                .hasMessage("replica " + A + " cannot own slots");
    }

    private static Target master(NodeId id, long epoch) {
        return Target.master(id, "h", 1, 2, SlotSet.NONE, epoch);
    }

    private static void refused(String message, Target... nodes) {
        assertThatThrownBy(() -> NodesConfPlan.of(List.of(nodes)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining(message);
    }
}
