package io.ambrotype.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.time.Instant;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class UnitsTest {
    @ParameterizedTest
    @CsvSource({
        "0, 0 B",
        "1023, 1023 B",
        "1024, 1.0 KiB",
        "1536, 1.5 KiB",
        "10188, 9.9 KiB",
        "10189, 10 KiB",
        "1048063, 1023 KiB",
        "1048064, 1.0 MiB",
        "1073741824, 1.0 GiB",
        "9223372036854775807, 8.0 EiB"
    })
    void printsBytes(long bytes, String text) {
        assertThat(Units.bytes(bytes)).isEqualTo(text);
    }

    @Test
    void printsNoNegativeSizes() {
        assertThatThrownBy(() -> Units.bytes(-1)).hasMessage("negative size -1");
        assertThat(Units.rate(-3)).isEqualTo("0 B/s");
    }

    @ParameterizedTest
    @CsvSource({
        "0, 0 ms",
        "999, 999 ms",
        "1000, 1.0 s",
        "9949, 9.9 s",
        "9950, 10 s",
        "59499, 59 s",
        "59500, 1 min",
        "185000, 3 min 5 s",
        "3600000, 1 h",
        "7800000, 2 h 10 min",
        "273600000, 3 d 4 h"
    })
    void printsDurations(long millis, String text) {
        assertThat(Units.duration(Duration.ofMillis(millis))).isEqualTo(text);
    }

    @Test
    void printsCountsWithTheirNouns() {
        assertThat(Units.count(1, "key")).isEqualTo("1 key");
        assertThat(Units.count(1_234_567, "key")).isEqualTo("1,234,567 keys");
        assertThat(Units.count(0, "library")).isEqualTo("0 libraries");
    }

    @Test
    void printsTimes() {
        assertThat(Units.time(Instant.parse("2026-11-22T15:53:28.9Z"))).isEqualTo("2026-11-22 15:53:28 UTC");
    }
}
