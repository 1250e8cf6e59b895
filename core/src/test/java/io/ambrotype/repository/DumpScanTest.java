package io.ambrotype.repository;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.ambrotype.rdb.HashSlot;
import io.ambrotype.rdb.RdbFormatException;
import io.ambrotype.rdb.RdbReader;
import io.ambrotype.rdb.RdbReaderOptions;
import java.io.ByteArrayInputStream;
import java.nio.channels.Channels;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class DumpScanTest {
    private static int slot(String key) {
        return HashSlot.of(key.getBytes(StandardCharsets.UTF_8));
    }

    @Test
    void countsEverything() throws Exception {
        byte[] rdb = new TestRdb()
                .aux("redis-ver", "7.0.15")
                .function("#!lua name=my_lib\nreturn 1")
                .function("no first line")
                .database(0)
                .entry("a", "1")
                .expiring("{a}b", "22", 5)
                .database(9)
                .entry("c", "333")
                .finish();
        BitSet owned = new BitSet();
        owned.set(slot("c"));
        DumpContent content = Samples.scan(rdb, owned);
        assertThat(content.rdbVersion()).isEqualTo("REDIS0010");
        assertThat(content.checksum()).isEqualTo(DumpContent.Checksum.VERIFIED);
        assertThat(content.entries()).isEqualTo(3);
        assertThat(content.expiring()).isEqualTo(1);
        assertThat(content.types()).containsOnlyKeys("STRING");
        assertThat(content.databases().keySet()).containsExactly(0, 9);
        assertThat(content.slots().keySet()).containsExactlyInAnyOrder(slot("a"), slot("c"));
        assertThat(content.orphans()).isEqualTo(Map.of(slot("a"), 2L));
        assertThat(content.orphanEntries()).isEqualTo(2);
        assertThat(content.functions())
                .extracting(function -> function.name().orElse("-"))
                .containsExactly("my_lib", "-");
        assertThat(content.functions().getFirst().bytes()).isEqualTo(26);
        assertThat(content.aux()).isEqualTo(Map.of("redis-ver", "7.0.15"));
        assertThat(content.biggest()).hasSize(3);
        assertThat(content.biggest().getFirst().key()).isEqualTo("{a}b");
    }

    @Test
    void reportsItsProgress() throws Exception {
        TestRdb rdb = new TestRdb().database(0);
        for (int entry = 0; entry < 3000; entry++) {
            rdb.entry("key:" + entry, "x");
        }
        byte[] bytes = rdb.finishUnsigned();
        List<Long> reports = new ArrayList<>();
        try (RdbReader reader = RdbReader.open(Channels.newChannel(new ByteArrayInputStream(bytes)))) {
            DumpContent content = DumpScan.scan(reader, new BitSet(), (position, entries) -> {
                assertThat(position).isPositive();
                reports.add(entries);
            });
            assertThat(content.checksum()).isEqualTo(DumpContent.Checksum.DISABLED);
        }
        assertThat(reports).isSorted().hasSize(3).endsWith(3000L);
    }

    @Test
    void boundsWhatItKeeps() throws Exception {
        TestRdb rdb = new TestRdb();
        String pair = "\uD83D\uDE00";
        rdb.aux("split", "x" + pair.repeat(600)).aux("whole", pair.repeat(600));
        for (int number = 0; number < 100; number++) {
            rdb.aux("aux" + number, "v");
        }
        DumpContent content = Samples.scan(rdb.finish(), new BitSet());
        assertThat(content.aux()).hasSize(64);
        assertThat(content.aux()).containsEntry("split", "x" + pair.repeat(511));
        assertThat(content.aux()).containsEntry("whole", pair.repeat(512));

        TestRdb libraries = new TestRdb();
        for (int number = 0; number <= 1 << 16; number++) {
            libraries.function("");
        }
        byte[] bytes = libraries.finish();
        assertThatThrownBy(() -> Samples.scan(bytes, new BitSet()))
                .isInstanceOf(RdbFormatException.class)
                .hasMessageContaining("more than 65536 function libraries");
    }

    @Test
    void wantsTheChecksumVerified() throws Exception {
        byte[] bytes = new TestRdb().finish();
        try (RdbReader reader = RdbReader.open(
                Channels.newChannel(new ByteArrayInputStream(bytes)),
                RdbReaderOptions.DEFAULT.withVerifyChecksum(false))) {
            assertThatThrownBy(() -> DumpScan.scan(reader, new BitSet(), (_, _) -> {}))
                    .isInstanceOf(IllegalArgumentException.class);
        }
    }
}
