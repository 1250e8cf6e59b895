package io.ambrotype.control;

import java.time.Duration;

/** Told while an operation waits. Called from the thread that waits; what it throws ends the operation there. */
public interface GateListener {
    /** Tells nobody. */
    GateListener NONE = new GateListener() {};

    /** A gate is closed: called whenever what is missing reads differently. */
    default void waiting(String gate, String missing) {}

    /** A gate has opened. */
    default void passed(String gate, Duration waited) {}

    /** Something that the user should know and that stops nothing. */
    default void notice(String sentence) {}
}
