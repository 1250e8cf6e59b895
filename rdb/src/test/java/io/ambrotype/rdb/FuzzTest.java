package io.ambrotype.rdb;

import static org.assertj.core.api.Assertions.assertThat;

import io.ambrotype.mutation.Allocations;
import io.ambrotype.mutation.Mutator;
import io.ambrotype.mutation.Trials;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.channels.Channels;
import java.nio.channels.WritableByteChannel;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Damaged files end in a {@link RdbFormatException} or in a clean result, and in nothing else; on the way nothing is allocated
 * but what the file's own bytes may take.
 */
class FuzzTest {
    private static final RdbReaderOptions UNCHECKED = RdbReaderOptions.DEFAULT
            .withVerifyChecksum(false)
            .withWindowBytes(512)
            .withMaxStringBytes(1 << 20);

    /** Tables of 16,384 slots, which are there for any file. */
    private static final long FIXED_BUDGET = 4 << 20;

    /** Three bytes of LZF unpack to 264, and what grows is copied. */
    private static final long BUDGET_PER_BYTE = 300;

    private static final List<Transcoder> TARGETS = Stream.of(
                    TargetVersion.redis(5, 0),
                    TargetVersion.redis(7, 0),
                    TargetVersion.redis(8, 0),
                    TargetVersion.valkey(8, 1),
                    TargetVersion.valkey(9, 0))
            .map(Transcoder::new)
            .toList();

    @FunctionalInterface
    private interface Use {
        void read(RdbReader reader, Work work) throws IOException;
    }

    /** What was done, to be in proportion to the input. */
    private static final class Work {
        private long records;
        private long bytes;

        private ByteSink sink() {
            return (_, _, count) -> bytes += count;
        }
    }

    private static void whole(byte[] rdb, Use use) throws IOException {
        Work work = new Work();
        long allocated = Allocations.of(() -> {
            try {
                RdbReader reader = Rdb.open(rdb, UNCHECKED);
                use.read(reader, work);
                assertThat(reader.position()).isEqualTo(rdb.length);
            } catch (RdbFormatException e) {
                assertThat(e.offset()).isBetween(0L, (long) rdb.length);
                assertThat(e.getMessage()).hasSizeLessThan(1500).doesNotContain("null");
            }
        });
        assertThat(allocated).as("bytes allocated").isLessThan(FIXED_BUDGET + BUDGET_PER_BYTE * rdb.length);
        assertThat(work.records).isLessThanOrEqualTo(rdb.length);
        assertThat(work.bytes).isLessThanOrEqualTo(BUDGET_PER_BYTE * rdb.length);
    }

    private static void eachEntry(RdbReader reader, Work work, Use use) throws IOException {
        for (RecordKind kind = reader.next(); kind != RecordKind.END; kind = reader.next()) {
            work.records++;
            if (kind == RecordKind.ENTRY) {
                use.read(reader, work);
            }
        }
    }

    private static void survive(byte[] rdb) throws IOException {
        RdbStatistics statistics = new RdbStatistics(2);
        whole(rdb, (reader, work) -> eachEntry(reader, work, (entry, _) -> statistics.add(entry)));
        assertThat(statistics.total().entries()).isLessThanOrEqualTo(rdb.length);
        whole(rdb, (reader, work) -> {
            Fingerprint fingerprint = new Fingerprint(0);
            eachEntry(reader, work, (entry, _) -> fingerprint.read(entry, 0));
        });
    }

    private static void surviveAndTranscode(byte[] rdb) throws IOException {
        survive(rdb);
        for (Transcoder transcoder : TARGETS) {
            whole(
                    rdb,
                    (reader, work) -> eachEntry(reader, work, (entry, _) -> {
                        try {
                            RestorePayload.write(entry, transcoder, work.sink());
                        } catch (RdbUnsupportedException e) {
                            assertThat(e.getMessage()).doesNotContain("null");
                        }
                    }));
        }
    }

    private static void surviveAll(byte[] rdb) throws IOException {
        surviveAndTranscode(rdb);
        whole(rdb, (reader, _) -> SlotDigests.compute(reader, 1, 0, slot -> slot % 3 > 0));
        Transcoder any = TARGETS.get(Math.floorMod(Arrays.hashCode(rdb), TARGETS.size()));
        whole(rdb, (reader, work) -> route(reader, any, work));
    }

    private static void route(RdbReader reader, Transcoder transcoder, Work work) throws IOException {
        WritableByteChannel channel = Channels.newChannel(new OutputStream() {
            @Override
            public void write(int value) {
                work.bytes++;
            }

            @Override
            public void write(byte[] bytes, int offset, int count) {
                work.bytes += count;
            }
        });
        RdbWriter writer = new RdbWriter(channel, transcoder.target());
        try {
            new RdbRouter(List.of(writer), slot -> slot % 5 > 0 ? 0 : RdbRouter.LEAVE_OUT)
                    .route(List.of(new RdbRouter.Input("the file", reader, slot -> slot % 3 > 0)));
            writer.finish();
        } catch (RdbUnsupportedException e) {
            assertThat(e.getMessage()).contains(" cannot be written");
            eachEntry(reader, work, (_, _) -> {});
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"redis-8.0.2-cluster", "valkey-9.1.2-cluster", "redis-6.2.11"})
    void everyByteChanged(String name) throws IOException {
        byte[] rdb = ServerFilesTest.file(name);
        int[] masks = rdb.length < 1000 ? new int[] {1, 2, 8, 64, 128, 255} : new int[] {255};
        for (int at = 0; at < rdb.length; at++) {
            for (int mask : masks) {
                byte[] changed = rdb.clone();
                changed[at] ^= (byte) mask;
                survive(changed);
            }
        }
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3})
    void anyDamage(long seed) throws IOException {
        List<byte[]> corpus = new ArrayList<>();
        for (String name : List.of(
                "redis-6.0.16",
                "redis-7.0.15",
                "redis-8.0.2",
                "redis-8.0.2-cluster",
                "redis-8.0.6-vectors",
                "valkey-8.1.1",
                "valkey-9.1.2",
                "valkey-9.1.2-cluster")) {
            corpus.add(ServerFilesTest.file(name));
        }
        Mutator mutator = new Mutator(Trials.seed(seed), corpus);
        Trials.run("files of servers", seed, 250, mutator, FuzzTest::surviveAll);
    }

    /** Each type alone, so that what is behind the first entries is damaged as often as they are. */
    @Test
    void anyDamageToOneEntry() throws IOException {
        List<byte[]> corpus = new ArrayList<>();
        for (String name : List.of("redis-6.2.11", "redis-8.0.2", "redis-8.0.6-vectors", "valkey-9.1.2")) {
            RdbReader reader = Rdb.open(ServerFilesTest.file(name));
            for (RecordKind kind = reader.next(); kind != RecordKind.END; kind = reader.next()) {
                if (kind == RecordKind.ENTRY) {
                    Rdb one = new Rdb(reader.version());
                    reader.copyRecord(
                            (buffer, from, length) -> one.raw(Arrays.copyOfRange(buffer, from, from + length)));
                    corpus.add(one.finishWithoutChecksum());
                }
            }
        }
        Mutator mutator = new Mutator(Trials.seed(4), corpus);
        Trials.run("entries of servers", 4, 2_500, mutator, FuzzTest::surviveAll);
    }

    @Test
    void anyDamageToDigests() throws IOException {
        byte[] digests = SlotDigests.compute(Rdb.open(ServerFilesTest.file("redis-8.0.2")), 1, 0, _ -> true)
                .encode();
        byte[] body = Arrays.copyOf(digests, digests.length - Long.BYTES);
        Mutator mutator = new Mutator(Trials.seed(5), List.of(body));
        Trials.run("digests", 5, 1_000, mutator, input -> {
            byte[] signed = new Bytes()
                    .raw(input)
                    .little(Long.BYTES, Crc64.update(0, input, 0, input.length))
                    .toByteArray();
            long allocated = Allocations.of(() -> {
                try {
                    SlotDigests.decode(signed).totalEntries();
                } catch (IOException e) {
                    assertThat(e.getMessage()).contains("slot digests");
                }
            });
            assertThat(allocated).isLessThan(FIXED_BUDGET);
        });
    }

    @Test
    void aChangedByteNeverPassesUnnoticed() throws IOException {
        byte[] rdb = ServerFilesTest.file("valkey-9.1.2-cluster");
        for (int at = 0; at < rdb.length; at++) {
            byte[] changed = rdb.clone();
            changed[at] ^= 0x10;
            RdbFormatException refused = null;
            try {
                Rdb.transcript(Rdb.open(changed));
            } catch (RdbFormatException e) {
                refused = e;
            }
            assertThat(refused).as("byte %d", at).isNotNull();
        }
    }

    @Test
    void arbitraryValuesOfEveryType() throws IOException {
        Random random = new Random(11);
        for (int round = 0; round < 2000; round++) {
            byte[] value = new byte[random.nextInt(60)];
            for (int i = 0; i < value.length; i++) {
                value[i] = (byte) (random.nextInt(3) == 0 ? random.nextInt(256) : random.nextInt(12));
            }
            int type = random.nextInt(26);
            surviveAndTranscode(Rdb.redis(12).entry(type, "k", value).finish());
            surviveAndTranscode(Rdb.valkey().entry(type, "k", value).finish());
        }
    }

    @Test
    void arbitraryPackedValues() throws IOException {
        Random random = new Random(12);
        int[] types = {9, 10, 11, 12, 13, 16, 17, 20, 23};
        for (int round = 0; round < 2000; round++) {
            byte[] body = new byte[random.nextInt(40)];
            for (int i = 0; i < body.length; i++) {
                body[i] = (byte) (random.nextInt(3) == 0 ? random.nextInt(256) : random.nextInt(4));
            }
            byte[] listpack = new Bytes()
                    .little(4, body.length + 7L)
                    .little(2, 65535)
                    .raw(body)
                    .raw(255)
                    .toByteArray();
            byte[] ziplist = new Bytes()
                    .little(4, body.length + 11L)
                    .little(4, 0)
                    .little(2, 65535)
                    .raw(body)
                    .raw(255)
                    .toByteArray();
            int type = types[random.nextInt(types.length)];
            surviveAndTranscode(Rdb.redis(12).packed(type, "k", listpack).finish());
            surviveAndTranscode(Rdb.redis(12).packed(type, "k", ziplist).finish());
            surviveAndTranscode(Rdb.redis(12).packed(type, "k", body).finish());
            surviveAndTranscode(Rdb.redis(12)
                    .entry(15, "k", new Bytes().length(1).string(new byte[16]).string(listpack))
                    .finish());
        }
    }
}
