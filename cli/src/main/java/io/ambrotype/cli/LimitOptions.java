package io.ambrotype.cli;

import java.time.Duration;
import picocli.CommandLine.Option;

/** How long commands that change membership wait: to be a {@link picocli.CommandLine.Mixin} of the command. */
final class LimitOptions {
    @Option(
            names = "--limit",
            paramLabel = "SECONDS",
            description = "how long to wait for anything that makes no progress (default: ${DEFAULT-VALUE})")
    private int limit = 60;

    /**
     * The wait.
     *
     * @throws io.ambrotype.common.AmbrotypeException {@code USAGE} where it is none
     */
    Duration resolve() {
        if (limit < 1) {
            throw Failures.usage("--limit has to be at least 1 second");
        }
        return Duration.ofSeconds(limit);
    }
}
