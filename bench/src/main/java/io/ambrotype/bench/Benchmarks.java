package io.ambrotype.bench;

import io.ambrotype.lab.BundledServers;
import io.ambrotype.lab.ServerBinary;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.function.Consumer;
import java.util.stream.Stream;

/** Runs benchmarks and writes the report; started by {@code bench/run}, which explains the arguments. */
public final class Benchmarks {
    private static final List<Benchmark> ALL = List.of(
            new StartBenchmark(),
            new RdbBenchmark(),
            new ScannerBenchmark(),
            new BackupBenchmark(),
            new StageBenchmark(),
            new VerifyBenchmark(),
            new RestoreBenchmark(),
            new LiveBenchmark(),
            new GrowthBenchmark(),
            new RestartBenchmark());

    private Benchmarks() {}

    /** Runs those that are named, or all. */
    public static void main(String[] arguments) throws Exception {
        List<ServerBinary> servers = new ArrayList<>();
        List<String> names = new ArrayList<>();
        int runs = 5;
        int portBase = 7400;
        Path out = Path.of("BENCHMARKS.md");
        Path program = Path.of("ambrotype");
        for (int i = 0; i < arguments.length; i++) {
            switch (arguments[i]) {
                case "--runs" -> runs = Integer.parseInt(arguments[++i]);
                case "--port-base" -> portBase = Integer.parseInt(arguments[++i]);
                case "--out" -> out = Path.of(arguments[++i]);
                case "--program" -> program = Path.of(arguments[++i]);
                case "--server" -> servers.add(server(arguments[++i]));
                case String name -> names.add(name);
            }
        }
        if (servers.isEmpty()) {
            servers.add(server("bundled"));
        }
        if (!ALL.stream().map(Benchmark::name).toList().containsAll(names)) {
            System.err.println("error: there is no benchmark " + names);
            System.exit(2);
        }
        List<String> titles = ALL.stream().map(Benchmark::title).toList();
        Path folder = Files.createTempDirectory("ambrotype-bench-");
        Consumer<String> log = System.err::println;
        endServersWithThisProcess();
        try (Surroundings surroundings = new Surroundings(servers, program, runs, folder, portBase, log)) {
            for (Benchmark benchmark : ALL) {
                if (names.isEmpty() || names.contains(benchmark.name())) {
                    System.err.println(benchmark.name() + ":");
                    // Written at once: what was measured stays measured, whatever becomes of the next ones.
                    Report.write(out, LocalDate.now(ZoneOffset.UTC), runs, benchmark.run(surroundings), titles);
                }
            }
        } finally {
            remove(folder);
        }
        System.err.println("written: " + out);
    }

    /** Who interrupts a run leaves no servers behind. */
    private static void endServersWithThisProcess() {
        Runtime.getRuntime()
                .addShutdownHook(Thread.ofPlatform()
                        .unstarted(
                                () -> ProcessHandle.current().descendants().forEach(ProcessHandle::destroyForcibly)));
    }

    private static ServerBinary server(String path) {
        return path.equals("bundled") ? BundledServers.inUserCache().redis() : ServerBinary.detect(Path.of(path));
    }

    /** A folder with all that is in it, where it is there. */
    static void remove(Path folder) throws IOException {
        if (!Files.exists(folder)) {
            return;
        }
        try (Stream<Path> files = Files.walk(folder)) {
            for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.deleteIfExists(file);
            }
        }
    }
}
