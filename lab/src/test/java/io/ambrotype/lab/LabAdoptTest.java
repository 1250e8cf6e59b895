package io.ambrotype.lab;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.ambrotype.common.AmbrotypeException;
import io.ambrotype.common.ErrorCode;
import io.ambrotype.resp.RespConnection;
import io.ambrotype.resp.RespErrorException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Labs made out of folders as a restore writes them. */
class LabAdoptTest {
    @TempDir
    Path temporary;

    @ParameterizedTest
    @EnumSource(StartOrder.class)
    void aRestoredClusterComesUpWithItsDataAndItsRoles(StartOrder order) throws IOException {
        int base = Servers.freePorts(4);
        Path restored = restored(LabSpec.cluster(temporary.resolve("old"), Servers.bundled(), 2, 1, base));
        try (LabCluster lab = LabCluster.adopt(restored, Servers.bundled(), List.of("maxmemory 77mb"), order)) {
            assertThat(lab.isCluster()).isTrue();
            assertThat(lab.masters())
                    .extracting(server -> server.address().port())
                    .containsExactlyInAnyOrder(base, base + 1);
            assertThat(lab.replicas()).hasSize(2);
            for (RedisServer server : lab.servers()) {
                try (RespConnection connection = server.connect()) {
                    assertThat(connection.integer("DBSIZE")).isEqualTo(1);
                    assertThat(connection.pairs("CONFIG", "GET", "maxmemory")).containsValue("80740352");
                }
            }
        }
        LabStart.Report again = startIn(restored);
        assertThat(again.origin()).isEqualTo(LabStart.Origin.RESUMED);
        LabCluster.attach(restored).close();
    }

    @Test
    void theStartCommandRecognizesARestoredStandaloneSet() throws IOException {
        Path restored =
                restored(LabSpec.standalone(temporary.resolve("old"), Servers.bundled(), 1, Servers.freePorts(2)));
        LabStart.Report report = startIn(restored);
        try (LabCluster lab = LabCluster.attach(restored)) {
            assertThat(report.origin()).isEqualTo(LabStart.Origin.ADOPTED);
            assertThat(report.status().nodes())
                    .hasSize(2)
                    .allMatch(node -> node.keys().orElseThrow() == 2);
            assertThat(lab.replicas()).hasSize(1);
        }
    }

    @Test
    void nodesThatWouldTalkToOthersAreRefused() throws IOException {
        Path restored =
                restored(LabSpec.standalone(temporary.resolve("old"), Servers.bundled(), 1, Servers.freePorts(2)));
        Path file = restored.resolve("b").resolve("ambrotype.conf");
        Files.writeString(file, Files.readString(file).replace("replicaof 127.0.0.1", "replicaof 10.9.8.7"));
        assertThatThrownBy(() -> startIn(restored))
                .isInstanceOfSatisfying(
                        AmbrotypeException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.UNSAFE))
                .hasMessage(
                        "the node in " + restored.resolve("b") + " would talk to 10.9.8.7, which is not this machine");
        assertThat(LabState.existsIn(restored)).isFalse();
    }

    private static LabStart.Report startIn(Path dir) {
        return new LabStart(
                        dir,
                        false,
                        OptionalInt.empty(),
                        OptionalInt.empty(),
                        OptionalInt.empty(),
                        Optional.empty(),
                        List.of(),
                        LabLayout.ABSOLUTE)
                .run();
    }

    /** A deployment with a key in each of its slots' halves, stopped, its folders made into those of a restore. */
    private Path restored(LabSpec spec) throws IOException {
        try (LabCluster lab = LabCluster.create(spec)) {
            for (RedisServer master : lab.masters()) {
                try (RespConnection connection = master.connect()) {
                    for (String key : List.of("foo", "b")) { // slots 12182 and 3300
                        try {
                            connection.call("SET", key, "1");
                        } catch (RespErrorException e) {
                            assertThat(e.prefix()).isEqualTo("MOVED");
                        }
                    }
                    assertThat(connection.integer("WAIT", "1", "5000")).isEqualTo(1);
                }
            }
            new LabStop(lab.dir(), true).run();
            Path restored = Files.createDirectory(temporary.resolve("restored"));
            Files.writeString(restored.resolve("README"), "next steps");
            for (int i = 0; i < lab.servers().size(); i++) {
                Path folder = restored.resolve(String.valueOf((char) ('a' + i)));
                Files.move(lab.servers().get(i).folder(), folder);
                List<String> lines = new ArrayList<>(Files.readAllLines(folder.resolve("lab.conf")));
                lines.removeIf(line -> line.startsWith("dir "));
                Files.write(folder.resolve("ambrotype.conf"), lines);
                Files.delete(folder.resolve("lab.conf"));
            }
            return restored;
        }
    }
}
