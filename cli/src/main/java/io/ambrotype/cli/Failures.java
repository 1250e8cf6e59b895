package io.ambrotype.cli;

import io.ambrotype.common.AmbrotypeException;
import io.ambrotype.common.ErrorCode;
import io.ambrotype.rdb.RdbFormatException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.MissingParameterException;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.UnmatchedArgumentException;

/** Makes of any exception the one error that the user sees. */
final class Failures {
    /** How the parser lists the values of an enumeration. */
    private static final Pattern CHOICE = Pattern.compile("\\[([A-Z, ]+)] \\(case-insensitive\\)");

    private Failures() {}

    /** What the user is told. */
    record Failure(
            ErrorCode code, String sentence, @Nullable String hint) {}

    /** The error for an exception that ended a command. */
    static Failure of(Throwable thrown, boolean interrupted) {
        if (thrown instanceof AmbrotypeException known && (!interrupted || known.code() == ErrorCode.INTERRUPTED)) {
            return new Failure(known.code(), known.getMessage(), known.hint().orElse(null));
        }
        if (interrupted || thrown instanceof InterruptedException) {
            return new Failure(ErrorCode.INTERRUPTED, "interrupted", null);
        }
        if (thrown instanceof UncheckedIOException unchecked && unchecked.getCause() != null) {
            return of(unchecked.getCause(), false);
        }
        if (thrown instanceof RdbFormatException damaged) {
            return new Failure(ErrorCode.CORRUPT, String.valueOf(damaged.getMessage()), null);
        }
        if (thrown instanceof FileSystemException file) {
            return new Failure(ErrorCode.FAILED, reason(file), null);
        }
        if (thrown instanceof OutOfMemoryError) {
            return new Failure(
                    ErrorCode.FAILED,
                    "internal error: the memory of this process is exhausted",
                    "set AMBROTYPE_JAVA_OPTIONS=-Xmx1g to go on, and please report this");
        }
        String message = thrown.getMessage();
        String what = thrown.getClass().getSimpleName() + (message == null ? "" : ": " + message);
        return new Failure(
                ErrorCode.FAILED,
                (thrown instanceof IOException ? "input or output failed: " : "internal error: ")
                        + Console.printable(what),
                "set AMBROTYPE_DEBUG=1 to see where, and please report what you see");
    }

    /** The error for a command line that cannot be understood. */
    static Failure of(ParameterException wrong) {
        CommandLine command = wrong.getCommandLine();
        String help = "see " + command.getCommandSpec().qualifiedName() + " --help";
        if (wrong instanceof UnmatchedArgumentException unmatched
                && !unmatched.getUnmatched().isEmpty()) {
            String word = unmatched.getUnmatched().getFirst();
            if (unmatched.isUnknownOption()) {
                String name = word.contains("=") ? word.substring(0, word.indexOf('=')) : word;
                return usage(
                        "unknown option '" + name + "'",
                        didYouMean(name, options(command)).orElse(help));
            }
            List<String> commands = commands(command);
            if (!commands.isEmpty()) {
                return usage(
                        "unknown command '" + word + "'",
                        didYouMean(word, commands).orElse(help));
            }
            return usage("unexpected argument '" + word + "'", help);
        }
        if (wrong instanceof MissingParameterException missing
                && !missing.getMissing().isEmpty()) {
            List<String> names = missing.getMissing().stream()
                    .map(argument -> argument.isOption()
                            ? "option " + ((CommandLine.Model.OptionSpec) argument).longestName()
                            : argument.paramLabel())
                    .toList();
            return usage("missing " + String.join(", ", names), help);
        }
        String message = wrong.getMessage() == null ? "the command line cannot be understood" : wrong.getMessage();
        return usage(lowerCase(message.lines().findFirst().orElse(message)), help);
    }

    /** The names of the commands that can be given there. */
    static List<String> commands(CommandLine command) {
        return command.getSubcommands().entrySet().stream()
                .filter(entry ->
                        !entry.getValue().getCommandSpec().usageMessage().hidden())
                .map(entry -> entry.getKey())
                .toList();
    }

    /** An error in what the user asks for. */
    static AmbrotypeException usage(String sentence) {
        return AmbrotypeException.of(ErrorCode.USAGE, sentence);
    }

    /** Bytes that are not what they claim to be. */
    static AmbrotypeException corrupt(String sentence, Throwable cause) {
        return AmbrotypeException.of(ErrorCode.CORRUPT, sentence).causedBy(cause);
    }

    private static Failure usage(String sentence, String hint) {
        return new Failure(ErrorCode.USAGE, Console.printable(sentence), Console.printable(hint));
    }

    private static Optional<String> didYouMean(String word, List<String> known) {
        return Suggestion.didYouMean(word, known);
    }

    private static List<String> options(CommandLine command) {
        return command.getCommandSpec().options().stream()
                .filter(option -> !option.hidden())
                .flatMap(option -> Stream.of(option.names()))
                .filter(name -> name.startsWith("--"))
                .toList();
    }

    /** Why a file could not be used, in words that fit behind a colon and on their own. */
    static String reason(IOException thrown) {
        if (!(thrown instanceof FileSystemException file)) {
            return thrown.getMessage() == null ? thrown.getClass().getSimpleName() : thrown.getMessage();
        }
        String name = "'" + file.getFile() + "'";
        return switch (file) {
            case NoSuchFileException _ -> name + " does not exist";
            case AccessDeniedException _ -> name + " may not be accessed (permission denied)";
            default -> name + ": " + (file.getReason() == null ? file.getClass().getSimpleName() : file.getReason());
        };
    }

    private static String lowerCase(String message) {
        String sentence =
                CHOICE.matcher(message).replaceAll(match -> match.group(1).toLowerCase(Locale.ROOT));
        String stripped = sentence.endsWith(".") ? sentence.substring(0, sentence.length() - 1) : sentence;
        return stripped.substring(0, 1).toLowerCase(Locale.ROOT) + stripped.substring(1);
    }
}
