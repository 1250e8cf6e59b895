package io.ambrotype.backup;

import io.ambrotype.backup.BackupPlan.Candidate;
import io.ambrotype.backup.BackupPlan.ShardPlan;
import io.ambrotype.backup.ShardCapture.CapturedShard;
import io.ambrotype.common.AmbrotypeException;
import io.ambrotype.common.ErrorCode;
import io.ambrotype.common.HostAndPort;
import io.ambrotype.common.TaskGroup;
import io.ambrotype.common.Time;
import io.ambrotype.repository.FrameMemory;
import io.ambrotype.repository.Manifest;
import io.ambrotype.repository.Repository;
import io.ambrotype.repository.SnapshotBegun;
import io.ambrotype.repository.SnapshotDraft;
import io.ambrotype.resp.RespConnection;
import io.ambrotype.resp.RespConnectionException;
import io.ambrotype.resp.ServerInfo;
import io.ambrotype.topology.LayoutDifference;
import io.ambrotype.topology.Node;
import io.ambrotype.topology.NodeId;
import io.ambrotype.topology.Problem;
import io.ambrotype.topology.SentinelSet.Sentinel;
import io.ambrotype.topology.Topology;
import io.ambrotype.topology.TopologyReader;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Takes a snapshot:
 *
 * <ol>
 *   <li>Discover the deployment; refuse where a snapshot could not be whole.
 *   <li>Begin the snapshot in the repository; from now on it is visible as unfinished.
 *   <li>Read every master's replication offset: no dump may be older than that.
 *   <li>Capture the shards, several at once.
 *   <li>Discover again. A shard that failed over, or whose slots changed, while it was captured is captured again under
 *       the new layout, and so is one that could not be read because of that; where the layout does not come to rest, the
 *       backup fails. So a snapshot is never a mixture of two layouts.
 *   <li>Describe every node, and commit the manifest: the one moment at which the snapshot begins to exist.
 * </ol>
 *
 * <p>Whatever fails before the last step leaves an unfinished snapshot that is never restored and hinders nobody.
 */
public final class Backup {
    private static final int ROUNDS = 3;
    private static final Duration POLL = Duration.ofMillis(500);

    private final BackupRequest request;
    private final BackupListener listener;
    private final Time clock;
    private final String toolVersion;
    private final TopologyReader topologies;

    /**
     * A backup that was not begun.
     *
     * @param toolVersion written into the snapshot
     */
    public Backup(BackupRequest request, BackupListener listener, Time time, String toolVersion) {
        this.request = request;
        this.listener = listener;
        this.clock = time;
        this.toolVersion = toolVersion;
        this.topologies = new TopologyReader(request.settings());
    }

    /**
     * What {@link #run} would do now. Touches nothing.
     *
     * @throws AmbrotypeException {@link ErrorCode#UNSAFE} where it would refuse
     */
    public BackupPlan plan() throws InterruptedException {
        return BackupPlanner.plan(request.deployment(), topologies.discover(request.seeds()));
    }

    /**
     * Takes the snapshot; returns when it is committed.
     *
     * @throws AmbrotypeException where no snapshot was taken
     * @throws InterruptedException where the thread is interrupted; then no snapshot was taken either
     */
    public Manifest run(Repository repository) throws InterruptedException {
        // Somebody may set the clock meanwhile.
        Time time = clock.steady();
        Instant begun = time.instant();
        List<String> notices = Collections.synchronizedList(new ArrayList<>());
        BackupPlan plan = plan();
        listener.planned(plan);
        Instant planned = time.instant();

        SnapshotDraft draft = repository.begin(new SnapshotBegun(toolVersion, request.deployment(), begun));
        listener.begun(draft.snapshot());
        draft.warning().ifPresent(warning -> {
            notices.add(warning);
            listener.notice(warning);
        });
        HostGate hosts = new HostGate(request.forksPerHost());
        Map<NodeId, CapturedShard> captured = new ConcurrentHashMap<>();
        for (int round = 1; ; round++) {
            Optional<AmbrotypeException> lost = capture(plan, captured, repository, hosts, time, notices);
            List<String> changes = changes(plan, captured, lost);
            if (changes.isEmpty()) {
                if (lost.isPresent()) {
                    throw lost.get();
                }
                break;
            }
            if (round == ROUNDS) {
                throw restless(String.join("; ", changes), lost.orElse(null));
            }
            String notice = "the layout changed while shards were captured (" + String.join("; ", changes)
                    + "); what changed is captured again";
            notices.add(notice);
            listener.notice(notice);
            plan = settledPlan(plan, lost.orElse(null), time);
            Topology settled = plan.topology();
            captured.values()
                    .removeIf(shard -> !BackupPlanner.isSourceIn(shard.plan(), shard.source(), settled)
                            || BackupPlanner.objection(
                                            shard.plan(), shard.sync().id(), settled)
                                    .isPresent());
            listener.planned(plan);
        }
        Instant stored = time.instant();

        listener.committing();
        List<CapturedShard> shards = plan.shards().stream()
                .map(shard -> Objects.requireNonNull(captured.get(shard.master().id())))
                .toList();
        Map<String, Duration> durations = new LinkedHashMap<>();
        durations.put("discover", Duration.between(begun, planned));
        durations.put("capture", Duration.between(planned, stored));
        Manifest manifest = new ManifestBuilder(request, plan, toolVersion)
                .build(draft.snapshot(), begun, time, durations, shards, notices);
        draft.commit(manifest);
        return manifest;
    }

    /**
     * Captures what is not captured yet.
     *
     * @param captured gets what was captured
     * @return what ended it before its time, where it may be that the layout has changed
     */
    private Optional<AmbrotypeException> capture(
            BackupPlan plan,
            Map<NodeId, CapturedShard> captured,
            Repository repository,
            HostGate hosts,
            Time time,
            List<String> notices)
            throws InterruptedException {
        BackupListener noting = new NotingListener(listener, notices);
        try (FrameMemory frames = new FrameMemory();
                TaskGroup tasks = TaskGroup.ofWaiting(request.parallel())) {
            ShardCapture shardCapture = new ShardCapture(
                    request,
                    repository,
                    frames,
                    noting,
                    time,
                    hosts,
                    plan.topology().kind());
            Map<NodeId, Long> offsets = masterOffsets(plan);
            for (ShardPlan shard : plan.shards()) {
                NodeId master = shard.master().id();
                if (!captured.containsKey(master)) {
                    tasks.fork(
                            "shard " + shard.index(),
                            () -> captured.put(master, shardCapture.run(shard, offsets.getOrDefault(master, 0L))));
                }
            }
            tasks.join();
            return Optional.empty();
        } catch (LostShard e) {
            return Optional.of(e);
        } catch (RespConnectionException e) {
            // A master that was there a moment ago.
            if (!ShardCapture.worthAnotherTry(e)) {
                throw e;
            }
            return Optional.of(e);
        } catch (AmbrotypeException | InterruptedException e) {
            throw e;
        } catch (Exception e) {
            throw new IllegalStateException(e);
        }
    }

    /** What is different now from what the shards were captured under; that it cannot be told counts too. */
    private List<String> changes(
            BackupPlan plan, Map<NodeId, CapturedShard> captured, Optional<AmbrotypeException> lost) {
        try {
            return changes(plan, captured, topologies.discover(allAddresses(plan)));
        } catch (AmbrotypeException e) {
            if (e.code() == ErrorCode.INTERRUPTED) {
                throw e;
            }
            // Nobody answers any more.
            if (lost.isPresent() && e.code() != ErrorCode.UNSAFE && e.code() != ErrorCode.USAGE) {
                throw lost.get();
            }
            return List.of(e.getMessage());
        }
    }

    private AmbrotypeException restless(String reasons, @Nullable AmbrotypeException lost) {
        AmbrotypeException restless = AmbrotypeException.of(
                        ErrorCode.UNSAFE,
                        "the layout of " + request.deployment() + " did not come to rest during the backup: " + reasons
                                + (lost == null ? "" : "; " + lost.getMessage()))
                .withHint("nothing was committed and older snapshots are untouched; run the backup again when no slots"
                        + " move and no node fails over");
        return lost == null ? restless : restless.causedBy(lost);
    }

    /**
     * What is different now from what the shards were captured under; drops the captures that are no longer true.
     * Failing over and back leaves a higher epoch, or in a standalone set another history: that counts too. So does a slot
     * that is on its way, although its owner is still the same: its keys may be in neither dump.
     */
    private static List<String> changes(BackupPlan plan, Map<NodeId, CapturedShard> captured, Topology seen) {
        Topology now = BackupPlanner.capturable(seen);
        List<String> changes = now.differencesFrom(plan.topology()).stream()
                .filter(difference -> switch (difference.kind()) {
                    case KIND_CHANGED, MASTER_CHANGED, SLOTS_MOVED, ROLE_CHANGED -> true;
                    case REPLICA_MOVED, NODE_ADDED, NODE_GONE -> false;
                })
                .map(LayoutDifference::sentence)
                .collect(Collectors.toCollection(ArrayList::new));
        List<Problem> unsettled = BackupPlanner.whatPreventsWholeSnapshot(now);
        unsettled.forEach(problem -> changes.add(problem.sentence()));
        Set<NodeId> concerned =
                unsettled.stream().flatMap(problem -> problem.nodes().stream()).collect(Collectors.toSet());
        captured.keySet().removeIf(concerned::contains);
        captured.values().removeIf(shard -> {
            Optional<String> objection =
                    BackupPlanner.objection(shard.plan(), shard.sync().id(), now);
            objection.ifPresent(changes::add);
            return objection.isPresent();
        });
        if (now.shards().size() != plan.shards().size()) {
            changes.add("there were " + plan.shards().size() + " masters and are "
                    + now.shards().size());
        }
        return changes.stream().distinct().toList();
    }

    /**
     * After a failover the nodes need a moment to agree again. Until then a former master looks like one of another
     * deployment.
     */
    private BackupPlan settledPlan(BackupPlan before, @Nullable AmbrotypeException lost, Time time)
            throws InterruptedException {
        Instant deadline = time.instant().plus(request.patience().settling());
        while (true) {
            try {
                return BackupPlanner.plan(request.deployment(), topologies.discover(allAddresses(before)));
            } catch (AmbrotypeException e) {
                if (e.code() == ErrorCode.INTERRUPTED) {
                    throw e;
                }
                if (time.instant().isAfter(deadline)) {
                    throw restless(e.getMessage(), lost);
                }
                time.sleep(POLL);
            }
        }
    }

    /**
     * The seeds, and whoever was met: a seed may have died meanwhile. Sentinels too: amid their failover they say which
     * server is the master.
     */
    private List<HostAndPort> allAddresses(BackupPlan plan) {
        Topology topology = plan.topology();
        return Stream.of(
                        request.seeds().stream(),
                        topology.nodes().stream().filter(Node::isReached).map(Node::connectAddress),
                        topology.sentinels().stream()
                                .flatMap(set -> set.sentinels().stream())
                                .filter(sentinel -> sentinel.view().isPresent())
                                .map(Sentinel::address))
                .flatMap(addresses -> addresses)
                .distinct()
                .toList();
    }

    private Map<NodeId, Long> masterOffsets(BackupPlan plan) throws InterruptedException {
        Map<NodeId, Long> offsets = new ConcurrentHashMap<>();
        try (TaskGroup tasks = TaskGroup.ofWaiting()) {
            for (ShardPlan shard : plan.shards()) {
                Candidate master = shard.candidates().getLast();
                tasks.fork("offset of " + master.address(), () -> {
                    try (RespConnection connection = RespConnection.open(master.address(), request.settings())) {
                        long offset = ServerInfo.read(connection, "replication")
                                .number("master_repl_offset")
                                .orElse(0);
                        offsets.put(shard.master().id(), offset);
                    }
                });
            }
            tasks.join();
        } catch (AmbrotypeException | InterruptedException e) {
            throw e;
        } catch (Exception e) {
            throw new IllegalStateException(e);
        }
        return offsets;
    }

    /** Keeps the notices for the manifest's warnings. */
    private record NotingListener(BackupListener listener, List<String> notices) implements BackupListener {
        @Override
        public void progress(ShardProgress progress) {
            listener.progress(progress);
        }

        @Override
        public void notice(String sentence) {
            notices.add(sentence);
            listener.notice(sentence);
        }
    }
}
