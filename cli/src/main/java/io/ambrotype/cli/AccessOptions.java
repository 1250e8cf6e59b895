package io.ambrotype.cli;

import io.ambrotype.common.AmbrotypeException;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** How to reach a deployment, for every command that names one: to be a {@link picocli.CommandLine.Mixin} of the command. */
class AccessOptions {
    @Option(names = "--user", paramLabel = "NAME", description = "ACL user")
    private @Nullable String user;

    @Option(names = "--password-file", paramLabel = "FILE", description = "file whose first line is the password")
    private @Nullable Path passwordFile;

    @Option(
            names = "--password-env",
            paramLabel = "VARIABLE",
            description = "environment variable that holds the password")
    private @Nullable String passwordEnv;

    @Option(names = "--ask-password", description = "ask for the password")
    private boolean askPassword;

    @Option(names = "--tls-ca", paramLabel = "FILE", description = "authorities to trust, PEM")
    private @Nullable Path ca;

    @Option(names = "--tls-cert", paramLabel = "FILE", description = "our certificate, PEM")
    private @Nullable Path cert;

    @Option(names = "--tls-key", paramLabel = "FILE", description = "the key of our certificate, PEM")
    private @Nullable Path key;

    @Option(
            names = "--tls-any-hostname",
            description = "do not ask that the server's certificate names the host it is reached at")
    private boolean anyHostname;

    /**
     * The deployment of that name or address.
     *
     * @throws AmbrotypeException {@code USAGE} where it cannot be made out
     */
    final Deployment resolve(String deployment, Context context) {
        return Deployment.resolve(
                deployment,
                new Access(
                        user,
                        null,
                        absolute(passwordFile, context),
                        passwordEnv,
                        askPassword,
                        absolute(ca, context),
                        absolute(cert, context),
                        absolute(key, context),
                        anyHostname ? Boolean.FALSE : null),
                context);
    }

    private static @Nullable Path absolute(@Nullable Path path, Context context) {
        return path == null ? null : context.terminal().directory().resolve(path);
    }
}
