package io.ambrotype.control;

import static org.awaitility.Awaitility.await;

import io.ambrotype.common.HostAndPort;
import io.ambrotype.servers.ScriptedServer;
import io.ambrotype.servers.ScriptedServer.Conversation;
import io.ambrotype.topology.NodeId;
import java.io.IOException;
import java.net.ConnectException;
import java.net.Socket;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/** A node that answers what a gate asks, with what a test wants it to say: also what real servers say once in a year. */
final class FakeNode implements AutoCloseable {
    private static final AtomicInteger IDS = new AtomicInteger();

    private final NodeId id = new NodeId(String.format("%040x", IDS.incrementAndGet()));
    private final Map<String, String> info = new ConcurrentHashMap<>();
    private final Map<String, String> answers = new ConcurrentHashMap<>();
    private final Map<String, String> settings = new ConcurrentHashMap<>();
    private final AtomicInteger starts = new AtomicInteger();
    private final HostAndPort address;
    /** Who takes it out ends it: the process that hears SHUTDOWN never ends the one that is started after it. */
    private final AtomicReference<@Nullable ScriptedServer> server = new AtomicReference<>();

    FakeNode() {
        ScriptedServer first = ScriptedServer.start(this::converse);
        server.set(first);
        address = first.address();
        starts.set(1);
        info.putAll(Map.of(
                "redis_version", "7.0.15",
                "uptime_in_seconds", "1000",
                "role", "master",
                "master_replid", "a".repeat(40),
                "master_repl_offset", "1000",
                "loading", "0"));
    }

    Member member() {
        return new Member(id, address);
    }

    /** A line of its INFO. */
    FakeNode with(String field, String value) {
        info.put(field, value);
        return this;
    }

    /** What it answers to a command, as it stands on the wire. */
    FakeNode answering(String command, String reply) {
        answers.put(command, reply);
        return this;
    }

    /** What CONFIG GET says. */
    FakeNode set(String name, String value) {
        settings.put(name, value);
        return this;
    }

    /** Nobody listens any more. */
    void end() {
        ScriptedServer running = server.getAndSet(null);
        if (running != null) {
            running.close();
            await().until(this::isRefused);
        }
    }

    /** A socket that is closed while its thread accepts goes on listening for a moment. */
    private boolean isRefused() {
        try (Socket _ = new Socket(address.host(), address.port())) {
            return false;
        } catch (ConnectException _) {
            return true;
        } catch (IOException _) {
            return false;
        }
    }

    /** A new process listens. */
    void start() {
        starts.incrementAndGet();
        server.set(ScriptedServer.start(address.port(), this::converse));
    }

    /** The same connections, another process: as if it had been away between two questions. */
    void changeProcess() {
        starts.incrementAndGet();
    }

    @Override
    public void close() {
        end();
    }

    static String bulk(String text) {
        return "$" + text.length() + "\r\n" + text + "\r\n";
    }

    private void converse(Conversation client) throws IOException {
        while (true) {
            String command = client.command();
            String answer = answer(command);
            if (answer.isEmpty()) {
                end();
                return;
            }
            client.send(answer);
        }
    }

    /** Empty where it ends instead. */
    private String answer(String command) {
        String wanted = answers.get(command);
        if (wanted != null) {
            return wanted;
        }
        if (command.startsWith("SHUTDOWN")) {
            return "";
        }
        if (command.startsWith("INFO")) {
            StringBuilder text = new StringBuilder("# All\r\nrun_id:" + runId() + "\r\n");
            new TreeMap<>(info).forEach((field, value) -> text.append(field + ":" + value + "\r\n"));
            return bulk(text.toString());
        }
        if (command.startsWith("CONFIG GET ")) {
            String name = command.substring("CONFIG GET ".length());
            String value = settings.get(name);
            return value == null ? "*0\r\n" : "*2\r\n" + bulk(name) + bulk(value);
        }
        if (command.startsWith("CONFIG SET ")) {
            String[] words = command.split(" ", 4);
            settings.put(words[2], words[3]);
            return "+OK\r\n";
        }
        if (command.equals("PING")) {
            return "+PONG\r\n";
        }
        if (command.equals("TIME")) {
            return "*2\r\n" + bulk("1700000000") + bulk("0");
        }
        return "+OK\r\n";
    }

    private String runId() {
        return String.format("%040d", starts.get());
    }
}
