package io.ambrotype.liverestore;

import io.ambrotype.common.HostAndPort;
import io.ambrotype.resp.RespReply;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * What is to be done with one key: commands that are sent together, to whoever has the key's slot, until they were answered. They
 * may be sent more than once, so they must not do harm then. Belongs to one thread at a time.
 */
final class KeyWork {
    /** Is given the replies to all commands, none of which is a redirection or a state that passes. */
    @FunctionalInterface
    interface Outcome {
        /**
         * Judges.
         *
         * @param node who answered
         * @param uncertain whether the commands may have been carried out before already
         */
        void of(HostAndPort node, List<RespReply> replies, boolean uncertain);
    }

    /**
     * Whether a command that may have been carried out was, by the length of what it adds to.
     *
     * @param question the command that asks for a length
     * @param before the length where it was not
     * @param after the length where it was
     */
    record Probe(List<byte[][]> question, long before, long after) {
        /** Keeps its own list. */
        Probe {
            question = List.copyOf(question);
        }

        byte[][] command() {
            return question.getFirst();
        }
    }

    final byte[] key;
    final int slot;
    final int database;
    final List<byte[][]> commands;
    final long bytes;
    final Outcome outcome;
    final Optional<Probe> probe;

    /** Where ASK sent it; once only. */
    @Nullable
    HostAndPort asked;

    /** Whether the commands may have been carried out, because the connection broke before all replies were there. */
    boolean uncertain;

    /** Why it has not been done yet. */
    String trouble = "";

    /** What to do about that. */
    Optional<String> hint = Optional.empty();

    KeyWork(
            byte[] key,
            int slot,
            int database,
            List<byte[][]> commands,
            Optional<Probe> probe,
            boolean uncertain,
            Outcome outcome) {
        this.key = key;
        this.slot = slot;
        this.database = database;
        this.commands = List.copyOf(commands);
        this.probe = probe;
        this.uncertain = uncertain;
        this.outcome = outcome;
        long size = key.length;
        for (byte[][] command : commands) {
            size += Commands.size(command);
        }
        this.bytes = size;
    }
}
