package io.ambrotype.restore;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.ambrotype.common.AmbrotypeException;
import io.ambrotype.common.ErrorCode;
import io.ambrotype.rdb.RdbReader;
import io.ambrotype.rdb.RecordKind;
import io.ambrotype.repository.Manifest;
import io.ambrotype.repository.Repository;
import io.ambrotype.repository.Samples;
import io.ambrotype.storage.MemoryStore;
import io.ambrotype.storage.ObjectName;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RestorerTest {
    private final MemoryStore store = new MemoryStore();
    private final Repository repository = Samples.repository(store);

    @TempDir
    Path folder;

    private RestoreReport restore(RestorePlan plan) throws InterruptedException {
        return new Restorer(repository, RestoreListener.NONE).run(plan);
    }

    private static long entries(Path file) throws IOException {
        long entries = 0;
        try (RdbReader reader = RdbReader.open(file)) {
            for (RecordKind kind = reader.next(); kind != RecordKind.END; kind = reader.next()) {
                entries += kind == RecordKind.ENTRY ? 1 : 0;
            }
        }
        return entries;
    }

    private static List<Path> in(Path folder) throws IOException {
        try (var files = Files.list(folder)) {
            return files.sorted().toList();
        }
    }

    @Test
    void handsTheLayoutBack() throws Exception {
        Manifest manifest = Plans.snapshot(repository, Samples.cluster(3), 0, false);
        Path target = folder.resolve("new/one");
        RestoreReport report = restore(Plans.plan(manifest, RestoreRequest.into(target)));
        assertThat(report.entries()).isEqualTo(Plans.KEYS);
        assertThat(in(target)).hasSize(7);
        Path master = target.resolve("10.0.0.0-7000/dump.rdb");
        assertThat(Files.size(master))
                .isEqualTo(manifest.shards().getFirst().dump().rdbBytes());
        assertThat(Files.readAllBytes(target.resolve("__1-7100/dump.rdb"))).isEqualTo(Files.readAllBytes(master));
        assertThat(Files.readString(target.resolve("NEXT-STEPS.txt")))
                .contains("redis-cli -h 10.0.0.0 -p 7000 INFO persistence", "CLUSTER INFO", "ambrotype compare ");
        assertThatThrownBy(() -> restore(Plans.plan(manifest, RestoreRequest.into(target))))
                .hasMessage(target + " is not empty");
    }

    @Test
    void routesIntoAnotherShape() throws Exception {
        Manifest manifest = Plans.snapshot(repository, Samples.cluster(2), 0, true);
        List<TargetAddress> five = IntStream.range(0, 5)
                .mapToObj(i -> TargetAddress.parse("10.1.0." + (i + 1) + ":7000"))
                .toList();
        RestoreReport report = restore(
                Plans.plan(manifest, RestoreRequest.into(folder).at(five).as(5, 0)));
        assertThat(report.entries()).isEqualTo(Plans.KEYS);
        assertThat(report.leftOut()).isPositive();
        long found = 0;
        for (TargetAddress address : five) {
            found += entries(folder.resolve(address.client().host() + "-7000/dump.rdb"));
        }
        assertThat(found).isEqualTo(Plans.KEYS);
    }

    @Test
    void aDamagedDumpLeavesNothing() throws Exception {
        Manifest manifest = Plans.snapshot(repository, Samples.cluster(2), 0, false);
        ObjectName dump = new ObjectName(manifest.shards().getLast().dump().objectName());
        store.damage(dump, new byte[(int) manifest.shards().getLast().dump().storedBytes()]);
        Path fresh = folder.resolve("fresh");
        for (RestoreRequest request :
                List.of(RestoreRequest.into(fresh), RestoreRequest.into(fresh).as(1, 0))) {
            assertThatThrownBy(() -> restore(Plans.plan(manifest, request)))
                    .isInstanceOfSatisfying(
                            AmbrotypeException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.CORRUPT));
            assertThat(fresh).doesNotExist();
        }
        assertThatThrownBy(() ->
                        new Restorer(repository, RestoreListener.NONE).writeSingle(manifest, folder.resolve("all.rdb")))
                .isInstanceOf(AmbrotypeException.class);
        assertThat(in(folder)).isEmpty();
    }

    @Test
    void whatAnInterruptedRestoreLeftIsNamed() throws Exception {
        Files.createDirectory(folder.resolve(".restoring"));
        Files.createDirectory(folder.resolve("10.0.0.0-7000"));
        assertThatThrownBy(() -> Restorer.requireEmpty(folder))
                .hasMessage(folder + " holds what an interrupted restore left behind");
        Path file = Files.createFile(folder.resolve("file"));
        assertThatThrownBy(() -> Restorer.requireEmpty(file)).hasMessage(file + " is not a folder");
        Restorer.requireEmpty(folder.resolve("none"));
    }

    @Test
    void anInterruptLeavesNothing() throws Exception {
        Manifest manifest = Plans.snapshot(repository, Samples.cluster(1), 0, false);
        Path target = folder.resolve("x");
        Thread.currentThread().interrupt();
        assertThatThrownBy(() -> restore(Plans.plan(manifest, RestoreRequest.into(target))))
                .isInstanceOf(InterruptedException.class);
        Thread.interrupted();
        Thread.currentThread().interrupt();
        assertThatThrownBy(
                        () -> new Restorer(repository, RestoreListener.NONE).writeSingle(manifest, folder.resolve("y")))
                .isInstanceOf(InterruptedException.class);
        Thread.interrupted();
        assertThat(in(folder)).isEmpty();
    }

    @Test
    void everythingAsOneRdb() throws Exception {
        Manifest manifest = Plans.snapshot(repository, Samples.cluster(3), 0, true);
        Path file = folder.resolve("all.rdb");
        RestoreReport report = new Restorer(repository, RestoreListener.NONE).writeSingle(manifest, file);
        assertThat(report.entries()).isEqualTo(Plans.KEYS);
        assertThat(entries(file)).isEqualTo(Plans.KEYS);
        assertThatThrownBy(() -> Restorer.requireAbsent(file)).hasMessage(file + " exists already");
        assertThatThrownBy(() -> new Restorer(repository, RestoreListener.NONE)
                        .writeSingle(manifest, folder.resolve("no/folder.rdb")))
                .hasMessageContaining("does not exist");
    }
}
