package io.ambrotype.servers;

import io.ambrotype.common.HostAndPort;
import io.ambrotype.mutation.Mutator;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.Map;
import java.util.concurrent.atomic.AtomicReference;

/**
 * A server that answers as a real one did, but one command with a damaged reply. Of a bulk string only the text is damaged;
 * behind any other damaged reply the connection ends, so that a client that was promised more does not wait for it; so it
 * does behind a subscription.
 */
public final class MutatedServer implements AutoCloseable {
    private record Play(Map<String, byte[]> replies, String damaged) {
        private byte[] reply() {
            return replies.getOrDefault(damaged, new byte[0]);
        }
    }

    private final ScriptedServer server;
    private final AtomicReference<Play> play = new AtomicReference<>(new Play(Map.of(), ""));

    /** One that knows no command yet. */
    public MutatedServer() {
        this.server = ScriptedServer.start(this::converse);
    }

    /** Where it listens. */
    public HostAndPort address() {
        return server.address();
    }

    /** From now on it answers so, and to {@code damaged} with what the mutator makes of the reply. */
    public void play(Map<String, byte[]> replies, String damaged, Mutator mutator) {
        byte[] reply = replies.get(damaged);
        if (reply == null) {
            throw new IllegalArgumentException("no reply to " + damaged);
        }
        Map<String, byte[]> played = new HashMap<>(replies);
        played.put(damaged, reply[0] == '$' ? bulk(mutator.next(text(reply))) : mutator.next(reply));
        play.set(new Play(played, damaged));
    }

    /** What it does, for messages. */
    public String described() {
        Play now = play.get();
        return now.damaged + " -> " + HexFormat.of().formatHex(now.reply());
    }

    @Override
    public void close() {
        server.close();
    }

    private void converse(ScriptedServer.Conversation client) throws IOException {
        Play now = play.get();
        while (true) {
            String command = client.command();
            byte[] reply = now.replies.get(command);
            client.send(reply == null ? "-ERR unknown command\r\n".getBytes(StandardCharsets.US_ASCII) : reply);
            boolean damaged = command.equals(now.damaged) && !isBulk(now.reply());
            if (damaged || command.startsWith("SUBSCRIBE ")) {
                return;
            }
        }
    }

    private static boolean isBulk(byte[] reply) {
        return reply.length > 0 && reply[0] == '$' && Arrays.equals(reply, bulk(text(reply)));
    }

    private static byte[] text(byte[] bulk) {
        int begin = 0;
        while (begin < bulk.length && bulk[begin] != '\n') {
            begin++;
        }
        return Arrays.copyOfRange(bulk, Math.min(bulk.length, begin + 1), Math.max(begin + 1, bulk.length - 2));
    }

    private static byte[] bulk(byte[] text) {
        byte[] head = ("$" + text.length + "\r\n").getBytes(StandardCharsets.US_ASCII);
        byte[] bulk = Arrays.copyOf(head, head.length + text.length + 2);
        System.arraycopy(text, 0, bulk, head.length, text.length);
        bulk[bulk.length - 2] = '\r';
        bulk[bulk.length - 1] = '\n';
        return bulk;
    }
}
