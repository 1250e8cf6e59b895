package io.ambrotype.bench;

import io.ambrotype.bench.Shell.Cost;
import io.ambrotype.lab.RedisServer;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.Consumer;

/**
 * Things that do the same work, measured in turn: each once in every round, so that what else the machine does falls on all of
 * them alike. A first round, which fills the caches of the machine, does not count.
 */
final class Contest {
    /** Of a table whose rows are made by {@link Outcomes#row}. */
    static final List<String> COLUMNS =
            List.of("what", "Ambrotype, median (spread)>", "against", "its time>", "ratio>", "asked for>");

    private final Map<String, Contestant> contestants = new LinkedHashMap<>();
    private final List<RedisServer> servers;
    private Preparation preparation = () -> {};

    /** One that has no server to do with. */
    Contest() {
        this(List.of());
    }

    /**
     * A new one.
     *
     * @param servers those that work for whoever is measured; what they take themselves is measured beside
     */
    Contest(List<RedisServer> servers) {
        this.servers = List.copyOf(servers);
    }

    /** What has to be done before each of them, and is not measured. */
    interface Preparation {
        void run() throws IOException, InterruptedException;
    }

    /** Does the work once and says what it took. */
    interface Contestant {
        Cost run() throws IOException, InterruptedException;
    }

    /**
     * What one of them took.
     *
     * @param costs of each round
     * @param serversCpu what the servers took of the processors in each round
     */
    record Outcome(List<Cost> costs, List<Duration> serversCpu) {
        /** Keeps its own lists. */
        Outcome {
            costs = List.copyOf(costs);
            serversCpu = List.copyOf(serversCpu);
        }

        /** What they took of the processors: the servers, then the clients. */
        String cpuText() {
            return Text.seconds(Text.median(serversCpu)) + " + " + Text.seconds(cpu());
        }

        Duration wall() {
            return Text.median(costs.stream().map(Cost::wall).toList());
        }

        Duration cpu() {
            return Text.median(costs.stream().map(Cost::cpu).toList());
        }

        /** How many times as long as the other one took, by the medians. */
        double over(Outcome other) {
            return (double) wall().toNanos() / other.wall().toNanos();
        }

        /** Median and spread. */
        String text() {
            List<Duration> walls = costs.stream().map(Cost::wall).sorted().toList();
            return Text.seconds(wall()) + " s (" + Text.seconds(walls.getFirst()) + " to "
                    + Text.seconds(walls.getLast()) + ")";
        }
    }

    Contest before(Preparation each) {
        preparation = each;
        return this;
    }

    Contest with(String name, Contestant contestant) {
        contestants.put(name, contestant);
        return this;
    }

    /** The outcomes by name. */
    Outcomes run(Surroundings surroundings) throws IOException, InterruptedException {
        Map<String, List<Cost>> costs = new LinkedHashMap<>();
        Map<String, List<Duration>> serversCpu = new LinkedHashMap<>();
        Consumer<String> log = surroundings.log();
        for (int round = 0; round <= surroundings.runs(); round++) {
            for (Map.Entry<String, Contestant> each : contestants.entrySet()) {
                preparation.run();
                Duration before = ServersCpu.of(servers);
                Cost cost = each.getValue().run();
                Duration taken = ServersCpu.of(servers).minus(before);
                log.accept((round == 0 ? "  (first) " : "  ") + each.getKey() + ": " + Text.seconds(cost.wall())
                        + " s, CPU " + Text.seconds(cost.cpu()) + " s"
                        + (servers.isEmpty() ? "" : ", of the servers " + Text.seconds(taken) + " s"));
                if (round > 0) {
                    costs.computeIfAbsent(each.getKey(), _ -> new ArrayList<>()).add(cost);
                    serversCpu
                            .computeIfAbsent(each.getKey(), _ -> new ArrayList<>())
                            .add(taken);
                }
            }
        }
        Map<String, Outcome> outcomes = new LinkedHashMap<>();
        costs.forEach(
                (name, all) -> outcomes.put(name, new Outcome(all, Objects.requireNonNull(serversCpu.get(name)))));
        return new Outcomes(outcomes);
    }

    /** The outcomes of all. */
    record Outcomes(Map<String, Outcome> byName) {
        Outcome of(String name) {
            return Objects.requireNonNull(byName.get(name));
        }

        /** A row of the report: what was done, both medians with their spread, their ratio, and what is asked for. */
        List<String> row(String what, String ours, String peer, String asked) {
            return List.of(what, of(ours).text(), peer, of(peer).text(), Text.ratio(of(ours).over(of(peer))), asked);
        }
    }
}
