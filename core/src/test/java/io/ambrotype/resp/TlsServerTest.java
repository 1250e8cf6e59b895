package io.ambrotype.resp;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.awaitility.Awaitility.await;

import io.ambrotype.common.AmbrotypeException;
import io.ambrotype.common.HostAndPort;
import io.ambrotype.replication.ReplicationOptions;
import io.ambrotype.replication.ReplicationSession;
import io.ambrotype.resp.RespConnectionException.Reason;
import io.ambrotype.resp.TlsSettings.ClientCertificate;
import io.ambrotype.servers.ScriptedServer;
import io.ambrotype.servers.TestCertificates;
import io.ambrotype.servers.TestServer;
import io.ambrotype.servers.TestServer.Binary;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.WritableByteChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** TLS with a real server: Redis 6.2, whose binary has it. */
class TlsServerTest {
    @TempDir
    static Path certificateDir;

    private static TestCertificates certificates;

    @TempDir
    Path dir;

    @BeforeAll
    static void issueCertificates() {
        certificates = new TestCertificates(certificateDir);
        certificates.issue("server", "RSA", "-signer", "ca", "-ext", "san=ip:127.0.0.1,dns:localhost");
        certificates.issue("elsewhere", "EC", "-signer", "ca", "-ext", "san=dns:elsewhere.example");
        certificates.issue(
                "expired", "EC", "-signer", "ca", "-ext", "san=ip:127.0.0.1", "-startdate", "-10d", "-validity", "1");
        certificates.issue("client", "EC", "-signer", "ca");
        certificates.issue("stranger", "EC");
    }

    @Test
    void speaksTlsWithAServerOfATrustedAuthority() throws IOException {
        Path bundle = dir.resolve("bundle.pem");
        Files.writeString(
                bundle,
                "Authorities we trust\n\n" + Files.readString(certificates.certificate("stranger")) + "\nAnother\n"
                        + Files.readString(certificates.certificate("ca")));
        try (TestServer server = server("server", "no");
                RespConnection connection =
                        RespConnection.open(server.address(), tls(new TlsSettings(bundle, null, true)))) {
            byte[] large = new byte[3 << 20];
            connection.call(utf8("SET"), utf8("k"), large);
            assertThat(connection.bytes("GET", "k")).isEqualTo(large);

            HostAndPort byName = new HostAndPort("localhost", server.address().port());
            try (RespConnection named = RespConnection.open(byName, tls(trusting("ca")))) {
                assertThat(named.text("PING")).isEqualTo("PONG");
            }
        }
    }

    @Test
    void replicatesOverTls() throws IOException {
        try (TestServer server = server("server", "no");
                RespConnection client = RespConnection.open(server.address(), tls(trusting("ca")))) {
            client.call("DEBUG", "POPULATE", "2000", "key", "5000");
            RespConnection connection = RespConnection.open(server.address(), client.settings());
            try (ReplicationSession session = ReplicationSession.open(
                    connection, ServerInfo.read(client, "server").version(), ReplicationOptions.backup())) {
                session.fullSync();
                ByteArrayOutputStream rdb = new ByteArrayOutputStream();
                WritableByteChannel target = Channels.newChannel(rdb);
                ByteBuffer buffer = ByteBuffer.allocateDirect(64 << 10);
                while (session.rdb().read(buffer.clear()) >= 0) {
                    target.write(buffer.flip());
                }
                assertThat(rdb.toByteArray()).isEqualTo(Files.readAllBytes(dir.resolve("dump.rdb")));
            }
        }
    }

    @Test
    void refusesAServerOfAnUnknownAuthority() {
        try (TestServer server = server("server", "no")) {
            for (TlsSettings settings : new TlsSettings[] {TlsSettings.defaults(), trusting("stranger")}) {
                assertRefused(
                        server,
                        settings,
                        "the certificate of " + server.address() + " is not trusted",
                        "name the file of the authority that signed it (PEM) as CA file");
            }
        }
    }

    @Test
    void refusesAServerUnderAnotherNameUnlessToldOtherwise() {
        try (TestServer server = server("elsewhere", "no")) {
            assertRefused(
                    server,
                    trusting("ca"),
                    "the certificate of " + server.address() + " does not name that host",
                    "connect by a name that is in the certificate, or turn host name verification off");
            TlsSettings lenient = new TlsSettings(certificates.certificate("ca"), null, false);
            try (RespConnection connection = RespConnection.open(server.address(), tls(lenient))) {
                assertThat(connection.text("PING")).isEqualTo("PONG");
            }
        }
    }

    @Test
    void refusesAnExpiredCertificate() {
        try (TestServer server = server("expired", "no")) {
            assertRefused(
                    server,
                    trusting("ca"),
                    "the certificate of " + server.address() + " has expired",
                    "renew it, and check this machine's clock");
        }
    }

    @Test
    void refusesACertificateOfTheFuture() {
        certificates.issue("future", "EC", "-signer", "ca", "-ext", "san=ip:127.0.0.1", "-startdate", "+10d");
        try (TestServer server = server("future", "no")) {
            assertRefused(
                    server,
                    trusting("ca"),
                    "the certificate of " + server.address() + " is not valid yet",
                    "check this machine's clock");
        }
    }

    @Test
    void aHandshakeThatTricklesIsGivenUp() {
        try (ScriptedServer server = ScriptedServer.start(client -> {
            client.send("\26\3\3\77\377");
            client.trickle("x", Duration.ofMillis(20));
        })) {
            ConnectionSettings impatient = tls(trusting("ca")).withConnectTimeout(Duration.ofMillis(300));
            assertThatThrownBy(() -> RespConnection.open(server.address(), impatient))
                    .hasMessage(server.address() + " did not complete the TLS handshake within 300 ms");
        }
    }

    @Test
    void aServerThatDiesUnderTlsIsLost() {
        try (TestServer server = server("server", "no");
                RespConnection connection = RespConnection.open(server.address(), tls(trusting("ca")))) {
            server.kill();
            assertThatThrownBy(() -> connection.call("PING"))
                    .isInstanceOfSatisfying(
                            RespConnectionException.class,
                            e -> assertThat(e.reason()).isEqualTo(Reason.LOST));
        }
    }

    @Test
    void showsAClientCertificateWhereTheServerWantsOne() {
        try (TestServer server = server("server", "yes")) {
            // Whether the alert or the end of the connection is seen first is a matter of luck.
            for (TlsSettings settings : List.of(trusting("ca"), withClient("stranger"))) {
                RespConnectionException e = catchThrowableOfType(
                        RespConnectionException.class, () -> RespConnection.open(server.address(), tls(settings)));
                assertThat(e.getMessage() + ": " + e.hint().orElse("")).contains("client certificate");
                assertThat(e.reason()).isIn(Reason.TLS, Reason.LOST);
            }
            try (RespConnection connection = RespConnection.open(server.address(), tls(withClient("client")))) {
                assertThat(connection.text("PING")).isEqualTo("PONG");
            }
        }
    }

    @Test
    void plainAndTlsPortsAreToldApart() {
        try (TestServer server = server("server", "no")) {
            assertThatThrownBy(server::connect)
                    .isInstanceOfSatisfying(
                            RespConnectionException.class,
                            e -> assertThat(e.hint())
                                    .hasValueSatisfying(hint -> assertThat(hint).contains("TLS")));
        }
        try (TestServer server = TestServer.start(Binary.REDIS_7_0, dir)) {
            ConnectionSettings impatient = tls(trusting("ca")).withConnectTimeout(Duration.ofMillis(500));
            RespConnectionException e = catchThrowableOfType(
                    RespConnectionException.class, () -> RespConnection.open(server.address(), impatient));
            assertThat(e.reason()).isEqualTo(Reason.TLS);
            assertThat(e.hint()).hasValueSatisfying(hint -> assertThat(hint).contains("plain"));
        }
        try (ScriptedServer server = ScriptedServer.start(client -> client.send("-ERR unknown command\r\n"))) {
            assertThatThrownBy(() -> RespConnection.open(server.address(), tls(trusting("ca"))))
                    .hasMessage(server.address() + " does not speak TLS on this port");
        }
    }

    @Test
    @SuppressWarnings("try")
    void closeUnblocksAndTimeoutsWorkUnderTlsToo() {
        try (TestServer server = server("server", "no");
                RespConnection observer = RespConnection.open(server.address(), tls(trusting("ca")));
                RespConnection connection = RespConnection.open(server.address(), tls(trusting("ca")))) {
            CompletableFuture<RespReply> blocked =
                    CompletableFuture.supplyAsync(() -> connection.call("BLPOP", "never", "0"));
            await().until(() -> observer.text("INFO", "clients").contains("blocked_clients:1"));
            connection.close();
            assertThatThrownBy(blocked::join)
                    .hasMessageContaining("the connection to " + server.address() + " is closed");

            ConnectionSettings impatient = tls(trusting("ca")).withReplyTimeout(Duration.ofMillis(300));
            try (RespConnection reader = RespConnection.open(server.address(), impatient);
                    RespConnection writer = RespConnection.open(server.address(), impatient)) {
                server.freeze();
                assertThatThrownBy(() -> reader.call("INFO"))
                        .hasMessage(server.address() + " hung for 300 ms while replying to INFO");
                assertThatThrownBy(() -> writer.call(utf8("SET"), utf8("k"), new byte[64 << 20]))
                        .hasMessage(server.address() + " hung for 300 ms before it took SET");
            }
        }
    }

    @Test
    void filesThatCannotBeUsedAreNamed() {
        HostAndPort nobody = new HostAndPort("127.0.0.1", 1);
        Path missing = dir.resolve("missing.pem");
        try (ScriptedServer server = ScriptedServer.start(client -> client.hold())) {
            assertThatThrownBy(() -> RespConnection.open(server.address(), tls(new TlsSettings(missing, null, true))))
                    .isInstanceOf(AmbrotypeException.class)
                    .hasMessage("the file " + missing + " does not exist");
        }
        assertThatThrownBy(() -> RespConnection.open(nobody, tls(new TlsSettings(missing, null, true))))
                .hasMessageContaining("missing.pem");
    }

    private TestServer server(String alias, String authClients) {
        return TestServer.start(
                Binary.REDIS_6_2,
                dir,
                "--port",
                "0",
                "--tls-port",
                "%PORT%",
                "--tls-cert-file",
                certificates.certificate(alias).toString(),
                "--tls-key-file",
                certificates.key(alias).toString(),
                "--tls-ca-cert-file",
                certificates.certificate("ca").toString(),
                "--tls-auth-clients",
                authClients);
    }

    private static void assertRefused(TestServer server, TlsSettings settings, String message, String hint) {
        RespConnectionException e = catchThrowableOfType(
                RespConnectionException.class, () -> RespConnection.open(server.address(), tls(settings)));
        assertThat(e).hasMessage(message);
        assertThat(e.hint()).hasValue(hint);
        assertThat(e.reason()).isEqualTo(Reason.TLS);
    }

    private static TlsSettings trusting(String alias) {
        return new TlsSettings(certificates.certificate(alias), null, true);
    }

    private static TlsSettings withClient(String alias) {
        return new TlsSettings(
                certificates.certificate("ca"),
                new ClientCertificate(certificates.certificate(alias), certificates.key(alias)),
                true);
    }

    private static ConnectionSettings tls(@Nullable TlsSettings settings) {
        return ConnectionSettings.defaults().withTls(settings);
    }

    private static byte[] utf8(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }
}
