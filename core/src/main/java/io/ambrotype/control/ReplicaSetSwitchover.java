package io.ambrotype.control;

import io.ambrotype.common.AmbrotypeException;
import io.ambrotype.common.ErrorCode;
import io.ambrotype.common.HostAndPort;
import io.ambrotype.common.Time;
import io.ambrotype.resp.RespErrorException;
import io.ambrotype.resp.ServerInfo;
import io.ambrotype.topology.Topology;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/**
 * The fail-over of a master with replicas that nobody watches.
 *
 * <p>From Redis 6.2 on the master does it: {@code FAILOVER TO host port TIMEOUT ms} holds its writers, waits until the replica
 * has everything, and changes places with it; after the timeout it goes on as before. Before 6.2 the same is done from
 * here: the master is fenced ({@code min-replicas-to-write}), the replicas catch up, the chosen one is made master, and the
 * old one follows it. From the moment of the fence on there is at most one server that takes writes.
 *
 * <p>The other replicas are pointed to the new master. The old master writes to its configuration file whom it follows: when
 * it is restarted it must not come back as a master, to which clients that know its address would write.
 *
 * <p>Nobody tells clients. Those that cannot find the master by themselves get {@code READONLY} from the old one, from the
 * fail-over until it is failed back.
 */
public final class ReplicaSetSwitchover implements Switchover {
    private static final Duration TIMEOUT = Duration.ofSeconds(5);
    private static final Duration SLACK = Duration.ofSeconds(2);
    private static final Duration PAUSE = Duration.ofSeconds(5);

    private final Handover handover;

    /**
     * Fail-overs of one run.
     *
     * @param topology the deployment as it was seen: by which addresses its servers call each other
     * @param limit how long a gate may stay closed without any progress
     */
    public ReplicaSetSwitchover(
            MemberConnections connections,
            DeploymentGates gates,
            TemporarySettings settings,
            Topology topology,
            Duration limit,
            Time time,
            GateListener listener) {
        this.handover = new Handover(connections, gates, settings, Names.of(topology), limit, time, listener);
    }

    @Override
    public Layout run(Layout now, Member from, Member to) {
        Layout after = now.afterSwitchover(from.id(), to.id());
        handover.awaitReady(now, from, to);
        List<Member> replicas = Handover.replicas(now, from);
        boolean able = Fence.canPause(handover.seen(from).state().version())
                && Fence.canPause(handover.seen(to).state().version());
        if (able) {
            failover(from, to);
        } else {
            fenced(from, to, replicas);
        }
        HostAndPort master = handover.names.of(to);
        for (Member other : replicas) {
            if (!other.equals(to)) {
                handover.follow(other, master);
            }
        }
        handover.rewriteOrTell(from);
        handover.awaitAfter(after, to);
        replicas.forEach(handover::rewriteOrTell);
        return after;
    }

    @Override
    public Layout follow(Layout now, Member replica, Member master) {
        Layout after = now.afterFollowing(replica.id(), master.id());
        handover.follow(replica, handover.names.of(master));
        new Gate(replica + " to follow " + master, handover.limit)
                .await(handover.time, handover.listener, handover.gates.inPlace(after));
        handover.rewriteOrTell(replica);
        return after;
    }

    private void failover(Member from, Member to) {
        HostAndPort target = listed(from, to);
        try {
            handover.connections.ask(
                    from,
                    connection -> connection.call(
                            "FAILOVER",
                            "TO",
                            target.host(),
                            Integer.toString(target.port()),
                            "TIMEOUT",
                            Long.toString(TIMEOUT.toMillis())));
        } catch (RespErrorException e) {
            throw AmbrotypeException.of(
                    ErrorCode.UNSAFE, from + " refused to fail over to " + to + ": " + e.serverMessage());
        }
        new Gate("the fail-over from " + from + " to " + to, TIMEOUT.plus(SLACK), Handover.SHORTEST)
                .await(handover.time, handover.listener, () -> {
                    ServerInfo info = handover.replication(from);
                    boolean underWay = !info.value("master_failover_state")
                            .orElse("no-failover")
                            .equals("no-failover");
                    if (underWay) {
                        return Optional.of(Missing.of("it is under way"));
                    }
                    if (info.require("role").equals("master")) {
                        throw AmbrotypeException.of(
                                        ErrorCode.UNSAFE,
                                        from + " gave up failing over to " + to + " and is master as before")
                                .withHint("its log says why; it serves");
                    }
                    return handover.isMaster(to)
                            ? Optional.empty()
                            : Optional.of(Missing.of(to + " is a replica still"));
                });
    }

    /** The replica as its master lists it, which is how FAILOVER wants it named. */
    private HostAndPort listed(Member from, Member to) {
        HostAndPort name = handover.names.of(to);
        return handover.seen(from).state().replication().attached().stream()
                .map(attached -> attached.address())
                .flatMap(Optional::stream)
                .filter(address -> handover.names.isAt(to, address))
                .findFirst()
                .orElse(name);
    }

    private void fenced(Member from, Member to, List<Member> replicas) {
        try (Fence _ = Fence.around(
                from,
                handover.seen(from).state().version(),
                PAUSE,
                handover.connections,
                handover.settings,
                handover.time,
                handover.listener)) {
            handover.awaitEqual(from, replicas);
            handover.connections.askTwice(to, connection -> connection.call("REPLICAOF", "NO", "ONE"));
            handover.follow(from, handover.names.of(to));
        }
    }
}
