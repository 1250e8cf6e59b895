package io.ambrotype.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.ambrotype.common.AmbrotypeException;
import io.ambrotype.common.Time;
import io.ambrotype.lab.Keyspace;
import io.ambrotype.lab.LabCluster;
import io.ambrotype.lab.RedisServer;
import io.ambrotype.liverestore.LiveRestore;
import io.ambrotype.liverestore.LiveRestoreListener;
import io.ambrotype.liverestore.LiveRestoreReport;
import io.ambrotype.liverestore.LiveRestoreRequest;
import io.ambrotype.liverestore.OnConflict;
import io.ambrotype.liverestore.Selection;
import io.ambrotype.rdb.HashSlot;
import io.ambrotype.repository.Manifest;
import io.ambrotype.resp.ConnectionSettings;
import io.ambrotype.resp.RespConnection;
import io.ambrotype.resp.RespReply;
import io.ambrotype.resp.ServerInfo;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Things go wrong while a snapshot is written into servers that run: it goes on, or stops and can be resumed. Nothing is lost. */
class LiveRestoreFaultsTest {
    private static final int KEYS = 10_000;
    private static final Duration IMPATIENT = Duration.ofMillis(300);

    @RegisterExtension
    final Labs labs = new Labs();

    private Operator operator;
    private Manifest snapshot;
    private GroundTruth truth;
    /** What the data take in a server. */
    private long dataBytes;

    @BeforeEach
    void takeASnapshot() throws Exception {
        LabCluster source = labs.standalone(ServersUnderTest.any(), 0);
        RedisServer server = source.servers().getFirst();
        try (RespConnection connection = server.connect()) {
            long empty = usedMemory(connection);
            Keyspace.of(32).withFiller(KEYS).write(server.address(), server.settings(), Instant.now());
            dataBytes = usedMemory(connection) - empty;
        }
        operator = new Operator(labs.folder());
        snapshot = operator.backup(source);
        truth = GroundTruth.of(source);
        source.close();
    }

    @Test
    void aMasterThatDiesIsFollowedToItsReplica() throws Exception {
        LabCluster target = labs.cluster(ServersUnderTest.any(), 3, 1, "cluster-node-timeout 2000");
        RedisServer master = target.masters().getFirst();

        RedisServer other = target.masters().getLast();

        LiveRestoreReport report = restore(target, OnConflict.FAIL, LiveRestoreRequest.PATIENCE, halfway(() -> {
            master.crash();
            call(other, "FUNCTION", "FLUSH");
        }));

        assertThat(report.isWhole()).isTrue();
        List<RedisServer> alive = new ArrayList<>(target.servers());
        alive.remove(master);
        alive.removeIf(server -> role(server).equals("slave"));
        assertThat(alive)
                .hasSize(3)
                .allSatisfy(each -> assertThat(call(each, "FUNCTION", "LIST").array())
                        .as("functions of " + each)
                        .isNotEmpty());
        assertThat(truth.differencesTo(GroundTruth.of(alive), Instant.now())).isEmpty();
    }

    @Test
    void aMasterUnderSentinelThatDiesIsFollowedToItsReplica() throws Exception {
        LabCluster target = labs.watched(ServersUnderTest.any(), 1);
        RedisServer master = target.masters().getFirst();
        RedisServer replica = target.replicas().getFirst();

        LiveRestoreReport report =
                restore(target, OnConflict.FAIL, LiveRestoreRequest.PATIENCE, halfway(master::crash));

        assertThat(report.isWhole()).isTrue();
        assertThat(truth.differencesTo(GroundTruth.of(List.of(replica)), Instant.now()))
                .isEmpty();
    }

    /** Strings are written many at a time; what somebody else has written meanwhile is told from them. */
    @Test
    void keysThatAppearAfterTheLookAreLeftAsTheyAre() throws Exception {
        LabCluster source = labs.standalone(ServersUnderTest.any(), 0);
        setStrings(source, "string:", 1000);
        try (RespConnection there = source.masters().getFirst().connect()) {
            for (int i = 0; i < 1000; i += 7) {
                there.call("EXPIRE", "string:" + i, "10000");
            }
        }
        Manifest strings = operator.backup(source);
        for (OnConflict rule : List.of(OnConflict.FAIL, OnConflict.SKIP)) {
            LabCluster target = labs.standalone(ServersUnderTest.any(), 0);
            LiveRestore restore = liveRestore();
            LiveRestore.Prepared prepared = restore.prepare(
                    strings,
                    request(target, target.servers().getFirst().settings(), rule, IMPATIENT),
                    false,
                    LiveRestoreListener.NONE);
            try (RespConnection here = target.masters().getFirst().connect()) {
                here.call("MSET", "string:7", "mine", "string:500", "mine", "string:998", "mine");

                LiveRestoreReport report = restore.run(prepared, LiveRestoreListener.NONE);

                assertThat(report.written()).isEqualTo(997);
                assertThat(rule == OnConflict.FAIL ? report.appeared() : report.skipped())
                        .isEqualTo(3);
                assertThat(here.texts("MGET", "string:7", "string:500", "string:998"))
                        .containsOnly("mine");
                assertThat(here.integer("TTL", "string:7")).isEqualTo(-1);
                for (int i = 0; i < 1000; i++) {
                    if (i != 7 && i != 500 && i != 998) {
                        assertThat(here.text("GET", "string:" + i)).isEqualTo("value " + i);
                        assertThat(here.integer("TTL", "string:" + i) > 0).isEqualTo(i % 7 == 0);
                    }
                }
            }
        }
    }

    /** What was written and not acknowledged is asked for again, and found there: it is not somebody else's. */
    @Test
    void stringsWhoseAcknowledgementIsLostAreCountedAsWritten() throws Exception {
        LabCluster source = labs.standalone(ServersUnderTest.any(), 0);
        setStrings(source, "string:", 1000);
        Manifest strings = operator.backup(source);
        LabCluster target = labs.standalone(ServersUnderTest.any(), 0);
        try (Relay wire = new Relay(target.masters().getFirst().address())) {
            LiveRestoreRequest request = new LiveRestoreRequest(
                    "target",
                    List.of(wire.address()),
                    target.servers().getFirst().settings(),
                    Selection.ALL,
                    OnConflict.FAIL,
                    false,
                    false,
                    LiveRestoreRequest.PATIENCE);
            LiveRestore restore = liveRestore();
            LiveRestore.Prepared prepared = restore.prepare(strings, request, false, LiveRestoreListener.NONE);
            wire.expect(new Relay.Trouble(new Relay.Moment.Answered("MSETNX"), true, false));

            LiveRestoreReport report = restore.run(prepared, LiveRestoreListener.NONE);

            assertThat(wire.hasFailed()).isTrue();
            assertThat(report.isWhole()).isTrue();
            assertThat(report.written()).isEqualTo(1000);
        }
        assertThat(GroundTruth.of(source).differencesTo(GroundTruth.of(target), Instant.now()))
                .isEmpty();
    }

    /** A command of several keys gets TRYAGAIN from both sides of a slot that moves. */
    @Test
    void stringsOfASlotThatMovesAreFollowed() throws Exception {
        LabCluster source = labs.standalone(ServersUnderTest.any(), 0);
        setStrings(source, "{slot}:", 1000);
        Manifest strings = operator.backup(source);
        int slot = HashSlot.of("{slot}:0".getBytes(StandardCharsets.UTF_8));
        for (OnConflict rule : List.of(OnConflict.FAIL, OnConflict.REPLACE)) {
            LabCluster target = labs.cluster(ServersUnderTest.any(), 2, 0);
            RedisServer owner = owner(target, slot);
            RedisServer destination = target.masters().stream()
                    .filter(master -> !master.equals(owner))
                    .findAny()
                    .orElseThrow();
            try (RespConnection from = owner.connect();
                    RespConnection to = destination.connect()) {
                long there = 0;
                if (rule == OnConflict.REPLACE) {
                    for (int i = 0; i < 1000; i += 3) {
                        from.call("SET", "{slot}:" + i, "before");
                        there++;
                    }
                }
                to.call("CLUSTER", "SETSLOT", "" + slot, "IMPORTING", from.text("CLUSTER", "MYID"));
                from.call("CLUSTER", "SETSLOT", "" + slot, "MIGRATING", to.text("CLUSTER", "MYID"));
                LiveRestore restore = liveRestore();
                LiveRestoreRequest request =
                        request(target, target.servers().getFirst().settings(), rule, LiveRestoreRequest.PATIENCE);

                LiveRestoreReport report = restore.run(
                        restore.prepare(strings, request, false, LiveRestoreListener.NONE), LiveRestoreListener.NONE);

                assertThat(report.isWhole()).isTrue();
                assertThat(report.written()).isEqualTo(1000);
                assertThat(from.integer("CLUSTER", "COUNTKEYSINSLOT", "" + slot))
                        .isEqualTo(there);
                endMove(slot, from, to, destination);
            }
            assertThat(GroundTruth.of(source).differencesTo(GroundTruth.of(target), Instant.now()))
                    .isEmpty();
        }
    }

    @Test
    void slotsThatMoveAreFollowed() throws Exception {
        LabCluster target = labs.cluster(ServersUnderTest.any(), 2, 0);
        List<RedisServer> masters = target.masters();
        byte[] known = "{user:1000}.7".getBytes(StandardCharsets.UTF_8);
        int slot = HashSlot.of(known);
        try (RespConnection one = masters.get(0).connect();
                RespConnection other = masters.get(1).connect()) {
            boolean first = target.masters().get(0).equals(owner(target, slot));
            RespConnection from = first ? one : other;
            RespConnection to = first ? other : one;
            RedisServer destination = masters.get(first ? 1 : 0);
            String fromId = from.text("CLUSTER", "MYID");
            String toId = to.text("CLUSTER", "MYID");
            // Open before the first key: all of the slot's keys are answered with ASK. Another one moves at a stroke.
            to.call("CLUSTER", "SETSLOT", "" + slot, "IMPORTING", fromId);
            from.call("CLUSTER", "SETSLOT", "" + slot, "MIGRATING", toId);

            LiveRestoreReport report = restore(target, OnConflict.FAIL, LiveRestoreRequest.PATIENCE, halfway(() -> {
                endMove(slot, from, to, destination);
            }));

            assertThat(report.isWhole()).isTrue();
            assertThat(to.integer("CLUSTER", "COUNTKEYSINSLOT", "" + slot)).isGreaterThanOrEqualTo(50);
        }
        assertThat(truth.differencesTo(GroundTruth.of(target), Instant.now())).isEmpty();
    }

    @Test
    void aRestoreThatIsKilledGoesOnWhereItWas() throws Exception {
        LabCluster target = labs.standalone(ServersUnderTest.any(), 0);
        try (RespConnection connection = target.servers().getFirst().connect()) {
            // On a busy machine the first look may come too late.
            await().atMost(Duration.ofMinutes(3)).until(() -> isKilledHalfway(target, connection));
            // Written by the run that was killed, and by somebody since: it is not overwritten.
            String ours = connection.text("RANDOMKEY");
            connection.call("DEL", ours);
            connection.call("SET", ours, "somebody's");

            assertThatThrownBy(() -> restore(target, OnConflict.FAIL, IMPATIENT, LiveRestoreListener.NONE))
                    .hasMessageContaining("are in the target already");
            LiveRestoreReport report = resume(target);

            assertThat(report.isWhole()).isTrue();
            assertThat(report.written()).isEqualTo(snapshot.summary().entries());
            assertThat(connection.text("GET", ours)).isEqualTo("somebody's");
            connection.call("DEL", ours);
            assertThat(truth.differencesTo(GroundTruth.of(target), Instant.now()))
                    .hasSize(1)
                    .allMatch(difference -> difference.endsWith("is missing"));
            assertThatThrownBy(() -> resume(target)).hasMessageContaining("that was broken off");
        }
    }

    @Test
    void aTargetThatRefusesStopsItCleanlyAndItGoesOnLater() throws Exception {
        LabCluster target = labs.standalone(ServersUnderTest.any(), 1);
        try (RespConnection master = target.servers().getFirst().connect()) {
            master.call("CONFIG", "SET", "maxmemory", Long.toString(usedMemory(master) + dataBytes / 2));
            assertThatThrownBy(() -> restore(target, OnConflict.FAIL, IMPATIENT, LiveRestoreListener.NONE))
                    .hasMessageMatching("(?s).* refused (SET|RESTORE) of key .*")
                    .hasMessageContaining("OOM")
                    .hasMessageContaining("keys written")
                    .satisfies(e -> assertThat(((AmbrotypeException) e).hint().orElse(""))
                            .contains("--resume goes on from there"));
            master.call("CONFIG", "SET", "maxmemory", "0");
            assertThat(master.integer("DBSIZE")).isPositive();

            master.call("CONFIG", "SET", "min-replicas-to-write", "5");
            assertThatThrownBy(() -> resume(target)).hasMessageContaining("NOREPLICAS");
            master.call("CONFIG", "SET", "min-replicas-to-write", "0");

            LiveRestoreReport report = resume(target);
            assertThat(report.isWhole()).isTrue();
        }
        assertThat(truth.differencesTo(GroundTruth.of(target), Instant.now())).isEmpty();
    }

    @Test
    void whatAMasterTakesWithItIsWrittenAgain() throws Exception {
        LabCluster target = labs.standalone(ServersUnderTest.any(), 0);
        RedisServer server = target.servers().getFirst();

        LiveRestoreReport report =
                restore(target, OnConflict.FAIL, LiveRestoreRequest.PATIENCE, halfway(() -> restartEmpty(server)));

        assertThat(report.isWhole()).isTrue();
        assertThat(report.written()).isEqualTo(snapshot.summary().entries());
        assertThat(truth.differencesTo(GroundTruth.of(target), Instant.now())).isEmpty();
    }

    @Test
    void whatAMasterLosesBeforeTheRestoreIsResumedIsWrittenAgain() throws Exception {
        LabCluster target = labs.standalone(ServersUnderTest.any(), 0);
        RedisServer server = target.servers().getFirst();
        assertThatThrownBy(() -> restore(target, OnConflict.FAIL, IMPATIENT, halfway(server::crash)))
                .hasMessageContaining("keys written");
        server.start();
        server.awaitReady(Labs.patience());

        LiveRestoreReport report = resume(target);

        assertThat(report.isWhole()).isTrue();
        assertThat(truth.differencesTo(GroundTruth.of(target), Instant.now())).isEmpty();
    }

    /** It goes on acknowledging after its replica was promoted, and then throws away what it had acknowledged. */
    @Test
    void whatADeposedMasterAcknowledgedIsWrittenToItsSuccessor() throws Exception {
        LabCluster target = labs.standalone(ServersUnderTest.any(), 1);
        RedisServer deposed = target.masters().getFirst();
        RedisServer successor = target.replicas().getFirst();
        try (RespConnection old = deposed.connect();
                RespConnection next = successor.connect()) {
            AtomicInteger reports = new AtomicInteger();
            // The dump is read in steps, and each time what was sent so far is waited for.
            LiveRestoreListener inSteps = new LiveRestoreListener() {
                @Override
                public void written(long readBytes, long totalBytes, long keys) {
                    switch (reports.incrementAndGet()) {
                        case 30 -> {
                            await().atMost(Labs.patience()).until(() -> old.integer("DBSIZE") >= 3000);
                            next.call("REPLICAOF", "NO", "ONE");
                        }
                        case 40 -> {
                            await().atMost(Labs.patience()).until(() -> old.integer("DBSIZE") >= 5500);
                            old.call(
                                    "REPLICAOF",
                                    successor.address().host(),
                                    "" + successor.address().port());
                        }
                        default -> {}
                    }
                }
            };

            LiveRestoreReport report = restore(target, OnConflict.FAIL, LiveRestoreRequest.PATIENCE, inSteps);

            assertThat(reports.get()).isGreaterThan(40);
            assertThat(report.isWhole()).isTrue();
        }
        assertThat(truth.differencesTo(GroundTruth.of(List.of(successor)), Instant.now()))
                .isEmpty();
    }

    /** One reason after the other, each of which is named, and then it goes on. */
    @Test
    void aTargetThatWillNotWriteSaysWhyAndItGoesOnLater() throws Exception {
        LabCluster target = labs.standalone(ServersUnderTest.any(), 0, "busy-reply-threshold 10");
        RedisServer server = target.servers().getFirst();
        Path inTheWay = server.dataFolder().resolve("dump.rdb");
        try (RespConnection admin = server.connect();
                RespConnection busy = server.connect()) {
            admin.call("CONFIG", "SET", "maxmemory", Long.toString(usedMemory(admin) + dataBytes / 2));
            assertThatThrownBy(() -> restore(target, OnConflict.FAIL, IMPATIENT, LiveRestoreListener.NONE))
                    .hasMessageContaining("OOM");
            admin.call("CONFIG", "SET", "maxmemory", "0");

            failToSave(admin, inTheWay);
            assertThatThrownBy(() -> resume(target))
                    .hasMessageContainingAll(server.address().toString(), "would refuse RESTORE", "MISCONF")
                    .satisfies(e -> assertHint(e, "its last save failed"));
            admin.call("CONFIG", "SET", "stop-writes-on-bgsave-error", "no");

            Thread script = Thread.ofVirtual().start(() -> spin(busy));
            await().atMost(Labs.patience()).until(() -> isBusy(server));
            assertThatThrownBy(() -> resume(target))
                    .hasMessageContainingAll(server.address().toString(), "BUSY")
                    .satisfies(e -> assertHint(e, "script"));
            admin.call("SCRIPT", "KILL");
            script.join();

            assertThat(resume(target).isWhole()).isTrue();
            assertThat(truth.differencesTo(GroundTruth.of(target), Instant.now()))
                    .isEmpty();

            admin.call("FLUSHALL");
            admin.call("CONFIG", "SET", "maxmemory-policy", "allkeys-random");
            admin.call("CONFIG", "SET", "maxmemory", Long.toString(usedMemory(admin) + dataBytes / 2));
            LiveRestoreReport evicted = restore(target, OnConflict.FAIL, IMPATIENT, LiveRestoreListener.NONE);
            assertThat(evicted.isWhole()).isFalse();
            assertThat(evicted.evicted()).singleElement().asString().startsWith(server.address() + " (");
        }
    }

    private static void assertHint(Throwable e, String hint) {
        assertThat(((AmbrotypeException) e).hint().orElse("")).contains(hint);
    }

    private static void failToSave(RespConnection admin, Path inTheWay) {
        try {
            Files.createDirectories(inTheWay.resolve("full"));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        admin.call("CONFIG", "SET", "save", "3600 1");
        admin.call("BGSAVE");
        await().atMost(Labs.patience())
                .until(() -> ServerInfo.read(admin, "persistence")
                        .value("rdb_last_bgsave_status")
                        .orElse("")
                        .equals("err"));
    }

    private static void spin(RespConnection connection) {
        try {
            connection.call("EVAL", "while true do end", "0");
        } catch (AmbrotypeException _) {
            // It was killed.
        }
    }

    private static boolean isBusy(RedisServer server) {
        try (RespConnection connection = server.connect()) {
            connection.call("DBSIZE");
            return false;
        } catch (AmbrotypeException e) {
            return String.valueOf(e.getMessage()).contains("BUSY");
        }
    }

    private static void restartEmpty(RedisServer server) {
        server.crash();
        server.start();
        server.awaitReady(Labs.patience());
    }

    private static long usedMemory(RespConnection connection) {
        return Long.parseLong(
                ServerInfo.parse(connection.text("INFO", "memory")).require("used_memory"));
    }

    /** Starts a restore and kills it when the first keys are there; whether that was before the last were. */
    private boolean isKilledHalfway(LabCluster target, RespConnection connection) throws Exception {
        connection.call("FLUSHALL");
        Process process = start(target);
        await().atMost(Labs.patience())
                .pollInterval(Duration.ofMillis(1))
                .until(() -> connection.integer("DBSIZE") > 500 || !process.isAlive());
        connection.call("CLIENT", "PAUSE", "60000", "WRITE");
        long written = connection.integer("DBSIZE");
        process.destroyForcibly();
        assertThat(process.waitFor(Duration.ofSeconds(60))).isTrue();
        connection.call("CLIENT", "UNPAUSE");
        assertThat(written).as(Files.readString(output())).isGreaterThanOrEqualTo(500);
        return written < snapshot.summary().entries();
    }

    /** Of an open slot: what is still there goes to its new owner, and everybody is told. */
    private static void endMove(int slot, RespConnection from, RespConnection to, RedisServer destination) {
        for (String key : from.texts("CLUSTER", "GETKEYSINSLOT", "" + slot, "1000")) {
            from.call(
                    "MIGRATE",
                    destination.address().host(),
                    "" + destination.address().port(),
                    key,
                    "0",
                    "5000");
        }
        String toId = to.text("CLUSTER", "MYID");
        to.call("CLUSTER", "SETSLOT", "" + slot, "NODE", toId);
        from.call("CLUSTER", "SETSLOT", "" + slot, "NODE", toId);
    }

    private static void setStrings(LabCluster source, String prefix, int count) {
        try (RespConnection connection = source.masters().getFirst().connect()) {
            for (int i = 0; i < count; i++) {
                connection.call("SET", prefix + i, "value " + i);
            }
        }
    }

    // ---- the operator

    /** Does something once, when a part of the keys is written; the dump is not read on before that is done. */
    private static LiveRestoreListener halfway(Runnable task) {
        AtomicBoolean done = new AtomicBoolean();
        return new LiveRestoreListener() {
            @Override
            public void written(long readBytes, long totalBytes, long keys) {
                // Where what was sent is acknowledged late, half of the dump is still to be read.
                if ((keys > 1000 || readBytes * 2 >= totalBytes) && done.compareAndSet(false, true)) {
                    task.run();
                }
            }
        };
    }

    private LiveRestoreReport restore(
            LabCluster target, OnConflict onConflict, Duration patience, LiveRestoreListener listener)
            throws InterruptedException {
        return restore(target, target.servers().getFirst().settings(), onConflict, patience, listener, false);
    }

    private LiveRestoreReport resume(LabCluster target) throws InterruptedException {
        return restore(
                target,
                target.servers().getFirst().settings(),
                OnConflict.FAIL,
                IMPATIENT,
                LiveRestoreListener.NONE,
                true);
    }

    private LiveRestoreReport restore(
            LabCluster target,
            ConnectionSettings settings,
            OnConflict onConflict,
            Duration patience,
            LiveRestoreListener listener,
            boolean resume)
            throws InterruptedException {
        LiveRestore restore = liveRestore();
        LiveRestoreRequest request = request(target, settings, onConflict, patience);
        return restore.run(restore.prepare(snapshot, request, resume, listener), listener);
    }

    private static LiveRestoreRequest request(
            LabCluster target, ConnectionSettings settings, OnConflict onConflict, Duration patience) {
        return new LiveRestoreRequest(
                "target", target.addresses(), settings, Selection.ALL, onConflict, false, false, patience);
    }

    private LiveRestore liveRestore() {
        return new LiveRestore(operator.repository(), journals(), Time.SYSTEM, new SecureRandom(), "test");
    }

    private Path journals() {
        return labs.folder().resolve(".local/state/ambrotype");
    }

    private Path output() {
        return labs.folder().resolve("output.txt");
    }

    /** As the program is started, with our class path. */
    private Process start(LabCluster target) throws Exception {
        ProcessBuilder builder = new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:TieredStopAtLevel=1",
                "--enable-native-access=ALL-UNNAMED",
                "-cp",
                System.getProperty("java.class.path"),
                "io.ambrotype.cli.Main",
                "restore",
                "latest",
                "--repo",
                operator.place().toString(),
                "--to",
                "redis://" + target.addresses().getFirst(),
                "--yes");
        builder.environment().remove("XDG_STATE_HOME");
        builder.environment().put("HOME", labs.folder().toString());
        return builder.redirectErrorStream(true)
                .redirectOutput(output().toFile())
                .start();
    }

    private static RespReply call(RedisServer server, String... command) {
        try (RespConnection connection = server.connect()) {
            return connection.call(command);
        }
    }

    private static String role(RedisServer server) {
        try (RespConnection connection = server.connect()) {
            return connection.array("ROLE").getFirst().text();
        }
    }

    private static RedisServer owner(LabCluster target, int slot) {
        return target.masters().stream()
                .filter(master -> {
                    try (RespConnection connection = master.connect()) {
                        return connection
                                .text("CLUSTER", "NODES")
                                .lines()
                                .filter(line -> line.contains("myself"))
                                .map(line -> line.split(" "))
                                .flatMap(fields -> Arrays.stream(fields).skip(8))
                                .map(range -> range.split("-"))
                                .anyMatch(range -> Integer.parseInt(range[0]) <= slot
                                        && slot <= Integer.parseInt(range[range.length - 1]));
                    }
                })
                .findFirst()
                .orElseThrow();
    }
}
