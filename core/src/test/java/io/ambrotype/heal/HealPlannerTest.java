package io.ambrotype.heal;

import static io.ambrotype.heal.ThreeShards.A;
import static io.ambrotype.heal.ThreeShards.B;
import static io.ambrotype.heal.ThreeShards.C;
import static io.ambrotype.heal.ThreeShards.D;
import static io.ambrotype.heal.ThreeShards.E;
import static io.ambrotype.heal.ThreeShards.F;
import static io.ambrotype.heal.ThreeShards.IDS;
import static io.ambrotype.heal.ThreeShards.NOT_TAKEN_OVER;
import static io.ambrotype.heal.ThreeShards.TAKEN_OVER;
import static io.ambrotype.heal.ThreeShards.TAKEN_OVER_FROM_GHOST;
import static io.ambrotype.heal.ThreeShards.WHOLE;
import static io.ambrotype.heal.ThreeShards.cluster;
import static io.ambrotype.heal.ThreeShards.seen;
import static io.ambrotype.heal.ThreeShards.withoutAddress;
import static org.assertj.core.api.Assertions.assertThat;

import io.ambrotype.common.HostAndPort;
import io.ambrotype.control.Member;
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
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** What is recognized in which views, and what is done about it. */
class HealPlannerTest {
    private static final String X = "9".repeat(40);
    private static final HealRequest TAKE_OVER = new HealRequest(Set.of(), Set.of(), true, false, false);
    private static final HealRequest FAIL_BACK = new HealRequest(Set.of(), Set.of(), false, true, false);
    private static final HealRequest NEW_IDS = new HealRequest(Set.of(), Set.of(), false, false, true);

    private final Map<HostAndPort, SlotSet> holdings = new HashMap<>();
    private final Map<HostAndPort, Revival> revivals = new HashMap<>();
    private final Map<HostAndPort, String> broken = new HashMap<>();
    private final List<Outsider> outsiders = new ArrayList<>();
    private final List<Node> orphans = new ArrayList<>();
    private final List<HostAndPort> unanswered = new ArrayList<>();
    private Optional<EarlierLayout> earlier = Optional.empty();

    @Test
    void leavesAWholeClusterAlone() {
        assertThat(plan(seen(WHOLE)).isWell()).isTrue();
        // Also where a snapshot is of another time.
        earlier = Optional.of(layout(TAKEN_OVER_FROM_GHOST, "the snapshot s", false));
        assertThat(plan(seen(WHOLE)).steps()).isEmpty();
    }

    @Test
    void aStrangerBecomesAReplicaTheGhostIsForgottenAndTheMasterFailedBack() {
        stranger(2, 0);
        HealPlan plan = plan(seen(TAKEN_OVER_FROM_GHOST, 2));
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
        HealPlan plan = plan(seen(TAKEN_OVER_FROM_GHOST, 2));
        assertThat(kinds(plan)).containsExactly("Revive", "FailBack");
        HealStep.Revive revive = (HealStep.Revive) plan.steps().getFirst();
        assertThat(revive.node().id()).hasToString(B);
        assertThat(revive.master().orElseThrow().id()).hasToString(E);
        assertThat(kinds(plan(seen(TAKEN_OVER_FROM_GHOST, 2), NEW_IDS)))
                .containsExactly("Meet", "Replicate", "Forget", "FailBack");
    }

    @Test
    void aReplicaThatLostItsIdentityComesBackAsReplica() {
        stranger(4, 0);
        HealPlan plan = plan(seen(withoutAddress(WHOLE, D), 4));
        assertThat(kinds(plan)).containsExactly("Meet", "Replicate", "Forget");
        assertThat(plan.steps().get(1).text()).startsWith("make 10.0.0.4:7000 a replica of 10.0.0.1:7000");
    }

    @Test
    void withTwoGhostsOnlyEvidenceTellsWhoIsWho() {
        String two = TAKEN_OVER_FROM_GHOST
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
        HealPlan plan = plan(seen(TAKEN_OVER_FROM_GHOST, Map.of(5, 20L), 2));
        assertThat(plan.steps()).isEmpty();
        assertThat(plan.matters().getFirst().left().orElseThrow())
                .isEqualTo("it may hold what nobody else has, so it is not touched; its slots belong to 10.0.0.5:7000"
                        + " (20 keys). To keep its data: ambrotype backup redis://10.0.0.2:7000. When they are not"
                        + " needed: --discard 10.0.0.2:7000");
        HealPlan allowed = plan(seen(TAKEN_OVER_FROM_GHOST, 2), discard(2));
        assertThat(kinds(allowed)).containsExactly("Empty", "Meet", "Replicate", "Forget", "FailBack");
    }

    @Test
    void aMemberThatIsOnlyAwayIsNotForgottenAndHoldsUpWhatNeedsEverybody() {
        stranger(2, 0);
        HealPlan plan = plan(seen(TAKEN_OVER_FROM_GHOST, 2, 6));
        assertThat(kinds(plan)).doesNotContain("Forget", "FailBack");
        earlier = Optional.of(layout(WHOLE, "the snapshot s", false));
        plan = plan(seen(TAKEN_OVER_FROM_GHOST, 2, 6));
        assertThat(kinds(plan)).containsExactly("Meet", "Replicate");
        assertThat(plan.warnings())
                .anyMatch(warning -> warning.startsWith("node bbbbbbbb is not forgotten now, because 10.0.0.6:7000"))
                .anyMatch(warning -> warning.startsWith("10.0.0.2:7000 is not made master again now"));
        plan = plan(seen(TAKEN_OVER_FROM_GHOST, 2, 6), forget("ffff"));
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

        broken.put(SeenCluster.address(2), "is missing");
        revivals.put(SeenCluster.address(2), revival(false, Optional.empty()));
        assertThat(kinds(plan(seen(TAKEN_OVER, 2)))).containsExactly("Revive", "FailBack");
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
        HealPlan wanted = plan(cluster(spare, Map.of()).node(9, X, spare).topology());
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
        assertThat(kinds(plan(seen(returned), FAIL_BACK))).containsExactly("FailBack");
        earlier = Optional.of(layout(WHOLE, "the heal that was broken off", true));
        assertThat(kinds(plan(seen(returned)))).containsExactly("FailBack");
    }

    @Test
    void bothNodesOfAShardComeBackInOneGoTheOwnerFirst() {
        String both = withoutAddress(NOT_TAKEN_OVER, E);
        outsiders.add(outsider(5, "8".repeat(40), 0));
        stranger(2, 0);
        earlier = Optional.of(layout(WHOLE, "the file nodes.conf", false));
        revivals.put(SeenCluster.address(2), revival(true, left("/srv/2/dump.rdb", 7, 10)));
        revivals.put(SeenCluster.address(5), revival(true, left("/srv/5/dump.rdb", 7, 20)));
        HealPlan plan = plan(seen(both, 2, 5));
        assertThat(kinds(plan)).containsExactly("Revive", "Revive");
        assertThat(((HealStep.Revive) plan.steps().getFirst()).node().id()).hasToString(B);
        assertThat(((HealStep.Revive) plan.steps().getLast())
                        .master()
                        .orElseThrow()
                        .id())
                .hasToString(B);

        // What the replica left would be overwritten by what its master starts with.
        revivals.put(SeenCluster.address(5), revival(true, left("/srv/5/dump.rdb", 9, 20)));
        HealPlan asked = plan(seen(both, 2, 5));
        assertThat(asked.steps()).isEmpty();
        assertThat(asked.matters().getFirst().left().orElseThrow())
                .isEqualTo("it left data, /srv/2/dump.rdb with 7 keys, written 1970-01-01T00:00:10Z, and its replica at"
                        + " 10.0.0.5:7000 newer ones, /srv/5/dump.rdb with 9 keys, written 1970-01-01T00:00:20Z. Copy"
                        + " those over the older ones and run heal again; or, when they are not needed: --discard"
                        + " 10.0.0.5:7000");
        assertThat(kinds(plan(seen(both, 2, 5), discard(5)))).containsExactly("Revive", "Revive");
    }

    @Test
    void whatWasLeftIsNotOverwrittenByASuccessorThatHasNothing() {
        stranger(2, 0);
        revivals.put(SeenCluster.address(2), revival(true, left("/srv/2/dump.rdb", 7, 10)));
        Topology emptied = seen(TAKEN_OVER_FROM_GHOST, Map.of(1, 5L), 2);
        HealPlan plan = plan(emptied);
        assertThat(plan.steps()).isEmpty();
        assertThat(plan.matters().getFirst().left().orElseThrow())
                .startsWith(
                        "10.0.0.5:7000 has its slots now and is empty, and it left data: /srv/2/dump.rdb with 7 keys")
                .endsWith("When they are not needed: --discard 10.0.0.2:7000");
        assertThat(kinds(plan(emptied, discard(2)))).containsExactly("Revive", "FailBack");
        assertThat(kinds(plan(seen(TAKEN_OVER_FROM_GHOST, Map.of(5, 6L), 2)))).containsExactly("Revive", "FailBack");
        revivals.put(SeenCluster.address(2), revival(true, left("/srv/2/dump.rdb", 0, 10)));
        assertThat(kinds(plan(emptied))).containsExactly("Revive", "FailBack");

        outsiders.clear();
        broken.put(SeenCluster.address(2), "is empty");
        revivals.put(SeenCluster.address(2), revival(false, left("/srv/2/appendonly.aof", -1, 10)));
        assertThat(plan(seen(TAKEN_OVER, 2)).steps()).isEmpty();
        assertThat(kinds(plan(seen(TAKEN_OVER, 2), discard(2)))).containsExactly("Revive", "FailBack");
    }

    @Test
    void aDeadOwnerIsReplacedWithoutAVoteOnlyWhereTheUserSaysSo() {
        Topology minority = seen(WHOLE, Map.of(5, 8L), 2, 3);
        HealPlan lost = plan(minority);
        assertThat(lost.steps()).isEmpty();
        assertThat(lost.matters().getFirst().left().orElseThrow())
                .startsWith("nobody can be elected in its place, because most masters do not answer");
        HealPlan forced = plan(minority, TAKE_OVER);
        assertThat(forced.steps())
                .containsExactly(new HealStep.TakeOver(
                        new Member(new NodeId(E), SeenCluster.address(5)), new NodeId(B), 8, false));
        assertThat(forced.steps().getFirst().text()).contains("TAKEOVER: too few masters are left to vote");
        // The other one's replica has nothing that could be served.
        assertThat(forced.matters())
                .anySatisfy(matter ->
                        assertThat(matter.left()).contains("10.0.0.6:7000 is empty: start it with its own files"));

        Topology one = seen(WHOLE, Map.of(5, 8L), 2);
        assertThat(plan(one).matters().getFirst().left())
                .contains("10.0.0.5:7000 will take over after cluster-node-timeout; if it does not: --take-over");
        assertThat(plan(one, TAKE_OVER).steps().getFirst().text()).contains("(CLUSTER FAILOVER FORCE)");
        assertThat(plan(seen(WHOLE, 2, 5)).matters().getFirst().left().orElseThrow())
                .startsWith("no replica of it answers: start it with its own files");

        broken.put(SeenCluster.address(2), "is missing");
        revivals.put(SeenCluster.address(2), revival(false, Optional.empty()));
        assertThat(kinds(plan(one, TAKE_OVER))).containsExactly("TakeOver", "Revive", "FailBack");
    }

    @Test
    void aGhostIsKeptWhileItsServerMayRunSomewhere() {
        HealPlan plan = plan(seen(TAKEN_OVER_FROM_GHOST, 2));
        assertThat(plan.steps()).isEmpty();
        assertThat(plan.matters().getFirst().left().orElseThrow())
                .startsWith("10.0.0.5:7000 lacks a replica, so that its server may still run. Name its address too")
                .endsWith("--forget bbbbbbbb");
        assertThat(kinds(plan(seen(TAKEN_OVER_FROM_GHOST, 2), forget("bbbb")))).containsExactly("Forget");
    }

    @Test
    void anAddressAtWhichNobodyAnswersIsNamed() {
        unanswered.add(SeenCluster.address(9));
        HealPlan plan = plan(seen(WHOLE));
        assertThat(plan.isWell()).isTrue();
        assertThat(plan.warnings())
                .containsExactly(
                        "at 10.0.0.9:7000 nobody answers, and no member is known there: what ran there cannot be told");
    }

    @Test
    void whoCannotStartIsForgottenWhereTheUserSaysSo() {
        broken.put(SeenCluster.address(4), "is empty");
        revivals.put(SeenCluster.address(4), revival(false, Optional.empty()));
        assertThat(kinds(plan(seen(WHOLE, 4), forget("10.0.0.4:7000")))).containsExactly("Forget");
        // It is not known whose replica it was.
        HealPlan unknown = plan(seen(WHOLE, 1, 4));
        assertThat(unknown.matters())
                .anySatisfy(matter ->
                        assertThat(matter.left().orElse("")).startsWith("it cannot be told whom it shall follow"));
    }

    @Test
    void aGhostThatNeverOwnedSlotsComesBackWithoutAndOneOfUnknownSuccessorIsLeft() {
        String spare = WHOLE + X + " :0@0 master,fail,noaddr - 0 0 0 disconnected\n";
        outsiders.add(outsider(9, "8".repeat(40), 0));
        assertThat(kinds(plan(seen(spare)))).containsExactly("Meet", "Forget");

        outsiders.clear();
        stranger(2, 0);
        // C lacks a replica as E does, and both were elected after B.
        String two = TAKEN_OVER_FROM_GHOST.replaceAll("(?m)^" + F + ".*\n", "");
        HealPlan unknown = plan(seen(two, 2, 6));
        assertThat(unknown.matters().getFirst().left().orElseThrow())
                .startsWith("it cannot be told who took its slots over (it may be 10.0.0.5:7000 or 10.0.0.3:7000)");
        // It is told, and does not answer.
        earlier = Optional.of(layout(WHOLE, "the snapshot s", false));
        assertThat(plan(seen(two, 2, 5, 6)).matters())
                .anySatisfy(matter -> assertThat(matter.left())
                        .contains("10.0.0.5:7000 took over from it and does not answer: start that first"));
    }

    @Test
    void theReplicaOfAMasterThatWasReplacedFollowsTheSuccessor() {
        // D was a replica of B too; B and D are gone, E has taken over.
        String nodes = TAKEN_OVER.replace(
                D + " 10.0.0.4:7000@17000 slave " + A + " 0 0 1", D + " 10.0.0.4:7000@17000 slave " + B + " 0 0 2");
        earlier = Optional.of(layout(WHOLE, "the snapshot s", false));
        HealPlan plan = plan(seen(nodes, 2));
        assertThat(plan.steps().getFirst().text()).startsWith("make 10.0.0.4:7000 a replica of 10.0.0.5:7000");

        String lonely = withoutAddress(withoutAddress(WHOLE, B), E);
        outsiders.add(outsider(5, X, 0));
        HealPlan alone = plan(seen(lonely, 2, 5));
        assertThat(alone.matters())
                .anySatisfy(matter -> assertThat(matter.left())
                        .contains("it was a replica, and its master is gone too: mend that first"));
    }

    @Test
    void aServerOfAnotherClusterIsNotTouched() {
        String other = X + " 10.0.0.9:7000@17000 master - 0 0 1 connected 0-16383\n" + "8".repeat(40)
                + " 10.0.0.8:7000@17000 slave " + X + " 0 0 1 connected\n";
        outsiders.add(new Outsider(
                SeenCluster.address(9), new SeenCluster().node(9, X, other).topology()));
        HealPlan plan = plan(seen(WHOLE));
        assertThat(plan.steps()).isEmpty();
        assertThat(plan.matters().getFirst().finding().what())
                .isEqualTo("10.0.0.9:7000 belongs to another cluster, of 2 nodes");
        assertThat(plan.matters().getFirst().left()).isPresent();
    }

    @Test
    void aStrangerBecomesAReplicaWhereItWasOrWhereOneLacksUnlessItCannotReadTheData() {
        outsiders.add(outsider(9, X, 0));
        HealPlan plan = plan(seen(WHOLE.replaceAll("(?m)^" + F + ".*\n", ""), 6));
        assertThat(plan.steps().getLast().text()).startsWith("make 10.0.0.9:7000 a replica of 10.0.0.3:7000");
        assertThat(plan.matters())
                .anySatisfy(matter -> assertThat(matter.mend()).contains("it gets one, see above"));
        earlier = Optional.of(layout(WHOLE.replace("10.0.0.5:7000", "10.0.0.9:7000"), "the snapshot s", false));
        assertThat(plan(seen(WHOLE)).steps().getLast().text())
                .startsWith("make 10.0.0.9:7000 a replica of 10.0.0.2:7000");

        outsiders.clear();
        String own = X + " 10.0.0.9:7000@17000 master - 0 0 0 connected\n";
        outsiders.add(new Outsider(
                SeenCluster.address(9),
                new SeenCluster("redis_version:5.0.5").node(9, X, own, 0, "").topology()));
        HealPlan old = plan(seen(WHOLE));
        assertThat(old.steps()).isEmpty();
        assertThat(old.matters().getFirst().left().orElseThrow())
                .contains("it has Redis 5.0.5 and its master would have the newer Redis 7.0.15");
    }

    @Test
    void anExtraMasterThatWasAReplicaIsOneAgain() {
        String extra = WHOLE.replace(
                F + " 10.0.0.6:7000@17000 slave " + C + " 0 0 3", F + " 10.0.0.6:7000@17000 master - 0 0 0");
        earlier = Optional.of(layout(WHOLE.replace("slave " + C, "slave " + A), "the snapshot s", false));
        HealPlan plan = plan(seen(extra));
        assertThat(plan.steps().getFirst().text()).startsWith("make 10.0.0.6:7000 a replica of 10.0.0.1:7000");
        // C has none still; A has two.
        assertThat(plan.matters())
                .anySatisfy(matter -> assertThat(matter.left().orElse(""))
                        .startsWith("give it one: ambrotype add-replica D HOST:PORT --of 10.0.0.3:7000")
                        .contains(" of 10.0.0.1:7000, which has 2, follow it"));
        earlier = Optional.of(layout(extra, "the snapshot s", false));
        assertThat(plan(seen(extra)).matters().getFirst().left())
                .contains("it had no slots before either, as the snapshot s says: it may be wanted so");
    }

    @Test
    void nothingIsDecidedWhileAReplicaOfALostOwnerIsCopying() {
        stranger(2, 0);
        SeenCluster cluster = cluster(NOT_TAKEN_OVER, Map.of(), 2, 5)
                .node(5, E, NOT_TAKEN_OVER, 4, "master_sync_in_progress:1\r\nmaster_link_status:down");
        assertThat(plan(cluster.topology()).matters().getFirst().left())
                .contains("a replica of it is receiving data just now: try again when that has ended");
        // With data of which nobody knows whether they are these slots'.
        outsiders.clear();
        stranger(2, 9);
        assertThat(plan(seen(NOT_TAKEN_OVER, 2)).matters().getFirst().left().orElseThrow())
                .startsWith("it holds 9 keys, and it cannot be told that they are the data of these slots");
    }

    @Test
    void aFailBackWaitsForWhoIsAway() {
        String returned = WHOLE.replace(
                        B + " 10.0.0.2:7000@17000 master - 0 0 2 connected 5461-10922",
                        B + " 10.0.0.2:7000@17000 slave " + E + " 0 0 4 connected")
                .replace(
                        E + " 10.0.0.5:7000@17000 slave " + B + " 0 0 2 connected",
                        E + " 10.0.0.5:7000@17000 master - 0 0 4 connected 5461-10922");
        earlier = Optional.of(layout(WHOLE, "the snapshot s", false));
        assertThat(plan(seen(returned, 6), FAIL_BACK).matters())
                .anySatisfy(matter -> assertThat(matter.left())
                        .contains("10.0.0.6:7000 does not answer: a fail-over needs every node"));
    }

    @Test
    void aGhostThatSomebodyFollowsIsNotForgotten() {
        String nodes = WHOLE.replace(
                        F + " 10.0.0.6:7000@17000 slave " + C + " 0 0 3",
                        F + " 10.0.0.6:7000@17000 slave " + X + " 0 0 0")
                + X + " 10.0.0.9:7000@17000 master,fail - 0 0 0 disconnected\n";
        HealPlan plan = plan(seen(nodes), forget("9999"));
        assertThat(plan.matters().getFirst().left())
                .contains("10.0.0.6:7000 still follows it and has nobody else to follow");
    }

    private HealPlan plan(Topology cluster) {
        return plan(cluster, HealRequest.PLAIN);
    }

    private HealPlan plan(Topology cluster, HealRequest request) {
        return HealPlanner.plan(
                new Scene(
                        new Survey(cluster, outsiders, orphans, unanswered),
                        ShardMates.UNKNOWN,
                        earlier,
                        holdings,
                        revivals,
                        broken),
                request);
    }

    private static HealRequest discard(int host) {
        return new HealRequest(Set.of(SeenCluster.address(host)), Set.of(), false, false, false);
    }

    private static HealRequest forget(String node) {
        return new HealRequest(Set.of(), Set.of(node), false, false, false);
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

    private static Optional<LeftData> left(String file, long keys, long second) {
        return Optional.of(new LeftData(Path.of(file), keys, Instant.ofEpochSecond(second)));
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
}
