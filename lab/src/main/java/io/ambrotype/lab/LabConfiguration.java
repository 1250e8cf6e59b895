package io.ambrotype.lab;

import io.ambrotype.common.HostAndPort;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;

/** Writes {@code lab.conf}, the configuration that each server of the lab is started with, into the server's folder. */
final class LabConfiguration {
    static final String FILE = "lab.conf";
    /** What a restore writes into a node's folder. */
    static final String RESTORED_FILE = "ambrotype.conf";

    static final String NODES_FILE = "nodes.conf";
    static final String LOOPBACK = "127.0.0.1";

    private LabConfiguration() {}

    /** For a server that is new: what every lab server has, then its part in the lab, then what the user adds. */
    static void write(ServerBinary binary, Path folder, int port, List<String> part, List<String> added)
            throws IOException {
        List<String> lines = new ArrayList<>(common(binary, folder));
        lines.add("port " + port);
        lines.addAll(part);
        lines.addAll(added);
        ServerConfiguration configuration = ServerConfiguration.of(added);
        if (configuration.value("requirepass").isPresent()
                && configuration.value("masterauth").isEmpty()) {
            lines.add("masterauth " + quoted(configuration.value("requirepass").get()));
        }
        write(folder, lines);
    }

    /** For a folder that a restore wrote: its own configuration, held to loopback. */
    static void writeAround(ServerBinary binary, Path folder, List<String> added) throws IOException {
        List<String> lines = new ArrayList<>();
        lines.add("include " + quoted(folder.resolve(RESTORED_FILE).toString()));
        lines.addAll(common(binary, folder));
        lines.addAll(added);
        write(folder, lines);
    }

    /** Adds lines behind those that are there: of two equal directives servers keep the last. */
    static void append(Path folder, List<String> lines) throws IOException {
        Files.write(folder.resolve(FILE), lines, StandardCharsets.UTF_8, StandardOpenOption.APPEND);
    }

    static List<String> clusterPart() {
        return List.of("cluster-enabled yes", "cluster-config-file " + NODES_FILE, "cluster-node-timeout 5000");
    }

    static List<String> replicaPart(HostAndPort master) {
        return List.of("replicaof " + master.host() + " " + master.port());
    }

    private static List<String> common(ServerBinary binary, Path folder) {
        List<String> lines = new ArrayList<>();
        lines.add("bind " + LOOPBACK);
        lines.add("dir " + quoted(folder.toString()));
        lines.add("daemonize no");
        lines.add("logfile \"\""); // the lab's own log has what comes before a log file is opened, too
        lines.add("repl-diskless-sync-delay 0");
        if (binary.guardsDebug()) {
            lines.add("enable-debug-command local");
        }
        return lines;
    }

    private static void write(Path folder, List<String> lines) throws IOException {
        Files.write(folder.resolve(FILE), lines, StandardCharsets.UTF_8);
    }

    private static String quoted(String value) {
        return '"' + value.replace("\\", "\\\\").replace("\"", "\\\"") + '"';
    }
}
