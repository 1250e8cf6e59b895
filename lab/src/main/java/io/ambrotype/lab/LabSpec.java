package io.ambrotype.lab;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;

/**
 * What a new lab shall be: a cluster of masters with replicas, or one standalone master with replicas. Ports count up
 * from the base: first the masters, then the replicas of the first master, of the second, and so on. Immutable.
 *
 * @param dir the lab's folder; absent or empty
 * @param server the program that all nodes run
 * @param standalone whether it is not a cluster
 * @param masters 1 to 100; 1 for standalone
 * @param replicas of each master, 0 to 10
 * @param portBase the first port, 1 to 65535; in a cluster each port plus 10000 has to be a port too
 * @param configuration lines for every node's configuration file, behind the lab's own
 * @param layout where the nodes are started
 * @param tls what all nodes show and trust; they listen with TLS only, also on the cluster bus. Empty for plain TCP
 * @param sentinels how many Sentinels watch the standalone master, on the ports behind those of the nodes; 0 to 9
 */
public record LabSpec(
        Path dir,
        ServerBinary server,
        boolean standalone,
        int masters,
        int replicas,
        int portBase,
        List<String> configuration,
        LabLayout layout,
        Optional<LabTls> tls,
        int sentinels) {
    /** Masters of a lab where nothing else is asked for. */
    public static final int DEFAULT_MASTERS = 3;
    /** Replicas of each master where nothing else is asked for. */
    public static final int DEFAULT_REPLICAS = 1;
    /** First port where nothing else is asked for; 7000 itself is taken on macOS. */
    public static final int DEFAULT_PORT_BASE = 7100;

    /** How many Sentinels watch where it is only said that there shall be some. */
    public static final int DEFAULT_SENTINELS = 3;

    static final int BUS_PORT_DISTANCE = 10_000;

    private static final int HIGHEST_PORT = 65_535;

    /** Rejects what servers could not be, with a sentence for the user. */
    public LabSpec {
        dir = dir.toAbsolutePath().normalize();
        configuration = List.copyOf(configuration);
        if (masters < 1 || masters > 100) {
            throw new IllegalArgumentException("a lab has 1 to 100 masters, not " + masters);
        }
        if (replicas < 0 || replicas > 10) {
            throw new IllegalArgumentException("a master has 0 to 10 replicas, not " + replicas);
        }
        if (standalone && masters != 1) {
            throw new IllegalArgumentException("a standalone lab has one master, not " + masters);
        }
        int highest = HIGHEST_PORT - (standalone ? 0 : BUS_PORT_DISTANCE) - (masters * (replicas + 1) + sentinels - 1);
        if (sentinels < 0 || sentinels > 9 || (sentinels > 0 && !standalone)) {
            throw new IllegalArgumentException("a standalone lab has 0 to 9 Sentinels, and a cluster has none");
        }
        if (portBase < 1 || portBase > highest) {
            throw new IllegalArgumentException(
                    "the first port has to be between 1 and " + highest + ", not " + portBase);
        }
        for (String line : configuration) {
            if (line.indexOf('\n') >= 0 || line.indexOf('\r') >= 0) {
                throw new IllegalArgumentException("a line of configuration has a line break in it");
            }
        }
    }

    /** A cluster. */
    public static LabSpec cluster(Path dir, ServerBinary server, int masters, int replicas, int portBase) {
        return new LabSpec(
                dir, server, false, masters, replicas, portBase, List.of(), LabLayout.ABSOLUTE, Optional.empty(), 0);
    }

    /** A standalone master with replicas. */
    public static LabSpec standalone(Path dir, ServerBinary server, int replicas, int portBase) {
        return new LabSpec(
                dir, server, true, 1, replicas, portBase, List.of(), LabLayout.ABSOLUTE, Optional.empty(), 0);
    }

    /** The same, watched by so many Sentinels; the majority of them is the quorum. */
    public LabSpec withSentinels(int number) {
        return new LabSpec(dir, server, standalone, masters, replicas, portBase, configuration, layout, tls, number);
    }

    /** The same with further lines of configuration. */
    public LabSpec with(String... lines) {
        List<String> all = new ArrayList<>(configuration);
        all.addAll(List.of(lines));
        return new LabSpec(dir, server, standalone, masters, replicas, portBase, all, layout, tls, sentinels);
    }

    /** The same with nodes that are started elsewhere. */
    public LabSpec with(LabLayout newLayout) {
        return new LabSpec(
                dir, server, standalone, masters, replicas, portBase, configuration, newLayout, tls, sentinels);
    }

    /** The same with TLS, for servers from 6.0 on that were built with it. */
    public LabSpec with(LabTls newTls) {
        return new LabSpec(
                dir,
                server,
                standalone,
                masters,
                replicas,
                portBase,
                configuration,
                layout,
                Optional.of(newTls),
                sentinels);
    }

    /** The same with another {@code cluster-node-timeout}; without, it is 5 s. */
    public LabSpec withNodeTimeout(Duration timeout) {
        return with("cluster-node-timeout " + timeout.toMillis());
    }

    /** The same with a password, that clients and replicas give as the default user. */
    public LabSpec withPassword(String password) {
        String quoted = LabConfiguration.quoted(password);
        return with("requirepass " + quoted, "masterauth " + quoted);
    }

    /** The same with an ACL user that clients and replicas log in as, and nobody else: servers from 6.0 on. */
    public LabSpec withUser(String name, String password) {
        return with(
                "user " + name + " on " + LabConfiguration.quoted(">" + password) + " ~* +@all"
                        + (server.limitsChannels() ? " &*" : ""),
                "user default off",
                "masteruser " + name,
                "masterauth " + LabConfiguration.quoted(password));
    }

    /** All ports that clients use, in the order of the nodes. */
    List<Integer> ports() {
        List<Integer> ports = new ArrayList<>();
        for (int i = 0; i < masters * (replicas + 1); i++) {
            ports.add(portBase + i);
        }
        return ports;
    }

    /** The ports of the Sentinels. */
    List<Integer> sentinelPorts() {
        return IntStream.range(0, sentinels)
                .mapToObj(i -> portBase + masters * (replicas + 1) + i)
                .toList();
    }

    /** The place of a node's master among the nodes; its own for a master. */
    int masterOf(int node) {
        return node < masters ? node : (node - masters) / replicas;
    }
}
