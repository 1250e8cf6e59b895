package io.ambrotype.liverestore;

import io.ambrotype.common.HostAndPort;
import io.ambrotype.resp.ConnectionSettings;
import io.ambrotype.resp.RespConnection;
import io.ambrotype.resp.RespErrorException;
import io.ambrotype.resp.RespReply;
import io.ambrotype.resp.ServerInfo;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/** One server of the target and the connection to it, made when it is needed and again when it broke. Guarded by its lock. */
final class NodeLink implements AutoCloseable {
    private final HostAndPort address;
    private final ConnectionSettings settings;
    private final ReentrantLock lock = new ReentrantLock();
    private @Nullable RespConnection connection;
    private int database;
    private String runId = "";
    private boolean wroteAlone;
    private boolean replicated;
    private volatile boolean restartedAlone;

    NodeLink(HostAndPort address, ConnectionSettings settings) {
        this.address = address;
        this.settings = settings;
    }

    HostAndPort address() {
        return address;
    }

    ReentrantLock lock() {
        return lock;
    }

    /** Whether it has replicas that should have what is written. */
    boolean isReplicated() {
        return replicated;
    }

    /** Looks again whether it has replicas. */
    boolean lookForReplicas() {
        RespConnection open = open();
        replicated = hasReplicas(ServerInfo.read(open, "replication"));
        return replicated;
    }

    /** Remembers that what it has was given to no other server. */
    void wroteAlone() {
        wroteAlone = true;
    }

    /** Whether it was started again after it had taken keys that no replica had. */
    boolean hasRestartedAlone() {
        return restartedAlone;
    }

    /** Connects where there is no connection; who is there is asked anew. */
    RespConnection open() {
        RespConnection current = connection;
        if (current != null && !current.isClosed()) {
            return current;
        }
        RespConnection opened = RespConnection.open(address, settings);
        try {
            ServerInfo server = ServerInfo.read(opened, "server");
            ServerInfo replication = ServerInfo.read(opened, "replication");
            String found = server.require("run_id");
            if (!runId.isEmpty() && !found.equals(runId) && wroteAlone) {
                restartedAlone = true;
            }
            runId = found;
            replicated = hasReplicas(replication);
            database = 0;
            connection = opened;
            return opened;
        } catch (RuntimeException e) {
            opened.close();
            throw e;
        }
    }

    /** Whether a replica follows; one that is still getting its first data cannot confirm anything. */
    private static boolean hasReplicas(ServerInfo replication) {
        long attached = replication.number("connected_slaves").orElse(0);
        for (long i = 0; i < attached; i++) {
            Optional<String> line = replication.value("slave" + i);
            if (line.isEmpty()) {
                return false;
            }
            if (ServerInfo.parts(line.get()).getOrDefault("state", "").equals("online")) {
                return true;
            }
        }
        return false;
    }

    /** Sends commands in one go; as many replies. */
    List<RespReply> exchange(int inDatabase, List<byte[][]> commands) {
        RespConnection open = open();
        if (database != inDatabase) {
            open.call("SELECT", Integer.toString(inDatabase));
            database = inDatabase;
        }
        return open.pipeline(commands);
    }

    /** Whether a replica has all that was written on this connection, after waiting so long. */
    boolean awaitReplica(long millis) {
        List<byte[][]> wait = new ArrayList<>();
        wait.add(waitFor(millis));
        RespReply reply = open().pipeline(wait).getFirst();
        return reply.integer() > 0;
    }

    static byte[][] waitFor(long millis) {
        return Commands.of("WAIT", Commands.bytes(1), Commands.bytes(millis));
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
