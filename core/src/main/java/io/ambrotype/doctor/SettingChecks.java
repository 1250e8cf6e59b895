package io.ambrotype.doctor;

import io.ambrotype.doctor.Check.Needs;
import io.ambrotype.doctor.Check.Sight;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** Settings that decide how a failure or a restart goes, versions, passwords. */
final class SettingChecks {
    private static final long SHORT_TIMEOUT_MILLIS = 2_000;
    private static final long LONG_TIMEOUT_MILLIS = 60_000;

    /** What should be the same everywhere, because roles change. */
    private static final List<String> ALIKE = List.of(
            "appendonly",
            "save",
            "maxmemory",
            "maxmemory-policy",
            "cluster-node-timeout",
            "cluster-require-full-coverage",
            "cluster-allow-replica-migration",
            "cluster-migration-barrier",
            "repl-backlog-size",
            "stop-writes-on-bgsave-error");

    private SettingChecks() {}

    static List<Check> checks() {
        return List.of(
                new Check(
                        "version-skew",
                        Severity.WARNING,
                        Needs.SERVER,
                        "an older server may not understand what a newer master sends it, nor a newer one's nodes.conf or"
                                + " dump.rdb: a failover to the newer one cannot be taken back",
                        "finish the upgrade: replicas first, then fail over to them, never from a newer to an older one",
                        "",
                        SettingChecks::versions),
                new Check(
                        "settings-differ",
                        Severity.WARNING,
                        Needs.SETTINGS,
                        "after a failover the shard behaves in another way than before",
                        "choose one value, CONFIG SET it on the others, CONFIG REWRITE",
                        "",
                        SettingChecks::differing),
                new Check(
                        "replica-migration",
                        Severity.NOTICE,
                        Needs.SETTINGS,
                        "when a master loses its last replica, even for a restart of some seconds, a replica of another"
                                + " master moves over, and does not move back",
                        "'ambrotype restart' keeps it from happening while it runs; by hand: CONFIG SET"
                                + " cluster-migration-barrier 999 on all nodes before, and back after",
                        "",
                        SettingChecks::migration),
                new Check(
                        "full-coverage",
                        Severity.NOTICE,
                        Needs.SETTINGS,
                        "when one shard is not served, no key of any shard can be read or written (CLUSTERDOWN)",
                        "if the application can live with a part of its keys: CONFIG SET cluster-require-full-coverage no"
                                + " on all nodes",
                        "",
                        e -> Check.eachOf(
                                e.reached().filter(_ -> e.isCluster()),
                                node -> node.has("cluster-require-full-coverage", "yes")
                                        ? Optional.of("cluster-require-full-coverage is yes")
                                        : Optional.empty())),
                new Check(
                        "node-timeout",
                        Severity.WARNING,
                        Needs.SETTINGS,
                        "below 2 s a slow fork or a pause of the host looks like a failure and makes failovers that nobody"
                                + " needs; above 60 s a dead master's slots are not served for that long",
                        "5 to 15 seconds suit most: CONFIG SET cluster-node-timeout on all nodes, CONFIG REWRITE",
                        "",
                        SettingChecks::nodeTimeout),
                new Check(
                        "no-password",
                        Severity.WARNING,
                        Needs.SETTINGS,
                        "whoever reaches the port can read, change and delete everything, and have the server write files",
                        "set requirepass and masterauth to the same password on all nodes, or ACL users; and bind it to the"
                                + " addresses that need it",
                        "",
                        SettingChecks::noPassword));
    }

    private static Stream<Sight> versions(Examination e) {
        Map<String, List<NodeExamination>> byVersion = new LinkedHashMap<>();
        e.reached()
                .forEach(node -> node.version()
                        .ifPresent(version -> byVersion
                                .computeIfAbsent(version.toString(), _ -> new ArrayList<>())
                                .add(node)));
        if (byVersion.size() < 2) {
            return Stream.empty();
        }
        return Stream.of(Sight.of(List.of(), "the nodes run different versions")
                .with(byVersion.entrySet().stream()
                        .map(entry -> entry.getKey() + ": "
                                + Quantity.list(entry.getValue().stream()
                                        .map(NodeExamination::name)
                                        .toList()))
                        .toList()));
    }

    private static Stream<Sight> differing(Examination e) {
        List<String> differences = new ArrayList<>();
        for (String name : ALIKE) {
            Map<String, List<String>> values = new LinkedHashMap<>();
            e.reached()
                    .forEach(node -> node.setting(name)
                            .ifPresent(value -> values.computeIfAbsent(value, _ -> new ArrayList<>())
                                    .add(node.name())));
            if (values.size() > 1) {
                differences.add(name + ": "
                        + values.entrySet().stream()
                                .map(entry -> "'" + entry.getKey() + "' on " + Quantity.list(entry.getValue()))
                                .collect(Collectors.joining(", ")));
            }
        }
        return differences.isEmpty()
                ? Stream.empty()
                : Stream.of(
                        Sight.of(List.of(), "the nodes have different settings").with(differences));
    }

    /** It takes a master with more replicas than the barrier (default 1). */
    private static Stream<Sight> migration(Examination e) {
        boolean spare = e.topology().shards().stream()
                .anyMatch(shard -> shard.replicas().size() > 1);
        if (!e.isCluster() || !spare) {
            return Stream.empty();
        }
        return Check.eachOf(e.reached(), node -> {
            boolean on = node.setting("cluster-allow-replica-migration")
                    .orElse("yes")
                    .equals("yes");
            OptionalLong barrier = node.settingNumber("cluster-migration-barrier");
            boolean possible = barrier.isPresent()
                    && e.topology().shards().stream()
                            .anyMatch(shard -> shard.replicas().size() > barrier.getAsLong());
            return on && possible
                    ? Optional.of(
                            node.setting("cluster-allow-replica-migration").isPresent()
                                    ? "cluster-allow-replica-migration is yes, and there are replicas to spare"
                                    : "replicas migrate (this version cannot switch it off), and there are some to spare")
                    : Optional.empty();
        });
    }

    private static Stream<Sight> nodeTimeout(Examination e) {
        return Check.eachOf(e.reached().filter(_ -> e.isCluster()), node -> {
            OptionalLong millis = node.settingNumber("cluster-node-timeout");
            if (millis.isEmpty()) {
                return Optional.empty();
            }
            return millis.getAsLong() < SHORT_TIMEOUT_MILLIS
                    ? Optional.of("cluster-node-timeout is short: " + millis.getAsLong() + " ms")
                    : millis.getAsLong() > LONG_TIMEOUT_MILLIS
                            ? Optional.of("cluster-node-timeout is long: " + millis.getAsLong() + " ms")
                            : Optional.empty();
        });
    }

    /** What is bound to loopback only concerns nobody but the users of that host. */
    private static Stream<Sight> noPassword(Examination e) {
        if (e.withPassword() && !e.reached().allMatch(SettingChecks::isOpen)) {
            return Check.eachOf(
                    e.reached().filter(SettingChecks::isOpen), _ -> Optional.of("has no password, while others have"));
        }
        return Check.eachOf(e.reached(), _ -> Optional.of("lets everybody in without a password"))
                .map(sight ->
                        sight.nodes().stream().allMatch(SettingChecks::onLoopback) ? sight.as(Severity.NOTICE) : sight);
    }

    /** Also to somebody with a password: from 6.0 on a server without one takes any. */
    private static boolean isOpen(NodeExamination node) {
        return node.passwords()
                        .filter(passwords -> passwords.required().isEmpty())
                        .isPresent()
                && node.configuration()
                        .aclUsers()
                        .filter(users -> users.size() > 1)
                        .isEmpty();
    }

    private static boolean onLoopback(NodeExamination node) {
        return node.setting("bind")
                .filter(bind -> !bind.isBlank())
                .filter(bind -> List.of(bind.strip().split("\\s+")).stream()
                        .map(address -> address.replaceFirst("^-", ""))
                        .allMatch(address -> address.startsWith("127.") || address.equals("::1")))
                .isPresent();
    }
}
