package io.ambrotype.lab;

import io.ambrotype.common.AmbrotypeException;
import io.ambrotype.common.ErrorCode;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * The operation {@code lab start}: makes a new lab in an empty folder, starts a stopped lab again with its data, or those
 * servers of a lab that do not run, or makes a lab out of the folders that a restore wrote.
 *
 * @param dir the lab's folder
 * @param standalone whether a new lab is one standalone master with its replicas instead of a cluster
 * @param masters masters of a new lab; empty for 3, standalone 1
 * @param replicas replicas of each master of a new lab; empty for 1
 * @param portBase first port of a new lab; empty for 7100
 * @param server path of the server program; empty for the bundled one, or for a lab that is there for its own
 * @param configuration lines for every node's configuration file
 * @param layout where the nodes of a new lab are started
 * @param sentinels how many Sentinels watch the master of a new lab
 */
public record LabStart(
        Path dir,
        boolean standalone,
        OptionalInt masters,
        OptionalInt replicas,
        OptionalInt portBase,
        Optional<Path> server,
        List<String> configuration,
        LabLayout layout,
        int sentinels) {

    /** A lab without Sentinels. */
    public LabStart(
            Path dir,
            boolean standalone,
            OptionalInt masters,
            OptionalInt replicas,
            OptionalInt portBase,
            Optional<Path> server,
            List<String> configuration,
            LabLayout layout) {
        this(dir, standalone, masters, replicas, portBase, server, configuration, layout, 0);
    }

    /** How the lab came to be. */
    public enum Origin {
        /** It is new and has no data. */
        CREATED,
        /** It was stopped before and has the data that it had then. */
        RESUMED,
        /** Some of its servers ran, and the others were started. */
        COMPLETED,
        /** A restore wrote its folders. */
        ADOPTED
    }

    /**
     * What was started.
     *
     * @param origin where its data come from
     * @param took from the command to the moment at which it served
     * @param status its servers at that moment
     */
    public record Report(Origin origin, Duration took, LabStatus.Report status) {}

    /** Keeps its own unmodifiable list. */
    public LabStart {
        configuration = List.copyOf(configuration);
    }

    /**
     * Starts the lab and returns when it serves.
     *
     * @throws AmbrotypeException {@code LOCKED} where it runs already, {@code USAGE} where the request contradicts the
     *     folder or itself, {@code FAILED} where a port is in use or a server does not come up; no server that this call
     *     started is left running then
     */
    public Report run() {
        long begun = System.nanoTime();
        Origin origin = origin();
        LabCluster lab = switch (origin) {
            case CREATED -> LabCluster.create(spec());
            case COMPLETED -> {
                requireNothingForNewLabs("the lab that is in " + dir + " already");
                yield LabCluster.complete(dir, server.isPresent() || !configuration.isEmpty());
            }
            case RESUMED -> {
                requireNothingForNewLabs("the lab that is in " + dir + " already");
                yield LabCluster.resume(dir, server.map(ServerBinary::detect), configuration, StartOrder.MASTERS_FIRST);
            }
            case ADOPTED -> {
                requireNothingForNewLabs("the restored nodes in " + dir);
                yield LabCluster.adopt(dir, binary(), configuration, StartOrder.MASTERS_FIRST);
            }
        };
        return new Report(origin, Duration.ofNanos(System.nanoTime() - begun), LabStatus.of(lab));
    }

    private Origin origin() {
        try {
            if (LabState.existsIn(dir)) {
                return LabCluster.attach(dir).servers().stream().anyMatch(RedisServer::isRunning)
                        ? Origin.COMPLETED
                        : Origin.RESUMED;
            }
            return LabCluster.canAdopt(dir) ? Origin.ADOPTED : Origin.CREATED;
        } catch (IOException e) {
            throw AmbrotypeException.of(ErrorCode.FAILED, "the folder " + dir + " cannot be read: " + e)
                    .causedBy(e);
        }
    }

    private LabSpec spec() {
        try {
            return new LabSpec(
                    dir,
                    binary(),
                    standalone,
                    masters.orElse(standalone ? 1 : LabSpec.DEFAULT_MASTERS),
                    replicas.orElse(LabSpec.DEFAULT_REPLICAS),
                    portBase.orElse(LabSpec.DEFAULT_PORT_BASE),
                    configuration,
                    layout,
                    Optional.empty(),
                    sentinels);
        } catch (IllegalArgumentException e) {
            throw AmbrotypeException.of(ErrorCode.USAGE, String.valueOf(e.getMessage()))
                    .causedBy(e);
        }
    }

    private ServerBinary binary() {
        return server.map(ServerBinary::detect)
                .orElseGet(() -> BundledServers.inUserCache().redis());
    }

    private void requireNothingForNewLabs(String subject) {
        if (standalone
                || masters.isPresent()
                || replicas.isPresent()
                || portBase.isPresent()
                || layout != LabLayout.ABSOLUTE
                || sentinels > 0) {
            throw AmbrotypeException.of(
                            ErrorCode.USAGE,
                            "--masters, --replicas, --port-base, --standalone, --sentinel and --layout are for new labs, not for "
                                    + subject)
                    .withHint("leave them out, or name another folder with --dir");
        }
    }
}
