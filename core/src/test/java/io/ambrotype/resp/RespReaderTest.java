package io.ambrotype.resp;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.ambrotype.resp.RespReply.ArrayReply;
import io.ambrotype.resp.RespReply.BulkString;
import io.ambrotype.resp.RespReply.ErrorReply;
import io.ambrotype.resp.RespReply.IntegerReply;
import io.ambrotype.resp.RespReply.NullReply;
import io.ambrotype.resp.RespReply.SimpleString;
import java.io.ByteArrayInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class RespReaderTest {
    private static final String EVERY_KIND =
            "+OK\r\n-ERR no\r\n:-42\r\n$5\r\na\r\nb\0\r\n$0\r\n\r\n$-1\r\n*-1\r\n*3\r\n:1\r\n*0\r\n$1\r\nx\r\n";

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 7, 1000})
    void readsEveryKindHoweverItIsSplit(int step) throws IOException {
        RespReader reader = inSteps(step, EVERY_KIND);

        assertThat(reader.read()).isEqualTo(new SimpleString("OK"));
        assertThat(reader.read()).isEqualTo(new ErrorReply("ERR no"));
        assertThat(reader.read()).isEqualTo(new IntegerReply(-42));
        assertThat(reader.read()).isEqualTo(new BulkString(bytes("a\r\nb\0")));
        assertThat(reader.read()).isEqualTo(new BulkString(new byte[0]));
        assertThat(reader.read()).isEqualTo(new NullReply());
        assertThat(reader.read()).isEqualTo(new NullReply());
        assertThat(reader.read())
                .isEqualTo(new ArrayReply(
                        List.of(new IntegerReply(1), new ArrayReply(List.of()), new BulkString(bytes("x")))));
        assertThat(reader.offset()).isEqualTo(EVERY_KIND.length());
        assertThatThrownBy(reader::read).isInstanceOf(EOFException.class);
    }

    @Test
    void readsABulkStringLargerThanItsBuffer() throws IOException {
        String value = "0123456789abcdef".repeat(10_000);
        RespReader reader = inSteps(1460, "+a\r\n$" + value.length() + "\r\n" + value + "\r\n+b\r\n");

        reader.read();
        assertThat(reader.read().text()).isEqualTo(value);
        assertThat(reader.read().text()).isEqualTo("b");
        assertThat(reader.offset()).isEqualTo(4 + 9 + value.length() + 2 + 4);
    }

    @ParameterizedTest
    @CsvSource({
        "9223372036854775807, 9223372036854775807",
        "-9223372036854775808, -9223372036854775808",
        "0, 0",
        "-0, 0"
    })
    void readsIntegersToTheirEdges(String text, long value) throws IOException {
        assertThat(inSteps(3, ":" + text + "\r\n").read().integer()).isEqualTo(value);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                ":\r\n",
                ":-\r\n",
                ":+1\r\n",
                ":1a\r\n",
                ":1 \r\n",
                ":12345678901234567890\r\n",
                ":9223372036854775808\r\n",
                ":-9223372036854775809\r\n",
                ":9999999999999999999\r\n",
                ":1\rx"
            })
    void refusesWhatIsNoInteger(String malformed) {
        assertThatThrownBy(() -> inSteps(100, "+OK\r\n" + malformed, 1).read())
                .isInstanceOf(RespReader.ProtocolException.class)
                .hasMessageMatching(".* at byte [68] of its replies");
    }

    @ParameterizedTest
    @CsvSource({
        "$-2, 'bulk string of length -2 at byte 5 of its replies'",
        "*-2, 'array of length -2 at byte 5 of its replies'",
        "$134217728, 'reply larger than 128 MiB at byte 5 of its replies'",
        "$9223372036854775807, 'reply larger than 128 MiB at byte 5 of its replies'",
        "*9223372036854775807, 'array of 9223372036854775807 elements, more than a reply may have at byte 5 of its replies'",
        "*2796203, 'array of 2796203 elements, more than a reply may have at byte 5 of its replies'",
        "%1, 'byte ''%'' does not begin a reply at byte 5 of its replies'",
        "HTTP/1.1 400, 'byte ''H'' does not begin a reply at byte 5 of its replies'",
    })
    void refusesLengthsAndTypesBeforeAllocating(String malformed, String message) {
        assertThatThrownBy(() -> inSteps(100, "+OK\r\n" + malformed + "\r\n", 1).read())
                .isInstanceOf(RespReader.ProtocolException.class)
                .hasMessage(message);
    }

    @Test
    void refusesABinaryByteInHexadecimal() {
        assertThatThrownBy(() -> inSteps(100, "\25\3\1").read())
                .hasMessage("byte 0x15 does not begin a reply at byte 0 of its replies");
    }

    @Test
    void refusesABulkStringThatDoesNotEndWhereItSaid() {
        assertThatThrownBy(() -> inSteps(100, "$2\r\nabc\r\n").read())
                .hasMessage("byte 'c' where a line should end at byte 6 of its replies");
        assertThatThrownBy(() -> inSteps(100, "$2\r\nab\rx").read())
                .hasMessage("byte 'x' where a line should end at byte 7 of its replies");
    }

    @Test
    void refusesALineWithoutCarriageReturnAndOneWithoutEnd() {
        assertThatThrownBy(() -> inSteps(100, "+OK\n").read())
                .hasMessage("line without carriage return at byte 1 of its replies");
        assertThatThrownBy(() -> inSteps(1000, "+" + "x".repeat(RespReader.LONGEST_LINE + 1))
                        .read())
                .hasMessage("line longer than 65536 bytes at byte 1 of its replies");
    }

    @Test
    void refusesDeepNestingAndAcceptsWhatServersNeed() throws IOException {
        assertThat(inSteps(100, "*1\r\n".repeat(RespReader.DEEPEST_NESTING) + ":1\r\n")
                        .read()
                        .array())
                .hasSize(1);
        assertThatThrownBy(() -> inSteps(100, "*1\r\n".repeat(RespReader.DEEPEST_NESTING + 1))
                        .read())
                .hasMessage("arrays nested deeper than 32 at byte 128 of its replies");
    }

    @Test
    void countsManySmallElementsAgainstTheBudget() {
        // Nested empty arrays: 4 bytes on the wire, 48 of the budget each; the announced length alone passes.
        byte[] inner = bytes("*0\r\n");
        byte[] outer = bytes("*2796201\r\n*2796201\r\n");
        int[] at = {0};
        RespReader reader = new RespReader((buffer, offset, length) -> {
            buffer[offset] = at[0] < outer.length ? outer[at[0]] : inner[(at[0] - outer.length) % inner.length];
            at[0]++;
            return 1;
        });
        assertThatThrownBy(reader::read)
                .isInstanceOf(RespReader.ProtocolException.class)
                .hasMessageContaining("more than a reply may have");
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "+", "+O", "+OK\r", ":1", "$", "$3\r\nab", "$3\r\nabc", "$3\r\nabc\r", "*2\r\n:1\r\n"})
    void reportsAnEndInTheMiddle(String cut) {
        assertThatThrownBy(() -> inSteps(2, cut).read()).isInstanceOf(EOFException.class);
    }

    @Test
    void handsOutWhatWasReceivedAhead() throws IOException {
        RespReader reader = inSteps(100, "+OK\r\nrest");
        reader.read();

        byte[] rest = new byte[10];
        assertThat(reader.drain(rest, 0, 3)).isEqualTo(3);
        assertThat(reader.drain(rest, 3, 7)).isEqualTo(1);
        assertThat(reader.drain(rest, 4, 6)).isZero();
        assertThat(new String(rest, 0, 4, StandardCharsets.US_ASCII)).isEqualTo("rest");
    }

    private static RespReader inSteps(int step, String text) {
        ByteArrayInputStream in = new ByteArrayInputStream(bytes(text));
        return new RespReader((buffer, offset, length) -> in.read(buffer, offset, Math.min(step, length)));
    }

    private static RespReader inSteps(int step, String text, int repliesBefore) throws IOException {
        RespReader reader = inSteps(step, text);
        for (int i = 0; i < repliesBefore; i++) {
            reader.read();
        }
        return reader;
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.ISO_8859_1);
    }
}
