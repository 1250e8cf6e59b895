package io.ambrotype.host;

import java.nio.file.Path;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * A server's process as the kernel shows it: what a server tells about itself it may have made up (a running server
 * overwrites its command line and its environment), this not. Data only. Immutable.
 *
 * @param pid its id as this host counts
 * @param startedTicks when it began, in clock ticks since the boot of the host: tells it from a later process of this id
 * @param executable the file that it runs; Debian's is called {@code redis-check-rdb}, a loader's {@code ld-linux…}
 * @param executableReplaced whether that file has been removed or replaced since
 * @param workingFolder its working folder; servers change into their {@code dir}, so that it is rarely the one they were
 *     started from
 * @param workingFolderRemoved whether that folder has been removed since
 * @param account as whom it runs
 * @param umask the permissions that new files of it do not get, octal; empty where the kernel does not tell
 * @param limits its resource limits, by their names as options of {@code prlimit}
 * @param standardOutput the file that its standard output goes to, where that is a regular file
 * @param systemdUnit the systemd service that it belongs to
 * @param container what shows that it runs in a container of its own; then its paths are not this host's
 * @param parent the process that waits for it
 */
public record ServerProcess(
        long pid,
        long startedTicks,
        Path executable,
        boolean executableReplaced,
        Path workingFolder,
        boolean workingFolderRemoved,
        Account account,
        Optional<String> umask,
        Map<String, Limit> limits,
        Optional<Path> standardOutput,
        Optional<SystemdUnit> systemdUnit,
        Optional<String> container,
        Parent parent) {
    /** Keeps its own map. */
    public ServerProcess {
        limits = Collections.unmodifiableMap(new TreeMap<>(limits));
    }

    /**
     * As whom a process runs.
     *
     * @param userId its effective user
     * @param groupId its effective group
     * @param groups its other groups
     * @param user the user's name, where this host knows one
     */
    public record Account(int userId, int groupId, List<Integer> groups, Optional<String> user) {
        /** Keeps its own list. */
        public Account {
            groups = List.copyOf(groups);
        }

        /** For people: the name, or the number. */
        @Override
        public String toString() {
            return user.orElse("user " + userId);
        }
    }

    /**
     * One resource limit: numbers, or {@code unlimited}.
     *
     * @param soft what holds
     * @param hard up to where the process may raise it
     */
    public record Limit(String soft, String hard) {
        /** The word for no limit. */
        public static final String UNLIMITED = "unlimited";

        /** Rejects what is neither a number nor the word. */
        public Limit {
            if (!isLimit(soft) || !isLimit(hard)) {
                throw new IllegalArgumentException("'" + soft + ":" + hard + "' is not a resource limit");
            }
        }

        private static boolean isLimit(String text) {
            return text.equals(UNLIMITED) || text.matches("[0-9]{1,20}");
        }

        /** As {@code prlimit} takes it. */
        @Override
        public String toString() {
            return soft + ":" + hard;
        }
    }

    /**
     * A service of systemd.
     *
     * @param name with its suffix, such as {@code redis-server@7000.service}
     * @param ofUser whether a user's own manager runs it, and not the system's
     */
    public record SystemdUnit(String name, boolean ofUser) {
        @Override
        public String toString() {
            return (ofUser ? "user unit " : "unit ") + name;
        }
    }

    /**
     * The parent of a server's process.
     *
     * @param pid its id; 0 where it is outside of what is seen here
     * @param name as the kernel calls it, at most 15 characters
     * @param arguments its command line, as far as it is shown
     * @param ancestorOfOurs whether this program runs beneath it too
     */
    public record Parent(long pid, String name, List<String> arguments, boolean ancestorOfOurs) {
        /** Keeps its own list. */
        public Parent {
            arguments = List.copyOf(arguments);
        }

        @Override
        public String toString() {
            return name + " (process " + pid + ")";
        }
    }
}
