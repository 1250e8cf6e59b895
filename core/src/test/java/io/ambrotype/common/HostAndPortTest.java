package io.ambrotype.common;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

class HostAndPortTest {
    @Test
    void readsAndPrintsEveryForm() {
        assertThat(HostAndPort.parse("redis-1:7000")).hasToString("redis-1:7000");
        assertThat(HostAndPort.parse("[::1]:7000"))
                .isEqualTo(new HostAndPort("::1", 7000))
                .hasToString("[::1]:7000");
        assertThat(HostAndPort.parse("::1:7000")).isEqualTo(new HostAndPort("::1", 7000));
    }

    @Test
    void refusesWhatIsNotAnEndpoint() {
        assertThatThrownBy(() -> HostAndPort.parse("redis")).hasMessageContaining("has no port");
        assertThatThrownBy(() -> HostAndPort.parse("redis:x")).hasMessageContaining("no valid port");
        assertThatThrownBy(() -> HostAndPort.parse(":7000")).hasMessage("empty host");
        assertThatThrownBy(() -> HostAndPort.parse("redis:70000")).hasMessageContaining("70000");
    }
}
