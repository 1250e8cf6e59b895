package io.ambrotype.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.awaitility.Awaitility.await;

import io.ambrotype.backup.BackupListener;
import io.ambrotype.backup.BackupPatience;
import io.ambrotype.backup.ShardProgress;
import io.ambrotype.backup.ShardProgress.Phase;
import io.ambrotype.cli.CommandLineRun;
import io.ambrotype.common.AmbrotypeException;
import io.ambrotype.common.ErrorCode;
import io.ambrotype.lab.Keyspace;
import io.ambrotype.lab.LabCluster;
import io.ambrotype.lab.RedisServer;
import io.ambrotype.lab.ServerBinary;
import io.ambrotype.rdb.RdbReader;
import io.ambrotype.rdb.RecordKind;
import io.ambrotype.repository.Manifest;
import io.ambrotype.repository.SnapshotEntry;
import io.ambrotype.resp.RespConnection;
import io.ambrotype.resp.RespErrorException;
import io.ambrotype.resp.ServerInfo;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Random;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Predicate;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Whatever happens to the servers and the wires during a backup, the snapshot is whole, or there is none and it is said why. */
class SourceFaultsTest {
    private static final ServerBinary SERVER = ServersUnderTest.any();

    @RegisterExtension
    final Labs labs = new Labs();

    // ---- who is asked

    @Test
    void aWrongPasswordIsSaidAndNothingIsBegun() {
        LabCluster lab = labs.standalone(SERVER, 0, "requirepass secret");
        CommandLineRun run = backup("redis://:wrong@" + lab.addresses().getFirst());
        assertThat(run.status()).isEqualTo(ErrorCode.WRONG_KEY.exitStatus());
        assertThat(run.err())
                .contains("error: ")
                .contains(lab.addresses().getFirst().toString())
                .doesNotContain("wrong@", "\tat ");
        assertThat(backup("redis://:secret@" + lab.addresses().getFirst()).status())
                .isZero();
    }

    @Test
    void aNodeThatCannotBeReachedIsNamed() {
        int port = Labs.freePorts(1);
        CommandLineRun run = backup("redis://127.0.0.1:" + port);
        assertThat(run.status()).isEqualTo(ErrorCode.FAILED.exitStatus());
        assertThat(run.err()).contains("error: ", "127.0.0.1:" + port).doesNotContain("\tat ");
    }

    @Test
    void slotsThatAreOpenOrNobodysMakeTheBackupRefuse() {
        LabCluster lab = labs.cluster(SERVER, 3, 0, "cluster-node-timeout 2000", "cluster-require-full-coverage no");
        String uri = "redis://" + lab.addresses().getFirst();
        assertThat(backup(uri).status()).isZero();
        String other = call(lab.servers().get(1), "CLUSTER", "MYID");

        call(lab.servers().get(0), "CLUSTER", "SETSLOT", "7", "MIGRATING", other);
        CommandLineRun open = backup(uri);
        assertThat(open.status()).isEqualTo(ErrorCode.UNSAFE.exitStatus());
        assertThat(open.err()).contains("slots 7 are open", "hint: let the slot migration finish");
        call(lab.servers().get(0), "CLUSTER", "SETSLOT", "7", "STABLE");
        assertThat(backup(uri).status()).isZero();

        for (RedisServer server : lab.servers()) {
            call(server, "CLUSTER", "DELSLOTS", "7");
        }
        CommandLineRun uncovered = backup(uri);
        assertThat(uncovered.status()).isEqualTo(ErrorCode.UNSAFE.exitStatus());
        assertThat(uncovered.err()).contains("would not be whole", "7");

        lab.servers().get(2).kill();
        CommandLineRun dead = backup(uri);
        assertThat(dead.status()).isEqualTo(ErrorCode.UNSAFE.exitStatus());
        assertThat(dead.err()).contains(lab.addresses().get(2).toString());
    }

    // ---- which replica is read

    @Test
    void aReplicaThatIsWritableOrCutOffIsPassedOver() throws Exception {
        LabCluster lab = labs.standalone(SERVER, 3);
        RedisServer writable = lab.servers().get(1);
        RedisServer cutOff = lab.servers().get(2);
        call(lab.servers().getFirst(), "SET", "key", "of the master");
        call(writable, "CONFIG", "SET", "replica-read-only", "no");
        call(writable, "SET", "key", "of its own");
        // It will not be let in again.
        call(cutOff, "CONFIG", "SET", "masterauth", "no such password");
        call(lab.servers().getFirst(), "CLIENT", "KILL", "TYPE", "replica");
        await().atMost(Labs.patience())
                .until(() -> info(cutOff, "replication")
                                .value("master_link_status")
                                .orElse("")
                                .equals("down")
                        && info(lab.servers().get(3), "replication").is("master_link_status"));

        Manifest snapshot = new Operator(labs.folder()).backup(lab);

        assertThat(sourcePort(snapshot, 0))
                .isEqualTo(lab.servers().get(3).address().port());
        assertThat(snapshot.warnings())
                .anyMatch(warning -> warning.contains(writable.address().toString()) && warning.contains("writes"))
                .anyMatch(warning -> warning.contains(cutOff.address().toString()) && warning.contains("link"));
    }

    /** The wire from the master to its replica holds back everything, and nobody notices but us. */
    @Test
    void aReplicaThatLagsIsWaitedForOrPassedOver() throws Exception {
        RedisServer master = labs.server(SERVER);
        RedisServer replica = labs.server(SERVER);
        Operator operator = new Operator(labs.folder());
        try (Relay wire = new Relay(master.address())) {
            call(
                    replica,
                    "REPLICAOF",
                    "127.0.0.1",
                    Integer.toString(wire.address().port()));
            replica.awaitSynced(Labs.patience());

            wire.holdReplicas();
            call(master, "SET", "marker", "1");
            Manifest passedOver = operator.backup(List.of(wire.address()), BackupListener.NONE, request -> request);
            assertThat(sourcePort(passedOver, 0)).isEqualTo(wire.address().port());
            assertThat(keys(operator, passedOver)).contains("marker");
            assertThat(passedOver.warnings())
                    .anyMatch(warning -> warning.contains("did not reach its master's offset"));

            call(master, "SET", "second marker", "1");
            Manifest waitedFor = operator.backup(
                    List.of(wire.address()),
                    when(progress -> progress.phase() == Phase.PREPARING, wire::letThrough),
                    request -> request);
            assertThat(sourcePort(waitedFor, 0)).isEqualTo(replica.address().port());
            assertThat(keys(operator, waitedFor)).contains("marker", "second marker");
        }
    }

    // ---- what happens meanwhile

    @Test
    void aSourceThatStopsOrDiesInMidTransferIsReplacedByTheNext() throws Exception {
        LabCluster lab = labs.standalone(SERVER, 1);
        RedisServer master = lab.servers().get(0);
        RedisServer replica = lab.servers().get(1);
        Keyspace.of(16).write(master.address(), master.settings(), Instant.now());
        GroundTruth truth = GroundTruth.of(lab);
        lab.awaitWhole(Labs.patience());
        slow(replica, 20_000);
        Operator operator = new Operator(labs.folder());
        Duration second = Duration.ofSeconds(1);

        // It is stopped: its connections stay, and nothing comes.
        Manifest passedOver = operator.backup(
                lab.addresses(),
                when(
                        progress -> progress.phase() == Phase.PREPARING,
                        () -> Thread.ofVirtual().start(() -> {
                            await().until(() -> info(replica, "persistence").is("rdb_bgsave_in_progress"));
                            signal("STOP", replica);
                        })),
                request -> request.withPatience(new BackupPatience(second, second, Labs.patience()))
                        .withSettings(request.settings().withReplyTimeout(second)));
        assertThat(sourcePort(passedOver, 0)).isEqualTo(master.address().port());
        assertThat(passedOver.warnings())
                .anyMatch(warning -> warning.contains(replica.address() + " sent nothing for 1 s while"));
        signal("CONT", replica);
        lab.awaitWhole(Labs.patience());

        Manifest snapshot = operator.backup(
                lab.addresses(),
                when(
                        progress -> progress.phase() == Phase.PREPARING,
                        () -> Thread.ofVirtual().start(() -> {
                            await().until(() -> info(replica, "persistence").is("rdb_bgsave_in_progress"));
                            replica.kill();
                        })),
                request -> request);

        assertThat(sourcePort(snapshot, 0)).isEqualTo(master.address().port());
        assertThat(snapshot.warnings())
                .anyMatch(warning -> warning.startsWith("shard 0: ")
                        && warning.contains(replica.address().toString()));
        operator.proveEqual(lab, snapshot, truth);
    }

    @Test
    void aLayoutThatChangesMeanwhileIsCapturedAgain() throws Exception {
        LabCluster lab = labs.cluster(SERVER, 3, 1, "cluster-node-timeout 1500");
        RedisServer seed = lab.servers().getFirst();
        Keyspace.of(17).write(seed.address(), seed.settings(), Instant.now());
        GroundTruth truth = GroundTruth.of(lab);
        Operator operator = new Operator(labs.folder());
        RedisServer successor = lab.servers().get(4);

        Manifest failedOver = operator.backup(
                lab.addresses(),
                when(progress -> progress.shard() == 0 && progress.phase() == Phase.STORED, () -> {
                    call(successor, "CLUSTER", "FAILOVER");
                    await().atMost(Labs.patience())
                            .until(() -> lab.masters().contains(successor)
                                    && !lab.masters().contains(lab.servers().get(1)));
                }),
                request -> request.withParallel(1, 1));

        assertThat(failedOver.warnings()).anyMatch(warning -> warning.startsWith("the layout changed"));
        assertThat(masterPorts(failedOver)).contains(successor.address().port());
        operator.proveEqual(lab, failedOver, truth);

        RedisServer victim = lab.servers().get(2);
        Manifest afterDeath = operator.backup(
                lab.addresses(),
                when(progress -> progress.shard() == 2 && progress.phase() == Phase.STORED, victim::kill),
                request -> request.withParallel(1, 1));

        assertThat(afterDeath.warnings()).anyMatch(warning -> warning.startsWith("the layout changed"));
        assertThat(masterPorts(afterDeath))
                .contains(lab.servers().get(5).address().port())
                .doesNotContain(victim.address().port());
        operator.proveEqual(lab, afterDeath, truth);
    }

    // ---- what comes over the wire

    @Test
    void anRdbThatIsCutOrFalsifiedIsNeverCommitted() throws Exception {
        RedisServer server = labs.server(SERVER);
        Keyspace.of(18).write(server.address(), server.settings(), Instant.now());
        Operator operator = new Operator(labs.folder());
        Random random = new Random(4711);
        try (Relay wire = new Relay(server.address())) {
            Manifest sound = operator.backup(List.of(wire.address()), BackupListener.NONE, request -> request);
            int size = Math.toIntExact(sound.shards().getFirst().dump().rdbBytes());
            long objects = objects(operator);

            for (int i = 0; i < 12; i++) {
                // The sizes of two RDBs of the same data differ by a few bytes: their heads tell times.
                int offset = 9 + random.nextInt(size - 40);
                boolean cut = i % 3 == 0;
                wire.falsify(cut ? new Relay.Fault.Cut(offset) : new Relay.Fault.Flip(offset, random.nextInt(8)));
                AmbrotypeException failure = catchThrowableOfType(
                        AmbrotypeException.class,
                        () -> operator.backup(List.of(wire.address()), BackupListener.NONE, request -> request));
                assertThat(failure).as("offset %d", offset).isNotNull();
                assertThat(failure.code())
                        .as("offset %d: %s", offset, failure)
                        .isEqualTo(cut ? ErrorCode.FAILED : ErrorCode.CORRUPT);
                assertThat(failure.getMessage()).contains(wire.address().toString());
            }

            assertThat(objects(operator)).isEqualTo(objects);
            assertThat(operator.repository().list())
                    .filteredOn(SnapshotEntry.Finished.class::isInstance)
                    .extracting(SnapshotEntry::snapshot)
                    .containsExactly(sound.snapshot());
            assertThat(operator.verifyAll().failure()).isEmpty();
            wire.falsify(new Relay.Fault.None());
            Manifest again = operator.backup(List.of(wire.address()), BackupListener.NONE, request -> request);
            assertThat(operator.compare(sound, again).isEqual()).isTrue();
        }
    }

    private CommandLineRun backup(String uri) {
        return CommandLineRun.of(
                labs.folder(),
                "backup",
                uri,
                "--repo",
                labs.folder().resolve("repository").toString(),
                "--spool",
                labs.folder().toString());
    }

    /** Does something once, when the backup has come that far, and lets it go on only then. */
    private static BackupListener when(Predicate<ShardProgress> moment, Runnable action) {
        AtomicBoolean done = new AtomicBoolean();
        return new BackupListener() {
            @Override
            public void progress(ShardProgress progress) {
                if (moment.test(progress) && done.compareAndSet(false, true)) {
                    action.run();
                }
            }
        };
    }

    /** Has a server wait so long at every key that it writes into an RDB. */
    private static void slow(RedisServer server, int microseconds) {
        try {
            call(server, "CONFIG", "SET", "rdb-key-save-delay", Integer.toString(microseconds));
        } catch (RespErrorException e) {
            // Servers before 6.0 do not have it.
            Assumptions.abort("this server cannot be slowed down: " + e.getMessage());
        }
    }

    private static void signal(String name, RedisServer server) {
        try {
            new ProcessBuilder("kill", "-" + name, Long.toString(server.pid().orElseThrow()))
                    .inheritIO()
                    .start()
                    .waitFor();
        } catch (IOException | InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    private static String call(RedisServer server, String... command) {
        try (RespConnection connection = server.connect()) {
            return connection.call(command).text();
        }
    }

    private static ServerInfo info(RedisServer server, String section) {
        try (RespConnection connection = server.connect()) {
            return ServerInfo.read(connection, section);
        }
    }

    private static int sourcePort(Manifest snapshot, int shard) {
        return snapshot.node(snapshot.shards().get(shard).sourceId()).port();
    }

    private static List<Integer> masterPorts(Manifest snapshot) {
        return snapshot.shards().stream()
                .map(shard -> snapshot.node(shard.masterId()).port())
                .toList();
    }

    private static List<String> keys(Operator operator, Manifest snapshot) {
        return operator.repository().readDump(snapshot.shards().getFirst().dump(), SourceFaultsTest::keys);
    }

    private static List<String> keys(RdbReader reader) throws IOException {
        Stream.Builder<String> keys = Stream.builder();
        for (RecordKind kind = reader.next(); kind != RecordKind.END; kind = reader.next()) {
            if (kind == RecordKind.ENTRY) {
                keys.add(new String(reader.key(), StandardCharsets.UTF_8));
            }
        }
        return keys.build().toList();
    }

    private static long objects(Operator operator) throws IOException {
        Path dumps = operator.place().resolve("dumps");
        try (Stream<Path> files = Files.walk(dumps)) {
            return files.filter(Files::isRegularFile).count();
        }
    }
}
