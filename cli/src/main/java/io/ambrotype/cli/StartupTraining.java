package io.ambrotype.cli;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.file.Path;
import java.time.Clock;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * What the JVM watches when the AOT cache is made: the classes and methods of the usual commands, so that they start fast.
 * Touches no network and writes no file.
 */
final class StartupTraining {
    /** An RDB with one string in it and no checksum. */
    private static final byte[] RDB = "REDIS0009\u0000\u0001k\u0001v".getBytes(UTF_8);

    private StartupTraining() {}

    /** Runs the commands and forgets what they say. */
    public static void main(String[] arguments) {
        run("--version");
        run("--help");
        run("no-such-command");
        run("backup", "--help");
        run("list", "--repo", "/nonexistent/ambrotype");
        run("rdb", "-");
        run("rdb", "-", "--output", "json");
        Configuration.of(Path.of("training.yaml"), """
                repository: /nonexistent/ambrotype
                deployments:
                  training: {uri: "rediss://127.0.0.1:7000", username: training, tls: {verify-hostname: true}, parallel: 2}
                """);
    }

    private static void run(String... arguments) {
        byte[] rdb = new byte[RDB.length + 9];
        System.arraycopy(RDB, 0, rdb, 0, RDB.length);
        rdb[RDB.length] = (byte) 0xff;
        Terminal nowhere = new Terminal(
                new PrintStream(new ByteArrayOutputStream(), true, UTF_8),
                new PrintStream(new ByteArrayOutputStream(), true, UTF_8),
                new ByteArrayInputStream(rdb),
                Set.of(),
                80,
                Map.of(),
                Path.of("/"),
                _ -> Optional.empty());
        Main.run(nowhere, Clock.systemUTC(), new Main.Interruption(), arguments);
    }
}
