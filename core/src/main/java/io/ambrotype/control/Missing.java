package io.ambrotype.control;

/**
 * What stands between a gate and its opening. Immutable.
 *
 * @param sentence what was seen, for the user: lower case, without a final full stop
 * @param progress changes for as long as something moves on, such as the bytes loaded so far; the gate's deadline then
 *     moves on too
 */
public record Missing(String sentence, String progress) {
    /** Something that is either there or not. */
    public static Missing of(String sentence) {
        return new Missing(sentence, "");
    }

    @Override
    public String toString() {
        return sentence;
    }
}
