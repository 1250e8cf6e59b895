package io.ambrotype.topology;

import io.ambrotype.common.HostAndPort;
import io.ambrotype.resp.ServerInfo;
import io.ambrotype.resp.ServerVersion;
import io.ambrotype.topology.TopologyReader.Attempt;
import io.ambrotype.topology.TopologyReader.Sighting;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** A cluster that nobody started, out of the {@code CLUSTER NODES} that its nodes would tell. Node n has 10.0.0.n:7000. */
public final class SeenCluster {
    private final Map<HostAndPort, Attempt> attempts = new LinkedHashMap<>();
    private final String version;

    public SeenCluster() {
        this("redis_version:7.0.15");
    }

    public SeenCluster(String version) {
        this.version = version;
    }

    public static HostAndPort address(int host) {
        return new HostAndPort("10.0.0." + host, 7000);
    }

    /** The node that answers on that host, with its view; its own line is flagged myself by this. */
    public SeenCluster node(int host, String myself, String nodes) {
        return node(host, myself, nodes, 0, "");
    }

    /** The same with so many keys and with more lines of {@code INFO replication}. */
    public SeenCluster node(int host, String myself, String nodes, long keys, String replication) {
        String own = nodes.replaceFirst("(?m)^(" + myself + " \\S+) ", "$1 myself,");
        List<NodesConf.Line> lines = NodesConf.parseLines(own.getBytes(StandardCharsets.UTF_8), "nodes");
        NodesConf.Line line =
                lines.stream().filter(NodesConf.Line::isMyself).findFirst().orElseThrow();
        String role = line.role() == Role.MASTER
                ? "role:master\r\nmaster_repl_offset:100\r\n"
                : "role:slave\r\nslave_read_only:1\r\nslave_repl_offset:100\r\n"
                        + (replication.contains("master_link_status") ? "" : "master_link_status:up\r\n");
        ServerInfo info = ServerInfo.parse("# Server\r\n" + version + "\r\nrun_id:run-" + host
                + "\r\n# Cluster\r\ncluster_enabled:1\r\n# Replication\r\n" + role + "master_replid:" + "e".repeat(40)
                + "\r\n" + replication + "\r\n# Keyspace\r\n"
                + (keys > 0 ? "db0:keys=" + keys + ",expires=0,avg_ttl=0\r\n" : ""));
        long epoch = lines.stream().mapToLong(NodesConf.Line::configEpoch).max().orElse(0);
        attempts.put(
                address(host),
                new Attempt.Reached(new NodeState(
                        address(host),
                        ServerVersion.of(info),
                        "run-" + host,
                        ReplicationState.of(info),
                        info,
                        Optional.of(new ClusterView(lines, true, epoch)),
                        Optional.empty())));
        return this;
    }

    public Topology topology() {
        HostAndPort first = attempts.keySet().iterator().next();
        return new ClusterAssembly(new Sighting(List.of(first), attempts), false).topology();
    }
}
