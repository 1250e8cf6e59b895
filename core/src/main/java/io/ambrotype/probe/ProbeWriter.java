package io.ambrotype.probe;

import io.ambrotype.common.AmbrotypeException;
import io.ambrotype.common.ErrorCode;
import io.ambrotype.common.HostAndPort;
import io.ambrotype.common.Time;
import io.ambrotype.rdb.HashSlot;
import io.ambrotype.resp.ConnectionSettings;
import io.ambrotype.resp.Credentials;
import io.ambrotype.resp.RespConnection;
import io.ambrotype.resp.RespErrorException;
import io.ambrotype.resp.RespReply;
import io.ambrotype.resp.ServerInfo;
import io.ambrotype.topology.DeploymentKind;
import io.ambrotype.topology.Node;
import io.ambrotype.topology.Shard;
import io.ambrotype.topology.SlotSet;
import io.ambrotype.topology.Topology;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The probe that writes: one client per shard that owns slots, each with one write in flight, about every two milliseconds.
 *
 * <p>Each write appends a number to a list that no other write has used, because a probe that writes the same keys again
 * hides what was lost before. The lists are named {@code ambrotype:probe:{tag}:run:n}, where the tag is found by trial such
 * that it hashes to a slot of the shard; they expire within {@link Probe#LIFETIME}, whatever becomes of us. After
 * {@code 5000} elements, and with each reading, a new list is begun. A list that was left is verified (every acknowledged
 * number must be in it) when the reading is taken, kept, and verified again at the end: what fell back to an older state
 * meanwhile has lost also what was there before. Then it is removed. Only the latest lists are kept so; older ones are
 * removed when they were verified.
 *
 * <p>A write without an answer is sent again and may be there twice; it counts as acknowledged when it is, so that it is
 * never taken for lost by itself.
 */
public final class ProbeWriter implements Probe {
    /** What every key of a probe begins with. */
    public static final String PREFIX = "ambrotype:probe:";

    private static final Duration PACE = Duration.ofMillis(2);
    /** All writers together write no more often than this. */
    private static final Duration PACE_OF_ALL = Duration.ofNanos(500_000);

    private static final Duration CONNECT_TIMEOUT = Duration.ofSeconds(1);
    private static final Duration REPLY_TIMEOUT = Duration.ofSeconds(2);
    private static final Duration NEW_LIST_LIMIT = Duration.ofMillis(200);
    private static final Duration READING_LIMIT = Duration.ofSeconds(2);
    private static final Duration VERDICT_LIMIT = Duration.ofSeconds(20);
    private static final Duration BETWEEN_ATTEMPTS = Duration.ofMillis(20);
    private static final int CHUNK = 1000;
    private static final int LISTS_KEPT = 150;
    /** Enough for the code and the connections to have warmed up, so that our own start is no stall of the servers'. */
    private static final int WARM_UP_WRITES = 300;

    private final List<Client> clients;
    private final Duration pace;
    private final Time time;
    private final List<Verdict.LostWrite> lost = new ArrayList<>();
    private long intervalBegan;
    private final long began;
    private volatile boolean finished;
    private @Nullable Verdict verdict;

    /** One shard: who writes, and how what was written is asked for. For the thread that takes the readings. */
    private static final class Client {
        private final ShardWriter writer;
        private final Thread thread;
        private final Route verifier;
        private final Deque<ProbeList> kept = new ArrayDeque<>();
        private long lost;
        private long expired;

        Client(ShardWriter writer, Route verifier) {
            this.writer = writer;
            this.verifier = verifier;
            this.thread =
                    Thread.ofPlatform().daemon().name("probe " + writer.shard()).unstarted(writer);
        }

        long unverified() {
            return kept.stream()
                            .filter(list -> !list.isVerified())
                            .mapToLong(ProbeList::acknowledged)
                            .sum()
                    + expired;
        }
    }

    private ProbeWriter(List<Client> clients, Duration pace, Time time) {
        this.clients = clients;
        this.pace = pace;
        this.time = time;
        this.began = System.nanoTime();
        this.intervalBegan = began;
    }

    /**
     * Begins to write to every shard that owns slots; measures from the moment this returns.
     *
     * @param topology where the masters are, and whom to ask when they are no longer there
     * @param settings how to connect, as whom
     * @param run names the keys; letters, digits and hyphens
     * @throws AmbrotypeException {@code UNSAFE} where a shard does not take writes of this user, with what to grant;
     *     nothing is left behind then
     * @throws InterruptedException where this thread is interrupted; then it has been closed
     */
    public static ProbeWriter start(Topology topology, ConnectionSettings settings, String run, Time time)
            throws InterruptedException {
        if (!run.matches("[A-Za-z0-9-]{1,80}")) {
            throw new IllegalArgumentException("a run's name has letters, digits and hyphens");
        }
        ConnectionSettings impatient = settings.withConnectTimeout(least(settings.connectTimeout(), CONNECT_TIMEOUT))
                .withReplyTimeout(least(settings.replyTimeout(), REPLY_TIMEOUT));
        List<Shard> shards = topology.shards().stream()
                .filter(shard -> topology.kind() != DeploymentKind.CLUSTER
                        || !shard.slots().isEmpty())
                .toList();
        Duration pace = PACE_OF_ALL.multipliedBy(shards.size()).compareTo(PACE) > 0
                ? PACE_OF_ALL.multipliedBy(shards.size())
                : PACE;
        List<Client> clients = new ArrayList<>();
        for (Shard shard : shards) {
            clients.add(client(topology, shard, impatient, run, pace, time));
        }
        ProbeWriter probe = new ProbeWriter(List.copyOf(clients), pace, time);
        try {
            for (Client client : clients) {
                requireWritable(client, settings.credentials());
            }
            clients.forEach(client -> client.thread.start());
            probe.awaitWarm();
            clients.forEach(client -> client.writer.meter().start());
            probe.intervalBegan = System.nanoTime();
            return probe;
        } catch (Throwable e) {
            probe.close();
            throw e;
        }
    }

    @Override
    public Reading current() {
        if (finished) {
            return Reading.EMPTY;
        }
        long now = System.nanoTime();
        return new Reading(
                Duration.ofNanos(Math.max(0, now - intervalBegan)),
                clients.stream()
                        .map(client -> client.writer.meter().current(client.writer.shard(), now))
                        .toList());
    }

    @Override
    public Reading next() throws InterruptedException {
        long end = System.nanoTime();
        List<ShardReading> measured = clients.stream()
                .map(client -> client.writer.meter().drain(client.writer.shard(), end))
                .toList();
        Reading reading = new Reading(Duration.ofNanos(end - intervalBegan), measured);
        intervalBegan = end;
        clients.forEach(client -> client.writer.wantNewList());
        long limit = end + NEW_LIST_LIMIT.toNanos();
        while (clients.stream().anyMatch(client -> client.writer.isNewListWanted()) && System.nanoTime() - limit < 0) {
            time.sleep(Duration.ofMillis(1));
        }
        List<ShardReading> shards = new ArrayList<>();
        for (int i = 0; i < clients.size(); i++) {
            Client client = clients.get(i);
            long before = client.lost;
            takeEnded(client);
            verify(client, READING_LIMIT, false);
            removeOldest(client);
            long unverified = client.unverified() + (client.writer.isNewListWanted() ? client.writer.unended() : 0);
            shards.add(measured.get(i).found(client.lost - before, unverified));
        }
        return new Reading(reading.span(), shards);
    }

    @Override
    public Verdict finish() throws InterruptedException {
        if (verdict == null) {
            verdict = end();
        }
        return verdict;
    }

    private Verdict end() throws InterruptedException {
        long end = System.nanoTime();
        clients.forEach(client -> client.writer.stop());
        for (Client client : clients) {
            if (!client.thread.join(REPLY_TIMEOUT.plus(CONNECT_TIMEOUT).multipliedBy(2))) {
                client.writer.abort();
                client.thread.join();
            }
        }
        finished = true;
        List<ShardReading> shards = new ArrayList<>();
        List<String> leftBehind = new ArrayList<>();
        List<String> remarks = new ArrayList<>();
        for (Client client : clients) {
            takeEnded(client);
            verify(client, VERDICT_LIMIT, true);
            if (client.lost > 0) {
                evictions(client).ifPresent(remarks::add);
            }
            long unverified = client.unverified();
            if (unverified > 0) {
                remarks.add(unverified + " acknowledged writes to " + client.writer.shard()
                        + " could not be verified: its master did not answer in time");
            }
            leftBehind.addAll(removeAll(client));
            shards.add(client.writer.meter().total(client.writer.shard(), client.lost, unverified));
            client.verifier.close();
        }
        return new Verdict(new Reading(Duration.ofNanos(end - began), shards), pace, lost, leftBehind, remarks);
    }

    @Override
    public void close() {
        clients.forEach(client -> {
            client.writer.abort();
            client.thread.interrupt();
            client.verifier.close();
        });
        finished = true;
    }

    // ---- start

    private static Client client(
            Topology topology, Shard shard, ConnectionSettings settings, String run, Duration pace, Time time) {
        boolean cluster = topology.kind() == DeploymentKind.CLUSTER;
        String name = cluster ? "slots " + shard.slots() : shard.master().name();
        String tag = cluster ? tagFor(shard.slots()) : "0";
        String keyPrefix = PREFIX + "{" + tag + "}:" + run + ":";
        Route.Lookup lookup =
                cluster ? Route.ofSlot(HashSlot.of(keyPrefix.getBytes(StandardCharsets.UTF_8))) : Route.ofReplicaSet();
        List<HostAndPort> nodes = topology.nodes().stream()
                .filter(Node::isReached)
                .map(Node::connectAddress)
                .toList();
        Map<HostAndPort, HostAndPort> reachedAt = new HashMap<>();
        topology.nodes().stream()
                .filter(Node::isReached)
                .forEach(node -> node.address().ifPresent(address -> reachedAt.put(address, node.connectAddress())));
        HostAndPort master = shard.master().connectAddress();
        return new Client(
                new ShardWriter(
                        name,
                        keyPrefix,
                        new Route(lookup, master, nodes, reachedAt, settings),
                        new Meter(),
                        pace,
                        time),
                new Route(lookup, master, nodes, reachedAt, settings));
    }

    /** The first of 0, 1, 2 … that hashes to one of the slots. */
    static String tagFor(SlotSet slots) {
        for (int i = 0; ; i++) {
            String tag = Integer.toString(i, Character.MAX_RADIX);
            if (slots.contains(HashSlot.of(tag.getBytes(StandardCharsets.UTF_8)))) {
                return tag;
            }
        }
    }

    /** Does once what the probe is going to do, so that a user without permission is told now. */
    private static void requireWritable(Client client, @Nullable Credentials credentials) {
        String key = client.writer.trialKey();
        RespConnection master = client.verifier.toMaster();
        try {
            master.call("RPUSH", key, "0");
            master.call("EXPIRE", key, Long.toString(LIFETIME.toSeconds()));
            master.call("LRANGE", key, "0", "0");
            master.call("UNLINK", key);
        } catch (RespErrorException e) {
            String user = credentials == null || credentials.username() == null ? "default" : credentials.username();
            AmbrotypeException error = AmbrotypeException.of(
                            ErrorCode.UNSAFE,
                            e.prefix().equals("NOPERM")
                                    ? "user '" + user + "' may not write the probe's keys on " + e.node() + ": "
                                            + e.serverMessage()
                                    : e.node() + " does not take the probe's writes: " + e.serverMessage())
                    .causedBy(e);
            throw error.withHint(
                    e.prefix().equals("NOPERM")
                            ? "ACL SETUSER " + user + " ~" + PREFIX + "* +rpush +expire +lrange +unlink; "
                                    + "or --no-probe, then nothing is measured"
                            : "an application's writes are refused too; mend that first, or --no-probe");
        }
    }

    private void awaitWarm() throws InterruptedException {
        long limit = System.nanoTime()
                + READING_LIMIT.plus(pace.multipliedBy(WARM_UP_WRITES)).toNanos();
        for (Client client : clients) {
            while (client.writer.unended() < WARM_UP_WRITES && System.nanoTime() - limit < 0) {
                time.sleep(pace);
            }
        }
    }

    private static Duration least(Duration a, Duration b) {
        return a.compareTo(b) <= 0 ? a : b;
    }

    // ---- what was written

    private static void takeEnded(Client client) {
        for (ProbeList list; (list = client.writer.ended().poll()) != null; ) {
            client.kept.addLast(list);
        }
    }

    /**
     * Verifies the lists that have not been yet, or all of them; stops at the limit.
     *
     * @param all whether to look again at those that were verified before
     */
    private void verify(Client client, Duration limit, boolean all) throws InterruptedException {
        long deadline = System.nanoTime() + limit.toNanos();
        for (ProbeList list : client.kept) {
            if (list.isVerified() && !all) {
                continue;
            }
            if (list.mayHaveExpired(time.instant())) {
                continue;
            }
            while (!verify(client, list)) {
                if (System.nanoTime() - deadline > 0) {
                    return;
                }
                time.sleep(BETWEEN_ATTEMPTS);
            }
        }
    }

    /** Looks at one list; false where its master does not tell. */
    private boolean verify(Client client, ProbeList list) {
        try {
            RespConnection master = client.verifier.toMaster();
            BitSet present = new BitSet();
            for (int from = 0; ; from += CHUNK) {
                RespReply reply =
                        master.call("LRANGE", list.key(), Integer.toString(from), Integer.toString(from + CHUNK - 1));
                List<String> numbers = reply.texts();
                for (String number : numbers) {
                    int index = number.matches("[0-9]{1,18}") ? list.indexOf(Long.parseLong(number)) : -1;
                    if (index >= 0) {
                        present.set(index);
                    }
                }
                if (numbers.size() < CHUNK) {
                    break;
                }
            }
            master.call("EXPIRE", list.key(), Long.toString(LIFETIME.toSeconds()));
            list.expiryRenewed(time.instant());
            list.verify(present, index -> {
                client.lost++;
                if (lost.size() < MOST_NAMED) {
                    lost.add(list.lostWrite(index));
                }
            });
            return true;
        } catch (AmbrotypeException e) {
            findAgain(client, e);
            return false;
        }
    }

    private static void findAgain(Client client, AmbrotypeException e) {
        if (e instanceof RespErrorException error && error.prefix().equals("MOVED")) {
            Route.redirection(error.serverMessage(), error.node())
                    .ifPresentOrElse(client.verifier::redirect, client.verifier::askAround);
        } else {
            client.verifier.askAround();
        }
    }

    private void removeOldest(Client client) {
        int most = Math.max(2, LISTS_KEPT / clients.size());
        while (client.kept.size() > most && client.kept.getFirst().isVerified()) {
            if (!remove(client, client.kept.getFirst())) {
                return;
            }
            client.kept.removeFirst();
        }
    }

    private List<String> removeAll(Client client) throws InterruptedException {
        long deadline = System.nanoTime() + READING_LIMIT.toNanos();
        List<String> left = new ArrayList<>();
        for (ProbeList list : client.kept) {
            boolean removed = remove(client, list);
            while (!removed && System.nanoTime() - deadline < 0) {
                time.sleep(BETWEEN_ATTEMPTS);
                removed = remove(client, list);
            }
            if (!removed) {
                left.add(list.key());
            }
        }
        return left;
    }

    private static boolean remove(Client client, ProbeList list) {
        try {
            client.verifier.toMaster().call("UNLINK", list.key());
            return true;
        } catch (AmbrotypeException e) {
            findAgain(client, e);
            return false;
        }
    }

    /** Keys with an expiry are what {@code maxmemory-policy volatile-*} removes first. */
    private static Optional<String> evictions(Client client) {
        try {
            RespConnection master = client.verifier.toMaster();
            long evicted =
                    ServerInfo.read(master, "stats").number("evicted_keys").orElse(0);
            return evicted == 0
                    ? Optional.empty()
                    : Optional.of(master.address() + " has evicted " + evicted
                            + " keys since its start; what is missing there may have been evicted and not lost");
        } catch (AmbrotypeException e) {
            return Optional.empty();
        }
    }
}
