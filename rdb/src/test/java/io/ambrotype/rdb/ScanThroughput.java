package io.ambrotype.rdb;

import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.nio.ByteBuffer;
import java.nio.channels.WritableByteChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;

/**
 * Passes over an RDB file several times and prints how fast, by the clock and by the processor time of the thread: {@code
 * ScanThroughput FILE [ROUNDS]}. Not a test.
 */
final class ScanThroughput {
    private static final ThreadMXBean THREADS = ManagementFactory.getThreadMXBean();

    private ScanThroughput() {}

    @FunctionalInterface
    private interface Pass {
        void over(RdbReader reader) throws IOException;
    }

    public static void main(String[] arguments) throws IOException {
        Path file = Path.of(arguments[0]);
        int rounds = arguments.length > 1 ? Integer.parseInt(arguments[1]) : 5;
        RdbReaderOptions unchecked = RdbReaderOptions.DEFAULT.withVerifyChecksum(false);
        for (int round = 0; round < rounds; round++) {
            measure(file, "skip, no checksum", unchecked, ScanThroughput::skip);
            measure(file, "skip", RdbReaderOptions.DEFAULT, ScanThroughput::skip);
            measure(file, "statistics", RdbReaderOptions.DEFAULT, ScanThroughput::count);
            measure(file, "route to two", RdbReaderOptions.DEFAULT, ScanThroughput::route);
            measure(
                    file,
                    "digests",
                    RdbReaderOptions.DEFAULT,
                    reader -> SlotDigests.compute(reader, 1, 0, slot -> true));
        }
    }

    private static void skip(RdbReader reader) throws IOException {
        while (reader.next() != RecordKind.END) {
            reader.skipValue();
        }
    }

    private static void count(RdbReader reader) throws IOException {
        RdbStatistics statistics = new RdbStatistics();
        for (RecordKind kind = reader.next(); kind != RecordKind.END; kind = reader.next()) {
            if (kind == RecordKind.ENTRY) {
                statistics.add(reader);
            }
        }
    }

    private static void route(RdbReader reader) throws IOException {
        RdbWriter one = new RdbWriter(nowhere(), reader.version());
        RdbWriter two = new RdbWriter(nowhere(), reader.version());
        new RdbRouter(List.of(one, two), slot -> slot & 1)
                .route(List.of(new RdbRouter.Input("file", reader, slot -> true)));
        one.finish();
        two.finish();
    }

    private static WritableByteChannel nowhere() {
        return new WritableByteChannel() {
            @Override
            public int write(ByteBuffer source) {
                int count = source.remaining();
                source.position(source.limit());
                return count;
            }

            @Override
            public boolean isOpen() {
                return true;
            }

            @Override
            public void close() {}
        };
    }

    private static void measure(Path file, String what, RdbReaderOptions options, Pass pass) throws IOException {
        long begin = System.nanoTime();
        long beginProcessor = THREADS.getCurrentThreadCpuTime();
        try (RdbReader reader = RdbReader.open(file, options)) {
            pass.over(reader);
        }
        double seconds = (System.nanoTime() - begin) / 1e9;
        double processor = (THREADS.getCurrentThreadCpuTime() - beginProcessor) / 1e9;
        double megabytes = Files.size(file) / 1e6;
        System.out.printf(
                Locale.ROOT,
                "%-18s %6.3f s %7.1f MB/s, processor %6.3f s %7.1f MB/s%n",
                what,
                seconds,
                megabytes / seconds,
                processor,
                megabytes / processor);
    }
}
