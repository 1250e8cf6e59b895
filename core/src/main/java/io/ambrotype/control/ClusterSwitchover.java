package io.ambrotype.control;

import io.ambrotype.common.AmbrotypeException;
import io.ambrotype.common.ErrorCode;
import io.ambrotype.common.Time;
import io.ambrotype.resp.RespErrorException;
import io.ambrotype.resp.ServerVersion;
import io.ambrotype.resp.ServerVersion.Vendor;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * {@code CLUSTER FAILOVER}, with what has to be seen before and after.
 *
 * <p>Before: everything of {@link ClusterGates} in every view, above all the links that votes travel on; the candidate's
 * version is not older than the master's, because an older server cannot follow a newer one; its lag is small, because
 * the master holds its writers until the candidate has everything; its offset is not 0, because an idle master of Redis
 * 5.0 and 6.0 says 0, which a candidate takes for "not told yet" and waits in vain (redis/redis#8435): the next PING of
 * the replication stream mends that; its last election is far enough back ({@link Elections}); and no master of another
 * shard has just been started.
 *
 * <p>Then the candidate is asked, once. Servers give up after five seconds ({@code CLUSTER_MF_TIMEOUT}, from Valkey 8.1
 * {@code cluster-manual-failover-timeout}), and the master may keep its writers waiting for twice as long. After a
 * failure nothing is asked again before that time and the cool-down are over; then once more, and then it stops.
 *
 * <p>After: the same gates for the new layout, in which the old master is a replica of the new one, with its link up and
 * caught up, and every view has the new owner of the slots with its epoch.
 */
public final class ClusterSwitchover implements Switchover {
    private static final Duration MANUAL_FAILOVER = Duration.ofSeconds(5);
    private static final Duration NODE_TIMEOUT = Duration.ofSeconds(15);
    private static final Duration SLACK = Duration.ofSeconds(1);
    private static final Duration SHORTEST = Duration.ofMillis(5);

    /** What a candidate takes over while its master holds the writers: some milliseconds of the network. */
    private static final long SMALL_LAG = 256 * 1024;

    private static final int ATTEMPTS = 2;

    private final MemberConnections connections;
    private final DeploymentGates gates;
    private final Elections elections;
    private final Duration limit;
    private final Time time;
    private final GateListener listener;

    /**
     * Fail-overs of one run.
     *
     * @param limit how long a gate may stay closed without any progress
     */
    public ClusterSwitchover(
            MemberConnections connections,
            DeploymentGates gates,
            Elections elections,
            Duration limit,
            Time time,
            GateListener listener) {
        this.connections = connections;
        this.gates = gates;
        this.elections = elections;
        this.limit = limit;
        this.time = time;
        this.listener = listener;
    }

    @Override
    public Layout run(Layout now, Member from, Member to) {
        Layout after = now.afterSwitchover(from.id(), to.id());
        for (int attempt = 1; ; attempt++) {
            awaitReady(now, from, to);
            if (attempt(from, to)) {
                break;
            }
            if (attempt == ATTEMPTS) {
                throw AmbrotypeException.of(
                                ErrorCode.UNSAFE,
                                to + " was asked " + ATTEMPTS + " times to take over from " + from
                                        + ", and each time its fail-over ran out of time")
                        .withHint("the logs of " + to + " and of the masters say why; the cluster serves as before");
            }
            listener.notice(
                    to + " did not take over from " + from
                            + " in time; writers of this shard were held meanwhile; it is asked once more when its cool-down is over");
        }
        new Gate("everybody to know " + to + " as the new master", limit)
                .await(time, listener, gates.inPlace(after, List.of()));
        return after;
    }

    private void awaitReady(Layout now, Member from, Member to) {
        new Gate("everybody to be ready for the fail-over to " + to, limit)
                .await(time, listener, gates.inPlace(now, List.of(from, to)));
        requireNotOlder(from, to);
        awaitCoolDown(to);
        new Gate(to + " to be up to date", limit).await(time, listener, () -> notUpToDate(from, to));
        new Gate("every master to have served for a while", limit).await(time, listener, gates.steady(now));
        // What was true before the cool-down need not be true after it.
        new Gate("everybody to be ready for the fail-over to " + to, limit)
                .await(time, listener, gates.inPlace(now, List.of(from, to)));
    }

    private void requireNotOlder(Member from, Member to) {
        ServerVersion master = seen(from).state().version();
        ServerVersion candidate = seen(to).state().version();
        if (candidate.vendor() == master.vendor() && candidate.compareTo(master) < 0) {
            throw AmbrotypeException.of(
                            ErrorCode.UNSAFE,
                            to + " has " + candidate + " and its master " + from + " the newer " + master
                                    + ": the old master could not follow it")
                    .withHint("restart " + to + " with " + master + " or newer first");
        }
    }

    private void awaitCoolDown(Member to) {
        Duration nodeTimeout = setting(to, "cluster-node-timeout", NODE_TIMEOUT);
        Look.Seen candidate = seen(to);
        Duration coolDown = elections.coolDown(candidate, nodeTimeout, time.instant());
        if (coolDown.isPositive()) {
            new Gate(
                            "the cool-down of " + to + " after its last election",
                            coolDown.plus(SLACK),
                            Duration.ofMillis(200))
                    .await(time, listener, () -> {
                        Duration rest = elections.coolDown(candidate, nodeTimeout, time.instant());
                        return rest.isPositive()
                                ? Optional.of(Missing.of("a replica cannot stand twice within four node timeouts; "
                                        + rest.plusMillis(999).toSeconds() + " s to go"))
                                : Optional.empty();
                    });
        }
    }

    private Optional<Missing> notUpToDate(Member from, Member to) {
        // The master first: what the candidate says then is never younger than what it is compared with.
        Look.Seen master = seen(from);
        Look.Seen candidate = seen(to);
        long lag = master.state().replication().offset().value()
                - candidate.state().replication().offset().value();
        if (lag > SMALL_LAG) {
            return Optional.of(Missing.of(to + " is behind its master by more than " + SMALL_LAG + " bytes"));
        }
        ServerVersion version = candidate.state().version();
        if (version.vendor() == Vendor.REDIS
                && !version.isAtLeast(Vendor.REDIS, 6, 2)
                && candidate.state().replication().offset().value() == 0) {
            return Optional.of(Missing.of("nothing was ever written to " + from
                    + "; the next PING of its replication stream is needed first"));
        }
        return Optional.empty();
    }

    /** @return whether the candidate is master */
    private boolean attempt(Member from, Member to) {
        Look.Seen candidate = seen(to);
        Duration servers = setting(to, "cluster-manual-failover-timeout", MANUAL_FAILOVER);
        Instant begun = time.instant();
        elections.begin(new Election(to, candidate.state().runId(), begun));
        connections.ask(to, connection -> connection.call("CLUSTER", "FAILOVER"));
        Instant deadline = begun.plus(servers).plus(SLACK);
        boolean master = became(to, deadline, "the fail-over from " + from + " to " + to);
        // A vote may come in late; and where none does, the master goes on holding its writers for a while.
        return master || became(to, begun.plus(servers.multipliedBy(2)), "the end of the writers' pause on " + from);
    }

    private boolean became(Member to, Instant deadline, String what) {
        Duration rest = Duration.between(time.instant(), deadline);
        try {
            new Gate(what, rest.isPositive() ? rest : Duration.ZERO, SHORTEST)
                    .await(
                            time,
                            listener,
                            () -> isMaster(to)
                                    ? Optional.empty()
                                    : Optional.of(Missing.of(to + " is a replica still")));
            return true;
        } catch (AmbrotypeException e) {
            if (e.code() == ErrorCode.UNSAFE) {
                return false;
            }
            throw e;
        }
    }

    private boolean isMaster(Member member) {
        return connections.ask(
                member, connection -> connection.array("ROLE").getFirst().text().equals("master"));
    }

    private Look.Seen seen(Member member) {
        return switch (connections.look(member)) {
            case Look.Seen seen -> seen;
            case Look.Unseen unseen -> throw AmbrotypeException.of(ErrorCode.UNSAFE, unseen.reason());
        };
    }

    /** A setting in milliseconds, or what servers have by default where it is unknown to them or to us. */
    private Duration setting(Member member, String name, Duration byDefault) {
        try {
            Map<String, String> found = connections.ask(member, connection -> connection.pairs("CONFIG", "GET", name));
            String value = found.getOrDefault(name, "");
            return value.matches("[0-9]{1,12}") ? Duration.ofMillis(Long.parseLong(value)) : byDefault;
        } catch (RespErrorException _) {
            return byDefault;
        }
    }
}
