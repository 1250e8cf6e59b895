package io.ambrotype.resp;

import io.ambrotype.common.HostAndPort;
import java.io.IOException;
import java.time.Duration;

/**
 * The bytes of a {@link RespConnection} that has left requests and replies behind. One thread may read while another
 * sends; {@link #close} may come from any thread and unblocks both.
 */
public final class RawChannel implements AutoCloseable {
    private final RespConnection connection;

    RawChannel(RespConnection connection) {
        this.connection = connection;
    }

    /** The server at the other end. */
    public HostAndPort address() {
        return connection.address();
    }

    /** Sends a command in RESP, without waiting for anything. */
    public void send(String... command) throws IOException {
        connection.rawWrite(command);
    }

    /**
     * Blocks for at least one byte.
     *
     * @param timeout how long; at least 1 ms
     * @return how many bytes were read; -1 when the server has closed the connection
     * @throws java.net.SocketTimeoutException when nothing came in time
     * @throws IOException when the connection broke or was closed here
     */
    public int read(byte[] buffer, int offset, int length, Duration timeout) throws IOException {
        return connection.rawRead(buffer, offset, length, timeout);
    }

    /** Whether this side has closed the connection. */
    public boolean isClosed() {
        return connection.isClosed();
    }

    @Override
    public void close() {
        connection.close();
    }
}
