package io.ambrotype.restart;

import java.util.Optional;

/** Takes a snapshot before the first step. */
@FunctionalInterface
public interface SnapshotTaker {
    /** Takes none. */
    SnapshotTaker NONE = Optional::empty;

    /**
     * Takes a snapshot of the whole deployment, or does not where none is wanted.
     *
     * @return its id
     * @throws io.ambrotype.common.AmbrotypeException where it cannot be whole: then nothing is restarted
     * @throws InterruptedException where the thread is interrupted
     */
    Optional<String> take() throws InterruptedException;
}
