package io.ambrotype.host;

import io.ambrotype.common.AmbrotypeException;
import io.ambrotype.common.ErrorCode;
import io.ambrotype.common.HostAndPort;
import io.ambrotype.resp.RespConnection;
import io.ambrotype.resp.ServerInfo;
import io.ambrotype.topology.NodeConfiguration;
import io.ambrotype.topology.NodeId;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileTime;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Moves a stopped server's files (RDB, {@code nodes.conf}, append-only files) together to another folder and changes {@code
 * dir} in its configuration file. Data only, to be kept in a journal; planned while the server runs, {@link #carryOut carried
 * out} while it is stopped. Immutable.
 *
 * <p>At every moment the folder that the configuration file names has all files: first they are made known in the new folder
 * (hard links, or copies on another file system), then the configuration file is replaced in one step, then the old names are
 * removed. A crash in between leaves a server that starts from the old folder or from the new one, with the same data;
 * carrying it out again finishes it. The server's own {@code CONFIG SET dir} cannot do this: 5.0 leaves {@code nodes.conf}
 * behind, 7.0 refuses it.
 *
 * @param address where the server is reached
 * @param node whose files
 * @param process the process that must have ended first
 * @param from its folder now
 * @param to its folder then, absolute
 * @param files their names
 * @param configuration its configuration file
 * @param startFolder the folder that it is started from
 * @param pinned files that the configuration names relative to the old folder and that stay there: their new, absolute names
 *     by directive
 */
public record Relocation(
        HostAndPort address,
        NodeId node,
        ServerProcess process,
        Path from,
        Path to,
        PersistentFiles files,
        Path configuration,
        Path startFolder,
        Map<String, String> pinned) {
    /** Says in the new folder whose files are being brought there; removed at the end. */
    static final String MARK = ".ambrotype-relocation";

    private static final int MARK_BYTES = 64 << 10;
    private static final int MOST_FILES = 10_000;

    /** Directives that name a file relative to the server's folder. */
    private static final List<String> FILES = List.of(
            "logfile",
            "pidfile",
            "aclfile",
            "unixsocket",
            "tls-cert-file",
            "tls-key-file",
            "tls-client-cert-file",
            "tls-client-key-file",
            "tls-dh-params-file",
            "tls-ca-cert-file",
            "tls-ca-cert-dir");

    /** Keeps its own map. */
    public Relocation {
        pinned = Map.copyOf(pinned);
        if (!to.isAbsolute()) {
            throw new IllegalArgumentException(to + " is not an absolute path");
        }
    }

    /** Whether a server's files can be moved. */
    public sealed interface Plan {
        /** They can. */
        record Possible(Relocation relocation) implements Plan {}

        /** They are there already. */
        record NotNeeded(String reason) implements Plan {}

        /**
         * They cannot.
         *
         * @param reasons each a sentence about the server
         */
        record Impossible(List<String> reasons) implements Plan {
            /** Keeps its own list. */
            public Impossible {
                reasons = List.copyOf(reasons);
            }
        }
    }

    /**
     * The folder of one node.
     *
     * @param template absolute, with {@code {port}} and {@code {id}}
     * @throws AmbrotypeException {@code USAGE} where it is not absolute or has other placeholders
     */
    public static Path folder(String template, HostAndPort address, NodeId id) {
        String text =
                template.replace("{port}", Integer.toString(address.port())).replace("{id}", id.value());
        if (text.contains("{") || text.contains("}")) {
            throw AmbrotypeException.of(ErrorCode.USAGE, "'" + template + "' has an unknown placeholder")
                    .withHint("known are {port} and {id}");
        }
        try {
            Path folder = Path.of(text).normalize();
            if (folder.isAbsolute()) {
                return folder;
            }
        } catch (InvalidPathException _) {
            // Told below.
        }
        throw AmbrotypeException.of(ErrorCode.USAGE, "'" + template + "' is not an absolute path");
    }

    /**
     * Looks whether a running server's files can be moved; changes nothing.
     *
     * @param reachedAt where it answered; {@code connection} leads there
     * @param id its node id
     * @param launch how it is started again
     * @param to the new folder, absolute
     * @throws AmbrotypeException where the connection fails
     * @throws InterruptedException where the waiting thread is interrupted
     */
    public static Plan plan(HostAndPort reachedAt, NodeId id, RespConnection connection, Launch launch, Path to)
            throws InterruptedException {
        LaunchObservation seen =
                LaunchObservation.of(reachedAt, id, connection, LocalHost.INSTANCE, ProgramRun.searchPath());
        if (!(seen.sighting() instanceof Sighting.Seen(ServerProcess process))) {
            return new Plan.Impossible(List.of("its files cannot be moved from here: it does not run on this host"));
        }
        if (process.container().isPresent()) {
            return new Plan.Impossible(List.of("its files cannot be moved from here: it runs in "
                    + process.container().get()));
        }
        ConfigurationFile file = seen.file().orElse(null);
        Path startFolder = seen.startFolder().orElse(null);
        if (file == null || startFolder == null) {
            return new Plan.Impossible(List.of(seen.fileProblem()
                    .orElse("its configuration file does not say that its folder is " + process.workingFolder())));
        }
        Path from = HostFiles.real(process.workingFolder());
        if (HostFiles.real(to).equals(from)) {
            return file.hasAbsoluteDir()
                    ? new Plan.NotNeeded("its files are in " + to + " already")
                    : new Plan.Impossible(List.of("its files are in " + to
                            + " already; CONFIG REWRITE makes its dir absolute without moving anything"));
        }
        return check(seen.info(), seen.configuration(), reachedAt, id, launch, process, file, startFolder, to);
    }

    private static Plan check(
            ServerInfo info,
            NodeConfiguration settings,
            HostAndPort reachedAt,
            NodeId id,
            Launch launch,
            ServerProcess process,
            ConfigurationFile file,
            Path startFolder,
            Path to) {
        List<String> reasons = new ArrayList<>();
        if (launch instanceof Launch.Supervised(String by)) {
            reasons.add(by + " starts it again before its files could be moved");
        }
        PersistentFiles files = PersistentFiles.of(info.is("cluster_enabled"), settings, Optional.of(file));
        List<Path> present = files.in(to);
        if (!present.isEmpty()) {
            reasons.add(present.getFirst() + " exists already");
        }
        Path from = HostFiles.real(process.workingFolder());
        files.in(from).stream()
                .filter(Files::isSymbolicLink)
                .forEach(link -> reasons.add(link + " is a link, which is not moved"));
        file.all("loadmodule")
                .filter(line ->
                        !line.values().isEmpty() && !line.values().getFirst().startsWith("/"))
                .forEach(line -> reasons.add(line + " is relative to its folder; make it absolute"));
        if (!Files.isWritable(file.path()) || !Files.isWritable(HostFiles.parent(HostFiles.real(file.path())))) {
            reasons.add("its configuration file " + file + " cannot be changed: permission denied");
        }
        room(from, to, files).ifPresent(reasons::add);
        if (!reasons.isEmpty()) {
            return new Plan.Impossible(reasons);
        }
        Map<String, String> pinned = new LinkedHashMap<>();
        for (String name : FILES) {
            file.value(name)
                    .filter(value -> !value.isEmpty() && !value.startsWith("/"))
                    .ifPresent(value ->
                            pinned.put(name, from.resolve(value).normalize().toString()));
        }
        return new Plan.Possible(
                new Relocation(reachedAt, id, process, from, to, files, file.path(), startFolder, pinned));
    }

    /** Copies need room; links do not. */
    private static Optional<String> room(Path from, Path to, PersistentFiles files) {
        try {
            Path existing = to;
            while (!Files.isDirectory(existing)) {
                existing = HostFiles.parent(existing);
            }
            if (!Files.isWritable(existing)) {
                return Optional.of(existing + " is not writable");
            }
            if (Files.getFileStore(existing).equals(Files.getFileStore(from))) {
                return Optional.empty();
            }
            long needed = 0;
            for (Path path : files.in(from)) {
                for (Path file : filesOf(path)) {
                    needed += Files.size(file);
                }
            }
            long free = Files.getFileStore(existing).getUsableSpace();
            return free > needed
                    ? Optional.empty()
                    : Optional.of("its files have " + needed + " bytes, and " + to + " has room for " + free);
        } catch (IOException e) {
            return Optional.of("its files cannot be moved to " + to + ": " + HostFiles.reason(e));
        }
    }

    /** What is going to happen, for the plan. */
    public String describe() {
        return "move its files from " + from + " to " + to + " and set dir in " + configuration;
    }

    /**
     * Does it. May be called again after it failed or was killed, and finishes then; done once more it does nothing.
     *
     * @throws AmbrotypeException {@code UNSAFE} where the server runs, or the new folder has such files that are not from
     *     here; {@code FAILED} where the files cannot be moved: the configuration file is then unchanged and the old files
     *     are in place, or it names the new folder and the new files are
     */
    public void carryOut() {
        carryOut(() -> {});
    }

    /** The same, with something to do before each step: tests end it there. */
    void carryOut(Runnable beforeStep) {
        try {
            ConfigurationFile file = ConfigurationFile.read(configuration, startFolder);
            if (!file.dir().equals(HostFiles.real(to))) {
                refuseWhileItRuns();
                prepareFolder(beforeStep);
                for (Path path : files.in(from)) {
                    bring(path, beforeStep);
                }
                HostFiles.flushFolder(to);
                beforeStep.run();
                Map<String, List<String>> changes = new LinkedHashMap<>();
                pinned.forEach((name, value) -> changes.put(name, List.of(value)));
                changes.put("dir", List.of(to.toString()));
                file.edit(changes, Set.of());
            }
            removeOld(beforeStep);
            beforeStep.run();
            Files.deleteIfExists(to.resolve(MARK));
            HostFiles.flushFolder(to);
        } catch (IOException e) {
            throw AmbrotypeException.of(
                            ErrorCode.FAILED,
                            "the files in " + from + " could not be moved to " + to + ": " + HostFiles.reason(e))
                    .withHint("the server still has its files where its configuration file says; nothing was lost")
                    .causedBy(e);
        }
    }

    private void refuseWhileItRuns() throws IOException {
        if (LocalHost.INSTANCE.isAlive(process) || LocalHost.INSTANCE.isListening(address)) {
            throw AmbrotypeException.of(
                    ErrorCode.UNSAFE, "the server at " + address + " still runs, whose files are to be moved to " + to);
        }
    }

    private void prepareFolder(Runnable beforeStep) throws IOException {
        beforeStep.run();
        if (!Files.isDirectory(to)) {
            Files.createDirectories(HostFiles.parent(to));
            Files.createDirectory(to);
            HostFiles.copyOwnerAndMode(from, to);
            HostFiles.flushFolder(HostFiles.parent(to));
        }
        Path mark = to.resolve(MARK);
        String text = node.value() + " from " + from + "\n";
        if (HostFiles.isThere(mark)) {
            if (!HostFiles.readText(mark, MARK_BYTES).equals(new String(bytes(text), StandardCharsets.ISO_8859_1))) {
                throw AmbrotypeException.of(
                        ErrorCode.UNSAFE,
                        "the files of another server are being moved to " + to + ", as " + mark + " says");
            }
            return;
        }
        List<Path> present = files.in(to);
        if (!present.isEmpty()) {
            throw AmbrotypeException.of(
                    ErrorCode.UNSAFE,
                    "nothing is moved to " + to + ", because " + present.getFirst() + " exists already");
        }
        beforeStep.run();
        try (FileChannel channel = FileChannel.open(mark, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
            ByteBuffer bytes = ByteBuffer.wrap(bytes(text));
            while (bytes.hasRemaining()) {
                channel.write(bytes);
            }
            channel.force(true);
        }
        HostFiles.flushFolder(to);
    }

    private void bring(Path path, Runnable beforeStep) throws IOException {
        beforeStep.run();
        Path target = to.resolve(String.valueOf(path.getFileName()));
        if (!Files.isDirectory(path, LinkOption.NOFOLLOW_LINKS)) {
            bringFile(path, target);
            return;
        }
        if (!Files.isDirectory(target)) {
            Files.createDirectory(target);
        }
        HostFiles.copyOwnerAndMode(path, target);
        for (Path file : filesOf(path)) {
            beforeStep.run();
            bringFile(file, target.resolve(String.valueOf(file.getFileName())));
        }
        HostFiles.flushFolder(target);
    }

    /** What is there under our mark is an earlier attempt of ours. */
    private static void bringFile(Path file, Path target) throws IOException {
        BasicFileAttributes attributes =
                Files.readAttributes(file, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS);
        if (!attributes.isRegularFile()) {
            throw new IOException(file + " is not a file");
        }
        Files.deleteIfExists(target);
        try {
            Files.createLink(target, file);
        } catch (IOException | UnsupportedOperationException _) {
            copy(file, target, attributes.lastModifiedTime());
        }
    }

    private static void copy(Path file, Path target, FileTime modified) throws IOException {
        Path part = target.resolveSibling("." + target.getFileName() + ".ambrotype-part");
        Files.copy(file, part, StandardCopyOption.REPLACE_EXISTING);
        HostFiles.copyOwnerAndMode(file, part);
        Files.setLastModifiedTime(part, modified);
        try (FileChannel channel = FileChannel.open(part, StandardOpenOption.READ)) {
            channel.force(true);
        }
        Files.move(part, target, StandardCopyOption.ATOMIC_MOVE);
    }

    /** Only what is in the new folder too. */
    private void removeOld(Runnable beforeStep) throws IOException {
        for (Path path : files.in(from)) {
            Path target = to.resolve(String.valueOf(path.getFileName()));
            if (!HostFiles.isThere(target)) {
                continue;
            }
            if (Files.isDirectory(path, LinkOption.NOFOLLOW_LINKS)) {
                for (Path file : filesOf(path)) {
                    beforeStep.run();
                    Files.delete(file);
                }
            }
            beforeStep.run();
            Files.delete(path);
        }
        HostFiles.flushFolder(from);
    }

    private static List<Path> filesOf(Path path) throws IOException {
        if (!Files.isDirectory(path, LinkOption.NOFOLLOW_LINKS)) {
            return List.of(path);
        }
        List<Path> files = new ArrayList<>();
        try (DirectoryStream<Path> children = Files.newDirectoryStream(path)) {
            for (Path child : children) {
                files.add(child);
                if (files.size() > MOST_FILES) {
                    throw new IOException(path + " has more than " + MOST_FILES + " files");
                }
            }
        }
        return files;
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }
}
