package io.ambrotype.host;

import static org.assertj.core.api.Assertions.assertThat;

import io.ambrotype.common.AmbrotypeException;
import io.ambrotype.common.ErrorCode;
import io.ambrotype.mutation.Allocations;
import io.ambrotype.mutation.Mutator;
import io.ambrotype.mutation.Trials;
import io.ambrotype.resp.ServerVersion;
import io.ambrotype.servers.Corpus;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Damaged configuration files are read, or refused with their line. */
class ConfigurationFuzzTest {
    /** A file that includes itself is read until all that was read is too much. */
    private static final long FIXED_BUDGET = 128 << 20;

    private static final long BUDGET_PER_BYTE = 500;

    @TempDir
    Path folder;

    @Test
    void anyDamage() throws Exception {
        Path file = folder.resolve("redis.conf");
        Mutator mutator = new Mutator(
                Trials.seed(1),
                List.of(Corpus.file("redis.conf")),
                "\n",
                "\"",
                "'",
                "\\",
                "\\x00",
                "\\xff",
                "dir ",
                "save ",
                "include redis.conf\n",
                "include nothing*\n",
                "include \"[\"\n",
                " \"\" ");
        Trials.run("redis.conf", 1, 500, mutator, input -> {
            Files.write(file, input);
            long allocated = Allocations.of(() -> {
                try {
                    ConfigurationFile read = ConfigurationFile.read(file, folder);
                    assertThat(read.directives())
                            .noneMatch(directive -> directive.name().contains("\n"));
                    assertThat(read.dir()).isAbsolute();
                    read.hasAbsoluteDir();
                    read.value("cluster-config-file").ifPresent(read::resolve);
                    read.savePoints(ServerVersion.parse(ServerVersion.Vendor.REDIS, "7.0.15"));
                } catch (AmbrotypeException e) {
                    assertThat(e.code()).isIn(ErrorCode.CORRUPT, ErrorCode.FAILED);
                    assertThat(e.getMessage()).startsWith(file + ", line ").hasSizeLessThan(500);
                }
            });
            assertThat(allocated).isLessThan(FIXED_BUDGET + BUDGET_PER_BYTE * input.length);
        });
    }
}
