package io.ambrotype.topology;

import io.ambrotype.common.AmbrotypeException;
import io.ambrotype.common.ErrorCode;
import io.ambrotype.common.HostAndPort;
import io.ambrotype.common.Secret;
import io.ambrotype.resp.Credentials;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Where a deployment is found: {@code redis://[[user]:password@]host[:port][,host[:port]…]}, {@code rediss://} for TLS, or
 * {@code valkey://} and {@code valkeys://}, which Valkey's own clients take and which mean the same. User and password are
 * percent-decoded; the last {@code @} separates them from the hosts and their first colon each other, so that most passwords
 * can be written as they are. The port is 6379 where none is given. Immutable.
 *
 * @param tls whether to speak TLS
 * @param username the ACL user; null for the default user
 * @param password null where the URI has none
 * @param seeds the addresses to start from, at least one, each once
 */
public record DeploymentUri(
        boolean tls, @Nullable String username, @Nullable Secret password, List<HostAndPort> seeds) {
    private static final String PLAIN = "redis://";
    private static final String TLS = "rediss://";
    private static final List<String> PLAIN_SCHEMES = List.of(PLAIN, "valkey://");
    private static final List<String> TLS_SCHEMES = List.of(TLS, "valkeys://");
    private static final int DEFAULT_PORT = 6379;

    /** Rejects an empty list of seeds. */
    public DeploymentUri {
        seeds = List.copyOf(seeds);
        if (seeds.isEmpty()) {
            throw new IllegalArgumentException("a deployment needs an address to start from");
        }
    }

    /** Whether the text looks like a URI, of whatever scheme, rather than the name of a deployment. */
    public static boolean isUri(String text) {
        return text.contains("://");
    }

    /**
     * Reads a URI.
     *
     * @throws AmbrotypeException {@code USAGE}; the message never shows user or password
     */
    public static DeploymentUri parse(String text) {
        String scheme = Stream.concat(PLAIN_SCHEMES.stream(), TLS_SCHEMES.stream())
                .filter(text::startsWith)
                .findFirst()
                // Nothing of the text is shown: it may hold a password.
                .orElseThrow(
                        () -> usage("the address of a deployment starts with redis:// or rediss://, or with valkey://"
                                + " or valkeys://"));
        boolean tls = TLS_SCHEMES.contains(scheme);
        String rest = text.substring(scheme.length());
        int at = rest.lastIndexOf('@');
        String hosts = rest.substring(at + 1);
        List<HostAndPort> seeds = parseHosts(hosts.endsWith("/") ? hosts.substring(0, hosts.length() - 1) : hosts);
        if (at < 0) {
            return new DeploymentUri(tls, null, null, seeds);
        }
        String userInfo = rest.substring(0, at);
        int colon = userInfo.indexOf(':');
        String username = decode(colon < 0 ? userInfo : userInfo.substring(0, colon));
        Secret password = colon < 0 ? null : Secret.of(decode(userInfo.substring(colon + 1)));
        return new DeploymentUri(tls, username.isEmpty() ? null : username, password, seeds);
    }

    /** What AUTH sends; null where the URI has no password, even if it has a user. */
    public @Nullable Credentials credentials() {
        return password == null ? null : new Credentials(username, password);
    }

    /** The URI without its password. */
    @Override
    public String toString() {
        String hosts = seeds.stream().map(HostAndPort::toString).collect(Collectors.joining(","));
        // A user alone may be a password that was written in its place.
        String userInfo = password != null
                ? (username == null ? "" : username) + ":" + password + "@"
                : username != null ? Secret.of(username) + "@" : "";
        return (tls ? TLS : PLAIN) + userInfo + hosts;
    }

    private static List<HostAndPort> parseHosts(String hosts) {
        List<HostAndPort> seeds = new ArrayList<>();
        for (String host : hosts.split(",", -1)) {
            HostAndPort seed = parseHost(host);
            if (!seeds.contains(seed)) {
                seeds.add(seed);
            }
        }
        return seeds;
    }

    private static HostAndPort parseHost(String host) {
        if (host.isEmpty()) {
            throw usage("the address of the deployment has an empty host");
        }
        // What follows a slash or question mark could be a part of a password whose last @ was forgotten.
        if (!host.chars().allMatch(c -> c > ' ' && c != '/' && c != '?' && c != '#' && c != 0x7f)) {
            throw usage("the address of the deployment has more than hosts and ports after its start")
                    .withHint("a database or options cannot be chosen there; write host:port[,host:port...]");
        }
        boolean bracketed = host.startsWith("[") && host.endsWith("]");
        boolean bareName = host.indexOf(':') < 0;
        try {
            return HostAndPort.parse(bracketed || bareName ? host + ":" + DEFAULT_PORT : host);
        } catch (IllegalArgumentException _) {
            // Without its cause, which tells the text.
            throw usage("the address of the deployment has a host without a valid port")
                    .withHint("write host:port[,host:port...], and user and password in front of an @");
        }
    }

    private static String decode(String text) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        byte[] encoded = text.getBytes(StandardCharsets.UTF_8);
        for (int i = 0; i < encoded.length; i++) {
            if (encoded[i] != '%') {
                bytes.write(encoded[i]);
            } else if (i + 2 < encoded.length
                    && HexFormat.isHexDigit(encoded[i + 1])
                    && HexFormat.isHexDigit(encoded[i + 2])) {
                bytes.write(HexFormat.fromHexDigit(encoded[i + 1]) << 4 | HexFormat.fromHexDigit(encoded[i + 2]));
                i += 2;
            } else {
                throw usage("a % in the user or password of the deployment's address is not followed by two digits")
                        .withHint("write % as %25");
            }
        }
        return bytes.toString(StandardCharsets.UTF_8);
    }

    private static AmbrotypeException usage(String message) {
        return AmbrotypeException.of(ErrorCode.USAGE, message);
    }
}
