package io.ambrotype.verify;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.ambrotype.topology.SlotSet;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SampleTest {
    @Test
    void consecutiveSeedsChooseEveryPart() {
        SlotSet seen = SlotSet.NONE;
        for (long seed = -3; seed < 17; seed++) {
            SlotSet slots = Sample.of(5, seed).slots();
            assertThat(slots.size()).isBetween(819, 820);
            assertThat(seen.intersection(slots).isEmpty()).isTrue();
            seen = seen.union(slots);
        }
        assertThat(seen).isEqualTo(SlotSet.ALL);
    }

    @Test
    void aPartIsAtLeastThatMuch() {
        assertThat(Sample.of(100, 5)).isEqualTo(Sample.ALL);
        assertThat(Sample.of(51, 5)).isEqualTo(Sample.ALL);
        assertThat(Sample.of(30, 5)).isEqualTo(new Sample(2, 3));
        assertThat(Sample.NONE.slots()).isEqualTo(SlotSet.NONE);
    }

    @Test
    void eachPartHasSomethingOfWhatThereIs() {
        for (int part = 0; part < 20; part++) {
            Sample sample = new Sample(part, 20);
            assertThat(IntStream.range(0, 3).filter(index -> sample.has(index, 3)))
                    .containsExactly(part % 3);
        }
        assertThat(IntStream.range(0, 3)).noneMatch(index -> Sample.NONE.has(index, 3));
        assertThat(Sample.ALL.has(0, 0)).isFalse();
    }

    @ParameterizedTest
    @ValueSource(doubles = {0, -1, 100.1, Double.NaN, Double.POSITIVE_INFINITY, 0.001})
    void refusesWhatIsNoShare(double percent) {
        assertThatThrownBy(() -> Sample.of(percent, 0)).isInstanceOf(IllegalArgumentException.class);
    }
}
