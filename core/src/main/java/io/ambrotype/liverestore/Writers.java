package io.ambrotype.liverestore;

import io.ambrotype.common.AmbrotypeException;
import io.ambrotype.common.ErrorCode;
import io.ambrotype.common.HostAndPort;
import io.ambrotype.common.Time;
import io.ambrotype.liverestore.Batch.Route;
import io.ambrotype.liverestore.KeyWork.Probe;
import io.ambrotype.rdb.KeyText;
import io.ambrotype.resp.RespConnectionException;
import io.ambrotype.resp.RespConnectionException.Reason;
import io.ambrotype.resp.RespErrorException;
import io.ambrotype.resp.RespReply;
import io.ambrotype.resp.RespReply.ErrorReply;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/**
 * Carries out batches at whoever has the keys' slots: those for several servers side by side, those for one link to a server one
 * after the other, and never more bytes on their way than the budget.
 *
 * <p>A batch ends when the replicas of its server have it too, or one of them where another lags. What not all of them have is lost
 * where the server does not live on as a master, and remembered until then ({@link TargetNodes#takeLost}). Before its end the
 * whole batch counts as uncertain when the connection breaks, and is sent again, to whoever has the slots then. What was redirected, or
 * met a state that passes, is sent again too, until nothing has moved on for as long as the patience lasts.
 *
 * <p>The first failure that does not pass stops everything: batches that wait give up, and {@link #submit} and {@link #await} tell.
 * Thread-safe.
 */
final class Writers implements AutoCloseable {
    /** What may be on its way; also the largest value that is sent as a whole. */
    static final int BUDGET_BYTES = 64 << 20;

    private static final int LONGEST_PAUSE = 500;
    private static final int LONGEST_WAIT = 10;
    private static final int FIRST_PAUSE = 10;

    /**
     * What a key takes of the budget beside its bytes: so that at most some ten thousand are on their way. More would only wait in
     * memory, and be copied to and fro there by the collector.
     */
    private static final int KEY_OVERHEAD = 4 << 10;

    private final TargetNodes nodes;
    private final Time time;
    private final Duration patience;
    private final Semaphore budget = new Semaphore(BUDGET_BYTES);
    private final Set<Thread> running = ConcurrentHashMap.newKeySet();
    private final AtomicReference<@Nullable Throwable> failure = new AtomicReference<>();

    Writers(TargetNodes nodes, Time time, Duration patience) {
        this.nodes = nodes;
        this.time = time;
        this.patience = patience;
    }

    /**
     * Takes from the budget what {@link #reserved} says, and waits for it a while.
     *
     * @return whether it was there
     * @throws AmbrotypeException what made the work of others fail
     */
    boolean tryReserve(int permits) throws InterruptedException {
        throwFailure();
        return budget.tryAcquire(permits, LONGEST_WAIT, TimeUnit.MILLISECONDS);
    }

    /** Whether nothing is on its way. */
    boolean isIdle() {
        return running.isEmpty();
    }

    /** Carries out a batch for which the budget was reserved, on a thread of its own. */
    void submit(Batch batch, boolean writes) {
        throwFailure();
        Thread thread = Thread.ofVirtual().name("live-restore").unstarted(new Errand(batch, writes));
        running.add(thread);
        thread.start();
    }

    /** A batch on its way. */
    private final class Errand implements Runnable {
        private @Nullable Batch batch;
        private final int reserved;
        private final boolean writes;

        Errand(Batch batch, boolean writes) {
            this.batch = batch;
            this.reserved = Math.toIntExact(batch.reserved());
            this.writes = writes;
        }

        @Override
        public void run() {
            try {
                Writers.this.run(firstAttempt(), writes);
            } catch (Throwable e) {
                failure.compareAndSet(null, e);
            } finally {
                budget.release(reserved);
                running.remove(Thread.currentThread());
            }
        }

        /** What is left to do; the batch, of which it is a copy, is forgotten. */
        private List<KeyWork> firstAttempt() throws InterruptedException {
            Batch first = Objects.requireNonNull(batch);
            batch = null;
            List<KeyWork> again = new ArrayList<>();
            if (first.route().node() == null) {
                again.addAll(first.works());
            } else {
                attempt(first, writes, again);
            }
            return again;
        }
    }

    /** Waits for all that was submitted. */
    void await() throws InterruptedException {
        for (Thread thread : running) {
            thread.join();
        }
        throwFailure();
    }

    /** Makes waiting batches give up, and waits until no thread is at work any more. */
    @Override
    public void close() {
        failure.compareAndSet(null, AmbrotypeException.of(ErrorCode.INTERRUPTED, "interrupted"));
        boolean interrupted = false;
        for (Thread thread : running) {
            while (thread.isAlive()) {
                try {
                    thread.join();
                } catch (InterruptedException e) {
                    interrupted = true;
                }
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    /** Carries out work on this thread, until it is done. */
    void run(List<KeyWork> batch, boolean writes) throws InterruptedException {
        List<KeyWork> rest = batch;
        Instant moved = time.instant();
        int idle = 0;
        while (!rest.isEmpty()) {
            throwFailure();
            Map<Route, WorkBatch> groups = new LinkedHashMap<>();
            List<KeyWork> again = new ArrayList<>();
            for (KeyWork work : rest) {
                HostAndPort node =
                        work.asked != null ? work.asked : nodes.owner(work.slot).orElse(null);
                if (node == null) {
                    work.trouble = "no server is known to have slot " + work.slot;
                    work.hint = Optional.empty();
                    again.add(work);
                } else {
                    groups.computeIfAbsent(new Route(node, work.database), WorkBatch::new)
                            .add(work);
                }
            }
            boolean loading = false;
            for (WorkBatch group : groups.values()) {
                loading |= attempt(group, writes, again);
            }
            if (again.size() < rest.size() || loading) {
                moved = time.instant();
            }
            if (again.size() < rest.size()) {
                idle = 0;
            } else if (idle++ > 0) {
                if (time.instant().isAfter(moved.plus(patience))) {
                    throw gaveUp(again.getFirst(), writes);
                }
                time.sleep(Duration.ofMillis(Math.min(LONGEST_PAUSE, FIRST_PAUSE << Math.min(idle, 6))));
                nodes.lookAgain();
            }
            rest = again;
        }
    }

    /** Sends a batch to its server; what has to be sent again is added to {@code again}. Whether the server is loading. */
    private boolean attempt(Batch batch, boolean writes, List<KeyWork> again) throws InterruptedException {
        NodeLink link = nodes.link(Objects.requireNonNull(batch.route().node()));
        link.lock().lockInterruptibly();
        try {
            throwFailure();
            return exchange(link, batch, writes, again);
        } finally {
            link.lock().unlock();
        }
    }

    private boolean exchange(NodeLink link, Batch batch, boolean writes, List<KeyWork> again) {
        boolean sent = false;
        try {
            link.open();
            Batch toSend = withoutDone(link, batch);
            int replicas = writes ? link.confirming() : 0;
            sent = true;
            List<RespReply> replies = toSend.send(link, replicas);
            if (writes) {
                OptionalLong confirmed = replicas > 0 ? awaitReplica(link, replies.getLast()) : OptionalLong.of(0);
                if (confirmed.isEmpty()) {
                    String trouble = link.address() + " is not a master any more";
                    sendAgain(batch.works(), true, trouble, Optional.empty(), again);
                    return false;
                }
                link.confirmed(confirmed.getAsLong(), batch.slots());
            }
            Judgement judgement = new Judgement(link, again);
            toSend.settle(replies, judgement);
            return judgement.end();
        } catch (RespConnectionException e) {
            link.drop();
            if (!isPassing(e.reason())) {
                throw e;
            }
            sendAgain(batch.works(), sent, e.getMessage(), e.hint(), again);
            return false;
        } catch (RespErrorException e) {
            if (!NodeLink.isPassing(e)) {
                throw e;
            }
            sendAgain(batch.works(), sent, e.getMessage(), e.hint(), again);
            return Trouble.of(e.serverMessage()) == Trouble.LOADING;
        }
    }

    private static void sendAgain(
            List<KeyWork> group, boolean sent, @Nullable String trouble, Optional<String> hint, List<KeyWork> again) {
        for (KeyWork work : group) {
            work.uncertain |= sent;
            work.asked = null;
            work.trouble = String.valueOf(trouble);
            work.hint = hint;
        }
        again.addAll(group);
    }

    /** What is left of a batch without what turns out to have been carried out before its reply was lost. */
    private static Batch withoutDone(NodeLink link, Batch batch) {
        if (!(batch instanceof WorkBatch works)
                || works.works().stream().noneMatch(work -> work.uncertain && work.probe.isPresent())) {
            return batch;
        }
        Route route = batch.route();
        WorkBatch left = new WorkBatch(route);
        for (KeyWork work : works.works()) {
            Probe probe = work.probe.orElse(null);
            if (probe == null || !work.uncertain) {
                left.add(work);
                continue;
            }
            List<byte[][]> ask = new ArrayList<>();
            if (work.asked != null) {
                ask.add(Commands.of("ASKING"));
            }
            ask.add(probe.command());
            RespReply reply = link.exchange(route.database(), ask).getLast();
            if (reply instanceof ErrorReply || reply.integer() == probe.before()) {
                left.add(work);
            } else if (reply.integer() != probe.after()) {
                throw AmbrotypeException.of(
                                ErrorCode.FAILED,
                                link.address() + " has lost a part of the value of key '" + text(work.key)
                                        + "' that was being written in pieces")
                        .withHint("nobody has seen it yet, as it is under a temporary key");
            }
        }
        return left;
    }

    /** How many replicas have what was written; empty where the server is no master any more, and what it took is worth nothing. */
    private OptionalLong awaitReplica(NodeLink link, RespReply first) {
        Instant deadline = time.instant().plus(patience);
        RespReply reply = first;
        while (true) {
            if (reply instanceof ErrorReply error) {
                if (Trouble.of(error.message()) != Trouble.NONE || isOfAReplica(error)) {
                    return OptionalLong.empty();
                }
                throw AmbrotypeException.of(ErrorCode.FAILED, link.address() + " refused WAIT: " + error.message())
                        .withHint(
                                "a restore waits for a replica to have the keys too; see the permissions in docs/GUARANTEES.md");
            }
            if (reply.integer() > 0) {
                return OptionalLong.of(reply.integer());
            }
            if (!link.lookAgain()) {
                return OptionalLong.empty();
            }
            if (link.confirming() == 0) {
                return OptionalLong.of(0);
            }
            if (time.instant().isAfter(deadline)) {
                throw AmbrotypeException.of(
                                ErrorCode.FAILED,
                                "no replica of " + link.address() + " followed within " + patience.toSeconds() + " s")
                        .withHint("look at master_link_status of its replicas, and at repl-timeout");
            }
            reply = link.awaitReplica();
        }
    }

    /** A server that follows another does not know WAIT (waitCommand in replication.c of Redis and Valkey). */
    private static boolean isOfAReplica(ErrorReply error) {
        return error.message().contains("WAIT cannot be used with replica instances");
    }

    /** What becomes of the works of one batch. */
    private final class Judgement implements Batch.Judge {
        private final NodeLink link;
        private final List<KeyWork> again;
        private boolean loading;
        private @Nullable AmbrotypeException refused;

        Judgement(NodeLink link, List<KeyWork> again) {
            this.link = link;
            this.again = again;
        }

        @Override
        public void again(KeyWork work) {
            again.add(work);
        }

        @Override
        public void judge(KeyWork work, List<RespReply> replies) {
            @Nullable ErrorReply obstacle = null;
            boolean some = false;
            for (RespReply reply : replies) {
                if (reply instanceof ErrorReply error && Trouble.of(error.message()) != Trouble.NONE) {
                    obstacle = obstacle == null ? error : obstacle;
                } else {
                    some = true;
                }
            }
            work.asked = null;
            if (obstacle == null) {
                try {
                    work.outcome.of(link.address(), replies, work.uncertain);
                } catch (AmbrotypeException e) {
                    // The others of the batch are done or not, whatever becomes of this one.
                    refused = refused == null ? e : refused;
                }
            } else {
                work.uncertain |= some;
                redirect(work, obstacle);
                again.add(work);
            }
        }

        private void redirect(KeyWork work, ErrorReply obstacle) {
            work.trouble = link.address() + " answered: " + obstacle.message();
            work.hint = Optional.of(TargetCheck.hint(obstacle, "RESTORE"));
            Trouble trouble = Trouble.of(obstacle.message());
            loading |= trouble == Trouble.LOADING;
            if (trouble != Trouble.MOVED && trouble != Trouble.ASK) {
                return;
            }
            String[] words = obstacle.message().split(" ", -1);
            try {
                String address = words[2];
                HostAndPort to = HostAndPort.parse(
                        address.startsWith(":") ? link.address().host() + address : address);
                if (trouble == Trouble.ASK) {
                    work.asked = to;
                } else {
                    nodes.moved(work.slot, to);
                }
            } catch (IllegalArgumentException | ArrayIndexOutOfBoundsException e) {
                throw AmbrotypeException.of(
                                ErrorCode.FAILED,
                                link.address() + " sent elsewhere, and its answer does not say where: "
                                        + obstacle.message())
                        .causedBy(e);
            }
        }

        /**
         * Whether the server is loading.
         *
         * @throws AmbrotypeException what was refused first
         */
        boolean end() {
            if (refused != null) {
                throw refused;
            }
            return loading;
        }
    }

    private AmbrotypeException gaveUp(KeyWork work, boolean writes) {
        AmbrotypeException gaveUp = AmbrotypeException.of(
                ErrorCode.FAILED,
                "key '" + text(work.key) + "' could not be " + (writes ? "written" : "looked for") + " for "
                        + patience.toSeconds() + " s: " + work.trouble);
        return work.hint.map(gaveUp::withHint).orElse(gaveUp);
    }

    static boolean isPassing(Reason reason) {
        return switch (reason) {
            case UNREACHABLE, TIMEOUT, LOST, REFUSED -> true;
            case UNKNOWN_HOST, TLS, AUTHENTICATION, PROTOCOL, CLOSED, INTERRUPTED -> false;
        };
    }

    private void throwFailure() {
        Throwable first = failure.get();
        switch (first) {
            case null -> {}
            case AmbrotypeException e -> throw e;
            case Error e -> throw e;
            case InterruptedException e ->
                throw AmbrotypeException.of(ErrorCode.INTERRUPTED, "interrupted")
                        .causedBy(e);
            default -> throw new IllegalStateException(first);
        }
    }

    /** A key as text, cut where it is long. */
    static String text(byte[] key) {
        int shown = Math.min(key.length, 100);
        return KeyText.of(key, 0, shown) + (shown < key.length ? "…" : "");
    }

    /** What is taken of the budget for a key with so many bytes. */
    static int reserved(long bytes) {
        return (int) Math.min(BUDGET_BYTES, bytes + KEY_OVERHEAD);
    }
}
