package io.ambrotype.cli;

import io.ambrotype.common.AmbrotypeException;
import io.ambrotype.common.ErrorCode;
import io.ambrotype.common.Secret;
import io.ambrotype.resp.TlsSettings;
import io.ambrotype.resp.TlsSettings.ClientCertificate;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * What one place, the command line or the configuration, says about who we are to a deployment and whom we trust. Every
 * component is null where nothing is said; paths are absolute. Immutable.
 *
 * @param username ACL user
 * @param password the password itself
 * @param passwordFile file whose first line is the password
 * @param passwordEnv environment variable that holds it
 * @param askPassword whether to ask for it
 * @param ca PEM bundle of the authorities that are trusted
 * @param cert PEM of the client's certificate
 * @param key PEM of its key
 * @param verifyHostname whether the server's certificate must name its host
 */
record Access(
        @Nullable String username,
        @Nullable Secret password,
        @Nullable Path passwordFile,
        @Nullable String passwordEnv,
        boolean askPassword,
        @Nullable Path ca,
        @Nullable Path cert,
        @Nullable Path key,
        @Nullable Boolean verifyHostname) {
    /** Nothing is said. */
    static final Access NOTHING = new Access(null, null, null, null, false, null, null, null, null);

    private static final int MAX_PASSWORD_BYTES = 64 << 10;

    /** The same, completed by what another place says; of passwords and of client certificates one or the other is taken whole. */
    Access completedBy(Access other) {
        boolean mine = passwordSources() > 0;
        boolean myCertificate = cert != null || key != null;
        return new Access(
                username != null ? username : other.username,
                mine ? password : other.password,
                mine ? passwordFile : other.passwordFile,
                mine ? passwordEnv : other.passwordEnv,
                mine ? askPassword : other.askPassword,
                ca != null ? ca : other.ca,
                myCertificate ? cert : other.cert,
                myCertificate ? key : other.key,
                verifyHostname != null ? verifyHostname : other.verifyHostname);
    }

    /** How many ways to the password are named; more than one contradict each other. */
    long passwordSources() {
        return Stream.of(password != null, passwordFile != null, passwordEnv != null, askPassword)
                .filter(given -> given)
                .count();
    }

    /**
     * Gets the password; empty where nothing is said about one.
     *
     * @param deployment whose password it is
     * @throws AmbrotypeException {@code USAGE} where it cannot be had from where it should be
     */
    Optional<Secret> findPassword(String deployment, Console console, Terminal terminal) {
        if (passwordSources() > 1) {
            throw usage("the password of " + deployment + " is given in more than one way");
        }
        if (password != null) {
            return Optional.of(password);
        }
        if (passwordFile != null) {
            return Optional.of(readPassword(passwordFile, deployment, console));
        }
        if (passwordEnv != null) {
            return Optional.of(Secret.of(terminal.variable(passwordEnv)
                    .orElseThrow(() -> usage("the environment variable " + passwordEnv + " with the password of "
                            + deployment + " is not set"))));
        }
        return askPassword ? Optional.of(console.askPassword(deployment)) : Optional.empty();
    }

    /** Whether anything is said that has a meaning only with TLS. */
    boolean namesTls() {
        return ca != null || cert != null || key != null || verifyHostname != null;
    }

    /**
     * The TLS settings.
     *
     * @throws AmbrotypeException {@code USAGE} where a certificate has no key or a key no certificate
     */
    TlsSettings tls(String deployment) {
        if ((cert == null) != (key == null)) {
            throw usage("TLS to " + deployment + " needs a certificate and its key, or neither");
        }
        return new TlsSettings(
                ca,
                cert == null || key == null ? null : new ClientCertificate(cert, key),
                verifyHostname == null || verifyHostname);
    }

    private static Secret readPassword(Path file, String deployment, Console console) {
        String text;
        try {
            if (Files.size(file) > MAX_PASSWORD_BYTES) {
                throw usage("the password file " + file + " has more than " + MAX_PASSWORD_BYTES + " bytes");
            }
            text = Files.readString(file, StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw usage("the password file " + file + " of " + deployment + " cannot be read: " + Failures.reason(e))
                    .causedBy(e);
        }
        if (Configuration.isReadableByOthers(file)) {
            console.warning("the password file " + file + " can be read by others (chmod 600 " + file + ")");
        }
        return Secret.of(text.lines()
                .findFirst()
                .filter(line -> !line.isEmpty())
                .orElseThrow(() -> usage(
                        "the password file " + file + " of " + deployment + " has no password in its first line")));
    }

    private static AmbrotypeException usage(String sentence) {
        return AmbrotypeException.of(ErrorCode.USAGE, sentence);
    }
}
