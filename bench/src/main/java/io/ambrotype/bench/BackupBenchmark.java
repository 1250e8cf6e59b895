package io.ambrotype.bench;

import io.ambrotype.bench.Contest.Outcomes;
import io.ambrotype.bench.Shell.Cost;
import io.ambrotype.lab.RedisServer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** A backup of three masters: by Ambrotype, by a pipe of usual tools, and by restic. */
final class BackupBenchmark implements Benchmark {
    private static final String OURS = "ambrotype backup";
    private static final String PIPE = "redis-cli | zstd | sha256sum";
    private static final String RESTIC = "redis-cli | restic";

    @Override
    public String name() {
        return "backup";
    }

    @Override
    public String title() {
        return "Backup";
    }

    @Override
    public Section run(Surroundings surroundings) throws IOException, InterruptedException {
        Shell shell = surroundings.shell("backup");
        Shop shop = surroundings.shop();
        // One run of the servers' own: what each of them saves is what it sends.
        long bytes = 0;
        for (Path dump : shop.dumps()) {
            bytes += Files.size(dump);
        }
        String backup = shop.backup();
        String pipe = each(
                shop,
                port -> "redis-cli -p " + port + " --rdb - 2>/dev/null | zstd -q -3 -T1 -c | tee " + port
                        + ".zst | sha256sum > " + port + ".sum");
        String restic = each(
                shop,
                port -> "redis-cli -p " + port
                        + " --rdb - 2>/dev/null | restic -q -r restic backup --stdin --stdin-filename " + port
                        + ".rdb");
        Outcomes outcomes = new Contest(shop.masters())
                .with(OURS, () -> fresh(shell, "repository", "true", backup))
                .with(PIPE, () -> fresh(shell, "*.zst", "true", pipe))
                .with(RESTIC, () -> fresh(shell, "restic", "restic -q -r restic init", restic))
                .run(surroundings);
        long own = size(shell.folder().resolve("repository"));
        long zstd = 0;
        for (RedisServer master : shop.masters()) {
            zstd += Files.size(shell.folder().resolve(master.address().port() + ".zst"));
        }
        List<List<String>> rows = new ArrayList<>();
        rows.add(outcomes.row("back up three masters", OURS, PIPE, "≤ 1.1×"));
        rows.add(outcomes.row("the same", OURS, RESTIC, "≤ 0.6×"));
        rows.add(List.of(
                "stored size",
                Text.gigabytes(own),
                "zstd -3",
                Text.gigabytes(zstd),
                Text.ratio((double) own / zstd),
                "≤ 1.02×"));
        return new Section(
                title(),
                List.of(
                        "A cluster of three masters of " + shop.server().version() + " with " + Text.gigabytes(bytes)
                                + " of dumps, `repl-diskless-sync-delay 0`, everything on one machine; each run into an empty "
                                + "repository, all three masters at once (`" + Shop.ALL_AT_ONCE + "`).",
                        "*" + PIPE
                                + "* is `redis-cli --rdb - | zstd -3 -T1 | tee FILE | sha256sum` for the three masters in parallel; *"
                                + RESTIC
                                + "* is `redis-cli --rdb - | restic backup --stdin` likewise. Neither of them looks at what is "
                                + "in the dump. Ambrotype compresses at zstd's level 2. Times include everything down to the files."),
                Contest.COLUMNS,
                rows,
                List.of("CPU seconds of the servers + the clients, medians: "
                        + Stream.of(OURS, PIPE, RESTIC)
                                .map(name -> name + " " + outcomes.of(name).cpuText())
                                .collect(Collectors.joining(", "))
                        + "."));
    }

    private static Cost fresh(Shell shell, String remove, String prepare, String line)
            throws IOException, InterruptedException {
        shell.run("rm -rf " + remove + " && " + prepare);
        return shell.time(line);
    }

    private static String each(Shop shop, Function<Integer, String> line) {
        return shop.masters().stream()
                .map(master -> "{ " + line.apply(master.address().port()) + "; } & ")
                .collect(Collectors.joining("", "pids=(); ", "wait"));
    }

    private static long size(Path folder) throws IOException {
        try (Stream<Path> files = Files.walk(folder)) {
            long size = 0;
            for (Path file : files.filter(Files::isRegularFile).toList()) {
                size += Files.size(file);
            }
            return size;
        }
    }
}
