package io.ambrotype.cli;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.file.Path;
import java.time.Clock;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class OperationArgumentsTest {
    @TempDir
    Path folder;

    private final ByteArrayOutputStream out = new ByteArrayOutputStream();
    private final ByteArrayOutputStream err = new ByteArrayOutputStream();

    private int run(String... arguments) {
        Terminal terminal = new Terminal(
                new PrintStream(out, true, UTF_8),
                new PrintStream(err, true, UTF_8),
                new ByteArrayInputStream(new byte[0]),
                Set.of(),
                80,
                Map.of(),
                folder,
                _ -> Optional.empty());
        return Main.run(terminal, Clock.systemUTC(), new Main.Interruption(), arguments);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "restore latest | 2 | say where to: --into FOLDER for node folders, --rdb FILE for one RDB, or --to D",
                "restore latest --into a --rdb b | 2 | --into and --rdb do not go together",
                "restore | 2 | missing ID",
                "compare latest | 2 | missing B",
                "backup redis://127.0.0.1:21899 --spool no | 2 | is not a folder that can be written to",
                "backup redis://127.0.0.1:21899 --spool . --parallel 17 | 2 | the number of parallel captures must be"
                        + " between 1 and 16, not 17",
                "backup redis://127.0.0.1:21899 --spool . --forks-per-host 0 | 2 | the number of forks per host must be"
                        + " at least 1, not 0",
                "restore latest --into a --repo none | 10 | there is no repository in",
                "compare latest latest --repo none | 10 | there is no repository in",
                "restart | 2 | missing D",
                "restart redis://127.0.0.1:21899 --resume --abandon | 2 | --resume and --abandon contradict each other",
                "restart redis://127.0.0.1:21899 --resume --nodes a | 2 | --resume takes nodes, fail-back, stall and folder",
                "restart redis://127.0.0.1:21899 --start-last-copy | 2 | --start-last-copy is for --resume",
                "restart redis://127.0.0.1:21899 --max-stall 5 | 2 | is not a time; expected 500ms, 2s or 1m",
                "restart redis://127.0.0.1:21899 --start sistemd | 2 | is no way to start a server",
                "restart redis://127.0.0.1:21899 | 10 | no repository was named for the snapshot before the first step"
            })
    void mistakesAreNamed(String line, int status, String message) {
        assertThat(run(line.split(" "))).isEqualTo(status);
        assertThat(err.toString(UTF_8)).startsWith("error: ").contains(message);
        assertThat(out.toString(UTF_8)).isEmpty();
    }

    @Test
    void compareTeachesHowToProveARestore() {
        assertThat(run("compare", "--help")).isZero();
        assertThat(out.toString(UTF_8)).contains("prove a restored deployment: back it up again, then compare");
    }
}
