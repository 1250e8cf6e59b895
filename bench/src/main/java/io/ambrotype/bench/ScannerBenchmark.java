package io.ambrotype.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import org.openjdk.jmh.profile.GCProfiler;
import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.options.OptionsBuilder;
import org.openjdk.jmh.runner.options.VerboseMode;

/** The RDB reader as a library, warm, on one core: against redis-replicator, by JMH. */
final class ScannerBenchmark implements Benchmark {
    private static final double LEAST = 600;

    @Override
    public String name() {
        return "scanner";
    }

    @Override
    public String title() {
        return "The scanner as a library";
    }

    @Override
    public Section run(Surroundings surroundings) throws IOException, InterruptedException, RunnerException {
        Path dump = surroundings.shop().dumps().getFirst();
        long bytes = Files.size(dump);
        Collection<RunResult> results = new Runner(new OptionsBuilder()
                        .include(Scanners.class.getSimpleName())
                        .param("dump", dump.toString())
                        .forks(1)
                        .warmupIterations(3)
                        .measurementIterations(surroundings.runs())
                        .addProfiler(GCProfiler.class)
                        .jvmArgs("-Xmx1g", "-XX:+UseSerialGC")
                        .verbosity(VerboseMode.SILENT)
                        .build())
                .run();
        List<List<String>> rows = new ArrayList<>();
        double scanner = millis(results, "scan");
        for (RunResult result : results) {
            String label = result.getPrimaryResult().getLabel();
            double millis = result.getPrimaryResult().getScore();
            double allocated = Objects.requireNonNull(
                            result.getSecondaryResults().get("gc.alloc.rate.norm"))
                    .getScore();
            surroundings.log().accept("  %s: %.0f ms, %.0f bytes allocated".formatted(label, millis, allocated));
            rows.add(List.of(
                    Objects.requireNonNull(Scanners.TITLES.get(label)),
                    String.format(Locale.ROOT, "%,.0f ms", millis),
                    String.format(Locale.ROOT, "%,.0f", bytes / 1e3 / millis),
                    Text.ratio(millis / scanner),
                    String.format(Locale.ROOT, "%,.0f KiB", allocated / 1024)));
        }
        return new Section(
                title(),
                List.of("One dump of " + Text.gigabytes(bytes) + " from the page cache; the average of "
                        + surroundings.runs()
                        + " iterations of JMH behind three that do not count, one thread. Asked for: at least 10 times as fast as the dump "
                        + "visitor of redis-replicator 3.11.0, at least " + Math.round(LEAST)
                        + " MB/s, nothing allocated per entry."),
                List.of("what", "time>", "MB/s>", "to the scanner>", "allocated in all>"),
                rows,
                List.of());
    }

    private static double millis(Collection<RunResult> results, String label) {
        return results.stream()
                .map(RunResult::getPrimaryResult)
                .filter(result -> result.getLabel().equals(label))
                .findFirst()
                .orElseThrow()
                .getScore();
    }
}
