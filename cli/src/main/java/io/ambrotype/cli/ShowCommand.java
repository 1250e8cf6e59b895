package io.ambrotype.cli;

import io.ambrotype.repository.DumpContent;
import io.ambrotype.repository.Manifest;
import io.ambrotype.repository.SnapshotId;
import io.ambrotype.repository.SnapshotSummary;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/** {@code ambrotype show ID}: all that is known of a snapshot. */
@Command(
        name = "show",
        sortOptions = false,
        abbreviateSynopsis = true,
        header = "all that is known of a snapshot",
        description =
                "%nShows a snapshot's deployment, nodes, shards, types, biggest keys and warnings. With --output json it is "
                        + "the whole manifest, configuration of every node included.",
        optionListHeading = "%nOptions:%n",
        footerHeading = "%nExamples:%n",
        footer = {
            "  ambrotype show latest",
            "  ambrotype show 20261122T1553                    the beginning of an id is enough",
            "  ambrotype show latest --output json | jq '.topology.nodes[].configuration.maxmemory'"
        })
final class ShowCommand implements Callable<Integer> {
    private static final int BIGGEST = 10;

    private final Context context;

    @Parameters(paramLabel = "ID", description = "a snapshot's id, the beginning of one, or 'latest'")
    private String id = "";

    ShowCommand(Context context) {
        this.context = context;
    }

    @Override
    public Integer call() {
        var repository = context.repository();
        SnapshotId snapshot = repository.resolve(id);
        Manifest manifest = repository.manifest(snapshot);
        Console console = context.console();
        console.result(
                console.isJson() ? Json.tree(repository.manifestText(snapshot)) : manifest, () -> print(manifest));
        return Main.DONE;
    }

    private void print(Manifest manifest) {
        Console console = context.console();
        SnapshotSummary summary = manifest.summary();
        console.line("snapshot     "
                + console.style(Console.Style.BOLD, manifest.snapshot().text()));
        console.line("deployment   " + Console.printable(manifest.deployment()) + ", "
                + (manifest.kind() == Manifest.Kind.CLUSTER
                        ? "cluster of " + Units.count(summary.shards(), "shard")
                        : "standalone")
                + ", " + Units.count(summary.nodes(), "node") + ", " + String.join(", ", summary.versions()));
        console.line("taken        " + Units.time(manifest.begun()) + " to " + Units.time(manifest.completed())
                + ", by ambrotype " + Console.printable(manifest.toolVersion()));
        console.line("entries      " + Units.count(summary.entries()) + ", " + Units.bytes(summary.rdbBytes())
                + " of RDB in " + Units.bytes(summary.storedBytes()) + " stored");
        if (summary.shards() > 1) {
            console.line("consistency  the shards were captured within " + Units.duration(summary.captureSpread())
                    + "; " + manifest.consistency().meaning());
        }
        manifest.warnings()
                .forEach(warning -> console.line(
                        "warning      " + console.style(Console.Style.YELLOW, Console.printable(warning))));

        console.line("");
        console.table(shards(manifest));
        console.line("");
        console.table(nodes(manifest));
        Table types = types(manifest);
        if (!types.isEmpty()) {
            console.line("");
            console.table(types);
        }
        Table biggest = biggest(manifest);
        if (!biggest.isEmpty()) {
            console.line("");
            console.table(biggest);
        }
    }

    private static Table shards(Manifest manifest) {
        Table table = Table.of(
                "SHARD>", "KEYS>", "RDB>", "STORED>", "FROM", "CAPTURED", "TOOK>", "VERSION", "CHECKSUM", "ORPHANS>");
        for (Manifest.Shard shard : manifest.shards()) {
            DumpContent content = shard.content();
            table.row(
                    Integer.toString(shard.index()),
                    Units.count(content.entries()),
                    Units.bytes(shard.dump().rdbBytes()),
                    Units.bytes(shard.dump().storedBytes()),
                    shard.sourceAddress() + (shard.sourceId().equals(shard.masterId()) ? " (master)" : " (replica)"),
                    Units.time(shard.capturedAt()),
                    Units.duration(shard.duration()),
                    content.rdbVersion(),
                    content.checksum() == DumpContent.Checksum.VERIFIED ? "verified" : "none",
                    Units.count(content.orphanEntries()));
        }
        return table;
    }

    private static Table nodes(Manifest manifest) {
        Table table = Table.of("NODE", "ADDRESS", "SHARD>", "ROLE", "VERSION", "SLOTS");
        manifest.topology().nodes().stream()
                .sorted(Comparator.comparingInt(Manifest.Node::shard).thenComparing(Manifest.Node::role))
                .forEach(node -> table.row(
                        node.id(),
                        node.host() + ":" + node.port(),
                        Integer.toString(node.shard()),
                        node.role() == Manifest.Role.MASTER ? "master" : "replica",
                        node.vendor() + " " + node.version(),
                        node.slots()));
        return table;
    }

    private static Table types(Manifest manifest) {
        Map<String, long[]> sums = new TreeMap<>();
        for (Manifest.Shard shard : manifest.shards()) {
            shard.content().types().forEach((type, count) -> {
                long[] sum = sums.computeIfAbsent(type, _ -> new long[2]);
                sum[0] += count.entries();
                sum[1] += count.bytes();
            });
        }
        Table table = Table.of("TYPE", "KEYS>", "BYTES>");
        sums.entrySet().stream()
                .sorted(Comparator.comparingLong((Map.Entry<String, long[]> entry) -> entry.getValue()[1])
                        .reversed())
                .forEach(entry -> table.row(
                        entry.getKey().toLowerCase(java.util.Locale.ROOT).replace('_', '-'),
                        Units.count(entry.getValue()[0]),
                        Units.bytes(entry.getValue()[1])));
        return table;
    }

    private static Table biggest(Manifest manifest) {
        Table table = Table.of("BIGGEST>", "TYPE", "DB>", "SLOT>", "KEY");
        List<DumpContent.BigKey> keys = manifest.shards().stream()
                .flatMap(shard -> shard.content().biggest().stream())
                .sorted(Comparator.comparingLong(DumpContent.BigKey::bytes).reversed())
                .limit(BIGGEST)
                .toList();
        keys.forEach(key -> table.row(
                Units.bytes(key.bytes()),
                key.type().toLowerCase(java.util.Locale.ROOT).replace('_', '-'),
                Integer.toString(key.database()),
                Integer.toString(key.slot()),
                key.key()));
        return table;
    }
}
