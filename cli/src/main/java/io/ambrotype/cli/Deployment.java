package io.ambrotype.cli;

import io.ambrotype.common.AmbrotypeException;
import io.ambrotype.common.ErrorCode;
import io.ambrotype.common.HostAndPort;
import io.ambrotype.common.Secret;
import io.ambrotype.host.LaunchSettings;
import io.ambrotype.resp.ConnectionSettings;
import io.ambrotype.resp.Credentials;
import io.ambrotype.resp.SentinelSettings;
import io.ambrotype.topology.DeploymentUri;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * A deployment that a command line names, and how to reach it. Immutable.
 *
 * @param name its name in the configuration; for a URI its addresses, never with user or password
 * @param seeds addresses to start from, at least one
 * @param settings how to connect
 * @param nodesConfName name of its nodes.conf, where the configuration tells it
 * @param parallel how many shards to capture at once, where the configuration tells it
 * @param start how its servers are started again, as the configuration tells it; else whatever fits
 */
record Deployment(
        String name,
        List<HostAndPort> seeds,
        ConnectionSettings settings,
        Optional<String> nodesConfName,
        OptionalInt parallel,
        LaunchSettings start) {
    /** Copies the seeds. */
    Deployment {
        seeds = List.copyOf(seeds);
    }

    /**
     * Finds what a command line means by a deployment.
     *
     * @param nameOrUri a name of the configuration file, or a URI
     * @param access what the command line says about user, password and TLS; it goes before the configuration, which
     *     goes before the URI
     * @throws AmbrotypeException {@code USAGE}; the message never has a password in it
     */
    static Deployment resolve(String nameOrUri, Access access, Context context) {
        if (DeploymentUri.isUri(nameOrUri)) {
            DeploymentUri uri = DeploymentUri.parse(nameOrUri);
            String name = uri.seeds().stream().map(HostAndPort::toString).collect(Collectors.joining(","));
            return of(name, uri, access, null, context);
        }
        Configuration configuration = context.configuration();
        Configuration.Entry entry = configuration.deployments().get(nameOrUri);
        if (entry == null) {
            throw unknown(nameOrUri, configuration);
        }
        if (entry.uri() == null) {
            throw wrong(nameOrUri, "has no uri").withHint("add uri: redis://host:port[,host:port...]");
        }
        return of(nameOrUri, parse(nameOrUri, entry.uri()), access.completedBy(entry.access()), entry, context);
    }

    /** What the user types to mean it again: for hints. Never with user or password. */
    String typed() {
        String addresses = seeds.stream().map(HostAndPort::toString).collect(Collectors.joining(","));
        return name.equals(addresses) ? (settings.tls() == null ? "redis://" : "rediss://") + addresses : name;
    }

    private static Deployment of(
            String name, DeploymentUri uri, Access access, Configuration.@Nullable Entry entry, Context context) {
        if (!uri.tls() && access.namesTls()) {
            throw wrong(name, "has TLS settings, but its address is a plain one")
                    .withHint("write rediss:// for TLS");
        }
        String username = access.username() != null ? access.username() : uri.username();
        Secret password =
                access.findPassword(name, context.console(), context.terminal()).orElse(uri.password());
        if (username != null && password == null) {
            password = context.console().askPassword(username + " at " + name);
        }
        ConnectionSettings settings = ConnectionSettings.defaults()
                .withCredentials(password == null ? null : new Credentials(username, password))
                .withTls(uri.tls() ? access.tls(name) : null)
                .withSentinels(entry == null ? SentinelSettings.UNKNOWN : sentinels(name, entry, context));
        return new Deployment(
                name,
                uri.seeds(),
                settings,
                Optional.ofNullable(entry).map(Configuration.Entry::nodesConfName),
                entry == null || entry.parallel() == null ? OptionalInt.empty() : OptionalInt.of(entry.parallel()),
                entry == null || entry.start() == null ? LaunchSettings.AUTO : entry.start());
    }

    private static SentinelSettings sentinels(String name, Configuration.Entry entry, Context context) {
        Access access = entry.sentinelAccess();
        Secret password = access.findPassword(name + "'s Sentinels", context.console(), context.terminal())
                .orElse(null);
        if (access.username() != null && password == null) {
            throw wrong(name, "has a sentinel-username without a password for it")
                    .withHint("add sentinel-password-file, sentinel-password-env or sentinel-password");
        }
        return new SentinelSettings(
                entry.sentinelMaster(), password == null ? null : new Credentials(access.username(), password));
    }

    private static DeploymentUri parse(String name, String uri) {
        try {
            return DeploymentUri.parse(uri);
        } catch (AmbrotypeException e) {
            AmbrotypeException error =
                    wrong(name, "has a wrong uri: " + e.getMessage()).causedBy(e);
            return throwWithHintOf(e, error);
        }
    }

    private static DeploymentUri throwWithHintOf(AmbrotypeException cause, AmbrotypeException error) {
        throw cause.hint().map(error::withHint).orElse(error);
    }

    private static AmbrotypeException unknown(String name, Configuration configuration) {
        // Somebody may have left out the beginning of a URI with a password in it.
        String shown = name.contains("@") ? "" : " '" + Console.printable(name) + "'";
        AmbrotypeException error = AmbrotypeException.of(
                ErrorCode.USAGE,
                configuration
                        .file()
                        .map(file -> "there is no deployment" + shown + " in " + file)
                        .orElse("there is no deployment" + shown + ", because there is no configuration file"));
        List<String> names = List.copyOf(configuration.deployments().keySet());
        return error.withHint(Suggestion.didYouMean(name, names)
                .orElse(
                        names.isEmpty()
                                ? "name its address: redis://host:port[,host:port...]"
                                : "there are " + String.join(", ", names) + "; or name an address: redis://host:port"));
    }

    private static AmbrotypeException wrong(String name, String what) {
        return AmbrotypeException.of(ErrorCode.USAGE, "deployment " + name + " " + what);
    }
}
