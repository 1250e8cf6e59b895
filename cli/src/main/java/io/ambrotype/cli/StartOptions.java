package io.ambrotype.cli;

import io.ambrotype.common.AmbrotypeException;
import io.ambrotype.host.LaunchSettings;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** How servers are started again, for every command that stops some: to be a {@link Mixin} of the command. */
final class StartOptions {
    @Option(
            names = "--start",
            paramLabel = "HOW",
            description = "how servers are started again: auto, exec, systemd, supervised, manual, or a command with "
                    + "{host} {port} {id} {dir} {config}, such as 'ssh {host} sudo systemctl start redis@{port}' "
                    + "(default: 'start' in the configuration; else auto)")
    private @Nullable String start;

    /**
     * What holds: the command line, else the configuration.
     *
     * @throws AmbrotypeException {@code USAGE} where the command line names no way to start a server
     */
    LaunchSettings resolve(Deployment deployment) {
        return start == null ? deployment.start() : LaunchSettings.parse(start);
    }
}
