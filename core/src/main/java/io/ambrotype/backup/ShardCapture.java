package io.ambrotype.backup;

import io.ambrotype.backup.BackupPlan.Candidate;
import io.ambrotype.backup.BackupPlan.ShardPlan;
import io.ambrotype.backup.ShardProgress.Phase;
import io.ambrotype.common.AmbrotypeException;
import io.ambrotype.common.ErrorCode;
import io.ambrotype.common.Time;
import io.ambrotype.replication.FullSync;
import io.ambrotype.replication.ReplicationException;
import io.ambrotype.replication.ReplicationOptions;
import io.ambrotype.replication.ReplicationPhase;
import io.ambrotype.replication.ReplicationSession;
import io.ambrotype.repository.FrameMemory;
import io.ambrotype.repository.Repository;
import io.ambrotype.resp.RespConnection;
import io.ambrotype.resp.RespConnectionException;
import io.ambrotype.resp.ServerInfo;
import io.ambrotype.topology.DeploymentKind;
import io.ambrotype.topology.Role;
import io.ambrotype.topology.SlotSet;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.OptionalLong;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/**
 * Captures one shard, never older than the command: the dump's offset must have reached the offset that the master had at
 * the beginning, in the master's own history. A replica that is behind is waited for; a source that answers with an older
 * RDB (it may share one that was begun before) or fails on the way is asked once more, then the next candidate, the master
 * at last.
 */
final class ShardCapture {
    private static final Duration POLL = Duration.ofMillis(50);
    private static final int ATTEMPTS_PER_CANDIDATE = 2;

    /** An older RDB that is under way, or a server that just failed to fork, is not asked again at once. */
    private static final Duration BEFORE_ANOTHER_ATTEMPT = Duration.ofSeconds(1);

    private final BackupRequest request;
    private final Repository repository;
    private final FrameMemory frames;
    private final BackupListener listener;
    private final Time time;
    private final HostGate hosts;
    private final DeploymentKind kind;

    ShardCapture(
            BackupRequest request,
            Repository repository,
            FrameMemory frames,
            BackupListener listener,
            Time time,
            HostGate hosts,
            DeploymentKind kind) {
        this.request = request;
        this.repository = repository;
        this.frames = frames;
        this.listener = listener;
        this.time = time;
        this.hosts = hosts;
        this.kind = kind;
    }

    /**
     * A captured shard.
     *
     * @param plan what it was captured under
     * @param source the node that sent the dump
     * @param sync history and offset of the dump
     * @param masterOffset the master's offset at the beginning
     * @param started when the capture began
     * @param capturedAt when the source announced the dump
     * @param duration until everything was stored
     * @param captured the dump
     */
    record CapturedShard(
            ShardPlan plan,
            Candidate source,
            FullSync sync,
            long masterOffset,
            Instant started,
            Instant capturedAt,
            Duration duration,
            DumpCapture.Captured captured) {}

    /**
     * Captures the shard.
     *
     * @param masterOffset the master's offset, read after the backup began
     * @throws LostShard where no candidate could be read; its message says what each one said
     * @throws AmbrotypeException where it would be of no use to ask another one
     */
    CapturedShard run(ShardPlan shard, long masterOffset) throws InterruptedException {
        List<String> failures = new ArrayList<>();
        AmbrotypeException last = null;
        for (Candidate candidate : shard.candidates()) {
            for (int attempt = 1; attempt <= ATTEMPTS_PER_CANDIDATE; attempt++) {
                try {
                    if (attempt > 1) {
                        time.sleep(BEFORE_ANOTHER_ATTEMPT);
                    }
                    return attempt(shard, candidate, masterOffset);
                } catch (AmbrotypeException e) {
                    if (!worthAnotherTry(e)) {
                        throw e;
                    }
                    last = e;
                    failures.add(e.getMessage());
                    listener.notice("shard " + shard.index() + ": " + e.getMessage());
                    if (e instanceof RespConnectionException) {
                        break;
                    }
                }
            }
        }
        throw new LostShard(
                last == null ? ErrorCode.FAILED : last.code(),
                "shard " + shard.index() + " could not be captured: " + String.join("; ", failures),
                last == null ? new IllegalStateException("no candidate") : last);
    }

    static boolean worthAnotherTry(AmbrotypeException e) {
        return switch (e) {
            case ReplicationException replication -> replication.retryable();
            case RespConnectionException connection ->
                switch (connection.reason()) {
                    case TIMEOUT, LOST, UNREACHABLE, UNKNOWN_HOST, REFUSED, TLS, PROTOCOL -> true;
                    case AUTHENTICATION, CLOSED, INTERRUPTED -> false;
                };
            case StaleSource _ -> true;
            default -> false;
        };
    }

    private CapturedShard attempt(ShardPlan shard, Candidate candidate, long masterOffset) throws InterruptedException {
        report(shard, candidate, Phase.QUEUED, 0, OptionalLong.empty(), 0);
        Semaphore host = hosts.of(candidate.address().host());
        host.acquire();
        AtomicBoolean held = new AtomicBoolean(true);
        Runnable letGo = () -> {
            if (held.compareAndSet(true, false)) {
                host.release();
            }
        };
        try {
            return capture(shard, candidate, masterOffset, letGo);
        } finally {
            letGo.run();
        }
    }

    private CapturedShard capture(ShardPlan shard, Candidate candidate, long masterOffset, Runnable letGo)
            throws InterruptedException {
        Instant started = time.instant();
        report(shard, candidate, Phase.PREPARING, 0, OptionalLong.empty(), 0);
        RespConnection connection = RespConnection.open(candidate.address(), request.settings());
        try {
            String expectedHistory = awaitOffset(connection, candidate, masterOffset);
            AtomicReference<@Nullable Instant> announced = new AtomicReference<>();
            ReplicationOptions backup = ReplicationOptions.backup();
            ReplicationOptions options = backup.withTimeouts(request.patience().silence(), backup.preparationTimeout())
                    .withListener((phase, _) -> {
                        if (phase == ReplicationPhase.PREPARATION) {
                            announced.compareAndSet(null, time.instant());
                        }
                    });
            ReplicationSession session = ReplicationSession.open(connection, candidate.version(), options);
            FullSync sync = session.fullSync();
            announced.compareAndSet(null, time.instant());
            requireFresh(shard, candidate, sync, masterOffset, expectedHistory);
            DumpCapture.Captured captured = new DumpCapture(repository, frames, request)
                    .run(
                            session,
                            sync,
                            ownedSlots(shard),
                            (bytes, entries) ->
                                    report(shard, candidate, Phase.RECEIVING, bytes, sync.length(), entries),
                            letGo);
            Instant now = time.instant();
            report(
                    shard,
                    candidate,
                    Phase.STORED,
                    captured.dump().rdbBytes(),
                    OptionalLong.of(captured.dump().rdbBytes()),
                    captured.content().entries());
            Instant capturedAt = announced.get();
            return new CapturedShard(
                    shard,
                    candidate,
                    sync,
                    masterOffset,
                    started,
                    capturedAt == null ? now : capturedAt,
                    Duration.between(started, now),
                    captured);
        } finally {
            connection.close();
        }
    }

    /**
     * Waits until a replica has what its master had; returns the history it is in, empty where that may still change. One
     * that has become master, or is none any more, is not what was planned: the layout is changing.
     */
    private String awaitOffset(RespConnection connection, Candidate candidate, long masterOffset)
            throws InterruptedException {
        Instant deadline = time.instant().plus(request.patience().freshness());
        while (true) {
            ServerInfo info = ServerInfo.read(connection, "replication");
            boolean master = info.value("role").orElse("").equals("master");
            if (master != (candidate.node().role() == Role.MASTER)) {
                throw new StaleSource(candidate.address() + " has become a " + (master ? "master" : "replica")
                        + " since the backup began");
            }
            if (master) {
                // Without a backlog the first attachment starts a new history.
                return info.is("repl_backlog_active") ? info.require("master_replid") : "";
            }
            long offset = info.number("slave_repl_offset").orElse(-1);
            if (offset >= masterOffset) {
                return info.require("master_replid");
            }
            if (time.instant().isAfter(deadline)) {
                throw new StaleSource("replica " + candidate.address() + " is at offset " + offset
                        + " and did not reach its master's offset " + masterOffset + " within "
                        + request.patience().freshness().toSeconds() + " s");
            }
            time.sleep(POLL);
        }
    }

    private static void requireFresh(
            ShardPlan shard, Candidate candidate, FullSync sync, long masterOffset, String expectedHistory) {
        if (!expectedHistory.isEmpty() && !sync.id().value().equals(expectedHistory)) {
            throw new StaleSource(
                    candidate.address() + " changed its replication history while it was asked for its data");
        }
        if (candidate.node().role() == Role.REPLICA
                && !sync.id().equals(shard.candidates().getLast().replicationId())) {
            throw new StaleSource("replica " + candidate.address() + " left its master's replication history");
        }
        if (sync.offset().value() < masterOffset) {
            throw new StaleSource(candidate.address() + " offered an RDB of offset " + sync.offset()
                    + ", older than this backup: its master was at " + masterOffset + " before");
        }
    }

    /** A standalone server owns everything. */
    private BitSet ownedSlots(ShardPlan shard) {
        BitSet owned = new BitSet();
        SlotSet slots = kind == DeploymentKind.STANDALONE ? SlotSet.ALL : shard.slots();
        slots.stream().forEach(owned::set);
        return owned;
    }

    private void report(ShardPlan shard, Candidate source, Phase phase, long bytes, OptionalLong total, long entries) {
        listener.progress(new ShardProgress(
                shard.index(), source.address().toString(), phase, bytes, total, entries, source.entries()));
    }
}
