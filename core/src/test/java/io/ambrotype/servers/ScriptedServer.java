package io.ambrotype.servers;

import io.ambrotype.common.HostAndPort;
import java.io.BufferedInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;

/** A server that says what a script tells it to, right or wrong. Connections end with their script. */
public final class ScriptedServer implements AutoCloseable {
    private final ServerSocket listener;
    private final List<Socket> sockets = new CopyOnWriteArrayList<>();

    /** What is said on one connection. */
    @FunctionalInterface
    public interface Script {
        /** Runs once per connection; what it throws ends the connection. */
        void run(Conversation client) throws IOException;
    }

    private ScriptedServer(ServerSocket listener) {
        this.listener = listener;
    }

    /** Listens on a free loopback port and runs the script for each connection. */
    public static ScriptedServer start(Script script) {
        return start(0, script);
    }

    /** The same on a port where one has listened before. */
    public static ScriptedServer start(int port, Script script) {
        try {
            ScriptedServer server = new ScriptedServer(new ServerSocket(port, 50, InetAddress.getLoopbackAddress()));
            Thread.ofVirtual().start(() -> server.accept(script));
            return server;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Where it listens. */
    public HostAndPort address() {
        return new HostAndPort("127.0.0.1", listener.getLocalPort());
    }

    @Override
    public void close() {
        try {
            listener.close();
            for (Socket socket : sockets) {
                socket.close();
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private void accept(Script script) {
        while (!listener.isClosed()) {
            try {
                Socket socket = listener.accept();
                sockets.add(socket);
                if (listener.isClosed()) {
                    // Accepted while it was closed: nobody else would end this one.
                    socket.close();
                    return;
                }
                Thread.ofVirtual().start(() -> {
                    try (socket) {
                        script.run(new Conversation(socket));
                    } catch (IOException _) {
                        // The client's side of the test says what it saw.
                    }
                });
            } catch (IOException _) {
                return;
            }
        }
    }

    /** One connection, from the server's side. */
    public static final class Conversation {
        private final Socket socket;
        private final InputStream in;
        private final OutputStream out;

        Conversation(Socket socket) throws IOException {
            this.socket = socket;
            this.in = new BufferedInputStream(socket.getInputStream());
            this.out = socket.getOutputStream();
        }

        /** Reads one command, an array of bulk strings, joined by spaces. */
        public String command() throws IOException {
            int count = Integer.parseInt(line().substring(1));
            List<String> words = new ArrayList<>();
            for (int i = 0; i < count; i++) {
                int length = Integer.parseInt(line().substring(1));
                words.add(new String(in.readNBytes(length), StandardCharsets.ISO_8859_1));
                line();
            }
            return String.join(" ", words);
        }

        /** Reads a command and answers it, for as many as there are answers. */
        public void answer(String... replies) throws IOException {
            for (String reply : replies) {
                command();
                send(reply);
            }
        }

        /** Sends text as it is. */
        public void send(String text) throws IOException {
            send(text.getBytes(StandardCharsets.ISO_8859_1));
        }

        /** Sends bytes as they are. */
        public void send(byte[] bytes) throws IOException {
            out.write(bytes);
            out.flush();
        }

        /** Sends the same text again and again until the client has gone. */
        public void trickle(String text, Duration period) {
            try (ScheduledExecutorService timer = Executors.newSingleThreadScheduledExecutor()) {
                Future<?> sending = timer.scheduleAtFixedRate(
                        () -> {
                            try {
                                send(text);
                            } catch (IOException e) {
                                throw new UncheckedIOException(e);
                            }
                        },
                        0,
                        period.toMillis(),
                        TimeUnit.MILLISECONDS);
                sending.get();
            } catch (ExecutionException | InterruptedException _) {
                // The client has gone.
            }
        }

        /** Waits until the client has gone, taking and dropping what it sends. */
        public void hold() throws IOException {
            in.transferTo(OutputStream.nullOutputStream());
        }

        /** Ends the connection with a reset instead of an orderly end. */
        public void reset() throws IOException {
            socket.setSoLinger(true, 0);
            socket.close();
        }

        private String line() throws IOException {
            StringBuilder line = new StringBuilder();
            for (int value = in.read(); value != '\n'; value = in.read()) {
                if (value < 0) {
                    throw new EOFException();
                }
                if (value != '\r') {
                    line.append((char) value);
                }
            }
            return line.toString();
        }
    }
}
