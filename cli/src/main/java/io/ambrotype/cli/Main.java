package io.ambrotype.cli;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.ambrotype.cli.Failures.Failure;
import io.ambrotype.common.ErrorCode;
import java.io.FileDescriptor;
import java.io.FileInputStream;
import java.io.FileOutputStream;
import java.io.PrintWriter;
import java.nio.channels.Channels;
import java.security.SecureRandom;
import java.time.Clock;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Help;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;

/**
 * The program: finds the command, runs it on the main thread, and turns what it throws into one error and an exit status.
 *
 * <p>A signal (SIGINT, SIGTERM, SIGHUP) interrupts the main thread; the command closes what it has open, says one line, and
 * the process ends with the status of that signal, 130 for SIGINT. A command that does not end within ten seconds is left
 * behind.
 */
@Command(
        name = "ambrotype",
        sortOptions = false,
        abbreviateSynopsis = true,
        versionProvider = Version.Provider.class,
        synopsisSubcommandLabel = "COMMAND",
        headerHeading = "Snapshots, recovery and zero-loss restarts for Redis and Valkey.%n%n",
        commandListHeading = "%nCommands:%n",
        optionListHeading = "%nOptions, before or after the command:%n",
        footerHeading = "%nExamples:%n",
        footer = {
            "  ambrotype rdb dump.rdb                          what is in an RDB file",
            "  ambrotype list --repo /var/backups/redis        which snapshots there are",
            "  ambrotype verify latest --repo /var/backups/redis",
            "",
            "'ambrotype COMMAND --help' explains a command.",
            "",
            "Exit status: 0 done, 1 failed, 2 usage, 3 done in part, 10 no repository, 11 locked,",
            "12 wrong key, 20 corruption found, 21 the deployment is not safe to touch,",
            "22 outside what can be recovered, 130 interrupted."
        })
public final class Main implements Runnable {
    /** The status of a command that did what it was asked to. */
    static final int DONE = 0;

    /** The status of a command that did a part of it; its result says which. */
    static final int PARTIAL = ErrorCode.PARTIAL.exitStatus();

    private static final long LONGEST_GOODBYE_SECONDS = 10;

    @Mixin
    @SuppressWarnings("UnusedVariable") // written by the parser; read through the context
    private final GlobalOptions options;

    @Option(
            names = {"-V", "--version"},
            versionHelp = true,
            order = 107,
            description = "show version and commit")
    @SuppressWarnings("UnusedVariable") // the parser acts on it
    private boolean version;

    private final Context context;

    private Main(Context context) {
        this.context = context;
        this.options = context.options();
    }

    /** Runs the program and ends the process. */
    public static void main(String[] arguments) {
        // Unlike System.in, a channel lets go of a thread that is interrupted while it waits for input.
        Terminal terminal = Terminal.ofProcess(
                Channels.newInputStream(new FileInputStream(FileDescriptor.in).getChannel()),
                new FileOutputStream(FileDescriptor.out),
                new FileOutputStream(FileDescriptor.err));
        Thread operation = Thread.currentThread();
        CountDownLatch ended = new CountDownLatch(1);
        Interruption interruption = new Interruption();
        Runtime.getRuntime().addShutdownHook(Thread.ofPlatform().unstarted(() -> {
            if (ended.getCount() > 0) {
                interruption.happened = true;
                operation.interrupt();
                try {
                    if (!ended.await(LONGEST_GOODBYE_SECONDS, TimeUnit.SECONDS)) {
                        terminal.err().println("error: interrupted before everything was closed");
                    }
                } catch (InterruptedException _) {
                    Thread.currentThread().interrupt();
                }
            }
        }));
        int status = run(terminal, Clock.systemUTC(), interruption, arguments);
        terminal.out().flush();
        terminal.err().flush();
        ended.countDown();
        // System.exit first looks for somebody who logs exits, which takes longer than many a command. After a signal
        // the
        // end has begun already; and what somebody added to the JVM may have something to write at its end.
        if (interruption.happened || terminal.variable("AMBROTYPE_JAVA_OPTIONS").isPresent()) {
            System.exit(status);
        }
        Runtime.getRuntime().halt(status);
    }

    /** Whether a signal asked the program to end. */
    static final class Interruption {
        private volatile boolean happened;
    }

    /** Runs a command line and returns the exit status; what it says goes to the given terminal. */
    static int run(Terminal terminal, Clock clock, Interruption interruption, String... arguments) {
        if (List.of(arguments).equals(List.of("--version"))) {
            // Asked for so often by other programs that it does not wait for the parser.
            terminal.out().println(Version.current());
            return DONE;
        }
        Context context = new Context(terminal, clock, new SecureRandom());
        CommandLine commandLine = commandLine(context, arguments);
        commandLine.setParameterExceptionHandler((wrong, _) -> {
            Console console = context.options().output == GlobalOptions.Output.JSON
                    ? context.console()
                    : new Console(terminal, GlobalOptions.asksForJson(arguments), false, System::nanoTime);
            return fail(console, Failures.of(wrong));
        });
        commandLine.setExecutionExceptionHandler((thrown, _, _) -> fail(context, thrown, interruption));
        try {
            return commandLine.execute(arguments);
        } catch (Error e) {
            // The library that parses command lines hands on exceptions, but not what is worse.
            return fail(context, e, interruption);
        }
    }

    private static int fail(Context context, Throwable thrown, Interruption interruption) {
        if (context.terminal().variable("AMBROTYPE_DEBUG").isPresent()) {
            thrown.printStackTrace(context.terminal().err());
        }
        return fail(
                context.console(),
                thrown instanceof ParameterException wrong
                        ? Failures.of(wrong)
                        : Failures.of(thrown, interruption.happened));
    }

    /** All commands, in the order in which help lists them. */
    private static Map<String, Supplier<Object>> commands(Context context) {
        Map<String, Supplier<Object>> commands = new LinkedHashMap<>();
        commands.put("status", () -> new StatusCommand(context));
        commands.put("doctor", () -> new DoctorCommand(context));
        commands.put("backup", () -> new BackupCommand(context));
        commands.put("import", () -> new ImportCommand(context));
        commands.put("list", () -> new ListCommand(context));
        commands.put("show", () -> new ShowCommand(context));
        commands.put("verify", () -> new VerifyCommand(context));
        commands.put("compare", () -> new CompareCommand(context));
        commands.put("restore", () -> new RestoreCommand(context));
        commands.put("restart", () -> new RestartCommand(context));
        commands.put("heal", () -> new HealCommand(context));
        commands.put("add-replica", () -> new AddReplicaCommand(context));
        commands.put("nodes-conf", () -> new NodesConfCommand(context));
        commands.put("rdb", () -> new RdbCommand(context));
        commands.put("lab", () -> LabCommand.commandLine(context));
        commands.put("demo", () -> new DemoCommand(context));
        commands.put("completion", () -> new CompletionCommand(context));
        commands.put("help", () -> new HelpCommand(context));
        return commands;
    }

    /** The whole program: how every command is parsed and explained. */
    static CommandLine commandLine(Context context) {
        return commandLine(context, commands(context).values());
    }

    /**
     * As much of the program as these arguments can mean: to look at the annotations of every command takes longer than
     * most commands.
     */
    private static CommandLine commandLine(Context context, String... arguments) {
        Map<String, Supplier<Object>> commands = commands(context);
        Map<String, Supplier<Object>> named = new LinkedHashMap<>(commands);
        named.keySet().retainAll(List.of(arguments));
        return commandLine(context, named.isEmpty() ? commands.values() : named.values());
    }

    private static CommandLine commandLine(Context context, Collection<Supplier<Object>> commands) {
        Terminal terminal = context.terminal();
        CommandLine commandLine = new CommandLine(new Main(context));
        commands.forEach(command -> commandLine.addSubcommand(command.get()));
        return commandLine
                .setOut(new PrintWriter(terminal.out(), true, UTF_8))
                .setErr(new PrintWriter(terminal.err(), true, UTF_8))
                .setColorScheme(Help.defaultColorScheme(
                        terminal.hasColour(Terminal.Channel.OUT) ? Help.Ansi.ON : Help.Ansi.OFF))
                .setUsageHelpAutoWidth(false)
                .setUsageHelpWidth(Math.clamp(terminal.width(), 100, 120))
                .setCaseInsensitiveEnumValuesAllowed(true)
                .setAbbreviatedOptionsAllowed(false);
    }

    /** Without a command: what there is. */
    @Override
    public void run() {
        commandLine(context).usage(context.terminal().out());
    }

    private static int fail(Console console, Failure failure) {
        console.failure(failure.code(), failure.sentence(), failure.hint());
        return failure.code().exitStatus();
    }
}
