package io.ambrotype.cli;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.ambrotype.common.Secret;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** Runs the program in this process and keeps what it said. */
final class Run {
    static final Instant NOW = Instant.parse("2026-11-22T16:00:00Z");

    private final ByteArrayOutputStream out = new ByteArrayOutputStream();
    private final ByteArrayOutputStream err = new ByteArrayOutputStream();
    private final Map<String, String> environment = new HashMap<>();
    private Set<Terminal.Channel> terminals = Set.of();
    private byte[] input = {};
    private Optional<Secret> password = Optional.empty();
    private final Path directory;

    private Run(Path directory) {
        this.directory = directory;
    }

    /** A run in a folder, with an empty environment and no terminal. */
    static Run in(Path directory) {
        return new Run(directory);
    }

    /** A run that needs no folder. */
    static Run anywhere() {
        return new Run(Path.of("/nonexistent"));
    }

    Run with(String variable, String value) {
        environment.put(variable, value);
        return this;
    }

    Run onTerminal(Terminal.Channel... channels) {
        terminals = Set.of(channels);
        environment.putIfAbsent("TERM", "xterm");
        return this;
    }

    Run input(byte[] bytes) {
        input = bytes.clone();
        return this;
    }

    Run input(String text) {
        return input(text.getBytes(UTF_8));
    }

    Run password(String text) {
        password = Optional.of(Secret.of(text));
        return this;
    }

    Terminal terminal() {
        return new Terminal(
                new PrintStream(out, true, UTF_8),
                new PrintStream(err, true, UTF_8),
                new ByteArrayInputStream(input),
                terminals,
                80,
                environment,
                directory,
                prompt -> {
                    err.writeBytes(prompt.getBytes(UTF_8));
                    return password;
                });
    }

    /** What commands are given, for tests of their parts. */
    Context context() {
        return new Context(terminal(), clock(), new java.util.Random(1));
    }

    Result command(String... arguments) {
        int status = Main.run(terminal(), clock(), new Main.Interruption(), arguments);
        return new Result(status, out(), err());
    }

    String out() {
        return out.toString(UTF_8);
    }

    String err() {
        return err.toString(UTF_8);
    }

    private static Clock clock() {
        return Clock.fixed(NOW, ZoneOffset.UTC);
    }

    /** What a command left behind. */
    record Result(int status, String out, String err) {}
}
