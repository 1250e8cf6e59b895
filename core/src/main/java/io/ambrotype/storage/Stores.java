package io.ambrotype.storage;

import io.ambrotype.common.AmbrotypeException;
import io.ambrotype.common.ErrorCode;
import java.net.URI;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.regex.Pattern;

/** Finds the store that a user has named. */
public final class Stores {
    private static final Pattern SCHEME = Pattern.compile("([A-Za-z][A-Za-z0-9+.-]+):.*", Pattern.DOTALL);

    private Stores() {}

    /**
     * The store at a place; nothing is touched yet.
     *
     * @param location a path of a local folder, or a {@code file:} URI of one
     * @param clock tells the store the time
     * @throws AmbrotypeException of code USAGE where it is neither
     */
    public static Store at(String location, InstantSource clock) {
        if (location.isEmpty()) {
            throw AmbrotypeException.of(ErrorCode.USAGE, "the repository has no name")
                    .withHint("name a folder, such as /backup/redis");
        }
        var scheme = SCHEME.matcher(location);
        try {
            if (!scheme.matches()) {
                return new FileStore(Path.of(location), clock);
            }
            if (scheme.group(1).equalsIgnoreCase("file")) {
                return new FileStore(Path.of(URI.create(location)), clock);
            }
        } catch (InvalidPathException e) {
            throw AmbrotypeException.of(ErrorCode.USAGE, "'" + location + "' is not a path")
                    .causedBy(e);
        } catch (IllegalArgumentException e) {
            throw AmbrotypeException.of(ErrorCode.USAGE, "'" + location + "' is not the URI of a local folder")
                    .withHint("write file:///backup/redis, or the path alone")
                    .causedBy(e);
        }
        throw AmbrotypeException.of(
                        ErrorCode.USAGE,
                        "repositories of scheme '" + scheme.group(1)
                                + "' are not known: only local folders are supported in this version")
                .withHint("name a folder, such as /backup/redis");
    }
}
