package io.ambrotype.heal;

import java.nio.file.Path;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Optional;

/**
 * How a server can be started as the node that it was. Immutable.
 *
 * @param folder the folder in which it will work, and in which its {@code nodes.conf} is put
 * @param nodesConf the name of that file
 * @param start the way in which it is started, for people
 * @param moved whether that is another folder than the one it works in now
 * @param reason why that folder
 * @param data the data in that folder, where it is another one
 */
public record Revival(
        Path folder, String nodesConf, String start, boolean moved, String reason, Optional<LeftData> data) {
    /**
     * Data that a server left behind.
     *
     * @param file where they are
     * @param keys how many keys; -1 where they were not counted
     * @param written when the file was written last
     */
    public record LeftData(Path file, long keys, Instant written) {
        /** Whether there is anything in them, as far as was counted. */
        boolean isFilled() {
            return keys != 0;
        }

        @Override
        public String toString() {
            return file + (keys < 0 ? "" : " with " + keys + (keys == 1 ? " key" : " keys")) + ", written "
                    + written.truncatedTo(ChronoUnit.SECONDS);
        }
    }

    /** The same, its data given up. */
    Revival withoutData() {
        return new Revival(folder, nodesConf, start, moved, reason, Optional.empty());
    }

    /** Where the nodes.conf is put. */
    public Path file() {
        return folder.resolve(nodesConf);
    }
}
