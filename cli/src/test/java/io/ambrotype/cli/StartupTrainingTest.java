package io.ambrotype.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class StartupTrainingTest {
    @TempDir
    Path folder;

    /** A command that fails at its beginning would train nothing but errors. */
    @Test
    void itsCommandsDoWhatTheyAreMeantTo() throws Exception {
        assertThat(StartupTraining.run(folder)).isEmpty();
    }
}
