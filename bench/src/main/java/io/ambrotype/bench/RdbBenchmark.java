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
    private static final String DIGESTS = "digests";

    @Override
    public String name() {
        return "rdb";
    }

    @Override
    public String title() {
        return "Checking a dump";
    }

    @Override
    public Section run(Surroundings surroundings) throws IOException, InterruptedException {
        Shell shell = surroundings.shell("rdb");
        Path dump = surroundings.shop().dumps().getFirst();
        String digests = Path.of(System.getProperty("java.home"), "bin", "java") + " -XX:+UseSerialGC -Xmx256m -cp '"
                + System.getProperty("java.class.path") + "' " + DigestRun.class.getName() + " ";
        Outcomes outcomes = new Contest()
                .with(OURS, () -> shell.time("ambrotype rdb " + dump))
                .with(PEER, () -> shell.time("redis-check-rdb " + dump))
                .with(DIGESTS, () -> shell.time(digests + dump))
                .run(surroundings);
        return new Section(
                title(),
                List.of(
                        "One dump of " + Text.gigabytes(Files.size(dump))
                                + " from the page cache; whole processes, with the start of the JVM. Both verify the checksum and walk over "
                                + "every entry; `ambrotype rdb` also counts by type, database and slot and finds the biggest keys.",
                        "*Digests* are the fingerprints of every entry, summed by slot, by which `ambrotype compare` proves that two "
                                + "snapshots hold the same data: each value is decoded for them. A program of its own that does nothing else, "
                                + "started without an AOT cache."),
                Contest.COLUMNS,
                List.of(
                        outcomes.row("check a dump", OURS, PEER, "≤ 0.25×"),
                        outcomes.row("digests of a dump", DIGESTS, OURS, "≤ 3×")),
                List.of());
    }
}
