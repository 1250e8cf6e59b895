package io.ambrotype.repository;

import static org.assertj.core.api.Assertions.assertThat;

import io.ambrotype.storage.FileStore;
import io.ambrotype.storage.ObjectName;
import io.ambrotype.storage.Store;
import io.ambrotype.storage.StoredWriter;
import io.ambrotype.verify.Verifier;
import io.ambrotype.verify.VerifyReport.State;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.channels.ReadableByteChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A real process is killed with signal 9 in the middle of its backups. */
class KilledBackupTest {
    @TempDir
    Path folder;

    /** Takes one backup after the other, and says so on standard output at every operation. */
    static final class Child {
        private Child() {}

        public static void main(String[] arguments) throws IOException {
            Store store = new ReportingStore(new FileStore(Path.of(arguments[0]), InstantSource.system()));
            Repository repository = Repository.open(store, new Random());
            for (int seed = 0; ; seed++) {
                Samples.snapshot(repository, seed, seed + 1, seed + 2);
            }
        }
    }

    private record ReportingStore(Store store) implements Store {
        static void report() {
            System.out.write('.');
            System.out.flush();
        }

        @Override
        public StoredWriter newWriter() {
            StoredWriter writer = store.newWriter();
            return new StoredWriter() {
                @Override
                public void append(ByteBuffer bytes) {
                    report();
                    writer.append(bytes);
                }

                @Override
                public void freeze() {
                    report();
                    writer.freeze();
                }

                @Override
                public boolean commit(ObjectName name) {
                    report();
                    return writer.commit(name);
                }

                @Override
                public void close() {
                    report();
                    writer.close();
                }
            };
        }

        @Override
        public String location() {
            return store.location();
        }

        @Override
        public boolean isEmpty() {
            return store.isEmpty();
        }

        @Override
        public Optional<ReadableByteChannel> open(ObjectName name) {
            return store.open(name);
        }

        @Override
        public OptionalLong size(ObjectName name) {
            return store.size(name);
        }

        @Override
        public List<ObjectName> list(String prefix) {
            return store.list(prefix);
        }

        @Override
        public void delete(ObjectName name) {
            store.delete(name);
        }
    }

    @Test
    void leavesTheRepositoryWhole() throws Exception {
        Path place = folder.resolve("repository");
        Repository repository = Samples.repository(new FileStore(place, InstantSource.system()));
        Manifest older = Samples.snapshot(repository, 1000);
        Random random = new Random(20261122);
        for (int round = 0; round < 4; round++) {
            killAfter(1 + random.nextInt(45), place);
            assertThat(repository.list())
                    .noneMatch(SnapshotEntry.Damaged.class::isInstance)
                    .contains(new SnapshotEntry.Finished(older.summary()));
            assertThat(new Verifier(repository)
                            .verifyAll(Verifier.Progress.NONE)
                            .failure())
                    .isEmpty();
            Manifest next = Samples.snapshot(repository, 2000 + round);
            assertThat(new Verifier(repository)
                            .verify(next.snapshot(), Verifier.Progress.NONE)
                            .snapshots())
                    .allMatch(verdict -> verdict.state() == State.SOUND);
        }
        assertThat(new FileStore(place, InstantSource.system()).list(""))
                .noneMatch(name -> name.text().contains(".tmp"));
    }

    private static void killAfter(int operations, Path place) throws Exception {
        Process child = new ProcessBuilder(
                        ProcessHandle.current().info().command().orElseThrow(),
                        "--enable-native-access=ALL-UNNAMED",
                        "-Xmx128m",
                        "-cp",
                        System.getProperty("java.class.path"),
                        Child.class.getName(),
                        place.toString())
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
        try (InputStream reports = child.getInputStream()) {
            for (int operation = 0; operation < operations; operation++) {
                assertThat(reports.read()).isEqualTo('.');
            }
            child.destroyForcibly();
        }
        assertThat(child.waitFor()).isEqualTo(137);
        try (Stream<Path> leftOver = Files.list(place.resolve(".tmp"))) {
            assertThat(leftOver.count()).isLessThan(20);
        }
    }
}
