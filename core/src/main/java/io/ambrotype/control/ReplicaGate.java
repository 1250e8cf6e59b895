package io.ambrotype.control;

import io.ambrotype.control.Layout.Place;
import io.ambrotype.topology.NodeId;
import io.ambrotype.topology.ReplicationState;
import io.ambrotype.topology.Role;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * What every kind of deployment asks of a member's data: it has loaded them, and a replica is in step with its master, by
 * what both say of themselves. Pure.
 */
public final class ReplicaGate {
    private ReplicaGate() {}

    /** Whether a member has finished loading; the bytes it has loaded are its progress. */
    public static Optional<Missing> loading(Look.Seen look) {
        return look.state().isLoading()
                ? Optional.of(new Missing(
                        look.member() + " is loading its data",
                        "loaded "
                                + look.state()
                                        .info()
                                        .value("loading_loaded_bytes")
                                        .orElse("")))
                : Optional.empty();
    }

    /**
     * What a member lacks to its place, by its own and its master's INFO.
     *
     * @param seen the looks of one round, one for every member
     * @param goals by master, the offset that its replicas have to reach: what it had when the gate began; filled here
     */
    public static Optional<Missing> missing(
            Place place, Layout expected, Map<NodeId, Look.Seen> seen, Map<NodeId, Long> goals) {
        Look.Seen look = Objects.requireNonNull(seen.get(place.member().id()));
        ReplicationState own = look.state().replication();
        if (own.role() != place.role()) {
            return Optional.of(Missing.of(
                    switch (place.role()) {
                        case MASTER -> place.member() + " says that it is a replica and should be a master";
                        case REPLICA -> place.member() + " says that it is a master and should be a replica";
                    }));
        }
        if (place.role() == Role.MASTER) {
            return Optional.empty();
        }
        Look.Seen master =
                Objects.requireNonNull(seen.get(expected.masterOf(place.member().id())));
        String progress = progress(look, master);
        if (own.syncInProgress()) {
            return Optional.of(new Missing(place.member() + " is receiving its data from its master", progress));
        }
        if (!own.linkUp()) {
            return Optional.of(new Missing("the link of " + place.member() + " to its master is down", progress));
        }
        ReplicationState above = master.state().replication();
        if (!own.id().equals(above.id())) {
            return Optional.of(
                    Missing.of("the data of " + place.member() + " are of another history than those of its master"));
        }
        long goal =
                goals.computeIfAbsent(master.member().id(), _ -> above.offset().value());
        if (own.offset().value() < goal) {
            return Optional.of(new Missing(
                    place.member() + " is " + (goal - own.offset().value())
                            + " bytes behind what its master had when the wait began",
                    progress));
        }
        if (look.state().keys() == 0 && master.state().keys() > KEYS_THAT_MAY_BE_NEW) {
            return Optional.of(Missing.of(place.member() + " has no keys and its master has "
                    + master.state().keys()));
        }
        return Optional.empty();
    }

    /** Written between two looks at replica and master. */
    private static final long KEYS_THAT_MAY_BE_NEW = 100;

    /** A replica has nothing to tell while its master still writes the data that it is going to send. */
    private static String progress(Look.Seen replica, Look.Seen master) {
        return Stream.of("master_sync_left_bytes", "master_sync_read_bytes", "slave_repl_offset")
                        .map(field -> replica.state().info().value(field).orElse("-"))
                        .collect(Collectors.joining(" "))
                + " "
                + master.state().info().value("rdb_current_bgsave_time_sec").orElse("-");
    }
}
