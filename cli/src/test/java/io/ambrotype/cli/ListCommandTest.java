package io.ambrotype.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.ambrotype.cli.Run.Result;
import io.ambrotype.repository.Repository;
import io.ambrotype.repository.SnapshotBegun;
import io.ambrotype.storage.FileStore;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ListCommandTest {
    @TempDir
    Path folder;

    /** A clock was set back since, or another machine's is ahead. */
    @Test
    void aSnapshotFromTheFutureIsToldApart() {
        Repository repository =
                Repository.create(new FileStore(folder.resolve("repository"), () -> Run.NOW), new Random(1));
        for (Duration ahead : List.of(Duration.ofHours(-2), Duration.ofSeconds(30), Duration.ofDays(1))) {
            repository.begin(new SnapshotBegun("1", "shop", Run.NOW.plus(ahead)));
        }

        Result list = Run.in(folder).command("list", "--repo", "repository");

        assertThat(list.status()).isZero();
        assertThat(list.err()).isEmpty();
        assertThat(list.out().lines().skip(1))
                .satisfiesExactly(
                        tomorrow -> assertThat(tomorrow)
                                .startsWith("20261123T160000Z-")
                                .contains(" in 1 d (clock?) "),
                        soon -> assertThat(soon).contains(" 0 ms ago "),
                        earlier -> assertThat(earlier).contains(" 2 h ago "));
    }
}
