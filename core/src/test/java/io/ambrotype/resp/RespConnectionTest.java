package io.ambrotype.resp;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatObject;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.ambrotype.common.ErrorCode;
import io.ambrotype.common.HostAndPort;
import io.ambrotype.common.Secret;
import io.ambrotype.resp.RespConnectionException.Reason;
import io.ambrotype.servers.ScriptedServer;
import io.ambrotype.servers.ScriptedServer.Script;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import org.assertj.core.api.ObjectAssert;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The connection against servers that misbehave, or say what real ones say only in awkward situations. */
class RespConnectionTest {
    private static final ConnectionSettings PLAIN = ConnectionSettings.defaults();
    private static final String PASSWORD = "hunter2";

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            -DENIED Redis is running in protected mode because … | REFUSED | is in protected mode and accepts connections from its own host only
            -ERR max number of clients reached | REFUSED | has reached its maximum number of clients
            -NOAUTH Authentication required. | AUTHENTICATION | wants a password
            +HELLO | PROTOCOL | does not answer PING as a Redis or Valkey server would
            """)
    void saysWhyAServerCannotBeUsed(String greeting, Reason reason, String message) {
        assertUnusable(PLAIN, client -> client.answer(greeting + "\r\n"), reason, message)
                .satisfies(e -> assertThat(e.hint()).isPresent());
    }

    @Test
    void aServerThatDeniesBeforeItIsAskedIsUnderstood() {
        // A real one sends its reasons at once and hangs up without reading.
        assertUnusable(
                PLAIN,
                client -> client.send("-DENIED Redis is running in protected mode\r\n"),
                Reason.REFUSED,
                "is in protected mode");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "-LOADING Redis is loading the dataset in memory",
                "-BUSY Redis is busy running a script",
                "-MASTERDOWN Link with MASTER is down",
                "-NOPERM this user has no permissions to run the 'ping' command"
            })
    void aServerThatIsOnlyBusyIsConnectedTo(String greeting) {
        try (ScriptedServer server = ScriptedServer.start(client -> client.answer(greeting + "\r\n", "$0\r\n\r\n"));
                RespConnection connection = RespConnection.open(server.address(), PLAIN)) {
            assertThat(connection.text("INFO")).isEmpty();
        }
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            ops | -ERR wrong number of arguments for 'auth' command | does not know user names: it is older than Redis 6.0
            ops | -WRONGPASS invalid username-password pair or user is disabled. | does not accept the password of user 'ops'
                | -ERR invalid password | does not accept the password
            ops | -ERR unknown command `AUTH`, with args beginning with: `ops`, `hunter2`, | refused AUTH: ERR unknown command `AUTH`
                | -NOAUTH | wants a password
            """)
    void saysWhyAuthFailedWithoutThePassword(@Nullable String user, String answer, String message) {
        ConnectionSettings settings = PLAIN.withCredentials(new Credentials(user, Secret.of(PASSWORD)));
        RespConnectionException e = assertUnusable(
                        settings, client -> client.answer(answer + "\r\n"), Reason.AUTHENTICATION, message)
                .actual();
        assertThat(e.code()).isEqualTo(ErrorCode.WRONG_KEY);
        assertThat(e).hasMessageNotContaining(PASSWORD);
    }

    @Test
    void theOldWordsForNoPasswordNeededAreUnderstood() {
        ConnectionSettings settings = PLAIN.withCredentials(Credentials.password(Secret.of(PASSWORD)));
        try (ScriptedServer server = ScriptedServer.start(client ->
                        client.answer("-ERR Client sent AUTH, but no password is set\r\n", "+PONG\r\n", "+PONG\r\n"));
                RespConnection connection = RespConnection.open(server.address(), settings)) {
            assertThat(connection.text("PING")).isEqualTo("PONG");
        }
    }

    @Test
    void anErrorThatRepeatsThePasswordOrControlsATerminalIsMasked() {
        ConnectionSettings settings = PLAIN.withCredentials(Credentials.password(Secret.of(PASSWORD)));
        try (ScriptedServer server = ScriptedServer.start(client -> client.answer(
                        "+OK\r\n", "+PONG\r\n", "-ERR " + PASSWORD + " \33[2J" + "x".repeat(1000) + "\r\n"));
                RespConnection connection = RespConnection.open(server.address(), settings)) {
            RespErrorException e =
                    catchThrowableOfType(RespErrorException.class, () -> connection.call("CONFIG", "GET", "x"));
            assertThat(e).hasMessageStartingWith(server.address() + " refused CONFIG: ERR **** ?[2Jxxx");
            assertThat(e.serverMessage()).hasSizeBetween(490, 500);
        }
    }

    @Test
    void whatIsNotRespIsReportedWithItsPlace() {
        assertFails(
                        PLAIN,
                        client -> client.answer("+PONG\r\n", "+OK\r\n", "HTTP/1.1 400 Bad Request\r\n"),
                        Reason.PROTOCOL,
                        "did not reply in the protocol of Redis: byte 'H' does not begin a reply at byte 12 of its replies")
                .satisfies(e -> assertThat(e.hint()).isPresent());
    }

    @Test
    void anEndInTheMiddleOfAReplyIsReportedWithItsPlace() {
        assertFails(
                PLAIN,
                client -> client.answer("+PONG\r\n", "+OK\r\n", "$100\r\nabc"),
                Reason.LOST,
                "closed the connection while replying to SECOND, at byte 21 of its replies");
    }

    @Test
    void aResetIsReported() {
        assertFails(
                PLAIN,
                client -> {
                    client.answer("+PONG\r\n", "+OK\r\n");
                    client.command();
                    client.send("$100\r\n");
                    client.reset();
                },
                Reason.LOST,
                "broke while replying to SECOND, at byte ");
    }

    @Test
    void aReplyThatTricklesIsGivenUp() {
        assertFails(
                PLAIN.withReplyTimeout(Duration.ofMillis(300)),
                client -> {
                    client.answer("+PONG\r\n", "+OK\r\n");
                    client.command();
                    client.send("$1000000\r\n");
                    client.trickle("x", Duration.ofMillis(20));
                },
                Reason.TIMEOUT,
                "hung for 300 ms while replying to SECOND");
    }

    @Test
    void aPortThatClosesWithoutAWordMayBeATlsPort() {
        assertUnusable(PLAIN, client -> client.command(), Reason.LOST, "closed the connection while replying to PING")
                .satisfies(e -> assertThat(e.hint()).hasValue("the port may expect TLS"));
    }

    @Test
    void aTlsAlertOnAPlainConnectionIsNamed() {
        assertUnusable(
                        PLAIN,
                        client -> client.send("\25\3\1\0\2\2\106"),
                        Reason.PROTOCOL,
                        "did not reply in the protocol of Redis: byte 0x15 does not begin a reply")
                .satisfies(
                        e -> assertThat(e.hint()).hasValue("check host and port, and whether the port is a TLS port"));
    }

    @Test
    void anUnknownHostIsNamed() {
        HostAndPort nowhere = new HostAndPort("no-such-host.invalid", 7000);
        assertThatThrownBy(() -> RespConnection.open(nowhere, PLAIN))
                .isInstanceOfSatisfying(
                        RespConnectionException.class,
                        e -> assertThat(e.reason()).isEqualTo(Reason.UNKNOWN_HOST))
                .hasMessage("the host name of no-such-host.invalid:7000 has no address");
    }

    @Test
    void aHostThatDoesNotAcceptIsGivenUpInTime() throws IOException {
        // A listener whose queue is full leaves the handshake of TCP unanswered.
        List<Socket> queue = new ArrayList<>();
        try (ServerSocket full = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            HostAndPort address = new HostAndPort("127.0.0.1", full.getLocalPort());
            ConnectionSettings impatient =
                    PLAIN.withConnectTimeout(Duration.ofMillis(200)).withReplyTimeout(Duration.ofMillis(200));
            for (int i = 0; i < 3; i++) {
                Socket socket = new Socket();
                queue.add(socket);
                Thread.ofVirtual().start(() -> connectIgnoringFailure(socket, full));
            }
            RespConnectionException last = null;
            while (last == null
                    || last.reason() != Reason.TIMEOUT
                    || !last.getMessage().startsWith("no connection")) {
                last = catchThrowableOfType(
                        RespConnectionException.class, () -> RespConnection.open(address, impatient));
            }
            assertThat(last).hasMessage("no connection to " + address + " within 200 ms");
        } finally {
            for (Socket socket : queue) {
                socket.close();
            }
        }
    }

    @Test
    void interruptingAVirtualThreadEndsItsCall() throws InterruptedException {
        CountDownLatch asked = new CountDownLatch(1);
        CompletableFuture<RespConnectionException> outcome = new CompletableFuture<>();
        try (ScriptedServer server = ScriptedServer.start(client -> {
            client.answer("+PONG\r\n");
            client.command();
            asked.countDown();
            client.hold();
        })) {
            Thread caller = Thread.ofVirtual().start(() -> {
                try (RespConnection connection =
                        RespConnection.open(server.address(), PLAIN.withReplyTimeout(Duration.ofMinutes(1)))) {
                    outcome.complete(catchThrowableOfType(
                            RespConnectionException.class, () -> connection.call("BLPOP", "k", "0")));
                }
            });
            asked.await();
            caller.interrupt();

            assertThat(outcome.join().reason()).isEqualTo(Reason.INTERRUPTED);
            assertThat(outcome.join().code()).isEqualTo(ErrorCode.INTERRUPTED);
        }
    }

    @Test
    void settingsRefuseTimeoutsThatAreNone() {
        assertThatThrownBy(() -> PLAIN.withReplyTimeout(Duration.ZERO))
                .hasMessage("reply timeout PT0S is not between 1 ms and 1 day");
        assertThatThrownBy(() -> PLAIN.withConnectTimeout(Duration.ofDays(2)))
                .hasMessage("connect timeout PT48H is not between 1 ms and 1 day");
    }

    @ParameterizedTest
    @CsvSource({
        "LOADING, the server is loading its data; try again when INFO says loading:0",
        "BUSY, a script keeps the server busy; try again when it has ended",
        "MASTERDOWN, the replica has lost its master and does not serve stale data",
        "NOAUTH, 'set a password, and a user name where the server has ACL users'",
    })
    void anErrorReplyComesWithAHint(String prefix, String hint) {
        try (ScriptedServer server =
                        ScriptedServer.start(client -> client.answer("+PONG\r\n", "-" + prefix + " …\r\n"));
                RespConnection connection = RespConnection.open(server.address(), PLAIN)) {
            assertThatThrownBy(() -> connection.call("CLUSTER", "INFO"))
                    .isInstanceOfSatisfying(
                            RespErrorException.class, e -> assertThat(e.hint()).hasValue(hint));
        }
    }

    @Test
    void aPipelineThatBreaksNamesTheCommandWithoutReply() {
        try (ScriptedServer server = ScriptedServer.start(client -> client.answer("+PONG\r\n", "+1\r\n"));
                RespConnection connection = RespConnection.open(server.address(), PLAIN)) {
            assertThatThrownBy(() -> connection.pipeline(List.of(new byte[][] {{'A'}}, new byte[][] {{'B'}})))
                    .hasMessage(
                            server.address() + " closed the connection while replying to B, at byte 11 of its replies");
            assertThatThrownBy(() -> connection.pipeline(Collections.singletonList(new byte[][] {{'C'}})))
                    .hasMessage("the connection to " + server.address() + " is closed");
            assertThatThrownBy(() -> connection.call(new byte[0][])).isInstanceOf(IllegalArgumentException.class);
        }
    }

    @Test
    void bytesBehindAReplyBelongToTheRawChannel() throws IOException {
        try (ScriptedServer server = ScriptedServer.start(client -> {
                    client.answer("+PONG\r\nraw");
                    client.send(client.command());
                });
                RespConnection connection = RespConnection.open(server.address(), PLAIN)) {
            try (RawChannel raw = connection.raw()) {
                StringBuilder heard = new StringBuilder();
                byte[] buffer = new byte[100];
                raw.send("HELLO", "THERE");
                for (int count = 0; count >= 0; count = raw.read(buffer, 0, 100, Duration.ofSeconds(10))) {
                    heard.append(new String(buffer, 0, count, StandardCharsets.US_ASCII));
                }
                assertThat(heard).hasToString("rawHELLO THERE");
            }
        }
    }

    @Test
    void aConnectionHandedOverTakesNoMoreCommands() {
        try (ScriptedServer server = ScriptedServer.start(client -> client.answer("+PONG\r\n"));
                RespConnection connection = RespConnection.open(server.address(), PLAIN);
                RawChannel raw = connection.raw()) {
            assertThat(raw.address()).isEqualTo(server.address());
            assertThatThrownBy(() -> connection.call("PING")).isInstanceOf(IllegalStateException.class);
            assertThatThrownBy(connection::raw).isInstanceOf(IllegalStateException.class);
        }
    }

    private static void connectIgnoringFailure(Socket socket, ServerSocket to) {
        try {
            socket.connect(to.getLocalSocketAddress());
        } catch (IOException _) {
            // Only its place in the queue matters.
        }
    }

    /** For failures of the second command after the greeting. */
    private static ObjectAssert<RespConnectionException> assertFails(
            ConnectionSettings settings, Script script, Reason reason, String message) {
        try (ScriptedServer server = ScriptedServer.start(script);
                RespConnection connection = RespConnection.open(server.address(), settings)) {
            assertThat(connection.text("FIRST")).isEqualTo("OK");
            RespConnectionException e =
                    catchThrowableOfType(RespConnectionException.class, () -> connection.call("SECOND", PASSWORD));
            assertThat(connection.isClosed()).isTrue();
            return check(e, server, reason, message);
        }
    }

    /** For failures to open. */
    private static ObjectAssert<RespConnectionException> assertUnusable(
            ConnectionSettings settings, Script script, Reason reason, String message) {
        try (ScriptedServer server = ScriptedServer.start(script)) {
            RespConnectionException e = catchThrowableOfType(
                    RespConnectionException.class, () -> RespConnection.open(server.address(), settings));
            return check(e, server, reason, message);
        }
    }

    private static ObjectAssert<RespConnectionException> check(
            RespConnectionException e, ScriptedServer server, Reason reason, String message) {
        assertThat(e.reason()).isEqualTo(reason);
        assertThat(e.node()).isEqualTo(server.address());
        assertThat(e)
                .hasMessageContaining(server.address().toString())
                .hasMessageContaining(message)
                .hasMessageNotContaining(PASSWORD);
        return assertThatObject(e);
    }
}
