package io.ambrotype.rdb;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;

/** Scans an RDB file several times and prints how fast: {@code ScanThroughput FILE [ROUNDS]}. Not a test. */
final class ScanThroughput {
    private ScanThroughput() {}

    public static void main(String[] arguments) throws IOException {
        Path file = Path.of(arguments[0]);
        int rounds = arguments.length > 1 ? Integer.parseInt(arguments[1]) : 5;
        for (int round = 0; round < rounds; round++) {
            measure(file, "skip, no checksum", RdbReaderOptions.DEFAULT.withVerifyChecksum(false), false);
            measure(file, "skip, checksum", RdbReaderOptions.DEFAULT, false);
            measure(file, "statistics, checksum", RdbReaderOptions.DEFAULT, true);
        }
    }

    private static void measure(Path file, String what, RdbReaderOptions options, boolean count) throws IOException {
        RdbStatistics statistics = new RdbStatistics();
        long begin = System.nanoTime();
        long entries = 0;
        try (RdbReader reader = RdbReader.open(file, options)) {
            for (RecordKind kind = reader.next(); kind != RecordKind.END; kind = reader.next()) {
                if (kind == RecordKind.ENTRY) {
                    entries++;
                    if (count) {
                        statistics.add(reader);
                    }
                }
            }
        }
        report(file, what, entries, begin);
    }

    private static void report(Path file, String what, long entries, long begin) throws IOException {
        double seconds = (System.nanoTime() - begin) / 1e9;
        System.out.printf(
                Locale.ROOT,
                "%-24s %,d entries %6.3f s %7.1f MB/s%n",
                what,
                entries,
                seconds,
                Files.size(file) / seconds / 1e6);
    }
}
