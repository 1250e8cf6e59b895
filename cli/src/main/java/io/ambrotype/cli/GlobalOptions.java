package io.ambrotype.cli;

import java.nio.file.Path;
import java.util.Locale;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;
import picocli.CommandLine.ScopeType;

/** The options that every command has; they are accepted before and after its name. */
final class GlobalOptions {
    /** The form of the results. */
    enum Output {
        TEXT,
        JSON;

        @Override
        public String toString() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    @Option(
            names = "--config",
            paramLabel = "FILE",
            scope = ScopeType.INHERIT,
            order = 101,
            description = "configuration file (or AMBROTYPE_CONFIG; else ambrotype.yaml here, "
                    + "~/.config/ambrotype/config.yaml, /etc/ambrotype/config.yaml)")
    @Nullable
    Path config;

    @Option(
            names = "--repo",
            paramLabel = "FOLDER",
            scope = ScopeType.INHERIT,
            order = 102,
            description = "repository of snapshots (or AMBROTYPE_REPO, or 'repository' in the configuration)")
    @Nullable
    String repository;

    @Option(
            names = "--output",
            paramLabel = "FORM",
            scope = ScopeType.INHERIT,
            order = 103,
            description = "form of the result on standard output: ${COMPLETION-CANDIDATES}")
    Output output = Output.TEXT;

    @Option(
            names = "--dry-run",
            scope = ScopeType.INHERIT,
            order = 104,
            description = "say what would be done, and do nothing")
    boolean dryRun;

    @Option(
            names = {"-y", "--yes"},
            scope = ScopeType.INHERIT,
            order = 105,
            description = "answer every question with yes")
    boolean yes;

    @Option(
            names = {"-h", "--help"},
            usageHelp = true,
            scope = ScopeType.INHERIT,
            order = 106,
            description = "show this help")
    boolean help;

    /** Whether arguments that may not even be parsed ask for JSON: an error among them is to be told in that form too. */
    static boolean asksForJson(String... arguments) {
        for (int i = 0; i < arguments.length && !arguments[i].equals("--"); i++) {
            if (arguments[i].equalsIgnoreCase("--output=json")
                    || (arguments[i].equals("--output")
                            && i + 1 < arguments.length
                            && arguments[i + 1].equalsIgnoreCase("json"))) {
                return true;
            }
        }
        return false;
    }
}
