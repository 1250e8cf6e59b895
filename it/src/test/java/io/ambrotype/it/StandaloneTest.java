package io.ambrotype.it;

import static org.assertj.core.api.Assertions.assertThat;

import io.ambrotype.cli.CommandLineRun;
import io.ambrotype.common.ErrorCode;
import io.ambrotype.lab.Keyspace;
import io.ambrotype.lab.LabCluster;
import io.ambrotype.lab.RedisServer;
import io.ambrotype.lab.ServerBinary;
import io.ambrotype.lab.StartOrder;
import io.ambrotype.repository.DumpContent;
import io.ambrotype.repository.Manifest;
import io.ambrotype.resp.RespConnection;
import io.ambrotype.resp.ServerVersion.Vendor;
import io.ambrotype.restore.RestoreRequest;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Instant;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A master with several databases and a replica is captured, dies with all its files, and comes back. */
class StandaloneTest {
    @RegisterExtension
    final Labs labs = new Labs();

    @EachServer
    void itComesBackWithAllDatabasesAndItsReplica(ServerBinary server) throws Exception {
        LabCluster lab = labs.standalone(server, 1, "databases 4", "maxmemory 1gb", "maxmemory-policy volatile-lru");
        RedisServer master = lab.servers().getFirst();
        Keyspace.of(12).inDatabases(3).withFiller(500).write(master.address(), master.settings(), Instant.now());
        Operator operator = new Operator(labs.folder());

        Manifest snapshot = operator.backup(lab);

        GroundTruth truth = GroundTruth.of(lab);
        assertThat(snapshot.shards().getFirst().content().databases()).containsOnlyKeys(0, 1, 2);
        assertThat(snapshot.summary().entries()).isEqualTo(truth.entries().size());
        lab.close();
        Labs.wipe(lab.dir());

        Path folder = labs.folder().resolve("restored");
        operator.restore(snapshot, RestoreRequest.into(folder));
        LabCluster restored = labs.adopt(folder, server, StartOrder.MASTERS_FIRST);
        assertThat(restored.masters()).hasSize(1);
        operator.proveEqual(restored, snapshot, truth);
        assertThat(truth.differencesTo(GroundTruth.of(restored.replicas()), Instant.now()))
                .isEmpty();
        restored.close();

        inOneRdb(server, operator, snapshot, truth);
        intoACluster(server, operator, snapshot, truth);
    }

    private void inOneRdb(ServerBinary server, Operator operator, Manifest snapshot, GroundTruth truth)
            throws Exception {
        LabCluster single = labs.standalone(server, 0, "databases 4");
        RedisServer alone = single.servers().getFirst();
        alone.kill();
        Path file = alone.folder().resolve("dump.rdb");
        CommandLineRun run = CommandLineRun.of(
                labs.folder(), "restore", "latest", "--repo", operator.place().toString(), "--rdb", file.toString());
        assertThat(run.status()).as(run.err()).isZero();
        alone.start();
        alone.awaitReady(Labs.patience());
        operator.proveEqual(single, snapshot, truth);
    }

    /** Only the clusters of Valkey 9 have more than one database. */
    private void intoACluster(ServerBinary server, Operator operator, Manifest snapshot, GroundTruth truth)
            throws Exception {
        Path folder = labs.folder().resolve("cluster");
        int port = Labs.freePorts(3);
        CommandLineRun run = CommandLineRun.of(
                labs.folder(),
                "restore",
                snapshot.snapshot().text(),
                "--repo",
                operator.place().toString(),
                "--into",
                folder.toString(),
                "--masters",
                "3",
                "--replicas",
                "0",
                "--nodes",
                "127.0.0.1:%d,127.0.0.1:%d,127.0.0.1:%d".formatted(port, port + 1, port + 2));
        if (server.version().isAtLeast(Vendor.VALKEY, 9, 0)) {
            assertThat(run.status()).as(run.err()).isZero();
            operator.proveEqual(labs.adopt(folder, server, StartOrder.ALL_AT_ONCE), snapshot, truth);
            return;
        }
        assertThat(run.status()).isEqualTo(ErrorCode.UNRECOVERABLE.exitStatus());
        assertThat(run.err()).contains("database 1: ", "--rdb FILE");
        assertThat(folder).doesNotExist();
    }

    @ParameterizedTest
    @ValueSource(strings = {"rdbcompression no", "rdbchecksum no", "maxmemory-policy allkeys-random"})
    void whateverTheServerIsSetTo(String directive) throws Exception {
        ServerBinary server = ServersUnderTest.any();
        LabCluster lab = labs.standalone(server, 0, directive);
        RedisServer master = lab.servers().getFirst();
        Keyspace.of(13).write(master.address(), master.settings(), Instant.now());
        Operator operator = new Operator(labs.folder());

        Manifest snapshot = operator.backup(lab);

        GroundTruth truth = GroundTruth.of(lab);
        boolean signed = !directive.equals("rdbchecksum no");
        assertThat(snapshot.shards().getFirst().content().checksum())
                .isEqualTo(signed ? DumpContent.Checksum.VERIFIED : DumpContent.Checksum.DISABLED);
        assertThat(snapshot.warnings().stream().anyMatch(warning -> warning.contains("rdbchecksum no")))
                .isEqualTo(!signed);
        lab.close();
        Path folder = labs.folder().resolve("restored");
        operator.restore(snapshot, RestoreRequest.into(folder));
        LabCluster restored = labs.adopt(folder, server, StartOrder.MASTERS_FIRST);
        assertThat(setting(restored, directive)).isEqualTo(directive);
        operator.proveEqual(restored, snapshot, truth);
    }

    /** How often and how long ago a key was used decides what is evicted next; both ways of restoring hand it back. */
    @ParameterizedTest
    @ValueSource(strings = {"allkeys-lru", "allkeys-lfu"})
    void useIsRemembered(String policy) throws Exception {
        ServerBinary server = ServersUnderTest.any();
        LabCluster lab = labs.standalone(server, 0, "maxmemory 1gb", "maxmemory-policy " + policy);
        boolean frequency = policy.endsWith("lfu");
        try (RespConnection connection = lab.servers().getFirst().connect()) {
            connection.call("SET", "{key}sample", "value");
            byte[] value = connection.bytes("DUMP", "{key}sample");
            connection.call(
                    bytes("RESTORE"),
                    bytes("{key}used"),
                    bytes("0"),
                    value,
                    bytes(frequency ? "FREQ" : "IDLETIME"),
                    bytes("200"));
        }
        Operator operator = new Operator(labs.folder());
        Manifest snapshot = operator.backup(lab);
        lab.close();

        Path verbatim = labs.folder().resolve("verbatim");
        operator.restore(snapshot, RestoreRequest.into(verbatim));
        LabCluster restored = labs.adopt(verbatim, server, StartOrder.MASTERS_FIRST);
        assertThat(use(restored, frequency))
                .isBetween(199L, 200 + Labs.patience().toSeconds());
        restored.close();

        int port = Labs.freePorts(2);
        Path routed = labs.folder().resolve("routed");
        CommandLineRun run = CommandLineRun.of(
                labs.folder(),
                "restore",
                "latest",
                "--repo",
                operator.place().toString(),
                "--into",
                routed.toString(),
                "--masters",
                "2",
                "--replicas",
                "0",
                "--nodes",
                "127.0.0.1:%d,127.0.0.1:%d".formatted(port, port + 1));
        assertThat(run.status()).as(run.err()).isZero();
        LabCluster cluster = labs.adopt(routed, server, StartOrder.ALL_AT_ONCE);
        assertThat(use(cluster, frequency))
                .isBetween(199L, 200 + Labs.patience().toSeconds());
    }

    private static long use(LabCluster lab, boolean frequency) {
        for (RedisServer master : lab.masters()) {
            try (RespConnection connection = master.connect()) {
                if (connection.integer("DBSIZE") == 2) {
                    return connection.integer("OBJECT", frequency ? "FREQ" : "IDLETIME", "{key}used");
                }
            }
        }
        throw new AssertionError("no master has both keys");
    }

    private static String setting(LabCluster lab, String directive) {
        String name = directive.substring(0, directive.indexOf(' '));
        try (RespConnection connection = lab.servers().getFirst().connect()) {
            return name + " " + connection.array("CONFIG", "GET", name).get(1).text();
        }
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }
}
