package io.ambrotype.it;

import static org.assertj.core.api.Assertions.assertThat;

import io.ambrotype.backup.BackupListener;
import io.ambrotype.cli.CommandLineRun;
import io.ambrotype.compare.Comparison;
import io.ambrotype.lab.Keyspace;
import io.ambrotype.lab.Keyspace.Feature;
import io.ambrotype.lab.LabCluster;
import io.ambrotype.lab.RedisServer;
import io.ambrotype.lab.ServerBinary;
import io.ambrotype.lab.StartOrder;
import io.ambrotype.rdb.HashSlot;
import io.ambrotype.rdb.TargetVersion;
import io.ambrotype.repository.Manifest;
import io.ambrotype.resp.RespConnection;
import io.ambrotype.resp.ServerVersion;
import io.ambrotype.resp.ServerVersion.Vendor;
import io.ambrotype.restore.RestoreListener;
import io.ambrotype.restore.RestoreReport;
import io.ambrotype.restore.RestoreRequest;
import io.ambrotype.restore.RestoreTarget;
import io.ambrotype.restore.Restorer;
import io.ambrotype.restore.Uncrossable;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/**
 * A snapshot is restored to servers of another version or vendor: to those before and after it, and to the oldest and the newest
 * of the other vendor. The servers that load it say themselves what they have.
 */
class CrossingTest {
    @RegisterExtension
    final Labs labs = new Labs();

    @EachServer
    void itIsRestoredToItsNeighboursAndToTheOtherVendor(ServerBinary source) throws Exception {
        List<ServerBinary> targets = targetsOf(source);
        RedisServer server = labs.server(source);
        Keyspace.Report written = Keyspace.of(21).write(server.address(), server.settings(), Instant.now());
        Operator operator = new Operator(labs.folder());
        Manifest snapshot = operator.backup(List.of(server.address()), BackupListener.NONE, r -> r);
        GroundTruth truth = GroundTruth.of(List.of(server));
        server.kill();
        for (ServerBinary target : targets) {
            cross(operator, snapshot, truth, written, target);
        }
    }

    private void cross(
            Operator operator, Manifest snapshot, GroundTruth truth, Keyspace.Report written, ServerBinary binary)
            throws Exception {
        RestoreTarget target = new RestoreTarget(versionOf(binary), true);
        LabCluster lab = labs.standalone(binary, 0);
        RedisServer server = lab.servers().getFirst();
        server.kill();
        Restorer restorer = new Restorer(operator.repository(), RestoreListener.NONE);
        Uncrossable uncrossable = restorer.uncrossable(snapshot, Optional.of(target));
        RestoreReport report =
                restorer.writeSingle(snapshot, server.folder().resolve("dump.rdb"), Optional.of(target), uncrossable);
        server.start();
        server.awaitReady(Labs.patience());

        assertThat(report.skipped()).isEqualTo(uncrossable.entries());
        assertThat(uncrossable.functions().isEmpty())
                .isEqualTo(!written.features().contains(Feature.FUNCTIONS)
                        || target.version().hasFunctions());
        Set<String> refused =
                uncrossable.items().stream().map(Uncrossable.Item::key).collect(Collectors.toSet());
        assertThat(refused).as("to " + binary.version()).allMatch(key -> mayBeRefused(key, target.version()));
        GroundTruth expected = comparable(truth, refused, target.version());
        GroundTruth found = comparable(GroundTruth.of(lab), refused, target.version());
        assertThat(expected.differencesTo(found, Instant.now()))
                .as(snapshot.summary().versions() + " to " + binary.version())
                .isEmpty();
        Set<Integer> refusedSlots = refused.stream()
                .map(key -> key.getBytes(StandardCharsets.ISO_8859_1))
                .map(key -> HashSlot.of(key, 0, key.length))
                .collect(Collectors.toSet());
        Comparison comparison = operator.compare(snapshot, operator.backup(lab));
        assertThat(comparison.slots())
                .as(comparison.toString())
                .allMatch(difference -> refusedSlots.contains(difference.slot()));
        lab.close();
    }

    private static boolean mayBeRefused(String key, TargetVersion target) {
        boolean expiresFields = target.isAtLeast(TargetVersion.Vendor.REDIS, 7, 4)
                || target.isAtLeast(TargetVersion.Vendor.VALKEY, 9, 0);
        return (key.contains("expiring") && !expiresFields)
                || (key.startsWith("vector") && !target.isAtLeast(TargetVersion.Vendor.REDIS, 8, 0));
    }

    /** Of what servers say, what all versions say alike: type, value and expiry. */
    private static GroundTruth comparable(GroundTruth truth, Set<String> refused, TargetVersion target) {
        Map<GroundTruth.Key, GroundTruth.Entry> entries = new TreeMap<>();
        truth.entries().forEach((key, entry) -> {
            String text = new String(HexFormat.of().parseHex(key.hex()), StandardCharsets.ISO_8859_1);
            if (!refused.contains(text)) {
                // In this digest scores are text, which 7.2 writes otherwise, and how field expiries count is the
                // vendor's own
                // choice; our digests compare both.
                String digest = text.contains("expiring") || entry.type().equals("zset") ? "" : entry.digest();
                entries.put(key, new GroundTruth.Entry(entry.type(), digest, entry.expireAtMillis(), ""));
            }
        });
        return new GroundTruth(entries, target.hasFunctions() ? truth.functions() : Set.of());
    }

    /** Each version's neighbours, and the ends of the other vendor's line. */
    private static List<ServerBinary> targetsOf(ServerBinary source) {
        List<ServerBinary> own = ofVendor(source.version().vendor());
        List<ServerBinary> others = ofVendor(source.version().vendor() == Vendor.REDIS ? Vendor.VALKEY : Vendor.REDIS);
        int at = own.indexOf(source);
        Set<ServerBinary> targets = new LinkedHashSet<>();
        if (at > 0) {
            targets.add(own.get(at - 1));
        }
        if (at + 1 < own.size()) {
            targets.add(own.get(at + 1));
        }
        if (!others.isEmpty()) {
            targets.add(others.getFirst());
            targets.add(others.getLast());
        }
        targets.removeIf(
                target -> writesVectorSetsAnew(source) && !writesVectorSetsAnew(target) && hasVectorSets(target));
        return List.copyOf(targets);
    }

    private static boolean hasVectorSets(ServerBinary server) {
        return server.version().isAtLeast(Vendor.REDIS, 8, 0);
    }

    /** From Redis 8.0.4 on nodes of vector sets have more in them, and 8.0.0 to 8.0.3 do not start with them. */
    private static boolean writesVectorSetsAnew(ServerBinary server) {
        return hasVectorSets(server) && !server.version().toString().matches("Redis 8\\.0\\.[0-3]");
    }

    private static List<ServerBinary> ofVendor(Vendor vendor) {
        return ServersUnderTest.all().stream()
                .filter(server -> server.version().vendor() == vendor)
                .sorted((a, b) -> a.version().compareTo(b.version()))
                .toList();
    }

    private static TargetVersion versionOf(ServerBinary binary) {
        ServerVersion version = binary.version();
        return new TargetVersion(
                version.vendor() == Vendor.REDIS ? TargetVersion.Vendor.REDIS : TargetVersion.Vendor.VALKEY,
                version.major(),
                version.minor());
    }

    /** The configuration files too are such as the other servers read. */
    @Test
    void aClusterOfTheNewestServersComesBackOnTheOldest() throws Exception {
        List<ServerBinary> servers = new ArrayList<>(ServersUnderTest.all());
        servers.sort((a, b) -> a.version().compareTo(b.version()));
        ServerBinary newest = servers.getLast();
        ServerBinary oldest = servers.getFirst();
        LabCluster lab = labs.cluster(newest, 3, 1, "maxmemory 1gb", "notify-keyspace-events AKEmn");
        Keyspace.of(22)
                .write(lab.addresses().getFirst(), lab.servers().getFirst().settings(), Instant.now());
        Operator operator = new Operator(labs.folder());
        Manifest snapshot = operator.backup(lab);
        GroundTruth truth = GroundTruth.of(lab);
        lab.close();
        Labs.wipe(lab.dir());

        RestoreTarget target = new RestoreTarget(versionOf(oldest), true);
        Path folder = labs.folder().resolve("restored");
        operator.restore(snapshot, RestoreRequest.into(folder).forServers(target));
        LabCluster restored = labs.adopt(folder, oldest, StartOrder.MASTERS_FIRST);
        Uncrossable uncrossable =
                new Restorer(operator.repository(), RestoreListener.NONE).uncrossable(snapshot, Optional.of(target));
        Set<String> refused =
                uncrossable.items().stream().map(Uncrossable.Item::key).collect(Collectors.toSet());
        assertThat(comparable(truth, refused, target.version())
                        .differencesTo(comparable(GroundTruth.of(restored), refused, target.version()), Instant.now()))
                .isEmpty();
        assertThat(restored.replicas()).hasSize(3);
    }

    /** Of the two servers at hand everywhere, the older has no functions. */
    @Test
    void whatCannotCrossIsListedBeforeAnythingIsWritten() throws Exception {
        RedisServer server = labs.server(ServersUnderTest.all().stream()
                .filter(each -> each.version().vendor() == Vendor.VALKEY
                        || each.version().isAtLeast(Vendor.REDIS, 7, 0))
                .findFirst()
                .orElseThrow());
        boolean expiresFields;
        try (RespConnection connection = server.connect()) {
            connection.call(
                    "FUNCTION", "LOAD", "#!lua name=mine\nredis.register_function('f', function() return 1 end)");
            connection.call("HSET", "cart", "book", "2");
            expiresFields = server.binary().version().isAtLeast(Vendor.REDIS, 7, 4)
                    || server.binary().version().isAtLeast(Vendor.VALKEY, 9, 0);
            if (expiresFields) {
                connection.call("HPEXPIREAT", "cart", "4102444800000", "FIELDS", "1", "book");
            }
        }
        Operator operator = new Operator(labs.folder());
        operator.backup(List.of(server.address()), BackupListener.NONE, r -> r);
        server.kill();
        Path file = labs.folder().resolve("old.rdb");
        String[] command = {
            "restore",
            "latest",
            "--repo",
            operator.place().toString(),
            "--rdb",
            file.toString(),
            "--target-version",
            "redis:6.2"
        };

        for (String dryRun : new String[] {"--dry-run", ""}) {
            CommandLineRun refused = run(command, dryRun);
            assertThat(refused.status()).as(refused.err()).isEqualTo(22);
            assertThat(refused.out() + refused.err())
                    .contains("redis 6.2 cannot have:")
                    .contains("function library mine: redis 6.2 has no functions")
                    .contains("--skip-unsupported");
            if (expiresFields) {
                assertThat(refused.out() + refused.err())
                        .containsPattern("0 +cart +HASH_\\w+ +redis 6.2 has no expiry of hash fields");
            }
            assertThat(file).doesNotExist();
        }
        CommandLineRun skipped = run(command, "--skip-unsupported");
        assertThat(skipped.status()).as(skipped.err()).isZero();
        assertThat(file).exists();
        assertThat(skipped.out()).contains(expiresFields ? "0 entries, " : "1 entry, ");
        CommandLineRun wrong = run(new String[] {"restore", "latest", "--rdb", "x", "--target-version", "6.2"}, "");
        assertThat(wrong.status()).isEqualTo(2);
    }

    private CommandLineRun run(String[] command, String option) {
        List<String> arguments = new ArrayList<>(List.of(command));
        if (!option.isEmpty()) {
            arguments.add(option);
        }
        if (!arguments.contains("--repo")) {
            arguments.addAll(
                    List.of("--repo", labs.folder().resolve("repository").toString()));
        }
        return CommandLineRun.of(labs.folder(), arguments.toArray(String[]::new));
    }
}
