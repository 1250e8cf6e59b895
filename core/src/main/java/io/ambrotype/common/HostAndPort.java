package io.ambrotype.common;

/**
 * A network endpoint: host name or address (IPv6 without brackets) and TCP port. Printed as {@code host:port}, IPv6 as
 * {@code [host]:port}. Immutable.
 *
 * @param host host name, IPv4 or IPv6 address; not empty
 * @param port TCP port, 1 to 65535
 */
public record HostAndPort(String host, int port) {
    /** Rejects empty hosts and impossible ports. */
    public HostAndPort {
        if (host.isEmpty()) {
            throw new IllegalArgumentException("empty host");
        }
        if (port < 1 || port > 65_535) {
            throw new IllegalArgumentException("port " + port + " is not between 1 and 65535");
        }
    }

    /**
     * Reads {@code host:port} or {@code [ipv6]:port}; the last colon separates, so that an unbracketed IPv6 address as
     * servers print it is read too.
     *
     * @throws IllegalArgumentException where there is no host or no valid port
     */
    public static HostAndPort parse(String text) {
        int colon = text.lastIndexOf(':');
        if (colon < 0) {
            throw new IllegalArgumentException("'" + text + "' has no port; expected host:port");
        }
        String host = text.substring(0, colon);
        if (host.startsWith("[") && host.endsWith("]")) {
            host = host.substring(1, host.length() - 1);
        }
        int port;
        try {
            port = Integer.parseInt(text.substring(colon + 1));
        } catch (NumberFormatException e) {
            throw new IllegalArgumentException("'" + text + "' has no valid port; expected host:port", e);
        }
        return new HostAndPort(host, port);
    }

    @Override
    public String toString() {
        return host.indexOf(':') >= 0 ? "[" + host + "]:" + port : host + ":" + port;
    }
}
