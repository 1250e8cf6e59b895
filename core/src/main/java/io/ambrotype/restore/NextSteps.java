package io.ambrotype.restore;

import io.ambrotype.rdb.TargetVersion;
import io.ambrotype.repository.Manifest;
import io.ambrotype.restore.RestorePlan.Identity;
import io.ambrotype.topology.Role;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.TreeSet;
import java.util.stream.Collectors;

/** Says what the operator does after a restore, in the safe order: masters, then a look, then replicas. */
final class NextSteps {
    private final RestorePlan plan;
    private final boolean cluster;
    private final String vendor;
    private final List<String> steps = new ArrayList<>();

    private NextSteps(RestorePlan plan) {
        this.plan = plan;
        this.cluster = plan.nodes().getFirst().nodesConf().isPresent();
        this.vendor = vendorOf(plan.manifest(), plan.target());
    }

    /** The steps after node folders were written. */
    static List<String> of(RestorePlan plan) {
        NextSteps next = new NextSteps(plan);
        next.prepare();
        if (plan.identity() == Identity.ONE_NODE) {
            next.startOne(plan.nodes().getFirst());
        } else {
            next.startAll();
        }
        next.finish();
        return List.copyOf(next.steps);
    }

    /** The steps after one RDB was written. */
    static List<String> ofFile(Manifest manifest, Path file, Optional<RestoreTarget> target) {
        return List.of(
                "stop the server that shall have the data, and move what it has in its dir out of the way",
                "put " + file + " there under its dbfilename (usually dump.rdb), owned by the server's user",
                "start it with appendonly no: with yes it would ignore the file and start empty",
                "wait until it says loading:0:\n    " + vendorOf(manifest, target) + "-cli INFO persistence");
    }

    private void prepare() {
        switch (plan.identity()) {
            case NEW -> {}
            case SAME ->
                steps.add(
                        "make sure that no old node can start again, by a supervisor or with its machine: these nodes have"
                                + " the old ids");
            case ONE_NODE ->
                steps.add(
                        "make sure that the old process cannot start again, by a supervisor or with its machine: this is"
                                + " the same node");
        }
        TreeSet<String> withheld = new TreeSet<>();
        plan.nodes().forEach(node -> withheld.addAll(node.withheld()));
        if (!withheld.isEmpty()) {
            steps.add("add to each ambrotype.conf what was withheld as secret: " + String.join(", ", withheld));
        }
        steps.add(
                "bring each folder to its host, owned by the server's user; where its path changes, change 'dir' in its"
                        + " ambrotype.conf");
    }

    private void startOne(RestorePlan.Node node) {
        if (!cluster) {
            steps.add("start the node:" + servers(plan.nodes()));
            steps.add("wait until it says loading:0:" + clients(plan.nodes(), "INFO persistence"));
            return;
        }
        if (node.role() == Role.MASTER) {
            steps.add("look once more that none of its replicas is alive and not promoted: the node would own its slots"
                    + " again at once, and its older data would replace theirs");
        }
        steps.add("start the node; it finds its cluster by itself:" + servers(plan.nodes()));
        steps.add("wait until it says loading:0 and cluster_state:ok:" + clients(plan.nodes(), "INFO persistence")
                + clients(plan.nodes(), "CLUSTER INFO"));
        steps.add("where it is a replica now, wait until it says master_link_status:up:"
                + clients(plan.nodes(), "INFO replication"));
    }

    private void startAll() {
        String masters = plan.masters().size() == 1 ? "the master" : "the masters";
        steps.add("start " + masters + ":" + servers(plan.masters()));
        steps.add("wait until " + (plan.masters().size() == 1 ? "it says" : "every one of them says") + " loading:0"
                + (cluster ? ", and then cluster_state:ok:" : ":")
                + clients(plan.masters(), "INFO persistence")
                + (cluster ? clients(plan.masters(), "CLUSTER INFO") : ""));
        if (!plan.replicas().isEmpty()) {
            steps.add("then start the replicas:" + servers(plan.replicas()));
            steps.add("wait until every replica says master_link_status:up:"
                    + clients(plan.replicas(), "INFO replication"));
        }
    }

    private void finish() {
        if (!plan.appendOnly().isEmpty()) {
            steps.add("when the data are loaded, and not before, switch the append-only file on again on "
                    + String.join(", ", plan.appendOnly())
                    + ": CONFIG SET appendonly yes; wait until INFO persistence says aof_rewrite_in_progress:0,"
                    + " aof_rewrite_scheduled:0 and aof_last_bgrewrite_status:ok; only then CONFIG REWRITE, as a"
                    + " server that starts with appendonly yes before the file is whole starts empty");
        }
        if (plan.identity() != Identity.ONE_NODE) {
            steps.add("before clients write, prove it if you like: take a backup of the restored deployment, then\n"
                    + "    ambrotype compare " + plan.manifest().snapshot() + " latest");
        }
    }

    private String servers(Collection<RestorePlan.Node> nodes) {
        return nodes.stream()
                .map(node -> "\n    " + vendor + "-server "
                        + plan.folder().resolve(node.name()).resolve("ambrotype.conf"))
                .collect(Collectors.joining());
    }

    private String clients(Collection<RestorePlan.Node> nodes, String command) {
        return nodes.stream()
                .map(node -> "\n    " + vendor + "-cli -h " + node.address().host() + " -p "
                        + node.address().port() + (node.configuration().contains("\nport 0\n") ? " --tls" : "") + " "
                        + command)
                .collect(Collectors.joining());
    }

    private static String vendorOf(Manifest manifest, Optional<RestoreTarget> target) {
        boolean valkey = target.map(servers -> servers.version().vendor() == TargetVersion.Vendor.VALKEY)
                .orElse(manifest.topology().nodes().getFirst().vendor().equals("valkey"));
        return valkey ? "valkey" : "redis";
    }
}
