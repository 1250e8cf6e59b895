package io.ambrotype.resp;

import io.ambrotype.common.HostAndPort;
import io.ambrotype.resp.RespConnectionException.Reason;
import java.io.IOException;
import java.net.SocketTimeoutException;
import java.security.cert.CertPathBuilderException;
import java.security.cert.CertificateExpiredException;
import java.security.cert.CertificateNotYetValidException;
import java.util.Locale;
import javax.net.ssl.SSLException;
import org.jspecify.annotations.Nullable;

/** Words for what goes wrong in TLS; the causes come as chains of exceptions whose classes and texts tell the case. */
final class TlsErrors {
    private TlsErrors() {}

    /** A handshake that failed, by TLS or below it. */
    static RespConnectionException handshake(HostAndPort address, IOException e, ConnectionSettings settings) {
        if (Thread.currentThread().isInterrupted()) {
            return new RespConnectionException(
                    address, Reason.INTERRUPTED, "interrupted while connecting to " + address, null, e);
        }
        if (e instanceof SocketTimeoutException) {
            return error(
                    address,
                    address + " did not complete the TLS handshake within "
                            + RespConnection.seconds(settings.connectTimeout()),
                    "the port may be a plain one: use redis:// for it, or the server's tls-port",
                    e);
        }
        if (e instanceof SSLException tls) {
            return describe(address, tls, settings.tls());
        }
        return error(
                address,
                address + " broke off the TLS handshake: " + RespConnection.describe(e),
                silentRefusal(settings.tls()),
                e);
    }

    /** A failure that TLS itself reports, in the handshake or later (TLS 1.3 refuses client certificates after it). */
    static RespConnectionException describe(HostAndPort address, SSLException e, @Nullable TlsSettings tls) {
        String text = texts(e);
        if (text.contains("unsupported or unrecognized ssl message") || text.contains("not an ssl/tls record")) {
            return error(
                    address,
                    address + " does not speak TLS on this port",
                    "use redis:// for a plain port, or the server's tls-port",
                    e);
        }
        if (causedBy(e, CertificateExpiredException.class)) {
            return error(
                    address,
                    "the certificate of " + address + " has expired",
                    "renew it, and check this machine's clock",
                    e);
        }
        if (causedBy(e, CertificateNotYetValidException.class)) {
            return error(
                    address, "the certificate of " + address + " is not valid yet", "check this machine's clock", e);
        }
        if (text.contains("no subject alternative") || text.contains("no name matching")) {
            return error(
                    address,
                    "the certificate of " + address + " does not name that host",
                    "connect by a name that is in the certificate, or turn host name verification off",
                    e);
        }
        if (causedBy(e, CertPathBuilderException.class) || text.contains("unable to find valid certification path")) {
            return error(
                    address,
                    "the certificate of " + address + " is not trusted",
                    "name the file of the authority that signed it (PEM) as CA file",
                    e);
        }
        if (text.contains("certificate_required")
                || text.contains("bad_certificate")
                || text.contains("unknown_ca")
                || text.contains("certificate_unknown")) {
            boolean none = tls == null || tls.clientCertificate() == null;
            return error(
                    address,
                    address + (none ? " wants a client certificate" : " does not accept the client certificate"),
                    none
                            ? "set a client certificate and key, or tls-auth-clients no on the server"
                            : "use a certificate signed by an authority of the server's tls-ca-cert-file",
                    e);
        }
        return error(address, "TLS with " + address + " failed: " + RespConnection.describe(e), null, e);
    }

    /** What may be the matter where a server hangs up before its first word; its alert, if any, was lost on the way. */
    static String silentRefusal(@Nullable TlsSettings tls) {
        if (tls == null) {
            return "the port may expect TLS";
        }
        return tls.clientCertificate() == null
                ? "the server may want a client certificate, or the port is a plain one"
                : "the server may not accept the client certificate; its log says why";
    }

    private static RespConnectionException error(
            HostAndPort address, String message, @Nullable String hint, Throwable cause) {
        return new RespConnectionException(address, Reason.TLS, message, hint, cause);
    }

    private static boolean causedBy(Throwable e, Class<? extends Throwable> type) {
        for (Throwable cause = e; cause != null; cause = cause.getCause()) {
            if (type.isInstance(cause)) {
                return true;
            }
        }
        return false;
    }

    private static String texts(Throwable e) {
        StringBuilder texts = new StringBuilder();
        for (Throwable cause = e; cause != null; cause = cause.getCause()) {
            texts.append(cause.getMessage()).append('\n');
        }
        return texts.toString().toLowerCase(Locale.ROOT);
    }
}
