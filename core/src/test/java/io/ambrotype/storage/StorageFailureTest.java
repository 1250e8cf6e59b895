package io.ambrotype.storage;

import static org.assertj.core.api.Assertions.assertThat;

import io.ambrotype.common.AmbrotypeException;
import io.ambrotype.common.ErrorCode;
import java.io.IOException;
import java.nio.channels.ClosedByInterruptException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class StorageFailureTest {
    private static AmbrotypeException failure(IOException cause) {
        return StorageFailure.of("cannot write to /backup", Path.of("/backup/none"), cause);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            No space left on device | no space left on device | free some space there and run the command again; what is stored already is intact
            Disk quota exceeded     | disk quota exceeded     | raise the quota and run the command again; what is stored already is intact
            Read-only file system   | read-only file system   | mount it writable, or name another repository
            Operation not permitted | operation not permitted | give the user who runs ambrotype the right to read and write there
            """)
    void saysWhatToDo(String reason, String sentence, String hint) {
        assertThat(failure(new IOException(reason))).hasMessage("cannot write to /backup: " + sentence);
        AmbrotypeException failure = failure(new FileSystemException("/backup/.tmp/1", null, reason));
        assertThat(failure).hasMessage("cannot write to /backup: " + sentence);
        assertThat(failure.hint()).hasValue(hint);
        assertThat(failure.code()).isEqualTo(ErrorCode.FAILED);
    }

    @Test
    void readsWhatTheTypeSays() {
        assertThat(failure(new AccessDeniedException("/backup"))).hasMessageEndingWith(": permission denied");
        assertThat(failure(new NoSuchFileException("/x"))).hasMessageEndingWith(": /x does not exist");
        assertThat(failure(new NotDirectoryException("/x"))).hasMessageEndingWith(": /x is not a folder");
        assertThat(failure(new FileSystemException("/x"))).hasMessageEndingWith(": /x");
        assertThat(failure(new IOException())).hasMessageEndingWith(": IOException");
        assertThat(failure(new IOException(""))).hasMessageEndingWith(": ");
        assertThat(failure(new IOException("Input/output error")).hint()).isEmpty();
        assertThat(failure(new ClosedByInterruptException()).code()).isEqualTo(ErrorCode.INTERRUPTED);
    }
}
