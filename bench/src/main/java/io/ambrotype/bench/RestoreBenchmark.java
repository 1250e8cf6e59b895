package io.ambrotype.bench;

import io.ambrotype.bench.Contest.Outcomes;
import io.ambrotype.bench.Shell.Cost;
import io.ambrotype.lab.LabCluster;
import io.ambrotype.lab.RedisServer;
import io.ambrotype.lab.StartOrder;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/** Bringing a cluster back from a snapshot until it serves, against what the servers need to load as much by themselves. */
final class RestoreBenchmark implements Benchmark {
    private static final String LOAD = "the servers' own load time";
    private static final String SAME = "same layout";
    private static final String FIVE = "3 to 5 masters";
    private static final Duration LIMIT = Duration.ofMinutes(5);

    @Override
    public String name() {
        return "restore";
    }

    @Override
    public String title() {
        return "Offline restore";
    }

    @Override
    public Section run(Surroundings surroundings) throws IOException, InterruptedException {
        Shell shell = surroundings.shell("restore");
        shell.run(surroundings.shop().backup());
        shell.run(restore(surroundings, "loaded", 3));
        LabCluster loaded = adopt(surroundings, shell.folder().resolve("loaded"));
        try {
            loaded.servers().forEach(RedisServer::kill);
            Outcomes outcomes = new Contest()
                    .with(SAME, () -> restored(surroundings, shell, 3))
                    .with(FIVE, () -> restored(surroundings, shell, 5))
                    .with(LOAD, () -> loaded(loaded))
                    .run(surroundings);
            return new Section(
                    title(),
                    List.of(
                            "The snapshot of the three masters above: `ambrotype restore --into FOLDER`, then the servers are started, until "
                                    + "all of them say that the cluster is up. Against it the same files, there already, are loaded by three servers "
                                    + "that are started at once. Both include the 2 s for which a master that was started does not serve."),
                    Contest.COLUMNS,
                    List.of(outcomes.row(SAME, SAME, LOAD, "≤ 1.5×"), outcomes.row(FIVE, FIVE, LOAD, "≤ 2×")),
                    List.of());
        } finally {
            loaded.servers().forEach(RedisServer::kill);
            loaded.close();
        }
    }

    private static String restore(Surroundings surroundings, String folder, int masters) {
        // The layout itself is told apart by its number of masters.
        int first = surroundings.portBase() + (folder.equals("loaded") ? 0 : 10);
        String nodes = IntStream.range(0, masters)
                .mapToObj(i -> "127.0.0.1:" + (first + i))
                .collect(Collectors.joining(","));
        return "ambrotype restore latest --repo repository --yes --into " + folder + " --masters " + masters
                + " --replicas 0 --nodes " + nodes;
    }

    private static LabCluster adopt(Surroundings surroundings, Path folder) {
        LabCluster lab = LabCluster.adopt(
                folder, surroundings.servers().getFirst(), List.of("save \"\""), StartOrder.MASTERS_FIRST);
        lab.awaitWhole(LIMIT);
        return lab;
    }

    private static Cost restored(Surroundings surroundings, Shell shell, int masters)
            throws IOException, InterruptedException {
        shell.run("rm -rf restored");
        long begun = System.nanoTime();
        Cost restore = shell.time(restore(surroundings, "restored", masters));
        LabCluster lab = adopt(surroundings, shell.folder().resolve("restored"));
        Duration wall = Duration.ofNanos(System.nanoTime() - begun);
        surroundings.log().accept("    of which ambrotype restore " + Text.seconds(restore.wall()) + " s");
        lab.servers().forEach(RedisServer::kill);
        lab.close();
        return new Cost(wall, restore.cpu());
    }

    private static Cost loaded(LabCluster lab) {
        long begun = System.nanoTime();
        lab.servers().forEach(RedisServer::start);
        lab.awaitWhole(LIMIT);
        Duration wall = Duration.ofNanos(System.nanoTime() - begun);
        lab.servers().forEach(RedisServer::kill);
        return new Cost(wall, Duration.ZERO);
    }
}
