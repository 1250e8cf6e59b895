package io.ambrotype.replication;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.ambrotype.common.ReplicationId;
import io.ambrotype.common.ReplicationOffset;
import java.time.Duration;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ReplicationValuesTest {
    private static final String ID = "0123456789abcdef0123456789abcdef01234567";

    @ParameterizedTest
    @ValueSource(strings = {"", "?", "0123456789abcdef", "0123456789ABCDEF0123456789abcdef01234567", ID + "0"})
    void refusesWhatIsNoReplicationId(String text) {
        assertThat(new ReplicationId(ID)).hasToString(ID);
        assertThatThrownBy(() -> new ReplicationId(text)).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void offsetsCountBytesUpwards() {
        ReplicationOffset offset = new ReplicationOffset(41);
        assertThat(offset.plus(1)).isEqualTo(new ReplicationOffset(42)).isGreaterThan(offset);
        assertThat(offset).hasToString("41");
        assertThatThrownBy(() -> new ReplicationOffset(-1)).hasMessage("replication offset -1 is negative");
        assertThatThrownBy(() -> new ReplicationOffset(Long.MAX_VALUE).plus(1)).isInstanceOf(ArithmeticException.class);
    }

    @Test
    void refusesImpossibleSyncsAndOptions() {
        assertThatThrownBy(() -> new FullSync(new ReplicationId(ID), new ReplicationOffset(0), OptionalLong.of(-1)))
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> ReplicationOptions.backup().withTimeouts(Duration.ZERO, Duration.ofSeconds(1)))
                .hasMessage("idle timeout PT0S is shorter than 1 ms");
        assertThatThrownBy(() -> new EndMark(new byte[39])).isInstanceOf(IllegalArgumentException.class);
    }
}
