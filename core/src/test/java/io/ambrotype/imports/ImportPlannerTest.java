package io.ambrotype.imports;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.ambrotype.common.AmbrotypeException;
import io.ambrotype.imports.ImportPlan.DumpFile;
import io.ambrotype.imports.ImportPlan.ShardFile;
import io.ambrotype.imports.ImportPlan.SlotCounts;
import io.ambrotype.rdb.HashSlot;
import io.ambrotype.topology.NodesConf;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class ImportPlannerTest {
    private static final String A = "a".repeat(40);
    private static final String B = "b".repeat(40);
    private static final String R = "c".repeat(40);
    private static final Optional<NodesConf> NONE = Optional.empty();

    /** Two masters and a replica of the second, as the file of one of them. */
    private static NodesConf conf(String myself) {
        String text = A + " 10.0.0.1:7000@17000 master - 0 0 1 connected 0-8191\n"
                + B + " 10.0.0.2:7000@17000 master - 0 0 2 connected 8192-16383\n"
                + R + " 10.0.0.3:7000@17000 slave " + B + " 0 0 2 connected\n"
                + "vars currentEpoch 2 lastVoteEpoch 0\n";
        return NodesConf.parse(
                text.replaceFirst("(?m)^(" + myself + " \\S+ )", "$1myself,").getBytes(StandardCharsets.UTF_8),
                "nodes.conf");
    }

    private static DumpFile file(String name, long inA, long inB, Optional<NodesConf> view) {
        long[] counts = new long[HashSlot.COUNT];
        counts[1] = inA;
        counts[9000] = inB;
        return new DumpFile(
                Path.of(name),
                Path.of(name),
                100,
                inA + inB,
                new SlotCounts(counts),
                "REDIS0009",
                true,
                "redis",
                "5.0.5",
                true,
                Optional.empty(),
                0,
                Instant.EPOCH,
                view,
                List.of());
    }

    private static List<Path> assigned(DumpFile... files) {
        return ImportPlanner.cluster("shop", conf(A), List.of(files)).shards().stream()
                .map(ShardFile::file)
                .map(DumpFile::path)
                .toList();
    }

    private static void assertRefused(String message, DumpFile... files) {
        assertThatThrownBy(() -> assigned(files))
                .isInstanceOf(AmbrotypeException.class)
                .hasMessageContaining(message);
    }

    @Test
    void keysSayWhoseAFileIs() {
        assertThat(assigned(file("two", 1, 9, NONE), file("one", 9, 1, NONE)))
                .containsExactly(Path.of("one"), Path.of("two"));
    }

    @Test
    void anEmptyFileIsItsNeighboursOrTheRest() {
        assertThat(assigned(file("empty", 0, 0, Optional.of(conf(R))), file("one", 9, 0, NONE)))
                .containsExactly(Path.of("one"), Path.of("empty"));
        assertThat(assigned(file("x", 0, 0, NONE), file("y", 0, 0, NONE))).containsExactly(Path.of("x"), Path.of("y"));
    }

    @Test
    void whatContradictsIsRefused() {
        assertRefused("contradicts itself", file("one", 9, 0, Optional.of(conf(R))), file("two", 0, 9, NONE));
        assertRefused("is of no shard of this topology", file("half", 5, 5, NONE), file("two", 0, 9, NONE));
        assertRefused("are both of the shard of master 10.0.0.1:7000", file("one", 9, 0, NONE), file("1", 9, 0, NONE));
        assertRefused("there is no file for master 10.0.0.2:7000 (slots 8192-16383)", file("one", 9, 0, NONE));
        assertRefused(
                "has no keys, and every shard has a file",
                file("one", 9, 0, NONE),
                file("two", 0, 9, NONE),
                file("three", 0, 0, NONE));
    }
}
