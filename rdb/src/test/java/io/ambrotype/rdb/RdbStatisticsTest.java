package io.ambrotype.rdb;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.ambrotype.rdb.RdbStatistics.BigEntry;
import io.ambrotype.rdb.RdbStatistics.Tally;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class RdbStatisticsTest {
    private static void add(RdbStatistics statistics, byte[] rdb) throws IOException {
        RdbReader reader = Rdb.open(rdb);
        for (RecordKind kind = reader.next(); kind != RecordKind.END; kind = reader.next()) {
            if (kind == RecordKind.ENTRY) {
                statistics.add(reader);
            }
        }
    }

    @Test
    void countsByTypeSlotAndDatabase() throws IOException {
        RdbStatistics statistics = new RdbStatistics(2);
        Rdb rdb = Rdb.redis(9);
        int before = rdb.string("foo", "1").size() - RdbVersion.MAGIC_BYTES;
        rdb.database(5).expireAt(2000).string("foo", "12").expireAt(1000).string("bar", "123");
        rdb.database(2).entry(1, "{foo}", new Bytes().length(1).string("element"));
        add(statistics, rdb.finish());
        assertThat(before).isEqualTo(7);
        assertThat(statistics.total()).isEqualTo(new Tally(4, 7 + 17 + 18 + 16, 2));
        assertThat(statistics.ofType(ValueType.STRING)).isEqualTo(new Tally(3, 42, 2));
        assertThat(statistics.ofType(ValueType.LIST)).isEqualTo(new Tally(1, 16, 0));
        assertThat(statistics.ofType(ValueType.SET)).isEqualTo(new Tally(0, 0, 0));
        assertThat(statistics.ofSlot(12182)).isEqualTo(new Tally(3, 40, 1));
        assertThat(statistics.ofSlot(5061)).isEqualTo(new Tally(1, 18, 1));
        assertThat(statistics.databases()).containsExactly(0, 2, 5);
        assertThat(statistics.ofDatabase(5)).isEqualTo(new Tally(2, 35, 2));
        assertThat(statistics.ofDatabase(7)).isEqualTo(new Tally(0, 0, 0));
        assertThat(statistics.earliestExpiry()).isEqualTo(1000);
        assertThat(statistics.latestExpiry()).isEqualTo(2000);
        assertThat(statistics.biggest()).extracting(BigEntry::keyText).containsExactly("bar", "foo");
        assertThat(statistics.biggest().getFirst().database()).isEqualTo(5);
    }

    @Test
    void nothingIsCountedAsNothing() {
        RdbStatistics statistics = new RdbStatistics();
        assertThat(statistics.earliestExpiry()).isEqualTo(RdbReader.NO_EXPIRY);
        assertThat(statistics.latestExpiry()).isEqualTo(RdbReader.NO_EXPIRY);
        assertThat(statistics.biggest()).isEmpty();
        assertThat(statistics.databases()).isEmpty();
        assertThatThrownBy(() -> new RdbStatistics(-1)).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void theBiggestAreThoseThatSortingFinds() throws IOException {
        Random random = new Random(4);
        for (int keep : new int[] {0, 1, 3, 20, 500}) {
            Rdb rdb = Rdb.redis(9);
            List<Long> sizes = new ArrayList<>();
            for (int i = 0; i < 300; i++) {
                int before = rdb.size();
                rdb.string("key" + i, "v".repeat(random.nextInt(50)));
                sizes.add((long) rdb.size() - before);
            }
            RdbStatistics statistics = new RdbStatistics(keep);
            add(statistics, rdb.finish());
            assertThat(statistics.biggest())
                    .extracting(BigEntry::bytes)
                    .isEqualTo(sizes.stream()
                            .sorted(Comparator.reverseOrder())
                            .limit(keep)
                            .toList());
        }
    }

    @Test
    void longKeysAreCut() throws IOException {
        RdbStatistics statistics = new RdbStatistics(1);
        add(statistics, Rdb.redis(9).string("\\\n" + "k".repeat(1000), "v").finish());
        BigEntry biggest = statistics.biggest().getFirst();
        assertThat(biggest.keyLength()).isEqualTo(1002);
        assertThat(biggest.keyBeginning()).hasSize(RdbStatistics.KEPT_KEY_BYTES);
        assertThat(biggest.keyText()).startsWith("\\\\\\x0akkk").endsWith("kkk...");
    }

    @Test
    void databasesAreBounded() throws IOException {
        Rdb rdb = Rdb.redis(9);
        for (int i = 0; i <= 1 << 16; i++) {
            rdb.database(i).string("k", "v");
        }
        assertThatThrownBy(() -> add(new RdbStatistics(), rdb.finish()))
                .isInstanceOf(RdbFormatException.class)
                .hasMessageStartingWith("more than 65536 databases");
    }
}
