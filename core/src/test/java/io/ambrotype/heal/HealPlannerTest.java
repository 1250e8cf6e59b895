package io.ambrotype.heal;

import static org.assertj.core.api.Assertions.assertThat;

import io.ambrotype.common.HostAndPort;
import io.ambrotype.heal.Revival.LeftData;
import io.ambrotype.heal.Survey.Outsider;
import io.ambrotype.topology.Node;
import io.ambrotype.topology.NodeId;
import io.ambrotype.topology.NodesConf;
import io.ambrotype.topology.SeenCluster;
import io.ambrotype.topology.SlotSet;
import io.ambrotype.topology.Topology;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** What is recognized in which views, and what is done about it. */
class HealPlannerTest {
    private static final String A = "a".repeat(40);
    private static final String B = "b".repeat(40);
    private static final String C = "c".repeat(40);
    private static final String D = "d".repeat(40);
    private static final String E = "e".repeat(40);
    private static final String F = "f".repeat(40);
    private static final String X = "9".repeat(40);
    private static final List<String> IDS = List.of(A, B, C, D, E, F);

    private static final String WHOLE = """
            %s 10.0.0.1:7000@17000 master - 0 0 1 connected 0-5460
            %s 10.0.0.2:7000@17000 master - 0 0 2 connected 5461-10922
            %s 10.0.0.3:7000@17000 master - 0 0 3 connected 10923-16383
            %s 10.0.0.4:7000@17000 slave %s 0 0 1 connected
            %s 10.0.0.5:7000@17000 slave %s 0 0 2 connected
            %s 10.0.0.6:7000@17000 slave %s 0 0 3 connected
            """.formatted(A, B, C, D, A, E, B, F, C);

    /** B is gone without an address, E has its slots. */
    private static final String TAKEN_OVER = WHOLE.replace(
                    B + " 10.0.0.2:7000@17000 master - 0 0 2 connected 5461-10922",
                    B + " :0@0 master,fail,noaddr - 0 0 2 disconnected")
            .replace(
                    E + " 10.0.0.5:7000@17000 slave " + B + " 0 0 2 connected",
                    E + " 10.0.0.5:7000@17000 master - 0 0 4 connected 5461-10922");

    /** B is gone without an address and nobody noticed: peers do not look at nodes without address. */
    private static final String NOT_TAKEN_OVER = WHOLE.replace(
            B + " 10.0.0.2:7000@17000 master - 0 0 2 connected", B + " :0@0 master,noaddr - 0 0 2 disconnected");

    private final Map<HostAndPort, SlotSet> holdings = new HashMap<>();
    private final Map<HostAndPort, Revival> revivals = new HashMap<>();
    private final Map<HostAndPort, String> broken = new HashMap<>();
    private final List<Outsider> outsiders = new ArrayList<>();
    private final List<Node> orphans = new ArrayList<>();
    private Optional<EarlierLayout> earlier = Optional.empty();

    @Test
    void leavesAWholeClusterAlone() {
        assertThat(plan(seen(WHOLE)).isWell()).isTrue();
        // Also where a snapshot is of another time.
        earlier = Optional.of(layout(TAKEN_OVER, "the snapshot s", false));
        assertThat(plan(seen(WHOLE)).steps()).isEmpty();
    }

    @Test
    void aStrangerBecomesAReplicaTheGhostIsForgottenAndTheMasterFailedBack() {
        stranger(2, 0);
        HealPlan plan = plan(seen(TAKEN_OVER, 2));
        assertThat(kinds(plan)).containsExactly("Meet", "Replicate", "Forget", "FailBack");
        assertThat(plan.steps().get(1).text()).startsWith("make 10.0.0.2:7000 a replica of 10.0.0.5:7000");
        assertThat(plan.steps().get(2)).isEqualTo(new HealStep.Forget(new NodeId(B), "node bbbbbbbb"));
        assertThat(plan.steps().get(3).text()).startsWith("fail back from 10.0.0.5:7000 to 10.0.0.2:7000");
        assertThat(plan.leavesSomething()).isFalse();
    }

    @Test
    void aServerThatCanBeStartedFromHereGetsItsOwnIdBack() {
        stranger(2, 0);
        revivals.put(SeenCluster.address(2), revival(true, Optional.empty()));
        HealPlan plan = plan(seen(TAKEN_OVER, 2));
        assertThat(kinds(plan)).containsExactly("Revive", "FailBack");
        HealStep.Revive revive = (HealStep.Revive) plan.steps().getFirst();
        assertThat(revive.node().id()).hasToString(B);
        assertThat(revive.master().orElseThrow().id()).hasToString(E);
        assertThat(kinds(plan(seen(TAKEN_OVER, 2), new HealRequest(Set.of(), Set.of(), false, true))))
                .containsExactly("Meet", "Replicate", "Forget", "FailBack");
    }

    @Test
    void aReplicaThatLostItsIdentityComesBackAsReplica() {
        stranger(4, 0);
        HealPlan plan = plan(seen(WHOLE.replace(D + " 10.0.0.4:7000@17000 slave", D + " :0@0 slave,fail,noaddr"), 4));
        assertThat(kinds(plan)).containsExactly("Meet", "Replicate", "Forget");
        assertThat(plan.steps().get(1).text()).startsWith("make 10.0.0.4:7000 a replica of 10.0.0.1:7000");
    }

    @Test
    void withTwoGhostsOnlyEvidenceTellsWhoIsWho() {
        String two = TAKEN_OVER
                .replace(
                        C + " 10.0.0.3:7000@17000 master - 0 0 3 connected 10923-16383",
                        C + " :0@0 master,fail,noaddr - 0 0 3 disconnected")
                .replace(
                        F + " 10.0.0.6:7000@17000 slave " + C + " 0 0 3 connected",
                        F + " 10.0.0.6:7000@17000 master - 0 0 5 connected 10923-16383");
        stranger(2, 0);
        outsiders.add(outsider(3, "8".repeat(40), 0));
        HealPlan blind = plan(seen(two, 2, 3));
        assertThat(blind.matters())
                .extracting(HealPlan.Matter::finding)
                .hasAtLeastOneElementOfType(Finding.Stranger.class);
        assertThat(kinds(blind)).doesNotContain("FailBack");

        earlier = Optional.of(layout(WHOLE, "the file nodes.conf", false));
        HealPlan plan = plan(seen(two, 2, 3));
        assertThat(kinds(plan))
                .containsExactly("Meet", "Meet", "Replicate", "Replicate", "Forget", "Forget", "FailBack", "FailBack");
        assertThat(plan.steps().get(2).text()).startsWith("make 10.0.0.2:7000 a replica of 10.0.0.5:7000");
        assertThat(plan.steps().get(3).text()).startsWith("make 10.0.0.3:7000 a replica of 10.0.0.6:7000");
    }

    @Test
    void anOwnerThatLostItsIdentityIsNeverStartedEmpty() {
        stranger(2, 0);
        Topology wiped = seen(NOT_TAKEN_OVER, Map.of(), 2);
        HealPlan nothing = plan(wiped);
        assertThat(nothing.steps()).isEmpty();
        assertThat(nothing.matters().getFirst().left().orElseThrow())
                .startsWith("nobody that answers has its data (10.0.0.5:7000 is empty too)");
        revivals.put(SeenCluster.address(2), revival(true, Optional.empty()));
        assertThat(plan(wiped).steps()).isEmpty();

        revivals.put(
                SeenCluster.address(2),
                revival(true, Optional.of(new LeftData(Path.of("/srv/2/dump.rdb"), 7, Instant.EPOCH))));
        HealPlan plan = plan(wiped);
        assertThat(kinds(plan)).containsExactly("Revive");
        assertThat(((HealStep.Revive) plan.steps().getFirst()).master()).isEmpty();
        assertThat(plan.matters().getFirst().mend().orElseThrow())
                .contains("/srv/2/dump.rdb with 7 keys")
                .contains("nobody has newer data");
    }

    @Test
    void aReplicaThatStillHasTheDataTakesOverBeforeAnythingElse() {
        stranger(2, 0);
        revivals.put(
                SeenCluster.address(2),
                revival(true, Optional.of(new LeftData(Path.of("/srv/2/dump.rdb"), 7, Instant.EPOCH))));
        HealPlan plan = plan(seen(NOT_TAKEN_OVER, Map.of(5, 12L), 2));
        assertThat(kinds(plan)).containsExactly("TakeOver", "Revive", "FailBack");
        assertThat(((HealStep.Revive) plan.steps().get(1))
                        .master()
                        .orElseThrow()
                        .id())
                .hasToString(E);
    }

    @Test
    void whoLostOnlyTheFileKeepsItsData() {
        stranger(2, 9);
        holdings.put(SeenCluster.address(2), SlotSet.parse("5461-6000"));
        revivals.put(SeenCluster.address(2), revival(false, Optional.empty()));
        HealPlan plan = plan(seen(NOT_TAKEN_OVER, Map.of(5, 9L), 2));
        assertThat(kinds(plan)).containsExactly("Revive");
        assertThat(((HealStep.Revive) plan.steps().getFirst()).save()).isTrue();

        holdings.put(SeenCluster.address(2), SlotSet.parse("5460-6000"));
        assertThat(plan(seen(NOT_TAKEN_OVER, Map.of(5, 9L), 2)).steps()).isEmpty();
    }

    @Test
    void aStrangerWithDataIsTouchedOnlyWhereTheUserSaysSo() {
        stranger(2, 3);
        holdings.put(SeenCluster.address(2), SlotSet.parse("6000"));
        HealPlan plan = plan(seen(TAKEN_OVER, Map.of(5, 20L), 2));
        assertThat(plan.steps()).isEmpty();
        assertThat(plan.matters().getFirst().left().orElseThrow())
                .isEqualTo("it may hold what nobody else has, so it is not touched; its slots belong to 10.0.0.5:7000"
                        + " (20 keys). To keep its data: ambrotype backup redis://10.0.0.2:7000. When they are not"
                        + " needed: --discard 10.0.0.2:7000");
        HealPlan allowed =
                plan(seen(TAKEN_OVER, 2), new HealRequest(Set.of(SeenCluster.address(2)), Set.of(), false, false));
        assertThat(kinds(allowed)).containsExactly("Empty", "Meet", "Replicate", "Forget", "FailBack");
    }

    @Test
    void aMemberThatIsOnlyAwayIsNotForgottenAndHoldsUpWhatNeedsEverybody() {
        stranger(2, 0);
        HealPlan plan = plan(seen(TAKEN_OVER, 2, 6));
        assertThat(kinds(plan)).doesNotContain("Forget", "FailBack");
        earlier = Optional.of(layout(WHOLE, "the snapshot s", false));
        plan = plan(seen(TAKEN_OVER, 2, 6));
        assertThat(kinds(plan)).containsExactly("Meet", "Replicate");
        assertThat(plan.warnings())
                .anyMatch(warning -> warning.startsWith("node bbbbbbbb is not forgotten now, because 10.0.0.6:7000"))
                .anyMatch(warning -> warning.startsWith("10.0.0.2:7000 is not made master again now"));
        plan = plan(seen(TAKEN_OVER, 2, 6), new HealRequest(Set.of(), Set.of("ffff"), false, false));
        assertThat(kinds(plan)).containsExactly("Meet", "Replicate", "Forget", "Forget", "FailBack");
    }

    @Test
    void whoCannotStartIsStartedOnARebuiltFileButNeverAsAnEmptyOwner() {
        broken.put(SeenCluster.address(4), "is empty");
        revivals.put(SeenCluster.address(4), revival(false, Optional.empty()));
        HealPlan replica = plan(seen(WHOLE, 4));
        assertThat(kinds(replica)).containsExactly("Revive");
        assertThat(replica.steps().getFirst().text())
                .startsWith("put the nodes.conf of node dddddddd (a replica of 10.0.0.1:7000");

        String down = TAKEN_OVER.replace(B + " :0@0 master,fail,noaddr", B + " 10.0.0.2:7000@17000 master,fail");
        broken.put(SeenCluster.address(2), "is missing");
        revivals.put(SeenCluster.address(2), revival(false, Optional.empty()));
        assertThat(kinds(plan(seen(down, 2)))).containsExactly("Revive", "FailBack");
        // Its replica lives and has not taken over yet.
        assertThat(plan(seen(WHOLE, 2)).steps()).isEmpty();
        // Nobody else has its data: with them only.
        assertThat(plan(seen(WHOLE, 2, 5)).steps()).isEmpty();
        revivals.put(
                SeenCluster.address(2),
                revival(false, Optional.of(new LeftData(Path.of("/srv/2/dump.rdb"), 7, Instant.EPOCH))));
        assertThat(kinds(plan(seen(WHOLE, 2, 5)))).containsExactly("Revive");
    }

    @Test
    void aGhostIsForgotten() {
        HealPlan plan = plan(seen(WHOLE + X + " :0@0 master,fail,noaddr - 0 0 0 disconnected\n"));
        assertThat(kinds(plan)).containsExactly("Forget");
    }

    @Test
    void anOrphanIsGivenAMasterOnlyWhileEverySlotIsServed() {
        String orphan = WHOLE.replace(F + " 10.0.0.6:7000@17000 slave " + C, F + " 10.0.0.6:7000@17000 slave " + X);
        Node follower = seen(WHOLE).node(new NodeId(F)).orElseThrow();
        orphans.add(follower);
        HealPlan plan = plan(seen(orphan));
        assertThat(kinds(plan)).containsExactly("Replicate");
        assertThat(plan.steps().getFirst().text()).startsWith("make 10.0.0.6:7000 a replica of 10.0.0.3:7000");

        HealPlan unsafe = plan(seen(orphan, 3));
        assertThat(unsafe.steps()).isEmpty();
        assertThat(unsafe.matters())
                .anySatisfy(matter -> assertThat(matter.left().orElse(""))
                        .contains("slots 10923-16383 have no owner that answers, and it may hold their only copy"));
    }

    @Test
    void anExtraMasterFillsTheShardThatLacksAReplica() {
        String extra = WHOLE.replace(
                F + " 10.0.0.6:7000@17000 slave " + C + " 0 0 3", F + " 10.0.0.6:7000@17000 master - 0 0 0");
        HealPlan plan = plan(seen(extra));
        assertThat(kinds(plan)).containsExactly("Replicate");
        assertThat(plan.leavesSomething()).isFalse();
        // With keys it is left alone; nobody knows whose they are.
        HealPlan filled = plan(seen(extra, Map.of(6, 1L)));
        assertThat(filled.steps()).isEmpty();
        // A master without slots that has always been one is wanted so.
        String spare = WHOLE + X + " 10.0.0.9:7000@17000 master - 0 0 0 connected\n";
        HealPlan wanted = plan(add(seenCluster(spare, Map.of()), 9, X, spare).topology());
        assertThat(wanted.steps()).isEmpty();
        assertThat(wanted.matters().getFirst().left().orElseThrow()).contains("it may be wanted so");
    }

    @Test
    void whomSomeDoNotKnowIsMetAgain() {
        SeenCluster cluster = new SeenCluster();
        for (int host = 1; host <= 6; host++) {
            cluster.node(host, IDS.get(host - 1), host == 1 ? WHOLE.replaceAll("(?m)^" + F + ".*\n", "") : WHOLE);
        }
        HealPlan plan = plan(cluster.topology());
        assertThat(kinds(plan)).containsExactly("Meet");
        assertThat(plan.matters().getFirst().finding().what()).endsWith(" is not known to 10.0.0.1:7000");
    }

    @Test
    void aReturnedMasterIsProposedAndNotForced() {
        String returned = WHOLE.replace(
                        B + " 10.0.0.2:7000@17000 master - 0 0 2 connected 5461-10922",
                        B + " 10.0.0.2:7000@17000 slave " + E + " 0 0 4 connected")
                .replace(
                        E + " 10.0.0.5:7000@17000 slave " + B + " 0 0 2 connected",
                        E + " 10.0.0.5:7000@17000 master - 0 0 4 connected 5461-10922");
        assertThat(plan(seen(returned)).isWell()).isTrue();
        earlier = Optional.of(layout(WHOLE, "the snapshot s", false));
        HealPlan proposed = plan(seen(returned));
        assertThat(proposed.steps()).isEmpty();
        assertThat(proposed.matters().getFirst().left().orElseThrow())
                .isEqualTo("that may be wanted; to make it master again: --fail-back");
        assertThat(kinds(plan(seen(returned), new HealRequest(Set.of(), Set.of(), true, false))))
                .containsExactly("FailBack");
        earlier = Optional.of(layout(WHOLE, "the heal that was broken off", true));
        assertThat(kinds(plan(seen(returned)))).containsExactly("FailBack");
    }

    private HealPlan plan(Topology cluster) {
        return plan(cluster, HealRequest.PLAIN);
    }

    private HealPlan plan(Topology cluster, HealRequest request) {
        return HealPlanner.plan(
                new Scene(
                        new Survey(cluster, outsiders, orphans),
                        ShardMates.UNKNOWN,
                        earlier,
                        holdings,
                        revivals,
                        broken),
                request);
    }

    private static List<String> kinds(HealPlan plan) {
        return plan.steps().stream()
                .map(step -> step.getClass().getSimpleName())
                .toList();
    }

    private void stranger(int host, long keys) {
        outsiders.add(outsider(host, X, keys));
    }

    private static Outsider outsider(int host, String id, long keys) {
        String own = id + " 10.0.0." + host + ":7000@17000 master - 0 0 0 connected\n";
        return new Outsider(
                SeenCluster.address(host),
                new SeenCluster().node(host, id, own, keys, "").topology());
    }

    private static Revival revival(boolean moved, Optional<LeftData> data) {
        return new Revival(Path.of("/srv/2"), "nodes.conf", "exec redis-server", moved, "where its files were", data);
    }

    private static EarlierLayout layout(String nodes, String source, boolean wanted) {
        String conf = nodes.replaceFirst("master", "myself,master") + "vars currentEpoch 5 lastVoteEpoch 0\n";
        return new EarlierLayout(
                source,
                EarlierLayout.of(NodesConf.parse(conf.getBytes(StandardCharsets.UTF_8), "nodes.conf"), source)
                        .places(),
                wanted);
    }

    private static Topology seen(String nodes, int... silent) {
        return seen(nodes, Map.of(), silent);
    }

    private static Topology seen(String nodes, Map<Integer, Long> keys, int... silent) {
        return seenCluster(nodes, keys, silent).topology();
    }

    private static SeenCluster seenCluster(String nodes, Map<Integer, Long> keys, int... silent) {
        SeenCluster cluster = new SeenCluster();
        for (int host = 1; host <= IDS.size(); host++) {
            int here = host;
            if (Arrays.stream(silent).noneMatch(other -> other == here)) {
                cluster.node(host, IDS.get(host - 1), nodes, keys.getOrDefault(host, 0L), "");
            }
        }
        return cluster;
    }

    private static SeenCluster add(SeenCluster cluster, int host, String id, String nodes) {
        return cluster.node(host, id, nodes);
    }
}
