package io.ambrotype.backup;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.ambrotype.backup.BackupPlan.ShardPlan;
import io.ambrotype.common.AmbrotypeException;
import io.ambrotype.common.ErrorCode;
import io.ambrotype.common.HostAndPort;
import io.ambrotype.common.ReplicationId;
import io.ambrotype.common.ReplicationOffset;
import io.ambrotype.resp.ConnectionSettings;
import io.ambrotype.resp.ServerInfo;
import io.ambrotype.topology.DeploymentKind;
import io.ambrotype.topology.Node;
import io.ambrotype.topology.NodeId;
import io.ambrotype.topology.NodeState;
import io.ambrotype.topology.Problem;
import io.ambrotype.topology.ReplicationState;
import io.ambrotype.topology.Role;
import io.ambrotype.topology.Shard;
import io.ambrotype.topology.SlotSet;
import io.ambrotype.topology.Topology;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.Set;
import org.junit.jupiter.api.Test;

class BackupPlannerTest {
    private static final String HISTORY = "a".repeat(40);

    private static NodeId id(int number) {
        return new NodeId(String.format("%040x", number));
    }

    private static NodeState state(int port, Role role, String history, long offset, boolean linkUp, boolean readOnly) {
        ServerInfo info = ServerInfo.parse("# Server\r\nredis_version:7.0.15\r\nloading:0\r\n");
        return new NodeState(
                new HostAndPort("10.0.0.1", port),
                info.version(),
                "run",
                new ReplicationState(
                        role,
                        new ReplicationId(history),
                        new ReplicationOffset(offset),
                        Optional.empty(),
                        linkUp,
                        false,
                        OptionalLong.empty(),
                        readOnly,
                        List.of()),
                info,
                Optional.empty(),
                Optional.empty());
    }

    private static Node node(int port, Role role, String slots, long epoch, Optional<NodeState> state) {
        return new Node(
                id(port),
                Optional.of(new HostAndPort("10.0.0.1", port)),
                port + 10_000,
                Optional.empty(),
                OptionalInt.empty(),
                role,
                role == Role.MASTER ? Optional.empty() : Optional.of(id(7000)),
                SlotSet.parse(slots),
                epoch,
                Set.of(),
                List.of(),
                state);
    }

    private static Node master(String slots, long epoch, String history) {
        return node(7000, Role.MASTER, slots, epoch, Optional.of(state(7000, Role.MASTER, history, 100, true, false)));
    }

    private static Node replica(int port, String history, long offset, boolean linkUp, boolean readOnly) {
        return node(
                port, Role.REPLICA, "", 1, Optional.of(state(port, Role.REPLICA, history, offset, linkUp, readOnly)));
    }

    private static Topology topology(List<Problem> problems, Shard... shards) {
        return new Topology(DeploymentKind.CLUSTER, List.of(shards), 1, 1, problems);
    }

    @Test
    void theReplicaWithTheLeastLagIsReadAndTheMasterIsTheLastResort() {
        ShardPlan shard = BackupPlanner.plan(
                        "shop",
                        topology(
                                List.of(),
                                new Shard(
                                        master("0-16383", 1, HISTORY),
                                        List.of(
                                                replica(7001, HISTORY, 90, true, true),
                                                replica(7002, HISTORY, 100, true, true),
                                                replica(7003, HISTORY, 100, true, false),
                                                replica(7004, HISTORY, 100, false, true),
                                                replica(7005, "b".repeat(40), 100, true, true),
                                                node(7006, Role.REPLICA, "", 1, Optional.empty())))))
                .shards()
                .getFirst();
        assertThat(shard.candidates())
                .extracting(candidate -> candidate.address().port())
                .containsExactly(7002, 7001, 7000);
        assertThat(shard.passedOver())
                .containsExactly(
                        "replica 10.0.0.1:7003 is no source: it takes writes of its own",
                        "replica 10.0.0.1:7004 is no source: its link to its master is down",
                        "replica 10.0.0.1:7005 is no source: its data belong to another replication history than its"
                                + " master's",
                        "replica 10.0.0.1:7006 is no source: it did not answer");
    }

    @Test
    void refusesWhatCannotBeWhole() {
        Shard whole = new Shard(master("0-16383", 1, HISTORY), List.of());
        Problem open = new Problem(
                Problem.Kind.OPEN_SLOTS, Set.of(id(7000)), SlotSet.parse("5"), "slots 5 are open on 10.0.0.1:7000");
        assertThatThrownBy(() -> BackupPlanner.plan("shop", topology(List.of(open), whole)))
                .isInstanceOfSatisfying(AmbrotypeException.class, e -> {
                    assertThat(e.code()).isEqualTo(ErrorCode.UNSAFE);
                    assertThat(e)
                            .hasMessage("a snapshot of shop would not be whole: slots 5 are open on 10.0.0.1:7000");
                });
        assertThat(BackupPlanner.whatPreventsWholeSnapshot(topology(List.of(open), whole)))
                .containsExactly(open);
        Shard silent = new Shard(node(7000, Role.MASTER, "0-16383", 1, Optional.empty()), List.of());
        assertThatThrownBy(() -> BackupPlanner.plan("shop", topology(List.of(), silent)))
                .hasMessage("a snapshot of shop would not be whole: master 10.0.0.1:7000 did not answer");
        assertThat(BackupPlanner.plan("shop", topology(List.of(), whole)).warnings())
                .containsExactly(
                        "shard 0 is read from its master 10.0.0.1:7000, which has to fork for it: it has no replica");
        Shard dead = new Shard(node(7009, Role.MASTER, "", 0, Optional.empty()), List.of());
        BackupPlan plan = BackupPlanner.plan("shop", topology(List.of(), whole, dead));
        assertThat(plan.shards()).hasSize(1);
        assertThat(plan.warnings()).anyMatch(warning -> warning.startsWith("master 10.0.0.1:7009 owns no slots"));
    }

    @Test
    void aCaptureHoldsOnlyForItsLayoutAndHistory() {
        Node replica = replica(7001, HISTORY, 100, true, true);
        Topology before = topology(List.of(), new Shard(master("0-16383", 1, HISTORY), List.of(replica)));
        ShardPlan captured = BackupPlanner.plan("shop", before).shards().getFirst();
        ReplicationId history = new ReplicationId(HISTORY);
        assertThat(BackupPlanner.objection(captured, history, before)).isEmpty();
        assertThat(objection(captured, master("0-16382", 1, HISTORY))).contains("the slots of 10.0.0.1:7000 changed");
        assertThat(objection(captured, master("0-16383", 3, HISTORY)))
                .contains("the epoch of 10.0.0.1:7000 changed from 1 to 3");
        assertThat(objection(captured, master("0-16383", 1, "b".repeat(40))))
                .contains("the replication history of 10.0.0.1:7000 changed");
        assertThat(objection(captured, node(7000, Role.MASTER, "0-16383", 1, Optional.empty())))
                .contains("master 10.0.0.1:7000 does not answer any more");
        assertThat(objection(captured, node(7001, Role.MASTER, "0-16383", 2, Optional.empty())))
                .contains("10.0.0.1:7000 is no longer the master of shard 0");
        assertThat(BackupPlanner.isSourceIn(captured, captured.source(), before))
                .isTrue();
        assertThat(BackupPlanner.isSourceIn(
                        captured,
                        captured.source(),
                        topology(List.of(), new Shard(master("0-16383", 1, HISTORY), List.of()))))
                .isFalse();
    }

    private static Optional<String> objection(ShardPlan captured, Node master) {
        return BackupPlanner.objection(
                captured, new ReplicationId(HISTORY), topology(List.of(), new Shard(master, List.of())));
    }

    @Test
    void aHostHasOneGateUnderAllItsNames() {
        HostGate gate = new HostGate(2);
        assertThat(gate.of("127.0.0.1")).isSameAs(gate.of("::1")).isSameAs(gate.of("localhost"));
        assertThat(gate.of("10.0.0.1")).isNotSameAs(gate.of("10.0.0.2")).isSameAs(gate.of("10.0.0.1"));
        assertThat(gate.of("host.invalid").availablePermits()).isEqualTo(2);
    }

    @Test
    void requestsAreBounded() {
        BackupRequest request = BackupRequest.of(
                "shop", List.of(new HostAndPort("h", 1)), ConnectionSettings.defaults(), Path.of("/tmp"));
        assertThatThrownBy(() -> request.withParallel(17, 1))
                .hasMessage("the number of parallel captures must be between 1 and 16, not 17");
        assertThatThrownBy(() -> request.withParallel(1, 0))
                .hasMessage("the number of forks per host must be at least 1, not 0");
        assertThat(request.withNodesConfName(Optional.of("n")).nodesConfName()).contains("n");
    }
}
