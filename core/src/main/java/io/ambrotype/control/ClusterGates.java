package io.ambrotype.control;

import io.ambrotype.common.AmbrotypeException;
import io.ambrotype.common.ErrorCode;
import io.ambrotype.control.Layout.Place;
import io.ambrotype.resp.RespErrorException;
import io.ambrotype.resp.RespReply;
import io.ambrotype.resp.ServerVersion;
import io.ambrotype.resp.ServerVersion.Vendor;
import io.ambrotype.topology.ClusterView;
import io.ambrotype.topology.NodeFlag;
import io.ambrotype.topology.NodeId;
import io.ambrotype.topology.NodesConf.Line;
import io.ambrotype.topology.Role;
import java.time.Duration;
import java.time.Instant;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Predicate;
import java.util.function.Supplier;

/**
 * The gates of a cluster: what every node's own view has to say before the next step is taken.
 *
 * <p><b>Links.</b> In every view every other node is {@code connected}, without {@code fail} or {@code fail?}, and its last
 * PONG is later than its start, by the viewer's own clock. A vote travels on the <em>voter's</em> own link to the
 * candidate; while that link is down {@code clusterSendFailoverAuth} gives up without a word, the election fails, and the
 * master has its writers paused for five seconds and more. It happened with fail-overs sent 100 ms after a restart on
 * Redis 6.2.11, 7.0.15, 7.2.6 and 8.0.6, and never with this gate. A node that has just started has all its peers'
 * PONGs dated at the time it read {@code nodes.conf}, so that its view counts from its own first answer on.
 *
 * <p><b>Places.</b> Every view has every node in its expected role, under its expected master, with exactly its slots and
 * with the epoch that the slots' owner itself has; {@code cluster_state} is ok everywhere; nobody knows a node more.
 *
 * <p><b>Data.</b> Every replica's link is up in its master's history, no synchronization is under way, and it has what
 * its master had when the gate began. A replica without keys below a master that has some is not in order.
 *
 * <p><b>Steadiness.</b> When a node hears of an old master's new role before it hears of the new owner of the slots, those
 * slots have no owner for a moment and {@code cluster_state} is fail. It is ok again with the next message, except on a
 * master within two seconds of its start ({@code CLUSTER_WRITABLE_DELAY}): that one goes on refusing its own shard's
 * writes until they are over. Seen once in some dozens of fail-overs on a busy machine (Redis 5.0.5 and 7.0.15), 500 ms
 * long. So no fail-over begins while a master is that young.
 *
 * <p><b>Stopping.</b> Redis 7.2 to 7.4.1 and Valkey 7.2 to 8.1.1 refuse to start from a {@code nodes.conf} in which a
 * replica stands outside its master's shard (valkey-io/valkey#2171): their own {@code CLUSTER SHARDS} has to have
 * converged first.
 *
 * <p>Thread-safe.
 */
public final class ClusterGates implements DeploymentGates {
    /** {@code CLUSTER_WRITABLE_DELAY}, and what a look takes. */
    private static final Duration WRITABLE_DELAY = Duration.ofMillis(2100);

    private final MemberConnections connections;
    private final Predicate<Member> revived;
    /** By the clock of each other member: the time at which a member's last process was gone. */
    private final Map<NodeId, Map<NodeId, Instant>> ends = new ConcurrentHashMap<>();
    /** By its own clock: a time at which a member's process had read its files already. */
    private final Map<NodeId, FirstAnswer> answers = new ConcurrentHashMap<>();

    /** By its own clock: when a member's process had loaded its data. */
    private final Map<NodeId, FirstAnswer> loads = new ConcurrentHashMap<>();

    private record FirstAnswer(String runId, Instant time) {}

    /** Gates of members whom nobody starts again by himself. */
    public ClusterGates(MemberConnections connections) {
        this(connections, _ -> false);
    }

    /**
     * Gates that look over these connections.
     *
     * @param revived whom somebody starts again whenever it ends, however long that takes
     */
    public ClusterGates(MemberConnections connections, Predicate<Member> revived) {
        this.connections = connections;
        this.revived = revived;
    }

    @Override
    public Supplier<Optional<Missing>> inPlace(Layout expected, Collection<Member> known) {
        Wait wait = new Wait(expected, Set.copyOf(known), new HashMap<>(), new HashSet<>());
        return () -> missing(wait);
    }

    /**
     * What one wait remembers.
     *
     * @param goals by master, the offset that its replicas have to reach
     * @param idle viewers with those to whom they had a link and no PING on its way at an earlier look
     */
    private record Wait(Layout expected, Set<Member> known, Map<NodeId, Long> goals, Set<Pair> idle) {}

    private record Pair(String viewerRunId, NodeId other) {}

    @Override
    public Supplier<Optional<Missing>> stoppable(Layout expected, Member member) {
        return () -> {
            Look look = connections.look(member);
            if (!(look instanceof Look.Seen seen)) {
                return Optional.of(unseen((Look.Unseen) look));
            }
            if (seen.state().view().isEmpty()) {
                return Optional.of(Missing.of(member + " does not tell its view of the cluster"));
            }
            ClusterView view = seen.state().view().get();
            if (!view.myself().slots().isEmpty()) {
                return Optional.of(
                        Missing.of(member + " owns slots " + view.myself().slots()));
            }
            return needsShardIds(seen.state().version()) ? outsideItsShard(member, view) : Optional.empty();
        };
    }

    @Override
    public Supplier<Optional<Missing>> steady(Layout expected) {
        List<Member> owners = expected.masters().stream()
                .filter(Place::ownsSlots)
                .map(Place::member)
                .toList();
        return () -> connections.look(owners).stream()
                .flatMap(look -> unsteady(look).stream())
                .findFirst();
    }

    private Optional<Missing> unsteady(Look look) {
        return switch (look) {
            case Look.Unseen unseen -> Optional.of(unseen(unseen));
            case Look.Seen seen -> {
                FirstAnswer load = loads.get(seen.member().id());
                Instant served =
                        load != null && load.runId().equals(seen.state().runId())
                                ? load.time()
                                : latestStart(seen.time(), seen);
                yield seen.time().isBefore(served.plus(WRITABLE_DELAY))
                        ? Optional.of(Missing.of(seen.member()
                                + " has just been started; for its first two seconds as a master it refuses everything"
                                + " when it misses an owner of slots for a moment"))
                        : Optional.empty();
            }
        };
    }

    @Override
    public void requireSelf(Look.Seen look) {
        look.state().view().ifPresent(view -> {
            if (!view.myself().id().equals(look.member().id())) {
                throw AmbrotypeException.of(
                                ErrorCode.UNSAFE,
                                look.member() + " came back as a stranger: its id was "
                                        + look.member().id() + " and is "
                                        + view.myself().id() + ", so it did not start from its own nodes.conf")
                        .withHint("it has not joined the cluster; find where its nodes.conf and data went (another "
                                + "working folder?), or let ambrotype heal mend it");
            }
        });
    }

    @Override
    public void ended(Layout expected, Member member) {
        Map<NodeId, Instant> times = new ConcurrentHashMap<>();
        List<Member> others = expected.members().stream()
                .filter(other -> !other.equals(member))
                .toList();
        connections.each(others, other -> {
            if (connections.look(other) instanceof Look.Seen seen) {
                times.put(other.id(), seen.time());
            }
            return other;
        });
        ends.put(member.id(), times);
    }

    @Override
    public void answered(Look.Seen look) {
        answers.put(look.member().id(), new FirstAnswer(look.state().runId(), look.time()));
    }

    @Override
    public void loaded(Look.Seen look) {
        loads.put(look.member().id(), new FirstAnswer(look.state().runId(), look.time()));
    }

    private Missing unseen(Look.Unseen unseen) {
        return revived.test(unseen.member()) ? Missing.of(unseen.reason()) : Missing.gone(unseen);
    }

    private Optional<Missing> missing(Wait wait) {
        Layout expected = wait.expected();
        Map<NodeId, Look.Seen> seen = new HashMap<>();
        for (Look look : connections.look(expected.members())) {
            switch (look) {
                case Look.Unseen unseen -> {
                    return Optional.of(unseen(unseen));
                }
                case Look.Seen answer -> {
                    requireSelf(answer);
                    Optional<Missing> missing = ReplicaGate.loading(answer);
                    if (missing.isPresent()) {
                        return missing;
                    }
                    seen.put(answer.member().id(), answer);
                }
            }
        }
        for (Place place : expected.places()) {
            Optional<Missing> missing = ReplicaGate.missing(place, expected, seen, wait.goals());
            if (missing.isPresent()) {
                return missing;
            }
        }
        for (Place viewer : expected.places()) {
            Optional<String> missing = missingInView(wait, seen, viewer.member());
            if (missing.isPresent()) {
                return missing.map(Missing::of);
            }
        }
        return Optional.empty();
    }

    private Optional<String> missingInView(Wait wait, Map<NodeId, Look.Seen> seen, Member viewer) {
        Layout expected = wait.expected();
        Look.Seen look = require(seen, viewer.id());
        if (look.state().view().isEmpty()) {
            return Optional.of(viewer + " does not tell its view of the cluster"
                    + look.state().withoutView().map(reason -> ": " + reason).orElse(""));
        }
        ClusterView view = look.state().view().get();
        for (Place place : expected.places()) {
            Member other = place.member();
            Optional<Line> line = view.line(other.id());
            if (line.isEmpty()) {
                return Optional.of(
                        viewer + " does not know " + other + " (" + other.id().shortForm() + ")");
            }
            Optional<String> missing =
                    missingInLine(viewer, place, line.get(), wait.known().contains(other) || other.equals(viewer));
            if (missing.isPresent()) {
                return missing;
            }
            if (!other.equals(viewer) && !line.get().connected()) {
                return Optional.of(viewer + " has no link to " + other);
            }
            if (!other.equals(viewer) && !heardSinceStart(wait, look, require(seen, other.id()), line.get())) {
                return Optional.of(viewer + " has not heard from " + other + " since it started");
            }
            if (place.ownsSlots()) {
                long epoch = ownEpoch(require(seen, other.id()));
                if (line.get().configEpoch() != epoch) {
                    return Optional.of(viewer + " has epoch " + line.get().configEpoch() + " for the slots of " + other
                            + ", which has " + epoch);
                }
            }
        }
        Optional<Line> stranger = view.lines().stream()
                .filter(line -> expected.find(line.id()).isEmpty())
                .findFirst();
        if (stranger.isPresent()) {
            return Optional.of(viewer + " knows a node " + stranger.get().id().shortForm() + " at "
                    + stranger.get().address().map(Object::toString).orElse("no address")
                    + ", which was no member before");
        }
        return view.stateOk() ? Optional.empty() : Optional.of(viewer + " says cluster_state:fail");
    }

    private static Optional<String> missingInLine(Member viewer, Place place, Line line, boolean roleToo) {
        Member other = place.member();
        for (NodeFlag flag : List.of(NodeFlag.FAIL, NodeFlag.PFAIL, NodeFlag.HANDSHAKE, NodeFlag.NOADDR)) {
            if (line.flags().contains(flag)) {
                return Optional.of(viewer + " has " + other + " as " + flag.text());
            }
        }
        boolean rightRole = line.role() == place.role() && line.master().equals(place.master());
        if (!rightRole && (roleToo || place.role() == Role.MASTER)) {
            return Optional.of(
                    switch (place.role()) {
                        case MASTER -> viewer + " does not see " + other + " as a master";
                        case REPLICA -> viewer + " does not see " + other + " as the replica that it should be";
                    });
        }
        if (!line.slots().equals(place.slots())) {
            return Optional.of(
                    viewer + " sees " + other + " with slots " + line.slots() + " instead of " + place.slots());
        }
        return line.openSlots().isEmpty() ? Optional.empty() : Optional.of(viewer + " has open slots");
    }

    /**
     * Whether the viewer's last PONG from the other is younger than both of their processes, by the viewer's clock. Of a
     * viewer that has just started that cannot be told from its dates: it has dated all PONGs at its start, and the first
     * real ones come within milliseconds. It sends a PING over every new link at once; so a link without a PING on its way,
     * at two looks, has had its PONG.
     */
    private boolean heardSinceStart(Wait wait, Look.Seen viewer, Look.Seen other, Line line) {
        Instant pong = Instant.ofEpochMilli(line.pongReceived());
        boolean idle = line.pingSent() == 0
                && !wait.idle()
                        .add(new Pair(viewer.state().runId(), other.member().id()));
        return pong.isAfter(startOf(other, viewer)) && (idle || pong.isAfter(ownStart(viewer)));
    }

    private Instant startOf(Look.Seen other, Look.Seen viewer) {
        Instant byUptime = latestStart(viewer.time(), other);
        Instant ended = ends.getOrDefault(other.member().id(), Map.of())
                .getOrDefault(viewer.member().id(), byUptime);
        return ended.isBefore(byUptime) ? ended : byUptime;
    }

    private Instant ownStart(Look.Seen viewer) {
        Instant byUptime = latestStart(viewer.time(), viewer);
        FirstAnswer answer = answers.get(viewer.member().id());
        return answer != null
                        && answer.runId().equals(viewer.state().runId())
                        && answer.time().isBefore(byUptime)
                ? answer.time()
                : byUptime;
    }

    /** Servers count their uptime in whole seconds of the clock, so that it may read one second more than has passed. */
    private static Instant latestStart(Instant now, Look.Seen started) {
        long uptime = started.state().info().number("uptime_in_seconds").orElse(0);
        return now.minusSeconds(Math.max(0, uptime - 1));
    }

    private static long ownEpoch(Look.Seen owner) {
        return owner.state().view().map(view -> view.myself().configEpoch()).orElse(-1L);
    }

    private static Look.Seen require(Map<NodeId, Look.Seen> seen, NodeId id) {
        return Objects.requireNonNull(seen.get(id));
    }

    private static boolean needsShardIds(ServerVersion version) {
        return switch (version.vendor()) {
            case REDIS ->
                version.compareTo(new ServerVersion(Vendor.REDIS, 7, 2, 0)) >= 0
                        && version.compareTo(new ServerVersion(Vendor.REDIS, 7, 4, 1)) <= 0;
            case VALKEY -> version.compareTo(new ServerVersion(Vendor.VALKEY, 8, 1, 1)) <= 0;
        };
    }

    private Optional<Missing> outsideItsShard(Member member, ClusterView view) {
        Map<NodeId, Integer> shardOf = new HashMap<>();
        List<RespReply> shards;
        try {
            shards = connections.ask(member, connection -> connection.array("CLUSTER", "SHARDS"));
        } catch (RespErrorException e) {
            return Optional.of(Missing.of(e.getMessage()));
        }
        for (int i = 0; i < shards.size(); i++) {
            for (RespReply node : field(shards.get(i), "nodes").array()) {
                shardOf.put(new NodeId(field(node, "id").text()), i);
            }
        }
        return view.lines().stream()
                .filter(line -> line.role() == Role.REPLICA && line.master().isPresent())
                // Valkey 8.1 may list itself nowhere; its file then has its master's shard all the same.
                .filter(line -> shardOf.containsKey(line.id())
                        && shardOf.containsKey(line.master().get()))
                .filter(line -> !Objects.equals(
                        shardOf.get(line.id()), shardOf.get(line.master().get())))
                .findFirst()
                .map(line ->
                        Missing.of(member + " still has replica " + line.id().shortForm()
                                + " outside its master's shard, and could not start from such a nodes.conf"));
    }

    private static RespReply field(RespReply map, String name) {
        List<RespReply> elements = map.array();
        for (int i = 0; i + 1 < elements.size(); i += 2) {
            if (elements.get(i).text().equals(name)) {
                return elements.get(i + 1);
            }
        }
        throw AmbrotypeException.of(ErrorCode.FAILED, "CLUSTER SHARDS has no field " + name);
    }
}
