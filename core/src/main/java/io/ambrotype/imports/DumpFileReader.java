package io.ambrotype.imports;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.ambrotype.common.AmbrotypeException;
import io.ambrotype.common.ErrorCode;
import io.ambrotype.imports.ImportPlan.DumpFile;
import io.ambrotype.imports.ImportPlan.SlotCounts;
import io.ambrotype.rdb.ChecksumVerdict;
import io.ambrotype.rdb.HashSlot;
import io.ambrotype.rdb.RdbDialect;
import io.ambrotype.rdb.RdbFormatException;
import io.ambrotype.rdb.RdbReader;
import io.ambrotype.rdb.RdbReaderOptions;
import io.ambrotype.rdb.RdbVersion;
import io.ambrotype.rdb.RecordKind;
import io.ambrotype.topology.NodesConf;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.ReadableByteChannel;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Finds the RDB in what an operator names, and reads it to its end, through all of its checks. An append-only file may follow its
 * RDB, where the RDB itself says that it is the beginning of one.
 */
final class DumpFileReader {
    private static final int MOST_MANIFEST_BYTES = 1 << 20;
    private static final int MOST_VIEWS = 100;
    private static final int RECORDS_PER_REPORT = 1024;
    private static final RdbReaderOptions OPTIONS = RdbReaderOptions.DEFAULT.withTrailingBytesAllowed(true);

    private final ImportListener listener;

    DumpFileReader(ImportListener listener) {
        this.listener = listener;
    }

    /** Where the RDB is, and what lies beside it. */
    private record Place(Path rdb, List<String> leftOut) {}

    /**
     * Reads it.
     *
     * @throws AmbrotypeException {@link ErrorCode#CORRUPT} where it is damaged, with the byte; {@link ErrorCode#USAGE} where there is
     *     nothing that could be imported
     */
    DumpFile read(Path given) {
        Place place = find(given);
        Path file = place.rdb();
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
            return read(given, place, channel);
        } catch (RdbFormatException e) {
            throw damaged(file, e);
        } catch (IOException e) {
            throw unreadable(file, e);
        }
    }

    private DumpFile read(Path given, Place place, FileChannel channel) throws IOException {
        Path file = place.rdb();
        long length = channel.size();
        requireRdb(file, channel, length);
        RdbReader reader = RdbReader.open(channel, OPTIONS);
        long[] slots = new long[HashSlot.COUNT];
        Map<String, String> aux = new HashMap<>();
        long entries = 0;
        int unreported = 0;
        for (RecordKind kind = reader.next(); kind != RecordKind.END; kind = reader.next()) {
            if (kind == RecordKind.ENTRY) {
                slots[reader.slot()]++;
                entries++;
            } else if (kind == RecordKind.AUX && aux.size() < 64) {
                aux.putIfAbsent(reader.auxName(), reader.auxValue());
            }
            if (++unreported == RECORDS_PER_REPORT) {
                unreported = 0;
                listener.progress(file, false, reader.position(), length, entries);
            }
        }
        long end = reader.position();
        listener.progress(file, false, end, length, entries);
        List<String> leftOut = new ArrayList<>(place.leftOut());
        if (end < length) {
            boolean preamble = "1".equals(aux.get("aof-preamble")) || "1".equals(aux.get("aof-base"));
            if (!preamble || !continuesWithCommands(channel, end)) {
                throw new RdbFormatException(end, "bytes follow the end");
            }
            leftOut.add(file + ": " + (length - end) + " bytes of commands behind its RDB");
        }
        return new DumpFile(
                given,
                file,
                end,
                entries,
                new SlotCounts(slots),
                reader.version().toString(),
                reader.checksum() == ChecksumVerdict.VERIFIED,
                aux.containsKey("valkey-ver") || reader.version().dialect() == RdbDialect.VALKEY ? "valkey" : "redis",
                versionTold(aux).orElse(firstVersionOf(reader.version())),
                versionTold(aux).isPresent(),
                Optional.ofNullable(aux.get("repl-id")).filter(id -> id.matches("[0-9a-f]{40}")),
                numberOf(aux.get("repl-offset")),
                savedAt(aux, file),
                view(file),
                leftOut);
    }

    private static boolean continuesWithCommands(FileChannel channel, long at) throws IOException {
        ByteBuffer next = ByteBuffer.allocate(1);
        return channel.read(next, at) == 1 && (next.get(0) == '*' || next.get(0) == '#');
    }

    private static void requireRdb(Path file, FileChannel channel, long length) throws IOException {
        ByteBuffer beginning = ByteBuffer.allocate(1);
        if (length == 0) {
            throw AmbrotypeException.of(
                    ErrorCode.CORRUPT, file + " is empty: not even the beginning of an RDB (byte 0)");
        }
        if (channel.read(beginning, 0) == 1 && beginning.get(0) == '*') {
            throw AmbrotypeException.of(
                            ErrorCode.CORRUPT,
                            file
                                    + " begins with commands and not with an RDB (byte 0): it is an append-only file without a base")
                    .withHint("start a server from it, and back that up: ambrotype backup");
        }
    }

    /**
     * The bytes of the RDB alone, once more, for storing.
     *
     * @throws IOException where it cannot be opened
     */
    static ReadableByteChannel open(DumpFile file) throws IOException {
        return new Part(FileChannel.open(file.path(), StandardOpenOption.READ), file.rdbBytes());
    }

    static AmbrotypeException damaged(Path file, RdbFormatException e) {
        return AmbrotypeException.of(
                        ErrorCode.CORRUPT, file + " is damaged, or of a version that is not known: " + e.getMessage())
                .withHint("nothing of it was imported; take another copy of the file, or a backup of the server itself")
                .causedBy(e);
    }

    static AmbrotypeException unreadable(Path file, IOException e) {
        String reason = switch (e) {
            case NoSuchFileException _ -> "it does not exist";
            case AccessDeniedException _ -> "it may not be read (permission denied)";
            default -> String.valueOf(e.getMessage());
        };
        return AmbrotypeException.of(ErrorCode.FAILED, "cannot read " + file + ": " + reason)
                .causedBy(e);
    }

    // ---- where the RDB is

    private static Place find(Path given) {
        if (!Files.exists(given)) {
            throw usage(given + " does not exist", "name an RDB file, an append-only folder, or the folder of a node");
        }
        if (!Files.isDirectory(given)) {
            return new Place(given, List.of());
        }
        List<Path> manifests = filesLike(given, "*.manifest");
        if (manifests.size() == 1) {
            return ofManifest(given, manifests.getFirst());
        }
        if (manifests.size() > 1) {
            throw usage(given + " has several manifests of append-only files", "name the base that is to be imported");
        }
        Path appendOnly = given.resolve("appendonlydir");
        List<Path> rdbs = filesLike(given, "*.rdb");
        if (rdbs.size() == 1 && !Files.isDirectory(appendOnly)) {
            return new Place(rdbs.getFirst(), List.of());
        }
        if (rdbs.isEmpty() && Files.isDirectory(appendOnly)) {
            return find(appendOnly);
        }
        throw usage(
                rdbs.isEmpty()
                        ? given + " has neither an RDB nor an append-only folder"
                        : given + " has more than one thing that could be imported",
                "name the file: a node with appendonly yes has its data in appendonlydir, else in its dump.rdb");
    }

    /** Lines such as {@code file appendonly.aof.1.base.rdb seq 1 type b} (aof.c, aofLoadManifestFromFile). */
    private static Place ofManifest(Path folder, Path manifest) {
        List<String> leftOut = new ArrayList<>();
        Path base = null;
        try {
            byte[] text = beginning(manifest, MOST_MANIFEST_BYTES + 1);
            if (text.length > MOST_MANIFEST_BYTES) {
                throw usage(manifest + " is too long for a manifest", "name the base that is to be imported");
            }
            for (String line : new String(text, UTF_8).split("\n")) {
                String[] words = line.strip().split("\\s+");
                if (words.length < 6 || !words[0].equals("file") || words[1].indexOf('/') >= 0) {
                    continue;
                }
                Path file = folder.resolve(words[1]);
                switch (words[5]) {
                    case "b" -> base = file;
                    case "i" -> {
                        long bytes = Files.exists(file) ? Files.size(file) : 0;
                        if (bytes > 0) {
                            leftOut.add(file + ": " + bytes + " bytes of commands since its base");
                        }
                    }
                    default -> {
                        // History: servers do not load it either.
                    }
                }
            }
        } catch (InvalidPathException e) {
            throw AmbrotypeException.of(
                            ErrorCode.CORRUPT,
                            manifest + " is damaged: it names a file that cannot be: " + e.getReason())
                    .withHint("name the base that is to be imported")
                    .causedBy(e);
        } catch (IOException e) {
            throw unreadable(manifest, e);
        }
        if (base == null) {
            throw usage(
                    manifest + " names no base: all data are in commands",
                    "start a server from the folder, and back that up: ambrotype backup");
        }
        return new Place(base, leftOut);
    }

    /** The nodes.conf in the node's folder, where there is exactly one that can be read. */
    private static Optional<NodesConf> view(Path file) {
        Path folder = file.toAbsolutePath().normalize().getParent();
        if (folder != null
                && folder.getFileName() != null
                && folder.getFileName().toString().equals("appendonlydir")) {
            folder = folder.getParent();
        }
        List<NodesConf> found = new ArrayList<>();
        for (Path candidate : folder == null ? List.<Path>of() : filesLike(folder, "nodes*.conf")) {
            try {
                found.add(NodesConf.parse(beginning(candidate, NodesConf.MAXIMUM_BYTES + 1), candidate.toString()));
            } catch (AmbrotypeException | IOException e) {
                // It is a help and no condition; what matters is the topology that was named.
            }
        }
        return found.size() == 1 ? Optional.of(found.getFirst()) : Optional.empty();
    }

    /** The first bytes of a file, at most that many. */
    static byte[] beginning(Path file, int bytes) throws IOException {
        try (InputStream in = Files.newInputStream(file)) {
            return in.readNBytes(bytes);
        }
    }

    private static List<Path> filesLike(Path folder, String glob) {
        var matcher = folder.getFileSystem().getPathMatcher("glob:" + glob);
        try (Stream<Path> files = Files.list(folder)) {
            return files.filter(file -> matcher.matches(file.getFileName()) && Files.isRegularFile(file))
                    .sorted()
                    .limit(MOST_VIEWS)
                    .toList();
        } catch (IOException e) {
            throw unreadable(folder, e);
        }
    }

    // ---- what the aux fields say

    private static Optional<String> versionTold(Map<String, String> aux) {
        return Optional.ofNullable(aux.getOrDefault("valkey-ver", aux.get("redis-ver")))
                .filter(told -> told.matches("[0-9]{1,4}\\.[0-9]{1,4}\\.[0-9]{1,9}"));
    }

    private static String firstVersionOf(RdbVersion version) {
        return version.dialect() == RdbDialect.VALKEY
                ? "9.0.0"
                : switch (version.number()) {
                    case 10 -> "7.0.0";
                    case 11 -> "7.2.0";
                    case 12 -> "7.4.0";
                    default -> "5.0.0";
                };
    }

    private static long numberOf(@Nullable String text) {
        return text != null && text.matches("[0-9]{1,18}") ? Long.parseLong(text) : 0;
    }

    private static Instant savedAt(Map<String, String> aux, Path file) throws IOException {
        long seconds = numberOf(aux.get("ctime"));
        return seconds > 0 && seconds < 1L << 33
                ? Instant.ofEpochSecond(seconds)
                : Files.getLastModifiedTime(file).toInstant();
    }

    private static AmbrotypeException usage(String message, String hint) {
        return AmbrotypeException.of(ErrorCode.USAGE, message).withHint(hint);
    }

    /** The first bytes of a file. */
    private static final class Part implements ReadableByteChannel {
        private final FileChannel file;
        private long left;

        Part(FileChannel file, long length) {
            this.file = file;
            this.left = length;
        }

        @Override
        public int read(ByteBuffer target) throws IOException {
            if (left == 0) {
                return -1;
            }
            int limit = target.limit();
            target.limit((int) Math.min(limit, target.position() + left));
            try {
                int count = file.read(target);
                left -= Math.max(0, count);
                return count;
            } finally {
                target.limit(limit);
            }
        }

        @Override
        public boolean isOpen() {
            return file.isOpen();
        }

        @Override
        public void close() throws IOException {
            file.close();
        }
    }
}
