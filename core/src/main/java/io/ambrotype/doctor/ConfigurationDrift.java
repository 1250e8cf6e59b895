package io.ambrotype.doctor;

import io.ambrotype.doctor.Check.Sight;
import io.ambrotype.doctor.HostView.Seen;
import io.ambrotype.host.DirectiveValue;
import io.ambrotype.topology.NodeConfiguration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;

/** Where a running node has other settings than its configuration file. Values of secret settings are not compared. */
final class ConfigurationDrift {
    /** Compared elsewhere, or without meaning for a restart. */
    private static final Set<String> LEFT_OUT = Set.of(
            "appendonly",
            "include",
            "bind",
            "bind-source-addr",
            "daemonize",
            "supervised",
            "logfile",
            "pidfile",
            "proc-title-template");

    /** A start with other values of these loses data or membership. */
    private static final Set<String> VITAL =
            Set.of("dbfilename", "cluster-config-file", "appendfilename", "appenddirname", "port", "cluster-enabled");

    private ConfigurationDrift() {}

    static Stream<Sight> look(Examination e) {
        Map<List<Difference>, List<NodeExamination>> alike = new LinkedHashMap<>();
        e.reached()
                .filter(node -> node.configuration().unavailable().isEmpty())
                .forEach(node -> node.seen()
                        .flatMap(Seen::file)
                        .filter(FileView::isReadable)
                        .map(file -> differences(node, file))
                        .filter(differences -> !differences.isEmpty())
                        .ifPresent(differences -> alike.computeIfAbsent(differences, _ -> new ArrayList<>())
                                .add(node)));
        return alike.entrySet().stream().map(entry -> {
            Sight sight = Sight.of(entry.getValue(), "runs with other settings than its configuration file has")
                    .with(entry.getKey().stream().map(Difference::text).toList());
            return entry.getKey().stream().anyMatch(Difference::vital) ? sight.as(Severity.ERROR) : sight;
        });
    }

    private record Difference(String text, boolean vital) {}

    private static List<Difference> differences(NodeExamination node, FileView file) {
        List<Difference> differences = new ArrayList<>();
        for (Map.Entry<String, String> directive : file.settings().entrySet()) {
            String name = directive.getKey();
            Optional<String> running = node.configuration().value(name);
            if (running.isPresent()
                    && !LEFT_OUT.contains(name)
                    && !DirectiveValue.TOLD_OTHERWISE.contains(name)
                    && !DirectiveValue.same(running.get(), directive.getValue())) {
                differences.add(new Difference(
                        name + ": runs with " + shown(running.get()) + ", the file says " + shown(directive.getValue()),
                        VITAL.contains(name)));
            }
        }
        node.setting("save")
                .filter(running -> !running.strip().equals(file.savePoints().strip()))
                .ifPresent(running -> differences.add(new Difference(
                        "save: runs with " + shown(running) + ", a start from the file has " + shown(file.savePoints()),
                        file.savePoints().isBlank() && !node.appendsOnly())));
        node.setting("maxmemory")
                .filter(running -> !running.equals("0") && !file.settings().containsKey("maxmemory"))
                .ifPresent(running -> differences.add(
                        new Difference("maxmemory: runs with " + running + ", the file has none", false)));
        for (String secret : List.of("requirepass", "masterauth")) {
            boolean running = node.configuration().withheld().contains(secret);
            if (running != file.secrets().contains(secret)) {
                differences.add(new Difference(
                        running
                                ? secret + ": set on the running node, not in the file"
                                : secret + ": set in the file, not on the running node",
                        true));
            }
        }
        return differences;
    }

    private static String shown(String value) {
        return value.isBlank() ? "''" : "'" + value.strip() + "'";
    }

    /** Valkey from 8.0 on writes {@code masterauth} under another name. */
    static String secretName(String name) {
        return name.equals("primaryauth") ? "masterauth" : name;
    }

    /** Whether a directive of that name may be kept and shown. */
    static boolean isOpen(String name) {
        return !NodeConfiguration.isSecret(name) && !name.equals("user");
    }
}
