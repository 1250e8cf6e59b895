package io.ambrotype.restore;

import io.ambrotype.restore.RestorePlan.Identity;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeSet;
import java.util.stream.Collectors;

/** Says what the operator does after a restore, in the safe order: masters, then a look, then replicas. */
final class NextSteps {
    private NextSteps() {}

    /** The steps after node folders were written. */
    static List<String> of(RestorePlan plan) {
        boolean cluster = plan.nodes().getFirst().nodesConf().isPresent();
        List<String> steps = new ArrayList<>();
        if (plan.identity() == Identity.SAME) {
            steps.add("make sure that no old node can start again: these nodes have the old ids");
        }
        TreeSet<String> withheld = new TreeSet<>();
        plan.nodes().forEach(node -> withheld.addAll(node.withheld()));
        if (!withheld.isEmpty()) {
            steps.add("add to each ambrotype.conf what was withheld as secret: " + String.join(", ", withheld));
        }
        steps.add(
                "bring each folder to its host, owned by the server's user; where its path changes, change 'dir' in its"
                        + " ambrotype.conf");
        if (plan.identity() == Identity.ONE_NODE) {
            steps.add("start the node" + (cluster ? "; it finds its cluster by itself" : "") + ":"
                    + commands(plan, plan.nodes()));
        } else {
            steps.add("start the masters:" + commands(plan, plan.masters()));
            steps.add(
                    cluster
                            ? "wait until every master says loading:0 (INFO persistence) and cluster_state:ok (CLUSTER INFO)"
                            : "wait until the master says loading:0 (INFO persistence)");
            if (!plan.replicas().isEmpty()) {
                steps.add("then start the replicas:" + commands(plan, plan.replicas()));
            }
        }
        if (!plan.appendOnly().isEmpty()) {
            steps.add(
                    "when the data are loaded, switch the append-only file on again (CONFIG SET appendonly yes, CONFIG"
                            + " REWRITE) on " + String.join(", ", plan.appendOnly()));
        }
        return List.copyOf(steps);
    }

    /** The steps after one RDB was written. */
    static List<String> ofFile(Path file) {
        return List.of(
                "put it in place as the server's dump.rdb (its dir and dbfilename), owned by the server's user",
                "start the server with appendonly no: with yes it would ignore the file and start empty",
                "wait until it says loading:0 (INFO persistence)",
                "file: " + file);
    }

    private static String commands(RestorePlan plan, List<RestorePlan.Node> nodes) {
        String server = plan.manifest().topology().nodes().getFirst().vendor().equals("valkey")
                ? "valkey-server"
                : "redis-server";
        return nodes.stream()
                .map(node -> "\n    " + server + " "
                        + plan.folder().resolve(node.name()).resolve("ambrotype.conf"))
                .collect(Collectors.joining());
    }
}
