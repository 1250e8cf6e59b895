package io.ambrotype.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.ambrotype.cli.Failures.Failure;
import io.ambrotype.common.AmbrotypeException;
import io.ambrotype.common.ErrorCode;
import io.ambrotype.rdb.RdbFormatException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.ClosedByInterruptException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;
import org.junit.jupiter.api.Test;

class FailuresTest {
    private static final String DETAILS = "set AMBROTYPE_DEBUG=1 to see where, and please report what you see";

    @Test
    void tellsKnownErrorsAsTheyAre() {
        assertThat(Failures.of(
                        AmbrotypeException.of(ErrorCode.LOCKED, "somebody is at work")
                                .withHint("wait"),
                        false))
                .isEqualTo(new Failure(ErrorCode.LOCKED, "somebody is at work", "wait"));
        assertThat(Failures.of(new RdbFormatException(7, "this is no RDB"), false))
                .isEqualTo(new Failure(ErrorCode.CORRUPT, "this is no RDB (at byte 7 of the RDB)", null));
        assertThat(Failures.of(new UncheckedIOException(new NoSuchFileException("/x")), false))
                .isEqualTo(new Failure(ErrorCode.FAILED, "'/x' does not exist", null));
        assertThat(Failures.of(new AccessDeniedException("/x"), false))
                .isEqualTo(new Failure(ErrorCode.FAILED, "'/x' may not be accessed (permission denied)", null));
        assertThat(Failures.of(new FileSystemException("/x", null, "No space left on device"), false))
                .isEqualTo(new Failure(ErrorCode.FAILED, "'/x': No space left on device", null));
    }

    @Test
    void callsWhatNobodyExpectedAnInternalError() {
        assertThat(Failures.of(new IllegalStateException("slot 3\nis odd"), false))
                .isEqualTo(
                        new Failure(ErrorCode.FAILED, "internal error: IllegalStateException: slot 3?is odd", DETAILS));
        assertThat(Failures.of(new NullPointerException(), false))
                .isEqualTo(new Failure(ErrorCode.FAILED, "internal error: NullPointerException", DETAILS));
        assertThat(Failures.of(new IOException("broken pipe"), false))
                .isEqualTo(new Failure(ErrorCode.FAILED, "input or output failed: IOException: broken pipe", DETAILS));
        assertThat(Failures.of(new OutOfMemoryError("heap"), false).sentence())
                .isEqualTo("internal error: the memory of this process is exhausted");
    }

    @Test
    void callsWhateverFollowsASignalAnInterruption() {
        Failure interrupted = new Failure(ErrorCode.INTERRUPTED, "interrupted", null);
        assertThat(Failures.of(new ClosedByInterruptException(), true)).isEqualTo(interrupted);
        assertThat(Failures.of(AmbrotypeException.of(ErrorCode.FAILED, "the connection was closed"), true))
                .isEqualTo(interrupted);
        assertThat(Failures.of(new InterruptedException(), false)).isEqualTo(interrupted);
        assertThat(Failures.of(AmbrotypeException.of(ErrorCode.INTERRUPTED, "interrupted; nothing was stored"), true))
                .isEqualTo(new Failure(ErrorCode.INTERRUPTED, "interrupted; nothing was stored", null));
    }
}
