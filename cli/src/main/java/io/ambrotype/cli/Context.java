package io.ambrotype.cli;

import io.ambrotype.common.AmbrotypeException;
import io.ambrotype.common.ErrorCode;
import io.ambrotype.repository.Repository;
import io.ambrotype.storage.FileStore;
import io.ambrotype.storage.Store;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * What a command is given: the surroundings, the global options, the console, the configuration, time and chance. What
 * depends on the options may be asked for only when the command runs. Belongs to the thread of the command.
 */
final class Context {
    private final Terminal terminal;
    private final InstantSource clock;
    private final RandomGenerator random;
    private final GlobalOptions options = new GlobalOptions();
    private @Nullable Console console;
    private @Nullable Configuration configuration;

    Context(Terminal terminal, InstantSource clock, RandomGenerator random) {
        this.terminal = terminal;
        this.clock = clock;
        this.random = random;
    }

    Terminal terminal() {
        return terminal;
    }

    /** The time of day. */
    InstantSource clock() {
        return clock;
    }

    /** Randomness fit for names and ids. */
    RandomGenerator random() {
        return random;
    }

    GlobalOptions options() {
        return options;
    }

    Console console() {
        if (console == null) {
            console = new Console(terminal, options.output == GlobalOptions.Output.JSON, options.yes, System::nanoTime);
        }
        return console;
    }

    /**
     * The configuration file, read when it is first asked for.
     *
     * @throws AmbrotypeException {@code USAGE} where it cannot be understood
     */
    Configuration configuration() {
        if (configuration == null) {
            configuration = Configuration.find(terminal, options.config);
            configuration.warnings().forEach(console()::warning);
        }
        return configuration;
    }

    /**
     * Where the repository is: {@code --repo}, {@code AMBROTYPE_REPO}, or the configuration.
     *
     * @throws AmbrotypeException {@code NO_REPOSITORY} where none of them says
     */
    Path repositoryFolder() {
        String place = options.repository != null
                ? options.repository
                : terminal.variable("AMBROTYPE_REPO").orElse(null);
        if (place != null) {
            return folder(place, terminal.directory());
        }
        return configuration()
                .repository()
                .orElseThrow(
                        () -> AmbrotypeException.of(ErrorCode.NO_REPOSITORY, "no repository was named")
                                .withHint(
                                        "add --repo FOLDER, set AMBROTYPE_REPO, or set 'repository' in the configuration file"));
    }

    /**
     * The repository, which must exist.
     *
     * @throws AmbrotypeException {@code NO_REPOSITORY} where none is named or there is none
     */
    Repository repository() {
        return Repository.open(store(), random);
    }

    /** The store of the repository, whether or not there is one yet. */
    Store store() {
        return new FileStore(repositoryFolder(), clock);
    }

    /** Where journals go, by the XDG Base Directory Specification: state that outlives the program, and nobody else needs. */
    Path stateFolder() {
        Path state = terminal.variable("XDG_STATE_HOME")
                .map(Path::of)
                .filter(Path::isAbsolute)
                .orElseGet(() ->
                        Path.of(terminal.variable("HOME").orElse(System.getProperty("user.home")), ".local", "state"));
        return state.resolve("ambrotype");
    }

    /** A place as a folder: a path, relative to a base, or a {@code file:} URI. */
    static Path folder(String place, Path base) {
        String path = place;
        if (place.startsWith("file://")) {
            path = place.substring("file://".length());
        } else if (place.matches("[a-z0-9+]+://.*")) {
            throw AmbrotypeException.of(ErrorCode.USAGE, "'" + place + "' is not a place that a repository can be in")
                    .withHint("a repository is a folder: give its path, or file:///path");
        }
        return base.resolve(path).normalize();
    }
}
