package io.ambrotype.common;

import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The one error family of the program: a stable code, a sentence for the user that names its subject (a node, a file,
 * a snapshot), and optionally what to do next.
 *
 * <p>The message is one lower-case sentence without a final full stop; it never contains a secret. The hint follows the
 * same form and says what the user can do.
 */
public class AmbrotypeException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final ErrorCode code;
    private final @Nullable String hint;

    /** For subclasses that let a caller react to one class of failures; users see them like any other. */
    protected AmbrotypeException(ErrorCode code, String message, @Nullable String hint, @Nullable Throwable cause) {
        super(message, cause);
        this.code = code;
        this.hint = hint;
    }

    /** An error of the given class with its sentence. */
    public static AmbrotypeException of(ErrorCode code, String message) {
        return new AmbrotypeException(code, message, null, null);
    }

    /** The same error with a hint that says what to do next; no longer of its subclass, where it had one. */
    public AmbrotypeException withHint(String newHint) {
        return copy(newHint, getCause());
    }

    /**
     * The same error with what caused it, kept for diagnosis and not shown to the user; no longer of its subclass, where
     * it had one.
     */
    public AmbrotypeException causedBy(Throwable cause) {
        return copy(hint, cause);
    }

    /** The stable class of this error. */
    public ErrorCode code() {
        return code;
    }

    /** What the user can do next, where there is something to say. */
    public Optional<String> hint() {
        return Optional.ofNullable(hint);
    }

    /** The sentence for the user. */
    @Override
    public String getMessage() {
        String message = super.getMessage();
        return message == null ? "" : message;
    }

    private AmbrotypeException copy(@Nullable String newHint, @Nullable Throwable newCause) {
        AmbrotypeException copy = new AmbrotypeException(code, getMessage(), newHint, newCause);
        copy.setStackTrace(getStackTrace());
        return copy;
    }
}
