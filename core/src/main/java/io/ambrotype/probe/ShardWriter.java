package io.ambrotype.probe;

import io.ambrotype.common.AmbrotypeException;
import io.ambrotype.common.HostAndPort;
import io.ambrotype.common.Time;
import io.ambrotype.resp.RespConnection;
import io.ambrotype.resp.RespConnectionException;
import io.ambrotype.resp.RespReply;
import io.ambrotype.resp.RespReply.ErrorReply;
import io.ambrotype.resp.RespReply.IntegerReply;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.jspecify.annotations.Nullable;

/**
 * The client that writes to one shard: one element at a time at its pace, each sent again until it is acknowledged. It does
 * what a good cluster client does: follows MOVED and ASK, connects again, asks other nodes where the master is.
 *
 * <p>What it counts as an error is what such a client hands on to its application: every refusal that is no redirection,
 * and five seconds without an acknowledgement, which is about how long Jedis and Lettuce try by default. A connection that
 * is lost and made again is none.
 */
final class ShardWriter implements Runnable {
    private static final Duration BETWEEN_ATTEMPTS = Duration.ofMillis(10);
    private static final Duration PATIENCE = Duration.ofSeconds(5);
    private static final int MOST_REDIRECTIONS = 5;
    private static final int WRITES_PER_RENEWAL = 500;

    private final String shard;
    private final String keyPrefix;
    private final Route route;
    private final Meter meter;
    private final Duration pace;
    private final Time time;
    private final Queue<ProbeList> ended = new ConcurrentLinkedQueue<>();
    private volatile ProbeList list;
    private volatile boolean newListWanted;
    private volatile boolean stopping;
    private int lists;
    private @Nullable HostAndPort ask;

    ShardWriter(String shard, String keyPrefix, Route route, Meter meter, Duration pace, Time time) {
        this.shard = shard;
        this.keyPrefix = keyPrefix;
        this.route = route;
        this.meter = meter;
        this.pace = pace;
        this.time = time;
        this.list = newList(0);
    }

    String shard() {
        return shard;
    }

    /** A key of its shard that none of its lists has. */
    String trialKey() {
        return keyPrefix + "trial";
    }

    Meter meter() {
        return meter;
    }

    /** Lists that it has left; whoever takes them owns them. */
    Queue<ProbeList> ended() {
        return ended;
    }

    /** Asks it to begin a new list with its next write. */
    void wantNewList() {
        newListWanted = true;
    }

    /** Whether it has not yet done so. */
    boolean isNewListWanted() {
        return newListWanted;
    }

    /** How many acknowledged writes are in the list at which it is. */
    int unended() {
        return list.acknowledged();
    }

    /** Asks it to end after the write that is under way. */
    void stop() {
        stopping = true;
    }

    /** Ends it at once, also where it waits for a server. */
    void abort() {
        stopping = true;
        route.close();
    }

    @Override
    public void run() {
        try {
            while (!stopping) {
                if (newListWanted || list.isFull()) {
                    if (list.acknowledged() > 0) {
                        ended.add(list);
                        list = newList(list.next());
                    }
                    newListWanted = false;
                }
                if (write()) {
                    time.sleep(pace);
                }
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } finally {
            meter.stop();
            ended.add(list);
            newListWanted = false;
            route.close();
        }
    }

    /** Sends the next number until it is acknowledged; false where the writer is to stop before. */
    private boolean write() throws InterruptedException {
        int redirections = 0;
        long sent = System.nanoTime();
        meter.sent(sent);
        long patienceEnds = sent + PATIENCE.toNanos();
        while (!stopping) {
            if (System.nanoTime() - patienceEnds > 0) {
                meter.error("no acknowledgement for " + PATIENCE.toSeconds() + " s");
                patienceEnds += PATIENCE.toNanos();
            }
            try {
                RespConnection connection = ask == null ? route.toMaster() : route.to(ask);
                RespReply reply = append(connection);
                if (reply instanceof IntegerReply(long length)) {
                    list.acknowledge(connection.address().toString(), time.instant());
                    meter.acknowledged(System.nanoTime());
                    if (length == 1 && list.acknowledged() > 1) {
                        renewExpiry(connection);
                    }
                    return true;
                }
                if (!(reply instanceof ErrorReply error)) {
                    meter.error("an answer that is no integer");
                    time.sleep(BETWEEN_ATTEMPTS);
                } else if (redirected(error, connection.address()) && ++redirections <= MOST_REDIRECTIONS) {
                    meter.redirect();
                } else {
                    redirections = 0;
                    refused(error);
                }
            } catch (RespConnectionException e) {
                unanswered(e);
            } catch (AmbrotypeException e) {
                meter.error(e.getMessage());
                time.sleep(BETWEEN_ATTEMPTS);
            }
        }
        return false;
    }

    /** The reply to RPUSH. Now and then the expiry goes with it, and always with the first element. */
    private RespReply append(RespConnection connection) {
        List<byte[][]> commands = new ArrayList<>();
        if (ask != null) {
            ask = null;
            commands.add(command("ASKING"));
        }
        int place = commands.size();
        commands.add(command("RPUSH", list.key(), Long.toString(list.next())));
        boolean renewal = list.acknowledged() % WRITES_PER_RENEWAL == 0;
        if (renewal && place == 0) {
            commands.add(expire());
        }
        List<RespReply> replies = connection.pipeline(commands);
        if (renewal && replies.getLast() instanceof IntegerReply(long set) && set == 1) {
            list.expiryRenewed(time.instant());
        }
        return replies.get(place);
    }

    /** A list that is suddenly new has lost its expiry with everything else. */
    private void renewExpiry(RespConnection connection) {
        connection.pipeline(List.<byte[][]>of(expire()));
    }

    private byte[][] expire() {
        return command("EXPIRE", list.key(), Long.toString(Probe.LIFETIME.toSeconds()));
    }

    private boolean redirected(ErrorReply error, HostAndPort answeredBy) {
        Optional<HostAndPort> target = switch (error.prefix()) {
            case "MOVED", "ASK" -> Route.redirection(error.message(), answeredBy);
            default -> Optional.empty();
        };
        target.ifPresent(address -> {
            if (error.prefix().equals("ASK")) {
                ask = address;
            } else {
                route.redirect(address);
            }
        });
        return target.isPresent();
    }

    private void refused(ErrorReply error) throws InterruptedException {
        meter.error(error.message());
        time.sleep(BETWEEN_ATTEMPTS);
        switch (error.prefix()) {
            case "CLUSTERDOWN", "LOADING", "MASTERDOWN", "READONLY", "MOVED", "ASK" -> route.askAround();
            default -> {
                // The master refuses for a reason of its own; it is still the master.
            }
        }
    }

    private void unanswered(RespConnectionException e) throws InterruptedException {
        if (stopping) {
            return;
        }
        ask = null;
        switch (e.reason()) {
            case LOST, TIMEOUT, CLOSED, UNREACHABLE, UNKNOWN_HOST, INTERRUPTED -> {
                // Good clients keep such to themselves for as long as their patience lasts.
            }
            case AUTHENTICATION, REFUSED, TLS, PROTOCOL -> meter.error(e.getMessage());
        }
        if (e.reason() == RespConnectionException.Reason.LOST || e.reason() == RespConnectionException.Reason.TIMEOUT) {
            meter.reconnect();
        }
        route.askAround();
        time.sleep(BETWEEN_ATTEMPTS);
    }

    private ProbeList newList(long first) {
        lists++;
        return new ProbeList(keyPrefix + lists, first, time.instant());
    }

    static byte[][] command(String... words) {
        byte[][] command = new byte[words.length][];
        for (int i = 0; i < words.length; i++) {
            command[i] = words[i].getBytes(StandardCharsets.UTF_8);
        }
        return command;
    }
}
