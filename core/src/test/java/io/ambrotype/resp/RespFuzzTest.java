package io.ambrotype.resp;

import static org.assertj.core.api.Assertions.assertThat;

import io.ambrotype.common.AmbrotypeException;
import io.ambrotype.common.ErrorCode;
import io.ambrotype.mutation.Allocations;
import io.ambrotype.mutation.Mutator;
import io.ambrotype.mutation.Trials;
import io.ambrotype.servers.Corpus;
import java.io.ByteArrayInputStream;
import java.io.EOFException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Damaged replies are replies, or end in an error with their offset; a length alone costs nothing. */
class RespFuzzTest {
    private static final long FIXED_BUDGET = 8 << 20;
    private static final long BUDGET_PER_BYTE = 100;

    private static List<byte[]> corpus() {
        List<byte[]> corpus = new ArrayList<>(Corpus.replies("", Corpus.NODES));
        corpus.addAll(Corpus.replies("", List.of("sentinel-redis-7.0.15", "watched-redis-7.0.15")));
        return corpus;
    }

    @Test
    void anyDamageToReplies() {
        Mutator mutator = new Mutator(
                Trials.seed(1), corpus(), "\r\n", "$-1\r\n", "*-1\r\n", "*1\r\n", "$0\r\n\r\n", ":", "-ERR ", "+");
        Trials.run("replies", 1, 6_000, mutator, input -> {
            long allocated = Allocations.of(() -> {
                ByteArrayInputStream in = new ByteArrayInputStream(input);
                RespReader reader = new RespReader(in::read);
                try {
                    while (true) {
                        use(reader.read());
                    }
                } catch (EOFException e) {
                    assertThat(reader.offset()).isLessThanOrEqualTo(input.length);
                } catch (RespReader.ProtocolException e) {
                    assertThat(e.getMessage()).contains(" at byte ").hasSizeLessThan(200);
                    assertThat(reader.offset()).isLessThanOrEqualTo(input.length);
                }
            });
            assertThat(allocated).isLessThan(FIXED_BUDGET + BUDGET_PER_BYTE * input.length);
        });
    }

    private static void use(RespReply reply) {
        List<Runnable> uses = List.of(reply::text, reply::bytes, reply::integer, reply::texts, reply::pairs);
        for (Runnable use : uses) {
            try {
                use.run();
            } catch (AmbrotypeException e) {
                assertThat(e.code()).isEqualTo(ErrorCode.FAILED);
                assertThat(e.getMessage()).startsWith("unexpected reply: ").hasSizeLessThan(700);
            }
        }
    }

    @Test
    void anyDamageToInfo() {
        List<byte[]> corpus = new ArrayList<>();
        for (byte[] reply : Corpus.replies("INFO", Corpus.NODES)) {
            corpus.add(reply);
        }
        Mutator mutator = new Mutator(Trials.seed(2), corpus, "\r\n", ":", "# ", "=", ",", "\0");
        Trials.run("INFO", 2, 2_000, mutator, input -> {
            long allocated = Allocations.of(() -> {
                ServerInfo info = ServerInfo.parse(new String(input, StandardCharsets.UTF_8));
                info.number("used_memory");
                info.is("loading");
                info.value("slave0").ifPresent(ServerInfo::parts);
                try {
                    assertThat(info.version().major()).isNotNegative();
                } catch (AmbrotypeException e) {
                    assertThat(e.getMessage()).startsWith("INFO tells no server version that can be read");
                }
            });
            assertThat(allocated).isLessThan(FIXED_BUDGET + BUDGET_PER_BYTE * input.length);
        });
    }

    @Test
    void anInfoWithoutEndIsReadOnlyForItsBeginning() {
        String endless = "run_id:1\r\n" + "a:b\r\n".repeat(150_000) + "late:1\r\n";
        ServerInfo info = ServerInfo.parse(endless);
        assertThat(info.value("run_id")).hasValue("1");
        assertThat(info.value("late")).isEmpty();
    }
}
