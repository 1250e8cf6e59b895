package io.ambrotype.control;

import io.ambrotype.common.Time;
import io.ambrotype.resp.RespErrorException;
import java.time.Duration;
import java.util.Optional;

/**
 * Has a server write its data to its own disk ({@code BGSAVE}), before it becomes the only live copy of its shard: what a
 * crash of it can lose is then bounded by what was written since.
 */
public final class BackgroundSave {
    private final MemberConnections connections;
    private final Time time;
    private final GateListener listener;

    /** Saves over these connections. */
    public BackgroundSave(MemberConnections connections, Time time, GateListener listener) {
        this.connections = connections;
        this.time = time;
        this.listener = listener;
    }

    /**
     * Saves and waits for the end. A save that somebody else has begun is waited for and followed by another.
     *
     * @param limit how long it may take to begin; a save that is under way may take as long as it makes progress
     * @throws io.ambrotype.common.AmbrotypeException {@code UNSAFE} where it cannot be begun, or fails
     */
    public void run(Member member, Duration limit) {
        new Gate(member + " to begin a BGSAVE", limit).await(time, listener, () -> begin(member));
        new Gate(member + " to end its BGSAVE", limit).await(time, listener, () -> unfinished(member));
    }

    private Optional<Missing> begin(Member member) {
        try {
            connections.ask(member, connection -> connection.call("BGSAVE"));
            return Optional.empty();
        } catch (RespErrorException e) {
            // Another child process is at work: a save for somebody else, or the append-only file is rewritten.
            return Optional.of(new Missing(member + ": " + e.serverMessage(), children(member)));
        }
    }

    private Optional<Missing> unfinished(Member member) {
        return switch (connections.look(member)) {
            case Look.Unseen unseen -> Optional.of(Missing.gone(unseen));
            case Look.Seen seen -> {
                if (seen.state().info().is("rdb_bgsave_in_progress")) {
                    yield Optional.of(new Missing(member + " is saving", children(seen)));
                }
                yield seen.state()
                                .info()
                                .value("rdb_last_bgsave_status")
                                .orElse("ok")
                                .equals("ok")
                        ? Optional.empty()
                        : Optional.of(Missing.of("the last BGSAVE of " + member
                                + " failed; its log says why, often that the disk is full or fork was refused"));
            }
        };
    }

    private String children(Member member) {
        return connections.look(member) instanceof Look.Seen seen ? children(seen) : "";
    }

    /** From 7.0 on servers tell how far a child has come; before, that it has been at work for longer. */
    private static String children(Look.Seen seen) {
        return seen.state()
                .info()
                .value("current_save_keys_processed")
                .or(() -> seen.state().info().value("rdb_current_bgsave_time_sec"))
                .orElse("");
    }
}
