package io.ambrotype.topology;

import static org.assertj.core.api.Assertions.assertThat;

import io.ambrotype.common.AmbrotypeException;
import io.ambrotype.common.ErrorCode;
import io.ambrotype.mutation.Allocations;
import io.ambrotype.mutation.Mutator;
import io.ambrotype.mutation.Trials;
import io.ambrotype.servers.Corpus;
import io.ambrotype.topology.NodesConfPlan.Target;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Damaged files and replies end in an error that is located, or in a file that can be written and read again. */
class NodesConfFuzzTest {
    private static final int ROUNDS = 2_000;

    /** What is made once, classes among them. */
    private static final long FIXED_BUDGET = 8 << 20;

    /** Lines and fields are objects of their own, and each takes many times its bytes. */
    private static final long BUDGET_PER_BYTE = 500;

    private static final String[] WORDS = {
        "\n",
        ",",
        "@",
        ":",
        "-",
        "[",
        "]",
        "->-",
        "-<-",
        "=",
        "%",
        "\0",
        "\r",
        "\t",
        "vars ",
        "myself",
        "slave",
        "0-16383",
        "::1",
        "\u00c3\u00a9"
    };

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3})
    void survivesMutation(long seed) {
        List<byte[]> corpus = new ArrayList<>(Corpus.files("nodes", ".conf"));
        corpus.add(sample(new SplittableRandom(seed)).getBytes(StandardCharsets.UTF_8));
        int[] whole = {0};
        Mutator mutator = new Mutator(Trials.seed(seed), corpus, WORDS);
        Trials.run("nodes.conf", seed, ROUNDS, mutator, content -> {
            long allocated = Allocations.of(() -> {
                try {
                    NodesConf conf = NodesConf.parse(content, "nodes.conf");
                    if (conf.faults().isEmpty()) {
                        whole[0]++;
                        String plain = conf.toText();
                        assertThat(NodesConf.parse(plain.getBytes(StandardCharsets.UTF_8), "plain")
                                        .toText())
                                .isEqualTo(plain);
                    }
                } catch (AmbrotypeException e) {
                    assertThat(e.code()).isEqualTo(ErrorCode.CORRUPT);
                    assertThat(e.getMessage())
                            .startsWith("nodes.conf")
                            .doesNotContain("\n")
                            .hasSizeLessThan(300);
                }
            });
            assertThat(allocated).isLessThan(FIXED_BUDGET + BUDGET_PER_BYTE * content.length);
        });
        // The mutations must not all be so coarse that nothing behind the first check is reached.
        assertThat(whole[0]).isGreaterThan(ROUNDS / 100);
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
}
