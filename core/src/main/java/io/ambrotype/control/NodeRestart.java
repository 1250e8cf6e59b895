package io.ambrotype.control;

import io.ambrotype.common.AmbrotypeException;
import io.ambrotype.common.ErrorCode;
import io.ambrotype.common.Time;
import io.ambrotype.resp.RespConnectionException;
import io.ambrotype.resp.RespConnectionException.Reason;
import io.ambrotype.resp.RespErrorException;
import java.time.Duration;
import java.util.HashSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Stops a server and has it come back. It knows nothing of roles: whether the member may be stopped, and whether it is in
 * its place again, is for {@link DeploymentGates}.
 *
 * <p><b>Stopping.</b> {@code SHUTDOWN SAVE} where the server has save points, so that it comes back with its data and a
 * replica needs only what it missed; {@code SHUTDOWN NOSAVE} where it has neither save points nor an append-only file;
 * else {@code SHUTDOWN} by its own rules. A server may refuse: the save failed, or the first append-only file after a
 * full synchronization is still being written. It is asked again, each second, until the deadline. From Redis 7.0 on the
 * server first waits for its replicas ({@code shutdown-timeout}); a large save takes its time on every version.
 *
 * <p><b>Gone</b> is a server when nobody listens at its address, and, where that can be seen, its process has ended; or when
 * another process answers already, because a supervisor was faster.
 *
 * <p><b>Back</b> is it when a new process answers, has loaded its data, and is who it was. One that ends again meanwhile is
 * noticed soon: where its process was started from here, by that, and by the end of its log; else by its address, at
 * which nobody listens any more; and where a supervisor starts it again and again, by its many processes.
 */
public final class NodeRestart {
    private static final Duration PATIENCE = Duration.ofSeconds(60);
    /** Slow disks write this much of a dataset in a second. */
    private static final long SLOWEST_SAVE = 10L << 20;

    private static final Duration ONE_SECOND = Duration.ofSeconds(1);

    /** Processes of one start that a supervisor may need until one has loaded its data. */
    private static final int MOST_PROCESSES = 3;

    private final MemberConnections connections;
    private final DeploymentGates gates;
    private final Time time;
    private final GateListener listener;

    /** Restarts by these connections and gates. */
    public NodeRestart(MemberConnections connections, DeploymentGates gates, Time time, GateListener listener) {
        this.connections = connections;
        this.gates = gates;
        this.time = time;
        this.listener = listener;
    }

    /**
     * Stops the member and waits until it is gone.
     *
     * @return the id of the process that was stopped
     * @throws AmbrotypeException where it cannot be reached, refuses for too long, or does not end; it may still run then
     */
    public String stop(Member member, Starter starter) {
        Look.Seen before = seen(member);
        gates.requireSelf(before);
        String runId = before.state().runId();
        Duration saving = PATIENCE.plusSeconds(before.state().usedMemory() / SLOWEST_SAVE);
        String how = shutdownArgument(member);
        connections.release(member);
        new Gate(member + " to accept SHUTDOWN" + how, saving, ONE_SECOND)
                .await(time, listener, () -> shutdown(member, how, saving));
        new Gate(member + " to be gone", saving).await(time, listener, () -> notGone(member, runId, starter));
        return runId;
    }

    /**
     * Starts the member, unless it is back already, and waits until it answers as itself and has loaded its data.
     *
     * @param expected the layout in which it has its place
     * @param earlier the process that was stopped, empty where that is not known
     * @return how it is then
     * @throws AmbrotypeException where it cannot be started, does not come back, or comes back as somebody else
     */
    public Look.Seen start(Layout expected, Member member, Optional<String> earlier, Starter starter) {
        gates.ended(expected, member);
        if (!(connections.look(member) instanceof Look.Seen)) {
            starter.start(member);
        }
        Look.Seen[] back = new Look.Seen[1];
        new Gate(member + " to answer", PATIENCE).await(time, listener, () -> switch (connections.look(member)) {
            case Look.Unseen unseen -> Optional.of(ended(member, starter).orElse(Missing.of(unseen.reason())));
            case Look.Seen seen -> {
                back[0] = seen;
                yield earlier.filter(seen.state().runId()::equals)
                        .map(_ -> Missing.of(member + " is still the process that was stopped"));
            }
        });
        gates.answered(back[0]);
        Set<String> processes = new HashSet<>();
        new Gate(member + " to load its data", PATIENCE).await(time, listener, () -> switch (connections.look(member)) {
            case Look.Unseen unseen ->
                Optional.of(ended(member, starter)
                        .orElse(starter.isRevived() ? Missing.of(unseen.reason()) : Missing.gone(unseen)));
            case Look.Seen seen -> {
                gates.requireSelf(seen);
                back[0] = seen;
                processes.add(seen.state().runId());
                if (processes.size() > MOST_PROCESSES) {
                    throw AmbrotypeException.of(
                                    ErrorCode.UNSAFE,
                                    member + " ends and is started again and again: " + processes.size()
                                            + " processes so far, and none has loaded its data")
                            .withHint("its log says why it ends");
                }
                yield ReplicaGate.loading(seen);
            }
        });
        gates.loaded(back[0]);
        return back[0];
    }

    private static Optional<Missing> ended(Member member, Starter starter) {
        return starter.ended(member)
                .map(reason -> new Missing(member + " was started and ended again: " + reason, "", true));
    }

    /** What to say to SHUTDOWN, with a space in front; empty where the server's own rules are the right ones. */
    private String shutdownArgument(Member member) {
        boolean savePoints = !setting(member, "save").isEmpty();
        boolean appendOnly = setting(member, "appendonly").equals("yes");
        return savePoints ? " SAVE" : appendOnly ? "" : " NOSAVE";
    }

    private Optional<Missing> shutdown(Member member, String how, Duration limit) {
        try {
            connections.askAtLength(
                    member,
                    limit,
                    connection ->
                            how.isEmpty() ? connection.call("SHUTDOWN") : connection.call("SHUTDOWN", how.strip()));
            return Optional.of(Missing.of(member + " answered SHUTDOWN and goes on"));
        } catch (RespErrorException e) {
            return Optional.of(Missing.of(member + " refused SHUTDOWN: " + e.serverMessage()
                    + " (its log says why: a save that fails, or the first append-only file is being written)"));
        } catch (RespConnectionException e) {
            // It ends by closing the connection. Who does not answer at all any more has ended before.
            if (e.reason() == Reason.LOST || e.reason() == Reason.UNREACHABLE) {
                return Optional.empty();
            }
            throw e;
        }
    }

    private Optional<Missing> notGone(Member member, String runId, Starter starter) {
        Optional<Boolean> gone = starter.isGone(member);
        return switch (connections.look(member)) {
            case Look.Seen seen ->
                seen.state().runId().equals(runId)
                        ? Optional.of(Missing.of(member + " still answers"))
                        : Optional.empty();
            case Look.Unseen unseen -> {
                if (gone.isPresent()) {
                    yield gone.get() ? Optional.empty() : Optional.of(Missing.of("its process is still there"));
                }
                yield unseen.refused() ? Optional.empty() : Optional.of(Missing.of(unseen.reason()));
            }
        };
    }

    private String setting(Member member, String name) {
        try {
            Map<String, String> found = connections.ask(member, connection -> connection.pairs("CONFIG", "GET", name));
            return found.getOrDefault(name, "");
        } catch (RespErrorException _) {
            // Not told: then the server's own rules have to do, as with an append-only file.
            return name.equals("appendonly") ? "yes" : "";
        }
    }

    private Look.Seen seen(Member member) {
        return switch (connections.look(member)) {
            case Look.Seen seen -> seen;
            case Look.Unseen unseen -> throw AmbrotypeException.of(ErrorCode.UNSAFE, unseen.reason());
        };
    }
}
