package io.ambrotype.cli;

import io.ambrotype.cli.Terminal.Channel;
import io.ambrotype.common.AmbrotypeException;
import io.ambrotype.common.ErrorCode;
import io.ambrotype.common.Time;
import io.ambrotype.status.DeploymentStatus;
import io.ambrotype.status.StatusReader;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code ambrotype status D}: how a deployment is doing. */
@Command(
        name = "status",
        sortOptions = false,
        abbreviateSynopsis = true,
        header = "how a deployment is doing, on one screen",
        description =
                "%nShows every shard with its slots, master and replicas, every node with its lag, keys, memory and last save, "
                        + "and what is wrong, with what that means. Any node leads to the others. Nothing is changed.%n%n"
                        + "SAVED is the age of the last RDB: 'not yet' if this process has saved none, 'off' if it has no save "
                        + "points. LAG is a replica's distance from its master's offset.",
        optionListHeading = "%nOptions:%n",
        footerHeading = "%nExamples:%n",
        footer = {
            "  ambrotype status shop",
            "  ambrotype status redis://10.0.0.1:7000 --watch",
            "  ambrotype status shop --watch --interval 60 >> shop.log       a line each minute",
            "  ambrotype status shop --output json | jq -e .healthy          for a monitor",
            "",
            "Exit status 0: the status could be read, whatever it is; 1: no node answered."
        })
final class StatusCommand implements Callable<Integer> {
    private static final int SHORTEST_MILLIS = 100;
    private static final int LONGEST_MILLIS = 86_400_000;
    private static final String CLEAR_SCREEN = "\033[H\033[2J";

    private final Context context;

    @Mixin
    private final DeploymentOptions deployment = new DeploymentOptions();

    @Option(
            names = "--watch",
            description =
                    "again and again until Ctrl-C: redrawn on a terminal, else a line (or a JSON document) each time")
    private boolean watch;

    @Option(
            names = "--interval",
            paramLabel = "SECONDS",
            description = "time between two looks with --watch (default: 2)")
    private @Nullable Double interval;

    StatusCommand(Context context) {
        this.context = context;
    }

    @Override
    public Integer call() {
        if (interval != null && !watch) {
            throw Failures.usage("--interval goes with --watch");
        }
        double seconds = interval == null ? 2 : interval;
        if (!(seconds * 1000 >= SHORTEST_MILLIS && seconds * 1000 <= LONGEST_MILLIS)) {
            throw Failures.usage("--interval has to be between 0.1 and 86400 seconds");
        }
        Deployment target = deployment.resolve(context);
        StatusReader reader = new StatusReader(target.name(), target.seeds(), target.settings(), context.clock());
        if (watch) {
            watch(reader, Duration.ofMillis(Math.round(seconds * 1000)));
            return Main.DONE;
        }
        DeploymentStatus status = reader.read();
        Console console = context.console();
        console.result(status, () -> screen(status).lines().forEach(console::line));
        return Main.DONE;
    }

    /** Until it is interrupted; a look that fails is said and does not end it. */
    private void watch(StatusReader reader, Duration pause) {
        Console console = context.console();
        boolean redrawn = !console.isJson() && context.terminal().canMoveCursor(Channel.OUT);
        try {
            while (true) {
                try {
                    DeploymentStatus status = reader.read();
                    if (redrawn) {
                        draw(screen(status).lines());
                    } else {
                        console.line(
                                console.isJson()
                                        ? Json.line(status)
                                        : screen(status).summary());
                    }
                } catch (AmbrotypeException e) {
                    if (e.code() == ErrorCode.INTERRUPTED || Thread.interrupted()) {
                        return;
                    }
                    if (redrawn) {
                        draw(List.of());
                    }
                    console.warning(e.getMessage());
                }
                Time.SYSTEM.sleep(pause);
            }
        } catch (InterruptedException _) {
            // The way to end it.
        }
    }

    /** In one piece, so that the screen does not flicker. */
    private void draw(List<String> lines) {
        context.console().line(CLEAR_SCREEN + String.join(System.lineSeparator(), lines));
    }

    private StatusScreen screen(DeploymentStatus status) {
        return new StatusScreen(status, context.terminal().width(), context.console()::style);
    }
}
