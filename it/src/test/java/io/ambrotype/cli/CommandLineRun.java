package io.ambrotype.cli;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Clock;
import java.util.Arrays;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * A command line that was run inside this process, with no terminal around it.
 *
 * @param status the exit status
 * @param out what it wrote to standard output
 * @param err what it wrote to standard error
 */
public record CommandLineRun(int status, String out, String err) {
    /** Runs one in the given working folder. */
    public static CommandLineRun of(Path directory, String... arguments) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        ByteArrayOutputStream err = new ByteArrayOutputStream();
        Terminal terminal = new Terminal(
                new PrintStream(out, true, StandardCharsets.UTF_8),
                new PrintStream(err, true, StandardCharsets.UTF_8),
                new ByteArrayInputStream(new byte[0]),
                Set.of(),
                120,
                Map.of("HOME", directory.toString(), "XDG_CONFIG_HOME", directory.toString()),
                directory,
                _ -> Optional.empty());
        int status = Main.run(terminal, Clock.systemUTC(), new Main.Interruption(), arguments);
        return new CommandLineRun(status, out.toString(StandardCharsets.UTF_8), err.toString(StandardCharsets.UTF_8));
    }

    /** Runs one on a repository, in the given working folder. */
    public static CommandLineRun on(Path repository, Path directory, String... command) {
        String[] whole = Arrays.copyOf(command, command.length + 2);
        whole[command.length] = "--repo";
        whole[command.length + 1] = repository.toString();
        return of(directory, whole);
    }
}
