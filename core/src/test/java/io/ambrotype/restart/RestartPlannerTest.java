package io.ambrotype.restart;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.ambrotype.common.AmbrotypeException;
import io.ambrotype.common.ErrorCode;
import io.ambrotype.control.Layout;
import io.ambrotype.topology.NodeId;
import io.ambrotype.topology.Problem;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class RestartPlannerTest {
    private static final RestartRequest ALL = RestartRequest.all("shop");

    /** A step in few words: what is done to which ports. */
    private static String words(Step step) {
        return switch (step) {
            case Step.HoldReplicas _ -> "hold";
            case Step.Start start ->
                "start " + start.member().address().port() + (start.ownedSlots() ? " after a takeover" : "");
            case Step.Restart restart ->
                "restart " + restart.member().address().port()
                        + restart.saveFirst()
                                .map(copy -> " saved by " + copy.address().port())
                                .orElse("");
            case Step.FailOver failOver ->
                (failOver.back() ? "back " : "over ")
                        + failOver.from().address().port() + ">"
                        + failOver.to().address().port();
            case Step.Follow follow ->
                follow.member().address().port() + " follows "
                        + follow.master().address().port();
            case Step.ReleaseReplicas _ -> "release";
        };
    }

    private static List<String> words(RestartPlan plan) {
        return plan.steps().stream().map(RestartPlannerTest::words).toList();
    }

    private static RestartPlan plan(Shop shop) {
        return RestartPlanner.plan(ALL, shop.seen());
    }

    private static Set<NodeId> ids(int... ports) {
        return Arrays.stream(ports).mapToObj(Shop::id).collect(Collectors.toSet());
    }

    private static AmbrotypeException refusal(Shop shop) {
        AmbrotypeException error = catchThrowableOfType(AmbrotypeException.class, () -> plan(shop));
        assertThat(error).isNotNull();
        assertThat(error.code()).isEqualTo(ErrorCode.UNSAFE);
        return error;
    }

    @Test
    void replicasComeFirstAndEveryMasterIsMasterAgain() {
        RestartPlan plan = plan(Shop.cluster());
        assertThat(words(plan))
                .containsExactly(
                        "hold",
                        "restart 7003 saved by 7000",
                        "restart 7004 saved by 7001",
                        "restart 7005 saved by 7002",
                        "over 7000>7003",
                        "restart 7000 saved by 7003",
                        "back 7003>7000",
                        "over 7001>7004",
                        "restart 7001 saved by 7004",
                        "back 7004>7001",
                        "over 7002>7005",
                        "restart 7002 saved by 7005",
                        "back 7005>7002",
                        "release");
        assertThat(plan.after()).isEqualTo(plan.before());
        assertThat(plan.restarted()).hasSize(6);
        assertThat(plan.failOvers()).isEqualTo(6);
    }

    @Test
    void noOwnerOfSlotsIsEverStopped() {
        RestartPlan plan = plan(Shop.cluster().add(7006, 7000, "").add(7007, 7001, ""));
        Layout layout = plan.before();
        for (Step step : plan.steps()) {
            if (step instanceof Step.FailOver over) {
                layout = layout.afterSwitchover(over.from().id(), over.to().id());
            } else if (step instanceof Step.Restart restart) {
                assertThat(layout.place(restart.member().id()).ownsSlots()).isFalse();
            }
        }
        assertThat(layout).isEqualTo(plan.before());
    }

    @Test
    void whereAnotherReplicaIsLeftNobodyHasToSaveFirst() {
        assertThat(words(plan(Shop.cluster().add(7006, 7000, ""))))
                .contains("restart 7003", "restart 7006", "restart 7000");
    }

    @Test
    void anAppendOnlyCopyHasSavedAlready() {
        Shop shop = Shop.cluster();
        shop.node(7000).settings.put("appendonly", "yes");
        RestartPlan plan = plan(shop);
        assertThat(words(plan)).contains("restart 7003", "restart 7000 saved by 7003");
        assertThat(plan.warnings()).anyMatch(warning -> warning.contains("with appendonly yes"));
    }

    @Test
    void someNodesOnly() {
        assertThat(words(RestartPlanner.plan(
                        ALL.withNodes(List.of("10.0.0.4:7004")), Shop.cluster().seen())))
                .containsExactly("hold", "restart 7004 saved by 7001", "release");
        assertThat(words(RestartPlanner.plan(
                        ALL.withNodes(List.of(Shop.id(7001).value())),
                        Shop.cluster().seen())))
                .containsExactly("hold", "over 7001>7004", "restart 7001 saved by 7004", "back 7004>7001", "release");
        assertThat(words(RestartPlanner.plan(
                        ALL.withNodes(List.of("7005")), Shop.cluster().seen())))
                .as("a prefix of its id")
                .containsExactly("hold", "restart 7005 saved by 7002", "release");
    }

    @Test
    void aNodeThatDoesNotExistIsAMistake() {
        assertThatThrownBy(() -> RestartPlanner.plan(
                        ALL.withNodes(List.of("10.0.0.1:7999")), Shop.cluster().seen()))
                .isInstanceOfSatisfying(AmbrotypeException.class, error -> {
                    assertThat(error.code()).isEqualTo(ErrorCode.USAGE);
                    assertThat(error).hasMessage("no node is called 10.0.0.1:7999");
                    assertThat(error.hint())
                            .hasValueSatisfying(hint -> assertThat(hint).contains("10.0.0.5:7005"));
                });
        assertThatThrownBy(() -> RestartPlanner.plan(
                        ALL.withNodes(List.of("700")), Shop.cluster().seen()))
                .hasMessage("no node is called 700");
    }

    @Test
    void withoutFailbackTheNewMastersStay() {
        RestartPlan plan =
                RestartPlanner.plan(ALL.withoutFailback(), Shop.cluster().seen());
        assertThat(words(plan))
                .doesNotContain("back 7003>7000")
                .contains("over 7000>7003", "restart 7000 saved by 7003");
        assertThat(plan.after()).isNotEqualTo(plan.before());
        assertThat(plan.after().place(Shop.id(7003)).slots()).hasToString("0-5460");
        assertThat(plan.warnings()).anyMatch(warning -> warning.startsWith("nothing is failed back"));
    }

    @Test
    void mastersWithoutSlotsAreRestartedInPlace() {
        assertThat(words(plan(Shop.cluster().add(7006, 0, "").add(7007, 7006, ""))))
                .contains("restart 7006 saved by 7007", "restart 7007 saved by 7006")
                .noneMatch(step -> step.startsWith("over 7006"));
        assertThat(words(plan(Shop.cluster().add(7006, 0, "")))).contains("restart 7006");
    }

    @Test
    void filesAreMovedWhileTheNodeIsStopped() {
        Shop shop = Shop.cluster();
        shop.node(7003).movedTo = Path.of("/data/7003");
        assertThat(RestartPlanner.plan(RestartRequest.all("shop").withNodes(List.of("7003")), shop.seen())
                        .steps())
                .filteredOn(Step.Restart.class::isInstance)
                .extracting(step -> ((Step.Restart) step).relocateTo())
                .containsExactly(Optional.of(Path.of("/data/7003")));
    }

    @Test
    void twoNodesAreNotMovedToOneFolder() {
        Shop shop = Shop.cluster();
        shop.node(7003).movedTo = Path.of("/data");
        shop.node(7004).movedTo = Path.of("/data");
        assertThatThrownBy(() -> plan(shop)).hasMessageContaining("and of another node would be moved to /data");
    }

    // ---- the best replica

    private static String successor(Shop shop) {
        return words(plan(shop)).stream()
                .filter(step -> step.startsWith("over 7000>"))
                .findFirst()
                .orElseThrow();
    }

    @Test
    void theBestReplicaIsOnAnotherHost() {
        Shop shop = Shop.cluster().add(7006, 7000, "");
        shop.node(7003).host = shop.node(7000).host;
        assertThat(successor(shop)).isEqualTo("over 7000>7006");
    }

    @Test
    void theBestReplicaHasTheLeastLag() {
        Shop shop = Shop.cluster().add(7006, 7000, "");
        shop.node(7000).offset = 100_000_000;
        shop.node(7003).offset = 99_000_000;
        shop.node(7006).offset = 99_990_000;
        assertThat(successor(shop)).isEqualTo("over 7000>7006");
    }

    @Test
    void theBestReplicaIsTheNewest() {
        Shop shop = Shop.cluster().add(7006, 7000, "");
        shop.node(7006).version = "7.2.6";
        assertThat(successor(shop)).isEqualTo("over 7000>7006");
    }

    @Test
    void theBestReplicaIsOneThatIsRestartedToo() {
        Shop shop = Shop.cluster().add(7006, 7000, "");
        assertThat(words(RestartPlanner.plan(ALL.withNodes(List.of("7000", "7006")), shop.seen())))
                .contains("over 7000>7006");
    }

    @Test
    void whoHasJustStoodForElectionIsPassedOver() {
        Shop shop = Shop.cluster().add(7006, 7000, "");
        shop.elected(7003, Shop.NOW.minus(Duration.ofSeconds(30)));
        assertThat(words(RestartPlanner.plan(ALL.withNodes(List.of("7000")), shop.seen())))
                .contains("over 7000>7006");
        assertThat(words(RestartPlanner.plan(
                        ALL.withNodes(List.of("7000")),
                        Shop.cluster()
                                .add(7006, 7000, "")
                                .elected(7003, Shop.NOW.minus(Duration.ofSeconds(61)))
                                .seen())))
                .as("four node timeouts of 15 s are over")
                .contains("over 7000>7003");
    }

    // ---- refusals

    @ParameterizedTest
    @EnumSource(
            value = Problem.Kind.class,
            mode = EnumSource.Mode.EXCLUDE,
            names = {"SEED_UNREACHABLE", "WRITABLE_REPLICA", "UNKNOWN_REPLICA", "SENTINEL_UNREACHABLE"})
    void everyProblemOfTheDeploymentIsAReason(Problem.Kind kind) {
        assertThat(refusal(Shop.cluster().problem(kind, "something is wrong")))
                .hasMessage("shop cannot be restarted safely now: something is wrong");
    }

    @ParameterizedTest
    @EnumSource(
            value = Problem.Kind.class,
            names = {"SEED_UNREACHABLE", "WRITABLE_REPLICA", "UNKNOWN_REPLICA", "SENTINEL_UNREACHABLE"})
    void someProblemsAreWarnings(Problem.Kind kind) {
        assertThat(plan(Shop.cluster().problem(kind, "something is odd")).warnings())
                .contains("something is odd");
    }

    @Test
    void allReasonsAreTold() {
        Shop shop = Shop.cluster()
                .problem(Problem.Kind.OPEN_SLOTS, "slot 7 is open")
                .migrating(7001, "snapshotting");
        shop.node(7005).startable = false;
        shop.remove(7003);
        assertThat(refusal(shop).getMessage())
                .contains(
                        "slot 7 is open",
                        "10.0.0.1:7001 has a migration of slots under way: snapshotting",
                        "10.0.0.5:7005 cannot be started again",
                        "master 10.0.0.0:7000 of slots 0-5460 has no replica that could take over");
    }

    @Test
    void aMasterWithoutAReplicaIsOnlyInTheWayWhenItIsToBeRestarted() {
        Shop shop = Shop.cluster().remove(7003);
        refusal(shop);
        assertThat(words(RestartPlanner.plan(ALL.withNodes(List.of("7004")), shop.seen())))
                .contains("restart 7004 saved by 7001");
    }

    @Test
    void aReplicaOfAnotherHistoryCannotTakeOver() {
        Shop shop = Shop.cluster();
        shop.node(7003).history = "b".repeat(40);
        assertThat(refusal(shop).getMessage())
                .contains(
                        "no replica of 10.0.0.0:7000 can take over: the data of 10.0.0.3:7003 are of another history");
    }

    @Test
    void aReplicaWithoutItsLinkCannotTakeOver() {
        Shop shop = Shop.cluster();
        shop.node(7003).linkUp = false;
        assertThat(refusal(shop).getMessage()).contains("the link of 10.0.0.3:7003 to its master is down");
    }

    @Test
    void anOlderReplicaCannotTakeOverUnlessItIsRestartedBefore() {
        Shop shop = Shop.cluster();
        shop.node(7003).version = "6.2.11";
        assertThatThrownBy(() -> RestartPlanner.plan(ALL.withNodes(List.of("7000")), shop.seen()))
                .hasMessageContaining("10.0.0.3:7003 has Redis 6.2.11, older than Redis 7.0.15");
        assertThat(words(plan(shop))).as("it may come back as a newer one").contains("over 7000>7003");
    }

    @Test
    void anUpgradeLeavesNobodyBelowAMasterThatItCannotFollow() {
        Shop shop = Shop.cluster();
        for (int port = 7000; port < 7006; port++) {
            shop.node(port).upgradedTo = "8.0.6";
        }
        assertThat(words(plan(shop))).contains("over 7000>7003", "back 7003>7000");
        RestartRequest master = ALL.withNodes(List.of("7000"));
        assertThatThrownBy(() -> RestartPlanner.plan(master, shop.seen()))
                .hasMessageContaining(
                        "10.0.0.3:7003 would have to follow 10.0.0.0:7000, which is going to be Redis 8.0.6, with Redis 7.0.15");
        assertThat(words(RestartPlanner.plan(
                        new RestartRequest("shop", List.of("7000"), false, Optional.empty(), Optional.empty()),
                        shop.seen())))
                .as("a newer replica follows an older master")
                .contains("over 7000>7003")
                .noneMatch(step -> step.startsWith("back"));
        shop.node(7000).upgradedTo = "7.0.16";
        assertThat(words(RestartPlanner.plan(master, shop.seen()))).contains("back 7003>7000");

        shop.node(7000).upgradedTo = "8.0.6";
        shop.node(7003).upgradedTo = "8.0.6";
        shop.add(7006, 7000, "");
        assertThatThrownBy(() -> RestartPlanner.plan(ALL.withNodes(List.of("7000", "7003")), shop.seen()))
                .hasMessageContaining("10.0.0.6:7006 would have to follow 10.0.0.3:7003");
    }

    @Test
    void aMasterThatNeedsItsOnlyReplicaForWritingIsLeftAlone() {
        Shop shop = Shop.cluster();
        shop.node(7000).settings.put("min-replicas-to-write", "1");
        assertThat(refusal(shop).getMessage())
                .contains("10.0.0.0:7000 refuses writes without 1 good replicas (min-replicas-to-write) and has 1");
        shop.add(7006, 7000, "");
        assertThat(plan(shop).warnings()).anyMatch(warning -> warning.startsWith("min-replicas-to-write is 1"));
    }

    @Test
    void theOldNameOfThatSettingCountsToo() {
        Shop shop = Shop.cluster();
        shop.node(7000).settings.put("min-slaves-to-write", "1");
        assertThat(refusal(shop).getMessage()).contains("min-replicas-to-write");
    }

    // ---- warnings

    @Test
    void nodesThatSaveNothingFetchEverythingAgain() {
        Shop shop = Shop.cluster();
        shop.node(7003).settings.put("save", "");
        assertThat(plan(shop).warnings())
                .anyMatch(warning -> warning.startsWith("10.0.0.3:7003 has neither save points nor"));
    }

    @Test
    void aSmallBacklogIsTold() {
        Shop shop = Shop.cluster();
        shop.node(7000).settings.put("repl-backlog-size", "1048576");
        shop.node(7000).info = "instantaneous_input_kbps:2048.00\r\n";
        assertThat(plan(shop).warnings()).anyMatch(warning -> warning.contains("replication backlog of 10.0.0.0:7000"));
    }

    @Test
    void theMomentsWithOneCopyAreTold() {
        assertThat(plan(Shop.cluster()).warnings())
                .anyMatch(warning -> warning.contains("the shard has one live copy"));
    }

    @Test
    void everyStepSaysWhatHasToBeSeen() {
        assertThat(plan(Shop.cluster()).steps())
                .allSatisfy(step -> assertThat(step.gates()).isNotEmpty())
                .allSatisfy(step -> assertThat(step.title()).isNotBlank());
    }

    // ---- going on

    private static RestartPlan rest(Shop shop, int... remaining) {
        return RestartPlanner.rest(
                ALL, shop.seen(), Layout.of(Shop.cluster().seen().topology()), ids(remaining));
    }

    @Test
    void whatIsLeftAfterTheFirstReplicaWasRestarted() {
        assertThat(words(rest(Shop.cluster(), 7000, 7001, 7002, 7004, 7005)))
                .startsWith("hold", "restart 7004 saved by 7001", "restart 7005 saved by 7002", "over 7000>7003")
                .endsWith("back 7005>7002", "release");
    }

    @Test
    void aMasterThatWasFailedOverIsRestartedAndFailedBack() {
        assertThat(words(rest(Shop.cluster().failedOver(7000, 7003), 7000)))
                .containsExactly("hold", "restart 7000 saved by 7003", "back 7003>7000", "release");
    }

    @Test
    void aMasterThatWasRestartedIsOnlyFailedBack() {
        assertThat(words(rest(Shop.cluster().failedOver(7000, 7003))))
                .containsExactly("hold", "back 7003>7000", "release");
    }

    @Test
    void aReplicaThatTookOverByItselfIsFailedBackBeforeItIsRestarted() {
        assertThat(words(rest(Shop.cluster().failedOver(7000, 7003), 7003)))
                .containsExactly("hold", "back 7003>7000", "restart 7003 saved by 7000", "release");
    }

    @Test
    void withoutFailbackNothingIsLeftWhenAllAreRestarted() {
        RestartPlan plan = RestartPlanner.rest(
                ALL.withoutFailback(),
                Shop.cluster().failedOver(7000, 7003).seen(),
                Layout.of(Shop.cluster().seen().topology()),
                Set.of());
        assertThat(plan.steps()).isEmpty();
    }

    @Test
    void theRestEndsAtTheOriginalLayoutWhereverTheRunWasBrokenOff() {
        Layout original = Layout.of(Shop.cluster().seen().topology());
        List<Step> steps = plan(Shop.cluster()).steps();
        Shop shop = Shop.cluster();
        Set<NodeId> remaining = ids(7000, 7001, 7002, 7003, 7004, 7005);
        for (Step done : steps) {
            RestartPlan rest = RestartPlanner.rest(ALL, shop.seen(), original, remaining);
            assertThat(rest.after().differencesFrom(original))
                    .as("before " + words(done))
                    .isEmpty();
            assertThat(rest.restarted()).hasSize(remaining.size());
            if (done instanceof Step.FailOver over) {
                shop.failedOver(
                        over.from().address().port(), over.to().address().port());
            } else if (done instanceof Step.Restart restart) {
                remaining.remove(restart.member().id());
            }
        }
        assertThat(RestartPlanner.rest(ALL, shop.seen(), original, remaining).steps())
                .isEmpty();
    }

    @Test
    void whatAnotherHandHasChangedIsNotTouched() {
        Shop moved = Shop.cluster();
        moved.node(7003).master = 7001;
        assertThatThrownBy(() -> rest(moved, 7003))
                .hasMessageContaining("10.0.0.3:7003 has gone to another shard since the run began");

        Shop grown = Shop.cluster().add(7006, 7000, "");
        assertThatThrownBy(() -> rest(grown, 7003)).hasMessageContaining("was no member when the run began");

        Shop shrunk = Shop.cluster().remove(7003);
        assertThatThrownBy(() -> rest(shrunk, 7004))
                .hasMessageContaining("10.0.0.3:7003 (70030000) is no member any more");

        Shop reshard = Shop.cluster();
        reshard.node(7000).slots = "0-5000";
        reshard.node(7001).slots = "5001-10922";
        assertThatThrownBy(() -> rest(reshard, 7004))
                .hasMessageContaining("the slots of 10.0.0.0:7000 have changed since the run began");
    }

    // ---- nodes that are down

    private static RestartPlan starts(Shop shop, boolean startLastCopy) {
        return ResumePlanner.starts(
                ALL, shop.seen(), Layout.of(Shop.cluster().seen().topology()), startLastCopy);
    }

    @Test
    void nothingIsStartedWhereNothingIsDown() {
        assertThat(starts(Shop.cluster(), false).steps()).isEmpty();
    }

    @Test
    void aReplicaThatIsDownIsStartedAtOnce() {
        Shop shop = Shop.cluster();
        shop.node(7004).reached = false;
        assertThat(words(starts(shop, false))).containsExactly("start 7004");
    }

    @Test
    void anOwnerOfSlotsWaitsForItsSuccessor() {
        Shop shop = Shop.cluster();
        shop.node(7000).reached = false;
        shop.node(7004).reached = false;
        assertThat(words(starts(shop, false))).containsExactly("start 7004", "start 7000 after a takeover");
    }

    @Test
    void anOwnerWhoseSuccessorWasElectedAlreadyIsStartedAtOnce() {
        Shop shop = Shop.cluster().failedOver(7000, 7003);
        shop.node(7000).reached = false;
        assertThat(words(starts(shop, false))).containsExactly("start 7000");
    }

    @Test
    void theLastCopyIsNotStartedUnasked() {
        Shop shop = Shop.cluster().failedOver(7000, 7003);
        shop.node(7000).reached = false;
        shop.node(7003).reached = false;
        assertThatThrownBy(() -> starts(shop, false)).isInstanceOfSatisfying(AmbrotypeException.class, error -> {
            assertThat(error.code()).isEqualTo(ErrorCode.UNSAFE);
            assertThat(error)
                    .hasMessage("every copy of slots 0-5460 is down: 10.0.0.3:7003 was the last master; what it had"
                            + " acknowledged and not saved is lost");
        });
        assertThat(words(starts(shop, true)))
                .as("the one with the newest data first")
                .containsExactly("start 7003", "start 7000");
    }
}
