package io.ambrotype.status;

import static org.assertj.core.api.Assertions.assertThat;

import io.ambrotype.common.HostAndPort;
import io.ambrotype.common.ReplicationId;
import io.ambrotype.common.ReplicationOffset;
import io.ambrotype.resp.ServerInfo;
import io.ambrotype.resp.ServerVersion;
import io.ambrotype.resp.ServerVersion.Vendor;
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
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** What is made of what servers tell, and of what they do not. */
class DeploymentStatusTest {
    private static final Instant AT = Instant.ofEpochSecond(1_800_000_000);
    private static final NodeId MASTER = new NodeId("a".repeat(40));
    private static final NodeId REPLICA = new NodeId("b".repeat(40));

    private final Map<String, String> info = new HashMap<>();
    private final List<Problem> problems = new ArrayList<>();
    private String history = "c".repeat(40);
    private long offset = 100;
    private boolean linkUp = true;
    private boolean syncing;
    private OptionalLong lagSeconds = OptionalLong.of(1);
    private boolean reached = true;

    private DeploymentStatus status() {
        Node master = node(MASTER, Optional.empty(), state(Role.MASTER, "c".repeat(40), 1000, Map.of()));
        Node replica = node(REPLICA, Optional.of(MASTER), state(Role.REPLICA, history, offset, info));
        return DeploymentStatus.of(
                "shop",
                new Topology(DeploymentKind.CLUSTER, List.of(new Shard(master, List.of(replica))), 1, 1, problems),
                Map.of(REPLICA, "900 1"),
                AT);
    }

    private NodeState state(Role role, String id, long offset, Map<String, String> told) {
        return new NodeState(
                new HostAndPort("10.0.0.1", 7000),
                ServerVersion.parse(Vendor.REDIS, "5.0.5"),
                "run",
                new ReplicationState(
                        role,
                        new ReplicationId(id),
                        new ReplicationOffset(offset),
                        Optional.empty(),
                        linkUp,
                        syncing,
                        lagSeconds,
                        true,
                        List.of()),
                new ServerInfo(Map.of("all", told)),
                Optional.empty(),
                Optional.empty());
    }

    private Node node(NodeId id, Optional<NodeId> master, NodeState state) {
        return new Node(
                id,
                Optional.of(new HostAndPort("10.0.0.1", master.isPresent() ? 7001 : 7000)),
                17000,
                Optional.empty(),
                OptionalInt.empty(),
                master.isPresent() ? Role.REPLICA : Role.MASTER,
                master,
                master.isPresent() ? SlotSet.NONE : SlotSet.ALL,
                1,
                Set.of(),
                List.of(),
                master.isEmpty() || reached ? Optional.of(state) : Optional.empty());
    }

    private NodeStatus replica() {
        return status().allNodes().getLast();
    }

    private List<String> kinds() {
        return status().problems().stream().map(StatusProblem::kind).toList();
    }

    @Test
    void whatIsNotToldStaysUntold() {
        NodeStatus replica = replica();
        assertThat(replica.save()).isEmpty();
        assertThat(replica.appendOnly()).isEmpty();
        assertThat(replica.uptimeSeconds()).isEmpty();
        assertThat(replica.usedMemory()).isEmpty();
        assertThat(replica.lagBytes()).hasValue(900);
        assertThat(status().healthy()).isTrue();

        reached = false;
        assertThat(replica().state()).isEqualTo(NodeStatus.State.UNREACHABLE);
        assertThat(replica().link()).isEmpty();
        assertThat(replica().keys()).isEmpty();
    }

    @Test
    void offsetsOfDifferentHistoriesAreNotCompared() {
        history = "d".repeat(40);
        assertThat(replica().lagBytes()).isEmpty();
        history = "c".repeat(40);
        offset = 2000;
        assertThat(replica().lagBytes()).hasValue(0);
    }

    @Test
    void aSaveAtTheStartIsNone() {
        info.putAll(Map.of("rdb_last_save_time", "1799999900", "uptime_in_seconds", "100"));
        assertThat(replica().save().orElseThrow()).satisfies(save -> {
            assertThat(save.sinceStart()).isFalse();
            assertThat(save.ok()).isTrue();
            assertThat(save.ageSeconds()).isEqualTo(100);
            assertThat(save.points()).contains("900 1");
        });
        info.put("rdb_last_bgsave_time_sec", "0");
        assertThat(replica().save().orElseThrow().sinceStart()).isTrue();
        info.putAll(Map.of("rdb_last_bgsave_time_sec", "-1", "rdb_last_save_time", "1799999950"));
        assertThat(replica().save().orElseThrow().sinceStart()).isTrue();
        // Its own clock is an hour behind; what it says is by that.
        info.put("server_time_usec", "1799996400000000");
        assertThat(replica().save().orElseThrow().ageSeconds()).isZero();
        info.put("rdb_last_save_time", Long.toString(Long.MAX_VALUE));
        assertThat(replica().save().orElseThrow().ageSeconds()).isZero();
    }

    @Test
    void whatHasFailedStandsOut() {
        info.putAll(Map.of(
                "rdb_last_save_time", "1799999900",
                "rdb_last_bgsave_status", "err",
                "aof_enabled", "1",
                "aof_last_write_status", "err",
                "used_memory", "95",
                "maxmemory", "100"));
        lagSeconds = OptionalLong.of(31);
        assertThat(kinds()).containsExactly("save-failed", "aof-failed", "memory-full", "replica-lags");
        assertThat(status().healthy()).isFalse();

        info.putAll(Map.of(
                "rdb_last_bgsave_status", "ok",
                "aof_last_write_status", "ok",
                "aof_last_bgrewrite_status", "err",
                "used_memory", "80"));
        lagSeconds = OptionalLong.of(30);
        assertThat(kinds()).containsExactly("aof-failed");
        // An old failure of what is switched off is none; nor is a lag of a link that is down and told as such.
        info.put("aof_enabled", "0");
        lagSeconds = OptionalLong.of(31);
        linkUp = false;
        assertThat(kinds()).isEmpty();
    }

    @Test
    void aLinkTellsHowFarItIs() {
        linkUp = false;
        syncing = true;
        info.putAll(Map.of("master_sync_left_bytes", "500", "master_link_down_since_seconds", "7"));
        assertThat(replica().link().orElseThrow())
                .isEqualTo(new NodeStatus.Link(false, true, OptionalLong.of(500), OptionalLong.of(7)));
        info.put("master_sync_left_bytes", "-1");
        assertThat(replica().link().orElseThrow().syncLeftBytes()).isEmpty();
    }

    @Test
    void everyKindOfProblemHasItsWordAndItsMeaning() {
        for (Problem.Kind kind : Problem.Kind.values()) {
            problems.add(new Problem(kind, Set.of(MASTER), SlotSet.NONE, "something is wrong"));
        }
        assertThat(status().problems()).hasSize(Problem.Kind.values().length).allSatisfy(problem -> {
            assertThat(problem.kind()).matches("[a-z]+(-[a-z]+)*");
            assertThat(problem.meaning()).isNotBlank().doesNotEndWith(".");
        });
        assertThat(status().problems()).extracting(StatusProblem::meaning).doesNotHaveDuplicates();
        assertThat(kinds()).startsWith("uncovered-slots");
    }
}
