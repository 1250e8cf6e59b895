package io.ambrotype.restart;

/** What was found out about starting a node again, before it is stopped. Immutable. */
public sealed interface StartAgain {
    /**
     * It can be started.
     *
     * @param description how, for people: completes "is started again by …"
     */
    record Possible(String description) implements StartAgain {}

    /**
     * It would not come back as it is, so that it must not be stopped.
     *
     * @param reason why, in a sentence that names it
     * @param hint what to do
     */
    record Impossible(String reason, String hint) implements StartAgain {}
}
