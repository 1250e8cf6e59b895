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
import org.jspecify.annotations.Nullable;

/**
 * A wire between whoever connects to it and one server. It can hold back what the server sends to a replica, and cut or falsify
 * an RDB on its way. Safe for use by several threads.
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

    /** What happens to each RDB that passes. */
    sealed interface Fault {
        record None() implements Fault {}

        /** The connection ends before the byte at this offset of the RDB, which is at least 6. */
        record Cut(long offset) implements Fault {}

        /** One bit of the byte at this offset of the RDB, which is at least 6, is not what it was. */
        record Flip(long offset, int bit) implements Fault {}
    }

    /** A wire to the given server, at a free port. */
    Relay(HostAndPort server) {
        this.server = server;
        try {
            door = new ServerSocket(Labs.freePorts(1), 50, InetAddress.ofLiteral("127.0.0.1"));
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
                Thread.ofVirtual().start(() -> pass(client, target, null));
                Thread.ofVirtual().start(() -> pass(target, client, new Watch()));
            }
        } catch (IOException e) {
            // Closed, or the server is gone: whoever waits for it finds out.
        }
    }

    private void pass(Socket from, Socket to, @Nullable Watch watch) {
        byte[] buffer = new byte[1 << 14];
        try (from;
                to) {
            InputStream in = from.getInputStream();
            OutputStream out = to.getOutputStream();
            for (int count = in.read(buffer); count >= 0; count = in.read(buffer)) {
                int passed = count;
                if (watch != null) {
                    watch.await();
                    passed = watch.falsify(buffer, count);
                }
                out.write(buffer, 0, passed);
                if (passed < count) {
                    return;
                }
            }
        } catch (IOException | InterruptedException e) {
            // One side is gone; closing tells the other.
        }
    }

    /** Knows where in an RDB the server's side of a connection is. */
    private final class Watch {
        private volatile CountDownLatch open = new CountDownLatch(0);
        private boolean syncing;
        private byte[] wanted = FULL_SYNC;
        private int matched;
        private long position = -1;

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
