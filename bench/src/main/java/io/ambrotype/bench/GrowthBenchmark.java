package io.ambrotype.bench;

import static java.nio.charset.StandardCharsets.US_ASCII;

import io.ambrotype.bench.Shell.Cost;
import io.ambrotype.bench.Shell.Footprint;
import io.ambrotype.lab.LabCluster;
import io.ambrotype.lab.LabSpec;
import io.ambrotype.lab.RedisServer;
import io.ambrotype.resp.RespConnection;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Time and memory of a backup as data and shards grow, and with one value of 2 GB. */
final class GrowthBenchmark implements Benchmark {
    private static final long GIGABYTE = 1_000_000_000L;
    private static final long SHARD_BYTES = 4_000_000;
    private static final int MASTERS = 3;
    private static final Pattern RDB_BYTES = Pattern.compile("\"rdbBytes\" : ([0-9]+)");

    @Override
    public String name() {
        return "growth";
    }

    @Override
    public String title() {
        return "Growth";
    }

    @Override
    public Section run(Surroundings surroundings) throws IOException, InterruptedException {
        // Its memory is needed here.
        surroundings.closeShop();
        int ports = surroundings.portBase();
        List<List<String>> rows = new ArrayList<>();
        for (int gigabytes : new int[] {1, 2, 4, 8, 10}) {
            String name = "data-" + gigabytes;
            long needed = gigabytes * GIGABYTE * 3 / 2;
            if (Report.availableMemory() < needed) {
                // Without it the machine would stand still for hours instead of failing.
                String missing = "not measured: needs " + Text.mebibytes(needed) + " of free memory";
                surroundings.log().accept(name + ": " + missing);
                rows.add(List.of(Integer.toString(MASTERS), Text.gigabytes(gigabytes * GIGABYTE), missing, "", ""));
                continue;
            }
            rows.add(
                    of(surroundings, name, Shop.openArchive(surroundings, name, MASTERS, gigabytes * GIGABYTE, ports)));
        }
        rows.add(ofOneValue(surroundings));
        for (int shards : new int[] {3, 12, 48}) {
            String name = "shards-" + shards;
            rows.add(of(surroundings, name, Shop.open(surroundings, name, shards, shards * SHARD_BYTES, ports)));
        }
        return new Section(
                title(),
                List.of(
                        "`ambrotype backup` with its usual options (two shards at once, one fork per host at a time, 256 MB of Java heap). "
                                + "One run each; peak resident memory as the kernel keeps it. At most 500 MB are asked for."),
                List.of("shards", "dumps>", "time>", "CPU s>", "peak resident memory>"),
                rows,
                List.of(
                        "The first five rows have documents of up to some hundred kilobytes beside smaller values of all types, and "
                                + "servers that do not compress them (`rdbcompression no`): so that 10 GB of dumps are of 10 GB of memory. The row of "
                                + "one value has a single string of 2 GB. The shards of the last three are of the same small size."));
    }

    private static List<String> of(Surroundings surroundings, String name, Shop opened)
            throws IOException, InterruptedException {
        try (Shop shop = opened) {
            return row(surroundings, name, shop.masters().size(), shop.uri());
        } finally {
            surroundings.remove(name);
        }
    }

    private static List<String> ofOneValue(Surroundings surroundings) throws IOException, InterruptedException {
        String name = "one-value";
        try (LabCluster lab = LabCluster.create(LabSpec.standalone(
                        surroundings.folder().resolve(name).resolve("lab"),
                        surroundings.servers().getFirst(),
                        0,
                        surroundings.portBase())
                .with("save \"\"", "proto-max-bulk-len 3gb", "repl-diskless-sync-delay 0"))) {
            RedisServer server = lab.masters().getFirst();
            Random random = new Random(1);
            byte[] piece = new byte[32 << 20];
            try (RespConnection connection = server.connect()) {
                for (int i = 0; i < 64; i++) {
                    random.nextBytes(piece);
                    connection.call("APPEND".getBytes(US_ASCII), "value".getBytes(US_ASCII), piece);
                }
            }
            return row(surroundings, name, 1, "redis://" + lab.addresses().getFirst());
        } finally {
            surroundings.remove(name);
        }
    }

    private static List<String> row(Surroundings surroundings, String name, int masters, String uri)
            throws IOException, InterruptedException {
        Shell shell = surroundings.shell(name + "-backup");
        Footprint backup =
                shell.watch(List.of(surroundings.program().toString(), "backup", uri, "--repo", "repository"));
        Cost cost = backup.cost();
        long peak = backup.peakBytes();
        Matcher listed = RDB_BYTES.matcher(shell.run("ambrotype list --repo repository --output json"));
        if (!listed.find()) {
            throw new IOException("ambrotype list does not say how large the snapshot is");
        }
        long size = Long.parseLong(listed.group(1));
        surroundings
                .log()
                .accept(name + ": " + Text.gigabytes(size) + ", " + Text.seconds(cost.wall()) + " s, "
                        + Text.mebibytes(peak));
        surroundings.remove(name + "-backup");
        return List.of(
                Integer.toString(masters),
                Text.gigabytes(size),
                Text.seconds(cost.wall()) + " s",
                Text.seconds(cost.cpu()),
                Text.mebibytes(peak));
    }
}
