package io.ambrotype.restore;

import io.ambrotype.common.HostAndPort;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * What the user asks a restore into folders to make. Immutable.
 *
 * @param folder where the node folders go; must not hold anything
 * @param addresses where the nodes shall run, masters first, by IP address; empty for the snapshot's own addresses
 * @param masters number of masters; empty for the snapshot's own
 * @param replicas number of replicas of each master; empty for the snapshot's own, or what the addresses allow
 * @param only restore this node of the snapshot alone, as itself
 * @param sameIds give the nodes the ids that they had
 * @param target the servers to write for; empty for those of the snapshot
 */
public record RestoreRequest(
        Path folder,
        List<TargetAddress> addresses,
        OptionalInt masters,
        OptionalInt replicas,
        Optional<HostAndPort> only,
        boolean sameIds,
        Optional<RestoreTarget> target) {
    /** Each needs a slot. */
    private static final int MOST_MASTERS = 16_384;

    private static final int MOST_REPLICAS = 100;

    /** Copies the addresses; rejects impossible numbers. */
    public RestoreRequest {
        folder = folder.toAbsolutePath().normalize();
        addresses = List.copyOf(addresses);
        masters.ifPresent(number -> require("masters", number, 1, MOST_MASTERS));
        replicas.ifPresent(number -> require("replicas", number, 0, MOST_REPLICAS));
    }

    /** For the servers of the snapshot. */
    public RestoreRequest(
            Path folder,
            List<TargetAddress> addresses,
            OptionalInt masters,
            OptionalInt replicas,
            Optional<HostAndPort> only,
            boolean sameIds) {
        this(folder, addresses, masters, replicas, only, sameIds, Optional.empty());
    }

    private static void require(String name, int number, int least, int most) {
        if (number < least || number > most) {
            throw new IllegalArgumentException(
                    "the number of " + name + " must be between " + least + " and " + most + ", not " + number);
        }
    }

    /** The snapshot's own layout at its own addresses, with new ids. */
    public static RestoreRequest into(Path folder) {
        return new RestoreRequest(folder, List.of(), OptionalInt.empty(), OptionalInt.empty(), Optional.empty(), false);
    }

    /** The same for nodes at these addresses. */
    public RestoreRequest at(List<TargetAddress> newAddresses) {
        return new RestoreRequest(folder, newAddresses, masters, replicas, only, sameIds, target);
    }

    /** The same with this number of masters, and of replicas for each. */
    public RestoreRequest as(int newMasters, int newReplicas) {
        return new RestoreRequest(
                folder, addresses, OptionalInt.of(newMasters), OptionalInt.of(newReplicas), only, sameIds, target);
    }

    /** The same for one node only. */
    public RestoreRequest only(HostAndPort node) {
        return new RestoreRequest(folder, addresses, masters, replicas, Optional.of(node), sameIds, target);
    }

    /** The same with the ids of the snapshot. */
    public RestoreRequest withSameIds() {
        return new RestoreRequest(folder, addresses, masters, replicas, only, true, target);
    }

    /** The same for servers of another version or vendor. */
    public RestoreRequest forServers(RestoreTarget servers) {
        return new RestoreRequest(folder, addresses, masters, replicas, only, sameIds, Optional.of(servers));
    }
}
