package io.ambrotype.probe;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;

class MeterTest {
    private final Meter meter = new Meter();

    private void write(long sent, long acknowledged) {
        meter.sent(millis(sent));
        meter.acknowledged(millis(acknowledged));
    }

    @Test
    void aStallIsTheTimeFromTheFirstAttemptToTheAcknowledgement() {
        meter.start();
        write(2, 3);
        write(5, 55);
        // That nothing is sent for a while is not the servers' fault.
        write(957, 958);
        ShardReading reading = meter.drain("shard", millis(1000));
        assertThat(reading.writes()).isEqualTo(3);
        assertThat(reading.longestStall()).isEqualTo(Duration.ofMillis(50));
        assertThat(reading.median()).isBetween(Duration.ofNanos(875_000), Duration.ofMillis(1));
    }

    @Test
    void aStallThatLastsIsInEveryReadingUntilItEnds() {
        meter.start();
        meter.sent(millis(3));
        assertThat(meter.current("shard", millis(103)).longestStall()).isEqualTo(Duration.ofMillis(100));
        assertThat(meter.drain("shard", millis(203)).longestStall()).isEqualTo(Duration.ofMillis(200));
        meter.acknowledged(millis(303));
        assertThat(meter.drain("shard", millis(304)).longestStall()).isEqualTo(Duration.ofMillis(300));
        assertThat(meter.drain("shard", millis(305)).longestStall()).isEqualTo(Duration.ZERO);
        assertThat(meter.total("shard", 0, 0).longestStall()).isEqualTo(Duration.ofMillis(300));
    }

    @Test
    void nothingCountsBeforeItsStartNorAfterItsEnd() {
        meter.error("CLUSTERDOWN");
        write(0, 500);
        meter.start();
        meter.sent(millis(600));
        meter.stop();
        ShardReading reading = meter.drain("shard", millis(9000));
        assertThat(reading.errors()).isEmpty();
        assertThat(reading.writes()).isZero();
        assertThat(reading.longestStall()).isEqualTo(Duration.ZERO);
    }

    @Test
    void errorsAreCountedByTheirTextUpToABound() {
        meter.start();
        for (int i = 0; i < 100; i++) {
            meter.error("ERR " + i);
        }
        meter.error("ERR 0");
        meter.redirect();
        meter.reconnect();
        ShardReading reading = meter.drain("shard", 1);
        assertThat(reading.errors()).containsEntry("ERR 0", 2L).hasSize(21);
        assertThat(reading.errorCount()).isEqualTo(101);
        assertThat(reading.redirects()).isOne();
        assertThat(reading.reconnects()).isOne();
    }

    @Test
    void readingsAddUp() {
        meter.start();
        write(2, 10);
        meter.error("OOM");
        Reading first = reading(meter.drain("shard", millis(11)).found(3, 5));
        write(11, 12);
        meter.error("OOM");
        Reading both = first.plus(reading(meter.drain("shard", millis(13)).found(1, 0)));
        assertThat(both.writes()).isEqualTo(2);
        assertThat(both.longestStall()).isEqualTo(Duration.ofMillis(8));
        assertThat(both.errorsByText()).containsEntry("OOM", 2L);
        assertThat(both.lost()).isEqualTo(4);
        assertThat(both.shards().getFirst().unverified()).isZero();
        assertThat(Reading.EMPTY.plus(both)).isEqualTo(both);
        assertThat(both.plus(Reading.EMPTY)).isEqualTo(both);
    }

    private static Reading reading(ShardReading shard) {
        return new Reading(Duration.ofSeconds(1), List.of(shard));
    }

    private static long millis(long millis) {
        return Duration.ofMillis(millis).toNanos();
    }
}
