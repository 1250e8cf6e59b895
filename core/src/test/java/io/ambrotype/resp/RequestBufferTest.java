package io.ambrotype.resp;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

class RequestBufferTest {
    private static byte[] bytes(String text) {
        return text.getBytes(ISO_8859_1);
    }

    private static String text(RequestBuffer buffer) {
        return new String(buffer.array(), 0, buffer.size(), ISO_8859_1);
    }

    @Test
    void commandsAreArraysOfBulkStrings() {
        RequestBuffer buffer = new RequestBuffer(1);
        buffer.add(bytes("SET"), bytes("a\r\n"), bytes(""));
        assertThat(text(buffer)).isEqualTo("*3\r\n$3\r\nSET\r\n$3\r\na\r\n\r\n$0\r\n\r\n");
        assertThatThrownBy(buffer::add).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void aCommandInPiecesIsTheSameAsAWholeOne() {
        RequestBuffer pieces = new RequestBuffer(0);
        pieces.begin(3);
        pieces.argument(bytes("MSET"));
        RequestBuffer pair = new RequestBuffer(0);
        pair.argument(bytes("..key.."), 2, 3);
        pair.beginArgument(1234567);
        pair.write(bytes("x".repeat(1234000)), 0, 1234000);
        pair.write(bytes("y".repeat(1000)), 433, 567);
        pair.endArgument();
        pieces.arguments(pair);
        RequestBuffer whole =
                RequestBuffer.of(bytes("MSET"), bytes("key"), bytes("x".repeat(1234000) + "y".repeat(567)));
        assertThat(text(pieces)).isEqualTo(text(whole));
        pair.clear();
        assertThat(pair.size()).isZero();
    }

    @Test
    void whatWasPutInCanBeTakenOut() {
        RequestBuffer buffer = new RequestBuffer(16);
        byte[][] first = {bytes("PING")};
        byte[][] second = {bytes("SET"), bytes("$3\r\n*1\r\n"), bytes(""), bytes("v".repeat(1001))};
        buffer.add(first);
        int at = buffer.size();
        buffer.add(second);
        assertThat(buffer.command(0)).isDeepEqualTo(first);
        assertThat(buffer.command(at)).isDeepEqualTo(second);
    }
}
