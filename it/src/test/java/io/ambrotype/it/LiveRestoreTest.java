package io.ambrotype.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.ambrotype.backup.BackupListener;
import io.ambrotype.cli.CommandLineRun;
import io.ambrotype.common.ErrorCode;
import io.ambrotype.compare.Comparison;
import io.ambrotype.compare.KeyDifference;
import io.ambrotype.lab.Keyspace;
import io.ambrotype.lab.LabCluster;
import io.ambrotype.lab.RedisServer;
import io.ambrotype.lab.ServerBinary;
import io.ambrotype.rdb.HashSlot;
import io.ambrotype.repository.Manifest;
import io.ambrotype.resp.RespConnection;
import io.ambrotype.resp.RespErrorException;
import io.ambrotype.resp.ServerVersion.Vendor;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Snapshots go into servers that run: whole, in part, beside what is there, and with values too large for one request. */
class LiveRestoreTest {
    private static final String SMALLEST_LIMIT = "proto-max-bulk-len 1mb";

    @RegisterExtension
    final Labs labs = new Labs();

    @EachServer
    void aClusterIsRestoredIntoAnotherThatRuns(ServerBinary server) throws Exception {
        LabCluster source = labs.cluster(server, 2, 0);
        RedisServer seed = source.servers().getFirst();
        Keyspace.of(31).withFiller(2000).write(seed.address(), seed.settings(), Instant.now());
        Operator operator = new Operator(labs.folder());
        Manifest snapshot = operator.backup(source);
        GroundTruth truth = GroundTruth.of(source);
        source.close();
        LabCluster target = labs.cluster(server, 3, 1);

        CommandLineRun dry = restore(target, "--dry-run");
        assertThat(dry.status()).as(dry.err()).isZero();
        assertThat(dry.out()).contains("nothing was written").contains("there     0 of the keys");
        assertThat(GroundTruth.of(target).entries()).isEmpty();

        CommandLineRun whole = restore(target);
        assertThat(whole.status()).as(whole.err()).isZero();
        operator.proveEqual(target, snapshot, truth);

        CommandLineRun again = restore(target);
        assertThat(again.status()).isEqualTo(ErrorCode.UNSAFE.exitStatus());
        assertThat(again.err()).contains("of the keys are in the target already");
        CommandLineRun replaced = restore(target, "--on-conflict", "replace");
        assertThat(replaced.status()).as(replaced.err()).isZero();
        operator.proveEqual(target, snapshot, truth);
    }

    @EachServer
    void valuesThatAreTooLargeAreWrittenInPieces(ServerBinary server) throws Exception {
        RedisServer source = labs.server(server, "rdbcompression no");
        try (RespConnection connection = source.connect()) {
            fillLarge(connection);
        }
        Operator operator = new Operator(labs.folder());
        LabCluster lab = labs.standalone(server, 1, SMALLEST_LIMIT);
        operator.backup(List.of(source.address()), BackupListener.NONE, request -> request);
        GroundTruth truth = GroundTruth.of(List.of(source));

        CommandLineRun run = restore(lab);

        assertThat(run.status()).as(run.err()).isZero();
        assertThat(run.err()).contains("5 are written in pieces, because they are large");
        assertThat(truth.differencesTo(GroundTruth.of(lab), Instant.now())).isEmpty();
    }

    /** A list, a set, a sorted set, a hash and a stream of more than a megabyte, the hash with an expiry. */
    private static void fillLarge(RespConnection connection) {
        String filler = "x".repeat(500);
        for (int i = 0; i < 3000; i += 50) {
            List<String> list = new ArrayList<>(List.of("RPUSH", "large:list"));
            List<String> set = new ArrayList<>(List.of("SADD", "large:set"));
            List<String> zset = new ArrayList<>(List.of("ZADD", "large:zset"));
            List<String> hash = new ArrayList<>(List.of("HSET", "large:hash"));
            for (int j = i; j < i + 50; j++) {
                list.add(j + filler);
                set.add(j + filler);
                zset.addAll(List.of(j == 0 ? "-inf" : Double.toString(j / 3.0), j + filler));
                hash.addAll(List.of("field " + j, j + filler));
                connection.call("XADD", "large:stream", (j + 1) + "-1", "field", j + filler);
            }
            for (List<String> command : List.of(list, set, zset, hash)) {
                connection.call(command.toArray(new String[0]));
            }
        }
        connection.call(
                "PEXPIREAT",
                "large:hash",
                Long.toString(Instant.now().plus(Duration.ofHours(1)).toEpochMilli()));
        connection.call("XGROUP", "CREATE", "large:stream", "readers", "0");
        connection.call("XREADGROUP", "GROUP", "readers", "anna", "COUNT", "3", "STREAMS", "large:stream", ">");
    }

    @Test
    void onlyWhatIsAskedForIsWrittenAndWhatIsThereIsKept() throws Exception {
        RedisServer source = labs.server(ServersUnderTest.any());
        RedisServer target = labs.server(ServersUnderTest.any());
        try (RespConnection there = source.connect();
                RespConnection here = target.connect()) {
            there.call("MSET", "cart:1", "a", "cart:2", "b", "user:1", "c", "cart[x", "d");
            there.call("SELECT", "3");
            there.call("SET", "cart:3", "e");
            backup(source);

            assertThat(restore(target, "--keys", "cart:[12]", "--keys", "cart\\[*", "--db", "0")
                            .status())
                    .isZero();
            assertThat(here.texts("KEYS", "*")).containsExactlyInAnyOrder("cart:1", "cart:2", "cart[x");

            here.call("SET", "cart:1", "mine");
            CommandLineRun refused = restore(target, "--db", "0");
            assertThat(refused.status()).isEqualTo(ErrorCode.UNSAFE.exitStatus());
            assertThat(refused.err())
                    .contains("3 of the keys are in the target already")
                    .contains("cart:1");
            assertThat(here.integer("EXISTS", "user:1")).isZero();

            CommandLineRun skipped = restore(target, "--on-conflict", "skip");
            assertThat(skipped.status()).as(skipped.err()).isZero();
            assertThat(skipped.out()).contains("2 keys written").contains("3 kept as they were there");
            assertThat(here.texts("MGET", "cart:1", "user:1")).containsExactly("mine", "c");

            assertThat(restore(target, "--on-conflict", "replace", "--keys", "cart:1")
                            .status())
                    .isZero();
            assertThat(here.text("GET", "cart:1")).isEqualTo("a");

            here.call("FLUSHALL");
            int slot = HashSlot.of("user:1".getBytes(StandardCharsets.UTF_8));
            assertThat(restore(target, "--slots", slot + "-" + slot).status()).isZero();
            assertThat(restore(target, "--db", "3:0").status()).isZero();
            assertThat(here.texts("KEYS", "*")).containsExactlyInAnyOrder("user:1", "cart:3");
        }
        CommandLineRun cluster = restore(labs.cluster(ServersUnderTest.any(), 1, 0));
        assertThat(cluster.status()).isEqualTo(ErrorCode.UNRECOVERABLE.exitStatus());
        assertThat(cluster.err()).contains("database 3").contains("a cluster has database 0 only");
    }

    @EachServer
    void keysGetTheTimeThatTheyHadLeftWhereThatIsAskedFor(ServerBinary server) throws Exception {
        RedisServer source = labs.server(server);
        RedisServer target = labs.server(server);
        boolean fields = true;
        try (RespConnection there = source.connect();
                RespConnection here = target.connect()) {
            there.call("SET", "lasting", "1");
            there.call("SET", "passing", "2", "PX", "2500");
            there.call("HSET", "hash", "passing", "1", "lasting", "2");
            try {
                there.call("HPEXPIRE", "hash", "2500", "FIELDS", "1", "passing");
            } catch (RespErrorException e) {
                fields = false;
            }
            backup(source);
            await().atMost(Labs.patience())
                    .until(() -> there.call("GET", "passing").isNull());

            CommandLineRun plain = restore(target);
            assertThat(plain.status()).as(plain.err()).isZero();
            assertThat(plain.err()).contains("--shift-ttl would give them the time that they had left");
            assertThat(plain.out()).contains("1 expired and not written");
            assertThat(here.integer("EXISTS", "passing")).isZero();

            CommandLineRun shifted = restore(target, "--shift-ttl", "--on-conflict", "replace");
            assertThat(shifted.status()).as(shifted.err()).isZero();
            assertThat(here.integer("PTTL", "passing")).isBetween(-2L, 2500L).isNotEqualTo(-1);
            assertThat(here.integer("PTTL", "lasting")).isEqualTo(-1);
            assertThat(shifted.out()).contains("3 keys written");
            if (fields) {
                assertThat(shifted.err()).contains("1 are written by the commands of their type");
                assertThat(here.text("HGET", "hash", "lasting")).isEqualTo("2");
            }
        }
    }

    /** From the newest of a vendor to its oldest, and to the other vendor's oldest and newest. */
    @Test
    void valuesCrossVersionsAndVendors() throws Exception {
        ServerBinary newest = ofVendor(Vendor.REDIS).getLast();
        RedisServer source = labs.server(newest);
        Keyspace.of(33).write(source.address(), source.settings(), Instant.now());
        Operator operator = new Operator(labs.folder());
        Manifest snapshot = operator.backup(List.of(source.address()), BackupListener.NONE, request -> request);
        List<ServerBinary> targets =
                new ArrayList<>(List.of(ofVendor(Vendor.REDIS).getFirst()));
        targets.addAll(ofVendor(Vendor.VALKEY).stream().limit(1).toList());
        for (ServerBinary binary : targets) {
            LabCluster target = labs.standalone(binary, 0);

            CommandLineRun run = restore(
                    target.servers().getFirst(), snapshot.snapshot().text(), new String[] {"--skip-unsupported"});

            assertThat(run.status()).as(binary + run.err()).isIn(0, 3);
            Comparison comparison = operator.compare(snapshot, operator.backup(target));
            assertThat(comparison.keys())
                    .as(newest + " to " + binary)
                    .allMatch(key -> key.kind() == KeyDifference.Kind.ONLY_HERE
                            && (key.key().startsWith("vector") || key.key().contains("expiring")));
            target.close();
        }
    }

    private static List<ServerBinary> ofVendor(Vendor vendor) {
        return ServersUnderTest.all().stream()
                .filter(server -> server.version().vendor() == vendor)
                .sorted(Comparator.comparing(ServerBinary::version))
                .toList();
    }

    private void backup(RedisServer source) throws InterruptedException {
        new Operator(labs.folder()).backup(List.of(source.address()), BackupListener.NONE, request -> request);
    }

    private CommandLineRun restore(LabCluster target, String... options) {
        return restore(target.servers().getFirst(), options);
    }

    private CommandLineRun restore(RedisServer target, String... options) {
        return restore(target, "latest", options);
    }

    private CommandLineRun restore(RedisServer target, String snapshot, String[] options) {
        List<String> arguments = new ArrayList<>(List.of(
                "restore",
                snapshot,
                "--repo",
                labs.folder().resolve("repository").toString(),
                "--to",
                "redis://" + target.address(),
                "--yes"));
        arguments.addAll(List.of(options));
        return CommandLineRun.of(labs.folder(), arguments.toArray(new String[0]));
    }
}
