package io.ambrotype.resp;

import io.ambrotype.common.AmbrotypeException;
import io.ambrotype.common.ErrorCode;
import io.ambrotype.common.HostAndPort;
import io.ambrotype.resp.RespConnectionException.Reason;
import io.ambrotype.resp.RespReply.ErrorReply;
import io.ambrotype.resp.RespReply.SimpleString;
import java.io.EOFException;
import java.io.IOException;
import java.net.SocketTimeoutException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Function;
import javax.net.ssl.SSLException;
import org.jspecify.annotations.Nullable;

/**
 * A blocking RESP2 connection to one server, over TCP or TLS, made for virtual threads. To be used by one thread at a
 * time; only {@link #close} may come from another, and unblocks that one.
 *
 * <p>Whatever fails below the protocol (a timeout, a reset, bytes that are no RESP2) ends the connection with a {@link
 * RespConnectionException} that names the node, because request and reply can no longer be matched. An error reply ends
 * nothing. No message holds an argument of a command: it may be a password.
 *
 * <p>A password for a server that has none is not an error, as with {@code redis-cli}: the nodes of one deployment may
 * differ in that.
 */
public final class RespConnection implements AutoCloseable {
    private static final Set<String> WITH_SUBCOMMANDS =
            Set.of("ACL", "CLIENT", "CLUSTER", "CONFIG", "FUNCTION", "MODULE", "SENTINEL");

    /** A reply has to move on by this much in each reply timeout. */
    private static final int PROGRESS_BYTES = 64 << 10;

    /** Requests are sent in pieces of at least this size before their replies are read. */
    private static final int PIPELINE_BYTES = 256 << 10;

    /** What surely fits into the send buffer of an idle connection; more may block and is watched. */
    private static final int UNGUARDED_WRITE = 8 << 10;

    private final HostAndPort address;
    private final ConnectionSettings settings;
    private final Transport transport;
    private final RespReader reader;
    private final ReentrantLock writing = new ReentrantLock();
    private volatile boolean closed;
    private boolean raw;
    private long deadline;
    private long receivedSinceProgress;

    private RespConnection(HostAndPort address, ConnectionSettings settings, Transport transport) {
        this.address = address;
        this.settings = settings;
        this.transport = transport;
        this.reader = new RespReader(this::receive);
    }

    /**
     * Connects (trying every address of the host name, whose resolution takes its own time), does the TLS handshake where
     * asked, authenticates, and makes sure that the server answers. A server that is still loading is connected to.
     *
     * @throws RespConnectionException where any of it fails
     * @throws AmbrotypeException where a file of the TLS settings cannot be used
     */
    public static RespConnection open(HostAndPort address, ConnectionSettings settings) {
        Transport transport = Transport.connect(address, settings);
        RespConnection connection = new RespConnection(address, settings, transport);
        try {
            connection.authenticate();
            connection.greet();
            return connection;
        } catch (Throwable e) {
            connection.close();
            throw e;
        }
    }

    /** The server at the other end, as it was asked for. */
    public HostAndPort address() {
        return address;
    }

    /** The settings it was opened with, for further connections of the same kind. */
    public ConnectionSettings settings() {
        return settings;
    }

    /**
     * Sends a command and waits for its reply, which is never an {@link ErrorReply}.
     *
     * @param command its name and arguments, sent as UTF-8
     * @throws RespErrorException where the server refuses; the connection stays usable
     * @throws RespConnectionException where there is no reply; the connection is closed
     */
    public RespReply call(String... command) {
        return call(encode(command));
    }

    /** The same with arguments of any bytes. */
    public RespReply call(byte[]... command) {
        RespReply reply = exchange(command);
        if (reply instanceof ErrorReply error) {
            throw new RespErrorException(address, name(command), permission(command), masked(error));
        }
        return reply;
    }

    /** {@link #call} for a command that replies a text. */
    public String text(String... command) {
        return shaped(command, RespReply::text);
    }

    /** {@link #call} for a command that replies a bulk string. */
    public byte[] bytes(String... command) {
        return shaped(command, RespReply::bytes);
    }

    /** {@link #call} for a command that replies an integer. */
    public long integer(String... command) {
        return shaped(command, RespReply::integer);
    }

    /** {@link #call} for a command that replies an array. */
    public List<RespReply> array(String... command) {
        return shaped(command, RespReply::array);
    }

    /** {@link #call} for a command that replies an array of texts. */
    public List<String> texts(String... command) {
        return shaped(command, RespReply::texts);
    }

    /** {@link #call} for a command that replies names and values in turn, such as CONFIG GET. */
    public Map<String, String> pairs(String... command) {
        return shaped(command, RespReply::pairs);
    }

    /**
     * Sends commands without waiting for each reply. Large batches go in pieces, so that neither side has to hold all of
     * it at once.
     *
     * @return as many replies, in order; error replies stand in place
     * @throws RespConnectionException where a reply is missing; which of the commands took effect is then not known
     */
    public List<RespReply> pipeline(List<byte[][]> commands) {
        List<RespReply> replies = new ArrayList<>(commands.size());
        requireCommandMode();
        int next = 0;
        while (next < commands.size()) {
            int first = next;
            if (isLarge(commands.get(next))) {
                writeLarge(commands.get(next++));
            } else {
                RequestBuffer requests = new RequestBuffer(PIPELINE_BYTES);
                while (next < commands.size() && requests.size() < PIPELINE_BYTES && !isLarge(commands.get(next))) {
                    requests.add(commands.get(next++));
                }
                write(requests, name(commands.get(first)));
            }
            for (int i = first; i < next; i++) {
                replies.add(readReplyMasked(commands.get(i)[0]));
            }
        }
        return replies;
    }

    /**
     * The same with commands that stand in a buffer already, which are sent at once.
     *
     * @param count how many commands the buffer holds
     * @param name of them, for errors
     */
    public List<RespReply> pipeline(RequestBuffer requests, int count, String name) {
        requireCommandMode();
        write(requests, name);
        byte[] bytes = utf8(name);
        List<RespReply> replies = new ArrayList<>(count);
        for (int i = 0; i < count; i++) {
            replies.add(readReplyMasked(bytes));
        }
        return replies;
    }

    /**
     * Waits for what the server sends without being asked again, as it does to a subscriber.
     *
     * @throws RespConnectionException where nothing comes within the reply timeout; the connection is closed
     */
    public RespReply nextMessage() {
        requireCommandMode();
        return readReply(utf8("SUBSCRIBE"));
    }

    /**
     * Leaves requests and replies behind for a protocol of its own on the same connection, as PSYNC does. From here on
     * only the channel and {@link #close} may be used.
     */
    public RawChannel raw() {
        requireCommandMode();
        raw = true;
        return new RawChannel(this);
    }

    /** Whether the connection can no longer be used, because it was closed or has failed. */
    public boolean isClosed() {
        return closed;
    }

    /** Closes the connection at once; a call blocked in another thread ends with {@link Reason#CLOSED}. */
    @Override
    public void close() {
        closed = true;
        transport.close();
    }

    // ---- requests and replies

    private RespReply exchange(byte[][] command) {
        requireCommandMode();
        RequestBuffer request = RequestBuffer.of(command);
        IOException unsent = null;
        try {
            writeGuarded(request);
        } catch (SocketTimeoutException e) {
            throw failed(e, "before it took " + name(command));
        } catch (IOException e) {
            // A server that turns a client away says why and hangs up: what it said is there, though it takes no more.
            unsent = e;
        }
        restartDeadline();
        try {
            return reader.read();
        } catch (SSLException e) {
            throw failed(e, "while replying to " + name(command));
        } catch (IOException e) {
            throw unsent == null
                    ? failed(e, "while replying to " + name(command))
                    : failed(unsent, "before it took " + name(command));
        }
    }

    private RespReply readReplyMasked(byte[] command) {
        RespReply reply = readReply(command);
        return reply instanceof ErrorReply error ? masked(error) : reply;
    }

    /** The name of the command becomes a text only where it is needed: this is done for every reply. */
    private RespReply readReply(byte[] command) {
        restartDeadline();
        try {
            return reader.read();
        } catch (IOException e) {
            throw failed(e, "while replying to " + new String(command, StandardCharsets.UTF_8));
        }
    }

    private <T> T shaped(String[] command, Function<RespReply, T> shape) {
        RespReply reply = call(command);
        try {
            return shape.apply(reply);
        } catch (AmbrotypeException e) {
            throw AmbrotypeException.of(
                            ErrorCode.FAILED,
                            address + " answered " + name(encode(command)) + " with an " + e.getMessage())
                    .causedBy(e);
        }
    }

    private void authenticate() {
        Credentials credentials = settings.credentials();
        if (credentials == null) {
            return;
        }
        byte[] password = credentials.password().bytes();
        RespReply reply = credentials.username() == null
                ? exchange(new byte[][] {utf8("AUTH"), password})
                : exchange(new byte[][] {utf8("AUTH"), utf8(credentials.username()), password});
        if (!(reply instanceof ErrorReply error)) {
            return;
        }
        String message = error.message();
        String user = credentials.username();
        if (message.contains("without any password configured") || message.contains("no password is set")) {
            return;
        }
        requireAdmitted(error);
        if (user != null && message.contains("wrong number of arguments")) {
            throw unusable(
                    Reason.AUTHENTICATION,
                    address + " does not know user names: it is older than Redis 6.0",
                    "leave the user name out");
        }
        if (error.prefix().equals("WRONGPASS") || message.contains("invalid password")) {
            throw unusable(
                    Reason.AUTHENTICATION,
                    address + " does not accept the password" + (user == null ? "" : " of user '" + user + "'"),
                    user == null
                            ? "check the password; where the server has ACL users, name the user too"
                            : "check user name and password, and that ACL LIST shows the user as on");
        }
        throw unusable(
                Reason.AUTHENTICATION,
                address + " refused AUTH: " + masked(error).message(),
                null);
    }

    private void greet() {
        RespReply reply = exchange(encode("PING"));
        if (reply instanceof ErrorReply error) {
            requireAdmitted(error);
            // Loading, a busy script, a lost master, no permission for PING: the server is there, other commands may
            // do.
        } else if (!reply.equals(new SimpleString("PONG"))) {
            throw unusable(
                    Reason.PROTOCOL,
                    address + " does not answer PING as a Redis or Valkey server would",
                    "check host and port");
        }
    }

    private void requireAdmitted(ErrorReply error) {
        String message = error.message();
        if (error.prefix().equals("NOAUTH")) {
            throw unusable(
                    Reason.AUTHENTICATION,
                    address + " wants a password",
                    "set a password, and a user name where the server has ACL users");
        }
        if (error.prefix().equals("DENIED")) {
            throw unusable(
                    Reason.REFUSED,
                    address + " is in protected mode and accepts connections from its own host only",
                    "set a password on the server (requirepass or ACL), or bind it to its addresses and set protected-mode no");
        }
        if (message.contains("max number of clients")) {
            throw unusable(
                    Reason.REFUSED,
                    address + " has reached its maximum number of clients",
                    "raise maxclients on the server or close idle clients");
        }
    }

    private void requireCommandMode() {
        if (raw) {
            throw new IllegalStateException("the connection was handed over to a raw channel");
        }
    }

    // ---- bytes

    /** The source of the reader: waits no longer than the deadline, which moves on with the bytes received. */
    private int receive(byte[] buffer, int offset, int length) throws IOException {
        long left = TimeUnit.NANOSECONDS.toMillis(deadline - System.nanoTime());
        if (left < 1) {
            throw new SocketTimeoutException();
        }
        int count = transport.read(buffer, offset, length, Math.toIntExact(left));
        receivedSinceProgress += count;
        if (receivedSinceProgress >= PROGRESS_BYTES) {
            restartDeadline();
        }
        return count;
    }

    private void restartDeadline() {
        receivedSinceProgress = 0;
        deadline = System.nanoTime() + settings.replyTimeout().toNanos();
    }

    private void write(RequestBuffer request, String command) {
        try {
            writeGuarded(request);
        } catch (IOException e) {
            throw failed(e, "before it took " + command);
        }
    }

    private static boolean isLarge(byte[][] command) {
        for (byte[] argument : command) {
            if (argument.length > PIPELINE_BYTES) {
                return true;
            }
        }
        return false;
    }

    /** Sends a command whose large arguments are not copied. */
    private void writeLarge(byte[][] command) {
        try {
            RequestBuffer between = new RequestBuffer(UNGUARDED_WRITE);
            between.begin(command.length);
            for (byte[] argument : command) {
                between.beginArgument(argument.length);
                if (argument.length > PIPELINE_BYTES) {
                    writeGuarded(between);
                    writeGuarded(argument, argument.length);
                    between.clear();
                } else {
                    between.write(argument, 0, argument.length);
                }
                between.endArgument();
            }
            writeGuarded(between);
        } catch (IOException e) {
            throw failed(e, "before it took " + name(command));
        }
    }

    private void writeGuarded(RequestBuffer request) throws IOException {
        writeGuarded(request.array(), request.size());
    }

    /** Socket writes know no timeout; a large one may block, and is watched. */
    private void writeGuarded(byte[] bytes, int length) throws IOException {
        writing.lock();
        try {
            if (length <= UNGUARDED_WRITE) {
                transport.write(bytes, 0, length);
                return;
            }
            for (int sent = 0; sent < length; sent += PROGRESS_BYTES) {
                writeWatched(bytes, sent, Math.min(PROGRESS_BYTES, length - sent));
            }
        } finally {
            writing.unlock();
        }
    }

    private void writeWatched(byte[] bytes, int offset, int length) throws IOException {
        try (Watchdog watchdog = new Watchdog(settings.replyTimeout(), transport::close)) {
            try {
                transport.write(bytes, offset, length);
            } catch (IOException e) {
                throw watchdog.expired() ? new SocketTimeoutException() : e;
            }
        }
    }

    // ---- for RawChannel

    int rawRead(byte[] buffer, int offset, int length, Duration timeout) throws IOException {
        int ahead = reader.drain(buffer, offset, length);
        if (ahead > 0) {
            return ahead;
        }
        return transport.read(buffer, offset, length, Math.toIntExact(Math.max(1, timeout.toMillis())));
    }

    void rawWrite(String... command) throws IOException {
        writeGuarded(RequestBuffer.of(encode(command)));
    }

    // ---- errors

    /** Closes the connection and words what ended it. */
    private RespConnectionException failed(IOException e, String phase) {
        boolean closedHere = closed;
        close();
        if (Thread.currentThread().isInterrupted()) {
            return error(Reason.INTERRUPTED, "interrupted while talking to " + address, null, e);
        }
        if (closedHere) {
            return error(Reason.CLOSED, "the connection to " + address + " is closed", null, e);
        }
        // TLS wraps what happens to the connection below it.
        IOException actual = e instanceof SSLException && e.getCause() instanceof IOException below ? below : e;
        return switch (actual) {
            case RespReader.ProtocolException protocol ->
                error(
                        Reason.PROTOCOL,
                        address + " did not reply in the protocol of Redis: " + protocol.getMessage(),
                        reader.offset() > 64 ? null : "check host and port, and whether the port is a TLS port",
                        e);
            case SocketTimeoutException _ ->
                error(
                        Reason.TIMEOUT,
                        address + " hung for " + seconds(settings.replyTimeout()) + " " + phase,
                        "the server hangs, is overloaded or unreachable; or raise the reply timeout",
                        e);
            case EOFException _ ->
                error(
                        Reason.LOST,
                        address + " closed the connection " + phase + ", at byte " + reader.offset()
                                + " of its replies",
                        hintAtTheStart(),
                        e);
            case SSLException tls -> TlsErrors.describe(address, tls, settings.tls());
            default ->
                error(
                        Reason.LOST,
                        "the connection to " + address + " broke " + phase + ", at byte " + reader.offset()
                                + " of its replies: " + describe(actual),
                        hintAtTheStart(),
                        e);
        };
    }

    private @Nullable String hintAtTheStart() {
        return reader.offset() == 0 ? TlsErrors.silentRefusal(settings.tls()) : null;
    }

    private RespConnectionException unusable(Reason reason, String message, @Nullable String hint) {
        return error(reason, message, hint, null);
    }

    private RespConnectionException error(
            Reason reason, String message, @Nullable String hint, @Nullable Throwable cause) {
        return new RespConnectionException(address, reason, message, hint, cause);
    }

    /** Servers repeat the arguments of a command they do not know, as of a renamed AUTH: they may be passwords. */
    private ErrorReply masked(ErrorReply error) {
        String message = error.message();
        int arguments = message.indexOf(", with args beginning with");
        if (arguments >= 0) {
            message = message.substring(0, arguments);
        }
        Credentials credentials = settings.credentials();
        if (credentials != null && !credentials.password().reveal().isEmpty()) {
            message = message.replace(credentials.password().reveal(), "****");
        }
        return new ErrorReply(message);
    }

    static String seconds(Duration duration) {
        return duration.toMillis() % 1000 == 0 ? duration.toSeconds() + " s" : duration.toMillis() + " ms";
    }

    static String describe(IOException e) {
        String message = e.getMessage();
        return message == null ? e.getClass().getSimpleName() : message.toLowerCase(Locale.ROOT);
    }

    // ---- encoding

    private static byte[][] encode(String... command) {
        byte[][] encoded = new byte[command.length][];
        for (int i = 0; i < command.length; i++) {
            encoded[i] = utf8(command[i]);
        }
        return encoded;
    }

    private static byte[] utf8(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    /** What ACL rules call a command; subcommands are no secrets. */
    private static String permission(byte[][] command) {
        String name = name(command);
        return WITH_SUBCOMMANDS.contains(name) && command.length > 1
                ? name + "|" + new String(command[1], StandardCharsets.UTF_8)
                : name;
    }

    private static String name(byte[][] command) {
        return new String(command[0], StandardCharsets.UTF_8);
    }
}
