package io.ambrotype.control;

/**
 * What stands between a gate and its opening. Immutable.
 *
 * @param sentence what was seen, for the user: lower case, without a final full stop
 * @param progress changes for as long as something moves on, such as the bytes loaded so far; the gate's deadline then
 *     moves on too
 * @param hopeless whether it will not come by waiting, unless somebody steps in: a gate waits for that somebody only
 *     {@link Gate#RESCUE}
 */
public record Missing(String sentence, String progress, boolean hopeless) {
    /** Something that moves on. */
    public Missing(String sentence, String progress) {
        this(sentence, progress, false);
    }

    /** Something that is either there or not. */
    public static Missing of(String sentence) {
        return new Missing(sentence, "");
    }

    /**
     * A server that does not answer, though nobody is about to start it: where nobody listens at its address any more, it
     * is gone.
     */
    static Missing gone(Look.Unseen unseen) {
        return unseen.refused()
                ? new Missing(unseen.reason() + "; its process is gone, and nobody starts it again", "", true)
                : of(unseen.reason());
    }

    @Override
    public String toString() {
        return sentence;
    }
}
