package io.ambrotype.heal;

import static io.ambrotype.heal.ThreeShards.D;
import static io.ambrotype.heal.ThreeShards.F;
import static io.ambrotype.heal.ThreeShards.WHOLE;
import static io.ambrotype.heal.ThreeShards.cluster;
import static io.ambrotype.heal.ThreeShards.seen;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.ambrotype.common.AmbrotypeException;
import io.ambrotype.common.ErrorCode;
import io.ambrotype.resp.ServerVersion;
import io.ambrotype.resp.ServerVersion.Vendor;
import io.ambrotype.topology.NodeState;
import io.ambrotype.topology.SeenCluster;
import io.ambrotype.topology.Topology;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** Which servers are taken, for which master, and which are not. */
class AddReplicaPlanTest {
    private static final String X = "9".repeat(40);
    private static final String OWN = X + " 10.0.0.9:7000@17000 master - 0 0 0 connected\n";

    @Test
    void theMasterWithTheFewestReplicasIsChosenOrTheOneThatIsNamed() {
        AddReplicaPlan plan = plan(seen(WHOLE.replaceAll("(?m)^" + F + ".*\n", ""), 6), newcomer(), null);
        assertThat(plan.master().address()).isEqualTo(SeenCluster.address(3));
        assertThat(plan.reason()).isEqualTo("it has no replica that answers");
        assertThat(plan.steps()).hasSize(2);
        assertThat(plan.members()).hasSize(5);
        assertThat(plan.busPort()).isEqualTo(17_000);
        AddReplicaPlan even = plan(seen(WHOLE), newcomer(), null);
        assertThat(even.reason()).isEqualTo("no master has fewer than its 1 replica");
        assertThat(plan(seen(WHOLE), newcomer(), "10.0.0.2:7000").master().address())
                .isEqualTo(SeenCluster.address(2));
        assertThat(plan(seen(WHOLE, 6), newcomer(), "cccc").warnings())
                .anyMatch(warning -> warning.contains("10.0.0.6:7000"));
    }

    @Test
    void onlyAMasterWithSlotsThatAnswersCanBeNamed() {
        refused(ErrorCode.USAGE, seen(WHOLE), newcomer(), D, "10.0.0.4:7000 is itself a replica, of 10.0.0.1:7000");
        refused(ErrorCode.USAGE, seen(WHOLE), newcomer(), "1".repeat(40), "no member of the cluster is known as");
        String spare = WHOLE + "8".repeat(40) + " 10.0.0.8:7000@17000 master - 0 0 0 connected\n";
        refused(
                ErrorCode.USAGE,
                seen(spare),
                newcomer(),
                "8888",
                "10.0.0.8:7000 has no slots: there is nothing to copy");
        refused(ErrorCode.UNSAFE, seen(WHOLE, 2), newcomer(), "10.0.0.2:7000", "10.0.0.2:7000 does not answer");
    }

    @Test
    void whoIsAMemberAlreadyIsFinishedOrRefused() {
        String met = WHOLE + OWN;
        Topology cluster = cluster(met, Map.of()).node(9, X, met).topology();
        NodeState state = new SeenCluster()
                .node(9, X, met).topology().nodes().stream()
                        .filter(node -> node.id().value().equals(X))
                        .findFirst()
                        .orElseThrow()
                        .state()
                        .orElseThrow();
        AddReplicaPlan plan = plan(cluster, state, null);
        assertThat(plan.met()).isTrue();
        assertThat(plan.steps()).hasSize(1);
        refused(ErrorCode.USAGE, cluster, state, X, "10.0.0.9:7000 cannot be its own replica");

        String replica = WHOLE + OWN.replace("master -", "slave " + D.replace('d', 'a'));
        Topology joined = cluster(replica, Map.of()).node(9, X, replica).topology();
        refused(ErrorCode.UNSAFE, joined, state, null, "is a member already: a replica of 10.0.0.1:7000");
        // Another node had that address.
        refused(
                ErrorCode.UNSAFE,
                seen(WHOLE + "8".repeat(40) + " 10.0.0.9:7000@17000 slave " + D.replace('d', 'a')
                        + " 0 0 1 connected\n"),
                newcomer(),
                null,
                "the cluster has node 88888888 at 10.0.0.9:7000, and another one answers there, 99999999");
    }

    @Test
    void aServerThatCannotReadItsMastersDataIsRefusedAndAnOlderOneWarnedOf() {
        refused(ErrorCode.UNSAFE, seen(WHOLE), newcomer("redis_version:6.2.0"), null, "the newer Redis 7.0.15");
        assertThat(plan(seen(WHOLE), newcomer("redis_version:7.0.9"), null).warnings())
                .anyMatch(warning -> warning.startsWith("10.0.0.9:7000 has Redis 7.0.9, older than its master's"));
    }

    @Test
    void whatEachVersionReads() {
        assertThat(RdbCompatibility.refusal(redis(7, 4), redis(7, 2))).isEmpty();
        assertThat(RdbCompatibility.refusal(redis(7, 2), redis(7, 4))).isPresent();
        assertThat(RdbCompatibility.refusal(redis(8, 0), redis(8, 6))).isPresent();
        assertThat(RdbCompatibility.refusal(redis(8, 6), redis(8, 8))).isPresent();
        assertThat(RdbCompatibility.refusal(valkey(8, 1), redis(7, 2))).isEmpty();
        assertThat(RdbCompatibility.refusal(valkey(8, 1), redis(7, 4))).isPresent();
        assertThat(RdbCompatibility.refusal(redis(7, 0), valkey(8, 1))).isPresent();
        assertThat(RdbCompatibility.refusal(redis(7, 2), valkey(9, 1))).isEmpty();
        assertThat(RdbCompatibility.refusal(valkey(8, 1), valkey(9, 1))).isPresent();
    }

    private static ServerVersion redis(int major, int minor) {
        return new ServerVersion(Vendor.REDIS, major, minor, 0);
    }

    private static ServerVersion valkey(int major, int minor) {
        return new ServerVersion(Vendor.VALKEY, major, minor, 0);
    }

    private static void refused(
            ErrorCode code, Topology cluster, NodeState state, @Nullable String master, String reason) {
        assertThatThrownBy(() -> plan(cluster, state, master))
                .isInstanceOfSatisfying(
                        AmbrotypeException.class, e -> assertThat(e.code()).isEqualTo(code))
                .hasMessageContaining(reason);
    }

    private static AddReplicaPlan plan(Topology cluster, NodeState state, @Nullable String master) {
        return AddReplica.plan(cluster, SeenCluster.address(9), state, Optional.ofNullable(master));
    }

    private static NodeState newcomer() {
        return newcomer("redis_version:7.0.15");
    }

    private static NodeState newcomer(String version) {
        return new SeenCluster(version)
                .node(9, X, OWN)
                .topology()
                .nodes()
                .getFirst()
                .state()
                .orElseThrow();
    }
}
