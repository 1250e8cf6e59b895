package io.ambrotype.heal;

import io.ambrotype.common.AmbrotypeException;
import io.ambrotype.common.ErrorCode;
import io.ambrotype.common.HostAndPort;
import io.ambrotype.common.Secret;
import io.ambrotype.common.Time;
import io.ambrotype.control.Member;
import io.ambrotype.control.MemberConnections;
import io.ambrotype.resp.ConnectionSettings;
import io.ambrotype.resp.Credentials;
import io.ambrotype.resp.RespConnection;
import io.ambrotype.resp.RespConnectionException;
import io.ambrotype.resp.RespErrorException;
import io.ambrotype.resp.ServerInfo;
import io.ambrotype.topology.ClusterView;
import io.ambrotype.topology.Node;
import io.ambrotype.topology.NodeId;
import io.ambrotype.topology.NodeState;
import io.ambrotype.topology.Problem;
import io.ambrotype.topology.Role;
import io.ambrotype.topology.Shard;
import io.ambrotype.topology.Topology;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Makes an empty server a replica of a cluster.
 *
 * <p>Refused is whatever could lose data or mix clusters: a server that holds keys (a replica throws its own away), that
 * owns slots or knows other nodes (the two clusters would become one), that cannot read its master's data, or that its
 * master would not let in. Then: the members meet it; when every one of them knows it and it knows every one, it is told
 * whom to follow; when its link is up, it has what its master had, every view shows it, and its own shows who has which
 * slots, it is done.
 */
public final class AddReplica {
    private static final int BUS_PORT_DISTANCE = 10_000;

    private final ConnectionSettings settings;
    private final Duration limit;
    private final Time time;

    /**
     * With these.
     *
     * @param limit how long a gate may stay closed without any progress
     */
    public AddReplica(ConnectionSettings settings, Duration limit, Time time) {
        this.settings = settings;
        this.limit = limit;
        this.time = time;
    }

    /**
     * Looks at the cluster and at the server.
     *
     * @param seeds addresses of the cluster
     * @param server where the new server answers, as the members can reach it
     * @param master address or id of the master; empty for the one with the fewest replicas
     * @throws AmbrotypeException {@code UNSAFE} with the reason where it must not be added; {@code USAGE} where no such
     *     master is known
     */
    public AddReplicaPlan plan(List<HostAndPort> seeds, HostAndPort server, Optional<String> master) {
        Topology cluster = Survey.of(
                        seeds.stream()
                                        .filter(seed -> !seed.equals(server))
                                        .toList()
                                        .isEmpty()
                                ? seeds
                                : seeds.stream()
                                        .filter(seed -> !seed.equals(server))
                                        .toList(),
                        settings)
                .cluster();
        Newcomer newcomer = look(server);
        AddReplicaPlan plan = plan(cluster, server, newcomer.state(), master);
        newcomer.requireLetInBy(plan.master(), settings);
        return plan;
    }

    /** The same from what was seen; a pure function. It does not know passwords. */
    static AddReplicaPlan plan(Topology cluster, HostAndPort server, NodeState state, Optional<String> wanted) {
        List<String> warnings = new ArrayList<>();
        ClusterView view = requireCluster(server, state);
        NodeId id = view.myself().id();
        Optional<Node> member = cluster.node(id);
        requireNew(cluster, server, id, state);
        requireEmpty(server, state, view, member.isPresent());
        Choice choice = choose(cluster, server, id, wanted);
        Node master = choice.shard().master();
        NodeState masterState = master.state()
                .orElseThrow(() -> unsafe(master.name() + " does not answer: it cannot be given a replica now"));
        if (!masterState.info().is("cluster_enabled")) {
            throw unsafe(master.name() + " is no cluster node");
        }
        RdbCompatibility.refusal(state.version(), masterState.version()).ifPresent(reason -> {
            throw unsafe(server + " cannot be a replica of " + master.name() + ": " + reason)
                    .withHint("start it with " + masterState.version() + " or newer");
        });
        if (state.version().vendor() == masterState.version().vendor()
                && state.version().compareTo(masterState.version()) < 0) {
            warnings.add(server + " has " + state.version() + ", older than its master's " + masterState.version()
                    + ": it cannot take over from it safely");
        }
        if (server.host().equals(master.connectAddress().host())) {
            warnings.add(server + " and its master " + master.name()
                    + " are on one host: what ends the host ends both copies");
        }
        cluster.problems(Problem.Kind.NODE_UNREACHABLE, Problem.Kind.NODE_WITHOUT_ADDRESS).stream()
                .map(Problem::sentence)
                .forEach(warnings::add);
        if (!cluster.problems(Problem.Kind.VIEWS_DISAGREE).isEmpty()) {
            warnings.add("the nodes do not agree with each other: "
                    + cluster.problems(Problem.Kind.VIEWS_DISAGREE).getFirst().sentence());
        }
        List<Member> members = cluster.nodes().stream()
                .filter(node -> node.state().flatMap(NodeState::view).isPresent())
                .filter(node -> !node.id().equals(id))
                .map(Member::of)
                .toList();
        return new AddReplicaPlan(
                new Member(id, server),
                view.myself().busPort() == 0
                        ? server.port() + BUS_PORT_DISTANCE
                        : view.myself().busPort(),
                state.version(),
                member.isPresent(),
                Member.of(master),
                choice.reason(),
                masterState.usedMemory(),
                members,
                warnings);
    }

    /**
     * Follows the plan.
     *
     * @throws AmbrotypeException {@code UNSAFE} where a gate did not open; the message says what has been done by then, and
     *     the same command goes on from there
     */
    public void run(AddReplicaPlan plan, HealListener listener) {
        try (MemberConnections connections = new MemberConnections(
                settings, "ambrotype-add-replica-" + plan.replica().id().shortForm())) {
            Membership membership = new Membership(connections, limit, time, listener);
            List<String> steps = plan.steps();
            boolean met = plan.met();
            boolean told = false;
            try {
                if (!met) {
                    listener.begun(steps.getFirst());
                    membership.meet(plan.replica(), plan.busPort(), plan.members());
                    met = true;
                }
                listener.begun(steps.getLast());
                membership.awaitKnown(plan.replica(), plan.members());
                told = true;
                membership.replicate(plan.replica(), plan.master(), plan.members());
                membership.awaitOwnersKnown(plan.replica(), plan.members());
            } catch (AmbrotypeException e) {
                throw AmbrotypeException.of(e.code(), e.getMessage())
                        .causedBy(e)
                        .withHint(state(plan, met, told));
            }
        }
    }

    private static String state(AddReplicaPlan plan, boolean met, boolean told) {
        if (told) {
            return plan.address() + " is a member and was told to follow " + plan.master()
                    + "; it goes on trying by itself, and its log says what keeps it; the same command again waits for it";
        }
        return (met
                        ? plan.address() + " is a member now, a master without slots, and follows nobody yet"
                        : plan.address() + " may have been met by some nodes and not by others")
                + "; no data were touched; the same command again goes on";
    }

    private record Choice(Shard shard, String reason) {}

    private static Choice choose(Topology cluster, HostAndPort server, NodeId id, Optional<String> wanted) {
        if (wanted.isPresent()) {
            Node named = Survey.member(cluster, wanted.get());
            if (named.role() == Role.REPLICA) {
                String above =
                        cluster.shardOf(named.id()).orElseThrow().master().name();
                throw AmbrotypeException.of(ErrorCode.USAGE, named.name() + " is itself a replica, of " + above)
                        .withHint("name the master: --of " + above);
            }
            if (named.id().equals(id)) {
                throw AmbrotypeException.of(ErrorCode.USAGE, named.name() + " cannot be its own replica");
            }
            if (named.slots().isEmpty()) {
                throw AmbrotypeException.of(ErrorCode.USAGE, named.name() + " has no slots: there is nothing to copy")
                        .withHint("name a master with slots, or --of auto");
            }
            return new Choice(cluster.shardOf(named.id()).orElseThrow(), "as asked for");
        }
        Shard shard = cluster.shards().stream()
                .filter(candidate -> !candidate.slots().isEmpty())
                .filter(candidate -> candidate.master().isReached())
                .min(Comparator.comparingInt(AddReplica::healthyReplicas)
                        .thenComparing(candidate ->
                                candidate.master().connectAddress().host().equals(server.host())))
                .orElseThrow(() -> unsafe("no master with slots answers"));
        int replicas = healthyReplicas(shard);
        return new Choice(
                shard,
                replicas == 0
                        ? "it has no replica that answers"
                        : "no master has fewer than its " + replicas + (replicas == 1 ? " replica" : " replicas"));
    }

    private static int healthyReplicas(Shard shard) {
        return (int) shard.replicas().stream().filter(Node::isReached).count();
    }

    private static ClusterView requireCluster(HostAndPort server, NodeState state) {
        if (!state.isCluster()) {
            throw unsafe(server + " is not a cluster node (cluster-enabled no)")
                    .withHint("set cluster-enabled yes in its configuration file and start it again");
        }
        return state.view()
                .orElseThrow(() -> unsafe(server + " does not tell its view of the cluster: "
                        + state.withoutView().orElse("no reason given")));
    }

    private static void requireNew(Topology cluster, HostAndPort server, NodeId id, NodeState state) {
        Optional<Node> member = cluster.node(id);
        if (member.filter(node -> node.role() == Role.REPLICA).isPresent()) {
            throw unsafe(server + " is a member already: a replica of "
                            + cluster.shardOf(id).orElseThrow().master().name())
                    .withHint(
                            state.replication().linkUp()
                                    ? "there is nothing to do"
                                    : "its link to its master is down; its log says why");
        }
        if (member.filter(node -> !node.slots().isEmpty()).isPresent()) {
            throw unsafe(server + " is a member already: the master of slots "
                    + member.get().slots());
        }
        cluster.nodes().stream()
                .filter(node -> !node.id().equals(id))
                .filter(node -> node.address().filter(server::equals).isPresent())
                .findFirst()
                .ifPresent(node -> {
                    throw unsafe("the cluster has node " + node.id().shortForm() + " at " + server
                                    + ", and another one answers there, " + id.shortForm())
                            .withHint(
                                    "a node seems to have come back without its nodes.conf: ambrotype heal gives it its"
                                            + " place back");
                });
    }

    private static void requireEmpty(HostAndPort server, NodeState state, ClusterView view, boolean member) {
        if (state.isLoading()) {
            throw unsafe(server + " is loading data: it is not empty")
                    .withHint("wait until it has loaded, and look at what it holds");
        }
        if (state.keys() > 0) {
            throw unsafe(server + " holds " + state.keys() + (state.keys() == 1 ? " key" : " keys")
                            + ": as a replica it would throw them away")
                    .withHint("if nobody needs them, empty it (FLUSHALL on " + server + ") and try again");
        }
        if (!member && view.lines().size() > 1) {
            throw unsafe(server + " knows " + (view.lines().size() - 1)
                            + " other nodes: it belongs to another cluster, or did once")
                    .withHint("if it does not any more, CLUSTER RESET HARD on " + server + " makes it forget them");
        }
        if (!view.myself().slots().isEmpty()) {
            throw unsafe(server + " owns slots " + view.myself().slots() + ": it is a cluster of its own")
                    .withHint("if nobody uses it, CLUSTER RESET HARD on " + server + " gives them up");
        }
        if (state.replication().role() == Role.REPLICA) {
            throw unsafe(server + " is a replica of somebody already");
        }
    }

    private Newcomer look(HostAndPort server) {
        try (RespConnection connection = RespConnection.open(server, settings)) {
            NodeState state = NodeState.read(connection);
            try {
                Map<String, String> auth = connection.pairs("CONFIG", "GET", "master*");
                return new Newcomer(
                        server,
                        state,
                        true,
                        Optional.ofNullable(auth.get("masteruser"))
                                .or(() -> Optional.ofNullable(auth.get("primaryuser")))
                                .filter(text -> !text.isEmpty()),
                        Optional.ofNullable(auth.get("masterauth"))
                                .or(() -> Optional.ofNullable(auth.get("primaryauth")))
                                .filter(text -> !text.isEmpty())
                                .map(Secret::of));
            } catch (RespErrorException _) {
                return new Newcomer(server, state, false, Optional.empty(), Optional.empty());
            }
        } catch (RespConnectionException e) {
            if (e.reason() == RespConnectionException.Reason.AUTHENTICATION) {
                throw unsafe(server + " does not take the password of the cluster: " + e.getMessage())
                        .withHint("give it the same requirepass and masterauth as the other nodes");
            }
            throw e;
        }
    }

    /** The new server with what it would say to its master. */
    private record Newcomer(
            HostAndPort server, NodeState state, boolean told, Optional<String> user, Optional<Secret> password) {
        /** Says to the master what the server would say. */
        void requireLetInBy(Member master, ConnectionSettings settings) {
            if (!told) {
                return;
            }
            ConnectionSettings own =
                    settings.withCredentials(password.map(secret -> new Credentials(user.orElse(null), secret))
                            .orElse(null));
            try (RespConnection connection = RespConnection.open(master.address(), own)) {
                ServerInfo.read(connection, "server");
            } catch (RespConnectionException | RespErrorException e) {
                boolean refused = e instanceof RespErrorException
                        || ((RespConnectionException) e).reason() == RespConnectionException.Reason.AUTHENTICATION;
                if (!refused) {
                    throw e;
                }
                throw unsafe(server + " would not be let in by its master " + master + ": "
                                + (password.isEmpty()
                                        ? "it has no masterauth, and the master wants a password"
                                        : "the master refuses its masterauth"))
                        .withHint("on " + server
                                + ": CONFIG SET masterauth PASSWORD (from 6.0 masteruser too, with ACL users), and the"
                                + " same in its configuration file");
            }
        }
    }

    private static AmbrotypeException unsafe(String sentence) {
        return AmbrotypeException.of(ErrorCode.UNSAFE, sentence);
    }
}
