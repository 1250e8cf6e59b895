package io.ambrotype.lab;

import io.ambrotype.common.HostAndPort;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Writes the configuration that each server of the lab is started with; its place is a matter of {@link LabLayout}. */
final class LabConfiguration {
    static final String FILE = "lab.conf";
    /** What a restore writes into a node's folder. */
    static final String RESTORED_FILE = "ambrotype.conf";

    static final String NODES_FILE = "nodes.conf";
    static final String LOOPBACK = "127.0.0.1";

    private LabConfiguration() {}

    /** For a server that is new: what every lab server has, then its part in the lab, then what the user adds. */
    static void write(
            ServerBinary binary,
            LabLayout layout,
            Path folder,
            int port,
            Optional<LabTls> tls,
            List<String> part,
            List<String> added)
            throws IOException {
        List<String> lines = new ArrayList<>(common(binary, layout == LabLayout.ABSOLUTE ? folder.toString() : "./"));
        lines.addAll(tls.map(files -> tlsPart(files, port)).orElseGet(() -> List.of("port " + port)));
        lines.addAll(part);
        if (layout == LabLayout.ONE_FOLDER) {
            lines.add("dbfilename dump-" + port + ".rdb");
            lines.add("appendfilename appendonly-" + port + ".aof");
        }
        lines.addAll(added);
        ServerConfiguration configuration = ServerConfiguration.of(added);
        if (configuration.value("requirepass").isPresent()
                && configuration.value("masterauth").isEmpty()) {
            lines.add("masterauth " + quoted(configuration.value("requirepass").get()));
        }
        Path file = layout.configurationIn(folder);
        Files.createDirectories(file.resolveSibling("."));
        Files.write(file, lines, StandardCharsets.UTF_8);
    }

    /** For a folder that a restore wrote: its own configuration, held to loopback. */
    static void writeAround(ServerBinary binary, Path folder, List<String> added) throws IOException {
        List<String> lines = new ArrayList<>();
        lines.add("include " + quoted(folder.resolve(RESTORED_FILE).toString()));
        lines.addAll(common(binary, folder.toString()));
        lines.addAll(added);
        Files.write(folder.resolve(FILE), lines, StandardCharsets.UTF_8);
    }

    /** For a Sentinel that is new. */
    static void writeSentinel(Path folder, int port, Optional<LabTls> tls, List<String> part) throws IOException {
        List<String> lines = new ArrayList<>(
                List.of("bind " + LOOPBACK, "dir " + quoted(folder.toString()), "daemonize no", "logfile \"\""));
        lines.addAll(tls.map(files -> tlsPart(files, port)).orElseGet(() -> List.of("port " + port)));
        lines.addAll(part);
        Files.createDirectories(folder);
        Files.write(LabLayout.ABSOLUTE.configurationIn(folder), lines, StandardCharsets.UTF_8);
    }

    /** Adds lines behind those that are there: of two equal directives servers keep the last. */
    static void append(Path file, List<String> lines) throws IOException {
        Files.write(file, lines, StandardCharsets.UTF_8, StandardOpenOption.APPEND);
    }

    /** The name that a cluster node gives its {@code nodes.conf}. */
    static String nodesFile(LabLayout layout, int port) {
        return layout == LabLayout.ONE_FOLDER ? "nodes-" + port + ".conf" : NODES_FILE;
    }

    static List<String> clusterPart(String nodesFile) {
        return List.of("cluster-enabled yes", "cluster-config-file " + nodesFile, "cluster-node-timeout 5000");
    }

    static List<String> replicaPart(HostAndPort master) {
        return List.of("replicaof " + master.host() + " " + master.port());
    }

    private static List<String> tlsPart(LabTls tls, int port) {
        return List.of(
                "port 0",
                "tls-port " + port,
                "tls-ca-cert-file " + quoted(tls.certificate().toString()),
                "tls-cert-file " + quoted(tls.certificate().toString()),
                "tls-key-file " + quoted(tls.key().toString()),
                "tls-cluster yes",
                "tls-replication yes");
    }

    private static List<String> common(ServerBinary binary, String dir) {
        List<String> lines = new ArrayList<>();
        lines.add("bind " + LOOPBACK);
        lines.add("dir " + quoted(dir));
        lines.add("daemonize no");
        lines.add("logfile \"\""); // the lab's own log has what comes before a log file is opened, too
        lines.add("repl-diskless-sync-delay 0");
        if (binary.guardsDebug()) {
            lines.add("enable-debug-command local");
        }
        return lines;
    }

    static String quoted(String value) {
        return '"' + value.replace("\\", "\\\\").replace("\"", "\\\"") + '"';
    }
}
