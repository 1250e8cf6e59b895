package io.ambrotype.backup;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.ambrotype.common.TaskGroup;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SpoolTest {
    @TempDir
    Path folder;

    @ParameterizedTest
    @CsvSource({
        "200000, 64, 0",
        "200000, 64, 100",
        "200000, 64, 1000000",
        "200000, 100000, 0",
        "200000, 1, 7",
        "30000000, 64, 9000000"
    })
    void handsEveryByteOverInOrder(int size, int memory, long fileLimit) throws Exception {
        byte[] data = bytes(size);
        ByteArrayOutputStream received = new ByteArrayOutputStream();
        try (Spool spool = new Spool(folder, memory, fileLimit);
                TaskGroup tasks = TaskGroup.ofComputing()) {
            tasks.fork("producer", () -> {
                Random sizes = new Random(1);
                for (int at = 0; at < data.length; ) {
                    int count = Math.min(1 + sizes.nextInt(3000), data.length - at);
                    spool.write(ByteBuffer.wrap(data, at, count));
                    at += count;
                }
                spool.finish();
            });
            tasks.fork("consumer", () -> drain(spool, received));
            tasks.join();
        }
        assertThat(received.toByteArray()).isEqualTo(data);
    }

    @Test
    void takesMoreThanItsMemoryWhileNobodyReads() throws Exception {
        byte[] data = bytes(50_000);
        try (Spool spool = new Spool(folder, 1000, 1 << 20)) {
            spool.write(ByteBuffer.wrap(data));
            spool.finish();

            assertThat(spool.bytesThroughFile()).isEqualTo(49_000);
            ByteArrayOutputStream received = new ByteArrayOutputStream();
            drain(spool, received);
            assertThat(received.toByteArray()).isEqualTo(data);
        }
    }

    @Test
    void theRoomOfTheFileIsUsedAgain() throws Exception {
        int size = Spool.SEGMENT_BYTES / 4 * 3;
        ByteBuffer target = ByteBuffer.allocate(size);
        try (Spool spool = new Spool(folder, 1000, 1 << 30)) {
            for (int round = 0; round < 22; round++) {
                spool.write(ByteBuffer.wrap(bytes(size, round)));
                if (round >= 2) {
                    readWhole(spool, target.clear());
                    assertThat(target.array()).isEqualTo(bytes(size, round - 2));
                }
            }
            assertThat(spool.bytesThroughFile()).isEqualTo(22L * size - 1000);
            // Three times the size has waited in it, that is two segments and a quarter.
            assertThat(spool.fileLength()).isEqualTo(4L * Spool.SEGMENT_BYTES);
            spool.finish();
            for (int round = 20; round < 22; round++) {
                readWhole(spool, target.clear());
                assertThat(target.array()).isEqualTo(bytes(size, round));
            }
            assertThat(spool.read(target.clear())).isNegative();
        }
    }

    private static void readWhole(Spool spool, ByteBuffer target) throws IOException {
        while (target.hasRemaining()) {
            assertThat(spool.read(target)).isPositive();
        }
    }

    @Test
    void leavesNoFileBehindEvenWhileItIsOpen() throws Exception {
        try (Spool spool = new Spool(folder, 10, 1000)) {
            spool.write(ByteBuffer.wrap(bytes(500)));
            try (var files = Files.list(folder)) {
                assertThat(files).isEmpty();
            }
        }
    }

    @Test
    void waitsForTheConsumerWhereTheFolderCannotBeUsed() throws Exception {
        byte[] data = bytes(5000);
        ByteArrayOutputStream received = new ByteArrayOutputStream();
        try (Spool spool = new Spool(folder.resolve("absent"), 100, 1 << 20);
                TaskGroup tasks = TaskGroup.ofComputing()) {
            tasks.fork("producer", () -> {
                spool.write(ByteBuffer.wrap(data));
                spool.finish();
            });
            tasks.fork("consumer", () -> drain(spool, received));
            tasks.join();
        }
        assertThat(received.toByteArray()).isEqualTo(data);
    }

    @Test
    void passesTheFailureOnBehindTheBytes() throws Exception {
        try (Spool spool = new Spool(folder, 100, 0)) {
            spool.write(ByteBuffer.wrap(bytes(10)));
            spool.fail(new IOException("the node is gone"));

            assertThat(spool.read(ByteBuffer.allocate(100))).isEqualTo(10);
            assertThatThrownBy(() -> spool.read(ByteBuffer.allocate(100))).hasMessage("the node is gone");
        }
    }

    @Test
    void closingFreesAProducerThatWaits() throws Exception {
        Spool spool = new Spool(folder, 10, 0);
        CountDownLatch started = new CountDownLatch(1);
        try (TaskGroup tasks = TaskGroup.ofWaiting()) {
            tasks.fork("producer", () -> {
                started.countDown();
                assertThatThrownBy(() -> spool.write(ByteBuffer.wrap(bytes(100))))
                        .hasMessage("the spool is closed");
            });
            started.await();
            spool.close();
            tasks.join();
        }
        assertThat(spool.isOpen()).isFalse();
    }

    private static void drain(Spool spool, ByteArrayOutputStream target) throws IOException {
        ByteBuffer buffer = ByteBuffer.allocate(777);
        while (spool.read(buffer) >= 0) {
            target.write(buffer.array(), 0, buffer.position());
            buffer.clear();
        }
    }

    private static byte[] bytes(int count) {
        return bytes(count, count);
    }

    private static byte[] bytes(int count, int seed) {
        byte[] bytes = new byte[count];
        new Random(seed).nextBytes(bytes);
        return bytes;
    }
}
