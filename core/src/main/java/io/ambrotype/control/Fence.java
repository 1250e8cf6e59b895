package io.ambrotype.control;

import io.ambrotype.common.AmbrotypeException;
import io.ambrotype.common.ErrorCode;
import io.ambrotype.common.Time;
import io.ambrotype.resp.RespErrorException;
import io.ambrotype.resp.ServerVersion;
import io.ambrotype.resp.ServerVersion.Vendor;
import java.time.Duration;
import java.time.Instant;

/**
 * Keeps a master from acknowledging any write, so that its replicas can have all that it ever acknowledged.
 *
 * <p>From Redis 6.2 on writers are held ({@code CLIENT PAUSE … WRITE}) and notice a delay. The servers end the pause by
 * themselves after its time, so that a crash of this program holds nobody for long. Before 6.2 a pause would hold every
 * command, ours too, and could not be ended; there {@code min-replicas-to-write 1000} has writes refused with
 * {@code NOREPLICAS}. It is in the journal before it is set, because nothing but us takes it back.
 */
final class Fence implements AutoCloseable {
    private static final Duration RENEW = Duration.ofSeconds(1);
    private static final String REPLICAS = "min-replicas-to-write";
    private static final String LAG = "min-replicas-max-lag";
    private static final String MORE_THAN_ANYBODY_HAS = "1000";

    private final MemberConnections connections;
    private final TemporarySettings settings;
    private final Member master;
    private final Time time;
    private final GateListener listener;
    private final boolean pauses;
    private Instant renewed = Instant.EPOCH;
    private boolean open;

    private Fence(
            MemberConnections connections,
            TemporarySettings settings,
            Member master,
            Time time,
            GateListener listener,
            boolean pauses) {
        this.connections = connections;
        this.settings = settings;
        this.master = master;
        this.time = time;
        this.listener = listener;
        this.pauses = pauses;
    }

    static boolean canPause(ServerVersion version) {
        return version.vendor() == Vendor.VALKEY || version.isAtLeast(Vendor.REDIS, 6, 2);
    }

    /**
     * Writes to the master are held or refused when this returns.
     *
     * @param limit after which a pause ends by itself
     * @throws AmbrotypeException {@code UNSAFE} where the server does not let it be done
     */
    static Fence around(
            Member master,
            ServerVersion version,
            Duration limit,
            MemberConnections connections,
            TemporarySettings settings,
            Time time,
            GateListener listener) {
        Fence fence = new Fence(connections, settings, master, time, listener, canPause(version));
        try {
            fence.raise(limit);
            return fence;
        } catch (RuntimeException e) {
            fence.close();
            throw e;
        }
    }

    /** Lets a pause last for so long from now on; called again and again, it asks the server once in a second. */
    void renew(Duration limit) {
        if (pauses && !time.instant().isBefore(renewed.plus(RENEW))) {
            raise(limit);
        }
    }

    /** Ends it at once, where the master can be reached. */
    @Override
    public void close() {
        if (open) {
            return;
        }
        open = true;
        if (!pauses) {
            settings.putBack().forEach(listener::notice);
            return;
        }
        try {
            connections.askTwice(master, connection -> connection.call("CLIENT", "UNPAUSE"));
        } catch (AmbrotypeException e) {
            listener.notice("the writers' pause on " + master + " ends by itself: " + e.getMessage());
        }
    }

    private void raise(Duration limit) {
        if (pauses) {
            try {
                renewed = time.instant();
                connections.askTwice(
                        master,
                        connection -> connection.call("CLIENT", "PAUSE", Long.toString(limit.toMillis()), "WRITE"));
            } catch (RespErrorException e) {
                throw refused(e.getMessage());
            }
            return;
        }
        String lag = connections.askTwice(
                master, connection -> connection.pairs("CONFIG", "GET", LAG).getOrDefault(LAG, "0"));
        // With a lag of 0 the server does not count replicas at all.
        if (lag.equals("0")) {
            settings.set(master, LAG, "10").ifPresent(reason -> {
                throw refused(reason);
            });
        }
        settings.set(master, REPLICAS, MORE_THAN_ANYBODY_HAS).ifPresent(reason -> {
            throw refused(reason);
        });
    }

    private AmbrotypeException refused(String reason) {
        return AmbrotypeException.of(
                ErrorCode.UNSAFE, "writes to " + master + " cannot be held while a replica takes over: " + reason);
    }
}
