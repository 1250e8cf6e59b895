package io.ambrotype.repository;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.github.luben.zstd.ZstdCompressCtx;
import io.ambrotype.common.AmbrotypeException;
import io.ambrotype.common.ErrorCode;
import io.ambrotype.storage.CrashingStore;
import io.ambrotype.storage.FileStore;
import io.ambrotype.storage.MemoryStore;
import io.ambrotype.storage.ObjectName;
import io.ambrotype.storage.Store;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.ReadableByteChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class DumpTest {
    private static final int FRAME = DumpFormat.FRAME_BYTES;

    private final MemoryStore store = new MemoryStore();
    private final Repository repository = Samples.repository(store);

    @TempDir
    Path folder;

    /** Bytes that compress, but not to nothing. */
    private static byte[] bytes(int length) {
        byte[] bytes = new byte[length];
        long state = length;
        for (int position = 0; position < length; position++) {
            state = state * 6364136223846793005L + 1442695040888963407L;
            bytes[position] = (byte) (position / 1000 + (state >>> 62));
        }
        return bytes;
    }

    private static DumpReference write(DumpWriter writer, byte[] bytes) throws IOException {
        try (writer) {
            for (int position = 0; position < bytes.length; position += 1 << 20) {
                ByteBuffer piece = ByteBuffer.wrap(bytes, position, Math.min(1 << 20, bytes.length - position));
                assertThat(writer.write(piece)).isPositive();
                assertThat(piece.hasRemaining()).isFalse();
            }
            assertThat(writer.rdbBytes()).isEqualTo(bytes.length);
            return writer.commit();
        }
    }

    private static byte[] read(Repository repository, DumpReference dump) throws IOException {
        try (InputStream in = Channels.newInputStream(repository.openDump(dump))) {
            return in.readAllBytes();
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 255, 256, 100_000, FRAME - 1, FRAME, FRAME + 1, 2 * FRAME + 12_345})
    void returnsWhatWasWritten(int length) throws Exception {
        byte[] bytes = bytes(length);
        DumpReference dump = write(repository.dumpWriter(), bytes);
        assertThat(dump.rdbBytes()).isEqualTo(length);
        assertThat(dump.frames()).isEqualTo((int) DumpFormat.frames(length));
        assertThat(store.size(new ObjectName(dump.objectName()))).hasValue(dump.storedBytes());
        assertThat(Arrays.equals(read(repository, dump), bytes)).isTrue();
        repository.verifyObject(dump, _ -> {});
    }

    @Test
    void isNamedByItsContent() throws Exception {
        DumpReference dump = write(repository.dumpWriter(), bytes(1000));
        try (InputStream in = Channels.newInputStream(
                store.open(new ObjectName(dump.objectName())).orElseThrow())) {
            String sha256 = HexFormat.of()
                    .formatHex(MessageDigest.getInstance("SHA-256").digest(in.readAllBytes()));
            assertThat(dump.objectName()).isEqualTo("dumps/" + sha256.substring(0, 2) + "/" + sha256 + ".rdb.zst");
        }
    }

    @Test
    void compressesOnOtherThreadsToTheSameBytes() throws Exception {
        byte[] bytes = bytes(3 * FRAME + 99);
        DumpReference alone = write(repository.dumpWriter(), bytes);
        try (ExecutorService threads = Executors.newFixedThreadPool(2)) {
            assertThat(write(repository.dumpWriter(threads, 3), bytes)).isEqualTo(alone);
        }
        List<Runnable> never = new ArrayList<>();
        assertThat(write(repository.dumpWriter(never::add, 2), bytes)).isEqualTo(alone);
        never.forEach(Runnable::run);
        List<Runnable> late = new ArrayList<>();
        Executor afterNext = task -> {
            late.forEach(Runnable::run);
            late.clear();
            late.add(task);
        };
        assertThat(write(repository.dumpWriter(afterNext, 3), bytes)).isEqualTo(alone);
        assertThat(store.list("dumps")).hasSize(1);
    }

    @Test
    void aZstdToolGivesBackTheRdb() throws Exception {
        Process version;
        try {
            version = new ProcessBuilder("zstd", "--version")
                    .redirectErrorStream(true)
                    .start();
        } catch (IOException e) {
            Assumptions.abort("there is no zstd tool on this machine");
            return;
        }
        version.getInputStream().readAllBytes();
        assertThat(version.waitFor()).isZero();

        Repository files = Samples.repository(new FileStore(folder.resolve("repository"), InstantSource.system()));
        byte[] bytes = bytes(FRAME + 77);
        DumpReference dump = write(files.dumpWriter(), bytes);
        Path rdb = folder.resolve("dump.rdb");
        Process zstd = new ProcessBuilder(
                        "zstd",
                        "-q",
                        "-d",
                        folder.resolve("repository/" + dump.objectName()).toString(),
                        "-o",
                        rdb.toString())
                .inheritIO()
                .start();
        assertThat(zstd.waitFor()).isZero();
        assertThat(Arrays.equals(Files.readAllBytes(rdb), bytes)).isTrue();
    }

    @Test
    void closedUncommittedLeavesNothing() throws Exception {
        DumpWriter writer = repository.dumpWriter();
        try (writer) {
            writer.write(ByteBuffer.wrap(bytes(FRAME + 5)));
            assertThat(writer.isOpen()).isTrue();
        }
        assertThat(writer.isOpen()).isFalse();
        assertThat(store.list("dumps")).isEmpty();
        assertThatThrownBy(() -> writer.write(ByteBuffer.allocate(1))).isInstanceOf(ClosedChannelException.class);
        assertThatThrownBy(writer::commit).isInstanceOf(IllegalStateException.class);
        try (DumpWriter empty = repository.dumpWriter()) {
            assertThatThrownBy(empty::commit).isInstanceOf(IllegalStateException.class);
        }
        assertThatThrownBy(() -> repository.dumpWriter(Runnable::run, 0)).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void closingWaitsForFramesInTheMakingAndDropsTheOthers() throws Exception {
        List<Runnable> queued = new ArrayList<>();
        try (ExecutorService threads = Executors.newFixedThreadPool(1)) {
            try (DumpWriter writer = repository.dumpWriter(threads, 4)) {
                writer.write(ByteBuffer.wrap(bytes(2 * FRAME + 1)));
            }
            try (DumpWriter writer = repository.dumpWriter(queued::add, 4)) {
                writer.write(ByteBuffer.wrap(bytes(2 * FRAME + 1)));
            }
        }
        assertThat(queued).hasSize(2);
        queued.forEach(Runnable::run);
        assertThat(store.list("dumps")).isEmpty();
    }

    @Test
    void anInterruptEndsTheWaitForAFrame() throws Exception {
        try (ExecutorService threads = Executors.newFixedThreadPool(1);
                DumpWriter writer = repository.dumpWriter(threads, 1)) {
            byte[] bytes = bytes(FRAME);
            writer.write(ByteBuffer.wrap(bytes));
            Thread.currentThread().interrupt();
            try {
                writer.write(ByteBuffer.wrap(bytes));
            } catch (AmbrotypeException e) {
                assertThat(e.code()).isEqualTo(ErrorCode.INTERRUPTED);
            }
            assertThat(Thread.interrupted()).isTrue();
        }
    }

    @Test
    void storesTheSameBytesOnce() throws Exception {
        byte[] bytes = bytes(50_000);
        DumpReference first = write(repository.dumpWriter(), bytes);
        assertThat(write(repository.dumpWriter(), bytes)).isEqualTo(first);
        assertThat(store.list("dumps")).hasSize(1);
    }

    @Test
    void replacesTheSameBytesWhereTheyAreDamaged() throws Exception {
        byte[] bytes = bytes(50_000);
        DumpReference dump = write(repository.dumpWriter(), bytes);
        byte[] damaged = stored(store, dump);
        damaged[damaged.length / 2] ^= 1;
        store.damage(new ObjectName(dump.objectName()), damaged);
        assertThatThrownBy(() -> repository.verifyObject(dump, _ -> {})).hasMessageContaining("is damaged");
        assertThat(write(repository.dumpWriter(), bytes)).isEqualTo(dump);
        repository.verifyObject(dump, _ -> {});
    }

    /** A store that returns other bytes than it was given. */
    @Test
    void noticesThatWhatWasStoredIsNotWhatWasWritten() throws Exception {
        Repository lying = Samples.repository(new LyingStore(new MemoryStore()));
        assertThatThrownBy(() -> write(lying.dumpWriter(), bytes(1000)))
                .hasMessageContaining("is damaged at byte")
                .satisfies(
                        error -> assertThat(((AmbrotypeException) error).code()).isEqualTo(ErrorCode.CORRUPT));
    }

    @Test
    void aFailingStoreFailsTheDump() throws Exception {
        for (int operation = 0; operation < 4; operation++) {
            MemoryStore survivor = new MemoryStore();
            Samples.repository(survivor);
            Repository failing = Repository.open(new CrashingStore(survivor, operation, false), new Random(1));
            assertThatThrownBy(() -> write(failing.dumpWriter(), bytes(FRAME + 10)))
                    .hasMessage("crash at operation " + operation);
            assertThat(survivor.list("dumps")).isEmpty();
        }
    }

    @Test
    void everyFlippedByteIsNoticed() throws Exception {
        byte[] bytes = Samples.rdb(7);
        DumpReference dump = write(repository.dumpWriter(), bytes);
        byte[] good = stored(store, dump);
        for (int position = 0; position < good.length; position++) {
            byte[] damaged = good.clone();
            damaged[position] ^= (byte) (1 << position % 8);
            store.damage(new ObjectName(dump.objectName()), damaged);
            assertThatThrownBy(() -> repository.verifyObject(dump, _ -> {}))
                    .hasMessageStartingWith(dump.objectName() + " is damaged at byte ")
                    .satisfies(error ->
                            assertThat(((AmbrotypeException) error).code()).isEqualTo(ErrorCode.CORRUPT));
        }
    }

    @Test
    void aMissingOrShorterObjectIsNoticedBeforeReading() throws Exception {
        DumpReference dump = write(repository.dumpWriter(), bytes(1000));
        store.damage(new ObjectName(dump.objectName()), new byte[3]);
        assertThatThrownBy(() -> repository.openDump(dump))
                .hasMessage(dump.objectName() + " is damaged: it has 3 bytes, not " + dump.storedBytes());
        store.delete(new ObjectName(dump.objectName()));
        assertThatThrownBy(() -> repository.openDump(dump)).hasMessage(dump.objectName() + " is missing");
    }

    /** Stores bytes as the object that they name, and reads them as a dump. */
    private void assertRefused(byte[] object, long rdbBytes, int frames, String complaint) throws Exception {
        String sha256 =
                HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(object));
        DumpReference dump = new DumpReference(sha256, object.length, rdbBytes, frames);
        store.damage(new ObjectName(dump.objectName()), object);
        assertThatThrownBy(() -> repository.verifyObject(dump, _ -> {}))
                .isInstanceOf(AmbrotypeException.class)
                .hasMessage(dump.objectName() + " is damaged at byte " + complaint);
    }

    private static byte[] frame(byte[] content, int windowLog, boolean checksum, boolean size) {
        try (ZstdCompressCtx zstd = new ZstdCompressCtx()) {
            zstd.setLevel(3).setChecksum(checksum).setContentSize(size);
            if (windowLog > 0) {
                zstd.setWindowLog(windowLog);
            }
            return zstd.compress(content);
        }
    }

    private static byte[] join(byte[]... parts) {
        ByteArrayOutputStream joined = new ByteArrayOutputStream();
        for (byte[] part : parts) {
            joined.writeBytes(part);
        }
        return joined.toByteArray();
    }

    @Test
    void refusesHostileFrames() throws Exception {
        byte[] content = bytes(1000);
        byte[] good = frame(content, 0, true, true);
        assertRefused(new byte[0], 1000, 1, "0: it ends after 0 of 1 frames and 0 of 1000 bytes of RDB");
        assertRefused(new byte[100], 1000, 1, "0: a zstd frame was expected");
        assertRefused(Arrays.copyOf(good, 4), 1000, 1, "0: a zstd frame was expected");
        assertRefused(Arrays.copyOf(good, 6), 1000, 1, "0: it ends within the header of a zstd frame");
        assertRefused(Arrays.copyOf(good, 100), 1000, 1, "0: it ends within a zstd frame");
        assertRefused(Arrays.copyOf(good, good.length - 1), 1000, 1, "0: it ends within a zstd frame");
        assertRefused(good, 999, 1, "0: the zstd frame holds 1000 bytes, not 999");
        assertRefused(good, 1000, 2, good.length + ": it ends after 1 of 2 frames and 1000 of 1000 bytes of RDB");
        assertRefused(good, FRAME + 1000L, 2, "0: the zstd frame holds 1000 bytes, not " + FRAME);
        assertRefused(join(good, new byte[1]), 1000, 1, good.length + ": there are bytes behind its end");
        assertRefused(join(good, good), 1000, 1, good.length + ": there are bytes behind its end");
        assertRefused(frame(content, 0, false, true), 1000, 1, "0: the zstd frame has no checksum");
        assertRefused(frame(content, 0, true, false), 1000, 1, "0: the zstd frame does not state its size");

        byte[] reserved = good.clone();
        reserved[4] |= 0x08;
        assertRefused(reserved, 1000, 1, "0: the zstd frame is of a later kind");
        byte[] dictionary = good.clone();
        dictionary[4] |= 0x01;
        assertRefused(dictionary, 1000, 1, "0: the zstd frame needs a dictionary");
        byte[] skippable = join(new byte[] {0x50, 0x2a, 0x4d, 0x18, 1, 0, 0, 0, 0}, good);
        assertRefused(skippable, 1000, 1, "0: a zstd frame was expected");
    }

    @Test
    void refusesWindowsBeyondItsMemory() throws Exception {
        // Descriptor: four bytes of content size, a window, a checksum; window of 2^27 bytes; an empty raw last block.
        byte[] header = {0x28, (byte) 0xb5, 0x2f, (byte) 0xfd, (byte) 0x84, (byte) ((27 - 10) << 3)};
        byte[] size = {(byte) 0xe8, 3, 0, 0};
        assertRefused(
                join(header, size, new byte[] {1, 0, 0, 0, 0, 0, 0}),
                1000,
                1,
                "0: the zstd frame needs too much memory");
        header[5] = (byte) ((24 - 10) << 3 | 1);
        assertRefused(
                join(header, size, new byte[] {1, 0, 0, 0, 0, 0, 0}),
                1000,
                1,
                "0: the zstd frame needs too much memory");
        header[5] = (byte) ((24 - 10) << 3);
        assertRefused(join(header, size, new byte[] {1, 0, 0, 0, 0, 0, 0}), 1000, 1, "0: the zstd frame is damaged");
    }

    @Test
    void refusesFramesThatLieAboutTheirContent() throws Exception {
        byte[] good = frame(bytes(1000), 0, true, true);
        // Single segment, two bytes of size (less 256): claim one byte more and one byte less.
        byte[] more = good.clone();
        more[5]++;
        assertRefused(more, 1001, 1, "0: the zstd frame is damaged");
        byte[] less = good.clone();
        less[5]--;
        assertRefused(less, 999, 1, "0: the zstd frame is damaged");
        byte[] checksum = good.clone();
        checksum[checksum.length - 1]++;
        assertRefused(checksum, 1000, 1, "0: the zstd frame is damaged");
        byte[] second = join(frame(new byte[FRAME], 0, true, true), more);
        int start = second.length - more.length;
        assertRefused(second, FRAME + 1001L, 2, start + ": the zstd frame is damaged");
    }

    @Test
    void readsInPiecesOfAnySize() throws Exception {
        byte[] bytes = bytes(300_000);
        DumpReference dump = write(repository.dumpWriter(), bytes);
        ByteArrayOutputStream read = new ByteArrayOutputStream();
        ReadableByteChannel channel = repository.openDump(dump);
        try (channel) {
            assertThat(channel.isOpen()).isTrue();
            assertThat(channel.read(ByteBuffer.allocate(0))).isZero();
            ByteBuffer buffer = ByteBuffer.allocateDirect(777);
            while (channel.read(buffer.clear()) >= 0) {
                byte[] piece = new byte[buffer.flip().remaining()];
                buffer.get(piece);
                read.writeBytes(piece);
            }
            assertThat(channel.read(buffer.clear())).isEqualTo(-1);
        }
        assertThat(read.toByteArray()).isEqualTo(bytes);
        assertThat(channel.isOpen()).isFalse();
        assertThatThrownBy(() -> channel.read(ByteBuffer.allocate(1))).isInstanceOf(ClosedChannelException.class);
    }

    @Test
    void keepsDigestsAndNoticesThatTheyAreDamaged() throws Exception {
        DumpReference dump = write(repository.dumpWriter(), bytes(10));
        ObjectName name = new ObjectName("digests/" + dump.sha256());
        assertThat(repository.digests(dump)).isEmpty();
        repository.storeDigests(dump, new byte[] {1, 2, 3});
        assertThat(repository.digests(dump)).hasValue(new byte[] {1, 2, 3});
        repository.storeDigests(dump, new byte[] {4});
        assertThat(repository.digests(dump)).hasValue(new byte[] {4});
        store.damage(name, new byte[33]);
        assertThat(repository.digests(dump)).isEmpty();
        store.damage(name, new byte[3]);
        assertThat(repository.digests(dump)).isEmpty();
    }

    private static byte[] stored(Store store, DumpReference dump) throws IOException {
        try (InputStream in = Channels.newInputStream(
                store.open(new ObjectName(dump.objectName())).orElseThrow())) {
            return in.readAllBytes();
        }
    }
}
