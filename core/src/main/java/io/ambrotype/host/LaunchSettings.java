package io.ambrotype.host;

import io.ambrotype.common.AmbrotypeException;
import io.ambrotype.common.ErrorCode;
import java.util.Locale;
import java.util.Optional;

/**
 * How the user wants servers to be started again. Immutable.
 *
 * @param way which launcher
 * @param command the template, for {@link Way#COMMAND} and only there
 */
public record LaunchSettings(Way way, Optional<String> command) {
    /** Whatever fits what is seen of each server. */
    public static final LaunchSettings AUTO = new LaunchSettings(Way.AUTO, Optional.empty());

    /** The launchers. */
    public enum Way {
        /** Found out for each server. */
        AUTO,
        /** Executed on this host. */
        EXEC,
        /** By its unit. */
        SYSTEMD,
        /** By the user, who is asked. */
        MANUAL,
        /** By whoever watches over it. */
        SUPERVISED,
        /** By a command. */
        COMMAND;

        @Override
        public String toString() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    /** Rejects a command without one, and one too many. */
    public LaunchSettings {
        if ((way == Way.COMMAND) != command.isPresent()) {
            throw new IllegalArgumentException(way + " with command " + command);
        }
    }

    /**
     * Reads {@code auto}, {@code exec}, {@code systemd}, {@code manual}, {@code supervised}, or a command with placeholders.
     *
     * @throws AmbrotypeException {@code USAGE} where it is none of them, or a placeholder does not exist
     */
    public static LaunchSettings parse(String text) {
        String stripped = text.strip();
        for (Way way : Way.values()) {
            if (way != Way.COMMAND && way.toString().equals(stripped)) {
                return new LaunchSettings(way, Optional.empty());
            }
        }
        // A misspelt word is not to be run once a server is down.
        if (stripped.indexOf(' ') < 0 && stripped.indexOf('/') < 0) {
            throw AmbrotypeException.of(ErrorCode.USAGE, "'" + stripped + "' is no way to start a server")
                    .withHint(
                            "known are auto, exec, systemd, manual and supervised; or give a command such as 'ssh {host} sudo systemctl start redis@{port}'");
        }
        CommandTemplate.check(stripped);
        return new LaunchSettings(Way.COMMAND, Optional.of(stripped));
    }

    @Override
    public String toString() {
        return command.orElse(way.toString());
    }
}
