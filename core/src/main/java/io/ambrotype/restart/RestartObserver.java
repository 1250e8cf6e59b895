package io.ambrotype.restart;

import io.ambrotype.common.AmbrotypeException;
import io.ambrotype.common.ErrorCode;
import io.ambrotype.common.HostAndPort;
import io.ambrotype.common.Secret;
import io.ambrotype.control.Gate;
import io.ambrotype.control.GateListener;
import io.ambrotype.control.Member;
import io.ambrotype.control.MemberConnections;
import io.ambrotype.control.Missing;
import io.ambrotype.host.ConfigurationRewrite;
import io.ambrotype.host.Relocation;
import io.ambrotype.resp.ConnectionSettings;
import io.ambrotype.resp.Credentials;
import io.ambrotype.resp.RespConnection;
import io.ambrotype.resp.RespConnectionException;
import io.ambrotype.resp.RespConnectionException.Reason;
import io.ambrotype.resp.RespErrorException;
import io.ambrotype.resp.RespReply;
import io.ambrotype.resp.ServerVersion.Vendor;
import io.ambrotype.topology.Node;
import io.ambrotype.topology.NodeConfiguration;
import io.ambrotype.topology.NodeId;
import io.ambrotype.topology.NodeState;
import io.ambrotype.topology.Shard;
import io.ambrotype.topology.Topology;
import io.ambrotype.topology.TopologyReader;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Function;
import java.util.stream.Collectors;

/** Looks at everything that a plan is made from. Changes nothing. */
final class RestartObserver {
    /** Begins the client names of all runs. */
    static final String CLIENT_PREFIX = "ambrotype-restart-";

    private static final Set<String> ENDED_MIGRATIONS =
            Set.of("success", "completed", "done", "failed", "canceled", "cancelled");

    private final RestartTools tools;

    RestartObserver(RestartTools tools) {
        this.tools = tools;
    }

    /** The deployment behind the seeds and some further addresses. */
    Topology topology(List<HostAndPort> more) {
        Set<HostAndPort> seeds = new LinkedHashSet<>(tools.seeds());
        seeds.addAll(more);
        return new TopologyReader(tools.settings()).discover(List.copyOf(seeds));
    }

    /**
     * The deployment as soon as its servers agree on one master: Sentinels point a former master to its successor only some
     * seconds after they have made that one.
     *
     * @throws AmbrotypeException {@code UNSAFE} where they do not after the limit
     */
    Topology agreedTopology(List<HostAndPort> more, Duration limit) {
        return awaited(
                more, new Gate("the servers to agree on one master", limit), GateListener.NONE, _ -> Optional.empty());
    }

    /**
     * The deployment as soon as nothing stands against a restart any more.
     *
     * @throws AmbrotypeException {@code UNSAFE} where something still does after the limit
     */
    Topology wholeTopology(List<HostAndPort> more, Duration limit, GateListener listener) {
        return awaited(
                more,
                new Gate("the deployment to be whole", limit),
                listener,
                topology -> RestartPlanner.obstacle(topology)
                        .map(problem -> new Missing(problem.sentence(), progress(topology))));
    }

    private Topology awaited(
            List<HostAndPort> more, Gate gate, GateListener listener, Function<Topology, Optional<Missing>> missing) {
        List<Topology> looks = new ArrayList<>();
        gate.await(tools.time(), listener, () -> {
            try {
                Topology topology = topology(more);
                looks.add(topology);
                return missing.apply(topology);
            } catch (AmbrotypeException e) {
                // Amid a fail-over there are two masters for a moment, which may look like two deployments.
                if (e.code() != ErrorCode.USAGE && e.code() != ErrorCode.UNSAFE) {
                    throw e;
                }
                return Optional.of(Missing.of(String.valueOf(e.getMessage())));
            }
        });
        return looks.getLast();
    }

    private static String progress(Topology topology) {
        return topology.nodes().stream()
                .flatMap(node -> node.state().stream())
                .map(state -> state.info().value("loading_loaded_bytes").orElse("")
                        + state.info().value("master_sync_left_bytes").orElse("")
                        + state.info().value("rdb_current_bgsave_time_sec").orElse(""))
                .collect(Collectors.joining(" "));
    }

    /** Everything about it that a restart as it was asked for depends on. */
    RestartObservation observe(Topology topology, MemberConnections connections, RestartRequest request) {
        Map<NodeId, NodeConfiguration> configurations = new ConcurrentHashMap<>();
        Map<NodeId, StartAgain> starts = new ConcurrentHashMap<>();
        Map<NodeId, List<String>> rewriting = new ConcurrentHashMap<>();
        Map<NodeId, Map<NodeId, String>> refusals = new ConcurrentHashMap<>();
        Map<NodeId, String> migrations = new ConcurrentHashMap<>();
        Map<Member, NodeState> reached = new ConcurrentHashMap<>();
        for (Node node : topology.nodes()) {
            node.state().ifPresent(state -> reached.put(Member.of(node), state));
        }
        connections.each(reached.keySet(), member -> {
            NodeState state = Objects.requireNonNull(reached.get(member));
            configurations.put(member.id(), connections.ask(member, NodeConfiguration::read));
            refusals.put(member.id(), refusals(topology, member, connections));
            if (!state.isCluster()) {
                rewriting.put(
                        member.id(),
                        connections.ask(
                                member, connection -> ConfigurationRewrite.objections(member.address(), connection)));
            }
            migration(state, member, connections).ifPresent(text -> migrations.put(member.id(), text));
            return member;
        });
        Set<NodeId> chosen = RestartPlanner.chosen(request, topology);
        reached.forEach((member, state) -> starts.put(
                member.id(), start(member, state, request.relocate().filter(_ -> chosen.contains(member.id())))));
        return new RestartObservation(
                topology,
                configurations,
                starts,
                rewriting,
                refusals,
                migrations,
                RunHistory.elections(
                        tools.journals(),
                        topology.nodes().stream().map(Node::id).toList()),
                tools.time().instant());
    }

    /** Which nodes of its shard the member could not follow, with what it would give them as a replica. */
    private Map<NodeId, String> refusals(Topology topology, Member member, MemberConnections connections) {
        Optional<ConnectionSettings> asReplica = connections.ask(member, connection -> {
            try {
                String password =
                        connection.pairs("CONFIG", "GET", "masterauth").getOrDefault("masterauth", "");
                String user = connection.pairs("CONFIG", "GET", "masteruser").getOrDefault("masteruser", "");
                return Optional.of(tools.settings()
                        .withCredentials(
                                password.isEmpty()
                                        ? null
                                        : new Credentials(user.isEmpty() ? null : user, Secret.of(password))));
            } catch (RespErrorException _) {
                // Not told: then nobody can know before.
                return Optional.empty();
            }
        });
        Map<NodeId, String> refusals = new HashMap<>();
        if (asReplica.isEmpty()) {
            return refusals;
        }
        for (Node other : topology.shardOf(member.id()).map(Shard::nodes).orElse(List.of())) {
            if (!other.isReached() || other.id().equals(member.id())) {
                continue;
            }
            try (RespConnection connection =
                    RespConnection.open(Member.of(other).address(), asReplica.get())) {
                connection.call("PING");
            } catch (RespErrorException e) {
                // A user for replication need not be allowed to do anything else.
                if (!e.serverMessage().startsWith("NOPERM")) {
                    refusals.put(other.id(), e.getMessage());
                }
            } catch (RespConnectionException e) {
                if (e.reason() == Reason.AUTHENTICATION) {
                    refusals.put(other.id(), e.getMessage());
                }
            }
        }
        return refusals;
    }

    private StartAgain start(Member member, NodeState state, Optional<String> relocate) {
        StartAgain found = tools.starters().find(member, state);
        return relocate.isPresent() && found instanceof StartAgain.Possible possible
                ? tools.starters()
                        .relocated(member, possible, Relocation.folder(relocate.get(), member.address(), member.id()))
                : found;
    }

    /**
     * Makes sure that nobody else restarts these nodes.
     *
     * @throws AmbrotypeException {@code LOCKED} where a client of another run is connected to one of them
     */
    static void requireAlone(List<Member> members, MemberConnections connections) {
        List<Optional<String>> others = connections.each(
                members, member -> connections.ask(member, connection -> other(connection, connections.clientName())));
        for (int i = 0; i < members.size(); i++) {
            if (others.get(i).isPresent()) {
                throw AmbrotypeException.of(
                                ErrorCode.LOCKED,
                                "another restart of this deployment is at work: " + members.get(i) + " has its client "
                                        + others.get(i).get())
                        .withHint("wait for it to end; two at once would stop both copies of a shard");
            }
        }
    }

    private static Optional<String> other(RespConnection connection, String ownName) {
        return connection
                .text("CLIENT", "LIST")
                .lines()
                .flatMap(line -> Arrays.stream(line.split(" ")))
                .filter(field -> field.startsWith("name=" + CLIENT_PREFIX))
                .map(field -> field.substring("name=".length()))
                .filter(name -> !name.equals(ownName))
                .findFirst();
    }

    /** Valkey 9.0 and Redis 8.4 move slots on their own; older servers show it as open slots. */
    private static Optional<String> migration(NodeState state, Member member, MemberConnections connections) {
        if (!state.isCluster()) {
            return Optional.empty();
        }
        String[] command;
        if (state.version().isAtLeast(Vendor.VALKEY, 9, 0)) {
            command = new String[] {"CLUSTER", "GETSLOTMIGRATIONS"};
        } else if (state.version().isAtLeast(Vendor.REDIS, 8, 4)) {
            command = new String[] {"CLUSTER", "MIGRATION", "STATUS", "ALL"};
        } else {
            return Optional.empty();
        }
        try {
            for (RespReply migration : connections.ask(member, connection -> connection.array(command))) {
                Map<String, String> fields = new HashMap<>();
                List<RespReply> elements = new ArrayList<>(migration.array());
                for (int i = 0; i + 1 < elements.size(); i += 2) {
                    if (!(elements.get(i + 1) instanceof RespReply.ArrayReply)
                            && !elements.get(i + 1).isNull()) {
                        fields.put(elements.get(i).text(), elements.get(i + 1).text());
                    }
                }
                String phase = fields.getOrDefault("state", "").toLowerCase(Locale.ROOT);
                if (!ENDED_MIGRATIONS.contains(phase)) {
                    return Optional.of(phase);
                }
            }
            return Optional.empty();
        } catch (RespErrorException _) {
            // Not told: open slots and disagreeing views are seen all the same.
            return Optional.empty();
        }
    }
}
