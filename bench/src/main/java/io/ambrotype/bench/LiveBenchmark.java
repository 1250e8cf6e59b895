package io.ambrotype.bench;

import static java.nio.charset.StandardCharsets.US_ASCII;

import io.ambrotype.bench.Contest.Outcomes;
import io.ambrotype.bench.Shell.Cost;
import io.ambrotype.lab.LabCluster;
import io.ambrotype.lab.LabSpec;
import io.ambrotype.lab.RedisServer;
import io.ambrotype.lab.RoutedPipeline;
import io.ambrotype.rdb.HashSlot;
import io.ambrotype.rdb.RdbReader;
import io.ambrotype.rdb.RecordKind;
import io.ambrotype.rdb.RestorePayload;
import io.ambrotype.rdb.TargetVersion;
import io.ambrotype.rdb.Transcoder;
import io.ambrotype.resp.RespConnection;
import io.ambrotype.topology.Shard;
import io.ambrotype.topology.Topology;
import io.ambrotype.topology.TopologyReader;
import java.io.BufferedOutputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/** Many small values into servers that run: {@code restore --to}, and {@code redis-cli --pipe} with commands made beforehand. */
final class LiveBenchmark implements Benchmark {
    private static final String OURS = "ambrotype restore --to";
    private static final String PEER = "redis-cli --pipe";
    private static final int KEYS = 2_000_000;
    private static final int VALUE_BYTES = 150;

    @Override
    public String name() {
        return "live";
    }

    @Override
    public String title() {
        return "Live restore";
    }

    @Override
    public Section run(Surroundings surroundings) throws IOException, InterruptedException {
        Shell shell = surroundings.shell("live");
        int port = surroundings.portBase();
        Path dump;
        try (LabCluster source = LabCluster.create(LabSpec.standalone(
                        shell.folder().resolve("source"), surroundings.servers().getFirst(), 0, port)
                .with("save \"\""))) {
            surroundings.log().accept("filling one master with " + KEYS + " small values…");
            fill(source.masters().getFirst());
            try (RespConnection connection = source.masters().getFirst().connect()) {
                connection.call("SAVE");
            }
            dump = Files.copy(
                    source.masters().getFirst().dataFolder().resolve("dump.rdb"),
                    shell.folder().resolve("dump.rdb"));
            shell.run("ambrotype backup redis://" + source.addresses().getFirst() + " --repo repository");
        }
        List<List<String>> rows = new ArrayList<>();
        List<String> cpu = new ArrayList<>();
        try (LabCluster target = LabCluster.create(LabSpec.standalone(
                        shell.folder().resolve("one"), surroundings.servers().getFirst(), 0, port + 10)
                .with("save \"\""))) {
            Outcomes outcomes = measure(surroundings, shell, dump, target);
            rows.add(outcomes.row("into one server", OURS, PEER, "≤ 1.11×"));
            cpu.add(cpu("into one server", outcomes));
        }
        try (LabCluster target = LabCluster.create(LabSpec.cluster(
                        shell.folder().resolve("three"), surroundings.servers().getFirst(), 3, 0, port + 20)
                .with("save \"\""))) {
            Outcomes outcomes = measure(surroundings, shell, dump, target);
            rows.add(outcomes.row("into three masters", OURS, PEER, "≤ 0.83×"));
            cpu.add(cpu("into three masters", outcomes));
        }
        return new Section(
                title(),
                List.of(String.format(
                        Locale.ROOT,
                        "%,d strings of %d bytes into empty servers that run. `redis-cli --pipe` is given a RESTORE command for each, made "
                                + "beforehand, in one file for each master, all at once. `ambrotype restore --to` reads the snapshot twice (first "
                                + "it looks for what could not be written), makes the commands (SET, or MSETNX for several, in a cluster for those "
                                + "of a slot), and keeps a journal.",
                        KEYS,
                        VALUE_BYTES)),
                Contest.COLUMNS,
                rows,
                List.of("CPU seconds of the servers + the clients, medians: " + String.join("; ", cpu) + "."));
    }

    private static String cpu(String what, Outcomes outcomes) {
        return what + " " + OURS + " " + outcomes.of(OURS).cpuText() + ", " + PEER + " "
                + outcomes.of(PEER).cpuText();
    }

    private static Outcomes measure(Surroundings surroundings, Shell shell, Path dump, LabCluster target)
            throws IOException, InterruptedException {
        List<RedisServer> masters = target.masters();
        List<Path> commands = commands(dump, target, shell.folder());
        String pipes = IntStream.range(0, masters.size())
                .mapToObj(
                        i -> "redis-cli -p " + masters.get(i).address().port() + " --pipe < " + commands.get(i) + " & ")
                .collect(Collectors.joining("", "", "wait"));
        String ours = "ambrotype restore latest --repo repository --yes --to redis://"
                + target.addresses().getFirst();
        return new Contest(masters)
                .before(() -> empty(masters))
                .with(OURS, () -> filled(masters, shell, ours))
                .with(PEER, () -> filled(masters, shell, pipes))
                .run(surroundings);
    }

    private static void empty(List<RedisServer> masters) {
        for (RedisServer master : masters) {
            try (RespConnection connection = master.connect()) {
                connection.call("FLUSHALL");
            }
        }
    }

    private static Cost filled(List<RedisServer> masters, Shell shell, String line)
            throws IOException, InterruptedException {
        Cost cost = shell.time(line);
        long keys = 0;
        for (RedisServer master : masters) {
            try (RespConnection connection = master.connect()) {
                keys += connection.integer("DBSIZE");
            }
        }
        if (keys != KEYS) {
            throw new IOException("the servers have " + keys + " keys and not " + KEYS + " after: " + line);
        }
        return cost;
    }

    private static void fill(RedisServer server) {
        Random random = new Random(1);
        byte[] letters = "abcdefghijklmnopqrstuvwxyz     0123456789".getBytes(US_ASCII);
        try (RoutedPipeline pipeline = RoutedPipeline.open(server.address(), server.settings())) {
            for (int i = 0; i < KEYS; i++) {
                byte[] value = new byte[VALUE_BYTES];
                for (int b = 0; b < value.length; b++) {
                    value[b] = letters[random.nextInt(letters.length)];
                }
                byte[] key = ("note:" + i).getBytes(US_ASCII);
                pipeline.send(0, key, "SET".getBytes(US_ASCII), key, value);
            }
            pipeline.flush();
        }
    }

    /** The commands for each master: those for the keys in its slots. */
    private static List<Path> commands(Path dump, LabCluster target, Path folder) throws IOException {
        List<RedisServer> masters = target.masters();
        Topology topology = new TopologyReader(masters.getFirst().settings()).discover(target.addresses());
        int[] owners = new int[HashSlot.COUNT];
        for (Shard shard : topology.shards()) {
            int owner = masters.stream()
                    .map(RedisServer::address)
                    .toList()
                    .indexOf(shard.master().connectAddress());
            shard.slots().stream().forEach(slot -> owners[slot] = owner);
        }
        List<Path> files = IntStream.range(0, masters.size())
                .mapToObj(i -> folder.resolve("commands-" + masters.size() + "-" + i))
                .toList();
        List<OutputStream> outputs = new ArrayList<>();
        try (RdbReader reader = RdbReader.open(dump)) {
            for (Path file : files) {
                outputs.add(new BufferedOutputStream(Files.newOutputStream(file), 1 << 16));
            }
            Transcoder transcoder = new Transcoder(TargetVersion.redis(7, 0));
            ByteArrayOutputStream payload = new ByteArrayOutputStream();
            for (RecordKind kind = reader.next(); kind != RecordKind.END; kind = reader.next()) {
                if (kind != RecordKind.ENTRY) {
                    continue;
                }
                byte[] key = reader.key();
                payload.reset();
                RestorePayload.write(reader, transcoder, payload::write);
                OutputStream output = outputs.get(owners[reader.slot()]);
                output.write(("*4\r\n$7\r\nRESTORE\r\n$" + key.length + "\r\n").getBytes(US_ASCII));
                output.write(key);
                output.write(("\r\n$1\r\n0\r\n$" + payload.size() + "\r\n").getBytes(US_ASCII));
                payload.writeTo(output);
                output.write("\r\n".getBytes(US_ASCII));
            }
        } finally {
            for (OutputStream output : outputs) {
                output.close();
            }
        }
        return files;
    }
}
