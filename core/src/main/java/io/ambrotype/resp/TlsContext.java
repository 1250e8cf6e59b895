package io.ambrotype.resp;

import io.ambrotype.common.AmbrotypeException;
import io.ambrotype.common.ErrorCode;
import io.ambrotype.resp.TlsSettings.ClientCertificate;
import java.io.IOException;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.PrivateKey;
import java.security.cert.X509Certificate;
import java.util.List;
import javax.net.ssl.KeyManager;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManager;
import javax.net.ssl.TrustManagerFactory;
import org.jspecify.annotations.Nullable;

/** Makes the runtime's TLS machinery from {@link TlsSettings}. */
final class TlsContext {
    private static final char[] IN_MEMORY = new char[0];

    private TlsContext() {}

    static SSLContext of(TlsSettings settings) {
        try {
            SSLContext context = SSLContext.getInstance("TLS");
            context.init(keyManagers(settings.clientCertificate()), trustManagers(settings.caFile()), null);
            return context;
        } catch (GeneralSecurityException | IOException e) {
            throw AmbrotypeException.of(ErrorCode.FAILED, "the TLS settings cannot be used: " + e.getMessage())
                    .causedBy(e);
        }
    }

    private static TrustManager @Nullable [] trustManagers(@Nullable Path caFile)
            throws GeneralSecurityException, IOException {
        if (caFile == null) {
            return null;
        }
        KeyStore trusted = emptyKeyStore();
        int index = 0;
        for (X509Certificate certificate : PemFile.read(caFile).certificates()) {
            trusted.setCertificateEntry("ca-" + index++, certificate);
        }
        TrustManagerFactory factory = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        factory.init(trusted);
        return factory.getTrustManagers();
    }

    private static KeyManager @Nullable [] keyManagers(@Nullable ClientCertificate client)
            throws GeneralSecurityException, IOException {
        if (client == null) {
            return null;
        }
        List<X509Certificate> chain = PemFile.read(client.certificateFile()).certificates();
        PrivateKey key = PemFile.read(client.keyFile()).privateKey();
        KeyStore identity = emptyKeyStore();
        identity.setKeyEntry("client", key, IN_MEMORY, chain.toArray(X509Certificate[]::new));
        KeyManagerFactory factory = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
        factory.init(identity, IN_MEMORY);
        return factory.getKeyManagers();
    }

    private static KeyStore emptyKeyStore() throws GeneralSecurityException, IOException {
        KeyStore store = KeyStore.getInstance("PKCS12");
        store.load(null, null);
        return store;
    }
}
