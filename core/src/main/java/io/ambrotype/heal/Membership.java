package io.ambrotype.heal;

import io.ambrotype.common.AmbrotypeException;
import io.ambrotype.common.ErrorCode;
import io.ambrotype.common.Time;
import io.ambrotype.control.Gate;
import io.ambrotype.control.Look;
import io.ambrotype.control.Member;
import io.ambrotype.control.MemberConnections;
import io.ambrotype.control.Missing;
import io.ambrotype.resp.RespErrorException;
import io.ambrotype.resp.ServerInfo;
import io.ambrotype.topology.ClusterView;
import io.ambrotype.topology.NodeFlag;
import io.ambrotype.topology.NodeId;
import io.ambrotype.topology.NodeState;
import io.ambrotype.topology.NodesConf.Line;
import io.ambrotype.topology.ReplicationState;
import io.ambrotype.topology.Role;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.function.BiFunction;
import java.util.function.Supplier;

/**
 * The acts by which membership changes, each with the gate that shows on every member's own view that it took place.
 * Members that do not answer are no party to it; who takes part is for the caller to say. For one thread.
 */
final class Membership {
    private final MemberConnections connections;
    private final Duration limit;
    private final Time time;
    private final HealListener listener;

    /**
     * Acts over these connections.
     *
     * @param limit how long a gate may stay closed without any progress
     */
    Membership(MemberConnections connections, Duration limit, Time time, HealListener listener) {
        this.connections = connections;
        this.limit = limit;
        this.time = time;
        this.listener = listener;
    }

    /**
     * Makes a server a member: it is a master without slots then.
     *
     * <p>Every member is told, not one: gossip would spread the news too, but takes its time in a large cluster, and a
     * member that does not know a master yet drops the messages of its replicas.
     *
     * @param busPort its port of the cluster bus
     */
    void meet(Member newcomer, int busPort, Collection<Member> members) {
        String address = ipAddress(newcomer);
        connections.each(
                members,
                member -> connections.ask(
                        member,
                        connection -> connection.call(
                                "CLUSTER",
                                "MEET",
                                address,
                                Integer.toString(newcomer.address().port()),
                                Integer.toString(busPort))));
        gate("every node to know " + newcomer).await(time, listener, () -> unknown(newcomer, members));
    }

    /** Waits until the member and all others are connected both ways and nobody has anything against it. */
    void awaitKnown(Member member, Collection<Member> members) {
        gate("every node to know " + member).await(time, listener, () -> unknown(member, members));
    }

    /**
     * Waits until a server that was started answers as that member.
     *
     * @param ended why it will not, as soon as that is known
     */
    void awaitBack(Member member, Supplier<Optional<String>> ended) {
        gate(member + " to answer as " + member.id().shortForm()).await(time, listener, () -> {
            Look look = connections.look(member);
            if (look instanceof Look.Unseen unseen) {
                ended.get().ifPresent(reason -> {
                    throw AmbrotypeException.of(ErrorCode.UNSAFE, member + " was started and ended again: " + reason);
                });
                return Optional.of(Missing.of(unseen.reason()));
            }
            return view(look) instanceof Viewed.Not(String reason)
                    ? Optional.of(new Missing(reason, loading(look)))
                    : Optional.empty();
        });
    }

    private static String loading(Look look) {
        return look instanceof Look.Seen seen
                ? seen.state().info().value("loading_loaded_bytes").orElse("")
                : "";
    }

    /** Makes a member the replica of a master and waits until it has its data and everybody knows. */
    void replicate(Member replica, Member master, Collection<Member> members) {
        connections.ask(
                replica,
                connection ->
                        connection.call("CLUSTER", "REPLICATE", master.id().value()));
        awaitFollowing(replica, master, members);
    }

    /** Waits until the replica is in step with its master, and everybody sees it as its replica. */
    void awaitFollowing(Member replica, Member master, Collection<Member> members) {
        long[] goal = {-1};
        gate(replica + " to be in step with its master " + master)
                .await(time, listener, () -> notFollowing(replica, master, goal));
        gate("every node to see " + replica + " as a replica of " + master)
                .await(time, listener, () -> notSeen(replica, master, members));
    }

    /** Waits until a newcomer sees the slots of every member as that member does, and the cluster as up where they all do. */
    void awaitOwnersKnown(Member newcomer, Collection<Member> members) {
        gate(newcomer + " to know who has which slots").await(time, listener, () -> ownersUnknown(newcomer, members));
    }

    private Optional<Missing> ownersUnknown(Member newcomer, Collection<Member> members) {
        return inViews(List.of(newcomer), (_, own) -> {
            List<Member> down = new ArrayList<>();
            Optional<Missing> unknown = inViews(members, (member, view) -> {
                if (!view.stateOk()) {
                    down.add(member);
                }
                return own.line(member.id())
                                .filter(line ->
                                        line.slots().equals(view.myself().slots()))
                                .isPresent()
                        ? Optional.empty()
                        : Optional.of(newcomer + " does not know the slots of " + member);
            });
            return unknown.map(Missing::sentence)
                    .or(() -> down.isEmpty() ? notServing(newcomer, own) : Optional.empty());
        });
    }

    /**
     * Has a replica take the slots of its master, which is no more.
     *
     * @param vote whether the other masters vote; else it takes them without
     */
    void takeOver(Member replica, NodeId ghost, boolean vote, Collection<Member> members) {
        connections.ask(replica, connection -> connection.call("CLUSTER", "FAILOVER", vote ? "FORCE" : "TAKEOVER"));
        gate("every node to see " + replica + " in the place of node " + ghost.shortForm())
                .await(time, listener, () -> notTakenOver(replica, ghost, members));
    }

    private Optional<Missing> notTakenOver(Member replica, NodeId ghost, Collection<Member> members) {
        return inViews(members, (member, view) -> {
            boolean done = view.line(replica.id())
                            .filter(line ->
                                    line.role() == Role.MASTER && !line.slots().isEmpty())
                            .isPresent()
                    && view.line(ghost).filter(line -> !line.slots().isEmpty()).isEmpty();
            return done ? Optional.empty() : Optional.of(member + " does not see it so yet");
        });
    }

    /** Waits until every member serves again: those that were in a minority take some time. */
    void awaitServing(Collection<Member> members) {
        gate("every node to serve").await(time, listener, () -> inViews(members, Membership::notServing));
    }

    private static Optional<String> notServing(Member member, ClusterView view) {
        return view.stateOk() ? Optional.empty() : Optional.of(member + " says that the cluster is down");
    }

    /**
     * Has every member forget a node. Each refuses to hear of it again for a minute, in which all of them have to be told;
     * they are told side by side. From 7.2 on they also tell each other.
     */
    void forget(NodeId ghost, Collection<Member> members) {
        connections.each(members, member -> {
            try {
                return connections.ask(member, connection -> connection.text("CLUSTER", "FORGET", ghost.value()));
            } catch (RespErrorException e) {
                if (e.serverMessage().contains("Unknown node")) {
                    return "";
                }
                throw e;
            }
        });
        gate("every node to have forgotten " + ghost.shortForm())
                .await(time, listener, () -> remembered(ghost, members));
    }

    /** Nodes tell each other addresses, not names. */
    private static String ipAddress(Member member) {
        try {
            return InetAddress.getByName(member.address().host()).getHostAddress();
        } catch (UnknownHostException e) {
            throw AmbrotypeException.of(ErrorCode.USAGE, "the host name of " + member + " is not known")
                    .withHint("CLUSTER MEET needs an IP address: give the address instead of the name")
                    .causedBy(e);
        }
    }

    private Gate gate(String what) {
        return new Gate(what, limit);
    }

    private Optional<Missing> unknown(Member newcomer, Collection<Member> members) {
        List<Member> all = new ArrayList<>(members);
        all.remove(newcomer);
        for (Look look : connections.look(all)) {
            Optional<Missing> missing = strangeness(look, newcomer);
            if (missing.isPresent()) {
                return missing;
            }
        }
        Look own = connections.look(newcomer);
        for (Member member : all) {
            Optional<Missing> missing = strangeness(own, member);
            if (missing.isPresent()) {
                return missing;
            }
        }
        return Optional.empty();
    }

    private static Optional<Missing> strangeness(Look viewer, Member other) {
        return switch (view(viewer)) {
            case Viewed.Not(String reason) -> Optional.of(Missing.of(reason));
            case Viewed.View(ClusterView view) ->
                view.line(other.id())
                        .map(line -> trouble(line)
                                .map(what -> viewer.member() + " has " + other + " as " + what)
                                .or(() -> introduction(view, line)
                                        .map(_ -> viewer.member() + " is still being introduced to " + other)))
                        .orElse(Optional.of(viewer.member() + " does not know " + other))
                        .map(Missing::of);
        };
    }

    /**
     * The handshake with an address where a known node is: gossip was as fast as CLUSTER MEET. It ends when the node answers
     * and turns out to be known; until then it is a change of membership under way.
     */
    private static Optional<Line> introduction(ClusterView view, Line known) {
        return view.lines().stream()
                .filter(line -> line.flags().contains(NodeFlag.HANDSHAKE))
                .filter(line -> line.host().equals(known.host()) && line.port() == known.port())
                .findFirst();
    }

    private static Optional<String> trouble(Line line) {
        for (NodeFlag flag : List.of(NodeFlag.HANDSHAKE, NodeFlag.NOADDR, NodeFlag.FAIL, NodeFlag.PFAIL)) {
            if (line.flags().contains(flag)) {
                return Optional.of(flag.text());
            }
        }
        return line.connected() ? Optional.empty() : Optional.of("not connected");
    }

    private Optional<Missing> notFollowing(Member replica, Member master, long[] goal) {
        Look above = connections.look(master);
        Look look = connections.look(replica);
        if (above instanceof Look.Unseen unseen) {
            return Optional.of(Missing.of(unseen.reason()));
        }
        if (look instanceof Look.Unseen unseen) {
            return Optional.of(Missing.of(unseen.reason()));
        }
        NodeState upper = ((Look.Seen) above).state();
        NodeState state = ((Look.Seen) look).state();
        ReplicationState own = state.replication();
        String progress = progress(replica, state.info());
        if (own.role() != Role.REPLICA) {
            return Optional.of(Missing.of(replica + " says that it is a master still"));
        }
        if (state.isLoading() || own.syncInProgress()) {
            return Optional.of(new Missing(replica + " is receiving its data", progress));
        }
        if (!own.linkUp()) {
            return Optional.of(new Missing("the link of " + replica + " to its master is down", progress));
        }
        if (!own.id().equals(upper.replication().id())) {
            return Optional.of(
                    Missing.of("the data of " + replica + " are of another history than those of " + master));
        }
        if (goal[0] < 0) {
            goal[0] = upper.replication().offset().value();
        }
        return own.offset().value() < goal[0]
                ? Optional.of(
                        new Missing(replica + " is " + (goal[0] - own.offset().value()) + " bytes behind", progress))
                : Optional.empty();
    }

    private String progress(Member replica, ServerInfo info) {
        long left = info.number("master_sync_left_bytes").orElse(-1);
        long read = info.number("master_sync_read_bytes").orElse(0);
        long total = info.number("master_sync_total_bytes").orElse(left > 0 ? read + left : 0);
        if (info.is("master_sync_in_progress")) {
            listener.synchronizing(replica, read > 0 ? read : total > 0 ? total - left : 0, total);
        }
        return left + " " + read + " " + info.value("slave_repl_offset").orElse("") + " "
                + info.value("loading_loaded_bytes").orElse("");
    }

    private Optional<Missing> notSeen(Member replica, Member master, Collection<Member> members) {
        List<Member> all = new ArrayList<>(members);
        if (!all.contains(replica)) {
            all.add(replica);
        }
        return inViews(
                        all,
                        (member, view) -> view.line(replica.id())
                                        .filter(line -> line.role() == Role.REPLICA
                                                && line.master()
                                                        .filter(master.id()::equals)
                                                        .isPresent())
                                        .isPresent()
                                ? Optional.empty()
                                : Optional.of(member + " does not see " + replica + " as a replica of " + master))
                .or(() -> unknown(replica, members));
    }

    private Optional<Missing> remembered(NodeId ghost, Collection<Member> members) {
        return inViews(
                members,
                (member, view) -> view.line(ghost).map(_ -> member + " still knows node " + ghost.shortForm()));
    }

    /** What the first of these members lacks whose view cannot be had or does not pass the test; empty where none does. */
    private Optional<Missing> inViews(
            Collection<Member> members, BiFunction<Member, ClusterView, Optional<String>> test) {
        for (Look look : connections.look(members)) {
            Optional<String> missing = switch (view(look)) {
                case Viewed.Not(String reason) -> Optional.of(reason);
                case Viewed.View(ClusterView view) -> test.apply(look.member(), view);
            };
            if (missing.isPresent()) {
                return missing.map(Missing::of);
            }
        }
        return Optional.empty();
    }

    private sealed interface Viewed {
        record View(ClusterView view) implements Viewed {}

        record Not(String reason) implements Viewed {}
    }

    private static Viewed view(Look look) {
        return switch (look) {
            case Look.Unseen unseen -> new Viewed.Not(unseen.reason());
            case Look.Seen seen -> {
                Optional<ClusterView> view = seen.state().view();
                if (view.isEmpty()) {
                    yield new Viewed.Not(look.member() + " does not tell its view of the cluster");
                }
                if (!view.get().myself().id().equals(look.member().id())) {
                    throw AmbrotypeException.of(
                            ErrorCode.UNSAFE,
                            "at " + look.member() + " answers node "
                                    + view.get().myself().id().shortForm() + " instead of "
                                    + look.member().id().shortForm());
                }
                yield new Viewed.View(view.get());
            }
        };
    }
}
