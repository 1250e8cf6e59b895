package io.ambrotype.cli;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.BufferedOutputStream;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.stream.Stream;

/**
 * What the JVM watches when the AOT cache is made: the classes of the usual commands, so that they start fast, and the loops that
 * go over every byte, so that they are compiled early and well. Touches no network, and no file outside a folder of its own, which it
 * removes.
 */
final class StartupTraining {
    /** Enough for the JVM to know the loops, and over within seconds. */
    private static final int RDB_BYTES = 24 << 20;

    private static final int RDB_VERSION_7_0 = 10;
    private static final int STRING = 0;
    private static final int HASH = 4;
    private static final int INTSET = 11;
    private static final int HASH_LISTPACK = 16;
    private static final int ZSET_LISTPACK = 17;
    private static final int LIST_QUICKLIST = 18;
    private static final int SET_LISTPACK = 20;
    private static final int EXPIRE_MILLIS = 252;
    private static final int END = 255;

    private final Random random = new Random(1);
    private final Path folder;

    private StartupTraining(Path folder) {
        this.folder = folder;
    }

    /** Runs the commands and forgets what they say. */
    public static void main(String[] arguments) throws IOException {
        Path folder = Files.createTempDirectory("ambrotype-training-");
        try {
            new StartupTraining(folder).runAll();
        } finally {
            try (Stream<Path> files = Files.walk(folder)) {
                for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                    Files.deleteIfExists(file);
                }
            }
        }
    }

    private void runAll() throws IOException {
        writeRdb(folder.resolve("dump.rdb"));
        run("--version");
        run("--help");
        run("no-such-command");
        run("backup", "--help");
        run("list", "--repo", "none");
        run("rdb", "-");
        run("rdb", "dump.rdb", "--output", "json");
        run("import", "training", "--standalone", "dump.rdb", "--repo", "repository");
        run("rdb", "dump.rdb");
        run("list", "--repo", "repository");
        run("list", "--repo", "repository", "--output", "json");
        run("show", "latest", "--repo", "repository");
        run("verify", "--repo", "repository");
        run("compare", "latest", "latest", "--repo", "repository");
        run("restore", "latest", "--repo", "repository", "--rdb", "restored.rdb", "--yes");
        Configuration.of(folder.resolve("training.yaml"), """
                repository: repository
                deployments:
                  training: {uri: "rediss://127.0.0.1:7000", username: training, tls: {verify-hostname: true}, parallel: 2}
                """);
    }

    private void run(String... arguments) {
        Terminal nowhere = new Terminal(
                new PrintStream(new ByteArrayOutputStream(), true, UTF_8),
                new PrintStream(new ByteArrayOutputStream(), true, UTF_8),
                new ByteArrayInputStream(new byte[0]),
                Set.of(),
                80,
                Map.of(),
                folder,
                _ -> Optional.empty());
        Main.run(nowhere, Clock.systemUTC(), new Main.Interruption(), arguments);
    }

    /** An RDB with the encodings that are most of usual data, and no checksum. */
    private void writeRdb(Path file) throws IOException {
        try (OutputStream out = new BufferedOutputStream(Files.newOutputStream(file), 1 << 16)) {
            out.write("REDIS%04d".formatted(RDB_VERSION_7_0).getBytes(UTF_8));
            int number = 0;
            for (int written = 0; written < RDB_BYTES; number++) {
                written += writeEntry(out, number);
            }
            out.write(END);
            out.write(new byte[Long.BYTES]);
        }
    }

    private int writeEntry(OutputStream out, int number) throws IOException {
        ByteArrayOutputStream entry = new ByteArrayOutputStream();
        if (number % 4 == 0) {
            entry.write(EXPIRE_MILLIS);
            // In the year 2100 or so.
            entry.write(new byte[] {0, 0, 0, 0, (byte) 0xc0, 3, 0, 0});
        }
        int type = List.of(STRING, STRING, STRING, HASH_LISTPACK, SET_LISTPACK, ZSET_LISTPACK, LIST_QUICKLIST, HASH, INTSET)
                .get(number % 9);
        entry.write(type);
        write(entry, ("training:" + number).getBytes(UTF_8));
        switch (type) {
            case STRING -> write(entry, text(10 + random.nextInt(number % 3 == 0 ? 2000 : 100)));
            case HASH -> {
                length(entry, 30);
                for (int i = 0; i < 30; i++) {
                    write(entry, ("field" + i).getBytes(UTF_8));
                    write(entry, text(80));
                }
            }
            case INTSET -> write(entry, new byte[] {2, 0, 0, 0, 3, 0, 0, 0, 1, 0, 2, 0, 3, 0});
            case LIST_QUICKLIST -> {
                length(entry, 1);
                length(entry, 2);
                write(entry, listpack(40));
            }
            default -> write(entry, listpack(20));
        }
        entry.writeTo(out);
        return entry.size();
    }

    /** So many elements, each of them another number and thus fit for sets, scores and fields. */
    private byte[] listpack(int elements) {
        ByteArrayOutputStream body = new ByteArrayOutputStream();
        for (int i = 0; i < elements; i++) {
            byte[] element = Integer.toString(1_000_000 + i).getBytes(UTF_8);
            body.write(0x80 | element.length);
            body.writeBytes(element);
            body.write(1 + element.length);
        }
        int total = 6 + body.size() + 1;
        ByteArrayOutputStream listpack = new ByteArrayOutputStream();
        listpack.writeBytes(new byte[] {(byte) total, (byte) (total >>> 8), 0, 0, (byte) elements, 0});
        listpack.writeBytes(body.toByteArray());
        listpack.write(END);
        return listpack.toByteArray();
    }

    private byte[] text(int length) {
        byte[] text = new byte[length];
        for (int i = 0; i < length; i++) {
            text[i] = (byte) ('a' + random.nextInt(16));
        }
        return text;
    }

    private static void write(ByteArrayOutputStream out, byte[] text) {
        length(out, text.length);
        out.writeBytes(text);
    }

    /** Lengths up to 16383 (rdb.h: two bits that say how many bytes follow). */
    private static void length(ByteArrayOutputStream out, int length) {
        if (length >= 64) {
            out.write(0x40 | length >>> 8);
        }
        out.write(length & 0xff);
    }
}
