package io.ambrotype.restart;

import io.ambrotype.common.AmbrotypeException;
import io.ambrotype.common.ErrorCode;
import io.ambrotype.common.HostAndPort;
import io.ambrotype.control.Layout;
import io.ambrotype.control.Layout.Place;
import io.ambrotype.control.Member;
import io.ambrotype.host.Launch;
import io.ambrotype.host.Relocation;
import io.ambrotype.resp.ServerVersion;
import io.ambrotype.topology.DeploymentKind;
import io.ambrotype.topology.Node;
import io.ambrotype.topology.NodeId;
import io.ambrotype.topology.NodeState;
import io.ambrotype.topology.Problem;
import io.ambrotype.topology.ReplicationState;
import io.ambrotype.topology.Role;
import io.ambrotype.topology.SentinelSet;
import io.ambrotype.topology.Shard;
import io.ambrotype.topology.Topology;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Decides from what was seen whether nodes can be restarted without harm, and in which order. A pure function; the same
 * for a run that begins and for one that goes on.
 *
 * <p><b>Refused</b> is whatever would make a gate stay closed, a node not come back, or a write be lost; all reasons are
 * told at once.
 *
 * <p><b>The order:</b> first all replicas, shard by shard, so that nothing has failed over yet when the first starts go
 * wrong, and so that every candidate has been restarted, perhaps upgraded, before its master has to follow it. Then master
 * by master: fail over to the best replica, restart the old master, which is a replica now, fail back. Masters without
 * slots are restarted where they are: a fail-over to their replicas would be accepted and not happen (Redis 5.0 to 7.0).
 *
 * <p><b>The best replica</b> has its link up, shares its master's history, and is not older than its master, which could
 * not follow it otherwise. Of several: one that is restarted too, the newest, one that has not stood for election just
 * now, one on another host than the master, the one with the least lag.
 */
final class RestartPlanner {
    /** A difference in lag below this is one of the moment of looking. */
    private static final long LAG_OF_THE_MOMENT = 64 * 1024;

    static final String COVERAGE = "cluster-require-full-coverage";

    private static final int LEAST_PREFIX = 4;
    private static final int RESTART_SECONDS = 10;
    private static final int BYTES_PER_KILOBYTE = 1024;

    private final RestartRequest request;
    private final RestartObservation seen;
    private final Set<NodeId> chosen;
    private final List<String> reasons = new ArrayList<>();
    private final Set<String> hints = new LinkedHashSet<>();
    private final List<String> warnings = new ArrayList<>();

    private RestartPlanner(RestartRequest request, RestartObservation seen) {
        this.request = request;
        this.seen = seen;
        this.chosen = chosen(request, seen.topology());
    }

    /**
     * The plan of a run that begins.
     *
     * @throws AmbrotypeException {@code UNSAFE} with all reasons where it could do harm; {@code USAGE} where a node that
     *     was asked for does not exist
     */
    static RestartPlan plan(RestartRequest request, RestartObservation seen) {
        RestartPlanner planner = new RestartPlanner(request, seen);
        planner.examine(planner.chosen);
        planner.refuse();
        Layout now = Layout.of(seen.topology());
        return planner.planned(now, now, planner.chosen);
    }

    /**
     * The plan for the rest of a run, once every node answers again.
     *
     * @param original the layout at the start of the run: what is to be reached, unless nothing is failed back
     * @param remaining which of the chosen nodes have not been restarted yet
     * @throws AmbrotypeException {@code UNSAFE} where something else than the run has changed the deployment, or for the
     *     reasons that a run would not begin
     */
    static RestartPlan rest(RestartRequest request, RestartObservation seen, Layout original, Set<NodeId> remaining) {
        RestartPlanner planner = new RestartPlanner(request, seen);
        Layout now = Layout.of(seen.topology());
        planner.examineChange(original, now);
        planner.examine(remaining);
        planner.refuse();
        return planner.planned(original, now, remaining);
    }

    static Set<NodeId> chosen(RestartRequest request, Topology topology) {
        Set<NodeId> chosen = new LinkedHashSet<>();
        if (request.nodes().isEmpty()) {
            topology.nodes().forEach(node -> chosen.add(node.id()));
            return chosen;
        }
        for (String name : request.nodes()) {
            List<Node> found = topology.nodes().stream()
                    .filter(node -> node.address().map(HostAndPort::toString).equals(Optional.of(name))
                            || (name.length() >= LEAST_PREFIX
                                    && node.id().value().startsWith(name)))
                    .toList();
            if (found.size() != 1) {
                throw AmbrotypeException.of(
                                ErrorCode.USAGE,
                                (found.isEmpty() ? "no node is called " : "more than one node is called ") + name)
                        .withHint("its nodes are "
                                + topology.nodes().stream()
                                        .map(node ->
                                                node.name() + " (" + node.id().shortForm() + ")")
                                        .collect(Collectors.joining(", ")));
            }
            chosen.add(found.getFirst().id());
        }
        return chosen;
    }

    // ---- what stands against it

    private void refuse(String reason) {
        reasons.add(reason);
    }

    private void refuse() {
        if (reasons.isEmpty()) {
            return;
        }
        AmbrotypeException error = AmbrotypeException.of(
                ErrorCode.UNSAFE,
                request.deployment() + " cannot be restarted safely now: " + String.join("; ", reasons));
        throw error.withHint(
                hints.isEmpty()
                        ? "ambrotype doctor explains each; ambrotype heal mends memberships"
                        : String.join("; ", hints));
    }

    private void examine(Set<NodeId> remaining) {
        seen.topology().problems().forEach(this::examine);
        seen.slotMigrations()
                .forEach((node, migration) -> refuse(name(node) + " has a migration of slots under way: " + migration));
        for (Node node : seen.topology().nodes()) {
            if (!node.isReached()
                    && seen.topology().problems().stream()
                            .noneMatch(problem -> problem.nodes().contains(node.id()))) {
                refuse(node.name() + " did not answer");
            }
        }
        for (Shard shard : seen.topology().shards()) {
            List<Node> affected = shard.nodes().stream()
                    .filter(node -> remaining.contains(node.id()))
                    .toList();
            if (!affected.isEmpty()) {
                affected.forEach(this::examineStart);
                examine(shard, affected.contains(shard.master()));
            }
        }
        examinePersistence(remaining);
        if (!remaining.isEmpty()) {
            warnings.add("clients of a node lose their connections when it stops: pooled ones reconnect; readers of "
                    + "replicas, blocking commands and Pub/Sub subscribers notice");
        }
    }

    private void examine(Problem problem) {
        if (isObstacle(problem)) {
            refuse(problem.sentence());
        } else {
            warnings.add(problem.sentence());
        }
    }

    /** The first problem that stands against a restart. */
    static Optional<Problem> obstacle(Topology topology) {
        return topology.problems().stream().filter(RestartPlanner::isObstacle).findFirst();
    }

    private static boolean isObstacle(Problem problem) {
        return switch (problem.kind()) {
            case SEED_UNREACHABLE, WRITABLE_REPLICA, UNKNOWN_REPLICA, SENTINEL_UNREACHABLE -> false;
            case UNCOVERED_SLOTS,
                    OPEN_SLOTS,
                    VIEWS_DISAGREE,
                    EPOCH_COLLISION,
                    CLUSTER_DOWN,
                    MASTER_FAILING,
                    REPLICA_FAILING,
                    BUS_LINK_DOWN,
                    HANDSHAKE,
                    ORPHAN_REPLICA,
                    NODE_UNREACHABLE,
                    NODE_WITHOUT_ADDRESS,
                    NODE_WITHOUT_VIEW,
                    NODE_LOADING,
                    STRANGER_AT_ADDRESS,
                    SAME_ID_TWICE,
                    REPLICA_LINK_DOWN,
                    REPLICATION_ID_DIFFERS,
                    SENTINELS_WITHOUT_QUORUM,
                    SENTINEL_DISAGREES,
                    SENTINEL_FAILOVER -> true;
        };
    }

    private void examineStart(Node node) {
        switch (seen.starts().get(node.id())) {
            case StartAgain.Possible possible -> {
                possible.warnings().forEach(warning -> warnings.add(node.name() + ": " + warning));
                possible.relocation()
                        .ifPresent(relocation -> chosen.stream()
                                .filter(other -> !other.equals(node.id()))
                                .filter(other ->
                                        relocation(other).map(Relocation::to).equals(Optional.of(relocation.to())))
                                .findFirst()
                                .ifPresent(_ -> refuse("the files of " + node.name()
                                        + " and of another node would be moved to " + relocation.to())));
            }
            case StartAgain.Impossible impossible -> {
                refuse(impossible.reason());
                hints.add(impossible.hint());
            }
            case null -> refuse("it is not known how " + node.name() + " would be started again");
        }
    }

    private void examine(Shard shard, boolean masterToo) {
        Node master = shard.master();
        if (master.slots().isEmpty()) {
            return;
        }
        if (masterToo) {
            examineCandidates(shard);
        }
        long needed = minReplicas(master.id());
        long good = master.state()
                .map(state -> state.replication().attached().stream()
                        .filter(ReplicationState.Attached::online)
                        .count())
                .orElse(0L);
        if (needed > 0 && good - 1 < needed) {
            refuse(master.name() + " refuses writes without " + needed
                    + " good replicas (min-replicas-to-write) and has " + good
                    + ": it would refuse them while one is restarted");
            hints.add("add a replica, or lower min-replicas-to-write for the time of the restart");
        } else if (needed > 0 && masterToo) {
            warnings.add("min-replicas-to-write is " + needed + " on " + master.name()
                    + ": after a fail-over writers are refused until as many replicas have attached to the new master");
        }
    }

    private long minReplicas(NodeId node) {
        return seen.number(node, "min-replicas-to-write", seen.number(node, "min-slaves-to-write", 0));
    }

    private void examineCandidates(Shard shard) {
        Node master = shard.master();
        if (shard.replicas().isEmpty()) {
            refuse("master " + master.name() + " of slots " + master.slots()
                    + " has no replica that could take over while it is restarted");
            hints.add("give it one: ambrotype add-replica");
            return;
        }
        List<String> against = new ArrayList<>();
        for (Node replica : shard.replicas()) {
            Optional<String> unfit = unfit(replica, master, chosen.contains(replica.id()));
            if (unfit.isEmpty()) {
                examineHandover(shard);
                return;
            }
            against.add(unfit.get());
        }
        refuse("no replica of " + master.name() + " can take over: " + String.join(", ", against));
    }

    /** What every fail-over in the shard needs beside a candidate. */
    private void examineHandover(Shard shard) {
        for (Node node : shard.nodes()) {
            List<String> objections = seen.rewriting().getOrDefault(node.id(), List.of());
            if (!objections.isEmpty()) {
                refuse(node.name()
                        + " could not write down in its configuration file whom it follows (CONFIG REWRITE): "
                        + String.join("; ", objections));
                hints.add(
                        "docs/runbooks/restart.md has a table of configuration files that servers cannot be trusted to write");
            }
        }
    }

    private Optional<String> unfit(Node replica, Node master, boolean restarted) {
        if (replica.state().isEmpty() || master.state().isEmpty()) {
            return Optional.of(replica.name() + " did not answer");
        }
        NodeState own = replica.state().get();
        NodeState above = master.state().get();
        if (own.isLoading()) {
            return Optional.of(replica.name() + " is loading its data");
        }
        if (!own.replication().linkUp()) {
            return Optional.of("the link of " + replica.name() + " to its master is down");
        }
        if (!own.replication().id().equals(above.replication().id())) {
            return Optional.of("the data of " + replica.name() + " are of another history");
        }
        if (seen.topology().sentinels().isPresent()
                && seen.setting(replica.id(), "replica-priority").equals("0")) {
            return Optional.of(replica.name() + " has replica-priority 0: Sentinels do not promote it");
        }
        String refused = seen.refusals().getOrDefault(master.id(), Map.of()).get(replica.id());
        if (refused != null) {
            hints.add("give " + master.name()
                    + " the masterauth (and masteruser) that its replicas ask for: CONFIG SET, then"
                    + " CONFIG REWRITE");
            return Optional.of(master.name() + " could not follow " + replica.name()
                    + ", which refuses its masterauth (" + refused + ")");
        }
        // One that is restarted before may come back with a newer version: the gates look again.
        if (!restarted && isOlder(own.version(), above.version())) {
            return Optional.of(replica.name() + " has " + own.version() + ", older than " + above.version());
        }
        return Optional.empty();
    }

    private static boolean isOlder(ServerVersion one, ServerVersion other) {
        return one.vendor() == other.vendor() && one.compareTo(other) < 0;
    }

    private void examinePersistence(Set<NodeId> remaining) {
        List<String> appendOnly = new ArrayList<>();
        List<String> unsaved = new ArrayList<>();
        for (Node node : seen.topology().nodes()) {
            if (!remaining.contains(node.id())) {
                continue;
            }
            if (isAppendOnly(node.id())) {
                appendOnly.add(node.name());
            } else if (seen.configurations().containsKey(node.id())
                    && seen.setting(node.id(), "save").isEmpty()) {
                unsaved.add(node.name());
            } else {
                examineBacklog(node);
            }
        }
        if (!appendOnly.isEmpty()) {
            warnings.add("with appendonly yes no version can resynchronize in part after a restart: " + list(appendOnly)
                    + " fetch" + (appendOnly.size() == 1 ? "es" : "") + " all data from the master again");
        }
        if (!unsaved.isEmpty()) {
            warnings.add(list(unsaved) + (unsaved.size() == 1 ? " has" : " have")
                    + " neither save points nor an append-only file: stopped without saving, all data are fetched from"
                    + " the master again");
        }
    }

    private void examineBacklog(Node node) {
        Optional<Node> master = seen.topology().shardOf(node.id()).map(Shard::master);
        long perSecond = master.flatMap(Node::state)
                .map(state -> state.info().value("instantaneous_input_kbps").orElse("0"))
                .filter(rate -> rate.matches("[0-9]{1,9}(\\.[0-9]{1,9})?"))
                .map(rate -> (long) (Double.parseDouble(rate) * BYTES_PER_KILOBYTE))
                .orElse(0L);
        long backlog = master.map(owner -> seen.number(owner.id(), "repl-backlog-size", Long.MAX_VALUE))
                .orElse(Long.MAX_VALUE);
        if (perSecond * RESTART_SECONDS > backlog) {
            warnings.add("the replication backlog of " + master.map(Node::name).orElse("the master") + " ("
                    + backlog + " bytes) holds less than " + RESTART_SECONDS + " s of its writes now: " + node.name()
                    + " may have to fetch all data again");
        }
    }

    private boolean isAppendOnly(NodeId node) {
        return seen.setting(node, "appendonly").equals("yes");
    }

    private void examineChange(Layout original, Layout now) {
        for (Place place : original.places()) {
            NodeId id = place.member().id();
            if (now.find(id).isEmpty()) {
                refuse(place.member() + " (" + id.shortForm() + ") is no member any more");
            }
        }
        for (Place place : now.places()) {
            Optional<Place> before = original.find(place.member().id());
            if (before.isEmpty()) {
                refuse(place.member() + " (" + place.member().id().shortForm() + ") was no member when the run began");
                continue;
            }
            NodeId head = original.masterOf(place.member().id());
            if (!original.masterOf(now.masterOf(place.member().id())).equals(head)) {
                refuse(place.member() + " has gone to another shard since the run began");
            } else if (place.role() == Role.MASTER
                    && !place.slots().equals(original.place(head).slots())) {
                refuse("the slots of " + place.member() + " have changed since the run began");
            }
        }
    }

    // ---- the plan

    private RestartPlan planned(Layout original, Layout now, Set<NodeId> remaining) {
        List<Step> steps = new ArrayList<>();
        Layout layout = now;
        for (Place master : now.masters()) {
            for (Place replica : now.replicasOf(master.member().id())) {
                if (remaining.contains(replica.member().id())) {
                    steps.add(restart(replica, layout));
                }
            }
        }
        for (Place master : now.masters()) {
            layout = masterSteps(original, master, layout, remaining, steps);
        }
        layout = chains(original, layout, steps);
        examineVersions(now, steps);
        refuse();
        List<Step> all = new ArrayList<>();
        if (!steps.isEmpty() && seen.topology().kind() == DeploymentKind.CLUSTER) {
            all.add(new Step.HoldReplicas(now.members()));
            all.addAll(steps);
            all.add(new Step.ReleaseReplicas(now.members()));
        } else {
            all.addAll(steps);
        }
        warnOfOneCopy(steps);
        if (seen.topology().kind() == DeploymentKind.CLUSTER
                && steps.stream().anyMatch(Step.FailOver.class::isInstance)
                && seen.topology().nodes().stream()
                        .anyMatch(node -> seen.setting(node.id(), COVERAGE).equals("yes"))) {
            warnings.add(COVERAGE + " is no on the other masters while one changes, so that they go on serving when its"
                    + " slots seem to have no owner for a moment; it is put back right after");
        }
        warnOfClients(steps);
        if (!request.failback() && !layout.equals(now)) {
            warnings.add("nothing is failed back: in the end " + String.join(", ", layout.differencesFrom(original)));
        }
        return new RestartPlan(request.deployment(), seen.topology().kind(), now, layout, all, warnings);
    }

    /** A fail-over has all replicas follow the new master; Sentinels want it so, elsewhere it is undone. */
    private Layout chains(Layout original, Layout reached, List<Step> steps) {
        if (seen.topology().kind() == DeploymentKind.CLUSTER
                || seen.topology().sentinels().isPresent()
                || !request.failback()) {
            return reached;
        }
        Layout layout = reached;
        for (Place place : original.places()) {
            NodeId id = place.member().id();
            if (place.master().isPresent()
                    && layout.place(id).master().isPresent()
                    && !layout.place(id).master().equals(place.master())) {
                NodeId master = place.master().get();
                steps.add(new Step.Follow(place.member(), original.place(master).member()));
                layout = layout.afterFollowing(id, master);
            }
        }
        return layout;
    }

    private Layout masterSteps(Layout original, Place master, Layout layout, Set<NodeId> remaining, List<Step> steps) {
        Member current = master.member();
        Member home = original.place(original.masterOf(current.id())).member();
        boolean away = request.failback() && !home.equals(current);
        if (!master.ownsSlots()) {
            if (remaining.contains(current.id())) {
                steps.add(restart(master, layout));
            }
            return layout;
        }
        if (!remaining.contains(current.id())) {
            return away ? failOver(current, home, true, layout, steps) : layout;
        }
        Member successor = away ? home : candidate(current);
        Layout after = failOver(current, successor, away, layout, steps);
        steps.add(restart(after.place(current.id()), after));
        return away || !request.failback() ? after : failOver(successor, current, true, after, steps);
    }

    /**
     * Follows the versions through the steps, as far as they are known beforehand: nobody takes over from a newer master,
     * and nobody is left below a master whose data it cannot load.
     */
    private void examineVersions(Layout now, List<Step> steps) {
        Map<NodeId, ServerVersion> versions = new HashMap<>();
        seen.topology()
                .nodes()
                .forEach(node -> node.state().ifPresent(state -> versions.put(node.id(), state.version())));
        Layout layout = now;
        for (Step step : steps) {
            if (step instanceof Step.Restart restart) {
                NodeId id = restart.member().id();
                versions.remove(id);
                if (seen.starts().get(id) instanceof StartAgain.Possible possible
                        && possible.launch() instanceof Launch.Exec exec) {
                    versions.put(id, exec.version());
                }
            } else if (step instanceof Step.FailOver change) {
                for (Member follower : followers(layout, change)) {
                    if (cannotFollow(
                            versions.get(follower.id()),
                            versions.get(change.to().id()))) {
                        refuse(follower + " would have to follow " + change.to() + ", which is going to be "
                                + versions.get(change.to().id()) + ", with " + versions.get(follower.id()));
                        hints.add("upgrade the replicas before their master, or with it");
                    }
                }
                layout = layout.afterSwitchover(change.from().id(), change.to().id());
            }
        }
    }

    /** Who follows the new master for longer than moments: an old master that is restarted next does not. */
    static List<Member> followers(Layout before, Step.FailOver change) {
        return before.places().stream()
                .filter(place -> place.master().equals(Optional.of(change.from().id()))
                        || (change.back() && place.member().equals(change.from())))
                .map(Place::member)
                .filter(member -> !member.equals(change.to()))
                .toList();
    }

    /** Between patch releases nothing changes in what a replica has to understand. */
    static boolean cannotFollow(@Nullable ServerVersion replica, @Nullable ServerVersion master) {
        return replica != null
                && master != null
                && replica.vendor() == master.vendor()
                && (replica.major() != master.major()
                        ? replica.major() < master.major()
                        : replica.minor() < master.minor());
    }

    private static Layout failOver(Member from, Member to, boolean back, Layout layout, List<Step> steps) {
        steps.add(new Step.FailOver(from, to, back));
        return layout.afterSwitchover(from.id(), to.id());
    }

    private Step restart(Place place, Layout layout) {
        Member member = place.member();
        NodeId head = layout.masterOf(member.id());
        List<Member> others = new ArrayList<>();
        others.add(layout.place(head).member());
        layout.replicasOf(head).forEach(replica -> others.add(replica.member()));
        others.remove(member);
        Optional<Member> only =
                others.size() == 1 && !isAppendOnly(others.getFirst().id())
                        ? Optional.of(others.getFirst())
                        : Optional.empty();
        String launch =
                seen.starts().get(member.id()) instanceof StartAgain.Possible possible ? possible.description() : "";
        return new Step.Restart(
                member,
                launch,
                place.role() == Role.REPLICA,
                only,
                relocation(member.id()).map(Relocation::to));
    }

    private Optional<Relocation> relocation(NodeId id) {
        return seen.starts().get(id) instanceof StartAgain.Possible possible ? possible.relocation() : Optional.empty();
    }

    private Member candidate(Member master) {
        Shard shard = seen.topology().shardOf(master.id()).orElseThrow();
        return shard.replicas().stream()
                .filter(replica -> unfit(replica, shard.master(), chosen.contains(replica.id()))
                        .isEmpty())
                .min(Comparator.comparing((Node replica) -> !chosen.contains(replica.id()))
                        .thenComparing(
                                replica ->
                                        replica.state().map(NodeState::version).orElseThrow(),
                                Comparator.reverseOrder())
                        .thenComparing(this::coolsDown)
                        .thenComparing(replica -> isOnHostOf(replica, shard.master()))
                        .thenComparingLong(replica -> lag(replica, shard.master()) / LAG_OF_THE_MOMENT)
                        .thenComparing(Node::name))
                .map(Member::of)
                .orElseThrow();
    }

    /** A restart clears it, so that it only concerns replicas that are not restarted. */
    private boolean coolsDown(Node replica) {
        return !chosen.contains(replica.id())
                && replica.state().isPresent()
                && seen.elections().stream()
                        .filter(election -> election.candidate().id().equals(replica.id()))
                        .filter(election ->
                                election.runId().equals(replica.state().get().runId()))
                        .anyMatch(election -> election.begun()
                                .plus(seen.nodeTimeout().multipliedBy(4))
                                .isAfter(seen.time()));
    }

    private static boolean isOnHostOf(Node replica, Node master) {
        return replica.address().map(HostAndPort::host).equals(master.address().map(HostAndPort::host));
    }

    private static long lag(Node replica, Node master) {
        return Math.max(0, offset(master) - offset(replica));
    }

    private static long offset(Node node) {
        return node.state().map(state -> state.replication().offset().value()).orElse(0L);
    }

    private void warnOfClients(List<Step> steps) {
        if (seen.topology().kind() == DeploymentKind.CLUSTER
                || steps.stream().noneMatch(Step.FailOver.class::isInstance)) {
            return;
        }
        Optional<SentinelSet> sentinels = seen.topology().sentinels();
        warnings.add(
                sentinels.isPresent()
                        ? "clients have to follow the Sentinels of '"
                                + sentinels.get().masterName()
                                + "' to the new master: one that does not gets READONLY until the master is back"
                        : "nobody tells clients who the master is: while it is restarted a replica takes the writes, and "
                                + "clients that know the old master's address only get READONLY from it");
        if (seen.topology().nodes().stream()
                .flatMap(node -> node.state().stream())
                .anyMatch(state -> !state.version().isAtLeast(ServerVersion.Vendor.REDIS, 6, 2)
                        && state.version().vendor() == ServerVersion.Vendor.REDIS)) {
            warnings.add(
                    "before Redis 6.2 writers cannot be held during a fail-over: they get NOREPLICAS for that time");
        }
    }

    private void warnOfOneCopy(List<Step> steps) {
        Map<Boolean, List<String>> copies = steps.stream()
                .filter(Step.Restart.class::isInstance)
                .map(Step.Restart.class::cast)
                .filter(step -> step.saveFirst().isPresent())
                .collect(Collectors.partitioningBy(
                        Step.Restart::replica,
                        Collectors.mapping(step -> step.member().toString(), Collectors.toList())));
        List<String> all = new ArrayList<>(copies.getOrDefault(true, List.of()));
        all.addAll(copies.getOrDefault(false, List.of()));
        if (!all.isEmpty()) {
            warnings.add("while " + list(all.stream().distinct().toList())
                    + (all.size() == 1 ? " is" : " are, one after the other,")
                    + " restarted, the shard has one live copy: it saves before, and a crash of it in those moments can"
                    + " lose what was written since");
        }
    }

    private String name(NodeId id) {
        return seen.topology().node(id).map(Node::name).orElse("node " + id.shortForm());
    }

    private static String list(List<String> names) {
        return names.size() == 1
                ? names.getFirst()
                : String.join(", ", names.subList(0, names.size() - 1)) + " and " + names.getLast();
    }
}
