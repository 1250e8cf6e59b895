package io.ambrotype.topology;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.BitSet;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SlotSetTest {
    @Test
    void printsAndReadsItsRanges() {
        SlotSet slots = SlotSet.parse("5462 0-5460,7 16383\n");
        assertThat(slots).hasToString("0-5460,5462,16383").isEqualTo(SlotSet.parse(slots.toString()));
        assertThat(slots.size()).isEqualTo(5463);
        assertThat(slots.contains(5461)).isFalse();
        assertThat(slots.contains(16383)).isTrue();
        assertThat(slots.contains(-1)).isFalse();
        assertThat(slots.first()).hasValue(0);
        assertThat(slots.ranges())
                .containsExactly(new SlotRange(0, 5460), new SlotRange(5462, 5462), new SlotRange(16383, 16383));
        assertThat(SlotSet.parse(" ")).isEqualTo(SlotSet.NONE).hasToString("");
        assertThat(SlotSet.NONE.first()).isEmpty();
        assertThat(SlotSet.ALL).hasToString("0-16383");
    }

    @Test
    void combinesLikeSets() {
        SplittableRandom random = new SplittableRandom(7);
        for (int round = 0; round < 50; round++) {
            BitSet a = bits(random);
            BitSet b = bits(random);
            SlotSet left = SlotSet.of(a);
            SlotSet right = SlotSet.of(b);
            assertThat(left).isEqualTo(SlotSet.of(left.ranges())).hasSameHashCodeAs(SlotSet.parse(left.toString()));
            assertThat(left.union(right).minus(right).union(left.intersection(right)))
                    .isEqualTo(left);
            assertThat(left.union(right).size())
                    .isEqualTo(left.size()
                            + right.size()
                            - left.intersection(right).size());
            assertThat(left.stream().allMatch(left::contains)).isTrue();
            a.flip(0, 16384);
            assertThat(SlotSet.ALL.minus(left)).isEqualTo(SlotSet.of(a));
        }
    }

    @Test
    void staysAsItWasMade() {
        BitSet bits = new BitSet();
        bits.set(1);
        SlotSet slots = SlotSet.of(bits);
        bits.set(2);
        assertThat(slots).hasToString("1").isNotEqualTo("1");
        bits.set(16384);
        assertThatThrownBy(() -> SlotSet.of(bits)).hasMessage("slot 16384 is above 16383");
    }

    @Test
    void dealsSlotsOutEvenly() {
        assertThat(SlotSet.split(3)).map(SlotSet::toString).containsExactly("0-5460", "5461-10921", "10922-16383");
        for (int parts : List.of(1, 2, 5, 7, 1000, 16384)) {
            List<SlotSet> dealt = SlotSet.split(parts);
            assertThat(dealt.stream().reduce(SlotSet.NONE, SlotSet::union)).isEqualTo(SlotSet.ALL);
            assertThat(dealt).allMatch(slots -> slots.size() == 16384 / parts || slots.size() == 16384 / parts + 1);
        }
        assertThatThrownBy(() -> SlotSet.split(0)).hasMessageContaining("0 owners");
        assertThatThrownBy(() -> SlotSet.split(16385)).hasMessageContaining("16385 owners");
    }

    @ParameterizedTest
    @ValueSource(strings = {"16384", "-1", "5-", "-", "+5", "5-3", "1-2-3", "x", "٣", "99999999999", "0-16384"})
    void refusesWhatIsNoSlot(String text) {
        assertThatThrownBy(() -> SlotSet.parse(text))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("'" + text + "' is not a slot or a range of slots");
    }

    private static BitSet bits(SplittableRandom random) {
        BitSet bits = new BitSet();
        for (int i = 0; i < 40; i++) {
            int first = random.nextInt(16384);
            bits.set(first, Math.min(16384, first + random.nextInt(1, 200)));
        }
        return bits;
    }
}
