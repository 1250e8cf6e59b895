package io.ambrotype.cli;

import io.ambrotype.common.Secret;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Collectors;

/**
 * What surrounds the process: its streams and which of them are terminals, the environment, the working folder. Text is
 * UTF-8. Everything that reads or writes there is given this value, so that a test can stand in for all of it.
 *
 * @param out for results
 * @param err for progress, questions and errors
 * @param in for answers and for what {@code -} names
 * @param terminals which of the three are terminals
 * @param width columns of the terminal
 * @param environment the environment variables
 * @param directory the working folder, absolute
 * @param passwordReader asks a question without echoing the answer; empty where the input ended
 */
record Terminal(
        PrintStream out,
        PrintStream err,
        InputStream in,
        Set<Channel> terminals,
        int width,
        Map<String, String> environment,
        Path directory,
        Function<String, Optional<Secret>> passwordReader) {
    private static final int USUAL_WIDTH = 80;

    /** One of the three standard streams. */
    enum Channel {
        IN,
        OUT,
        ERR
    }

    /** Copies what could change. */
    Terminal {
        terminals = Set.copyOf(terminals);
        environment = Map.copyOf(environment);
    }

    /**
     * The surroundings of this process.
     *
     * @param in standard input
     * @param out standard output
     * @param err standard error
     */
    static Terminal ofProcess(InputStream in, OutputStream out, OutputStream err) {
        Map<String, String> environment = System.getenv();
        return new Terminal(
                new PrintStream(out, true, StandardCharsets.UTF_8),
                new PrintStream(err, true, StandardCharsets.UTF_8),
                in,
                terminals(environment),
                width(environment),
                environment,
                Path.of("").toAbsolutePath(),
                Terminal::readPassword);
    }

    /** A variable of the environment; empty too where it is set to nothing. */
    Optional<String> variable(String name) {
        return Optional.ofNullable(environment.get(name)).filter(value -> !value.isEmpty());
    }

    boolean isTerminal(Channel channel) {
        return terminals.contains(channel);
    }

    /** Whether a question can be asked and answered. */
    boolean isInteractive() {
        return isTerminal(Channel.IN) && isTerminal(Channel.ERR);
    }

    /** Whether colour is wanted there: on a terminal that has it, unless NO_COLOR says no. */
    boolean hasColour(Channel channel) {
        return canMoveCursor(channel) && variable("NO_COLOR").isEmpty();
    }

    /** Whether lines printed there can be printed over. */
    boolean canMoveCursor(Channel channel) {
        return isTerminal(channel) && !variable("TERM").orElse("dumb").equals("dumb");
    }

    /** One line of the input without its end; empty where the input ended before. */
    Optional<String> readLine() throws IOException {
        byte[] line = new byte[1024];
        int length = 0;
        for (int b = in.read(); b != '\n'; b = in.read()) {
            if (b < 0) {
                if (length == 0) {
                    return Optional.empty();
                }
                break;
            }
            if (length < line.length) {
                line[length++] = (byte) b;
            }
        }
        return Optional.of(new String(line, 0, length, StandardCharsets.UTF_8).strip());
    }

    /** The launcher tells which streams are terminals, because Java itself cannot tell them apart. */
    private static Set<Channel> terminals(Map<String, String> environment) {
        List<String> names =
                List.of(environment.getOrDefault("AMBROTYPE_TERMINALS", "").split(" ", -1));
        return EnumSet.allOf(Channel.class).stream()
                .filter(channel -> names.contains(channel.name().toLowerCase(Locale.ROOT)))
                .collect(Collectors.toUnmodifiableSet());
    }

    private static int width(Map<String, String> environment) {
        try {
            int columns = Integer.parseInt(environment.getOrDefault("COLUMNS", ""));
            return columns >= 20 && columns <= 1000 ? columns : USUAL_WIDTH;
        } catch (NumberFormatException _) {
            return USUAL_WIDTH;
        }
    }

    private static Optional<Secret> readPassword(String prompt) {
        return Optional.ofNullable(System.console())
                .map(console -> console.readPassword("%s", prompt))
                .map(password -> Secret.of(new String(password)));
    }
}
