package io.ambrotype.liverestore;

import io.ambrotype.common.AmbrotypeException;
import io.ambrotype.common.ErrorCode;
import io.ambrotype.common.HostAndPort;
import io.ambrotype.common.Time;
import io.ambrotype.liverestore.RestoreEntry.AtRisk;
import io.ambrotype.resp.ConnectionSettings;
import io.ambrotype.resp.RequestBuffer;
import io.ambrotype.resp.RespConnection;
import io.ambrotype.resp.RespErrorException;
import io.ambrotype.resp.RespReply;
import io.ambrotype.resp.ServerInfo;
import java.time.Duration;
import java.time.Instant;
import java.util.BitSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * One server of the target and the connection to it, made when it is needed and again when it broke. Guarded by its lock.
 *
 * <p>It knows what would be lost with the server: the slots of keys that not every replica has confirmed. While the server lives and
 * has not followed another meanwhile, nothing of that is lost; else it may be, whatever the server acknowledged.
 */
final class NodeLink implements AutoCloseable {
    private static final Duration BETWEEN_LOOKS = Duration.ofSeconds(1);
    private static final long REPLICA_MILLIS = 1000;
    private static final Duration AFTER_A_LAGGARD = Duration.ofSeconds(5);

    private final HostAndPort address;
    private final ConnectionSettings settings;
    private final Time time;
    private final ReentrantLock lock = new ReentrantLock();
    private @Nullable RespConnection connection;
    private int database;
    private Instant looked = Instant.MIN;
    private Instant laggardUntil = Instant.MIN;
    private int online;
    private volatile int followers;
    private String runId = "";
    private ServerInfo replication = new ServerInfo(Map.of());
    private final BitSet slotsAtRisk = new BitSet();
    private volatile @Nullable AtRisk atRisk;
    private long evictedBefore = -1;

    NodeLink(HostAndPort address, ConnectionSettings settings, Time time) {
        this.address = address;
        this.settings = settings;
        this.time = time;
    }

    HostAndPort address() {
        return address;
    }

    ReentrantLock lock() {
        return lock;
    }

    /** How many replicas it is said to have, whether they follow now or not: each might be promoted. */
    void followers(int count) {
        followers = count;
    }

    /** Connects where there is no connection; who is there is asked anew. */
    RespConnection open() {
        RespConnection current = connection;
        if (current != null && !current.isClosed()) {
            return current;
        }
        RespConnection opened = RespConnection.open(address, settings);
        try {
            String found = ServerInfo.read(opened, "server").require("run_id");
            if (!found.equals(runId)) {
                runId = found;
                evictedBefore =
                        ServerInfo.read(opened, "stats").number("evicted_keys").orElse(0);
            }
            look(opened);
            database = 0;
            connection = opened;
            return opened;
        } catch (RuntimeException e) {
            opened.close();
            throw e;
        }
    }

    private void look(RespConnection open) {
        replication = ServerInfo.read(open, "replication");
        online = online(replication);
        looked = time.instant();
    }

    private static boolean isMaster(ServerInfo replication) {
        return replication.value("role").orElse("").equals("master");
    }

    /** How many replicas follow; one that is still getting its first data cannot confirm anything. */
    private static int online(ServerInfo replication) {
        int online = 0;
        long attached = replication.number("connected_slaves").orElse(0);
        for (long i = 0; i < attached; i++) {
            Optional<String> line = replication.value("slave" + i);
            if (line.isEmpty()) {
                break;
            }
            if (ServerInfo.parts(line.get()).getOrDefault("state", "").equals("online")) {
                online++;
            }
        }
        return online;
    }

    /** Looks again at role and replicas; whether it is a master. */
    boolean lookAgain() {
        look(open());
        return isMaster(replication);
    }

    /** How many replicas can confirm what is written now, as seen not long ago; one where a further one has just been slow. */
    int confirming() {
        RespConnection open = open();
        if (time.instant().isAfter(looked.plus(BETWEEN_LOOKS))) {
            look(open);
        }
        return time.instant().isBefore(laggardUntil) ? Math.min(1, online) : online;
    }

    /** What so many replicas have confirmed of what was written just now and of all that was written here before. */
    void confirmed(long replicas, BitSet slots) {
        AtRisk known = atRisk;
        if (replicas > 0
                && replicas >= Math.max(online, followers)
                && (known == null || isStill(known, runId, replication))) {
            slotsAtRisk.clear();
            atRisk = null;
            return;
        }
        if (replicas < online) {
            laggardUntil = time.instant().plus(AFTER_A_LAGGARD);
        }
        slotsAtRisk.or(slots);
        // What an earlier life or history took is lost with that one, whoever is there now.
        if (known == null) {
            atRisk = new AtRisk(
                    address.toString(),
                    runId,
                    replication.value("master_replid").orElse(""));
        }
    }

    /** Who has keys that others may not have, and so that could be lost with it. */
    Optional<AtRisk> atRisk() {
        return Optional.ofNullable(atRisk);
    }

    /**
     * The slots of which keys may be lost, because the server does not live any more as the one that took them; they are then
     * forgotten. Empty where nothing is lost.
     */
    Optional<BitSet> takeLost() {
        lock.lock();
        try {
            AtRisk known = atRisk;
            if (known == null || isStill(known, settings)) {
                return Optional.empty();
            }
            BitSet lost = (BitSet) slotsAtRisk.clone();
            slotsAtRisk.clear();
            atRisk = null;
            drop();
            return Optional.of(lost);
        } finally {
            lock.unlock();
        }
    }

    /** Whether a server lives that took keys, and has been a master with that history all the time. */
    static boolean isStill(AtRisk known, ConnectionSettings settings) {
        try (RespConnection opened = RespConnection.open(HostAndPort.parse(known.address()), settings)) {
            return isStill(
                    known, ServerInfo.read(opened, "server").require("run_id"), ServerInfo.read(opened, "replication"));
        } catch (AmbrotypeException e) {
            if (e.code() == ErrorCode.INTERRUPTED) {
                throw e;
            }
            return false;
        }
    }

    /** A first replica gives a master a new id and no second one; a promotion makes the id that it followed the second. */
    private static boolean isStill(AtRisk known, String runId, ServerInfo replication) {
        return isMaster(replication)
                && known.runId().equals(runId)
                && (replication.value("master_replid").orElse("").equals(known.replicationId())
                        || replication.value("master_replid2").orElse("").matches("0*"));
    }

    /** How many keys it has dropped for want of memory since it was first connected to; 0 where it never was. */
    long evicted() {
        lock.lock();
        try {
            if (evictedBefore < 0) {
                return 0;
            }
            long now = ServerInfo.read(open(), "stats").number("evicted_keys").orElse(0);
            return Math.max(0, now - evictedBefore);
        } catch (AmbrotypeException e) {
            if (e.code() == ErrorCode.INTERRUPTED) {
                throw e;
            }
            return 0;
        } finally {
            lock.unlock();
        }
    }

    /** Sends commands in one go; as many replies. */
    List<RespReply> exchange(int inDatabase, List<byte[][]> commands) {
        return openIn(inDatabase).pipeline(commands);
    }

    /** The same with commands of {@link EntryBatch}. */
    List<RespReply> exchange(int inDatabase, RequestBuffer requests, int count) {
        return openIn(inDatabase).pipeline(requests, count, "SET or RESTORE");
    }

    private RespConnection openIn(int inDatabase) {
        RespConnection open = open();
        if (database != inDatabase) {
            open.call("SELECT", Integer.toString(inDatabase));
            database = inDatabase;
        }
        return open;
    }

    /** How many replicas have all that was written on this connection, after waiting for one for a while. */
    RespReply awaitReplica() {
        return open().pipeline(List.<byte[][]>of(waitFor(1))).getFirst();
    }

    /** The command that waits a while for so many replicas. */
    static byte[][] waitFor(int replicas) {
        return Commands.of("WAIT", Commands.bytes(replicas), Commands.bytes(REPLICA_MILLIS));
    }

    /** Forgets a connection that broke. */
    void drop() {
        if (connection != null) {
            connection.close();
            connection = null;
        }
    }

    @Override
    public void close() {
        RespConnection current = connection;
        if (current != null) {
            current.close();
        }
    }

    /** Whether the refusal says that this is no server to write to now, and another may be. */
    static boolean isPassing(RespErrorException e) {
        return Trouble.of(e.serverMessage()) == Trouble.PASSING || Trouble.of(e.serverMessage()) == Trouble.LOADING;
    }
}
