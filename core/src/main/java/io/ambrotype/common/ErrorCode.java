package io.ambrotype.common;

/** The stable outcome classes of the program; each has the exit status that a script may rely on. */
public enum ErrorCode {
    /** The operation failed for a reason that is none of the others. */
    FAILED(1),
    /** The command line or the configuration file asks for something that does not exist or contradicts itself. */
    USAGE(2),
    /** A part was done, another was not; the report says which. */
    PARTIAL(3),
    /** There is no repository at the place that was named. */
    NO_REPOSITORY(10),
    /** Somebody else is at work and must not be disturbed. */
    LOCKED(11),
    /** The key or password does not open what it should. */
    WRONG_KEY(12),
    /** Stored or received bytes are not what they claim to be. */
    CORRUPT(20),
    /** The deployment is in a state in which the operation could do harm or could not be whole. */
    UNSAFE(21),
    /** The point or place asked for lies outside what can be recovered. */
    UNRECOVERABLE(22),
    /** The user interrupted the operation. */
    INTERRUPTED(130);

    private final int exitStatus;

    ErrorCode(int exitStatus) {
        this.exitStatus = exitStatus;
    }

    /** The exit status of a process that ends with this code. */
    public int exitStatus() {
        return exitStatus;
    }
}
