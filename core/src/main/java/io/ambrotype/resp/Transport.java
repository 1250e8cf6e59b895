package io.ambrotype.resp;

import io.ambrotype.common.HostAndPort;
import io.ambrotype.resp.RespConnectionException.Reason;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.net.StandardSocketOptions;
import java.net.UnknownHostException;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLSocket;
import org.jspecify.annotations.Nullable;

/** A connected TCP socket, with TLS on top where asked. One thread reads, one writes, any closes. */
final class Transport {
    private final Socket tcp;
    private final Socket top;
    private final InputStream in;
    private final OutputStream out;

    private Transport(Socket tcp, Socket top) throws IOException {
        this.tcp = tcp;
        this.top = top;
        this.in = top.getInputStream();
        this.out = top.getOutputStream();
    }

    /** Tries the host's addresses one after the other, all within the connect timeout, then does the TLS handshake. */
    static Transport connect(HostAndPort address, ConnectionSettings settings) {
        TlsSettings tls = settings.tls();
        SSLContext context = tls == null ? null : TlsContext.of(tls);
        Socket tcp = connectTcp(address, settings);
        try {
            return new Transport(
                    tcp,
                    tls == null || context == null
                            ? tcp
                            : handshake(tcp, address, settings, context, tls.verifyHostName()));
        } catch (IOException e) {
            closeQuietly(tcp);
            throw settings.tls() == null
                    ? new RespConnectionException(
                            address,
                            Reason.LOST,
                            "the connection to " + address + " broke: " + RespConnection.describe(e),
                            null,
                            e)
                    : TlsErrors.handshake(address, e, settings);
        } catch (Throwable e) {
            closeQuietly(tcp);
            throw e;
        }
    }

    int read(byte[] buffer, int offset, int length, int timeoutMillis) throws IOException {
        top.setSoTimeout(timeoutMillis);
        return in.read(buffer, offset, length);
    }

    void write(byte[] bytes, int offset, int length) throws IOException {
        out.write(bytes, offset, length);
        out.flush();
    }

    /** Closes the TCP socket under TLS: closing the TLS socket would wait for a write that hangs. */
    void close() {
        closeQuietly(tcp);
    }

    private static Socket connectTcp(HostAndPort address, ConnectionSettings settings) {
        InetAddress[] candidates;
        try {
            candidates = InetAddress.getAllByName(address.host());
        } catch (UnknownHostException e) {
            throw new RespConnectionException(
                    address,
                    Reason.UNKNOWN_HOST,
                    "the host name of " + address + " has no address",
                    "check its spelling and this machine's name service",
                    e);
        }
        long deadline = System.nanoTime() + settings.connectTimeout().toNanos();
        @Nullable IOException failure = null;
        for (InetAddress candidate : candidates) {
            long left = TimeUnit.NANOSECONDS.toMillis(deadline - System.nanoTime());
            if (failure != null && left < 1) {
                break;
            }
            Socket socket = new Socket();
            try {
                socket.connect(new InetSocketAddress(candidate, address.port()), Math.toIntExact(Math.max(1, left)));
                socket.setTcpNoDelay(true);
                socket.setOption(StandardSocketOptions.SO_KEEPALIVE, true);
                return socket;
            } catch (IOException e) {
                closeQuietly(socket);
                failure = e;
            }
        }
        throw unreachable(address, settings, failure);
    }

    private static RespConnectionException unreachable(
            HostAndPort address, ConnectionSettings settings, @Nullable IOException failure) {
        if (Thread.currentThread().isInterrupted()) {
            return new RespConnectionException(
                    address, Reason.INTERRUPTED, "interrupted while connecting to " + address, null, failure);
        }
        if (failure instanceof SocketTimeoutException) {
            return new RespConnectionException(
                    address,
                    Reason.TIMEOUT,
                    "no connection to " + address + " within " + RespConnection.seconds(settings.connectTimeout()),
                    "check the address, and firewalls between here and there",
                    failure);
        }
        return new RespConnectionException(
                address,
                Reason.UNREACHABLE,
                "cannot connect to " + address + ": "
                        + (failure == null ? "no address" : RespConnection.describe(failure)),
                "check that the server runs, its port, and the addresses it is bound to",
                failure);
    }

    private static Socket handshake(
            Socket tcp, HostAndPort address, ConnectionSettings settings, SSLContext context, boolean verifyHostName)
            throws IOException {
        SSLSocket socket =
                (SSLSocket) context.getSocketFactory().createSocket(tcp, address.host(), address.port(), true);
        if (verifyHostName) {
            SSLParameters parameters = socket.getSSLParameters();
            parameters.setEndpointIdentificationAlgorithm("HTTPS");
            socket.setSSLParameters(parameters);
        }
        socket.setSoTimeout(Math.toIntExact(settings.connectTimeout().toMillis()));
        // The timeout above is for each read; a handshake may come in many small ones.
        try (Watchdog watchdog = new Watchdog(settings.connectTimeout(), () -> closeQuietly(tcp))) {
            try {
                socket.startHandshake();
            } catch (IOException e) {
                throw watchdog.expired() ? new SocketTimeoutException() : e;
            }
        }
        return socket;
    }

    private static void closeQuietly(Socket socket) {
        try {
            socket.close();
        } catch (IOException _) {
            // Nothing is left to be lost with it.
        }
    }
}
