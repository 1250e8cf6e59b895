package io.ambrotype.lab;

import io.ambrotype.common.AmbrotypeException;
import io.ambrotype.common.ErrorCode;
import io.ambrotype.resp.ServerVersion;
import io.ambrotype.resp.ServerVersion.Vendor;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.SerializationFeature;
import tools.jackson.databind.json.JsonMapper;

/**
 * The file {@code lab.json} in a lab's folder: which servers belong to the lab, and as which processes it started them. It
 * is written before the first process is started, so that whatever runs can be found from it. Immutable.
 *
 * @param format 1
 * @param server path of the server program
 * @param vendor whose it is
 * @param version its number
 * @param cluster whether the servers are a cluster
 * @param nodes in the order of the lab; not empty
 * @param layout where the nodes are started; null, as older labs have it, stands for absolute
 */
record LabState(
        int format,
        String server,
        Vendor vendor,
        String version,
        boolean cluster,
        List<Node> nodes,
        @Nullable LabLayout layout) {
    static final String FILE = "lab.json";

    private static final int FORMAT = 1;
    private static final long MAXIMUM_BYTES = 1 << 20;
    private static final JsonMapper JSON =
            JsonMapper.builder().enable(SerializationFeature.INDENT_OUTPUT).build();

    /**
     * One server.
     *
     * @param folder its name below the lab's folder
     * @param port where it listens
     * @param process as what it was started; null before
     */
    record Node(String folder, int port, @Nullable ServerProcess process) {
        Node {
            if (port < 1 || port > 65_535) {
                throw new IllegalArgumentException("port " + port + " is not between 1 and 65535");
            }
            if (folder.isEmpty() || folder.startsWith(".") || folder.contains("/")) {
                throw new IllegalArgumentException("'" + folder + "' is no name of a folder");
            }
        }
    }

    LabState {
        nodes = List.copyOf(nodes);
        if (format != FORMAT) {
            throw new IllegalArgumentException("it has format " + format + " instead of " + FORMAT);
        }
        if (nodes.isEmpty()) {
            throw new IllegalArgumentException("it names no server");
        }
        new ServerBinary(Path.of(server), ServerVersion.parse(vendor, version));
        Set<String> folders = new HashSet<>();
        for (Node node : nodes) {
            if (!folders.add(node.folder())) {
                throw new IllegalArgumentException("it names the folder " + node.folder() + " twice");
            }
        }
    }

    static LabState of(ServerBinary server, boolean cluster, List<Node> nodes, LabLayout layout) {
        ServerVersion version = server.version();
        return new LabState(
                FORMAT, server.launcher().toString(), version.vendor(), version.number(), cluster, nodes, layout);
    }

    /** The server program as it was when the state was written; it may be gone since. */
    ServerBinary binary() {
        return new ServerBinary(Path.of(server), ServerVersion.parse(vendor, version));
    }

    /** Where the nodes are started. */
    LabLayout startedAt() {
        return layout == null ? LabLayout.ABSOLUTE : layout;
    }

    static boolean existsIn(Path dir) {
        return Files.exists(dir.resolve(FILE));
    }

    /**
     * Reads the file of a lab's folder.
     *
     * @throws AmbrotypeException {@code USAGE} where there is none, {@code CORRUPT} where it is not what it should be
     */
    static LabState read(Path dir) {
        Path file = dir.resolve(FILE);
        if (!existsIn(dir)) {
            throw AmbrotypeException.of(ErrorCode.USAGE, "there is no lab in " + dir)
                    .withHint("name the folder that lab start was given: --dir DIR");
        }
        try {
            if (Files.size(file) > MAXIMUM_BYTES) {
                throw new IOException("it is larger than a lab needs");
            }
            LabState state = JSON.readValue(Files.readAllBytes(file), LabState.class);
            if (state == null) {
                throw new IOException("it is empty");
            }
            return state;
        } catch (IOException | JacksonException | NullPointerException e) {
            throw AmbrotypeException.of(
                            ErrorCode.CORRUPT, "the lab's state " + file + " cannot be read: " + firstLine(e))
                    .withHint("end the servers that were started from " + dir + " by hand, then remove the folder")
                    .causedBy(e);
        }
    }

    /** Replaces the file of a lab's folder at once. */
    void write(Path dir) throws IOException {
        Path unfinished = dir.resolve(FILE + ".tmp");
        Files.write(unfinished, JSON.writeValueAsBytes(this));
        Files.move(unfinished, dir.resolve(FILE), StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    }

    private static String firstLine(Exception e) {
        String message = e.getMessage();
        return message == null
                ? "it is not complete"
                : message.lines().findFirst().orElse("");
    }
}
