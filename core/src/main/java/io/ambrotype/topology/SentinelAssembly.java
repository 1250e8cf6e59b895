package io.ambrotype.topology;

import io.ambrotype.common.HostAndPort;
import io.ambrotype.topology.Problem.Kind;
import io.ambrotype.topology.SentinelSet.KnownReplica;
import io.ambrotype.topology.SentinelSet.Sentinel;
import io.ambrotype.topology.SentinelSet.View;
import io.ambrotype.topology.TopologyReader.Sighting;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** Puts what Sentinels say beside what the servers say, and tells where they differ. */
final class SentinelAssembly {
    private final Topology servers;
    private final Sighting sighting;
    private final SentinelSet set;
    private final Set<Problem> problems;

    private SentinelAssembly(Topology servers, Sighting sighting, SentinelSet set) {
        this.servers = servers;
        this.sighting = sighting;
        this.set = set;
        this.problems = new LinkedHashSet<>(servers.problems());
    }

    /** The masters and replicas that Sentinels list. */
    static Set<HostAndPort> listed(SentinelSet set) {
        Set<HostAndPort> addresses = new LinkedHashSet<>();
        for (View view : set.views()) {
            addresses.add(view.master());
            view.replicas().forEach(replica -> addresses.add(replica.address()));
        }
        return addresses;
    }

    /**
     * The servers with their Sentinels.
     *
     * @param hidden why there are Sentinels that could not be found
     */
    static Topology add(Topology servers, Sighting sighting, Optional<SentinelSet> set, Optional<String> hidden) {
        List<Problem> problems = new ArrayList<>(servers.problems());
        if (set.isPresent()) {
            SentinelAssembly assembly = new SentinelAssembly(servers, sighting, set.get());
            assembly.inspect();
            problems = List.copyOf(assembly.problems);
        }
        for (String sentence : hidden.stream().toList()) {
            problems.add(problem(Kind.SENTINEL_UNREACHABLE, sentence));
        }
        return new Topology(
                servers.kind(), servers.shards(), servers.currentEpoch(), servers.lastVoteEpoch(), set, problems);
    }

    private void inspect() {
        int able = 0;
        for (Sentinel sentinel : set.sentinels()) {
            sentinel.failure()
                    .ifPresent(failure -> problems.add(problem(
                            Kind.SENTINEL_UNREACHABLE,
                            "Sentinel " + sentinel.address() + " does not tell its view: " + failure)));
            if (sentinel.view().isPresent()) {
                View view = sentinel.view().get();
                able += inspect(sentinel.address(), view) ? 1 : 0;
            }
        }
        int needed = Math.max(set.quorum(), set.majority());
        if (able < needed) {
            problems.add(problem(
                    Kind.SENTINELS_WITHOUT_QUORUM,
                    "a failover needs " + needed + " of the " + set.sentinels().size()
                            + " Sentinels that are known, and " + able + (able == 1 ? " is" : " are")
                            + " there for it"));
        }
    }

    /** Whether this Sentinel is able to take part in a failover. */
    private boolean inspect(HostAndPort sentinel, View view) {
        Node master = servers.shards().getFirst().master();
        if (view.tilt()) {
            disagree("Sentinel " + sentinel + " is in TILT mode: its clock has jumped, and it acts on nothing");
        }
        if (view.isFailingOver()) {
            problems.add(problem(Kind.SENTINEL_FAILOVER, "Sentinel " + sentinel + " is leading a failover"));
        }
        boolean sameMaster = isAt(master, view.master());
        if (!sameMaster) {
            disagree("Sentinel " + sentinel + " says that " + view.master() + " is the master, the servers say "
                    + master.name());
        } else if (view.seesMasterDown()) {
            disagree(
                    "Sentinel " + sentinel + " sees master " + view.master() + " as " + String.join(",", view.flags()));
        }
        for (KnownReplica replica : view.replicas()) {
            inspect(sentinel, replica);
        }
        for (Node replica : servers.shards().getFirst().replicas()) {
            if (sameMaster
                    && replica.master().filter(master.id()::equals).isPresent()
                    && view.replicas().stream().noneMatch(known -> isAt(replica, known.address()))) {
                disagree("Sentinel " + sentinel + " does not know replica " + replica.name() + " yet");
            }
        }
        return !view.tilt() && sameMaster;
    }

    private void inspect(HostAndPort sentinel, KnownReplica replica) {
        Optional<String> failure = sighting.failure(replica.address());
        if (failure.isPresent()) {
            problems.add(problem(
                    Kind.UNKNOWN_REPLICA,
                    "replica " + replica.address() + ", which Sentinels list, does not answer: " + failure.get()));
        } else if (servers.nodes().stream().noneMatch(node -> isAt(node, replica.address()))) {
            disagree("Sentinels list replica " + replica.address() + ", which does not follow "
                    + servers.shards().getFirst().master().name());
        } else if (!replica.isUsable()) {
            disagree("Sentinel " + sentinel + " sees replica " + replica.address() + " as "
                    + String.join(",", replica.flags()));
        }
    }

    /** Whether the node is the one at that address, by whatever of its names. */
    private boolean isAt(Node node, HostAndPort address) {
        return node.address().filter(address::equals).isPresent()
                || sighting.at(address)
                        .filter(state -> node.state()
                                .filter(own -> own.runId().equals(state.runId()))
                                .isPresent())
                        .isPresent();
    }

    private void disagree(String sentence) {
        problems.add(problem(Kind.SENTINEL_DISAGREES, sentence));
    }

    private static Problem problem(Kind kind, String sentence) {
        return new Problem(kind, Set.of(), SlotSet.NONE, sentence);
    }
}
