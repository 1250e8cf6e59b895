package io.ambrotype.replication;

import io.ambrotype.common.ErrorCode;
import io.ambrotype.common.HostAndPort;
import io.ambrotype.common.ReplicationId;
import io.ambrotype.common.ReplicationOffset;
import io.ambrotype.resp.RawChannel;
import io.ambrotype.resp.RespConnection;
import io.ambrotype.resp.RespConnectionException;
import io.ambrotype.resp.RespErrorException;
import io.ambrotype.resp.ServerVersion;
import io.ambrotype.resp.ServerVersion.Vendor;
import java.io.EOFException;
import java.io.IOException;
import java.net.SocketTimeoutException;
import java.nio.channels.ReadableByteChannel;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Locale;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/**
 * One full synchronization with a server, as a replica would ask for it: {@link #open}, {@link #fullSync}, {@link #rdb}
 * to its end, then {@link #close}, or {@link #stream} for the writes behind the RDB. To be used by one thread at a time;
 * {@link #close} may come from another and unblocks it. Failures are {@link ReplicationException}s and close the session.
 *
 * <p>What is announced, each option in a REPLCONF of its own, because a server refuses the whole command for one option
 * that it does not know (a refusal is tolerated):
 *
 * <ul>
 *   <li>{@code capa eof} and {@code capa psync2}. Not the capabilities for a second connection (Redis {@code
 *       rdb-channel-repl}, Valkey {@code dual-channel}): one connection works with every version. Not {@code
 *       skip-rdb-checksum}: the checksum is verified.
 *   <li>{@code rdb-only 1} where the stream is not wanted (Redis from 6.2, Valkey).
 *   <li>{@code version}, the server's own, to Valkey from 8.0: to a replica that tells none, it sends RDB 11, which cannot
 *       hold hash fields that expire, and Valkey 9 gives up SHUTDOWN FAILOVER while an older replica is attached.
 *   <li>No {@code listening-port}: nobody listens here. INFO then shows this replica with port 0, by which it can be told
 *       from a real one; Sentinel, which takes a master's replicas from there, cannot mistake it for a server to promote.
 * </ul>
 *
 * <p>Nothing is acknowledged before {@link #stream} is called: an ACK would count for WAIT and {@code
 * min-replicas-to-write}, for data that a backup cannot serve. So while an RDB is transferred the server hears nothing
 * from here; it watches only whether the bytes are taken. A reader that takes none for {@code repl-timeout} (60 s) in
 * diskless mode is disconnected, and before that it slows down other replicas that share the fork; in disk mode the
 * writes that wait behind the RDB count against {@code client-output-buffer-limit replica} unless {@code rdb-only} is
 * known. Whoever reads {@link #rdb} must therefore always take bytes, to a spool if need be.
 */
public final class ReplicationSession implements AutoCloseable {
    private static final int LONGEST_LINE = 4096;

    /** From here on a pause of the reader may be why the server hung up; its limit is 60 s where nobody changed it. */
    private static final Duration LONG_PAUSE = Duration.ofSeconds(5);

    /** The server is alive but takes too long. */
    private static final class PreparationTimeoutException extends IOException {
        private static final long serialVersionUID = 1L;
    }

    private final HostAndPort node;
    private final ReplicationOptions options;
    private final RespConnection connection;
    private final RawChannel channel;
    private final ReplicationInput input;
    private ReplicationPhase phase = ReplicationPhase.HANDSHAKE;
    private @Nullable FullSync fullSync;
    private @Nullable RdbChannel rdb;
    private volatile @Nullable ReplicationStream stream;

    private ReplicationSession(RespConnection connection, ReplicationOptions options) {
        this.node = connection.address();
        this.options = options;
        this.connection = connection;
        this.channel = connection.raw();
        this.input = new ReplicationInput(channel, options.idleTimeout());
    }

    /**
     * Announces what this side can do. Takes the connection over: closing the session closes it, and so does a failure.
     *
     * @param version the server's, as its INFO tells
     * @throws ReplicationException where the server does not let this user replicate, or the connection fails
     */
    public static ReplicationSession open(
            RespConnection connection, ServerVersion version, ReplicationOptions options) {
        HostAndPort node = connection.address();
        try {
            announce(connection, "capa", "eof");
            announce(connection, "capa", "psync2");
            if (options.rdbOnly()) {
                announce(connection, "rdb-only", "1");
            }
            if (version.isAtLeast(Vendor.VALKEY, 8, 0)) {
                announce(connection, "version", version.number());
            }
            return new ReplicationSession(connection, options);
        } catch (RespErrorException e) {
            connection.close();
            throw refused(node, ReplicationPhase.HANDSHAKE, "REPLCONF", e.serverMessage());
        } catch (RespConnectionException e) {
            connection.close();
            throw new ReplicationException(
                    e.code(),
                    node,
                    ReplicationPhase.HANDSHAKE,
                    0,
                    isTransient(e.reason()),
                    e.getMessage() + " (" + ReplicationPhase.HANDSHAKE.words() + ")",
                    e.hint().orElse(null),
                    e);
        } catch (Throwable e) {
            connection.close();
            throw e;
        }
    }

    /** The source. */
    public HostAndPort node() {
        return node;
    }

    /**
     * Asks for a full synchronization and waits until the server begins to send the RDB.
     *
     * @throws ReplicationException where the server refuses, stays silent, or does not begin in time
     */
    public FullSync fullSync() {
        requirePhase(ReplicationPhase.HANDSHAKE, "fullSync() was called before");
        phase = ReplicationPhase.REQUEST;
        long start = System.nanoTime();
        try {
            channel.send("PSYNC", "?", "-1");
            String answer = lineAfterNewlines(start);
            FullSync granted = granted(answer);
            phase = ReplicationPhase.PREPARATION;
            String header = lineAfterNewlines(start);
            fullSync = begin(granted, header);
            phase = ReplicationPhase.RDB;
            return fullSync;
        } catch (IOException e) {
            throw failed(e);
        }
    }

    /**
     * Exactly the bytes of the RDB, -1 behind the last one. Fast with a buffer of 64 KiB and more. A read blocks for at
     * least one byte, and no longer than the idle timeout. To close it before its end closes the session.
     *
     * @throws IllegalStateException before {@link #fullSync}
     */
    public ReadableByteChannel rdb() {
        return requireRdb();
    }

    /**
     * The writes behind the RDB. To be called when the RDB is safe with the caller: the server is told so, and from now on
     * how much of the stream is ({@link ReplicationStream#durable}).
     *
     * @throws IllegalStateException before the RDB was read to its end, when called again, or where the session was opened
     *     for the RDB only
     */
    public ReplicationStream stream() {
        if (options.rdbOnly()) {
            throw new IllegalStateException("the session was opened for the RDB only");
        }
        if (stream != null || fullSync == null || !requireRdb().ended()) {
            throw new IllegalStateException("the stream begins once, behind the RDB");
        }
        phase = ReplicationPhase.STREAM;
        stream = new ReplicationStream(this, channel, input, fullSync.offset());
        return stream;
    }

    /** Detaches from the server, at once. */
    @Override
    public void close() {
        connection.close();
        if (stream != null) {
            stream.stopAcknowledging();
        }
    }

    // ---- handshake

    /** That the server does not know the option is no obstacle; any other refusal ends the handshake. */
    private static void announce(RespConnection connection, String option, String value) {
        try {
            connection.call("REPLCONF", option, value);
        } catch (RespErrorException e) {
            if (!e.prefix().equals("ERR")) {
                throw e;
            }
        }
    }

    private static boolean isTransient(RespConnectionException.Reason reason) {
        return switch (reason) {
            case TIMEOUT, LOST, UNREACHABLE, UNKNOWN_HOST, REFUSED -> true;
            case TLS, AUTHENTICATION, PROTOCOL, CLOSED, INTERRUPTED -> false;
        };
    }

    /** The next line that is not empty; the newlines before it are the server's sign of life. */
    private String lineAfterNewlines(long start) throws IOException {
        while (true) {
            int first = next(start);
            if (first != '\n') {
                return line(first, start);
            }
            options.listener().preparing(phase, Duration.ofNanos(System.nanoTime() - start));
        }
    }

    private String line(int first, long start) throws IOException {
        byte[] line = new byte[LONGEST_LINE];
        int length = 0;
        for (int value = first; value != '\n'; value = next(start)) {
            if (length == LONGEST_LINE) {
                throw notReplication("a line longer than " + LONGEST_LINE + " bytes");
            }
            line[length++] = (byte) value;
        }
        if (length > 0 && line[length - 1] == '\r') {
            length--;
        }
        return new String(line, 0, length, StandardCharsets.ISO_8859_1);
    }

    private int next(long start) throws IOException {
        Duration left = options.preparationTimeout().minusNanos(System.nanoTime() - start);
        if (left.toMillis() < 1) {
            throw new PreparationTimeoutException();
        }
        boolean idleFirst = options.idleTimeout().compareTo(left) < 0;
        try {
            return input.next(idleFirst ? options.idleTimeout() : left);
        } catch (SocketTimeoutException e) {
            throw idleFirst ? e : new PreparationTimeoutException();
        }
    }

    private FullSync granted(String answer) {
        String[] words = answer.split(" ", -1);
        if (words[0].equals("+FULLRESYNC") && words.length == 3) {
            try {
                return new FullSync(
                        new ReplicationId(words[1]),
                        new ReplicationOffset(Long.parseLong(words[2])),
                        OptionalLong.empty());
            } catch (IllegalArgumentException e) {
                throw notReplication("'" + shown(answer) + "' to PSYNC");
            }
        }
        if (answer.startsWith("-")) {
            close();
            throw refused(node, phase, "PSYNC", shown(answer.substring(1)));
        }
        throw notReplication("'" + shown(answer) + "' to PSYNC");
    }

    private FullSync begin(FullSync granted, String header) {
        if (header.startsWith("-")) {
            // The server had granted the synchronization and could not fork or save.
            close();
            throw refused(node, phase, "PSYNC", shown(header.substring(1)));
        }
        if (header.startsWith("$EOF:") && header.length() == 5 + EndMark.LENGTH) {
            rdb = RdbChannel.untilMark(
                    this, input, new EndMark(header.substring(5).getBytes(StandardCharsets.ISO_8859_1)));
            return granted;
        }
        if (header.matches("\\$\\d{1,18}")) {
            long length = Long.parseLong(header.substring(1));
            rdb = RdbChannel.ofLength(this, input, length);
            return new FullSync(granted.id(), granted.offset(), OptionalLong.of(length));
        }
        throw notReplication("'" + shown(header) + "' where the RDB should begin");
    }

    private RdbChannel requireRdb() {
        if (rdb == null) {
            throw new IllegalStateException("there is no RDB before fullSync() has returned");
        }
        return rdb;
    }

    private void requirePhase(ReplicationPhase expected, String otherwise) {
        if (phase != expected) {
            throw new IllegalStateException(otherwise);
        }
    }

    // ---- errors

    /** Closes the session and words what ended it. */
    ReplicationException failed(IOException e) {
        boolean closedHere = channel.isClosed();
        close();
        if (Thread.currentThread().isInterrupted()) {
            return failure(ErrorCode.INTERRUPTED, false, "interrupted while receiving from " + node, null, e);
        }
        if (closedHere) {
            return failure(ErrorCode.FAILED, false, "the replication session with " + node + " is closed", null, e);
        }
        return switch (e) {
            case PreparationTimeoutException _ ->
                failure(
                        ErrorCode.FAILED,
                        true,
                        node + " did not begin to send its RDB within " + shown(options.preparationTimeout()) + " "
                                + phase.words(),
                        "another save may hold it up, or its own takes longer than this side waits; see the server's log",
                        e);
            case SocketTimeoutException _ ->
                failure(
                        ErrorCode.FAILED,
                        true,
                        node + " sent nothing for " + shown(options.idleTimeout()) + " " + phase.words() + progress(),
                        "the server hangs, or the network between here and there",
                        e);
            case EOFException _ ->
                failure(
                        ErrorCode.FAILED,
                        true,
                        node + " closed the connection " + phase.words() + progress(),
                        hint(),
                        e);
            default ->
                failure(
                        ErrorCode.FAILED,
                        true,
                        "the connection to " + node + " broke " + phase.words() + progress() + ": "
                                + String.valueOf(e.getMessage()).toLowerCase(Locale.ROOT),
                        hint(),
                        e);
        };
    }

    /** Closes the session over bytes that no server of this kind sends. */
    ReplicationException notReplication(String what) {
        close();
        return failure(
                ErrorCode.FAILED,
                false,
                node + " sent " + what + ", which is not the replication protocol",
                "is there a proxy in between? connect to the server itself",
                null);
    }

    private static ReplicationException refused(
            HostAndPort node, ReplicationPhase phase, String command, String serverMessage) {
        int space = serverMessage.indexOf(' ');
        String prefix = space < 0 ? serverMessage : serverMessage.substring(0, space);
        boolean retryable = switch (prefix) {
            case "NOMASTERLINK", "LOADING", "MASTERDOWN", "BUSY", "TRYAGAIN" -> true;
            default -> serverMessage.contains("BGSAVE failed");
        };
        String hint = switch (prefix) {
            case "NOPERM" -> "the user needs three permissions: ACL SETUSER <user> +psync +replconf +ping";
            case "NOAUTH" -> "set a password, and a user name where the server has ACL users";
            case "NOMASTERLINK", "MASTERDOWN" ->
                "this replica has no link to its master; wait for master_link_status:up or choose another node";
            case "LOADING" -> "the server is loading its data; wait for loading:0";
            case "BUSY" -> "a script keeps the server busy; try again when it has ended";
            default ->
                serverMessage.contains("BGSAVE failed")
                        ? "the server could not fork or write its RDB: its log says why (memory overcommit, full disk)"
                        : null;
        };
        return new ReplicationException(
                ErrorCode.FAILED,
                node,
                phase,
                0,
                retryable,
                node + " refused " + command + ": " + serverMessage,
                hint,
                null);
    }

    private ReplicationException failure(
            ErrorCode code, boolean retryable, String message, @Nullable String hint, @Nullable Throwable cause) {
        return new ReplicationException(code, node, phase, received(), retryable, message, hint, cause);
    }

    private long received() {
        return switch (phase) {
            case HANDSHAKE, REQUEST, PREPARATION -> 0;
            case RDB -> requireRdb().received();
            case STREAM -> stream == null ? 0 : stream.receivedBytes();
        };
    }

    private String progress() {
        return switch (phase) {
            case HANDSHAKE, REQUEST, PREPARATION -> "";
            case RDB -> {
                OptionalLong length = fullSync == null ? OptionalLong.empty() : fullSync.length();
                yield ", after " + received() + (length.isPresent() ? " of " + length.getAsLong() : "") + " bytes";
            }
            case STREAM -> ", after " + received() + " bytes";
        };
    }

    private @Nullable String hint() {
        return switch (phase) {
            case HANDSHAKE, REQUEST, STREAM -> null;
            case PREPARATION -> "the server's log says whether its save failed";
            case RDB ->
                requireRdb().longestPause().compareTo(LONG_PAUSE) > 0
                        ? "this side took no bytes for "
                                + requireRdb().longestPause().toSeconds()
                                + " s: the server gives up on slow replicas (repl-timeout, client-output-buffer-limit)"
                        : "the server's log says why; its save may have failed, or it was stopped";
        };
    }

    private static String shown(Duration duration) {
        return duration.toMillis() % 1000 == 0 ? duration.toSeconds() + " s" : duration.toMillis() + " ms";
    }

    private static String shown(String line) {
        StringBuilder shown = new StringBuilder();
        line.codePoints()
                .limit(200)
                .map(c -> Character.isISOControl(c) ? '?' : c)
                .forEach(shown::appendCodePoint);
        return shown.toString();
    }
}
