package io.ambrotype.restart;

import io.ambrotype.control.GateListener;

/**
 * Hears how a restart goes on. Called from the thread that runs it; what it throws ends the run there, with the cluster as
 * it is at that moment.
 */
public interface RestartListener extends GateListener {
    /** Hears nothing. */
    RestartListener NONE = new RestartListener() {};

    /** The run has its id and its journal; what the plan says will be done now. Of a resumed run the rest. */
    default void begun(String run, RestartPlan plan) {}

    /** A step begins; steps are numbered from 1 on. */
    default void stepBegun(int number, Step step) {}

    /** A step has ended and all of its gates have been passed. */
    default void stepEnded(int number, StepReport report) {}
}
