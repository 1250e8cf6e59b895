package io.ambrotype.storage;

import io.ambrotype.common.AmbrotypeException;
import io.ambrotype.common.ErrorCode;
import java.io.IOException;
import java.nio.channels.ClosedByInterruptException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.FileSystemLoopException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.util.Locale;

/** Turns what the operating system says into an error for the user. */
final class StorageFailure {
    private StorageFailure() {}

    /**
     * An error that says what could not be done and why.
     *
     * @param action what failed and on what, such as {@code cannot write to /backup}
     * @param place where it failed; need not exist
     */
    static AmbrotypeException of(String action, Path place, IOException cause) {
        if (cause instanceof ClosedByInterruptException) {
            return AmbrotypeException.of(ErrorCode.INTERRUPTED, action + ": interrupted")
                    .causedBy(cause);
        }
        String reason = reason(cause);
        AmbrotypeException failure =
                AmbrotypeException.of(ErrorCode.FAILED, action + ": " + reason).causedBy(cause);
        return switch (reason) {
            case "no space left on device" ->
                failure.withHint("free some space there" + free(place)
                        + " and run the command again; what is stored already is intact");
            case "disk quota exceeded" ->
                failure.withHint("raise the quota and run the command again; what is stored already is intact");
            case "read-only file system" -> failure.withHint("mount it writable, or name another repository");
            case "permission denied", "operation not permitted" ->
                failure.withHint("give the user who runs ambrotype the right to read and write there");
            default -> failure;
        };
    }

    private static String free(Path place) {
        try {
            return " (" + Files.getFileStore(place).getUsableSpace() + " bytes are free)";
        } catch (IOException _) {
            return "";
        }
    }

    private static String reason(IOException cause) {
        return switch (cause) {
            case AccessDeniedException _ -> "permission denied";
            case NoSuchFileException missing -> missing.getFile() + " does not exist";
            case NotDirectoryException file -> file.getFile() + " is not a folder";
            case FileSystemLoopException loop -> loop.getFile() + " leads back to itself";
            case FileSystemException failure when failure.getReason() != null -> lower(failure.getReason());
            default -> cause.getMessage() == null ? cause.getClass().getSimpleName() : lower(cause.getMessage());
        };
    }

    private static String lower(String sentence) {
        return sentence.isEmpty()
                ? sentence
                : sentence.substring(0, 1).toLowerCase(Locale.ROOT) + sentence.substring(1);
    }
}
