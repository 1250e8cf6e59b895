package io.ambrotype.host;

import io.ambrotype.common.AmbrotypeException;
import io.ambrotype.resp.ServerInfo;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * The configuration file of a running server of this host, read as the server read it when it was started. Immutable.
 *
 * @param file what it says; empty where there is none, or it cannot be read
 * @param startFolder the folder that the server was started from: the one from which all {@code dir} lines lead to where it
 *     is now; empty where none does, as when {@code dir} was given on the command line or changed since
 * @param problem why there is no file, as a sentence
 */
public record StartConfiguration(
        Optional<ConfigurationFile> file, Optional<Path> startFolder, Optional<String> problem) {
    /**
     * The configuration file that a server names; empty where it was started without one, or read it from standard input:
     * then up to 6.0 it names a file {@code -} in its folder.
     */
    public static Optional<Path> path(ServerInfo info) {
        return info.value("config_file")
                .filter(name -> !name.isEmpty() && !name.equals("-") && !name.endsWith("/-"))
                .map(Path::of);
    }

    /** Looks for the file of a server, with which it came to its working folder. */
    public static StartConfiguration of(ServerInfo info, Path workingFolder) {
        Optional<Path> path = path(info);
        if (path.isEmpty()) {
            return new StartConfiguration(
                    Optional.empty(),
                    Optional.empty(),
                    Optional.of(
                            info.value("config_file").filter(String::isEmpty).isPresent()
                                    ? "it was started without a configuration file"
                                    : "it was started with a configuration from standard input, which is in no file"));
        }
        Path now = HostFiles.real(workingFolder);
        Optional<ConfigurationFile> another = Optional.empty();
        Optional<String> problem = Optional.empty();
        for (Path folder : candidates(workingFolder, path.get())) {
            try {
                ConfigurationFile read = ConfigurationFile.read(path.get(), folder);
                if (read.dir().equals(now)) {
                    return new StartConfiguration(Optional.of(read), Optional.of(folder), Optional.empty());
                }
                another = another.or(() -> Optional.of(read));
            } catch (AmbrotypeException e) {
                problem = problem.or(() -> Optional.of(e.getMessage()));
            }
        }
        return new StartConfiguration(another, Optional.empty(), another.isPresent() ? Optional.empty() : problem);
    }

    /** Where it is now and all folders above, for a {@code dir} that leads down; then those of its file, for one that leads up. */
    private static List<Path> candidates(Path workingFolder, Path file) {
        List<Path> folders = new ArrayList<>();
        for (Path start : List.of(workingFolder, HostFiles.parent(file))) {
            for (Path folder = start; folder != null; folder = folder.getParent()) {
                if (!folders.contains(folder)) {
                    folders.add(folder);
                }
            }
        }
        return folders;
    }
}
