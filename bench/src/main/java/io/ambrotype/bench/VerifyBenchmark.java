package io.ambrotype.bench;

import io.ambrotype.bench.Contest.Outcomes;
import java.io.IOException;
import java.util.List;

/** Proving that a snapshot is whole. */
final class VerifyBenchmark implements Benchmark {
    private static final String OURS = "ambrotype verify";
    private static final String PEER = "sha256sum";

    @Override
    public String name() {
        return "verify";
    }

    @Override
    public String title() {
        return "Verify";
    }

    @Override
    public Section run(Surroundings surroundings) throws IOException, InterruptedException {
        Shell shell = surroundings.shell("verify");
        shell.run(surroundings.shop().backup());
        Outcomes outcomes = new Contest()
                .with(OURS, () -> shell.time("ambrotype verify --repo repository"))
                .with(PEER, () -> shell.time("find repository -type f -print0 | xargs -0 sha256sum"))
                .run(surroundings);
        return new Section(
                title(),
                List.of(
                        "The snapshot of the three masters above, from the page cache. `sha256sum` reads the same files; `ambrotype verify` "
                                + "also decompresses them, verifies the servers' own checksum over each dump, and counts every entry of every "
                                + "slot."),
                Contest.COLUMNS,
                List.of(outcomes.row("verify a snapshot", OURS, PEER, "≤ 2×")),
                List.of());
    }
}
