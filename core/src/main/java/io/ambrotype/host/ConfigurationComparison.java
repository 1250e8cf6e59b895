package io.ambrotype.host;

import io.ambrotype.common.Secret;
import io.ambrotype.resp.ServerVersion;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;

/**
 * Compares what a configuration file says with what the running server says: a server that starts with the file becomes what
 * the file says. Sentences about a server; secrets are never shown.
 */
final class ConfigurationComparison {
    /** What decides over identity and data, and what it is where no file says anything. */
    private static final Map<String, String> DECISIVE = Map.of(
            "port", "6379",
            "tls-port", "0",
            "dbfilename", "dump.rdb",
            "cluster-config-file", "nodes.conf",
            "appendonly", "no",
            "appendfilename", "appendonly.aof",
            "appenddirname", "appendonlydir");

    /** What is often set on a running server and the same by default in all versions. */
    private static final Map<String, String> DEFAULTS = Map.ofEntries(
            Map.entry("maxmemory", "0"),
            Map.entry("maxclients", "10000"),
            Map.entry("maxmemory-policy", "noeviction"),
            Map.entry("appendfsync", "everysec"),
            Map.entry("notify-keyspace-events", ""),
            Map.entry("timeout", "0"),
            Map.entry("cluster-node-timeout", "15000"),
            Map.entry("cluster-require-full-coverage", "yes"),
            Map.entry("stop-writes-on-bgsave-error", "yes"),
            Map.entry("min-replicas-to-write", "0"),
            Map.entry("masteruser", ""));

    private ConfigurationComparison() {}

    /** Why a server that is started with the file would be another one than the running one. */
    static List<String> differences(ConfigurationFile file, LaunchObservation seen) {
        List<String> differences = new ArrayList<>();
        if (seen.configuration().unavailable().isPresent()) {
            differences.add("it does not tell its settings (CONFIG GET), so that nothing shows that " + file
                    + " is what it runs with");
            return differences;
        }
        for (String name : new TreeSet<>(DECISIVE.keySet())) {
            String said = file.value(name).orElse(DECISIVE.getOrDefault(name, ""));
            seen.live(name)
                    .filter(live -> !live.isEmpty() && !DirectiveValue.same(said, live))
                    .ifPresent(live -> differences.add(difference(file, name, said, live)));
        }
        String cluster = file.value("cluster-enabled").orElse("no");
        if (cluster.equalsIgnoreCase("yes") != seen.info().is("cluster_enabled")) {
            differences.add(
                    difference(file, "cluster-enabled", cluster, seen.info().is("cluster_enabled") ? "yes" : "no"));
        }
        seen.live("dir")
                .map(Path::of)
                .map(HostFiles::real)
                .filter(live -> !live.equals(file.dir()))
                .ifPresent(live ->
                        differences.add(difference(file, "dir", file.dir().toString(), live.toString())));
        for (String name : LaunchObservation.SECRETS) {
            String said = file.value(name)
                    // Valkey's CONFIG REWRITE writes masterauth under its newer name.
                    .or(() -> name.equals("masterauth") ? file.value("primaryauth") : Optional.empty())
                    .orElse("");
            Optional<Secret> live = Optional.ofNullable(seen.secrets().get(name));
            if (live.isPresent() && !live.get().reveal().equals(said)) {
                differences.add(name + (said.isEmpty() ? " is not set" : " is another one") + where(file, name)
                        + " than in the running server");
            }
        }
        return differences;
    }

    /** What else is going to be lost. */
    static List<String> warnings(ConfigurationFile file, LaunchObservation seen) {
        List<String> warnings = new ArrayList<>();
        Set<String> names = new TreeSet<>(DEFAULTS.keySet());
        file.directives().forEach(directive -> names.add(directive.name()));
        for (String name : names) {
            Optional<String> said = file.value(name).or(() -> Optional.ofNullable(DEFAULTS.get(name)));
            Optional<String> live = seen.live(name);
            boolean compared = !DECISIVE.containsKey(name)
                    && !name.equals("cluster-enabled")
                    && !(DirectiveValue.TOLD_OTHERWISE.contains(name)
                            && file.find(name).isPresent());
            if (compared && said.isPresent() && live.isPresent() && !DirectiveValue.same(said.get(), live.get())) {
                warnings.add(difference(file, name, said.get(), live.get()) + "; CONFIG REWRITE would keep it");
            }
        }
        ServerVersion version = seen.info().version();
        String saves = file.savePoints(version);
        seen.live("save")
                .filter(live -> !live.equals(saves))
                .ifPresent(live -> warnings.add(
                        difference(file, "save", quoted(saves), quoted(live)) + "; CONFIG REWRITE would keep it"));
        List<String> users = seen.configuration().aclUsers().orElse(List.of()).stream()
                .filter(user -> !user.equals("default") && !seen.fileUsers().contains(user))
                .sorted()
                .toList();
        if (!users.isEmpty()) {
            warnings.add("its ACL users " + String.join(", ", users) + " stand in no file and are going to be lost; "
                    + (file.value("aclfile").filter(name -> !name.isEmpty()).isPresent()
                            ? "ACL SAVE"
                            : "CONFIG REWRITE")
                    + " would keep them");
        }
        replication(file, seen).ifPresent(warnings::add);
        return warnings;
    }

    /** A role that the file does not know of is lost; in a cluster it is kept by nodes.conf. */
    private static Optional<String> replication(ConfigurationFile file, LaunchObservation seen) {
        if (seen.info().is("cluster_enabled")) {
            return Optional.empty();
        }
        Optional<String> said = file.value("replicaof")
                .or(() -> file.value("slaveof"))
                .filter(value -> !value.equalsIgnoreCase("no one"));
        Optional<String> live = seen.info()
                .value("master_host")
                .map(host -> host + " " + seen.info().value("master_port").orElse(""));
        if (said.equals(live)) {
            return Optional.empty();
        }
        return Optional.of(
                "it is " + live.map(master -> "a replica of " + master).orElse("a master") + ", and would start as "
                        + said.map(master -> "a replica of " + master).orElse("a master") + " by " + file);
    }

    private static String difference(ConfigurationFile file, String name, String said, String live) {
        return name + " is " + said + where(file, name) + ", the running server has " + live;
    }

    private static String where(ConfigurationFile file, String name) {
        return file.find(name)
                .map(directive -> " in " + directive.file() + ", line " + directive.line())
                .orElse(" by default (" + file + " says nothing)");
    }

    private static String quoted(String text) {
        return "\"" + text + "\"";
    }
}
