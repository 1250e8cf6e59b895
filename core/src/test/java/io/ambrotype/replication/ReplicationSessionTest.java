package io.ambrotype.replication;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.ambrotype.common.ReplicationId;
import io.ambrotype.common.ReplicationOffset;
import io.ambrotype.resp.ConnectionSettings;
import io.ambrotype.resp.RespConnection;
import io.ambrotype.resp.ServerVersion;
import io.ambrotype.resp.ServerVersion.Vendor;
import io.ambrotype.servers.ScriptedServer;
import io.ambrotype.servers.ScriptedServer.Conversation;
import io.ambrotype.servers.ScriptedServer.Script;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.ReadableByteChannel;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Sessions with servers that misbehave in each phase. */
class ReplicationSessionTest {
    private static final ServerVersion REDIS = ServerVersion.parse(Vendor.REDIS, "7.0.15");
    private static final String ID = "0123456789abcdef0123456789abcdef01234567";
    private static final String MARK = "d41d8cd98f00b204e9800998ecf8427ea3b1c5d7";
    private static final String FULLRESYNC = "+FULLRESYNC " + ID + " 1000\r\n";
    private static final ReplicationOptions IMPATIENT =
            ReplicationOptions.backup().withTimeouts(Duration.ofMillis(300), Duration.ofMillis(600));
    private static final ReplicationOptions PATIENT =
            ReplicationOptions.backup().withTimeouts(Duration.ofSeconds(20), Duration.ofSeconds(20));

    // ---- handshake

    @Test
    void announcesEachOptionByItself() {
        assertThat(handshakeWith(REDIS, ReplicationOptions.backup(), "+OK\r\n"))
                .containsExactly("REPLCONF capa eof", "REPLCONF capa psync2", "REPLCONF rdb-only 1", "PSYNC ? -1");
        assertThat(handshakeWith(REDIS, ReplicationOptions.backup().withStream(), "+OK\r\n"))
                .containsExactly("REPLCONF capa eof", "REPLCONF capa psync2", "PSYNC ? -1");
    }

    @Test
    void tellsValkeyItsOwnVersion() {
        assertThat(handshakeWith(ServerVersion.parse(Vendor.VALKEY, "8.0.1"), ReplicationOptions.backup(), "+OK\r\n"))
                .endsWith("REPLCONF rdb-only 1", "REPLCONF version 8.0.1", "PSYNC ? -1");
        assertThat(handshakeWith(ServerVersion.parse(Vendor.VALKEY, "7.2.5"), ReplicationOptions.backup(), "+OK\r\n"))
                .endsWith("REPLCONF rdb-only 1", "PSYNC ? -1");
    }

    @Test
    void anUnknownOptionIsNoObstacle() {
        assertThat(handshakeWith(REDIS, ReplicationOptions.backup(), "-ERR Unrecognized REPLCONF option: rdb-only\r\n"))
                .endsWith("PSYNC ? -1");
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            -NOPERM this user has no permissions to run the 'replconf' command | false | refused REPLCONF: NOPERM this user
            -NOAUTH Authentication required. | false | refused REPLCONF: NOAUTH
            -BUSY Redis is busy running a script. | true | refused REPLCONF: BUSY
            """)
    void otherRefusalsEndTheHandshake(String refusal, boolean retryable, String message) {
        ReplicationException e = failureOf(REDIS, PATIENT, client -> client.answer("+PONG\r\n", refusal + "\r\n"));
        assertThat(e).hasMessageContaining(message);
        assertThat(e.phase()).isEqualTo(ReplicationPhase.HANDSHAKE);
        assertThat(e.retryable()).isEqualTo(retryable);
        assertThat(e.hint()).isPresent();
    }

    @Test
    void aConnectionLostInTheHandshakeIsReported() {
        ReplicationException e = failureOf(REDIS, PATIENT, client -> client.answer("+PONG\r\n", "+OK\r\n"));
        assertThat(e).hasMessageContaining("REPLCONF").hasMessageEndingWith("(during the replication handshake)");
        assertThat(e.retryable()).isTrue();
    }

    // ---- PSYNC

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            -NOMASTERLINK Can't SYNC while not connected with my master | true
            -LOADING Redis is loading the dataset in memory | true
            -MASTERDOWN Link with MASTER is down | true
            -ERR BGSAVE failed, replication can't continue | true
            -NOPERM User backup has no permissions to run the 'psync' command | false
            -ERR unknown command 'PSYNC' | false
            """)
    void refusalsOfPsyncSayWhetherItIsWorthTryingAgain(String refusal, boolean retryable) {
        for (String before : List.of("", "\n\n", FULLRESYNC + "\n")) {
            ReplicationException e = failureOf(REDIS, PATIENT, client -> {
                handshake(client);
                client.command();
                client.send(before + refusal + "\r\n");
                client.hold();
            });
            assertThat(e).hasMessageContaining("refused PSYNC: " + refusal.substring(1));
            assertThat(e.retryable()).isEqualTo(retryable);
            assertThat(e.phase())
                    .isEqualTo(before.startsWith("+") ? ReplicationPhase.PREPARATION : ReplicationPhase.REQUEST);
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "+CONTINUE\r\n",
                "+OK\r\n",
                "+RDBCHANNELSYNC 7\r\n",
                "+FULLRESYNC " + ID + "\r\n",
                "+FULLRESYNC " + ID + " -1\r\n",
                "+FULLRESYNC " + ID + " 99999999999999999999\r\n",
                "+FULLRESYNC 0123 1\r\n",
                "\0\1\2\r\n",
                FULLRESYNC + "$-1\r\n",
                FULLRESYNC + "$\r\n",
                FULLRESYNC + "$12x\r\n",
                FULLRESYNC + "$9999999999999999999\r\n",
                FULLRESYNC + "$EOF:abc\r\n",
                FULLRESYNC + ":5\r\n",
            })
    void wrongFramingIsRefused(String wrong) {
        ReplicationException e = failureOf(REDIS, PATIENT, afterPsync(wrong));
        assertThat(e).hasMessageContaining("which is not the replication protocol");
        assertThat(e.retryable()).isFalse();
    }

    @Test
    void aLineWithoutEndIsRefused() {
        assertThat(failureOf(REDIS, PATIENT, afterPsync("+" + "x".repeat(5000))))
                .hasMessageContaining("a line longer than 4096 bytes");
    }

    @Test
    void silenceBeforeTheAnswerIsGivenUp() {
        ReplicationException e = failureOf(REDIS, IMPATIENT, afterPsync("\n\n"));
        assertThat(e).hasMessageContaining("sent nothing for 300 ms while the answer to PSYNC was awaited");
        assertThat(e.phase()).isEqualTo(ReplicationPhase.REQUEST);
        assertThat(e.retryable()).isTrue();
    }

    @Test
    void newlinesKeepTheWaitAliveButNotForEver() {
        List<ReplicationPhase> heard = Collections.synchronizedList(new ArrayList<>());
        ReplicationException e =
                failureOf(REDIS, IMPATIENT.withListener((phase, since) -> heard.add(phase)), client -> {
                    handshake(client);
                    client.command();
                    client.send("\n" + FULLRESYNC);
                    client.trickle("\n", Duration.ofMillis(20));
                });
        assertThat(e)
                .hasMessageContaining("did not begin to send its RDB within 600 ms while the RDB was being prepared");
        assertThat(heard)
                .contains(ReplicationPhase.REQUEST, ReplicationPhase.PREPARATION)
                .hasSizeGreaterThan(10);
    }

    @ParameterizedTest
    @CsvSource({
        "'', REQUEST",
        "'+FULLRESYNC', REQUEST",
        "'" + FULLRESYNC + "', PREPARATION",
        "'" + FULLRESYNC + "\n$1', PREPARATION"
    })
    void anEndBeforeTheRdbIsReported(String sent, ReplicationPhase phase) {
        ReplicationException e = failureOf(REDIS, PATIENT, client -> {
            handshake(client);
            client.command();
            client.send(sent);
        });
        assertThat(e).hasMessageContaining(" closed the connection " + phase.words());
        assertThat(e.phase()).isEqualTo(phase);
        assertThat(e.retryable()).isTrue();
        assertThat(e.bytes()).isZero();
    }

    // ---- the RDB

    @ParameterizedTest
    @CsvSource({"true, 1", "true, 39", "true, 41", "true, 100000", "false, 1", "false, 39", "false, 41", "false, 100000"
    })
    void handsOutExactlyTheRdbHoweverItIsSplit(boolean marked, int step) throws IOException {
        for (int size : new int[] {0, 1, 39, 40, 41, 300, step < 40 ? 2_000 : 1_000_000}) {
            byte[] rdb = treacherous(size);
            try (ScriptedServer server = ScriptedServer.start(client -> {
                        handshake(client);
                        client.command();
                        client.send(FULLRESYNC);
                        byte[] framed =
                                marked ? join("$EOF:" + MARK + "\r\n", rdb, MARK) : join("$" + size + "\r\n", rdb, "");
                        for (int at = 0; at < framed.length; at += step) {
                            client.send(Arrays.copyOfRange(framed, at, Math.min(framed.length, at + step)));
                        }
                        client.hold();
                    });
                    ReplicationSession session = open(server, REDIS, PATIENT)) {
                FullSync sync = session.fullSync();
                assertThat(sync.id()).isEqualTo(new ReplicationId(ID));
                assertThat(sync.offset()).isEqualTo(new ReplicationOffset(1000));
                assertThat(sync.length().isPresent()).isNotEqualTo(marked);
                assertThat(Arrays.mismatch(readAll(session.rdb(), 1 + step % 7919), rdb))
                        .isEqualTo(-1);
                assertThat(session.rdb().read(ByteBuffer.allocate(1))).isEqualTo(-1);
            }
        }
    }

    @ParameterizedTest
    @CsvSource({
        "'$100\r\nabc', 3, ' closed the connection while sending its RDB, after 3 of 100 bytes'",
        "'$EOF:" + MARK + "\r\nabc', 0, ' closed the connection while sending its RDB, after 0 bytes'",
        "'$EOF:" + MARK + "\r\nabc" + MARK + "x" + "', 3, ''",
    })
    void anEndWithinTheRdbIsAnErrorAndAnEndBehindItIsNot(String sent, long bytes, String message) throws IOException {
        try (ScriptedServer server = ScriptedServer.start(client -> {
                    handshake(client);
                    client.command();
                    client.send(FULLRESYNC + sent);
                });
                ReplicationSession session = open(server, REDIS, PATIENT)) {
            session.fullSync();
            if (message.isEmpty()) {
                assertThat(readAll(session.rdb(), 100)).hasSize((int) bytes);
                return;
            }
            ReplicationException e =
                    catchThrowableOfType(ReplicationException.class, () -> readAll(session.rdb(), 100));
            assertThat(e).hasMessage(server.address() + message);
            assertThat(e.bytes()).isEqualTo(bytes);
            assertThat(e.retryable()).isTrue();
        }
    }

    @Test
    void aStallWithinTheRdbIsGivenUp() {
        ReplicationException e = failureOf(REDIS, IMPATIENT, afterPsync(FULLRESYNC + "$100\r\nabc"));
        assertThat(e).hasMessageContaining(" sent nothing for 300 ms while sending its RDB, after 3 of 100 bytes");
    }

    @Test
    void aResetWithinTheRdbIsReported() {
        ReplicationException e = failureOf(REDIS, PATIENT, client -> {
            handshake(client);
            client.command();
            client.send(FULLRESYNC + "$100\r\nabc");
            client.reset();
        });
        assertThat(e.getMessage()).containsAnyOf("broke", "closed the connection");
        assertThat(e.retryable()).isTrue();
    }

    @Test
    void closingTheChannelBeforeItsEndClosesTheSession() throws IOException {
        try (ScriptedServer server = ScriptedServer.start(afterPsync(FULLRESYNC + "$100\r\nabc"));
                ReplicationSession session = open(server, REDIS, PATIENT)) {
            assertThatThrownBy(session::rdb).isInstanceOf(IllegalStateException.class);
            session.fullSync();
            assertThatThrownBy(session::fullSync).isInstanceOf(IllegalStateException.class);
            ReadableByteChannel rdb = session.rdb();
            assertThat(rdb.read(ByteBuffer.allocate(0))).isZero();
            assertThat(rdb.read(ByteBuffer.allocateDirect(3))).isEqualTo(3);
            assertThat(rdb.isOpen()).isTrue();
            rdb.close();
            assertThat(rdb.isOpen()).isFalse();
            assertThatThrownBy(() -> rdb.read(ByteBuffer.allocate(1))).isInstanceOf(ClosedChannelException.class);
        }
    }

    // ---- the stream

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void bytesBehindTheRdbAreNotLost(boolean marked) throws IOException {
        String stream = "*1\r\n$4\r\nPING\r\n*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$2\r\n\r\n\r\n";
        BlockingQueue<String> said = new LinkedBlockingQueue<>();
        try (ScriptedServer server = ScriptedServer.start(client -> {
                    streamHandshake(client);
                    client.command();
                    client.send(FULLRESYNC + (marked ? "$EOF:" + MARK + "\r\nRDB" + MARK : "$3\r\nRDB") + stream);
                    while (true) {
                        said.add(client.command());
                    }
                });
                ReplicationSession session = open(server, REDIS, PATIENT.withStream())) {
            session.fullSync();
            assertThatThrownBy(session::stream).isInstanceOf(IllegalStateException.class);
            assertThat(readAll(session.rdb(), 1000)).hasSize(3);
            ReplicationStream replication = session.stream();
            assertThat(readString(replication, stream.length())).isEqualTo(stream);
            assertThat(replication.received()).isEqualTo(new ReplicationOffset(1000 + stream.length()));
            assertThat(replication.lastCommandEnd()).isEqualTo(replication.received());
            assertThat(replication.read(ByteBuffer.allocate(0))).isZero();
            assertThatThrownBy(session::stream).isInstanceOf(IllegalStateException.class);
            assertThat(take(said)).isEqualTo("REPLCONF ACK 1000");
        }
    }

    @Test
    void acknowledgesAtOnceWhenAskedAndEachSecond() throws IOException {
        String getAck = "*3\r\n$8\r\nREPLCONF\r\n$6\r\nGETACK\r\n$1\r\n*\r\n";
        int asked = 5;
        BlockingQueue<String> said = new LinkedBlockingQueue<>();
        try (ScriptedServer server = ScriptedServer.start(client -> {
                    streamHandshake(client);
                    client.command();
                    client.send(FULLRESYNC + "$3\r\nRDB");
                    client.command();
                    for (int i = 0; i < asked; i++) {
                        client.send(getAck);
                        said.add(client.command());
                    }
                    while (true) {
                        said.add(client.command());
                    }
                });
                ReplicationSession session = open(server, REDIS, PATIENT.withStream())) {
            session.fullSync();
            readAll(session.rdb(), 1000);
            long begin = System.nanoTime();
            ReplicationStream stream = session.stream();
            readString(stream, asked * getAck.length());
            for (int i = 0; i < asked; i++) {
                assertThat(take(said)).isEqualTo("REPLCONF ACK 1000");
            }
            // One a second would have taken longer.
            assertThat(System.nanoTime() - begin).isLessThan(4_000_000_000L);

            String durable = "REPLCONF ACK " + (1000 + asked * getAck.length());
            stream.durable(stream.received());
            stream.durable(new ReplicationOffset(1));
            for (int seen = 0; seen < 3; ) {
                seen += take(said).equals(durable) ? 1 : 0;
            }
        }
    }

    @Test
    void whatIsNoCommandEndsTheStreamWithItsOffset() throws IOException {
        try (ScriptedServer server = ScriptedServer.start(client -> {
                    streamHandshake(client);
                    client.command();
                    client.send(FULLRESYNC + "$3\r\nRDB*1\r\n$4\r\nPING\r\nX");
                    client.hold();
                });
                ReplicationSession session = open(server, REDIS, PATIENT.withStream())) {
            session.fullSync();
            readAll(session.rdb(), 1000);
            ReplicationStream stream = session.stream();
            ReplicationException e = catchThrowableOfType(ReplicationException.class, () -> readString(stream, 100));
            assertThat(e).hasMessageContaining("byte 0x58 instead of 0x2a at offset 1014 of its stream");
            assertThat(e.phase()).isEqualTo(ReplicationPhase.STREAM);
        }
    }

    @Test
    void aSilentStreamIsGivenUp() throws IOException {
        try (ScriptedServer server = ScriptedServer.start(client -> {
                    streamHandshake(client);
                    client.command();
                    client.send(FULLRESYNC + "$3\r\nRDB*1\r\n");
                    client.hold();
                });
                ReplicationSession session = open(server, REDIS, IMPATIENT.withStream())) {
            session.fullSync();
            readAll(session.rdb(), 1000);
            ReplicationStream stream = session.stream();
            assertThatThrownBy(() -> readString(stream, 100))
                    .isInstanceOf(ReplicationException.class)
                    .hasMessageContaining("sent nothing for 300 ms in the replication stream, after 4 bytes");
        }
    }

    @Test
    void aSessionForTheRdbOnlyHasNoStream() throws IOException {
        try (ScriptedServer server = ScriptedServer.start(afterPsync(FULLRESYNC + "$3\r\nRDB"));
                ReplicationSession session = open(server, REDIS, PATIENT)) {
            session.fullSync();
            readAll(session.rdb(), 1000);
            assertThatThrownBy(session::stream)
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessage("the session was opened for the RDB only");
        }
    }

    // ---- scripts

    private static void handshake(Conversation client) throws IOException {
        client.answer("+PONG\r\n", "+OK\r\n", "+OK\r\n", "+OK\r\n");
    }

    private static void streamHandshake(Conversation client) throws IOException {
        client.answer("+PONG\r\n", "+OK\r\n", "+OK\r\n");
    }

    private static Script afterPsync(String sent) {
        return client -> {
            handshake(client);
            client.command();
            client.send(sent);
            client.hold();
        };
    }

    private static List<String> handshakeWith(ServerVersion version, ReplicationOptions options, String answer) {
        List<String> heard = Collections.synchronizedList(new ArrayList<>());
        try (ScriptedServer server = ScriptedServer.start(client -> {
                    client.answer("+PONG\r\n");
                    for (String command = client.command(); ; command = client.command()) {
                        heard.add(command);
                        client.send(command.startsWith("PSYNC") ? FULLRESYNC + "$0\r\n" : answer);
                    }
                });
                ReplicationSession session = open(server, version, options)) {
            assertThat(session.node()).isEqualTo(server.address());
            session.fullSync();
        }
        return List.copyOf(heard);
    }

    private static ReplicationException failureOf(ServerVersion version, ReplicationOptions options, Script script) {
        try (ScriptedServer server = ScriptedServer.start(script)) {
            ReplicationException e = catchThrowableOfType(ReplicationException.class, () -> {
                try (ReplicationSession session = open(server, version, options)) {
                    session.fullSync();
                    readAll(session.rdb(), 1000);
                }
            });
            assertThat(e).hasMessageContaining(server.address().toString());
            assertThat(e.node()).isEqualTo(server.address());
            return e;
        }
    }

    private static ReplicationSession open(ScriptedServer server, ServerVersion version, ReplicationOptions options) {
        return ReplicationSession.open(
                RespConnection.open(server.address(), ConnectionSettings.defaults()), version, options);
    }

    // ---- bytes

    /** Random bytes strewn with beginnings of the mark, the last one at the very end. */
    private static byte[] treacherous(int size) {
        Random random = new Random(size);
        byte[] bytes = new byte[size];
        random.nextBytes(bytes);
        for (int at = 0; at < size; at += 1 + random.nextInt(200)) {
            place(bytes, at, random.nextInt(EndMark.LENGTH));
        }
        place(bytes, Math.max(0, size - EndMark.LENGTH + 1), EndMark.LENGTH - 1);
        return bytes;
    }

    private static void place(byte[] bytes, int at, int length) {
        byte[] mark = MARK.getBytes(StandardCharsets.US_ASCII);
        System.arraycopy(mark, 0, bytes, at, Math.min(length, bytes.length - at));
        if (at + length < bytes.length) {
            // Or chance might complete it.
            bytes[at + length] = 0;
        }
    }

    private static byte[] join(String before, byte[] middle, String after) {
        ByteArrayOutputStream all = new ByteArrayOutputStream();
        all.writeBytes(before.getBytes(StandardCharsets.US_ASCII));
        all.writeBytes(middle);
        all.writeBytes(after.getBytes(StandardCharsets.US_ASCII));
        return all.toByteArray();
    }

    private static byte[] readAll(ReadableByteChannel channel, int step) throws IOException {
        ByteArrayOutputStream all = new ByteArrayOutputStream();
        ByteBuffer buffer = ByteBuffer.allocate(step);
        while (channel.read(buffer.clear()) >= 0) {
            all.write(buffer.array(), 0, buffer.position());
        }
        return all.toByteArray();
    }

    private static String readString(ReplicationStream stream, int length) {
        StringBuilder text = new StringBuilder();
        ByteBuffer buffer = ByteBuffer.allocate(7);
        while (text.length() < length) {
            stream.read(buffer.clear());
            text.append(new String(buffer.array(), 0, buffer.position(), StandardCharsets.ISO_8859_1));
        }
        return text.toString();
    }

    private static String take(BlockingQueue<String> said) {
        try {
            return String.valueOf(said.poll(10, TimeUnit.SECONDS));
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }
}
