package io.ambrotype.topology;

import static org.assertj.core.api.Assertions.assertThat;

import io.ambrotype.common.AmbrotypeException;
import io.ambrotype.common.ErrorCode;
import io.ambrotype.topology.NodesConfPlan.Target;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Damaged files and replies end in an error that is located, or in a file that can be written and read again. */
class NodesConfFuzzTest {
    private static final int ROUNDS = 4_000;
    private static final byte[] SPICE = " \n,@:-[]=><%\0\r\tvars9".getBytes(StandardCharsets.UTF_8);

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3})
    void survivesMutation(long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        byte[] original = sample(random).getBytes(StandardCharsets.UTF_8);
        int whole = 0;
        for (int round = 0; round < ROUNDS; round++) {
            byte[] content = mutate(original, random);
            String shown =
                    "seed " + seed + " round " + round + " " + HexFormat.of().formatHex(content);
            try {
                NodesConf conf = NodesConf.parse(content, "nodes.conf");
                if (conf.faults().isEmpty()) {
                    String plain = conf.toText();
                    assertThat(NodesConf.parse(plain.getBytes(StandardCharsets.UTF_8), "plain")
                                    .toText())
                            .as(shown)
                            .isEqualTo(plain);
                    whole++;
                }
            } catch (AmbrotypeException e) {
                assertThat(e.code()).as(shown).isEqualTo(ErrorCode.CORRUPT);
                assertThat(e.getMessage())
                        .as(shown)
                        .startsWith("nodes.conf")
                        .doesNotContain("\n")
                        .hasSizeLessThan(300);
            }
        }
        // The mutations must not all be so coarse that nothing behind the first check is reached.
        assertThat(whole).isBetween(ROUNDS / 100, ROUNDS - ROUNDS / 100);
    }

    @ParameterizedTest
    @ValueSource(longs = {4, 5})
    void readsNoPrefixOfAFileAsTheFile(long seed) {
        byte[] original = sample(new SplittableRandom(seed)).getBytes(StandardCharsets.UTF_8);
        for (int length = 0; length < original.length; length++) {
            byte[] prefix = Arrays.copyOf(original, length);
            try {
                NodesConf.parse(prefix, "nodes.conf");
                assertThat(length).as("accepted prefix").isEqualTo(original.length);
            } catch (AmbrotypeException e) {
                assertThat(e.code()).isEqualTo(ErrorCode.CORRUPT);
            }
        }
    }

    private static String sample(SplittableRandom random) {
        List<Target> nodes = new ArrayList<>();
        List<SlotSet> slots = SlotSet.split(3);
        for (int i = 0; i < 3; i++) {
            Target master = Target.master(NodeId.random(random), "10.0.0.1", 7000 + i, 17000 + i, slots.get(i), i + 1);
            nodes.add(master);
            nodes.add(Target.replica(NodeId.random(random), "fd00::2", 7000 + i, 17000 + i, master));
        }
        return NodesConfPlan.of(nodes)
                .fileFor(nodes.getFirst().id())
                .toText()
                .replace("@17000 ", "@17000,,tls-port=0,shard-id=ab ")
                .replace("@17001 ", "@17001,redis-1,nodename=x ")
                .replace(" 0-5460", " 0-5459 5460 [7->-" + nodes.get(2).id() + "]");
    }

    private static byte[] mutate(byte[] original, SplittableRandom random) {
        byte[] content = original.clone();
        for (int times = random.nextInt(1, 4); times > 0; times--) {
            int at = random.nextInt(content.length);
            int end = Math.min(content.length, at + random.nextInt(1, 80));
            content = switch (random.nextInt(5)) {
                case 0 -> with(content, at, SPICE[random.nextInt(SPICE.length)]);
                case 1 -> with(content, at, (byte) random.nextInt());
                case 2 -> splice(content, at, end, new byte[0]);
                case 3 -> splice(content, at, at, Arrays.copyOfRange(content, at, end));
                default -> random.nextInt(8) == 0 ? Arrays.copyOf(content, at + 1) : with(content, at, (byte) '0');
            };
        }
        return content;
    }

    private static byte[] with(byte[] content, int at, byte value) {
        content[at] = value;
        return content;
    }

    private static byte[] splice(byte[] content, int from, int to, byte[] insert) {
        byte[] result = new byte[Math.max(1, content.length - (to - from) + insert.length)];
        System.arraycopy(content, 0, result, 0, from);
        System.arraycopy(insert, 0, result, from, insert.length);
        System.arraycopy(content, to, result, from + insert.length, content.length - to);
        return result;
    }
}
