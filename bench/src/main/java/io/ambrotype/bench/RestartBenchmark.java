package io.ambrotype.bench;

import io.ambrotype.lab.LabCluster;
import io.ambrotype.lab.LabSpec;
import io.ambrotype.lab.RedisServer;
import io.ambrotype.lab.ServerBinary;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.Function;
import java.util.function.ToLongFunction;

/**
 * Restarting all nodes of a cluster under load: by Ambrotype, and by hand as it is usually done. Each run has a cluster of
 * its own. Ambrotype is run as its users do, as a process of its own that shares the machine with everything else.
 */
final class RestartBenchmark implements Benchmark {
    private static final int MASTERS = 3;
    private static final int REPLICAS = 1;
    private static final int NODES = MASTERS * (1 + REPLICAS);
    private static final int KEYS = 100_000;
    private static final Duration LIMIT = Duration.ofMinutes(2);
    private static final Duration BY_HAND_PAUSE = Duration.ofSeconds(1);

    /** A way to restart all nodes. */
    private enum Way {
        AMBROTYPE("Ambrotype"),
        BY_HAND("by hand");

        private final String title;

        Way(String title) {
            this.title = title;
        }
    }

    private record Run(Duration duration, ClusterLoad.Seen seen) {}

    @Override
    public String name() {
        return "restart";
    }

    @Override
    public String title() {
        return "Rolling restart of a cluster under load";
    }

    @Override
    public Section run(Surroundings surroundings) throws Exception {
        List<List<String>> rows = new ArrayList<>();
        List<String> remarks = new ArrayList<>();
        for (ServerBinary server : surroundings.servers()) {
            for (Way way : Way.values()) {
                List<Run> runs = new ArrayList<>();
                for (int i = 1; i <= surroundings.runs(); i++) {
                    String what = server.version() + ", " + way.title + ", run " + i;
                    try {
                        Run run = run(surroundings, server, way, i);
                        runs.add(run);
                        surroundings
                                .log()
                                .accept(what + ": longest stall " + Text.millis(run.seen.longest()) + " ms, "
                                        + run.seen.errors() + " errors, " + run.seen.lost() + " of "
                                        + run.seen.writes() + " writes lost, "
                                        + Text.seconds(run.duration.dividedBy(NODES)) + " s per node");
                    } catch (IOException e) {
                        surroundings.log().accept(what + ": " + e.getMessage());
                        remarks.add(what + " did not come to its end: " + e.getMessage());
                    }
                }
                rows.add(row(server, way, runs));
            }
        }
        return new Section(
                title(),
                List.of(
                        "All " + NODES + " nodes of a cluster of " + MASTERS + " masters with a replica each, with "
                                + String.format(Locale.ROOT, "%,d", KEYS)
                                + " keys, node timeout 5 s, saved by RDB. Two writers set a new key about every millisecond and a reader "
                                + "reads what was written, through Jedis with its own settings (2 s, 5 attempts). "
                                + surroundings.runs() + " runs of each, each on a new cluster.",
                        "*Ambrotype* is `ambrotype restart --no-snapshot`, its own writers and start included. *By hand* is, node after "
                                + "node: `SHUTDOWN SAVE`, started after 1 s, the next one when it answers.",
                        "A stall is the time from a writer's first attempt to its next acknowledgement; those from "
                                + ClusterLoad.NOTICEABLE.toMillis()
                                + " ms on are counted. An error is what Jedis throws. A write is lost if it was acknowledged and its key "
                                + "is missing in the end. Behind stalls of a second or two with Ambrotype are connections that Jedis "
                                + "keeps after the restart has closed them; GUARANTEES.md tells what spares them."),
                List.of(
                        "server",
                        "restarted",
                        "longest stall, median of the runs>",
                        "longest of all>",
                        "median stall>",
                        "stalls per run>",
                        "errors per run>",
                        "lost writes, all runs>",
                        "seconds per node>"),
                rows,
                remarks);
    }

    private static List<String> row(ServerBinary server, Way way, List<Run> runs) {
        if (runs.isEmpty()) {
            return List.of(server.version().toString(), way.title, "", "", "", "", "", "", "");
        }
        List<Duration> stalls =
                runs.stream().flatMap(run -> run.seen.stalls().stream()).toList();
        return List.of(
                server.version().toString(),
                way.title,
                Text.millis(Text.median(durations(runs, run -> run.seen.longest()))) + " ms",
                Text.millis(durations(runs, run -> run.seen.longest()).getLast()) + " ms",
                stalls.isEmpty()
                        ? "none"
                        : Text.millis(Text.median(stalls.stream().sorted().toList())) + " ms",
                spread(runs, run -> run.seen.stalls().size()),
                spread(runs, run -> run.seen.errors()),
                Long.toString(runs.stream().mapToLong(run -> run.seen.lost()).sum()),
                Text.seconds(Text.median(durations(runs, Run::duration)).dividedBy(NODES)));
    }

    private static Run run(Surroundings surroundings, ServerBinary server, Way way, int number) throws Exception {
        Path folder = surroundings.folder().resolve(way + "-" + server.version().number() + "-" + number);
        try (LabCluster lab = LabCluster.create(
                LabSpec.cluster(folder.resolve("lab"), server, MASTERS, REPLICAS, surroundings.portBase()))) {
            ClusterLoad.fill(lab.addresses(), KEYS);
            try (ClusterLoad load = ClusterLoad.start(lab.addresses())) {
                long begun = System.nanoTime();
                switch (way) {
                    case AMBROTYPE -> ambrotype(lab, folder);
                    case BY_HAND -> byHand(lab);
                }
                Duration took = Duration.ofNanos(System.nanoTime() - begun);
                lab.awaitWhole(LIMIT);
                return new Run(took, load.finish());
            }
        } finally {
            Benchmarks.remove(folder);
        }
    }

    private static void ambrotype(LabCluster lab, Path folder) throws IOException, InterruptedException {
        Path output = folder.resolve("restart.log");
        ProcessBuilder builder = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "--sun-misc-unsafe-memory-access=allow",
                        "--enable-native-access=ALL-UNNAMED",
                        "-Xmx256m",
                        "-cp",
                        System.getProperty("java.class.path"),
                        "io.ambrotype.cli.Main",
                        "restart",
                        "redis://" + lab.addresses().getFirst(),
                        "--yes",
                        "--no-snapshot")
                .directory(folder.toFile())
                .redirectErrorStream(true)
                .redirectOutput(output.toFile());
        builder.environment().put("XDG_STATE_HOME", folder.toString());
        int status = builder.start().waitFor();
        if (status != 0) {
            String error = Files.readString(output)
                    .lines()
                    .filter(line -> line.startsWith("error:"))
                    .findFirst()
                    .orElse("status " + status);
            throw new IOException("ambrotype restart ended with " + status + ": " + error);
        }
    }

    private static void byHand(LabCluster lab) throws InterruptedException {
        for (RedisServer server : lab.servers()) {
            server.shutdown();
            Thread.sleep(BY_HAND_PAUSE);
            server.start();
            server.awaitReady(LIMIT);
        }
    }

    private static List<Duration> durations(List<Run> runs, Function<Run, Duration> of) {
        return runs.stream().map(of).sorted().toList();
    }

    /** {@code 3}, or {@code 0 to 3}. */
    private static String spread(List<Run> runs, ToLongFunction<Run> of) {
        long least = runs.stream().mapToLong(of).min().orElse(0);
        long most = runs.stream().mapToLong(of).max().orElse(0);
        return least == most ? Long.toString(most) : least + " to " + most;
    }
}
