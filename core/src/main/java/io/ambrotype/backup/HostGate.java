package io.ambrotype.backup;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Semaphore;

/**
 * Lets only so many servers of one host fork at once, because each fork may cost that host up to the server's memory
 * again. Hosts are told apart by address: a name and its address are one host. Thread-safe.
 */
final class HostGate {
    private final int forksPerHost;
    private final Map<String, Semaphore> hosts = new ConcurrentHashMap<>();

    HostGate(int forksPerHost) {
        this.forksPerHost = forksPerHost;
    }

    /** The places of one host. */
    Semaphore of(String host) {
        return hosts.computeIfAbsent(address(host), _ -> new Semaphore(forksPerHost, true));
    }

    private static String address(String host) {
        try {
            InetAddress address = InetAddress.getByName(host);
            return address.isLoopbackAddress() ? "loopback" : address.getHostAddress();
        } catch (UnknownHostException e) {
            return host;
        }
    }
}
