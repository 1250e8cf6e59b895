package io.ambrotype.control;

import java.util.Optional;

/** Starts the server of a member that was stopped; chosen for each member before it is stopped. */
@FunctionalInterface
public interface Starter {
    /**
     * Gives the command to start it, and returns; whether it is back is for the caller to observe. Where a supervisor
     * starts it by itself, nothing is done.
     *
     * @throws io.ambrotype.common.AmbrotypeException where the command cannot be given or fails, with its output
     */
    void start(Member member);

    /**
     * Whether the old process is gone, where that can be seen from here: a server stops listening before it ends, and one
     * that is started meanwhile finds {@code nodes.conf} locked.
     *
     * @return empty where it cannot be seen
     */
    default Optional<Boolean> isGone(Member member) {
        return Optional.empty();
    }

    /** Whether somebody starts it again whenever it ends. */
    default boolean isRevived() {
        return false;
    }

    /** Why the process that was started has ended again, with the end of its log; empty as long as nothing is known. */
    default Optional<String> ended(Member member) {
        return Optional.empty();
    }
}
