package io.ambrotype.control;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.ambrotype.common.AmbrotypeException;
import io.ambrotype.common.ErrorCode;
import io.ambrotype.common.HostAndPort;
import io.ambrotype.topology.NodeId;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;

class GateTest {
    private static final Member NODE = new Member(new NodeId("a".repeat(40)), new HostAndPort("10.0.0.1", 7000));

    private final PatientTime clock = new PatientTime();
    private final List<String> told = new ArrayList<>();
    private final GateListener listener = new GateListener() {
        @Override
        public void waiting(String gate, String missing) {
            told.add(missing);
        }

        @Override
        public void passed(String gate, Duration waited) {
            told.add(gate + " after " + waited.toMillis());
        }
    };

    private AmbrotypeException closed(Supplier<Optional<Missing>> missing) {
        return catchThrowableOfType(
                AmbrotypeException.class,
                () -> new Gate("the door", Duration.ofSeconds(30)).await(clock, listener, missing));
    }

    private static Optional<Missing> refused() {
        return Optional.of(Missing.gone(new Look.Unseen(NODE, "cannot connect to 10.0.0.1:7000", true)));
    }

    @Test
    void opensWithTheFirstLookThatMissesNothing() {
        new Gate("the door", Duration.ofSeconds(30))
                .await(
                        clock,
                        listener,
                        () -> clock.millis() < 100 ? Optional.of(Missing.of("a key")) : Optional.empty());
        assertThat(told).containsExactly("a key", "the door after 100");
    }

    @Test
    void staysClosedNoLongerThanItsLimit() {
        AmbrotypeException error = closed(() -> Optional.of(Missing.of("there is no key")));
        assertThat(error.code()).isEqualTo(ErrorCode.UNSAFE);
        assertThat(error).hasMessage("waited 30 s for the door: there is no key");
    }

    @Test
    void waitsForAsLongAsSomethingMovesOn() {
        AmbrotypeException error = closed(() ->
                Optional.of(new Missing("it is loading", Long.toString(Math.min(clock.millis(), 100_000) / 1000))));
        assertThat(error).hasMessage("waited 130 s for the door: it is loading");
    }

    @Test
    void whoIsGoneIsNotWaitedForToTheEnd() {
        assertThat(closed(GateTest::refused))
                .hasMessageStartingWith(
                        "waited 5 s for the door: cannot connect to 10.0.0.1:7000; its process is gone");
    }

    @Test
    void whoComesBackInTimeWasNotGone() {
        // Away for four seconds, there for one, away again: somebody starts it each time.
        assertThat(closed(() -> clock.millis() % 5000 < 4000 ? refused() : Optional.of(Missing.of("it is loading"))))
                .hasMessageStartingWith("waited 30 s for the door");
    }

    @Test
    void whoDoesNotAnswerNeedNotBeGone() {
        assertThat(closed(() -> Optional.of(Missing.gone(new Look.Unseen(NODE, "no answer in 5 s", false)))))
                .hasMessage("waited 30 s for the door: no answer in 5 s");
    }

    @Test
    void isLeftWhereItsThreadIsInterrupted() {
        Thread.currentThread().interrupt();
        assertThat(closed(GateTest::refused).code()).isEqualTo(ErrorCode.INTERRUPTED);
        assertThat(Thread.interrupted()).isTrue();
    }

    @Test
    void whatALookThrowsPassesThrough() {
        assertThatThrownBy(() -> new Gate("the door", Duration.ofSeconds(30)).await(clock, listener, () -> {
                    throw new IllegalStateException("no door");
                }))
                .hasMessage("no door");
    }
}
