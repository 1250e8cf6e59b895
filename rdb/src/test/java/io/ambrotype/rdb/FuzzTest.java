package io.ambrotype.rdb;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Damaged files end in a {@link RdbFormatException} or in a clean result, and in nothing else. */
class FuzzTest {
    private static final RdbReaderOptions UNCHECKED = RdbReaderOptions.DEFAULT
            .withVerifyChecksum(false)
            .withWindowBytes(512)
            .withMaxStringBytes(1 << 20);

    private static void skip(byte[] rdb) throws IOException {
        RdbStatistics statistics = new RdbStatistics(2);
        RdbReader reader = Rdb.open(rdb, UNCHECKED);
        for (RecordKind kind = reader.next(); kind != RecordKind.END; kind = reader.next()) {
            if (kind == RecordKind.ENTRY) {
                statistics.add(reader);
            }
        }
        assertThat(reader.position()).isEqualTo(rdb.length);
    }

    private static void survive(byte[] rdb) throws IOException {
        try {
            skip(rdb);
        } catch (RdbFormatException e) {
            assertThat(e.offset()).isBetween(0L, (long) rdb.length);
        }
        try {
            Rdb.fingerprints(Rdb.open(rdb, UNCHECKED), 0);
        } catch (RdbFormatException e) {
            assertThat(e.offset()).isBetween(0L, (long) rdb.length);
        }
    }

    private static void surviveAndTranscode(byte[] rdb) throws IOException {
        survive(rdb);
        try {
            transcode(rdb);
        } catch (RdbFormatException e) {
            assertThat(e.offset()).isBetween(0L, (long) rdb.length);
        }
    }

    private static void transcode(byte[] rdb) throws IOException {
        RdbReader reader = Rdb.open(rdb, UNCHECKED);
        Transcoder transcoder = new Transcoder(
                reader.version().dialect() == RdbDialect.VALKEY
                        ? TargetVersion.redis(8, 0)
                        : TargetVersion.valkey(9, 0));
        Transcoder older = new Transcoder(TargetVersion.redis(5, 0));
        for (RecordKind kind = reader.next(); kind != RecordKind.END; kind = reader.next()) {
            if (kind == RecordKind.ENTRY) {
                Crossing crossing = transcoder.crossing(reader);
                boolean simple = crossing instanceof Crossing.Untouched;
                try {
                    RestorePayload.write(reader, simple ? older : transcoder, (_, _, _) -> {});
                } catch (RdbUnsupportedException e) {
                    assertThat(e).hasMessageNotContaining("null");
                }
            }
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
    @ValueSource(strings = {"redis-7.0.15", "redis-8.0.2", "valkey-8.1.1", "valkey-9.1.2", "redis-6.0.16"})
    void anyDamage(String name) throws IOException {
        byte[] rdb = ServerFilesTest.file(name);
        Random random = new Random(name.hashCode());
        for (int round = 0; round < 1500; round++) {
            byte[] damaged = rdb;
            for (int i = random.nextInt(3); i >= 0; i--) {
                damaged = damage(damaged, random);
            }
            survive(damaged);
        }
    }

    private static byte[] damage(byte[] rdb, Random random) {
        int at = random.nextInt(rdb.length);
        int count = Math.min(rdb.length - at, 1 + random.nextInt(9));
        byte[] some = new byte[count];
        random.nextBytes(some);
        return switch (random.nextInt(5)) {
            case 0 -> Arrays.copyOf(rdb, at);
            case 1 -> join(rdb, at, some, at);
            case 2 -> join(rdb, at, new byte[0], at + count);
            case 3 -> join(rdb, at, some, at + count);
            default ->
                join(rdb, at, Bytes.of(0x81, random.nextInt(256), 255, 255, 255, 255, 255, 255, 255), at + count);
        };
    }

    private static byte[] join(byte[] rdb, int head, byte[] middle, int tail) {
        return new Bytes()
                .raw(Arrays.copyOf(rdb, head))
                .raw(middle)
                .raw(Arrays.copyOfRange(rdb, tail, rdb.length))
                .toByteArray();
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
        for (int round = 0; round < 6000; round++) {
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
        for (int round = 0; round < 6000; round++) {
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
