package io.ambrotype.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** How long the shortest commands take, from the shell and back to it; measured by hyperfine. */
final class StartBenchmark implements Benchmark {
    private static final int RUNS = 20;
    private static final long SMALL = 1_000_000;

    @Override
    public String name() {
        return "start";
    }

    @Override
    public String title() {
        return "Starting";
    }

    @Override
    public Section run(Surroundings surroundings) throws IOException, InterruptedException {
        Shell shell = surroundings.shell("start");
        try (Shop shop = Shop.open(surroundings, "start-shop", 3, SMALL, surroundings.portBase())) {
            shell.run("ambrotype backup " + shop.uri() + " --repo repository");
        }
        shell.run("hyperfine -N --style none --warmup 3 --runs " + RUNS + " --export-json times.json "
                + "'ambrotype --version' 'ambrotype list --repo repository'");
        JsonNode results = JsonMapper.shared()
                .readTree(Files.readString(shell.folder().resolve("times.json")))
                .path("results");
        List<List<String>> rows = new ArrayList<>();
        rows.add(row("`ambrotype --version`", results.get(0), "≤ 200 ms"));
        rows.add(row("`ambrotype list`", results.get(1), "≤ 300 ms"));
        return new Section(
                title(),
                List.of("The whole process, " + RUNS
                        + " runs by hyperfine. The JVM starts from the AOT cache that the build makes; "
                        + "the list is of a repository of one snapshot."),
                List.of("command", "median>", "least>", "most>", "asked for>"),
                rows,
                List.of());
    }

    private static List<String> row(String command, JsonNode result, String asked) {
        return List.of(
                command,
                millis(result.path("median")) + " ms",
                millis(result.path("min")) + " ms",
                millis(result.path("max")) + " ms",
                asked);
    }

    private static String millis(JsonNode seconds) {
        return Text.millis(Duration.ofNanos(Math.round(seconds.asDouble() * 1e9)));
    }
}
