package io.ambrotype.control;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.ambrotype.common.AmbrotypeException;
import io.ambrotype.common.ErrorCode;
import io.ambrotype.common.Time;
import io.ambrotype.resp.ConnectionSettings;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Servers that do not stop, and servers that do not come back. */
class NodeRestartTest {
    private static final Layout NOBODY = new Layout(List.of());

    private final FakeNode node = new FakeNode();
    private final MemberConnections connections = new MemberConnections(ConnectionSettings.defaults(), "test");
    private final List<String> told = new ArrayList<>();
    private final NodeRestart restart =
            new NodeRestart(connections, new NoGates(), new PatientTime(), new GateListener() {
                @Override
                public void waiting(String gate, String missing) {
                    told.add(missing);
                }

                @Override
                public void passed(String gate, Duration waited) {
                    told.add(gate);
                }
            });

    /** Nobody is anybody else's. */
    private static final class NoGates implements DeploymentGates {
        @Override
        public Supplier<Optional<Missing>> inPlace(Layout expected, Collection<Member> known) {
            return Optional::empty;
        }

        @Override
        public Supplier<Optional<Missing>> stoppable(Layout expected, Member member) {
            return Optional::empty;
        }

        @Override
        public void requireSelf(Look.Seen look) {}
    }

    /** Starts the node, or what happens instead. */
    private record Starting(Runnable action, Optional<Boolean> gone, Optional<String> reason, boolean revived)
            implements Starter {
        static Starting by(Runnable action) {
            return new Starting(action, Optional.empty(), Optional.empty(), false);
        }

        Starting failing(String why) {
            return new Starting(action, gone, Optional.of(why), revived);
        }

        Starting byItself() {
            return new Starting(action, gone, reason, true);
        }

        @Override
        public void start(Member member) {
            action.run();
        }

        @Override
        public Optional<Boolean> isGone(Member member) {
            return gone;
        }

        @Override
        public Optional<String> ended(Member member) {
            return reason;
        }

        @Override
        public boolean isRevived() {
            return revived;
        }
    }

    @AfterEach
    void end() {
        connections.close();
        node.close();
    }

    private Look.Seen start(Starter starter) {
        return restart.start(NOBODY, node.member(), Optional.empty(), starter);
    }

    private AmbrotypeException failure(Starter starter) {
        AmbrotypeException error = catchThrowableOfType(AmbrotypeException.class, () -> start(starter));
        assertThat(error).isNotNull();
        assertThat(error.code()).isEqualTo(ErrorCode.UNSAFE);
        return error;
    }

    @Test
    void isStoppedByTheRulesOfItsPersistence() {
        Starter starter = Starting.by(node::start);
        for (String[] each : new String[][] {{"3600 1", "no", " SAVE"}, {"", "yes", ""}, {"", "no", " NOSAVE"}}) {
            node.set("save", each[0]).set("appendonly", each[1]);
            String stopped = restart.stop(node.member(), starter);
            assertThat(told).contains(node.member() + " to accept SHUTDOWN" + each[2], node.member() + " to be gone");
            Look.Seen back = restart.start(NOBODY, node.member(), Optional.of(stopped), starter);
            assertThat(back.state().runId()).isNotEqualTo(stopped);
        }
    }

    @Test
    void whoRefusesIsAskedAgainAndThenLeftAlone() {
        node.set("save", "3600 1").answering("SHUTDOWN SAVE", "-ERR Errors trying to SHUTDOWN. Check logs.\r\n");
        AmbrotypeException error = catchThrowableOfType(
                AmbrotypeException.class, () -> restart.stop(node.member(), Starting.by(node::start)));
        assertThat(error.getMessage())
                .startsWith("waited 60 s for " + node.member() + " to accept SHUTDOWN SAVE: ")
                .contains("refused SHUTDOWN: ERR Errors trying to SHUTDOWN", "its log says why");
    }

    @Test
    void whoSaysYesAndStaysIsAskedAgain() {
        node.answering("SHUTDOWN", "+OK\r\n").set("appendonly", "yes");
        assertThat(catchThrowableOfType(
                        AmbrotypeException.class, () -> restart.stop(node.member(), Starting.by(node::start))))
                .hasMessageContaining("answered SHUTDOWN and goes on");
    }

    @Test
    void whoseProcessIsStillThereIsNotGone() {
        assertThat(catchThrowableOfType(
                        AmbrotypeException.class,
                        () -> restart.stop(
                                node.member(), new Starting(node::start, Optional.of(false), Optional.empty(), false))))
                .hasMessageContaining("to be gone: its process is still there");
    }

    @Test
    void whoCannotBeReachedIsNotStopped() {
        node.end();
        assertThat(catchThrowableOfType(
                        AmbrotypeException.class, () -> restart.stop(node.member(), Starting.by(node::start))))
                .hasMessageContaining("connection refused");
    }

    @Test
    void whoHasNotEndedHasNotComeBack() {
        String runId = ((Look.Seen) connections.look(node.member())).state().runId();
        assertThat(catchThrowableOfType(
                        AmbrotypeException.class,
                        () -> restart.start(NOBODY, node.member(), Optional.of(runId), Starting.by(() -> {}))))
                .hasMessage("waited 60 s for " + node.member() + " to answer: " + node.member()
                        + " is still the process that was stopped");
    }

    @Test
    void whoEndsRightAwayIsToldWithTheReason() {
        node.end();
        assertThat(failure(Starting.by(() -> {}).failing("redis-server ended with status 1: no space")))
                .hasMessage("waited 5 s for " + node.member() + " to answer: " + node.member()
                        + " was started and ended again: redis-server ended with status 1: no space");
    }

    @Test
    void whoNeverAnswersIsWaitedForToTheEnd() {
        node.end();
        assertThat(failure(Starting.by(() -> {})))
                .hasMessageStartingWith("waited 60 s for " + node.member() + " to answer");
    }

    /** By its address alone: who started it cannot see its process. */
    @Test
    void whoEndsWhileItLoadsIsNotWaitedFor() {
        node.end();
        Starter starter = Starting.by(() -> {
            node.with("loading", "1").start();
        });
        NodeRestart dying = new NodeRestart(connections, new NoGates(), new PatientTime(), new GateListener() {
            @Override
            public void passed(String gate, Duration waited) {
                node.end();
            }
        });
        AmbrotypeException error = catchThrowableOfType(
                AmbrotypeException.class, () -> dying.start(NOBODY, node.member(), Optional.empty(), starter));
        assertThat(error.getMessage())
                .startsWith("waited 5 s for " + node.member() + " to load its data: ")
                .contains("connection refused", "its process is gone");
        AmbrotypeException supervised = catchThrowableOfType(
                AmbrotypeException.class,
                () -> dying.start(
                        NOBODY,
                        node.member(),
                        Optional.empty(),
                        Starting.by(node::start).byItself()));
        assertThat(supervised.getMessage()).startsWith("waited 60 s for " + node.member() + " to load its data: ");
    }

    @Test
    void whoIsStartedAgainAndAgainHasNotComeBack() {
        node.with("loading", "1");
        PatientTime time = new PatientTime();
        NodeRestart looping = new NodeRestart(
                connections,
                new NoGates(),
                new Time() {
                    @Override
                    public Instant instant() {
                        return time.instant();
                    }

                    @Override
                    public Duration running() {
                        return time.running();
                    }

                    @Override
                    public void sleep(Duration duration) throws InterruptedException {
                        node.changeProcess();
                        time.sleep(duration);
                    }
                },
                GateListener.NONE);
        AmbrotypeException error = catchThrowableOfType(
                AmbrotypeException.class,
                () -> looping.start(NOBODY, node.member(), Optional.empty(), Starting.by(() -> {})));
        assertThat(error)
                .hasMessage(node.member()
                        + " ends and is started again and again: 4 processes so far, and none has loaded its data");
    }
}
