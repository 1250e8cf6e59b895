package io.ambrotype.backup;

import static org.assertj.core.api.Assertions.assertThat;

import io.ambrotype.common.Time;
import io.ambrotype.repository.Manifest;
import io.ambrotype.repository.Repository;
import io.ambrotype.repository.SnapshotId;
import io.ambrotype.resp.ConnectionSettings;
import io.ambrotype.resp.RespConnection;
import io.ambrotype.servers.TestServer;
import io.ambrotype.storage.MemoryStore;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Somebody sets the clock while a backup is under way: the snapshot's times are those of one clock all the same. */
class SetClockTest {
    @TempDir
    Path folder;

    /** The machine's clock, which can be set. */
    private static final class SetClock implements Time {
        private volatile Duration shift = Duration.ZERO;

        @Override
        public Instant instant() {
            return Instant.now().plus(shift);
        }

        @Override
        public Duration running() {
            return SYSTEM.running();
        }

        @Override
        public void sleep(Duration duration) throws InterruptedException {
            SYSTEM.sleep(duration);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"PT-1H", "P2D"})
    void theTimesOfASnapshotAreInOrder(Duration shift) throws Exception {
        SetClock clock = new SetClock();
        BackupListener set = new BackupListener() {
            @Override
            public void begun(SnapshotId snapshot) {
                clock.shift = shift;
            }
        };
        Repository repository = Repository.create(new MemoryStore(), new Random(1));
        Instant before = Instant.now().minusMillis(1);
        Manifest manifest;
        try (TestServer server =
                TestServer.start(TestServer.Binary.REDIS_7_0, folder, "--repl-diskless-sync-delay", "0")) {
            try (RespConnection connection = server.connect()) {
                connection.call("SET", "order", "paid");
            }
            BackupRequest request =
                    BackupRequest.of("shop", List.of(server.address()), ConnectionSettings.defaults(), folder);
            manifest = new Backup(request, set, clock, "test").run(repository);
        }
        Instant after = Instant.now().plusMillis(1);

        Manifest.Shard shard = manifest.shards().getFirst();
        assertThat(List.of(before, manifest.begun(), shard.started(), shard.capturedAt(), manifest.completed(), after))
                .isSorted();
        assertThat(manifest.durations().values())
                .allMatch(took -> !took.isNegative() && took.compareTo(Duration.between(before, after)) <= 0);
        assertThat(shard.duration()).isBetween(Duration.ZERO, Duration.between(before, after));
        assertThat(repository.manifest(repository.resolve("latest"))).isEqualTo(manifest);
    }
}
