package io.ambrotype.cli;

import picocli.CommandLine;
import picocli.CommandLine.Command;

/** The program. */
@Command(name = "ambrotype", mixinStandardHelpOptions = true, versionProvider = Version.Provider.class)
public final class Main implements Runnable {
    private Main() {}

    /** Runs the program. */
    public static void main(String[] args) {
        System.exit(new CommandLine(new Main()).execute(args));
    }

    @Override
    public void run() {}
}
