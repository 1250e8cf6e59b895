package io.ambrotype.resp;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.ambrotype.common.AmbrotypeException;
import io.ambrotype.resp.RespReply.ArrayReply;
import io.ambrotype.resp.RespReply.BulkString;
import io.ambrotype.resp.RespReply.ErrorReply;
import io.ambrotype.resp.RespReply.IntegerReply;
import io.ambrotype.resp.RespReply.NullReply;
import io.ambrotype.resp.RespReply.SimpleString;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;

class RespReplyTest {
    private static final RespReply STATUS = new SimpleString("12");
    private static final RespReply BULK = new BulkString("é".getBytes(StandardCharsets.UTF_8));
    private static final RespReply INTEGER = new IntegerReply(7);
    private static final RespReply NULL = new NullReply();
    private static final RespReply ERROR = new ErrorReply("WRONGTYPE no");
    private static final RespReply ARRAY = new ArrayReply(List.of(BULK, INTEGER, STATUS));

    @Test
    void readsTheExpectedShapes() {
        assertThat(STATUS.text()).isEqualTo("12");
        assertThat(BULK.text()).isEqualTo("é");
        assertThat(INTEGER.text()).isEqualTo("7");
        assertThat(STATUS.bytes()).containsExactly('1', '2');
        assertThat(BULK.bytes()).hasSize(2);
        assertThat(STATUS.integer()).isEqualTo(12);
        assertThat(INTEGER.integer()).isEqualTo(7);
        assertThat(ARRAY.array()).hasSize(3);
        assertThat(ARRAY.texts()).containsExactly("é", "7", "12");
        assertThat(new ArrayReply(List.of(BULK, INTEGER)).pairs()).containsEntry("é", "7");
        assertThat(NULL.isNull()).isTrue();
        assertThat(BULK.isNull()).isFalse();
        assertThat(((ErrorReply) ERROR).prefix()).isEqualTo("WRONGTYPE");
        assertThat(new ErrorReply("ERR").prefix()).isEqualTo("ERR");
    }

    @Test
    void namesTheShapeThatCameInstead() {
        assertUnexpected(ERROR::text, "the error 'WRONGTYPE no' where a text");
        assertUnexpected(NULL::text, "a null where a text");
        assertUnexpected(ARRAY::text, "an array of 3 where a text");
        assertUnexpected(INTEGER::bytes, "an integer where a bulk string");
        assertUnexpected(BULK::integer, "a bulk string where an integer");
        assertUnexpected(NULL::integer, "a null where an integer");
        assertUnexpected(STATUS::array, "a status where an array");
        assertUnexpected(ARRAY::pairs, "an array of 3 where an array of pairs");
    }

    @Test
    void aBulkStringDoesNotShowItsBytes() {
        assertThat(BULK)
                .hasToString("BulkString[2 bytes]")
                .hasSameHashCodeAs(new BulkString(BULK.bytes().clone()));
        assertThat(BULK).isNotEqualTo(new BulkString(new byte[2])).isNotEqualTo(STATUS);
    }

    private static void assertUnexpected(ThrowingCallable reading, String words) {
        assertThatThrownBy(reading)
                .isInstanceOf(AmbrotypeException.class)
                .hasMessageStartingWith("unexpected reply: " + words);
    }
}
