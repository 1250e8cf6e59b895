package io.ambrotype.resp;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.awaitility.Awaitility.await;

import io.ambrotype.common.AmbrotypeException;
import io.ambrotype.common.ErrorCode;
import io.ambrotype.common.Secret;
import io.ambrotype.resp.RespConnectionException.Reason;
import io.ambrotype.resp.RespReply.ErrorReply;
import io.ambrotype.resp.RespReply.IntegerReply;
import io.ambrotype.servers.TestServer;
import io.ambrotype.servers.TestServer.Binary;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The connection against real servers. */
class RespConnectionServerTest {
    private static final String PASSWORD = "s3cret with space";

    @TempDir
    Path dir;

    @ParameterizedTest
    @EnumSource
    void callsCommandsOfEveryReplyShape(Binary binary) {
        try (TestServer server = TestServer.start(binary, dir);
                RespConnection connection = server.connect()) {
            assertThat(connection.text("SET", "k", "v")).isEqualTo("OK");
            assertThat(connection.bytes("GET", "k")).containsExactly('v');
            assertThat(connection.call("GET", "missing").isNull()).isTrue();
            assertThat(connection.integer("STRLEN", "k")).isEqualTo(1);
            assertThat(connection.texts("MGET", "k", "k")).containsExactly("v", "v");
            assertThat(connection.array("COMMAND", "INFO", "get")).hasSize(1);
            assertThat(connection.pairs("CONFIG", "GET", "appendonly")).containsEntry("appendonly", "no");

            byte[] binaryKey = {0, 1, '\r', '\n', (byte) 0xff};
            byte[] large = new byte[5 << 20];
            new Random(1).nextBytes(large);
            connection.call("SET".getBytes(StandardCharsets.US_ASCII), binaryKey, large);
            assertThat(connection
                            .call("GET".getBytes(StandardCharsets.US_ASCII), binaryKey)
                            .bytes())
                    .isEqualTo(large);
        }
    }

    @ParameterizedTest
    @EnumSource
    void readsInfoAndVersion(Binary binary) {
        try (TestServer server = TestServer.start(binary, dir);
                RespConnection connection = server.connect()) {
            ServerInfo info = ServerInfo.read(connection, "default");

            assertThat(info.sections()).containsKeys("server", "replication", "persistence");
            assertThat(info.version())
                    .hasToString(
                            switch (binary) {
                                case REDIS_7_0 -> "Redis 7.0.15";
                                case REDIS_6_2 -> "Redis 6.2.11";
                            });
            assertThat(info.require("role")).isEqualTo("master");
            assertThat(info.number("tcp_port")).hasValue(server.address().port());
            assertThat(info.is("loading")).isFalse();
        }
    }

    @Test
    void pipelinesMoreThanAnyBufferHoldsAndLeavesErrorsInPlace() {
        try (TestServer server = TestServer.start(Binary.REDIS_7_0, dir);
                RespConnection connection = server.connect()) {
            List<byte[][]> commands = new ArrayList<>();
            byte[] value = new byte[1000];
            Arrays.fill(value, (byte) 'x');
            for (int i = 0; i < 20_000; i++) {
                commands.add(
                        i == 12_345
                                ? command("LPUSH", "k0", "not a list")
                                : new byte[][] {utf8("APPEND"), utf8("k" + i), value});
            }

            List<RespReply> replies = connection.pipeline(commands);

            assertThat(replies).hasSize(20_000);
            assertThat(replies.get(12_345))
                    .isInstanceOfSatisfying(
                            ErrorReply.class,
                            error -> assertThat(error.prefix()).isEqualTo("WRONGTYPE"));
            assertThat(replies.get(19_999)).isEqualTo(new IntegerReply(1000));
            assertThat(connection.pipeline(List.of())).isEmpty();
        }
    }

    @Test
    void anErrorReplyNamesNodeAndCommandAndLeavesTheConnectionUsable() {
        try (TestServer server = TestServer.start(Binary.REDIS_7_0, dir);
                RespConnection connection = server.connect()) {
            RespErrorException error =
                    catchThrowableOfType(RespErrorException.class, () -> connection.call("LPUSH", "a-secret-argument"));

            assertThat(error)
                    .hasMessage(server.address() + " refused LPUSH: ERR wrong number of arguments for 'lpush' command");
            assertThat(error.prefix()).isEqualTo("ERR");
            assertThat(error.node()).isEqualTo(server.address());
            assertThat(connection.text("PING")).isEqualTo("PONG");

            assertThatThrownBy(() -> connection.array("PING"))
                    .isInstanceOf(AmbrotypeException.class)
                    .hasMessage(server.address()
                            + " answered PING with an unexpected reply: a status where an array was expected");
        }
    }

    @ParameterizedTest
    @EnumSource
    void authenticatesWithThePassword(Binary binary) {
        try (TestServer server = TestServer.start(binary, dir, "--requirepass", PASSWORD)) {
            try (RespConnection connection = RespConnection.open(server.address(), with(null, PASSWORD))) {
                assertThat(connection.text("PING")).isEqualTo("PONG");
            }
            assertRefused(server, ConnectionSettings.defaults(), server.address() + " wants a password");
            assertRefused(server, with(null, "wrong"), server.address() + " does not accept the password");
        }
    }

    @ParameterizedTest
    @EnumSource
    void authenticatesAsAnAclUser(Binary binary) {
        try (TestServer server = TestServer.start(binary, dir);
                RespConnection admin = server.connect()) {
            admin.call("ACL", "SETUSER", "ops", "on", ">" + PASSWORD, "~*", "+@all", "-config");
            try (RespConnection connection = RespConnection.open(server.address(), with("ops", PASSWORD))) {
                assertThat(connection.text("ACL", "WHOAMI")).isEqualTo("ops");
                assertThatThrownBy(() -> connection.call("CONFIG", "GET", "dir"))
                        .isInstanceOfSatisfying(RespErrorException.class, error -> {
                            assertThat(error.prefix()).isEqualTo("NOPERM");
                            assertThat(error.hint())
                                    .hasValueSatisfying(
                                            hint -> assertThat(hint).contains("ACL SETUSER <user> +config"));
                        });
            }
            assertRefused(
                    server, with("ops", "wrong"), server.address() + " does not accept the password of user 'ops'");
            assertRefused(
                    server,
                    with("nobody", PASSWORD),
                    server.address() + " does not accept the password of user 'nobody'");
        }
    }

    @ParameterizedTest
    @EnumSource
    void aPasswordForAServerWithoutOneIsNoError(Binary binary) {
        try (TestServer server = TestServer.start(binary, dir);
                RespConnection connection = RespConnection.open(server.address(), with(null, PASSWORD))) {
            assertThat(connection.text("PING")).isEqualTo("PONG");
        }
    }

    @Test
    void tooManyClientsAreSaidInClearWords() {
        try (TestServer server = TestServer.start(Binary.REDIS_7_0, dir, "--maxclients", "1");
                RespConnection first = server.connect()) {
            assertThat(first.isClosed()).isFalse();
            assertThatThrownBy(server::connect)
                    .isInstanceOfSatisfying(
                            RespConnectionException.class,
                            e -> assertThat(e.reason()).isEqualTo(Reason.REFUSED))
                    .hasMessage(server.address() + " has reached its maximum number of clients");
        }
    }

    @Test
    void aFrozenServerIsGivenUpInTime() {
        try (TestServer server = TestServer.start(Binary.REDIS_7_0, dir);
                RespConnection connection = RespConnection.open(
                        server.address(), ConnectionSettings.defaults().withReplyTimeout(Duration.ofMillis(200)))) {
            server.freeze();
            assertThatThrownBy(() -> connection.call("INFO"))
                    .isInstanceOfSatisfying(
                            RespConnectionException.class,
                            e -> assertThat(e.reason()).isEqualTo(Reason.TIMEOUT))
                    .hasMessage(server.address() + " hung for 200 ms while replying to INFO");
            assertThat(connection.isClosed()).isTrue();
            assertThatThrownBy(() -> connection.call("PING"))
                    .isInstanceOfSatisfying(
                            RespConnectionException.class,
                            e -> assertThat(e.reason()).isEqualTo(Reason.CLOSED));
        }
    }

    @Test
    void aFrozenServerThatDoesNotTakeALargeRequestIsGivenUpInTime() {
        try (TestServer server = TestServer.start(Binary.REDIS_7_0, dir);
                RespConnection connection = RespConnection.open(
                        server.address(), ConnectionSettings.defaults().withReplyTimeout(Duration.ofMillis(200)))) {
            server.freeze();
            assertThatThrownBy(() -> connection.call(utf8("SET"), utf8("k"), new byte[64 << 20]))
                    .isInstanceOfSatisfying(
                            RespConnectionException.class,
                            e -> assertThat(e.reason()).isEqualTo(Reason.TIMEOUT))
                    .hasMessage(server.address() + " hung for 200 ms before it took SET");
        }
    }

    @Test
    @SuppressWarnings("try")
    void closeFromAnotherThreadUnblocks() {
        try (TestServer server = TestServer.start(Binary.REDIS_7_0, dir);
                RespConnection connection = server.connect();
                RespConnection observer = server.connect()) {
            CompletableFuture<RespReply> blocked =
                    CompletableFuture.supplyAsync(() -> connection.call("BLPOP", "never", "0"));
            await().until(() -> observer.text("INFO", "clients").contains("blocked_clients:1"));

            connection.close();

            assertThatThrownBy(blocked::join)
                    .hasCauseInstanceOf(RespConnectionException.class)
                    .hasMessageContaining("the connection to " + server.address() + " is closed");
        }
    }

    @Test
    void aServerThatDiesIsReported() {
        TestServer server = TestServer.start(Binary.REDIS_7_0, dir);
        try (RespConnection connection = server.connect()) {
            server.kill();
            assertThatThrownBy(() -> connection.call("PING"))
                    .isInstanceOfSatisfying(
                            RespConnectionException.class,
                            e -> assertThat(e.reason()).isEqualTo(Reason.LOST))
                    .hasMessageContaining(server.address().toString());
            assertThatThrownBy(server::connect)
                    .isInstanceOfSatisfying(
                            RespConnectionException.class,
                            e -> assertThat(e.reason()).isEqualTo(Reason.UNREACHABLE))
                    .hasMessage("cannot connect to " + server.address() + ": connection refused");
        }
    }

    private static void assertRefused(TestServer server, ConnectionSettings settings, String message) {
        assertThatThrownBy(() -> RespConnection.open(server.address(), settings))
                .isInstanceOfSatisfying(RespConnectionException.class, e -> {
                    assertThat(e.reason()).isEqualTo(Reason.AUTHENTICATION);
                    assertThat(e.code()).isEqualTo(ErrorCode.WRONG_KEY);
                    assertThat(e.hint()).isPresent();
                })
                .hasMessage(message)
                .hasMessageNotContaining(PASSWORD);
    }

    private static ConnectionSettings with(@Nullable String user, String password) {
        return ConnectionSettings.defaults().withCredentials(new Credentials(user, Secret.of(password)));
    }

    private static byte[][] command(String... words) {
        return Arrays.stream(words).map(RespConnectionServerTest::utf8).toArray(byte[][]::new);
    }

    private static byte[] utf8(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }
}
