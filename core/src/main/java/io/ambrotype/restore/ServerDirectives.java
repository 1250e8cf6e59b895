package io.ambrotype.restore;

import io.ambrotype.common.HostAndPort;
import io.ambrotype.rdb.TargetVersion;
import io.ambrotype.repository.Manifest;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;

/**
 * Writes {@code ambrotype.conf}: the directives that a restored node's data and identity depend on, and nothing that
 * belongs to the machine it ran on. Secrets are named in a comment and left out.
 *
 * <p>{@code dir} is absolute on purpose: a relative one puts {@code dump.rdb} and {@code nodes.conf} wherever the start
 * command was typed, and the node comes back empty and as a stranger. {@code appendonly} is {@code no} on purpose: with
 * {@code yes} a server ignores {@code dump.rdb} and starts empty.
 */
final class ServerDirectives {
    /** What the data, its persistence and its place in the cluster depend on; taken over as it was. */
    private static final List<String> CARRIED = List.of(
            "maxmemory",
            "maxmemory-policy",
            "maxmemory-samples",
            "lfu-log-factor",
            "lfu-decay-time",
            "save",
            "rdbcompression",
            "rdbchecksum",
            "stop-writes-on-bgsave-error",
            "proto-max-bulk-len",
            "client-query-buffer-limit",
            "hash-max-listpack-entries",
            "hash-max-listpack-value",
            "hash-max-ziplist-entries",
            "hash-max-ziplist-value",
            "list-max-listpack-size",
            "list-max-ziplist-size",
            "list-compress-depth",
            "set-max-intset-entries",
            "set-max-listpack-entries",
            "set-max-listpack-value",
            "zset-max-listpack-entries",
            "zset-max-listpack-value",
            "zset-max-ziplist-entries",
            "zset-max-ziplist-value",
            "hll-sparse-max-bytes",
            "stream-node-max-bytes",
            "stream-node-max-entries",
            "notify-keyspace-events",
            "repl-backlog-size",
            "repl-backlog-ttl",
            "repl-timeout",
            "repl-diskless-sync",
            "repl-diskless-sync-delay",
            "min-replicas-to-write",
            "min-replicas-max-lag",
            "cluster-node-timeout",
            "cluster-require-full-coverage",
            "cluster-replica-validity-factor",
            "cluster-migration-barrier",
            "cluster-allow-replica-migration",
            "cluster-allow-reads-when-down",
            "cluster-preferred-endpoint-type");

    /** TLS: paths of files, and switches; passphrases are secrets and withheld. */
    private static final List<String> TLS = List.of(
            "tls-cluster",
            "tls-replication",
            "tls-auth-clients",
            "tls-cert-file",
            "tls-key-file",
            "tls-client-cert-file",
            "tls-client-key-file",
            "tls-dh-params-file",
            "tls-ca-cert-file",
            "tls-ca-cert-dir",
            "tls-protocols",
            "tls-ciphers",
            "tls-ciphersuites",
            "tls-prefer-server-ciphers");

    /** What ties a node to its address; taken over only where it keeps that address. */
    private static final List<String> OF_THE_ADDRESS = List.of(
            "bind",
            "protected-mode",
            "cluster-announce-ip",
            "cluster-announce-port",
            "cluster-announce-tls-port",
            "cluster-announce-bus-port",
            "cluster-announce-hostname",
            "replica-announce-ip",
            "replica-announce-port");

    /** What came after Redis 5.0, by the version it came with; Valkey has it all, but where it is named. */
    private static final Map<String, Integer> SINCE = Map.ofEntries(
            Map.entry("hash-max-listpack-entries", 700),
            Map.entry("hash-max-listpack-value", 700),
            Map.entry("list-max-listpack-size", 700),
            Map.entry("zset-max-listpack-entries", 700),
            Map.entry("zset-max-listpack-value", 700),
            Map.entry("set-max-listpack-entries", 702),
            Map.entry("set-max-listpack-value", 702),
            Map.entry("cluster-allow-replica-migration", 602),
            Map.entry("cluster-allow-reads-when-down", 600),
            Map.entry("cluster-preferred-endpoint-type", 700),
            Map.entry("cluster-announce-tls-port", 602),
            Map.entry("cluster-announce-hostname", 700),
            Map.entry("tls-client-cert-file", 602),
            Map.entry("tls-client-key-file", 602));

    /** Names that servers print twice, once for each era; the newer one is written where the servers know it. */
    private static final Map<String, String> NEWER_NAME = Map.of(
            "hash-max-ziplist-entries", "hash-max-listpack-entries",
            "hash-max-ziplist-value", "hash-max-listpack-value",
            "list-max-ziplist-size", "list-max-listpack-size",
            "zset-max-ziplist-entries", "zset-max-listpack-entries",
            "zset-max-ziplist-value", "zset-max-listpack-value");

    private final List<String> lines = new ArrayList<>();
    private final List<String> unknown = new ArrayList<>();
    private final Manifest.Node recorded;
    private final Manifest.Node configured;
    private final Optional<TargetVersion> target;

    private ServerDirectives(Manifest.Node recorded, Manifest.Node configured, Optional<TargetVersion> target) {
        this.recorded = recorded;
        this.configured = configured;
        this.target = target;
    }

    /**
     * The configuration file of one restored node.
     *
     * @param manifest of the snapshot
     * @param recorded the node
     * @param configured the node whose configuration is taken over: itself, or its master where it told nothing
     * @param modules modules of its shard
     * @param address where the node shall run
     * @param nodesConf name of its nodes.conf, where it is a cluster node
     * @param master address of its master, where it is a standalone replica
     * @param folder its folder, absolute
     * @param target which servers shall read it; empty for the node's own
     */
    static String of(
            Manifest manifest,
            Manifest.Node recorded,
            Manifest.Node configured,
            List<Manifest.Module> modules,
            TargetAddress address,
            Optional<String> nodesConf,
            Optional<HostAndPort> master,
            Path folder,
            Optional<TargetVersion> target) {
        ServerDirectives file = new ServerDirectives(recorded, configured, target);
        boolean staysWhereItWas = recorded.host().equals(address.client().host())
                && recorded.port() == address.client().port()
                && configured.id().equals(recorded.id());
        file.comment(
                "Written by ambrotype from snapshot " + manifest.snapshot() + " of " + manifest.deployment() + ".");
        file.comment("Holds what the data and the cluster depend on; add the rest of your configuration.");
        file.blank();
        file.ports(address, staysWhereItWas);
        file.comment("Absolute, so that the node finds its files wherever it is started from.");
        file.comment("Change it when you move this folder.");
        file.directive("dir", folder.toString());
        file.directive("dbfilename", "dump.rdb");
        file.comment("With yes the server would ignore dump.rdb and start empty. Switch it on when the node runs:");
        file.comment(
                "CONFIG SET appendonly yes, and CONFIG REWRITE when the file is whole (aof_rewrite_in_progress:0).");
        file.directive("appendonly", "no");
        nodesConf.ifPresentOrElse(
                name -> {
                    file.directive("cluster-enabled", "yes");
                    file.directive("cluster-config-file", name);
                    file.busPort(address, staysWhereItWas);
                },
                () -> file.directive("cluster-enabled", "no"));
        master.ifPresent(of -> file.line("replicaof " + quoted(of.host()) + " " + of.port()));
        file.blank();
        file.databases(manifest, nodesConf.isPresent());
        CARRIED.forEach(file::carry);
        if (staysWhereItWas) {
            // An announced port of 0 stands for the port itself.
            OF_THE_ADDRESS.stream()
                    .filter(name -> !file.value(name).equals("0"))
                    .forEach(file::carry);
        }
        modules.stream().filter(module -> !file.isBuiltIn(module)).forEach(file::loadModule);
        file.leftOut();
        file.withheld();
        return String.join("\n", file.lines) + "\n";
    }

    /** Where a node announces another port than its own (in a container, say), it goes on listening at its own. */
    private void ports(TargetAddress address, boolean staysWhereItWas) {
        boolean announcesAnother = staysWhereItWas && isSet("cluster-announce-port") && isSet("port");
        String port = announcesAnother
                ? value("port")
                : Integer.toString(address.client().port());
        if (!knows("tls-port")) {
            directive("port", port);
            return;
        }
        boolean tlsOnly = "0".equals(value("port")) && !"0".equals(value("tls-port"));
        if (tlsOnly) {
            directive("port", "0");
            directive("tls-port", port);
        } else {
            directive("port", port);
            recorded.tlsPort().ifPresent(tls -> directive("tls-port", Integer.toString(tlsPort(address, tls))));
        }
        if (tlsOnly || recorded.tlsPort().isPresent()) {
            TLS.forEach(this::carry);
        }
    }

    private void busPort(TargetAddress address, boolean staysWhereItWas) {
        if (staysWhereItWas && isSet("cluster-announce-bus-port")) {
            if (isSet("cluster-port") && knowsClusterPort(recorded, target)) {
                directive("cluster-port", value("cluster-port"));
            }
        } else if (!address.hasDefaultBusPort() && knowsClusterPort(recorded, target)) {
            directive("cluster-port", Integer.toString(address.effectiveBusPort()));
        }
    }

    /** {@code cluster-port} came with Redis 7.0; before, the bus is always at the port + 10000. */
    static boolean knowsClusterPort(Manifest.Node node, Optional<TargetVersion> target) {
        return target.map(servers -> servers.hasWhatCameWithRedis(7, 0))
                .orElse(!node.vendor().equals("redis") || !node.version().matches("[0-6]\\..*"));
    }

    /** As many as there were, and at least as many as the data need: a server refuses a dump with more. */
    private void databases(Manifest manifest, boolean cluster) {
        int needed = 1
                + manifest.shards().stream()
                        .flatMap(shard -> shard.content().databases().keySet().stream())
                        .max(Integer::compare)
                        .orElse(0);
        boolean clustersHaveDatabases = target.map(servers -> servers.isAtLeast(TargetVersion.Vendor.VALKEY, 9, 0))
                .orElse(true);
        for (String name : clustersHaveDatabases ? List.of("databases", "cluster-databases") : List.of("databases")) {
            int recordedNumber = value(name).matches("[0-9]{1,9}") ? Integer.parseInt(value(name)) : 0;
            boolean holdsTheData = name.startsWith("cluster-") == (cluster && needed > 1);
            int usual = name.startsWith("cluster-") ? 1 : 16;
            int number = Math.max(recordedNumber > 0 ? recordedNumber : usual, holdsTheData ? needed : 0);
            if (recordedNumber > 0 || number > usual) {
                directive(name, Integer.toString(number));
            }
        }
    }

    /** A second port moves along with the first, at the distance it had. */
    private int tlsPort(TargetAddress address, int recordedTlsPort) {
        int moved = address.client().port() + recordedTlsPort - recorded.port();
        return moved >= 1 && moved <= 65_535 ? moved : recordedTlsPort;
    }

    private void carry(String name) {
        String newer = NEWER_NAME.get(name);
        boolean writtenUnderNewerName =
                newer != null && knows(newer) && !value(newer).isEmpty();
        String value = newer != null && !knows(newer) && value(name).isEmpty() ? value(newer) : value(name);
        if (!knows(name)) {
            if (!value.isEmpty() && !NEWER_NAME.containsValue(name)) {
                unknown.add(name);
            }
            return;
        }
        if (name.equals("save")) {
            savePoints(value);
        } else if (!value.isEmpty() && !writtenUnderNewerName) {
            if (name.equals("bind")) {
                bind(value);
            } else if (name.equals("notify-keyspace-events")) {
                directive(name, notifications(value));
            } else {
                directive(name, value);
            }
        }
    }

    /** The asterisk, and the minus for addresses that may be missing, came with 6.2. */
    private void bind(String value) {
        List<String> addresses = List.of(value.split(" "));
        if (!came(602)) {
            addresses = addresses.stream()
                    .filter(address -> !address.startsWith("-"))
                    .toList();
            if (addresses.isEmpty() || addresses.contains("*")) {
                return;
            }
        }
        line("bind " + addresses.stream().map(ServerDirectives::quoted).collect(Collectors.joining(" ")));
    }

    /** Classes of events that a server does not know keep it from starting. */
    private String notifications(String value) {
        if (target.isEmpty()) {
            return value;
        }
        String known = "KEg$lshzxetA" + (came(600) ? "m" : "") + (came(700) ? "dn" : "");
        return value.chars()
                .filter(letter -> known.indexOf(letter) >= 0)
                .mapToObj(Character::toString)
                .collect(Collectors.joining());
    }

    private boolean knows(String name) {
        return came(SINCE.getOrDefault(name, name.startsWith("tls-") ? 600 : 500));
    }

    /** Whether the servers have what came with this version of Redis; where none are named, they know what they said. */
    private boolean came(int since) {
        return target.map(servers -> servers.hasWhatCameWithRedis(since / 100, since % 100))
                .orElse(true);
    }

    /** One pair a line: servers before 7.0 take no more. */
    private void savePoints(String value) {
        String[] numbers = value.strip().split(" +");
        if (!configured.configuration().containsKey("save")) {
            return;
        }
        if (numbers.length < 2) {
            line("save \"\"");
        }
        for (int i = 0; i + 1 < numbers.length; i += 2) {
            line("save " + quoted(numbers[i]) + " " + quoted(numbers[i + 1]));
        }
    }

    /** From 7.0 on servers tell the path; what has none, or no folder in it, was never loaded from a file. */
    private boolean isBuiltIn(Manifest.Module module) {
        boolean tellsPaths =
                recorded.vendor().equals("valkey") || !recorded.version().matches("[56]\\..*");
        return module.path().map(path -> path.indexOf('/') < 0).orElse(tellsPaths);
    }

    private void loadModule(Manifest.Module module) {
        blank();
        module.path()
                .ifPresentOrElse(
                        path -> {
                            comment("Module " + module.name() + "; add the arguments that it was loaded with.");
                            directive("loadmodule", path);
                        },
                        () -> comment(
                                "Module " + module.name()
                                        + " has no path that the server tells: unless it is built in, add loadmodule PATH here."));
    }

    private void leftOut() {
        if (!unknown.isEmpty()) {
            blank();
            comment("Left out, because " + target.map(TargetVersion::toString).orElse("") + " does not know it:");
            unknown.forEach(name -> comment("  " + name + " " + value(name)));
        }
    }

    private void withheld() {
        if (!configured.withheld().isEmpty()) {
            blank();
            comment("Withheld, because it may be secret; the node had a value for each:");
            configured.withheld().forEach(name -> comment("  " + name));
        }
    }

    private String value(String name) {
        return configured.configuration().getOrDefault(name, "");
    }

    private boolean isSet(String name) {
        return !value(name).isEmpty() && !value(name).equals("0");
    }

    private void directive(String name, String value) {
        line(name + " " + quoted(value));
    }

    private void comment(String text) {
        line("# " + text.replaceAll("\\p{Cntrl}", "?"));
    }

    private void blank() {
        lines.add("");
    }

    private void line(String text) {
        if (text.indexOf('\n') >= 0 || text.indexOf('\r') >= 0) {
            throw new IllegalStateException("a directive with a line break");
        }
        lines.add(text);
    }

    /** In the quotes that servers read (sdssplitargs), where the value needs them. */
    static String quoted(String value) {
        if (value.matches("[A-Za-z0-9_./:@%+,=*-]+")) {
            return value;
        }
        StringBuilder text = new StringBuilder("\"");
        for (byte each : value.getBytes(StandardCharsets.UTF_8)) {
            if (each == '"' || each == '\\') {
                text.append('\\').append((char) each);
            } else if (each >= ' ' && each < 0x7f) {
                text.append((char) each);
            } else {
                text.append(String.format(Locale.ROOT, "\\x%02x", each));
            }
        }
        return text.append('"').toString();
    }
}
