package io.ambrotype.cli;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;

/**
 * What the JVM watches when the AOT cache is made: the classes and methods of the usual commands, so that they start fast.
 * Talks to nobody but a {@link TrainingServer} of its own; what it writes, a repository of some snapshots, is in a temporary folder that
 * it removes.
 */
final class StartupTraining {
    /** An RDB with a string, a hash and an expiry in it and no checksum. */
    private static final String RDB = "REDIS0009"
            + "\u0000\u0001k\u0001v"
            + "\u0004\u0001h\u0001\u0001f\u0001v"
            + "\u00fc\u0000\u0000\u0000\u0000\u0000\u0001\u0000\u0000\u0000\u0001e\u0001v"
            + "\u00ff\u0000\u0000\u0000\u0000\u0000\u0000\u0000\u0000";

    private static final int MANY = 200_000;

    private final Path folder;
    private final List<String> surprises = new ArrayList<>();

    private StartupTraining(Path folder) {
        this.folder = folder;
    }

    /** Runs the commands and forgets what they say: a command that fails is still worth to be watched. */
    public static void main(String[] arguments) throws IOException {
        Path folder = Files.createTempDirectory("ambrotype-training");
        try {
            run(folder);
        } finally {
            Folders.remove(folder);
        }
    }

    /**
     * Runs the commands.
     *
     * @param folder an empty folder for what they write
     * @return the commands that ended otherwise than is meant here, and with what
     */
    static List<String> run(Path folder) throws IOException {
        StartupTraining training = new StartupTraining(folder);
        training.run();
        return training.surprises;
    }

    private void run() throws IOException {
        Path dump = Files.write(folder.resolve("dump.rdb"), RDB.getBytes(ISO_8859_1));
        run("--version");
        run("--help");
        run(2, "no-such-command");
        run("backup", "--help");
        run(10, "list", "--repo", "/nonexistent/ambrotype");
        run("rdb", "-");
        run("rdb", dump.toString(), "--output", "json");
        for (int i = 0; i < 2; i++) {
            run("import", "training", "--standalone", dump.toString(), "--repo", repository(), "--yes");
        }
        run("list", "--repo", repository());
        run("list", "--repo", repository(), "--output", "json");
        run("show", "latest", "--repo", repository());
        run("verify", "latest", "--repo", repository());
        try (TrainingServer server = new TrainingServer(large())) {
            String deployment = "redis://" + server.address();
            run("status", deployment);
            run(21, "doctor", deployment);
            run("backup", deployment, "--repo", repository());
            for (int i = 0; i < 2; i++) {
                run("restore", "latest", "--repo", repository(), "--to", deployment, "--yes");
            }
        }
        Configuration.of(Path.of("training.yaml"), """
                repository: /nonexistent/ambrotype
                deployments:
                  training: {uri: "rediss://127.0.0.1:7000", username: training, tls: {verify-hostname: true}, parallel: 2}
                """);
    }

    /** An RDB of some size: what works on every key is to be compiled while it is watched. */
    private static String large() {
        StringBuilder rdb = new StringBuilder("REDIS0009");
        Random random = new Random(1);
        for (int i = 0; i < MANY; i++) {
            String key = "key:" + i;
            rdb.append('\u0000').append((char) key.length()).append(key).append((char) 60);
            for (int c = 0; c < 60; c++) {
                rdb.append((char) ('a' + random.nextInt(16)));
            }
        }
        return rdb.append('\u00ff').append("\u0000".repeat(8)).toString();
    }

    private String repository() {
        return folder.resolve("repository").toString();
    }

    private void run(String... arguments) {
        run(0, arguments);
    }

    private void run(int expected, String... arguments) {
        ByteArrayOutputStream err = new ByteArrayOutputStream();
        Terminal nowhere = new Terminal(
                new PrintStream(new ByteArrayOutputStream(), true, UTF_8),
                new PrintStream(err, true, UTF_8),
                new ByteArrayInputStream(RDB.getBytes(ISO_8859_1)),
                Set.of(),
                80,
                Map.of("XDG_STATE_HOME", folder.resolve("state").toString()),
                folder,
                _ -> Optional.empty());
        int status = Main.run(nowhere, Clock.systemUTC(), new Main.Interruption(), arguments);
        if (status != expected) {
            surprises.add(String.join(" ", arguments) + ": " + status + "\n" + err.toString(UTF_8));
        }
    }
}
