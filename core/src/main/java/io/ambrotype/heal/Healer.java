package io.ambrotype.heal;

import io.ambrotype.common.AmbrotypeException;
import io.ambrotype.common.ErrorCode;
import io.ambrotype.common.HostAndPort;
import io.ambrotype.common.Time;
import io.ambrotype.control.ClusterGates;
import io.ambrotype.control.ClusterSwitchover;
import io.ambrotype.control.Elections;
import io.ambrotype.control.Gate;
import io.ambrotype.control.Journal;
import io.ambrotype.control.Layout;
import io.ambrotype.control.Member;
import io.ambrotype.control.MemberConnections;
import io.ambrotype.heal.EarlierLayout.Place;
import io.ambrotype.heal.RebuiltNodesConf.Successor;
import io.ambrotype.heal.Revival.LeftData;
import io.ambrotype.heal.Survey.Outsider;
import io.ambrotype.resp.ConnectionSettings;
import io.ambrotype.resp.RespConnection;
import io.ambrotype.resp.RespErrorException;
import io.ambrotype.resp.RespReply;
import io.ambrotype.topology.Node;
import io.ambrotype.topology.NodeId;
import io.ambrotype.topology.Role;
import io.ambrotype.topology.Shard;
import io.ambrotype.topology.SlotSet;
import io.ambrotype.topology.Topology;
import io.ambrotype.topology.TopologyReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Mends a cluster's membership: looks, has a plan made, follows it.
 *
 * <p>Every step ends with a gate on the views of all members that take part. What was broken off is simply run again: it
 * looks anew, and the journal tells which node was still to be made master again.
 */
public final class Healer {
    private static final int SLOTS = 16_384;

    private final ConnectionSettings settings;
    private final List<HostAndPort> seeds;
    private final Reviver reviver;
    private final HealHistory history;
    private final Duration limit;
    private final Time time;

    /**
     * For one deployment.
     *
     * @param seeds addresses of it, those of strangers included
     * @param reviver starts servers on this host
     * @param journals the folder of the journals
     * @param limit how long a gate may stay closed without any progress
     */
    public Healer(
            ConnectionSettings settings,
            List<HostAndPort> seeds,
            Reviver reviver,
            Path journals,
            Duration limit,
            Time time) {
        this.settings = settings;
        this.seeds = List.copyOf(seeds);
        this.reviver = reviver;
        this.history = new HealHistory(journals);
        this.limit = limit;
        this.time = time;
    }

    /**
     * Looks at everything and makes a plan; changes nothing.
     *
     * @param earlier an earlier layout, from a snapshot or a journal
     */
    public HealPlan plan(HealRequest request, Optional<EarlierLayout> earlier) {
        Survey survey = survey(earlier);
        Topology cluster = survey.cluster();
        Set<NodeId> ids = ids(cluster);
        Set<NodeId> gone = cluster.nodes().stream()
                .filter(node -> !node.isReached())
                .map(Node::id)
                .collect(Collectors.toSet());
        Map<HostAndPort, Revival> revivals = new HashMap<>();
        Map<HostAndPort, SlotSet> holdings = new HashMap<>();
        Optional<EarlierLayout> found = Optional.empty();
        for (Outsider outsider : survey.outsiders()) {
            if (!outsider.isAlone()) {
                continue;
            }
            if (outsider.state().keys() > 0) {
                holdings.put(outsider.address(), slotsWithKeys(outsider.address()));
            }
            Optional<Reviver.Found> way = reviver.find(outsider, gone);
            way.ifPresent(there -> revivals.put(outsider.address(), there.revival()));
            found = found.or(() -> way.flatMap(Reviver.Found::file));
        }
        Map<HostAndPort, String> broken = new HashMap<>();
        List<Node> running = cluster.nodes().stream().filter(Node::isReached).toList();
        for (Node node : cluster.nodes()) {
            if (!node.isReached()
                    && node.address().isPresent()
                    && survey.outsiderAt(node.address().get()).isEmpty()) {
                reviver.findBroken(node, running).ifPresent(there -> {
                    revivals.put(node.address().orElseThrow(), there.revival());
                    broken.put(node.address().orElseThrow(), there.reason());
                });
            }
        }
        Optional<EarlierLayout> file = found;
        Optional<EarlierLayout> known = known(ids, earlier)
                .or(() -> request.failBack() ? history.latest(ids) : Optional.empty())
                .or(() -> file);
        Scene scene = new Scene(survey, ShardMates.read(cluster, settings), known, holdings, revivals, broken);
        return HealPlanner.plan(scene, request);
    }

    private Optional<EarlierLayout> known(Set<NodeId> ids, Optional<EarlierLayout> earlier) {
        return history.unfinished(ids).or(() -> earlier.filter(layout -> layout.concerns(ids)));
    }

    private static Set<NodeId> ids(Topology cluster) {
        return cluster.nodes().stream().map(Node::id).collect(Collectors.toSet());
    }

    /** The cluster forgets the address of a node as soon as a stranger answers there; an earlier layout has it still. */
    private Survey survey(Optional<EarlierLayout> earlier) {
        Survey first = Survey.of(seeds, settings);
        Set<NodeId> ids = ids(first.cluster());
        Set<HostAndPort> addresses = new LinkedHashSet<>(seeds);
        known(ids, earlier)
                .ifPresent(layout -> first.cluster().nodes().stream()
                        .filter(node -> !node.isReached() && node.address().isEmpty())
                        .flatMap(node -> layout.of(node.id()).stream())
                        .map(Place::address)
                        .forEach(addresses::add));
        addresses.addAll(leftBehind(first.cluster()));
        if (seeds.containsAll(addresses)) {
            return first;
        }
        Survey second = Survey.of(List.copyOf(addresses), settings);
        return ids(second.cluster()).equals(ids) ? second : first;
    }

    /** Strangers of this host that nobody named: where the nodes.conf of a node was left whose address nobody knows any more. */
    private List<HostAndPort> leftBehind(Topology cluster) {
        Set<NodeId> lost = cluster.nodes().stream()
                .filter(node -> !node.isReached() && node.address().isEmpty())
                .map(Node::id)
                .collect(Collectors.toSet());
        if (lost.isEmpty()) {
            return List.of();
        }
        Set<HostAndPort> members = cluster.nodes().stream()
                .flatMap(node -> node.address().stream())
                .collect(Collectors.toSet());
        Set<String> hosts = members.stream().map(HostAndPort::host).collect(Collectors.toSet());
        return reviver.neighbours(hosts).stream()
                .filter(address -> !members.contains(address) && !seeds.contains(address))
                .filter(address -> isLeftBehind(address, lost))
                .toList();
    }

    private boolean isLeftBehind(HostAndPort address, Set<NodeId> lost) {
        try {
            Outsider outsider = new Outsider(address, new TopologyReader(settings).discover(List.of(address)));
            return outsider.isAlone()
                    && reviver.find(outsider, lost).flatMap(Reviver.Found::file).isPresent();
        } catch (AmbrotypeException e) {
            if (e.code() == ErrorCode.INTERRUPTED) {
                throw e;
            }
            // Something else listens there, or lets nobody look.
            return false;
        }
    }

    /**
     * Follows a plan.
     *
     * @return the cluster as it is then
     * @throws AmbrotypeException {@code UNSAFE} where a gate did not open; what was done by then stays, and a further run
     *     goes on from there
     */
    public Topology run(HealPlan plan, HealListener listener) {
        Set<NodeId> ids = plan.members().stream().map(Member::id).collect(Collectors.toSet());
        try (Journal<HealEntry> journal = history.begin(time.instant());
                MemberConnections connections = new MemberConnections(
                        settings, "ambrotype-heal-" + time.instant().toEpochMilli())) {
            requireAlone(connections, plan.members());
            journal.append(new HealEntry.Begun(time.instant(), HealStep.texts(plan.steps()), wanted(plan)));
            Elections elections = new Elections(
                    history.elections(ids),
                    election -> journal.append(new HealEntry.Elected(time.instant(), election)));
            Run run = new Run(connections, elections, listener, new ArrayList<>(plan.members()));
            int number = 0;
            try {
                for (HealStep step : plan.steps()) {
                    number++;
                    journal.append(new HealEntry.StepBegun(time.instant(), number, step.text()));
                    listener.begun(step.text());
                    run.step(step);
                    journal.append(new HealEntry.StepEnded(time.instant(), number));
                }
                Topology cluster = Survey.of(seeds, settings).cluster();
                if (cluster.nodes().stream().allMatch(Node::isReached)) {
                    new Gate("every node to agree on the layout", limit)
                            .await(time, listener, new ClusterGates(connections).inPlace(Layout.of(cluster)));
                }
                if (cluster.shards().stream()
                        .filter(shard -> shard.master().isReached())
                        .map(Shard::slots)
                        .reduce(SlotSet.NONE, SlotSet::union)
                        .equals(SlotSet.ALL)) {
                    run.membership.awaitServing(run.members);
                }
                journal.append(new HealEntry.Ended(time.instant()));
                return cluster;
            } catch (AmbrotypeException e) {
                journal.append(new HealEntry.BrokenOff(time.instant(), e.getMessage()));
                throw AmbrotypeException.of(
                                e.code(),
                                "step " + number + " of " + plan.steps().size() + " did not end: " + e.getMessage())
                        .causedBy(e)
                        .withHint(e.hint().map(hint -> hint + "; ").orElse("")
                                + "what was done stays; ambrotype heal looks again and goes on");
            }
        }
    }

    /** What is done, step by step. */
    private final class Run {
        private final MemberConnections connections;
        private final Elections elections;
        private final HealListener listener;
        private final List<Member> members;
        private final Membership membership;

        Run(MemberConnections connections, Elections elections, HealListener listener, List<Member> members) {
            this.connections = connections;
            this.elections = elections;
            this.listener = listener;
            this.members = members;
            this.membership = new Membership(connections, limit, time, listener);
        }

        void step(HealStep step) {
            switch (step) {
                case HealStep.Meet(Member newcomer, int busPort) -> {
                    membership.meet(newcomer, busPort, without(newcomer));
                    join(newcomer);
                }
                case HealStep.Empty(Member stranger, long _) -> empty(stranger);
                case HealStep.Replicate(Member replica, Member master) ->
                    membership.replicate(replica, master, without(replica));
                case HealStep.Forget(NodeId ghost, String _) -> membership.forget(ghost, members);
                case HealStep.TakeOver takeOver -> takeOver(takeOver);
                case HealStep.Revive revive -> revive(revive);
                case HealStep.FailBack(Member from, Member to) -> failBack(from, to);
            }
        }

        private List<Member> without(Member member) {
            return members.stream().filter(other -> !other.equals(member)).toList();
        }

        private void join(Member member) {
            if (!members.contains(member)) {
                members.add(member);
            }
        }

        private void empty(Member stranger) {
            connections.ask(stranger, connection -> connection.call("FLUSHALL"));
            connections.ask(stranger, connection -> connection.call("CLUSTER", "RESET", "SOFT"));
        }

        /** A replica follows an address: meanwhile it may have copied a stranger's nothing. */
        private void takeOver(HealStep.TakeOver step) {
            if (step.keys() > 0 && keys(step.replica()) == 0) {
                throw AmbrotypeException.of(
                        ErrorCode.UNSAFE,
                        "the " + step.keys() + " keys that " + step.replica() + " had are gone meanwhile");
            }
            membership.takeOver(step.replica(), step.ghost(), step.vote(), members);
        }

        private long keys(Member member) {
            return connections.ask(member, connection -> connection.integer("DBSIZE"));
        }

        private void revive(HealStep.Revive step) {
            Optional<LeftData> left = step.revival().data().filter(LeftData::isFilled);
            if (left.isPresent()
                    && step.master().filter(master -> keys(master) == 0).isPresent()) {
                throw AmbrotypeException.of(
                        ErrorCode.UNSAFE,
                        step.master().get() + " is empty now: " + step.node() + " would lose what it left, "
                                + left.get());
            }
            Topology cluster = Survey.of(seeds, settings).cluster();
            NodeId id = step.node().id();
            boolean takenOver = cluster.node(id)
                    .filter(node -> node.role() == Role.MASTER && node.slots().isEmpty())
                    .isPresent();
            RebuiltNodesConf rebuilt = RebuiltNodesConf.of(
                    cluster,
                    id,
                    Optional.of(step.node().address()),
                    step.master()
                            .filter(_ -> takenOver)
                            .<Successor>map(master -> new Successor.Named(master.id()))
                            .orElse(Successor.FOUND_OUT),
                    settings);
            if ((rebuilt.role() == Role.REPLICA) != step.master().isPresent()) {
                throw AmbrotypeException.of(
                        ErrorCode.UNSAFE,
                        "the cluster has changed meanwhile: " + step.node() + " would come back as "
                                + (rebuilt.role() == Role.REPLICA ? "a replica" : "the owner of slots"));
            }
            List<Node> replicas = cluster.shardOf(id).stream()
                    .flatMap(shard -> shard.replicas().stream())
                    .filter(Node::isReached)
                    .toList();
            Supplier<Optional<String>> ended = reviver.revive(step, rebuilt.conf(), connections, listener);
            membership.awaitBack(step.node(), ended);
            join(step.node());
            if (step.master().isPresent()) {
                membership.awaitFollowing(step.node(), step.master().get(), without(step.node()));
            } else {
                membership.awaitKnown(step.node(), without(step.node()));
                replicas.forEach(replica -> membership.awaitFollowing(Member.of(replica), step.node(), members));
            }
        }

        private void failBack(Member from, Member to) {
            Topology cluster = Survey.of(seeds, settings).cluster();
            ClusterGates gates = new ClusterGates(connections);
            new ClusterSwitchover(connections, gates, elections, limit, time, listener)
                    .run(Layout.of(cluster), from, to);
        }
    }

    /** Two who change the membership at once would undo each other's work. */
    private static void requireAlone(MemberConnections connections, List<Member> members) {
        for (Member member : members) {
            String clients;
            try {
                clients = connections.ask(member, connection -> connection.text("CLIENT", "LIST"));
            } catch (RespErrorException _) {
                continue;
            }
            for (String line : clients.lines().toList()) {
                for (String field : line.split(" ")) {
                    if (field.startsWith("name=ambrotype-") && !field.equals("name=" + connections.clientName())) {
                        throw AmbrotypeException.of(
                                        ErrorCode.LOCKED,
                                        "another ambrotype is at work on " + member + " (client "
                                                + field.substring("name=".length()) + ")")
                                .withHint("wait until it has ended");
                    }
                }
            }
        }
    }

    private SlotSet slotsWithKeys(HostAndPort address) {
        try (RespConnection connection = RespConnection.open(address, settings)) {
            List<byte[][]> questions = new ArrayList<>();
            for (int slot = 0; slot < SLOTS; slot++) {
                questions.add(new byte[][] {bytes("CLUSTER"), bytes("COUNTKEYSINSLOT"), bytes(Integer.toString(slot))});
            }
            BitSet held = new BitSet();
            List<RespReply> answers = connection.pipeline(questions);
            for (int slot = 0; slot < answers.size(); slot++) {
                if (answers.get(slot).integer() > 0) {
                    held.set(slot);
                }
            }
            return SlotSet.of(held);
        } catch (AmbrotypeException e) {
            if (e.code() == ErrorCode.INTERRUPTED) {
                throw e;
            }
            return SlotSet.NONE;
        }
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.US_ASCII);
    }

    /** Who shall have which place when the plan has been followed. */
    private List<Place> wanted(HealPlan plan) {
        Map<NodeId, Place> places = new HashMap<>();
        Topology cluster = Survey.of(seeds, settings).cluster();
        for (Node node : cluster.nodes()) {
            if (node.isReached()) {
                places.put(
                        node.id(),
                        new Place(node.id(), node.connectAddress(), node.role(), node.master(), node.slots()));
            }
        }
        for (HealStep step :
                Stream.concat(plan.steps().stream(), plan.postponed().stream()).toList()) {
            switch (step) {
                case HealStep.Replicate(Member replica, Member master) -> follow(places, replica, master.id());
                case HealStep.Revive revive ->
                    revive.master().ifPresent(master -> follow(places, revive.node(), master.id()));
                case HealStep.FailBack(Member from, Member to) -> {
                    Place old = places.get(from.id());
                    if (old != null) {
                        places.put(
                                to.id(), new Place(to.id(), to.address(), Role.MASTER, Optional.empty(), old.slots()));
                        for (Place place : new HashSet<>(places.values())) {
                            if (place.master().equals(Optional.of(from.id()))) {
                                follow(places, new Member(place.id(), place.address()), to.id());
                            }
                        }
                        follow(places, from, to.id());
                    }
                }
                case HealStep.TakeOver takeOver -> {
                    Member replica = takeOver.replica();
                    SlotSet slots =
                            cluster.node(takeOver.ghost()).map(Node::slots).orElse(SlotSet.NONE);
                    places.put(
                            replica.id(),
                            new Place(replica.id(), replica.address(), Role.MASTER, Optional.empty(), slots));
                }
                case HealStep.Meet _, HealStep.Empty _, HealStep.Forget _ -> {}
            }
        }
        return List.copyOf(places.values());
    }

    private static void follow(Map<NodeId, Place> places, Member replica, NodeId master) {
        places.put(
                replica.id(),
                new Place(replica.id(), replica.address(), Role.REPLICA, Optional.of(master), SlotSet.NONE));
    }
}
