package io.ambrotype.rdb;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The same file through windows of every awkward size, and byte by byte, reads the same. */
class WindowBoundariesTest {
    private static final int[] WINDOWS = {16, 17, 19, 23, 31, 64, 100, 255, 256, 1000, 4095};

    @ParameterizedTest
    @ValueSource(
            strings = {
                "redis-6.0.16",
                "redis-7.0.15",
                "redis-8.0.2",
                "valkey-8.1.1",
                "valkey-9.1.2",
                "redis-8.0.2-cluster",
                "valkey-9.1.2-cluster"
            })
    void windowsOfAnySize(String name) throws IOException {
        byte[] rdb = ServerFilesTest.file(name);
        List<String> transcript = Rdb.transcript(Rdb.open(rdb, RdbReaderOptions.DEFAULT));
        Map<String, Object> values = Rdb.decode(Rdb.open(rdb, RdbReaderOptions.DEFAULT));
        for (int window : WINDOWS) {
            RdbReaderOptions options = RdbReaderOptions.DEFAULT.withWindowBytes(window);
            assertThat(Rdb.transcript(Rdb.open(rdb, options))).isEqualTo(transcript);
            assertThat(Rdb.decode(Rdb.open(rdb, options))).isEqualTo(values);
            assertThat(Rdb.transcript(RdbReader.open(Rdb.dripping(rdb), options)))
                    .isEqualTo(transcript);
            assertThat(Rdb.decode(RdbReader.open(Rdb.dripping(rdb), options))).isEqualTo(values);
            RdbStatistics statistics = new RdbStatistics();
            RdbReader reader = Rdb.open(rdb, options);
            for (RecordKind kind = reader.next(); kind != RecordKind.END; kind = reader.next()) {
                if (kind == RecordKind.ENTRY) {
                    statistics.add(reader);
                }
            }
            assertThat(statistics.total().entries()).isEqualTo(values.size());
        }
    }
}
