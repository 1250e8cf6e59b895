package io.ambrotype.heal;

import io.ambrotype.topology.SeenCluster;
import io.ambrotype.topology.Topology;
import java.util.Arrays;
import java.util.List;
import java.util.Map;

/** The views of a cluster of three masters and three replicas: A, B and C on hosts 1 to 3, D, E and F their replicas. */
final class ThreeShards {
    static final String A = "a".repeat(40);
    static final String B = "b".repeat(40);
    static final String C = "c".repeat(40);
    static final String D = "d".repeat(40);
    static final String E = "e".repeat(40);
    static final String F = "f".repeat(40);
    static final List<String> IDS = List.of(A, B, C, D, E, F);

    static final String WHOLE = """
            %s 10.0.0.1:7000@17000 master - 0 0 1 connected 0-5460
            %s 10.0.0.2:7000@17000 master - 0 0 2 connected 5461-10922
            %s 10.0.0.3:7000@17000 master - 0 0 3 connected 10923-16383
            %s 10.0.0.4:7000@17000 slave %s 0 0 1 connected
            %s 10.0.0.5:7000@17000 slave %s 0 0 2 connected
            %s 10.0.0.6:7000@17000 slave %s 0 0 3 connected
            """.formatted(A, B, C, D, A, E, B, F, C);

    /** B is down, E has its slots. */
    static final String TAKEN_OVER = WHOLE.replace(
                    B + " 10.0.0.2:7000@17000 master - 0 0 2 connected 5461-10922",
                    B + " 10.0.0.2:7000@17000 master,fail - 0 0 2 disconnected")
            .replace(
                    E + " 10.0.0.5:7000@17000 slave " + B + " 0 0 2 connected",
                    E + " 10.0.0.5:7000@17000 master - 0 0 4 connected 5461-10922");

    /** The same, and another id answers at its address since. */
    static final String TAKEN_OVER_FROM_GHOST = withoutAddress(TAKEN_OVER, B);

    /** B is gone without an address and nobody noticed: peers do not look at nodes without address. */
    static final String NOT_TAKEN_OVER = withoutAddress(WHOLE, B);

    private ThreeShards() {}

    /** The views when another id answers at the address of that node. */
    static String withoutAddress(String nodes, String id) {
        return nodes.replaceFirst("(?m)^" + id + " \\S+ (\\S+) (.*) connected", id + " :0@0 $1,noaddr $2 disconnected")
                .replaceFirst("(?m)^" + id + " \\d\\S+ ", id + " :0@0 ");
    }

    /** All agree; the given ones do not answer. */
    static Topology seen(String nodes, int... silent) {
        return seen(nodes, Map.of(), silent);
    }

    /** The same, with the numbers of keys that those on these hosts have. */
    static Topology seen(String nodes, Map<Integer, Long> keys, int... silent) {
        return cluster(nodes, keys, silent).topology();
    }

    /** The same, to be added to. */
    static SeenCluster cluster(String nodes, Map<Integer, Long> keys, int... silent) {
        SeenCluster cluster = new SeenCluster();
        for (int host = 1; host <= IDS.size(); host++) {
            int here = host;
            if (Arrays.stream(silent).noneMatch(other -> other == here)) {
                cluster.node(host, IDS.get(host - 1), nodes, keys.getOrDefault(host, 0L), "");
            }
        }
        return cluster;
    }
}
