package io.ambrotype.topology;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.ambrotype.common.HostAndPort;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class NodeIdTest {
    @Test
    void isDerivedFromAnAddressOrChance() {
        NodeId id = NodeId.ofAddress(new HostAndPort("127.0.0.1", 6379));
        // printf 127.0.0.1:6379 | sha1sum
        assertThat(id).hasToString("11eceb7f355c699a367c5f3e38ec19fca7318355");
        assertThat(id).isNotEqualTo(NodeId.ofAddress(new HostAndPort("127.0.0.1", 6380)));
        assertThat(id.shortForm()).hasSize(8).isEqualTo(id.value().substring(0, 8));
        assertThat(NodeId.random(new SplittableRandom(1))).isNotEqualTo(NodeId.random(new SplittableRandom(2)));
        assertThat(new NodeId("0".repeat(40))).isLessThan(new NodeId("a".repeat(40)));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"", "abc", "A000000000000000000000000000000000000000", "g000000000000000000000000000000000000000"
            })
    void refusesWhatIsNoId(String text) {
        assertThatThrownBy(() -> new NodeId(text)).hasMessageContaining("is not a node id");
    }
}
