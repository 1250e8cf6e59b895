package io.ambrotype.control;

import io.ambrotype.common.AmbrotypeException;
import io.ambrotype.common.ErrorCode;
import io.ambrotype.resp.ConnectionSettings;
import io.ambrotype.resp.RespConnection;
import io.ambrotype.resp.RespConnectionException;
import io.ambrotype.resp.RespConnectionException.Reason;
import io.ambrotype.resp.RespReply;
import io.ambrotype.topology.NodeState;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * One connection to each member of a deployment, made when it is needed and made anew after it broke. Each is named by
 * {@code CLIENT SETNAME}, so that others can see in {@code CLIENT LIST} who is at work. Thread-safe: calls to one member
 * follow each other, calls to several go side by side.
 */
public final class MemberConnections implements AutoCloseable {
    private final ConnectionSettings settings;
    private final String clientName;
    private final Map<Member, Line> lines = new ConcurrentHashMap<>();

    /**
     * Nothing is connected yet.
     *
     * @param clientName as {@code CLIENT SETNAME} takes it: without spaces
     */
    public MemberConnections(ConnectionSettings settings, String clientName) {
        this.settings = settings;
        this.clientName = clientName;
    }

    /** How it connects. */
    public ConnectionSettings settings() {
        return settings;
    }

    /** The name that its connections have. */
    public String clientName() {
        return clientName;
    }

    /**
     * Does something over the member's connection.
     *
     * @throws AmbrotypeException what the connection or the server has against it; a broken connection is forgotten
     */
    public <T> T ask(Member member, Function<RespConnection, T> question) {
        Line line = line(member);
        line.lock.lock();
        try {
            return question.apply(line.connection());
        } finally {
            line.forgetBroken();
            line.lock.unlock();
        }
    }

    /**
     * The same for a question that does no harm when it is asked twice: once more, over a new connection, where the one
     * that was kept turns out to be broken. Sentinels close all clients of a server that they promote or demote.
     */
    public <T> T askTwice(Member member, Function<RespConnection, T> question) {
        try {
            return ask(member, question);
        } catch (RespConnectionException e) {
            if (e.reason() != Reason.LOST) {
                throw e;
            }
            return ask(member, question);
        }
    }

    /** Does something over a new connection of the same name with another reply timeout, and closes it. */
    public <T> T askAtLength(Member member, Duration replyTimeout, Function<RespConnection, T> question) {
        try (RespConnection connection = open(member, settings.withReplyTimeout(replyTimeout))) {
            return question.apply(connection);
        }
    }

    /** Looks at a member; a connection that turns out to be broken is made anew once. */
    public Look look(Member member) {
        Line line = line(member);
        line.lock.lock();
        try {
            boolean fresh = line.connection == null;
            try {
                return see(member, line.connection());
            } catch (RespConnectionException e) {
                if (fresh || e.reason() != Reason.LOST) {
                    throw e;
                }
                line.forgetBroken();
                return see(member, line.connection());
            }
        } catch (RespConnectionException e) {
            return new Look.Unseen(member, e.getMessage(), e.reason() == Reason.UNREACHABLE);
        } catch (AmbrotypeException e) {
            return new Look.Unseen(member, e.getMessage(), false);
        } finally {
            line.forgetBroken();
            line.lock.unlock();
        }
    }

    /**
     * Looks at several side by side.
     *
     * @return one look for each, in their order
     * @throws AmbrotypeException {@code INTERRUPTED} where this thread is
     */
    public List<Look> look(Collection<Member> members) {
        return each(members, this::look);
    }

    /**
     * Does the same with several members side by side.
     *
     * @return the results in the order of the members
     * @throws AmbrotypeException what the first failing one threw; {@code INTERRUPTED} where this thread is
     */
    public <T> List<T> each(Collection<Member> members, Function<Member, T> action) {
        try (ExecutorService executor = Executors.newVirtualThreadPerTaskExecutor()) {
            List<Callable<T>> tasks = new ArrayList<>();
            members.forEach(member -> tasks.add(() -> action.apply(member)));
            List<T> results = new ArrayList<>();
            for (Future<T> result : executor.invokeAll(tasks)) {
                results.add(result.get());
            }
            return results;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw AmbrotypeException.of(ErrorCode.INTERRUPTED, "interrupted while asking the nodes")
                    .causedBy(e);
        } catch (ExecutionException e) {
            if (e.getCause() instanceof AmbrotypeException error) {
                throw error;
            }
            throw new IllegalStateException("asking a node failed in a way that is an error of ours", e.getCause());
        }
    }

    /** Closes the connection to a member, so that it has one client less to wait for; the next call makes another. */
    public void release(Member member) {
        Line line = line(member);
        line.lock.lock();
        try {
            line.close();
        } finally {
            line.lock.unlock();
        }
    }

    @Override
    public void close() {
        lines.keySet().forEach(this::release);
    }

    private Line line(Member member) {
        return lines.computeIfAbsent(member, Line::new);
    }

    private RespConnection open(Member member, ConnectionSettings how) {
        RespConnection connection = RespConnection.open(member.address(), how);
        try {
            connection.call("CLIENT", "SETNAME", clientName);
            return connection;
        } catch (RuntimeException e) {
            connection.close();
            throw e;
        }
    }

    private static Look see(Member member, RespConnection connection) {
        NodeState state = NodeState.read(connection);
        return new Look.Seen(member, state, time(connection));
    }

    private static Instant time(RespConnection connection) {
        List<RespReply> time = connection.array("TIME");
        try {
            return Instant.ofEpochSecond(
                    time.get(0).integer(), Math.multiplyExact(time.get(1).integer(), 1000L));
        } catch (IndexOutOfBoundsException | AmbrotypeException | ArithmeticException | DateTimeException e) {
            throw AmbrotypeException.of(
                            ErrorCode.FAILED, connection.address() + " answered TIME with something that is no time")
                    .causedBy(e);
        }
    }

    /** One member's connection and its turn. */
    private final class Line {
        private final Member member;
        private final ReentrantLock lock = new ReentrantLock();
        private @Nullable RespConnection connection;

        Line(Member member) {
            this.member = member;
        }

        RespConnection connection() {
            RespConnection open = connection;
            if (open == null) {
                open = open(member, settings);
                connection = open;
            }
            return open;
        }

        void forgetBroken() {
            if (connection != null && connection.isClosed()) {
                connection = null;
            }
        }

        void close() {
            if (connection != null) {
                connection.close();
                connection = null;
            }
        }
    }
}
