package io.ambrotype.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.ambrotype.cli.RestartView.PlanView;
import io.ambrotype.common.HostAndPort;
import io.ambrotype.control.Layout;
import io.ambrotype.control.Layout.Place;
import io.ambrotype.control.Member;
import io.ambrotype.probe.Reading;
import io.ambrotype.probe.ShardReading;
import io.ambrotype.restart.RestartPlan;
import io.ambrotype.restart.Step;
import io.ambrotype.restart.StepReport;
import io.ambrotype.topology.DeploymentKind;
import io.ambrotype.topology.NodeId;
import io.ambrotype.topology.Role;
import io.ambrotype.topology.SlotSet;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine.TypeConversionException;

class RestartTextTest {
    private static final Member MASTER = member("a", 7000);
    private static final Member REPLICA = member("b", 7001);
    private static final Layout LAYOUT = new Layout(List.of(
            new Place(MASTER, Role.MASTER, Optional.empty(), SlotSet.ALL),
            new Place(REPLICA, Role.REPLICA, Optional.of(MASTER.id()), SlotSet.NONE)));
    private static final Step RESTART =
            new Step.Restart(REPLICA, "exec redis-server 7001.conf", true, Optional.empty(), Optional.empty());
    private static final Step FAIL_OVER = new Step.FailOver(MASTER, REPLICA, false);

    private static Member member(String digit, int port) {
        return new Member(new NodeId(digit.repeat(40)), new HostAndPort("10.0.0.1", port));
    }

    private static RestartPlan plan(Layout after) {
        return new RestartPlan(
                "shop", DeploymentKind.CLUSTER, LAYOUT, after, List.of(RESTART, FAIL_OVER), List.of("readers wait"));
    }

    @Test
    void aPlanTellsEveryStepWithItsGates() {
        List<String> lines = RestartText.plan(plan(LAYOUT), List.of("a snapshot into /backups"));
        assertThat(lines.getFirst()).isEqualTo("restart of shop: 1 node one by one, 1 fail-over, 2 steps");
        assertThat(lines)
                .containsSubsequence(
                        "  SLOTS  MASTER         REPLICAS",
                        "0-16383  10.0.0.1:7000  10.0.0.1:7001",
                        "first  a snapshot into /backups",
                        "    1  restart replica 10.0.0.1:7001",
                        "         exec redis-server 7001.conf",
                        "    2  fail over from 10.0.0.1:7000 to 10.0.0.1:7001",
                        "gates, looked at on all nodes; one that stays closed stops the run there",
                        "  restart of a replica, step 1",
                        "    · its process is gone",
                        "  fail-over, step 2",
                        "    · the replica is master",
                        "in the end every node has the id, the role and the slots that it has now",
                        "warning: readers wait");
        int gates = RESTART.gates().size() + FAIL_OVER.gates().size();
        assertThat(lines.stream().filter(line -> line.contains("·"))).hasSize(gates);
    }

    @Test
    void gatesThatAreTheSameForSeveralStepsAreToldOnce() {
        Step other = new Step.Restart(MASTER, "exec redis-server 7000.conf", true, Optional.empty(), Optional.empty());
        RestartPlan plan = new RestartPlan(
                "shop",
                DeploymentKind.CLUSTER,
                LAYOUT,
                LAYOUT,
                List.of(RESTART, other, RESTART, FAIL_OVER, RESTART),
                List.of());
        List<String> lines = RestartText.plan(plan, List.of());
        assertThat(lines).contains("  restart of a replica, steps 1 to 3, 5", "  fail-over, step 4");
        assertThat(lines.stream().filter(line -> line.contains("·")))
                .hasSize(RESTART.gates().size() + FAIL_OVER.gates().size());
    }

    @Test
    void aPlanThatEndsElsewhereSaysWhere() {
        Layout after = LAYOUT.afterSwitchover(MASTER.id(), REPLICA.id());
        assertThat(RestartText.plan(plan(after), List.of()))
                .contains("in the end this is different from now:")
                .contains("  10.0.0.1:7001 is master of slots 0-16383 and was a replica of 10.0.0.1:7000");
    }

    @Test
    void aPlanAsJsonHasKindsAndGates() {
        assertThat(Json.line(PlanView.of(plan(LAYOUT), "/backups")))
                .contains("\"snapshotInto\":\"/backups\"", "\"step\":2,\"kind\":\"fail-over\"", "\"gates\":[");
    }

    @Test
    void aStepThatEndedTellsWhatWritersSaw() {
        ShardReading shard = new ShardReading(
                "slots 0-16383",
                100,
                Duration.ofMillis(61),
                Duration.ofNanos(200_000),
                Map.of("CLUSTERDOWN", 2L),
                1,
                1,
                0,
                0);
        Reading reading = new Reading(Duration.ofSeconds(1), List.of(shard));
        assertThat(RestartText.step(3, 14, new StepReport(RESTART, Duration.ofMillis(1234), reading)))
                .isEqualTo(" 3/14  restart replica 10.0.0.1:7001  1.2 s; longest stall 61 ms, 2 errors, 0 lost");
        assertThat(RestartText.step(3, 4, new StepReport(FAIL_OVER, Duration.ofMillis(45), Reading.EMPTY)))
                .isEqualTo("3/4  fail over from 10.0.0.1:7000 to 10.0.0.1:7001  45 ms");
    }

    @ParameterizedTest
    @CsvSource({"500ms, 500", "2s, 2000", "1m, 60000"})
    void timesAreReadWithTheirUnit(String text, long millis) {
        assertThat(new DurationConverter().convert(text)).isEqualTo(Duration.ofMillis(millis));
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "500", "0s", "-1s", "1h", "99999999999s", "1.5s"})
    void whatIsNoTimeIsRefused(String text) {
        assertThatThrownBy(() -> new DurationConverter().convert(text))
                .isInstanceOf(TypeConversionException.class)
                .hasMessage("'" + text + "' is not a time; expected 500ms, 2s or 1m");
    }
}
