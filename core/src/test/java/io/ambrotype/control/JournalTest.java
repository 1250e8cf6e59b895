package io.ambrotype.control;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.ambrotype.common.AmbrotypeException;
import io.ambrotype.common.ErrorCode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Arrays;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class JournalTest {
    @TempDir
    private Path folder;

    private Path file = Path.of("");

    private record Entry(String what) {}

    @BeforeEach
    void name() {
        file = folder.resolve("journals").resolve("run.jsonl");
    }

    private void append(String what) {
        try (Journal<Entry> journal = Journal.open(file)) {
            journal.append(new Entry(what));
            assertThat(journal.file()).isEqualTo(file);
        }
    }

    @Test
    void keepsWhatWasAppendedByOneAfterTheOther() throws IOException {
        append("begun");
        append("ended");
        assertThat(Journal.read(file, Entry.class)).containsExactly(new Entry("begun"), new Entry("ended"));
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(folder.resolve("journals"))))
                .isEqualTo("rwx------");
    }

    /** At every byte of the last line. */
    @Test
    void aLineThatACrashCutOffWasNeverThere() throws IOException {
        append("begun");
        byte[] whole = Files.readAllBytes(file);
        for (int cut = 0; cut < whole.length; cut++) {
            Files.write(file, whole);
            Files.write(file, Arrays.copyOf(whole, cut), StandardOpenOption.APPEND);
            assertThat(Journal.read(file, Entry.class)).containsExactly(new Entry("begun"));
            append("resumed");
            assertThat(Journal.read(file, Entry.class)).containsExactly(new Entry("begun"), new Entry("resumed"));
        }
    }

    @Test
    void isWrittenByOneAtATime() {
        try (Journal<Entry> first = Journal.open(file)) {
            first.append(new Entry("begun"));
            AmbrotypeException error = catchThrowableOfType(AmbrotypeException.class, () -> append("another"));
            assertThat(error.code()).isEqualTo(ErrorCode.LOCKED);
            assertThat(error).hasMessage("the journal " + file + " is being written by another process");
            assertThat(Journal.isOpen(file)).isTrue();
        }
        assertThat(Journal.isOpen(file)).isFalse();
        append("ended");
        assertThat(Journal.read(file, Entry.class)).hasSize(2);
    }

    @Test
    void saysWhichLineIsDamaged() throws IOException {
        append("begun");
        Files.writeString(file, "{\"what\": 3, \n", StandardOpenOption.APPEND);
        AmbrotypeException error =
                catchThrowableOfType(AmbrotypeException.class, () -> Journal.read(file, Entry.class));
        assertThat(error.code()).isEqualTo(ErrorCode.CORRUPT);
        assertThat(error).hasMessage("line 2 of the journal " + file + " cannot be read");
    }

    @Test
    void saysWhereItCannotBe() throws IOException {
        Path inTheWay = Files.writeString(folder.resolve("journals"), "a file");
        AmbrotypeException written = catchThrowableOfType(AmbrotypeException.class, () -> append("begun"));
        assertThat(written.code()).isEqualTo(ErrorCode.FAILED);
        assertThat(written.getMessage()).contains("cannot be written", inTheWay.toString());
        AmbrotypeException read = catchThrowableOfType(
                AmbrotypeException.class, () -> Journal.read(folder.resolve("none.jsonl"), Entry.class));
        assertThat(read.getMessage()).contains("none.jsonl cannot be read");
    }
}
