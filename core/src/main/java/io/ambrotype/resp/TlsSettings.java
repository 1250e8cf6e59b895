package io.ambrotype.resp;

import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * How a server is verified and how this client identifies itself. The files are read at each connect, so that renewed
 * certificates take effect.
 *
 * @param caFile PEM bundle of the authorities that are trusted; null for those of the Java runtime
 * @param clientCertificate what to show to a server that asks for a certificate ({@code tls-auth-clients}); null for
 *     nothing
 * @param verifyHostName whether the server's certificate must name the host or address it is reached at
 */
public record TlsSettings(
        @Nullable Path caFile, @Nullable ClientCertificate clientCertificate, boolean verifyHostName) {

    /** The runtime's authorities, no client certificate, host names verified. */
    public static TlsSettings defaults() {
        return new TlsSettings(null, null, true);
    }

    /**
     * A certificate chain and its private key, both PEM; the key as PKCS #8, PKCS #1 (RSA) or SEC 1 (EC), not encrypted.
     *
     * @param certificateFile the client's certificate, followed by intermediate ones
     * @param keyFile its key
     */
    public record ClientCertificate(Path certificateFile, Path keyFile) {}
}
