package io.ambrotype.replication;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.ambrotype.common.ReplicationOffset;
import io.ambrotype.common.Secret;
import io.ambrotype.resp.ConnectionSettings;
import io.ambrotype.resp.Credentials;
import io.ambrotype.resp.RespConnection;
import io.ambrotype.resp.ServerInfo;
import io.ambrotype.servers.TestServer;
import io.ambrotype.servers.TestServer.Binary;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ReadableByteChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** Sessions with real servers. */
class ReplicationServerTest {
    @TempDir
    Path dir;

    @TempDir
    Path secondDir;

    @ParameterizedTest
    @EnumSource
    void diskModeHandsOverTheVeryFileThatTheServerWrote(Binary binary) throws IOException {
        try (TestServer server = TestServer.start(binary, dir, "--repl-diskless-sync", "no");
                RespConnection client = server.connect()) {
            fill(client, 5_000);
            try (ReplicationSession session = backup(server)) {
                FullSync sync = session.fullSync();
                byte[] rdb = readAll(session.rdb());

                assertThat(sync.length()).hasValue(rdb.length);
                assertThat(sync.id()).hasToString(info(client).require("master_replid"));
                assertThat(rdb).isEqualTo(Files.readAllBytes(dir.resolve("dump.rdb")));
                assertThat(session.rdb().read(ByteBuffer.allocate(1))).isEqualTo(-1);
            }
        }
    }

    @ParameterizedTest
    @EnumSource
    void disklessModeHandsOverADumpThatAServerLoads(Binary binary) throws IOException {
        List<ReplicationPhase> waited = new ArrayList<>();
        String digest;
        try (TestServer server = TestServer.start(binary, dir, DISKLESS);
                RespConnection client = server.connect()) {
            fill(client, 5_000);
            digest = client.text("DEBUG", "DIGEST");
            ReplicationOptions options =
                    ReplicationOptions.backup().withListener((phase, sincePsync) -> waited.add(phase));
            try (ReplicationSession session = open(server, options)) {
                FullSync sync = session.fullSync();
                byte[] rdb = readAll(session.rdb());

                assertThat(sync.length()).isEmpty();
                assertThat(new String(rdb, 0, 5, StandardCharsets.US_ASCII)).isEqualTo("REDIS");
                Files.write(secondDir.resolve("dump.rdb"), rdb);
            }
            assertThat(waited).containsOnly(ReplicationPhase.REQUEST);
        }
        try (TestServer restored = TestServer.start(binary, secondDir);
                RespConnection client = restored.connect()) {
            assertThat(client.text("DEBUG", "DIGEST")).isEqualTo(digest);
        }
    }

    @Test
    void aBackupIsSeenWithPortZeroAndSatisfiesNoWait() throws IOException {
        try (TestServer server = TestServer.start(
                        Binary.REDIS_7_0, dir, "--repl-diskless-sync-delay", "0", "--rdbcompression", "no");
                RespConnection client = server.connect()) {
            // More than the buffers in between hold, so that the transfer waits for this side.
            client.call("DEBUG", "POPULATE", "100", "large", "1000000");
            try (ReplicationSession session = backup(server)) {
                session.fullSync();
                assertThat(info(client).require("slave0")).contains("port=0,state=wait_bgsave");
                readAll(session.rdb());

                client.call("SET", "k", "v");
                assertThat(client.integer("WAIT", "1", "10")).isZero();
            }
            await().until(() -> info(client).require("connected_slaves").equals("0"));
        }
    }

    @ParameterizedTest
    @CsvSource({"REDIS_7_0, yes", "REDIS_7_0, no", "REDIS_6_2, yes", "REDIS_6_2, no"})
    void theStreamContinuesExactlyBehindTheRdb(Binary binary, String diskless) throws IOException {
        try (TestServer server = TestServer.start(
                        binary, dir, "--repl-diskless-sync", diskless, "--repl-diskless-sync-delay", "0");
                RespConnection client = server.connect()) {
            fill(client, 1_000);
            try (ReplicationSession session =
                    open(server, ReplicationOptions.backup().withStream())) {
                ReplicationOffset start = session.fullSync().offset();
                client.call("SET", "during", "the transfer");
                readAll(session.rdb());
                ReplicationStream stream = session.stream();
                client.call("SET", "behind", "it");
                client.call("LPUSH", "list", "x".repeat(300_000));

                ByteArrayOutputStream log = new ByteArrayOutputStream();
                readUntil(stream, log, "x\r\n");

                assertThat(log.toString(StandardCharsets.US_ASCII))
                        .containsSubsequence("the transfer", "behind", "LPUSH");
                assertThat(stream.received().value()).isEqualTo(start.value() + log.size());
                assertThat(stream.lastCommandEnd()).isEqualTo(stream.received());
                assertThat(Long.parseLong(info(client).require("master_repl_offset")))
                        .isGreaterThanOrEqualTo(stream.received().value());
            }
        }
    }

    @Test
    void whatIsDurableIsAcknowledgedAndNothingElse() throws IOException {
        try (TestServer server = TestServer.start(Binary.REDIS_7_0, dir, DISKLESS_NOW);
                RespConnection client = server.connect();
                RespConnection waiter = server.connect()) {
            try (ReplicationSession session =
                    open(server, ReplicationOptions.backup().withStream())) {
                ReplicationOffset start = session.fullSync().offset();
                readAll(session.rdb());
                ReplicationStream stream = session.stream();
                await().until(() -> info(client).require("slave0").contains("offset=" + start));

                waiter.call("SET", "k", "v");
                assertThat(waiter.integer("WAIT", "1", "20")).isZero();

                CompletableFuture<Long> waiting = CompletableFuture.supplyAsync(() -> waiter.integer("WAIT", "1", "0"));
                ByteArrayOutputStream log = new ByteArrayOutputStream();
                readUntil(stream, log, "GETACK\r\n$1\r\n*\r\n");
                stream.durable(stream.received());
                assertThat(waiting.join()).isEqualTo(1);
            }
        }
    }

    @Test
    void shutdownDoesNotWaitForAStreamThatIsDurable() throws IOException {
        try (TestServer server = TestServer.start(Binary.REDIS_7_0, dir, DISKLESS_NOW);
                RespConnection client = server.connect()) {
            try (ReplicationSession session =
                    open(server, ReplicationOptions.backup().withStream())) {
                session.fullSync();
                readAll(session.rdb());
                ReplicationStream stream = session.stream();
                client.call("SET", "k", "v");
                long asked = System.nanoTime();
                CompletableFuture<Void> shutdown = CompletableFuture.runAsync(() -> {
                    try (RespConnection admin = server.connect()) {
                        admin.call("SHUTDOWN", "NOSAVE");
                    } catch (RuntimeException _) {
                        // The server is gone, as asked.
                    }
                });
                assertThatThrownBy(() -> {
                            ByteBuffer buffer = ByteBuffer.allocate(4096);
                            while (true) {
                                stream.read(buffer.clear());
                                stream.durable(stream.received());
                            }
                        })
                        .isInstanceOf(ReplicationException.class)
                        .hasMessageContaining("closed the connection in the replication stream, after ");
                shutdown.join();
                assertThat(System.nanoTime() - asked).isLessThan(5_000_000_000L);
            }
        }
    }

    @Test
    void aReplicaIsASourceOnlyWhileItHasItsMaster() throws IOException {
        try (TestServer master = TestServer.start(Binary.REDIS_7_0, dir, DISKLESS_NOW);
                RespConnection client = master.connect()) {
            fill(client, 1_000);
            try (TestServer replica = TestServer.start(
                            Binary.REDIS_7_0,
                            secondDir,
                            "--replicaof",
                            "127.0.0.1 " + master.address().port(),
                            "--repl-diskless-sync-delay",
                            "0");
                    RespConnection observer = replica.connect()) {
                await().until(() -> info(observer).is("master_link_status"));
                try (ReplicationSession session = backup(replica)) {
                    FullSync sync = session.fullSync();
                    assertThat(sync.id()).hasToString(info(client).require("master_replid"));
                    assertThat(readAll(session.rdb())).isNotEmpty();
                }

                master.kill();
                await().until(() -> !info(observer).is("master_link_status"));
                try (ReplicationSession session = backup(replica)) {
                    assertThatThrownBy(session::fullSync)
                            .isInstanceOfSatisfying(ReplicationException.class, e -> {
                                assertThat(e.retryable()).isTrue();
                                assertThat(e.phase()).isEqualTo(ReplicationPhase.REQUEST);
                                assertThat(e.hint())
                                        .hasValueSatisfying(
                                                hint -> assertThat(hint).contains("master_link_status:up"));
                            })
                            .hasMessage(replica.address()
                                    + " refused PSYNC: NOMASTERLINK Can't SYNC while not connected with my master");
                }
            }
        }
    }

    @ParameterizedTest
    @EnumSource
    void aUserWithoutPermissionLearnsWhichOnesItNeeds(Binary binary) throws IOException {
        try (TestServer server = TestServer.start(binary, dir, DISKLESS_NOW);
                RespConnection admin = server.connect()) {
            ConnectionSettings settings =
                    ConnectionSettings.defaults().withCredentials(new Credentials("backup", Secret.of("pw")));
            admin.call("ACL", "SETUSER", "backup", "on", ">pw", "+ping");
            assertThatThrownBy(() -> open(server, settings))
                    .isInstanceOfSatisfying(ReplicationException.class, e -> {
                        assertThat(e.phase()).isEqualTo(ReplicationPhase.HANDSHAKE);
                        assertThat(e.retryable()).isFalse();
                        assertThat(e.hint())
                                .hasValueSatisfying(
                                        hint -> assertThat(hint).contains("ACL SETUSER <user> +psync +replconf +ping"));
                    })
                    .hasMessageContaining(server.address() + " refused REPLCONF: NOPERM");

            admin.call("ACL", "SETUSER", "backup", "+replconf");
            try (ReplicationSession session = open(server, settings)) {
                assertThatThrownBy(session::fullSync)
                        .isInstanceOf(ReplicationException.class)
                        .hasMessageContaining(server.address() + " refused PSYNC: NOPERM");
            }

            admin.call("ACL", "SETUSER", "backup", "+psync");
            try (ReplicationSession session = open(server, settings)) {
                session.fullSync();
                assertThat(readAll(session.rdb())).isNotEmpty();
            }
        }
    }

    @ParameterizedTest
    @CsvSource({"yes", "no"})
    void aServerThatDiesInMidTransferIsReportedWithTheBytesReceived(String diskless) throws IOException {
        try (TestServer server = TestServer.start(
                        Binary.REDIS_7_0,
                        dir,
                        "--repl-diskless-sync",
                        diskless,
                        "--repl-diskless-sync-delay",
                        "0",
                        "--rdbcompression",
                        "no");
                RespConnection client = server.connect()) {
            client.call("DEBUG", "POPULATE", "100", "large", "1000000");
            try (ReplicationSession session = backup(server)) {
                session.fullSync();
                ByteBuffer buffer = ByteBuffer.allocate(64 << 10);
                session.rdb().read(buffer);
                server.kill();
                assertThatThrownBy(() -> readAll(session.rdb()))
                        .isInstanceOfSatisfying(ReplicationException.class, e -> {
                            assertThat(e.phase()).isEqualTo(ReplicationPhase.RDB);
                            assertThat(e.bytes()).isBetween(1L, 100_000_000L);
                            assertThat(e.retryable()).isTrue();
                            assertThat(e.getMessage()).contains(server.address() + " ", "after " + e.bytes());
                        });
            }
        }
    }

    @Test
    void closeFromAnotherThreadEndsTheWait() {
        try (TestServer server = TestServer.start(
                        Binary.REDIS_7_0, dir, "--repl-diskless-sync", "yes", "--repl-diskless-sync-delay", "60");
                RespConnection client = server.connect();
                ReplicationSession session = backup(server)) {
            CompletableFuture<FullSync> waiting = CompletableFuture.supplyAsync(session::fullSync);
            await().until(() -> info(client).require("connected_slaves").equals("1"));
            closeNow(session);
            assertThatThrownBy(waiting::join)
                    .hasCauseInstanceOf(ReplicationException.class)
                    .hasMessageContaining("the replication session with " + server.address() + " is closed");
            await().until(() -> info(client).require("connected_slaves").equals("0"));
        }
    }

    private static final String[] DISKLESS = {"--repl-diskless-sync", "yes", "--repl-diskless-sync-delay", "2"};
    private static final String[] DISKLESS_NOW = {"--repl-diskless-sync", "yes", "--repl-diskless-sync-delay", "0"};

    private static void closeNow(ReplicationSession session) {
        session.close();
    }

    private static ReplicationSession backup(TestServer server) {
        return open(server, ReplicationOptions.backup());
    }

    private static ReplicationSession open(TestServer server, ReplicationOptions options) {
        RespConnection connection = server.connect();
        return ReplicationSession.open(
                connection, ServerInfo.read(connection, "server").version(), options);
    }

    private static ReplicationSession open(TestServer server, ConnectionSettings settings) {
        RespConnection connection = RespConnection.open(server.address(), settings);
        try (RespConnection admin = server.connect()) {
            return ReplicationSession.open(
                    connection, ServerInfo.read(admin, "server").version(), ReplicationOptions.backup());
        }
    }

    private static ServerInfo info(RespConnection connection) {
        return ServerInfo.read(connection, "replication");
    }

    private static void fill(RespConnection client, int keys) {
        List<byte[][]> commands = new ArrayList<>();
        for (int i = 0; i < keys; i++) {
            commands.add(new byte[][] {
                "HSET".getBytes(StandardCharsets.US_ASCII),
                ("key:" + i).getBytes(StandardCharsets.US_ASCII),
                "field".getBytes(StandardCharsets.US_ASCII),
                ("value " + i).repeat(1 + i % 50).getBytes(StandardCharsets.US_ASCII)
            });
        }
        client.pipeline(commands);
    }

    private static byte[] readAll(ReadableByteChannel channel) throws IOException {
        ByteArrayOutputStream all = new ByteArrayOutputStream();
        ByteBuffer buffer = ByteBuffer.allocate(16 << 10);
        while (channel.read(buffer.clear()) >= 0) {
            all.write(buffer.array(), 0, buffer.position());
        }
        return all.toByteArray();
    }

    private static void readUntil(ReplicationStream stream, ByteArrayOutputStream log, String end) {
        ByteBuffer buffer = ByteBuffer.allocate(1000);
        while (!log.toString(StandardCharsets.US_ASCII).contains(end)) {
            stream.read(buffer.clear());
            log.write(buffer.array(), 0, buffer.position());
        }
    }
}
