package io.ambrotype.heal;

import io.ambrotype.common.HostAndPort;
import io.ambrotype.control.Member;
import io.ambrotype.heal.EarlierLayout.Place;
import io.ambrotype.heal.HealPlan.Matter;
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
    private final List<String> warnings = new ArrayList<>();
    /** Of each master with slots, how many replicas it will have. */
    private final Map<NodeId, Integer> followers = new HashMap<>();

    private final List<Node> silent;

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
    }

    static HealPlan plan(Scene scene, HealRequest request) {
        return new HealPlanner(scene, request).plan();
    }

    private HealPlan plan() {
        List<Finding> findings = Recognition.of(scene);
        // Who lacks a replica is known when everybody else has found his place.
        findings.stream().filter(finding -> !isLate(finding)).forEach(this::consider);
        findings.stream().filter(HealPlanner::isLate).forEach(this::consider);
        cluster.problems(
                        Problem.Kind.UNCOVERED_SLOTS,
                        Problem.Kind.OPEN_SLOTS,
                        Problem.Kind.EPOCH_COLLISION,
                        Problem.Kind.SAME_ID_TWICE,
                        Problem.Kind.NODE_LOADING,
                        Problem.Kind.NODE_WITHOUT_VIEW)
                .forEach(problem -> warnings.add(problem.sentence()));
        List<Member> members = Stream.concat(cluster.nodes().stream(), scene.survey().orphans().stream())
                .filter(node -> node.state().flatMap(NodeState::view).isPresent())
                .map(Member::of)
                .toList();
        List<HealStep> steps = Stream.of(takeOvers, joins, replications, forgets, failBacks)
                .flatMap(List::stream)
                .toList();
        return new HealPlan(matters, steps, members, warnings);
    }

    private static boolean isLate(Finding finding) {
        return finding instanceof Finding.Stranger
                || finding instanceof Finding.ExtraMaster
                || finding instanceof Finding.WithoutReplica
                || finding instanceof Finding.ReturnedMaster;
    }

    private void consider(Finding finding) {
        switch (finding) {
            case Finding.LostIdentity lost -> lostIdentity(lost, lost.ghost(), lost.stranger());
            case Finding.OwnerLostIdentity owner -> ownerLostIdentity(owner, owner.ghost(), owner.stranger());
            case Finding.StrangerWithData data -> strangerWithData(data);
            case Finding.Foreign foreign ->
                left(foreign, "it is not touched; take its address out of those of the deployment");
            case Finding.Ghost ghost -> forget(ghost, ghost.node());
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
            case Finding.CannotStart broken -> cannotStart(broken, broken.node());
            case Finding.DeadOwner dead -> left(dead, deadOwner(dead.node()));
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
        Optional<Node> master;
        String because;
        if (ghost.role() == Role.REPLICA) {
            master = masterOf(ghost);
            because = "it was its replica";
            if (master.isEmpty()) {
                left(finding, "it was a replica, and its master is gone too: mend that first");
                return;
            }
        } else {
            switch (Succession.of(cluster, ghost.id(), ghost.configEpoch(), scene.mates(), scene.earlier())) {
                case Succession.Known(Node successor, String reason) -> {
                    master = Optional.of(successor);
                    because = "which took over from it: " + reason;
                }
                case Succession.Never _ -> {
                    master = Optional.empty();
                    because = "it never owned slots";
                }
                case Succession.Unknown(String reason) -> {
                    left(
                            finding,
                            "it cannot be told who took its slots over (" + reason
                                    + "); add it as a replica of the right one: ambrotype add-replica D "
                                    + stranger.address() + " --of MASTER, then ambrotype heal again");
                    return;
                }
            }
        }
        if (master.isEmpty()) {
            Member self = new Member(stranger.node().id(), stranger.address());
            joins.add(new HealStep.Meet(self, busPort(stranger.node())));
            forgetGhost(ghost);
            mended(
                    finding,
                    "it becomes a member under its new id, without slots (" + because
                            + "), and the old id is forgotten");
            return;
        }
        returns(finding, ghost, stranger, master.get(), because);
    }

    /** As a replica of the node that has its slots now, and then as their master again. */
    private void returns(Finding finding, Node ghost, Outsider stranger, Node master, String because) {
        Member self = new Member(stranger.node().id(), stranger.address());
        Member leader = Member.of(master);
        followers.merge(master.id(), 1, Integer::sum);
        Optional<Revival> revival =
                Optional.ofNullable(scene.revivals().get(stranger.address())).filter(_ -> !request.newIds());
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
        Member node = new Member(ghost.id(), address);
        Optional<Node> master = Optional.empty();
        String because = "its master";
        if (ghost.role() == Role.REPLICA) {
            master = masterOf(ghost);
        } else if (ghost.slots().isEmpty()) {
            if (Succession.of(cluster, ghost.id(), ghost.configEpoch(), scene.mates(), scene.earlier())
                    instanceof Succession.Known(Node successor, String reason)) {
                master = Optional.of(successor);
                because = "which took over from it: " + reason;
            }
        } else if (liveReplicas(ghost).isEmpty() && revival.data().isPresent()) {
            joins.add(new HealStep.Revive(Optional.empty(), node, Optional.empty(), false, revival));
            mended(
                    finding,
                    "its file is rebuilt, and it is started with its data, "
                            + revival.data().get() + "; no replica of it answers");
            return;
        } else {
            left(finding, deadOwner(ghost));
            return;
        }
        if (master.isEmpty()) {
            left(finding, "it cannot be told whom it shall follow: ambrotype nodes-conf --of MASTER makes the file");
            return;
        }
        Member leader = Member.of(master.get());
        followers.merge(master.get().id(), 1, Integer::sum);
        joins.add(new HealStep.Revive(Optional.empty(), node, Optional.of(leader), false, revival));
        boolean wasMaster = ghost.role() == Role.MASTER;
        mended(
                finding,
                "its file is rebuilt as a replica of " + leader + " (" + because + "), and it is started"
                        + (wasMaster ? "; it becomes master again when it has the data" : ""));
        failBack(node, leader, wasMaster);
    }

    private void failBack(Member node, Member leader, boolean wasMaster) {
        if (!wasMaster) {
            return;
        }
        if (silent.isEmpty()) {
            failBacks.add(new HealStep.FailBack(leader, node));
        } else {
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
        Optional<Node> holder = replicas.stream()
                .filter(replica -> keysOf(replica) > 0)
                .max(Comparator.comparingLong(replica ->
                        replica.state().orElseThrow().replication().offset().value()));
        boolean syncing = replicas.stream()
                .anyMatch(replica -> replica.state().orElseThrow().replication().syncInProgress());
        if (syncing) {
            left(finding, "a replica of it is receiving data just now: try again when that has ended");
        } else if (keys > 0) {
            SlotSet slots = scene.holdings().getOrDefault(stranger.address(), SlotSet.NONE);
            boolean own = !slots.isEmpty() && slots.minus(ghost.slots()).isEmpty();
            if (own && revival.isPresent() && !revival.get().moved()) {
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
            Member leader = Member.of(holder.get());
            takeOvers.add(new HealStep.TakeOver(leader, ghost.id()));
            returns(
                    finding,
                    ghost,
                    stranger,
                    holder.get(),
                    "which has its " + keysOf(holder.get()) + " keys and takes over first");
        } else if (revival.flatMap(Revival::data).isPresent()) {
            joins.add(new HealStep.Revive(Optional.of(self), node, Optional.empty(), false, revival.get()));
            mended(
                    finding,
                    "it gets its own id back with the data that it left: "
                            + revival.get().data().get()
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

    private static long keysOf(Node node) {
        return node.state().map(NodeState::keys).orElse(0L);
    }

    private String deadOwner(Node node) {
        return liveReplicas(node).isEmpty()
                ? "no replica of it answers: start it with its own files, or restore it from a snapshot (ambrotype restore"
                        + " --node)"
                : names(liveReplicas(node))
                        + " will take over after cluster-node-timeout; if it does not, CLUSTER FAILOVER"
                        + " TAKEOVER on it. Then run heal again";
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
