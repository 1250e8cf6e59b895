package io.ambrotype.control;

import io.ambrotype.common.AmbrotypeException;
import io.ambrotype.common.ErrorCode;
import io.ambrotype.common.HostAndPort;
import io.ambrotype.topology.NodeId;
import io.ambrotype.topology.Role;
import io.ambrotype.topology.SentinelReader;
import io.ambrotype.topology.SentinelSet;
import io.ambrotype.topology.SentinelSet.KnownReplica;
import io.ambrotype.topology.SentinelSet.Sentinel;
import io.ambrotype.topology.SentinelSet.View;
import io.ambrotype.topology.Topology;
import java.util.Collection;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Supplier;

/**
 * The gates of a master with replicas, without the cluster bus: what the servers say of themselves, and what every Sentinel
 * that watches them says.
 *
 * <p><b>Servers.</b> Each has its role, follows its master and no other member, has its link up in its master's history,
 * and has what its master had when the gate began.
 *
 * <p><b>Sentinels.</b> Every one that answered when the operation began sees the same master, alive, leads no failover, and
 * lists every replica as alive: one that it sees as down would neither be promoted nor pointed to a new master by it.
 *
 * <p>Thread-safe.
 */
public final class ReplicationGates implements DeploymentGates {
    private final MemberConnections connections;
    private final Names names;
    private final Optional<SentinelSet> sentinels;

    /** Gates for the deployment as it was seen. */
    public ReplicationGates(MemberConnections connections, Topology topology) {
        this.connections = connections;
        this.names = Names.of(topology);
        this.sentinels = topology.sentinels();
    }

    @Override
    public Supplier<Optional<Missing>> inPlace(Layout expected, Collection<Member> known) {
        Map<NodeId, Long> goals = new HashMap<>();
        return () -> missing(expected, goals);
    }

    @Override
    public Supplier<Optional<Missing>> stoppable(Layout expected, Member member) {
        return () -> switch (connections.look(member)) {
            case Look.Unseen unseen -> Optional.of(Missing.of(unseen.reason()));
            case Look.Seen seen ->
                seen.state().replication().role() == Role.REPLICA
                        ? Optional.empty()
                        : Optional.of(Missing.of(member + " is the master"));
        };
    }

    @Override
    public void requireSelf(Look.Seen look) {
        if (look.state().isCluster()) {
            throw AmbrotypeException.of(
                    ErrorCode.UNSAFE, look.member() + " came back as a cluster node, which it was not before");
        }
    }

    private Optional<Missing> missing(Layout expected, Map<NodeId, Long> goals) {
        Map<NodeId, Look.Seen> seen = new HashMap<>();
        for (Look look : connections.look(expected.members())) {
            switch (look) {
                case Look.Unseen unseen -> {
                    return Optional.of(Missing.of(unseen.reason()));
                }
                case Look.Seen answer -> {
                    requireSelf(answer);
                    Optional<Missing> loading = ReplicaGate.loading(answer);
                    if (loading.isPresent()) {
                        return loading;
                    }
                    seen.put(answer.member().id(), answer);
                }
            }
        }
        for (Layout.Place place : expected.places()) {
            Look.Seen look = Objects.requireNonNull(seen.get(place.member().id()));
            Optional<Missing> missing = ReplicaGate.missing(place, expected, seen, goals)
                    .or(() -> followsAnother(place, look.state().replication().master()));
            if (missing.isPresent()) {
                return missing;
            }
        }
        return sentinels.flatMap(set -> disagreeing(set, expected));
    }

    /** Names of the same server may differ; the name of another member is certainly wrong. */
    private Optional<Missing> followsAnother(Layout.Place place, Optional<HostAndPort> followed) {
        if (place.master().isEmpty() || followed.isEmpty()) {
            return Optional.empty();
        }
        return names.memberAt(followed.get())
                .filter(id -> !id.equals(place.master().get()))
                .map(_ -> Missing.of(place.member() + " follows " + followed.get()));
    }

    private Optional<Missing> disagreeing(SentinelSet before, Layout expected) {
        SentinelSet now = new SentinelReader(connections.settings()).again(before);
        Member master = expected.masters().getFirst().member();
        for (Sentinel sentinel : now.sentinels()) {
            boolean answered = before.sentinels().stream()
                    .anyMatch(known -> known.address().equals(sentinel.address())
                            && known.view().isPresent());
            if (!answered) {
                continue;
            }
            if (sentinel.view().isEmpty()) {
                return Optional.of(Missing.of("Sentinel " + sentinel.address() + " does not answer: "
                        + sentinel.failure().orElse("unknown")));
            }
            Optional<String> wrong = wrong(sentinel.view().get(), master, expected);
            if (wrong.isPresent()) {
                return Optional.of(Missing.of("Sentinel " + sentinel.address() + " " + wrong.get()));
            }
        }
        return Optional.empty();
    }

    private Optional<String> wrong(View view, Member master, Layout expected) {
        if (!names.isAt(master, view.master())) {
            return Optional.of("says that " + view.master() + " is the master");
        }
        if (view.isFailingOver() || view.seesMasterDown() || view.tilt()) {
            return Optional.of("sees the master as " + String.join(",", view.flags()) + (view.tilt() ? ",tilt" : ""));
        }
        for (Layout.Place replica : expected.replicasOf(master.id())) {
            if (!replica.master().equals(Optional.of(master.id()))) {
                continue;
            }
            Optional<KnownReplica> listed = view.replicas().stream()
                    .filter(known -> names.isAt(replica.member(), known.address()))
                    .findFirst();
            if (listed.isEmpty()) {
                return Optional.of("does not know replica " + replica.member() + " yet");
            }
            if (!listed.get().isUsable()) {
                return Optional.of("sees replica " + replica.member() + " as "
                        + String.join(",", listed.get().flags()));
            }
        }
        return Optional.empty();
    }
}
