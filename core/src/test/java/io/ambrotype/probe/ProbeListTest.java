package io.ambrotype.probe;

import static org.assertj.core.api.Assertions.assertThat;

import io.ambrotype.common.HostAndPort;
import io.ambrotype.rdb.HashSlot;
import io.ambrotype.topology.SlotSet;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ProbeListTest {
    private static final Instant BEGUN = Instant.parse("2026-01-01T00:00:00Z");

    @Test
    void namesWhatWasAcknowledgedAndIsMissingOnce() {
        ProbeList list = new ProbeList("key", 100, BEGUN);
        for (int i = 0; i < 5; i++) {
            assertThat(list.next()).isEqualTo(100 + i);
            list.acknowledge(i < 3 ? "10.0.0.1:7000" : "10.0.0.2:7000", BEGUN.plusMillis(i));
        }
        BitSet present = new BitSet();
        present.set(0, 2);
        // Sent, never acknowledged, there all the same.
        present.set(7);
        List<Integer> lost = new ArrayList<>();
        list.verify(present, lost::add);
        assertThat(lost).containsExactly(2, 3, 4);
        assertThat(list.lostWrite(3))
                .isEqualTo(new Verdict.LostWrite("key", 103, "10.0.0.2:7000", BEGUN.plusMillis(3)));
        present.clear(0);
        list.verify(present, lost::add);
        assertThat(lost).containsExactly(2, 3, 4, 0);
    }

    @Test
    void knowsItsOwnNumbers() {
        ProbeList list = new ProbeList("key", 100, BEGUN);
        assertThat(list.indexOf(99)).isNegative();
        assertThat(list.indexOf(100)).isZero();
        assertThat(list.indexOf(100 + ProbeList.CAPACITY)).isNegative();
    }

    @Test
    void provesNothingWhenItMayHaveExpired() {
        ProbeList list = new ProbeList("key", 0, BEGUN);
        assertThat(list.mayHaveExpired(BEGUN.plus(Duration.ofMinutes(50)))).isFalse();
        assertThat(list.mayHaveExpired(BEGUN.plus(Duration.ofMinutes(59)))).isTrue();
        list.expiryRenewed(BEGUN.plus(Duration.ofMinutes(30)));
        assertThat(list.mayHaveExpired(BEGUN.plus(Duration.ofMinutes(59)))).isFalse();
    }

    @Test
    void findsATagForEverySlotThatAShardMayHave() {
        for (int slot : new int[] {0, 1, 8191, 16_383}) {
            SlotSet one = SlotSet.parse(Integer.toString(slot));
            String key = ProbeWriter.PREFIX + "{" + ProbeWriter.tagFor(one) + "}:run:1";
            assertThat(HashSlot.of(key.getBytes(StandardCharsets.UTF_8))).isEqualTo(slot);
        }
    }

    @ParameterizedTest
    @CsvSource({
        "MOVED 3999 127.0.0.1:6381, 127.0.0.1:6381",
        "ASK 3999 ::1:6381, [::1]:6381",
        "MOVED 3999 :6381, 10.0.0.1:6381",
        "MOVED 3999 ?:6381, 10.0.0.1:6381",
        "MOVED 3999 node.example:6381, node.example:6381",
    })
    void readsRedirectionsOfEveryForm(String message, String target) {
        assertThat(Route.redirection(message, new HostAndPort("10.0.0.1", 7000)))
                .contains(HostAndPort.parse(target));
    }

    @ParameterizedTest
    @CsvSource({"MOVED", "MOVED 1", "MOVED 1 nowhere", "MOVED 1 host:port", "MOVED 1 host:0", "MOVED 1 host:70000"})
    void doesNotFollowWhatIsNoRedirection(String message) {
        assertThat(Route.redirection(message, new HostAndPort("10.0.0.1", 7000)))
                .isEmpty();
    }
}
