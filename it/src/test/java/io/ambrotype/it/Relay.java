package io.ambrotype.it;

import io.ambrotype.common.HostAndPort;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * A wire between whoever connects to it and one server. It can hold back what the server sends to a replica, cut or falsify
 * an RDB on its way, and fail at a chosen moment: silently, so that both sides believe in a connection that is dead, or by a
 * reset. Safe for use by several threads.
 */
final class Relay implements AutoCloseable {
    private static final byte[] FULL_SYNC = "+FULLRESYNC".getBytes(StandardCharsets.US_ASCII);
    private static final byte[] REDIS_RDB = "REDIS0".getBytes(StandardCharsets.US_ASCII);
    private static final byte[] VALKEY_RDB = "VALKEY".getBytes(StandardCharsets.US_ASCII);

    private final HostAndPort server;
    private final ServerSocket door;
    private final Queue<Socket> sockets = new ConcurrentLinkedQueue<>();
    private final Queue<Watch> replicas = new ConcurrentLinkedQueue<>();
    private volatile Fault fault = new Fault.None();
    private volatile @Nullable Trouble trouble;
    private volatile boolean dead;

    /** What happens to each RDB that passes. */
    sealed interface Fault {
        record None() implements Fault {}

        /** The connection ends before the byte at this offset of the RDB, which is at least 6. */
        record Cut(long offset) implements Fault {}

        /** One bit of the byte at this offset of the RDB, which is at least 6, is not what it was. */
        record Flip(long offset, int bit) implements Fault {}
    }

    /** When a wire fails. */
    sealed interface Moment {
        /** Somebody connects. */
        record Connecting() implements Moment {}

        /** A command has arrived, and does not reach the server. */
        record Command(String name) implements Moment {}

        /** A command has been answered, and the answer does not arrive. */
        record Answered(String name) implements Moment {}

        /** The server has granted a synchronization, and prepares its RDB. */
        record Granted() implements Moment {}

        /** The byte at this offset of an RDB, which is at least 6, would be the next. */
        record InRdb(long offset) implements Moment {}
    }

    /**
     * How a wire fails, once.
     *
     * @param reset whether the other side is told
     * @param lasting whether nobody gets through from then on
     */
    record Trouble(Moment moment, boolean reset, boolean lasting) {}

    /** A wire to the given server, at a free port. */
    Relay(HostAndPort server) {
        this(server, Labs.freePorts(1));
    }

    /** A wire to the given server, at this port. */
    Relay(HostAndPort server, int port) {
        this.server = server;
        try {
            door = new ServerSocket(port, 50, InetAddress.ofLiteral("127.0.0.1"));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        Thread.ofVirtual().start(this::accept);
    }

    HostAndPort address() {
        return new HostAndPort("127.0.0.1", door.getLocalPort());
    }

    /** From now on the replicas that are there get nothing from their master, until they are let through. */
    void holdReplicas() {
        replicas.forEach(Watch::hold);
    }

    void letThrough() {
        replicas.forEach(Watch::letThrough);
    }

    void falsify(Fault each) {
        fault = each;
    }

    /** The wire will fail. */
    void expect(Trouble coming) {
        trouble = coming;
    }

    /** Whether what was expected has come. */
    boolean hasFailed() {
        return trouble == null;
    }

    /** The wire fails now, and for good. */
    void fail(boolean reset) {
        trouble = new Trouble(new Moment.Connecting(), reset, true);
        dead = true;
        if (reset) {
            sockets.forEach(Relay::reset);
        }
    }

    @Override
    public void close() throws IOException {
        letThrough();
        door.close();
        for (Socket socket : sockets) {
            socket.close();
        }
    }

    private void accept() {
        try {
            while (true) {
                Socket client = door.accept();
                sockets.add(client);
                Socket target = new Socket(server.host(), server.port());
                sockets.add(target);
                Link link = new Link(client);
                link.meet(moment -> moment instanceof Moment.Connecting);
                Thread.ofVirtual().start(() -> pass(client, target, link, null));
                Thread.ofVirtual().start(() -> pass(target, client, link, new Watch(link)));
            }
        } catch (IOException e) {
            // Closed, or the server is gone: whoever waits for it finds out.
        }
    }

    private static void reset(Socket socket) {
        try {
            socket.setSoLinger(true, 0);
            socket.close();
        } catch (IOException e) {
            // It was closed already.
        }
    }

    /** A connection through the wire. */
    private final class Link {
        private final Socket client;
        private volatile boolean broken;
        private volatile boolean answering;

        Link(Socket client) {
            this.client = client;
        }

        boolean isBroken() {
            return broken || dead;
        }

        /** Breaks where this is the moment for it; says whether it did. */
        boolean meet(Predicate<Moment> now) {
            Trouble coming = trouble;
            if (coming != null && (dead || now.test(coming.moment()))) {
                if (coming.lasting()) {
                    fail(coming.reset());
                } else {
                    trouble = null;
                }
                broken = true;
                if (coming.reset()) {
                    reset(client);
                }
            }
            return broken;
        }
    }

    private static boolean hasCommand(byte[] bytes, int count, String name) {
        return new String(bytes, 0, count, StandardCharsets.ISO_8859_1).contains("\n" + name + "\r\n");
    }

    private void pass(Socket from, Socket to, Link link, @Nullable Watch watch) {
        byte[] buffer = new byte[1 << 14];
        try {
            InputStream in = from.getInputStream();
            OutputStream out = to.getOutputStream();
            for (int count = in.read(buffer); count >= 0; count = in.read(buffer)) {
                int length = count;
                int passed = count;
                if (watch == null) {
                    link.meet(moment ->
                            moment instanceof Moment.Command(String name) && hasCommand(buffer, length, name));
                    Trouble coming = trouble;
                    link.answering |= coming != null
                            && coming.moment() instanceof Moment.Answered(String name)
                            && hasCommand(buffer, length, name);
                } else {
                    link.meet(moment -> moment instanceof Moment.Answered && link.answering);
                }
                if (link.isBroken()) {
                    continue;
                }
                if (watch != null) {
                    watch.await();
                    passed = watch.falsify(buffer, count);
                }
                out.write(buffer, 0, passed);
                if (passed < count && !link.isBroken()) {
                    break;
                }
            }
        } catch (IOException | InterruptedException e) {
            // One side is gone; closing tells the other.
        }
        // Over a dead wire nobody hears that the server hung up.
        if (watch == null || !link.isBroken()) {
            close(from);
            close(to);
        }
    }

    private static void close(Socket socket) {
        try {
            socket.close();
        } catch (IOException e) {
            // It is of no use any more.
        }
    }

    /** Knows where in an RDB the server's side of a connection is. */
    private final class Watch {
        private final Link link;
        private volatile CountDownLatch open = new CountDownLatch(0);
        private boolean syncing;
        private byte[] wanted = FULL_SYNC;
        private int matched;
        private long position = -1;

        Watch(Link link) {
            this.link = link;
        }

        void hold() {
            open = new CountDownLatch(1);
        }

        void letThrough() {
            open.countDown();
        }

        void await() throws InterruptedException {
            open.await();
        }

        /** How many of the bytes may pass. */
        int falsify(byte[] bytes, int count) {
            for (int i = 0; i < count; i++) {
                if (position >= 0) {
                    long next = position;
                    if (link.meet(moment -> moment.equals(new Moment.InRdb(next)))) {
                        return i;
                    }
                    switch (fault) {
                        case Fault.None _ -> {}
                        case Fault.Cut cut -> {
                            if (position == cut.offset()) {
                                return i;
                            }
                        }
                        case Fault.Flip flip -> {
                            if (position == flip.offset()) {
                                bytes[i] ^= (byte) (1 << flip.bit());
                            }
                        }
                    }
                    position++;
                } else {
                    look(bytes[i]);
                    if (syncing && bytes[i] == '\n' && link.meet(moment -> moment instanceof Moment.Granted)) {
                        return i + 1;
                    }
                }
            }
            return count;
        }

        private void look(byte next) {
            if (syncing && matched == 0) {
                wanted = next == VALKEY_RDB[0] ? VALKEY_RDB : REDIS_RDB;
            }
            matched = next == wanted[matched] ? matched + 1 : next == wanted[0] ? 1 : 0;
            if (matched == wanted.length) {
                matched = 0;
                if (syncing) {
                    position = wanted.length;
                } else {
                    syncing = true;
                    replicas.add(this);
                }
            }
        }
    }
}
