package io.ambrotype.cli;

import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.StreamSupport;
import picocli.CommandLine;
import picocli.CommandLine.Model.OptionSpec;

/** Writes completions for the fish shell out of the commands and their options. */
final class FishCompletion {
    private FishCompletion() {}

    /** One {@code complete} line for each command and option. */
    static String of(CommandLine root) {
        StringBuilder script = new StringBuilder("# Completions of ambrotype for fish.\ncomplete -c ambrotype -f\n");
        add(script, root, List.of());
        return script.toString();
    }

    private static void add(StringBuilder script, CommandLine command, List<String> path) {
        List<String> names = Failures.commands(command);
        String here = names.isEmpty()
                ? inside(path)
                : inside(path) + "; and not __fish_seen_subcommand_from " + String.join(" ", names);
        for (String name : names) {
            CommandLine sub = command.getSubcommands().get(name);
            if (sub != null) {
                script.append("complete -c ambrotype -n ")
                        .append(quoted(here))
                        .append(" -a ")
                        .append(name)
                        .append(description(sub.getCommandSpec().usageMessage().header()))
                        .append('\n');
            }
        }
        for (OptionSpec option : command.getCommandSpec().options()) {
            if (!option.hidden()) {
                script.append("complete -c ambrotype -n ").append(quoted(inside(path)));
                for (String name : option.names()) {
                    script.append(name.startsWith("--") ? " -l " + name.substring(2) : " -s " + name.substring(1));
                }
                if (option.arity().max() > 0) {
                    Iterable<String> candidates = option.completionCandidates();
                    script.append(
                            candidates == null
                                    ? " -r -F"
                                    : " -x -a "
                                            + quoted(StreamSupport.stream(candidates.spliterator(), false)
                                                    .collect(Collectors.joining(" "))));
                }
                script.append(description(option.description())).append('\n');
            }
        }
        for (Map.Entry<String, CommandLine> sub : command.getSubcommands().entrySet()) {
            if (names.contains(sub.getKey())) {
                add(
                        script,
                        sub.getValue(),
                        java.util.stream.Stream.concat(path.stream(), java.util.stream.Stream.of(sub.getKey()))
                                .toList());
            }
        }
    }

    private static String inside(List<String> path) {
        return path.isEmpty()
                ? "true"
                : path.stream()
                        .map(name -> "__fish_seen_subcommand_from " + name)
                        .collect(Collectors.joining("; and "));
    }

    /** The first line, without the parser's own variables. */
    private static String description(String... lines) {
        String text = Arrays.stream(lines)
                .findFirst()
                .orElse("")
                .replaceAll(" *\\(default: [^)]*\\)", "")
                .replaceAll("\\$\\{[A-Z-]+}", "")
                .strip();
        return text.isEmpty() ? "" : " -d " + quoted(text);
    }

    private static String quoted(String text) {
        return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'";
    }
}
