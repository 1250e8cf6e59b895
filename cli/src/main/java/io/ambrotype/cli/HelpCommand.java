package io.ambrotype.cli;

import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.UnmatchedArgumentException;

/** {@code ambrotype help COMMAND}: the same as {@code --help}. */
@Command(
        name = "help",
        sortOptions = false,
        abbreviateSynopsis = true,
        header = "how a command is used",
        optionListHeading = "%nOptions:%n")
final class HelpCommand implements Callable<Integer> {
    private final Context context;

    @Parameters(
            arity = "0..*",
            paramLabel = "COMMAND",
            description = "a command, and where it has some, one of its own")
    private List<String> path = List.of();

    HelpCommand(Context context) {
        this.context = context;
    }

    @Override
    public Integer call() {
        CommandLine command = Main.commandLine(context);
        for (String name : path) {
            CommandLine sub = command.getSubcommands().get(name);
            if (sub == null) {
                throw new UnmatchedArgumentException(command, List.of(name));
            }
            command = sub;
        }
        command.usage(context.terminal().out());
        return Main.DONE;
    }
}
