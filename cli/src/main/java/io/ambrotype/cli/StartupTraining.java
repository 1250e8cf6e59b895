package io.ambrotype.cli;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.nio.file.Path;
import java.time.Clock;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * What the JVM watches when the AOT cache is made: the classes and methods of the usual commands, so that they start fast.
 * Touches no network and no file.
 */
final class StartupTraining {
    private StartupTraining() {}

    /** Runs the commands and forgets what they say. */
    public static void main(String[] arguments) {
        run("--version");
        run("help");
        run("rdb", "--help");
        run("no-such-command");
        run("list", "--repo", "/nonexistent/ambrotype");
        run("rdb", "/nonexistent/dump.rdb", "--output", "json");
    }

    private static void run(String... arguments) {
        Terminal nowhere = new Terminal(
                new java.io.PrintStream(new ByteArrayOutputStream(), true, java.nio.charset.StandardCharsets.UTF_8),
                new java.io.PrintStream(new ByteArrayOutputStream(), true, java.nio.charset.StandardCharsets.UTF_8),
                new ByteArrayInputStream(new byte[0]),
                Set.of(),
                80,
                Map.of(),
                Path.of("/"),
                _ -> Optional.empty());
        Main.run(nowhere, Clock.systemUTC(), new Main.Interruption(), arguments);
    }
}
