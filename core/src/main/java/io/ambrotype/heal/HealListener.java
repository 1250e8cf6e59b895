package io.ambrotype.heal;

import io.ambrotype.control.GateListener;
import io.ambrotype.control.Member;

/** Told while membership is mended. Called from the thread that mends; what it throws ends it there. */
public interface HealListener extends GateListener {
    /** Tells nobody. */
    HealListener NONE = new HealListener() {};

    /** A step begins. */
    default void begun(String step) {}

    /**
     * A replica receives its first data.
     *
     * @param done bytes received so far
     * @param total of so many; 0 where the server does not tell
     */
    default void synchronizing(Member replica, long done, long total) {}
}
