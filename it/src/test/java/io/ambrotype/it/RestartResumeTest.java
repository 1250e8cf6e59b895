package io.ambrotype.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.ambrotype.common.AmbrotypeException;
import io.ambrotype.common.ErrorCode;
import io.ambrotype.common.Time;
import io.ambrotype.lab.LabCluster;
import io.ambrotype.lab.RedisServer;
import io.ambrotype.probe.Probe;
import io.ambrotype.probe.ProbeWriter;
import io.ambrotype.resp.ConnectionSettings;
import io.ambrotype.resp.RespConnection;
import io.ambrotype.restart.Restart;
import io.ambrotype.restart.RestartListener;
import io.ambrotype.restart.RestartReport;
import io.ambrotype.restart.RestartRequest;
import io.ambrotype.restart.Step;
import io.ambrotype.topology.Topology;
import io.ambrotype.topology.TopologyReader;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/**
 * A restart that ends where nobody wanted it to, and goes on. Whoever breaks it off, and wherever: the deployment serves
 * meanwhile; in the end every node is who it was and has its place, and its settings are what they were.
 */
class RestartResumeTest {
    private static final String BARRIER = "cluster-migration-barrier";

    @RegisterExtension
    final Labs labs = new Labs();

    private LabCluster lab;
    private LabRestarts restarts;
    private Topology before;

    @BeforeEach
    void startALab() {
        lab = labs.cluster(ServersUnderTest.any(), 3, 1, "save 3600 1", "cluster-node-timeout 1500");
        restarts = new LabRestarts(lab, labs.folder().resolve("journals"));
        before = topology();
    }

    /** Somebody pulls the plug of the program. */
    private static final class PlugPulled extends RuntimeException {
        private static final long serialVersionUID = 1L;
    }

    /** Has something happen at a moment of a run: a moment is a step and a gate that was passed in it. */
    private abstract static class Meddler implements RestartListener {
        private String step = "";

        abstract void at(String moment);

        @Override
        public void stepBegun(int number, Step begun) {
            step = begun.getClass().getSimpleName() + begun.members();
            at(step);
        }

        @Override
        public void passed(String gate, Duration waited) {
            at(step + ": " + gate);
        }
    }

    /** Pulls the plug at every moment once. */
    private static final class PlugPuller extends Meddler {
        private final Set<String> moments = new HashSet<>();

        @Override
        void at(String moment) {
            if (moments.add(moment)) {
                throw new PlugPulled();
            }
        }
    }

    /** Does something at the first moment whose name has both texts in it. */
    private static final class Once extends Meddler {
        private final String one;
        private final String other;
        private final Runnable action;
        private boolean done;

        Once(String one, String other, Runnable action) {
            this.one = one;
            this.other = other;
            this.action = action;
        }

        @Override
        void at(String moment) {
            if (!done && moment.contains(one) && moment.contains(other)) {
                done = true;
                action.run();
            }
        }
    }

    @Test
    void aRunThatIsBrokenOffAtEveryGateEndsWhereItBegan() throws Exception {
        RestartRequest one = RestartRequest.all("shop")
                .withNodes(List.of(
                        lab.servers().get(0).address().toString(),
                        lab.servers().get(3).address().toString()));
        PlugPuller puller = new PlugPuller();
        Map<String, String> processes = processes();
        try (Probe probe = ProbeWriter.start(before, ConnectionSettings.defaults(), "resume", Time.SYSTEM)) {
            boolean ended = false;
            try {
                restarts.run(one, Probe.NONE, puller);
            } catch (PlugPulled _) {
                while (!ended) {
                    ended = resumed(puller);
                }
            }
            assertThat(puller.moments).hasSizeGreaterThan(20);
            assertThat(probe.finish().total().lost()).isZero();
        }
        assertAsBefore();
        assertThat(processes().entrySet())
                .filteredOn(process -> !processes.containsValue(process.getValue()))
                .extracting(Map.Entry::getKey)
                .containsExactly(
                        lab.servers().get(0).address().toString(),
                        lab.servers().get(3).address().toString());
        assertThat(catchThrowableOfType(AmbrotypeException.class, () -> restarts.resume(RestartListener.NONE, false)))
                .hasMessage("no restart of shop was broken off");
    }

    private boolean resumed(RestartListener listener) throws InterruptedException {
        try {
            restarts.resume(listener, false);
            return true;
        } catch (PlugPulled _) {
            return false;
        }
    }

    @Test
    void aCandidateThatDiesBeforeItsElectionIsNoticed() throws Exception {
        RedisServer candidate = lab.servers().get(3);
        AmbrotypeException error =
                stopped(new Once("FailOver[" + lab.servers().get(0).address(), "FailOver", candidate::kill));

        assertThat(error.code()).isEqualTo(ErrorCode.UNSAFE);
        assertThat(error.getMessage())
                .contains("stopped at step", "fail over from", candidate.address() + " does not answer")
                .contains("5 nodes that answer say that the cluster serves");
        assertThat(error.hint()).contains("ambrotype restart shop --resume goes on from here");
        restarts.resume(RestartListener.NONE, false);
        assertAsBefore();
        assertAllRestarted();
    }

    @Test
    void aMasterThatDiesMeanwhileComesBackAsItsReplicaAndIsMasterAgain() throws Exception {
        RedisServer other = lab.servers().get(2);
        AmbrotypeException error =
                stopped(new Once("Restart[" + lab.servers().get(4).address(), "to be gone", other::kill));

        assertThat(error.getMessage()).contains(other.address().toString());
        restarts.resume(RestartListener.NONE, false);
        assertAsBefore();
    }

    @Test
    void theLastCopyIsNotStartedUnasked() throws Exception {
        RedisServer old = lab.servers().get(0);
        RedisServer promoted = lab.servers().get(3);
        write(500);
        AmbrotypeException error =
                stopped(new Once("Restart[" + old.address(), old.address() + " to be gone", promoted::kill));

        assertThat(error.getMessage()).contains(promoted.address() + " does not answer");
        AmbrotypeException refusal = catchThrowableOfType(AmbrotypeException.class, () -> {
            old.kill();
            restarts.resume(RestartListener.NONE, false);
        });
        assertThat(refusal.code()).isEqualTo(ErrorCode.UNSAFE);
        assertThat(refusal.getMessage())
                .contains("every copy of slots 0-5460 is down: " + promoted.address() + " was the last master");
        RestartReport report = restarts.resume(RestartListener.NONE, true);
        assertThat(report.layout().differencesFrom(report.plan().after())).isEmpty();
        assertAsBefore();
        assertThat(keys()).as("it had saved before it became the last copy").isEqualTo(500);
    }

    @Test
    void anAbandonedRunLeavesThingsAsTheyAre() throws Exception {
        RedisServer victim = lab.servers().get(5);
        stopped(new Once("Restart[" + lab.servers().get(3).address(), "to be gone", victim::kill));
        AmbrotypeException refused = catchThrowableOfType(
                AmbrotypeException.class, () -> new Restart(restarts.tools()).prepare(RestartRequest.all("shop")));
        assertThat(refused.code()).isEqualTo(ErrorCode.LOCKED);
        assertThat(refused.hint()).hasValueSatisfying(hint -> assertThat(hint).contains("--resume", "--abandon"));

        victim.start();
        lab.awaitWhole(Labs.patience());
        assertThat(new Restart(restarts.tools()).abandon("shop")).isEmpty();
        assertThat(new Restart(restarts.tools())
                        .prepare(RestartRequest.all("shop"))
                        .isResumed())
                .isFalse();
        assertAsBefore();
    }

    @Test
    void twoAtOnceRefuseEachOther() throws Exception {
        AmbrotypeException[] second = new AmbrotypeException[3];
        LabRestarts elsewhere = new LabRestarts(lab, labs.folder().resolve("another-operator"));
        restarts.run(
                RestartRequest.all("shop")
                        .withNodes(List.of(lab.servers().get(3).address().toString())),
                Probe.NONE,
                new Once("Restart[", "to be gone", () -> {
                    second[0] = catchThrowableOfType(
                            AmbrotypeException.class, () -> elsewhere.run(Probe.NONE, RestartListener.NONE));
                    second[1] = catchThrowableOfType(
                            AmbrotypeException.class, () -> restarts.run(Probe.NONE, RestartListener.NONE));
                    second[2] = catchThrowableOfType(
                            AmbrotypeException.class, () -> restarts.resume(RestartListener.NONE, false));
                }));
        for (AmbrotypeException refusal : second) {
            assertThat(refusal.code()).isEqualTo(ErrorCode.LOCKED);
            assertThat(refusal.getMessage()).startsWith("another restart of this deployment is at work");
        }
        assertAsBefore();
    }

    private AmbrotypeException stopped(RestartListener listener) {
        AmbrotypeException error =
                catchThrowableOfType(AmbrotypeException.class, () -> restarts.run(Probe.NONE, listener));
        assertThat(error).isNotNull();
        return error;
    }

    private Topology topology() {
        return new TopologyReader(ConnectionSettings.defaults()).discover(lab.addresses());
    }

    private Map<String, String> processes() {
        Map<String, String> processes = new TreeMap<>();
        topology()
                .nodes()
                .forEach(node ->
                        processes.put(node.name(), node.state().orElseThrow().runId()));
        return processes;
    }

    private void write(int keys) {
        try (RespConnection connection = lab.servers().get(0).connect()) {
            for (int i = 0; i < keys; i++) {
                connection.call("SET", "{shop-a}" + i, "value"); // slot 2436
            }
        }
    }

    private long keys() {
        return topology()
                .shardOf(0)
                .orElseThrow()
                .master()
                .state()
                .orElseThrow()
                .keys();
    }

    private void assertAllRestarted() {
        Map<String, String> now = processes();
        before.nodes()
                .forEach(node -> assertThat(now.get(node.name()))
                        .isNotEqualTo(node.state().orElseThrow().runId()));
    }

    private void assertAsBefore() {
        Topology after = topology();
        assertThat(after.differencesFrom(before)).isEmpty();
        assertThat(after.problems()).isEmpty();
        for (RedisServer server : lab.servers()) {
            try (RespConnection connection = server.connect()) {
                assertThat(connection.pairs("CONFIG", "GET", BARRIER)).containsEntry(BARRIER, "1");
            }
        }
    }
}
