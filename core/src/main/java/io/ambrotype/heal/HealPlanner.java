package io.ambrotype.heal;

import io.ambrotype.common.HostAndPort;
import io.ambrotype.control.Member;
import io.ambrotype.heal.EarlierLayout.Place;
import io.ambrotype.heal.HealPlan.Matter;
import io.ambrotype.heal.Revival.LeftData;
import io.ambrotype.heal.Survey.Outsider;
import io.ambrotype.topology.Node;
import io.ambrotype.topology.NodeId;
import io.ambrotype.topology.NodeState;
import io.ambrotype.topology.Problem;
import io.ambrotype.topology.Role;
import io.ambrotype.topology.Shard;
import io.ambrotype.topology.SlotSet;
import io.ambrotype.topology.Topology;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;

/**
 * Makes a plan of what was found; pure. Two rules stand above all:
 *
 * <ul>
 *   <li>Data that nobody else has are not touched. What holds keys or slots is mended only where the user says that they
 *       may go; a replica is given another master only while every slot has an owner that answers.
 *   <li>Nothing is started that would come up as an empty owner of slots. A server gets its own id back as a replica of
 *       the node that has its slots now, and becomes master again by a fail-over when it has the data; as their owner only
 *       where nobody else has their data, and they were found on its disk.
 * </ul>
 *
 * <p>A server that lost its identity gets it back where it can be started from here: its {@code nodes.conf} is written
 * anew as its peers know it, rather than taken from where it was left, because the old one still says that the node owns
 * its slots. It is put into the folder where its files were left, where that is found: there are its data, and the next
 * start from there finds them. Elsewhere it becomes a member under its new id, and the old one is forgotten.
 *
 * <p>Order: members first, then replicas, then the ghosts are forgotten (a node refuses to forget its own master), then
 * masters are failed back.
 */
final class HealPlanner {
    private final Scene scene;
    private final HealRequest request;
    private final Topology cluster;
    private final List<Matter> matters = new ArrayList<>();
    private final List<HealStep> takeOvers = new ArrayList<>();
    private final List<HealStep> joins = new ArrayList<>();
    private final List<HealStep> replications = new ArrayList<>();
    private final List<HealStep> forgets = new ArrayList<>();
    private final List<HealStep> failBacks = new ArrayList<>();
    private final List<HealStep.FailBack> postponed = new ArrayList<>();
    private final List<String> warnings = new ArrayList<>();
    /** Of each master with slots, how many replicas it will have. */
    private final Map<NodeId, Integer> followers = new HashMap<>();
    /** Of masters that are gone and still own slots, who will have them: a replica, or they themselves. */
    private final Map<NodeId, Member> owners = new HashMap<>();
    /** Who was at the addresses of those that lost their identity. */
    private final Map<HostAndPort, Node> strangers = new LinkedHashMap<>();

    private final List<Node> silent;
    /** Whether there are masters enough to elect another. */
    private final boolean vote;

    private HealPlanner(Scene scene, HealRequest request) {
        this.scene = scene;
        this.request = request;
        this.cluster = scene.survey().cluster();
        cluster.shards().stream()
                .filter(shard -> !shard.slots().isEmpty())
                .forEach(shard -> followers.put(shard.master().id(), Succession.followers(cluster, shard.master())));
        this.silent = cluster.nodes().stream()
                .filter(node -> !node.isReached() && node.address().isPresent())
                .filter(node ->
                        scene.survey().outsiderAt(node.address().orElseThrow()).isEmpty())
                .filter(node -> !isToBeForgotten(node))
                // It is started before anybody is forgotten or failed back.
                .filter(node -> !scene.broken().containsKey(node.address().orElseThrow()))
                .toList();
        List<Node> voters = cluster.shards().stream()
                .filter(shard -> !shard.slots().isEmpty())
                .map(Shard::master)
                .toList();
        this.vote = voters.stream().filter(Node::isReached).count() > voters.size() / 2;
    }

    static HealPlan plan(Scene scene, HealRequest request) {
        return new HealPlanner(scene, request).plan();
    }

    private HealPlan plan() {
        List<Finding> findings = Recognition.of(scene);
        findings.forEach(finding -> {
            if (finding instanceof Finding.LostIdentity(Node ghost, Outsider stranger, String _)) {
                strangers.put(stranger.address(), ghost);
            }
        });
        findings.stream().sorted(Comparator.comparingInt(HealPlanner::turn)).forEach(this::consider);
        cluster.problems(
                        Problem.Kind.UNCOVERED_SLOTS,
                        Problem.Kind.OPEN_SLOTS,
                        Problem.Kind.EPOCH_COLLISION,
                        Problem.Kind.SAME_ID_TWICE,
                        Problem.Kind.NODE_LOADING,
                        Problem.Kind.NODE_WITHOUT_VIEW)
                .forEach(problem -> warnings.add(problem.sentence()));
        scene.survey()
                .unanswered()
                .forEach(address -> warnings.add("at " + address + " nobody answers, and no member is known there: what"
                        + " ran there cannot be told"));
        List<Member> members = Stream.concat(cluster.nodes().stream(), scene.survey().orphans().stream())
                .filter(node -> node.state().flatMap(NodeState::view).isPresent())
                .map(Member::of)
                .toList();
        List<HealStep> steps = Stream.of(takeOvers, joins, replications, forgets, failBacks)
                .flatMap(List::stream)
                .toList();
        return new HealPlan(matters, steps, postponed, members, warnings);
    }

    /** Owners first, because others follow them. Who lacks a replica is known when everybody else has found his place. */
    private static int turn(Finding finding) {
        return switch (finding) {
            case Finding.OwnerLostIdentity _, Finding.DeadOwner _ -> 0;
            case Finding.CannotStart broken -> broken.node().slots().isEmpty() ? 1 : 0;
            case Finding.LostIdentity _,
                    Finding.StrangerWithData _,
                    Finding.Foreign _,
                    Finding.Silent _,
                    Finding.OrphanReplica _,
                    Finding.KnownToSome _ -> 1;
            case Finding.Stranger _, Finding.ExtraMaster _ -> 2;
            case Finding.Ghost _, Finding.WithoutReplica _, Finding.ReturnedMaster _ -> 3;
        };
    }

    private void consider(Finding finding) {
        switch (finding) {
            case Finding.LostIdentity lost -> lostIdentity(lost, lost.ghost(), lost.stranger());
            case Finding.OwnerLostIdentity owner -> ownerLostIdentity(owner, owner.ghost(), owner.stranger());
            case Finding.StrangerWithData data -> strangerWithData(data);
            case Finding.Foreign foreign ->
                left(foreign, "it is not touched; take its address out of those of the deployment");
            case Finding.Ghost ghost -> ghost(ghost);
            case Finding.Silent lost -> {
                if (isToBeForgotten(lost.node())) {
                    forget(lost, lost.node());
                } else {
                    left(
                            lost,
                            "start it; where it does not start because of its nodes.conf, ambrotype nodes-conf makes a new"
                                    + " one; where it is never to come back: --forget "
                                    + lost.node().id().shortForm());
                }
            }
            case Finding.CannotStart broken -> {
                if (isToBeForgotten(broken.node())) {
                    forget(broken, broken.node());
                } else {
                    cannotStart(broken, broken.node());
                }
            }
            case Finding.DeadOwner dead -> {
                Optional<Member> heir = takeOver(dead.node());
                if (heir.isPresent()) {
                    dead.node()
                            .address()
                            .map(address -> new Member(dead.node().id(), address))
                            .ifPresent(master -> postponed.add(new HealStep.FailBack(heir.get(), master)));
                    mended(
                            dead,
                            heir.get() + " takes its slots over; when it comes back, it is a replica of it, and"
                                    + " ambrotype heal --fail-back makes it master again");
                } else {
                    left(dead, deadOwner(dead.node()));
                }
            }
            case Finding.OrphanReplica orphan -> orphan(orphan);
            case Finding.KnownToSome some -> {
                Node node = some.node();
                joins.add(new HealStep.Meet(Member.of(node), busPort(node)));
                mended(some, "every node meets it again");
            }
            case Finding.Stranger stranger -> stranger(stranger);
            case Finding.ExtraMaster extra -> extraMaster(extra);
            case Finding.WithoutReplica without -> withoutReplica(without);
            case Finding.ReturnedMaster returned -> returnedMaster(returned);
        }
    }

    private void mended(Finding finding, String how) {
        matters.add(Matter.mended(finding, how));
    }

    private void left(Finding finding, String why) {
        matters.add(Matter.leftAlone(finding, why));
    }

    private void lostIdentity(Finding finding, Node ghost, Outsider stranger) {
        if (ghost.role() == Role.REPLICA) {
            Optional<Member> leader = leaderOf(ghost);
            if (leader.isPresent()) {
                returns(finding, ghost, stranger, leader.get(), "it was its replica");
            } else {
                left(finding, "it was a replica, and its master is gone too: mend that first");
            }
            return;
        }
        switch (Succession.of(cluster, ghost.id(), ghost.configEpoch(), scene.mates(), scene.earlier())) {
            case Succession.Known(Node successor, String reason) -> {
                if (successor.isReached()) {
                    returns(finding, ghost, stranger, Member.of(successor), "which took over from it: " + reason);
                } else {
                    left(finding, successor.name() + " took over from it and does not answer: start that first");
                }
            }
            case Succession.Never _ -> {
                joins.add(new HealStep.Meet(
                        new Member(stranger.node().id(), stranger.address()), busPort(stranger.node())));
                forgetGhost(ghost);
                mended(
                        finding,
                        "it becomes a member under its new id, without slots (it never owned slots), and the old id is"
                                + " forgotten");
            }
            case Succession.Unknown(String reason) ->
                left(
                        finding,
                        "it cannot be told who took its slots over (" + reason
                                + "); add it as a replica of the right one: ambrotype add-replica D "
                                + stranger.address() + " --of MASTER, then ambrotype heal again");
        }
    }

    /** As a replica of the node that has its slots now, and then as their master again. */
    private void returns(Finding finding, Node ghost, Outsider stranger, Member leader, String because) {
        Member self = new Member(stranger.node().id(), stranger.address());
        Optional<Revival> revival =
                Optional.ofNullable(scene.revivals().get(stranger.address())).filter(_ -> !request.newIds());
        if (request.discard().contains(stranger.address())) {
            revival = revival.map(Revival::withoutData);
        }
        if (loses(finding, leader, revival, stranger.address())) {
            return;
        }
        followers.merge(leader.id(), 1, Integer::sum);
        boolean wasMaster = ghost.role() == Role.MASTER;
        if (revival.isPresent()) {
            Member node = new Member(ghost.id(), stranger.address());
            joins.add(new HealStep.Revive(Optional.of(self), node, Optional.of(leader), false, revival.get()));
            mended(
                    finding,
                    "it gets its own id back: its nodes.conf is rebuilt as a replica of " + leader + " (" + because
                            + "), in " + revival.get().folder() + " ("
                            + revival.get().reason() + ")"
                            + (wasMaster ? "; it becomes master again when it has the data" : ""));
            failBack(node, leader, wasMaster);
            return;
        }
        joins.add(new HealStep.Meet(self, busPort(stranger.node())));
        replications.add(new HealStep.Replicate(self, leader));
        forgetGhost(ghost);
        mended(
                finding,
                "it becomes a member under its new id, as a replica of " + leader + " (" + because
                        + "), and the old id is forgotten"
                        + (wasMaster ? "; it becomes master again when it has the data" : ""));
        failBack(self, leader, wasMaster);
    }

    private void cannotStart(Finding.CannotStart finding, Node ghost) {
        HostAndPort address = ghost.address().orElseThrow();
        Revival revival = Objects.requireNonNull(scene.revivals().get(address));
        if (request.discard().contains(address)) {
            revival = revival.withoutData();
        }
        Member node = new Member(ghost.id(), address);
        Optional<Member> master = Optional.empty();
        String because = "its master";
        if (ghost.role() == Role.REPLICA) {
            master = leaderOf(ghost);
        } else if (ghost.slots().isEmpty()) {
            if (Succession.of(cluster, ghost.id(), ghost.configEpoch(), scene.mates(), scene.earlier())
                    instanceof Succession.Known(Node successor, String reason)) {
                master = Optional.of(Member.of(successor));
                because = "which took over from it: " + reason;
            }
        } else if (liveReplicas(ghost).stream().allMatch(HealPlanner::isEmpty)
                && revival.data().isPresent()) {
            owners.put(ghost.id(), node);
            joins.add(new HealStep.Revive(Optional.empty(), node, Optional.empty(), false, revival));
            mended(
                    finding,
                    "its file is rebuilt, and it is started with its data, "
                            + revival.data().get() + "; no replica of it that answers has any");
            return;
        } else {
            master = takeOver(ghost);
            because = "which takes over first";
            if (master.isEmpty()) {
                left(finding, deadOwner(ghost));
                return;
            }
        }
        if (master.isEmpty()) {
            left(finding, "it cannot be told whom it shall follow: ambrotype nodes-conf --of MASTER makes the file");
            return;
        }
        Member leader = master.get();
        if (loses(finding, leader, Optional.of(revival), address)) {
            return;
        }
        followers.merge(leader.id(), 1, Integer::sum);
        joins.add(new HealStep.Revive(Optional.empty(), node, Optional.of(leader), false, revival));
        boolean wasMaster = ghost.role() == Role.MASTER;
        mended(
                finding,
                "its file is rebuilt as a replica of " + leader + " (" + because + "), and it is started"
                        + (wasMaster ? "; it becomes master again when it has the data" : ""));
        failBack(node, leader, wasMaster);
    }

    /** A replica loses what it has; where its leader has nothing, that may be the last copy. */
    private boolean loses(Finding finding, Member leader, Optional<Revival> revival, HostAndPort address) {
        Optional<LeftData> left = revival.flatMap(Revival::data).filter(LeftData::isFilled);
        if (left.isEmpty()
                || owners.containsKey(leader.id())
                || cluster.node(leader.id()).filter(node -> keysOf(node) == 0).isEmpty()) {
            return false;
        }
        left(
                finding,
                leader + " has its slots now and is empty, and it left data: " + left.get()
                        + ". As a replica it would lose them. To have them back: stop " + leader
                        + " (SHUTDOWN NOSAVE), put them into its folder in place of its own, start it, and run heal"
                        + " again. When they are not needed: --discard " + address);
        return true;
    }

    /** Where the user says so, the best replica of a master that is down takes over. */
    private Optional<Member> takeOver(Node master) {
        return request.takeOver() ? holder(master).map(replica -> takeOver(replica, master)) : Optional.empty();
    }

    private Member takeOver(Node replica, Node master) {
        Member leader = Member.of(replica);
        takeOvers.add(new HealStep.TakeOver(leader, master.id(), keysOf(replica), vote));
        owners.put(master.id(), leader);
        return leader;
    }

    /** Its replica that has the most of its data; empty where none has any. */
    private Optional<Node> holder(Node master) {
        return liveReplicas(master).stream()
                .filter(replica -> keysOf(replica) > 0)
                .max(Comparator.comparingLong(replica ->
                        replica.state().orElseThrow().replication().offset().value()));
    }

    /** Whom a replica follows when everything is mended. */
    private Optional<Member> leaderOf(Node replica) {
        return masterOf(replica)
                .map(Member::of)
                .or(() -> replica.master().flatMap(id -> Optional.ofNullable(owners.get(id))));
    }

    private void failBack(Member node, Member leader, boolean wasMaster) {
        if (!wasMaster) {
            return;
        }
        if (silent.isEmpty()) {
            failBacks.add(new HealStep.FailBack(leader, node));
        } else {
            postponed.add(new HealStep.FailBack(leader, node));
            warnings.add(node + " is not made master again now, because " + names(silent)
                    + " does not answer; run ambrotype heal --fail-back when it does");
        }
    }

    /** Its master, or who has its master's slots now. */
    private Optional<Node> masterOf(Node replica) {
        Optional<Node> master = replica.master().flatMap(cluster::node);
        if (master.filter(node -> node.isReached() && !node.slots().isEmpty()).isPresent()) {
            return master;
        }
        return master.flatMap(node -> switch (Succession.of(
                        cluster, node.id(), node.configEpoch(), scene.mates(), scene.earlier())) {
                    case Succession.Known(Node successor, String _) -> Optional.of(successor);
                    case Succession.Never _, Succession.Unknown _ -> Optional.<Node>empty();
                })
                .or(() -> scene.earlier()
                        .flatMap(layout -> layout.of(replica.id()).flatMap(place -> layout.heir(place, cluster))))
                .filter(Node::isReached);
    }

    /**
     * Nobody took over. Peers stop looking at a node whose address they have lost, so that it never fails for them; and its
     * replicas follow an address, not an id: they have asked the stranger for its data, and where it was quick to come back
     * they are as empty as it is. What the node left on its disk is then the only copy.
     */
    private void ownerLostIdentity(Finding finding, Node ghost, Outsider stranger) {
        Member self = new Member(stranger.node().id(), stranger.address());
        Member node = new Member(ghost.id(), stranger.address());
        Optional<Revival> revival = Optional.ofNullable(scene.revivals().get(stranger.address()));
        List<Node> replicas = liveReplicas(ghost);
        long keys = stranger.state().keys();
        Optional<Node> holder = holder(ghost);
        Optional<LeftData> data = revival.flatMap(Revival::data);
        boolean syncing = replicas.stream()
                .anyMatch(replica -> replica.state().orElseThrow().replication().syncInProgress());
        if (syncing) {
            left(finding, "a replica of it is receiving data just now: try again when that has ended");
        } else if (keys > 0) {
            SlotSet slots = scene.holdings().getOrDefault(stranger.address(), SlotSet.NONE);
            boolean own = !slots.isEmpty() && slots.minus(ghost.slots()).isEmpty();
            if (own && revival.isPresent() && !revival.get().moved()) {
                owners.put(ghost.id(), node);
                joins.add(new HealStep.Revive(Optional.of(self), node, Optional.empty(), true, revival.get()));
                mended(
                        finding,
                        "its " + keys
                                + " keys are all in those slots: it lost its nodes.conf only, and gets its own id back"
                                + " with its data");
            } else {
                left(
                        finding,
                        "it holds " + keys
                                + " keys, and it cannot be told that they are the data of these slots: stop it"
                                + " (SHUTDOWN SAVE), put the file that ambrotype nodes-conf makes into its folder, and start"
                                + " it again, if they are");
            }
        } else if (holder.isPresent()) {
            returns(
                    finding,
                    ghost,
                    stranger,
                    takeOver(holder.get(), ghost),
                    "which has its " + keysOf(holder.get()) + " keys and takes over first");
        } else if (data.isPresent()) {
            Optional<String> newer = newerData(ghost, data.get());
            if (newer.isPresent()) {
                left(finding, newer.get());
                return;
            }
            owners.put(ghost.id(), node);
            joins.add(new HealStep.Revive(Optional.of(self), node, Optional.empty(), false, revival.get()));
            mended(
                    finding,
                    "it gets its own id back with the data that it left: "
                            + data.get()
                            + (replicas.isEmpty()
                                    ? ""
                                    : "; " + names(replicas)
                                            + " followed the stranger at its address and is empty too, so that nobody has"
                                            + " newer data"));
        } else {
            left(
                    finding,
                    "nobody that answers has its data"
                            + (replicas.isEmpty() ? "" : " (" + names(replicas) + " is empty too)")
                            + ". Find the folder from which it was started before (--look-in FOLDER), where its data are;"
                            + " or restore it from a snapshot (ambrotype restore ID --node " + stranger.address()
                            + ")");
        }
    }

    /** What a replica left that lost its identity too: it would be overwritten by what its master starts with. */
    private Optional<String> newerData(Node master, LeftData data) {
        for (Map.Entry<HostAndPort, Node> replica : strangers.entrySet()) {
            Optional<LeftData> other = Optional.ofNullable(scene.revivals().get(replica.getKey()))
                    .flatMap(Revival::data)
                    .filter(left -> replica.getValue().master().equals(Optional.of(master.id())))
                    .filter(left -> !request.discard().contains(replica.getKey()))
                    .filter(left -> left.isFilled()
                            && left.keys() != data.keys()
                            && left.written().isAfter(data.written()));
            if (other.isPresent()) {
                return Optional.of("it left data, " + data + ", and its replica at " + replica.getKey()
                        + " newer ones, "
                        + other.get() + ". Copy those over the older ones and run heal again; or, when they are not"
                        + " needed: --discard " + replica.getKey());
            }
        }
        return Optional.empty();
    }

    private static boolean isEmpty(Node node) {
        NodeState state = node.state().orElseThrow();
        return state.keys() == 0 && !state.isLoading() && !state.replication().syncInProgress();
    }

    private static long keysOf(Node node) {
        return node.state().map(NodeState::keys).orElse(0L);
    }

    private String deadOwner(Node node) {
        String replicas = names(liveReplicas(node));
        if (replicas.isEmpty()) {
            return "no replica of it answers: start it with its own files, or restore it from a snapshot (ambrotype restore"
                    + " --node)";
        }
        if (request.takeOver()) {
            return replicas + " is empty: start it with its own files";
        }
        return vote
                ? replicas + " will take over after cluster-node-timeout; if it does not: --take-over"
                : "nobody can be elected in its place, because most masters do not answer. Start them; or, where they are"
                        + " down for good and not only cut off from here: --take-over has " + replicas
                        + " take its slots over without an election";
    }

    private List<Node> liveReplicas(Node master) {
        return cluster.shardOf(master.id()).orElseThrow().replicas().stream()
                .filter(Node::isReached)
                .toList();
    }

    private void strangerWithData(Finding.StrangerWithData data) {
        HostAndPort address = data.stranger().address();
        if (request.discard().contains(address)) {
            Member self = new Member(data.stranger().node().id(), address);
            joins.add(new HealStep.Empty(self, data.stranger().state().keys()));
            if (data.ghost().isPresent()) {
                lostIdentity(data, data.ghost().get(), data.stranger());
            } else {
                join(data, data.stranger());
            }
            return;
        }
        String owners = cluster.shards().stream()
                .filter(shard -> !shard.slots().intersection(data.slots()).isEmpty())
                .map(shard -> shard.master().name() + " ("
                        + shard.master().state().map(NodeState::keys).orElse(0L) + " keys)")
                .reduce((a, b) -> a + ", " + b)
                .orElse("");
        left(
                data,
                "it may hold what nobody else has, so it is not touched"
                        + (owners.isEmpty() ? "" : "; its slots belong to " + owners)
                        + ". To keep its data: ambrotype backup redis://" + address
                        + ". When they are not needed: --discard " + address);
    }

    /** Where a shard lacks a replica that nobody becomes, a server may be missing that runs where nobody looked. */
    private void ghost(Finding.Ghost ghost) {
        Node node = ghost.node();
        Optional<Node> lacking = cluster.shards().stream()
                .filter(shard -> !shard.slots().isEmpty())
                .map(Shard::master)
                .filter(master -> master.isReached() && followersOf(master) == 0)
                .findFirst();
        if (lacking.isPresent() && !isToBeForgotten(node)) {
            left(
                    ghost,
                    lacking.get().name()
                            + " lacks a replica, so that its server may still run. Name its address too (redis://…,HOST:PORT),"
                            + " and it gets its place back; if it is gone: --forget "
                            + node.id().shortForm());
        } else {
            forget(ghost, node);
        }
    }

    private void forget(Finding finding, Node ghost) {
        List<Node> following = cluster.nodes().stream()
                .filter(node -> node.isReached()
                        && node.master().filter(ghost.id()::equals).isPresent())
                .filter(node -> masterOf(node).isEmpty())
                .toList();
        if (!following.isEmpty()) {
            left(finding, names(following) + " still follows it and has nobody else to follow");
        } else if (forgetGhost(ghost)) {
            mended(finding, "every node forgets it");
        } else {
            left(
                    finding,
                    names(silent)
                            + " does not answer and would tell the others of it again: start it first, or give it up"
                            + " too (--forget)");
        }
    }

    /** Whether it can be forgotten: a member that is away would bring it back. */
    private boolean forgetGhost(Node ghost) {
        if (!silent.isEmpty()) {
            warnings.add("node " + ghost.id().shortForm() + " is not forgotten now, because " + names(silent)
                    + " does not answer and would tell the others of it again");
            return false;
        }
        forgets.add(new HealStep.Forget(
                ghost.id(),
                "node " + ghost.id().shortForm()
                        + ghost.address().map(address -> " (" + address + ")").orElse("")));
        return true;
    }

    private boolean isToBeForgotten(Node node) {
        return node.slots().isEmpty()
                && !node.isReached()
                && request.forget().stream()
                        .anyMatch(text -> !text.isEmpty()
                                && (node.id().value().startsWith(text)
                                        || node.name().equals(text)));
    }

    private void orphan(Finding.OrphanReplica orphan) {
        SlotSet served = cluster.shards().stream()
                .filter(shard -> shard.master().isReached())
                .map(Shard::slots)
                .reduce(SlotSet.NONE, SlotSet::union);
        if (!served.equals(SlotSet.ALL)) {
            left(
                    orphan,
                    "slots " + SlotSet.ALL.minus(served)
                            + " have no owner that answers, and it may hold their only copy: it is not touched");
            return;
        }
        Node master = masterOf(orphan.replica()).or(this::leastFollowed).orElseThrow();
        followers.merge(master.id(), 1, Integer::sum);
        replications.add(new HealStep.Replicate(Member.of(orphan.replica()), Member.of(master)));
        mended(
                orphan,
                "it becomes a replica of " + master.name() + "; every slot has an owner that answers, so that its"
                        + " own copy is not needed");
    }

    private void stranger(Finding.Stranger stranger) {
        join(stranger, stranger.stranger());
    }

    private void join(Finding finding, Outsider stranger) {
        Optional<Node> place = heir(stranger.address());
        Optional<Node> master = place.or(this::leastFollowed);
        if (master.isEmpty()) {
            left(finding, "there is no master with slots that answers and could be followed");
            return;
        }
        Optional<String> unreadable = RdbCompatibility.refusal(
                stranger.state().version(), master.get().state().orElseThrow().version());
        if (unreadable.isPresent()) {
            left(finding, "it cannot become a replica of " + master.get().name() + ": " + unreadable.get());
            return;
        }
        Member self = new Member(stranger.node().id(), stranger.address());
        joins.add(new HealStep.Meet(self, busPort(stranger.node())));
        replications.add(new HealStep.Replicate(self, Member.of(master.get())));
        followers.merge(master.get().id(), 1, Integer::sum);
        mended(
                finding,
                "it becomes a replica of " + master.get().name() + ", "
                        + place.map(_ -> "where it was as " + earlierSource() + " says")
                                .orElse("which has the fewest replicas"));
    }

    private void extraMaster(Finding.ExtraMaster extra) {
        Node node = extra.node();
        if (node.state().orElseThrow().keys() > 0) {
            left(
                    extra,
                    "its keys are in slots that it does not own; look at them before it becomes a replica and loses them");
            return;
        }
        Optional<Place> before =
                scene.earlier().flatMap(layout -> layout.at(node.address().orElse(node.connectAddress())));
        Optional<Node> heir = before.filter(place -> place.role() == Role.REPLICA)
                .flatMap(place -> scene.earlier().orElseThrow().heir(place, cluster));
        Optional<Node> lacking = leastFollowed().filter(master -> followersOf(master) == 0);
        if (before.isPresent() && heir.isEmpty()) {
            left(extra, "it had no slots before either, as " + earlierSource() + " says: it may be wanted so");
            return;
        }
        Optional<Node> master = heir.or(() -> lacking);
        if (master.isEmpty()) {
            left(
                    extra,
                    "every master has a replica already, so it may be wanted so; if not: ambrotype add-replica D "
                            + node.name());
            return;
        }
        replications.add(new HealStep.Replicate(Member.of(node), Member.of(master.get())));
        followers.merge(master.get().id(), 1, Integer::sum);
        mended(
                extra,
                "it becomes a replica of " + master.get().name() + ", "
                        + (heir.isPresent() ? "where it was as " + earlierSource() + " says" : "which has none"));
    }

    private void withoutReplica(Finding.WithoutReplica without) {
        Node master = without.shard().master();
        if (followersOf(master) > 0) {
            mended(without, "it gets one, see above");
            return;
        }
        Optional<Shard> rich = cluster.shards().stream()
                .filter(shard -> !shard.slots().isEmpty())
                .filter(shard -> followersOf(shard.master()) > 1)
                .max(Comparator.comparingInt(shard -> followersOf(shard.master())));
        left(
                without,
                "give it one: ambrotype add-replica D HOST:PORT --of " + master.name()
                        + rich.map(shard -> "; or have "
                                        + shard.replicas().getLast().name() + " of "
                                        + shard.master().name() + ", which has " + followersOf(shard.master())
                                        + ", follow it (CLUSTER REPLICATE "
                                        + master.id() + " there)")
                                .orElse(""));
    }

    private void returnedMaster(Finding.ReturnedMaster returned) {
        boolean planned = failBacks.stream()
                .anyMatch(step -> step instanceof HealStep.FailBack(Member _, Member to)
                        && to.id().equals(returned.replica().id()));
        if (planned) {
            return;
        }
        if (!request.failBack() && scene.earlier().filter(EarlierLayout::wanted).isEmpty()) {
            left(returned, "that may be wanted; to make it master again: --fail-back");
        } else if (!silent.isEmpty()) {
            left(returned, names(silent) + " does not answer: a fail-over needs every node");
        } else {
            failBacks.add(new HealStep.FailBack(Member.of(returned.master()), Member.of(returned.replica())));
            mended(returned, "it becomes master again");
        }
    }

    private Optional<Node> heir(HostAndPort address) {
        return scene.earlier()
                .flatMap(layout -> layout.at(address).flatMap(place -> layout.heir(place, cluster)))
                .filter(Node::isReached);
    }

    private Optional<Node> leastFollowed() {
        return cluster.shards().stream()
                .filter(shard -> !shard.slots().isEmpty())
                .map(Shard::master)
                .filter(Node::isReached)
                .min(Comparator.comparingInt(this::followersOf));
    }

    private int followersOf(Node master) {
        return Objects.requireNonNullElse(followers.get(master.id()), 0);
    }

    private int busPort(Node node) {
        return node.busPort() != 0 ? node.busPort() : node.connectAddress().port() + 10_000;
    }

    private String earlierSource() {
        return scene.earlier().map(EarlierLayout::source).orElse("");
    }

    private static String names(List<Node> nodes) {
        Set<String> names = new HashSet<>();
        nodes.forEach(node -> names.add(node.name()));
        return String.join(", ", names.stream().sorted().toList());
    }
}
