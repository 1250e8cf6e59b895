package io.ambrotype.cli;

import java.util.Locale;
import java.util.concurrent.Callable;
import picocli.AutoComplete;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/** {@code ambrotype completion SHELL}: the script that completes commands and options. */
@Command(
        name = "completion",
        sortOptions = false,
        abbreviateSynopsis = true,
        header = "a script that makes your shell complete commands and options",
        optionListHeading = "%nOptions:%n",
        footerHeading = "%nExamples:%n",
        footer = {
            "  source <(ambrotype completion bash)             in ~/.bashrc",
            "  source <(ambrotype completion zsh)              in ~/.zshrc",
            "  ambrotype completion fish > ~/.config/fish/completions/ambrotype.fish"
        })
final class CompletionCommand implements Callable<Integer> {
    /** The shells that can be helped. */
    enum Shell {
        BASH,
        ZSH,
        FISH;

        @Override
        public String toString() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    private final Context context;

    @Parameters(paramLabel = "SHELL", description = "${COMPLETION-CANDIDATES}")
    private Shell shell = Shell.BASH;

    CompletionCommand(Context context) {
        this.context = context;
    }

    @Override
    public Integer call() {
        CommandLine commandLine = Main.commandLine(context);
        context.terminal()
                .out()
                .print(
                        switch (shell) {
                            // The script for bash sets up zsh's own emulation of bash completion.
                            case BASH, ZSH -> AutoComplete.bash("ambrotype", commandLine);
                            case FISH -> FishCompletion.of(commandLine);
                        });
        return Main.DONE;
    }
}
