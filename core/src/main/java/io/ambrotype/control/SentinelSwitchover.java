package io.ambrotype.control;

import io.ambrotype.common.AmbrotypeException;
import io.ambrotype.common.ErrorCode;
import io.ambrotype.common.HostAndPort;
import io.ambrotype.common.Time;
import io.ambrotype.resp.RespConnection;
import io.ambrotype.resp.RespErrorException;
import io.ambrotype.topology.Role;
import io.ambrotype.topology.SentinelReader;
import io.ambrotype.topology.SentinelSet;
import io.ambrotype.topology.SentinelSet.KnownReplica;
import io.ambrotype.topology.SentinelSet.Sentinel;
import io.ambrotype.topology.SentinelSet.View;
import io.ambrotype.topology.Topology;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;

/**
 * {@code SENTINEL FAILOVER} that loses no acknowledged write.
 *
 * <p>By itself it does: it promotes a replica while the old master goes on acknowledging, for ten seconds and more, until a
 * Sentinel demotes it (measured on 5.0, 7.0 and Valkey 9.1: most of the writes of that time were gone). So the old master is
 * fenced before ({@link Fence}), all replicas catch up, and it is told at once whom to follow when the new one has been
 * promoted; then the fence falls. What clients notice is the time that Sentinels need to see the promotion and to say so:
 * they ask once in a second.
 *
 * <p><b>Who is promoted</b> is for the Sentinel to choose: by the lowest {@code replica-priority}, not 0. Where the
 * candidate has not the lowest alone, priorities are changed for the time of the fail-over, and every Sentinel has to have
 * seen it, which may take the ten seconds of its INFO.
 *
 * <p><b>Configuration files.</b> Sentinels have servers rewrite theirs. What is set for a moment is put back and written
 * again by the end.
 *
 * <p>No time has to pass between two of these: twice {@code failover-timeout} holds up only fail-overs that Sentinels begin
 * by themselves (source: {@code sentinelStartFailoverIfNeeded}; two in a row on 5.0.5, 7.0.15 and Valkey 9.1.2).
 */
public final class SentinelSwitchover implements Switchover {
    /** Until the replicas have caught up. */
    private static final Duration FIRST_PAUSE = Duration.ofSeconds(4);

    /**
     * While a Sentinel promotes. Were this program to die now, the old master would be held until a Sentinel demotes it: it
     * does so when it has seen two masters for eight seconds.
     */
    private static final Duration PAUSE = Duration.ofSeconds(15);

    /** Sentinels ask for INFO every ten seconds. */
    private static final Duration PRIORITY_SEEN = Duration.ofSeconds(30);

    private static final String PRIORITY = "replica-priority";
    private static final String FIRST = "1";
    private static final String AS_BY_DEFAULT = "100";

    private final Handover handover;
    private final SentinelSet sentinels;
    private final SentinelReader reader;

    /**
     * Fail-overs of one run.
     *
     * @param topology the deployment as it was seen, with its Sentinels
     * @param limit how long a gate may stay closed without any progress
     * @throws IllegalArgumentException where it has no Sentinels
     */
    public SentinelSwitchover(
            MemberConnections connections,
            DeploymentGates gates,
            TemporarySettings settings,
            Topology topology,
            Duration limit,
            Time time,
            GateListener listener) {
        this.handover = new Handover(connections, gates, settings, Names.of(topology), limit, time, listener);
        this.sentinels =
                topology.sentinels().orElseThrow(() -> new IllegalArgumentException("the deployment has no Sentinels"));
        this.reader = new SentinelReader(connections.settings());
    }

    @Override
    public Layout run(Layout now, Member from, Member to) {
        Layout after = now.afterSwitchover(from.id(), to.id());
        handover.awaitReady(now, from, to);
        List<Member> replicas = Handover.replicas(now, from);
        try {
            prefer(to, replicas);
            new Gate("everybody to be ready for the fail-over to " + to, handover.limit)
                    .await(handover.time, handover.listener, handover.gates.inPlace(now));
            Member promoted = failover(from, replicas);
            handover.rewriteOrTell(from);
            if (!promoted.equals(to)) {
                throw AmbrotypeException.of(
                        ErrorCode.UNSAFE, "Sentinels promoted " + promoted + " and not " + to + "; no write was lost");
            }
            handover.awaitAfter(after, to);
        } finally {
            handover.settings.putBack().forEach(handover.listener::notice);
        }
        now.members().forEach(handover::rewriteOrTell);
        return after;
    }

    /** Sees to it that the candidate is the one that Sentinels choose. */
    private void prefer(Member to, List<Member> replicas) {
        int own = priority(to);
        List<Member> rivals = new ArrayList<>();
        for (Member other : replicas) {
            int priority = priority(other);
            if (!other.equals(to) && priority > 0 && (own == 0 || priority <= own)) {
                rivals.add(other);
            }
        }
        if (rivals.isEmpty() && own > 0) {
            return;
        }
        set(to, FIRST);
        for (Member rival : rivals) {
            if (priority(rival) == 1) {
                set(rival, AS_BY_DEFAULT);
            }
        }
        new Gate("every Sentinel to prefer " + to, PRIORITY_SEEN, Duration.ofMillis(200))
                .await(handover.time, handover.listener, () -> notPreferred(to));
    }

    private void set(Member member, String priority) {
        handover.settings.set(member, PRIORITY, priority).ifPresent(reason -> {
            throw AmbrotypeException.of(
                    ErrorCode.UNSAFE, "Sentinels cannot be made to choose the right replica: " + reason);
        });
    }

    private Optional<Missing> notPreferred(Member to) {
        for (Sentinel sentinel : reader.again(sentinels).sentinels()) {
            Optional<View> view = sentinel.view();
            if (view.isEmpty()) {
                continue;
            }
            int own = view.get().replicas().stream()
                    .filter(known -> handover.names.isAt(to, known.address()))
                    .mapToInt(KnownReplica::priority)
                    .findFirst()
                    .orElse(0);
            boolean first = own > 0
                    && view.get().replicas().stream()
                            .filter(known -> !handover.names.isAt(to, known.address()))
                            .allMatch(known -> known.priority() == 0 || known.priority() > own);
            if (!first) {
                return Optional.of(Missing.of(
                        "Sentinel " + sentinel.address() + " has not asked the replicas for their priorities since"));
            }
        }
        return Optional.empty();
    }

    /** @return who was promoted */
    private Member failover(Member from, List<Member> replicas) {
        try (Fence fence = Fence.around(
                from,
                handover.seen(from).state().version(),
                FIRST_PAUSE,
                handover.connections,
                handover.settings,
                handover.time,
                handover.listener)) {
            // All of them: whichever is promoted has everything.
            handover.awaitEqual(from, replicas);
            fence.renew(PAUSE);
            ask();
            return uninterrupted(() -> {
                Member promoted = awaitPromotion(fence, replicas);
                handover.follow(from, name(promoted));
                handover.dropClients(from);
                return promoted;
            });
        }
    }

    private void ask() {
        List<String> refusals = new ArrayList<>();
        for (Sentinel sentinel : sentinels.sentinels()) {
            if (sentinel.view().isEmpty()) {
                continue;
            }
            try (RespConnection connection =
                    SentinelReader.connect(sentinel.address(), handover.connections.settings())) {
                connection.call("SENTINEL", "FAILOVER", sentinels.masterName());
                return;
            } catch (RespErrorException e) {
                refusals.add(sentinel.address() + " says " + e.serverMessage());
            }
        }
        throw AmbrotypeException.of(
                ErrorCode.UNSAFE, "no Sentinel begins the fail-over: " + String.join("; ", refusals));
    }

    /** The writers are held for as long as a Sentinel may still promote somebody. */
    private Member awaitPromotion(Fence fence, List<Member> replicas) {
        Member[] promoted = new Member[1];
        new Gate("a Sentinel to promote a replica", sentinels.failoverTimeout(), Handover.SHORTEST)
                .await(handover.time, handover.listener, () -> {
                    fence.renew(PAUSE);
                    for (Member replica : replicas) {
                        // One that does not answer is not asked further: another may have been promoted.
                        if (handover.connections.look(replica) instanceof Look.Seen seen
                                && seen.state().replication().role() == Role.MASTER) {
                            promoted[0] = replica;
                            return Optional.empty();
                        }
                    }
                    return Optional.of(Missing.of("all replicas are replicas still"));
                });
        return promoted[0];
    }

    /** Between the fail-over's begin and the old master's change of sides nobody may let go of the fence. */
    private static <T> T uninterrupted(Supplier<T> action) {
        boolean interrupted = false;
        try {
            while (true) {
                interrupted |= Thread.interrupted();
                try {
                    return action.get();
                } catch (AmbrotypeException e) {
                    if (e.code() != ErrorCode.INTERRUPTED) {
                        throw e;
                    }
                    interrupted = true;
                }
            }
        } finally {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    /** As Sentinels call it, so that they find nothing to correct. */
    private HostAndPort name(Member member) {
        return sentinels.views().stream()
                .flatMap(view -> view.replicas().stream().map(KnownReplica::address))
                .filter(address -> handover.names.isAt(member, address))
                .findFirst()
                .orElse(handover.names.of(member));
    }

    private int priority(Member member) {
        String text = handover.setting(member, PRIORITY);
        return text.matches("[0-9]{1,9}") ? Integer.parseInt(text) : Integer.parseInt(AS_BY_DEFAULT);
    }
}
