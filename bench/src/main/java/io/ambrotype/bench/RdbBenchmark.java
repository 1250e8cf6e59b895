package io.ambrotype.bench;

import io.ambrotype.bench.Contest.Outcomes;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** Checking one dump from end to end: {@code ambrotype rdb} and the server's own tool. */
final class RdbBenchmark implements Benchmark {
    private static final String OURS = "ambrotype rdb";
    private static final String PEER = "redis-check-rdb";

    @Override
    public String name() {
        return "rdb";
    }

    @Override
    public Section run(Surroundings surroundings) throws IOException, InterruptedException {
        Shell shell = surroundings.shell("rdb");
        Path dump = surroundings.shop().dumps().getFirst();
        Outcomes outcomes = new Contest()
                .with(OURS, () -> shell.time("ambrotype rdb " + dump))
                .with(PEER, () -> shell.time("redis-check-rdb " + dump))
                .run(surroundings);
        return new Section(
                "Checking a dump",
                List.of(
                        "One dump of " + Text.gigabytes(Files.size(dump))
                                + " from the page cache; whole processes, with the start of the JVM. Both verify the checksum and walk over "
                                + "every entry; `ambrotype rdb` also counts by type, database and slot and finds the biggest keys."),
                Contest.COLUMNS,
                List.of(outcomes.row("check a dump", OURS, PEER, "≤ 0.25×")),
                List.of());
    }
}
