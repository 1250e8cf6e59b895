package io.ambrotype.host;

import io.ambrotype.common.AmbrotypeException;
import io.ambrotype.common.ErrorCode;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** A command with placeholders for a server, such as {@code ssh {host} sudo systemctl start redis@{port}}. */
final class CommandTemplate {
    private static final List<String> NAMES = List.of("host", "port", "id", "dir", "config");
    private static final Pattern PLACEHOLDER = Pattern.compile("\\{([A-Za-z_-]+)}");

    /** What no shell sees anything in. */
    private static final Pattern PLAIN = Pattern.compile("[\\p{L}\\p{N}_./:@%+=,-]+");

    /** What could mean something to a second shell, behind ssh. */
    private static final Pattern DANGEROUS = Pattern.compile("^-|[$`\\\\\"';&|<>\\p{Cntrl}]");

    private CommandTemplate() {}

    /** Refuses placeholders that do not exist. @throws AmbrotypeException {@code USAGE} */
    static void check(String template) {
        Matcher matcher = PLACEHOLDER.matcher(template);
        while (matcher.find()) {
            // ${name} and {a,b} belong to the shell.
            boolean ofShell = matcher.start() > 0 && template.charAt(matcher.start() - 1) == '$';
            if (!ofShell && !NAMES.contains(matcher.group(1))) {
                throw AmbrotypeException.of(
                                ErrorCode.USAGE, "the start command has an unknown placeholder " + matcher.group())
                        .withHint("known are {host} {port} {id} {dir} {config}");
            }
        }
    }

    /**
     * The command for one server, each value as one word of the shell.
     *
     * @throws AmbrotypeException {@code UNSAFE} where a value is not known or cannot be handed to a shell
     */
    static String expand(String template, Launch.Target target) {
        Matcher matcher = PLACEHOLDER.matcher(template);
        StringBuilder command = new StringBuilder();
        while (matcher.find()) {
            boolean ofShell = matcher.start() > 0 && template.charAt(matcher.start() - 1) == '$';
            String text = ofShell ? matcher.group() : word(matcher.group(), value(matcher.group(1), target), target);
            matcher.appendReplacement(command, Matcher.quoteReplacement(text));
        }
        return matcher.appendTail(command).toString();
    }

    private static Optional<String> value(String name, Launch.Target target) {
        return switch (name) {
            case "host" -> Optional.of(target.address().host());
            case "port" -> Optional.of(Integer.toString(target.address().port()));
            case "id" -> Optional.of(target.id());
            case "dir" -> target.dir();
            case "config" -> target.config();
            default -> throw new IllegalArgumentException("placeholder " + name);
        };
    }

    private static String word(String placeholder, Optional<String> value, Launch.Target target) {
        String text = value.filter(known -> !known.isEmpty())
                .orElseThrow(() -> AmbrotypeException.of(
                        ErrorCode.UNSAFE,
                        "the start command has " + placeholder + ", which is not known of " + target.address()));
        if (DANGEROUS.matcher(text).find()) {
            throw AmbrotypeException.of(
                    ErrorCode.UNSAFE,
                    "the value of " + placeholder + " of " + target.address() + " cannot be handed to a shell safely");
        }
        return PLAIN.matcher(text).matches() ? text : "'" + text + "'";
    }
}
