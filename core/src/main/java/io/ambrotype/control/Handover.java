package io.ambrotype.control;

import io.ambrotype.common.AmbrotypeException;
import io.ambrotype.common.ErrorCode;
import io.ambrotype.common.HostAndPort;
import io.ambrotype.common.Time;
import io.ambrotype.host.ConfigurationRewrite;
import io.ambrotype.resp.RespErrorException;
import io.ambrotype.resp.ServerInfo;
import io.ambrotype.resp.ServerVersion;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/** What every fail-over without the cluster bus consists of. */
final class Handover {
    static final Duration SHORTEST = Duration.ofMillis(2);

    /** How long replicas may take for what their master has written already, while its writers are held. */
    private static final Duration CATCH_UP = Duration.ofSeconds(2);

    /** What a replica takes over in some milliseconds. */
    private static final long SMALL_LAG = 256 * 1024;

    final MemberConnections connections;
    final DeploymentGates gates;
    final TemporarySettings settings;
    final Names names;
    final Duration limit;
    final Time time;
    final GateListener listener;

    Handover(
            MemberConnections connections,
            DeploymentGates gates,
            TemporarySettings settings,
            Names names,
            Duration limit,
            Time time,
            GateListener listener) {
        this.connections = connections;
        this.gates = gates;
        this.settings = settings;
        this.names = names;
        this.limit = limit;
        this.time = time;
        this.listener = listener;
    }

    /** Everything is in its place, the candidate is not older, nearly up to date, and the master's file can be written. */
    void awaitReady(Layout now, Member from, Member to) {
        new Gate("everybody to be ready for the fail-over to " + to, limit).await(time, listener, gates.inPlace(now));
        ServerVersion master = seen(from).state().version();
        ServerVersion candidate = seen(to).state().version();
        if (candidate.vendor() == master.vendor() && candidate.compareTo(master) < 0) {
            throw AmbrotypeException.of(
                            ErrorCode.UNSAFE,
                            to + " has " + candidate + " and its master " + from + " the newer " + master
                                    + ": the old master could not follow it")
                    .withHint("restart " + to + " with " + master + " or newer first");
        }
        rewrite(from).ifPresent(reason -> {
            throw AmbrotypeException.of(
                            ErrorCode.UNSAFE,
                            from + " cannot write down in its configuration file whom it follows: " + reason
                                    + "; restarted after a fail-over it would come back as a second master")
                    .withHint("start it with a configuration file that it may write");
        });
        new Gate(to + " to be up to date", limit).await(time, listener, () -> {
            long lag = offset(from) - offset(to);
            return lag > SMALL_LAG
                    ? Optional.of(Missing.of(to + " is " + lag + " bytes behind its master"))
                    : Optional.empty();
        });
    }

    /** Until the replicas have everything that their master has written; to be called while its writers are held. */
    void awaitEqual(Member from, List<Member> replicas) {
        long goal = offset(from);
        new Gate("the replicas to have all that was written to " + from, CATCH_UP, SHORTEST)
                .await(
                        time,
                        listener,
                        () -> replicas.stream()
                                .filter(replica -> offset(replica) < goal)
                                .findFirst()
                                .map(replica -> Missing.of(replica + " has not yet received everything")));
    }

    /** Points a server to a master, by the name that the other servers have for it. */
    void follow(Member replica, HostAndPort master) {
        connections.askTwice(
                replica, connection -> connection.call("REPLICAOF", master.host(), Integer.toString(master.port())));
    }

    /** Has a server write its state to its configuration file. @return why it could not */
    Optional<String> rewrite(Member member) {
        return rewrite(connections, member);
    }

    static Optional<String> rewrite(MemberConnections connections, Member member) {
        return connections.askTwice(
                member, connection -> ConfigurationRewrite.run(member.address(), member.id(), connection));
    }

    /** The same, where it is no reason to stop. */
    void rewriteOrTell(Member member) {
        rewrite(member)
                .ifPresent(reason ->
                        listener.notice(member + " did not write its configuration file (CONFIG REWRITE): " + reason));
    }

    /** Closes the clients of an old master: they would go on writing to it and read what is refused. */
    void dropClients(Member member) {
        try {
            connections.askTwice(member, connection -> connection.call("CLIENT", "KILL", "TYPE", "normal"));
        } catch (RespErrorException e) {
            listener.notice("the clients of " + member + " stay connected: " + e.getMessage());
        }
    }

    boolean isMaster(Member member) {
        return connections.askTwice(
                member, connection -> connection.array("ROLE").getFirst().text().equals("master"));
    }

    ServerInfo replication(Member member) {
        return connections.askTwice(member, connection -> ServerInfo.read(connection, "replication"));
    }

    long offset(Member member) {
        ServerInfo info = replication(member);
        return info.number("slave_repl_offset")
                .orElse(info.number("master_repl_offset").orElse(0));
    }

    Look.Seen seen(Member member) {
        return switch (connections.look(member)) {
            case Look.Seen seen -> seen;
            case Look.Unseen unseen -> throw AmbrotypeException.of(ErrorCode.UNSAFE, unseen.reason());
        };
    }

    /** The direct replicas of a master. */
    static List<Member> replicas(Layout layout, Member master) {
        return layout.places().stream()
                .filter(place -> place.master().equals(Optional.of(master.id())))
                .map(Layout.Place::member)
                .toList();
    }

    void awaitAfter(Layout after, Member to) {
        new Gate("everybody to know " + to + " as the new master", limit).await(time, listener, gates.inPlace(after));
    }

    /** What a member says that its setting is; empty where it does not tell. */
    String setting(Member member, String name) {
        return connections.askTwice(
                member, connection -> connection.pairs("CONFIG", "GET", name).getOrDefault(name, ""));
    }
}
