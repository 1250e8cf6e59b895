package io.ambrotype.rdb;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.ambrotype.rdb.Plain.Hash;
import io.ambrotype.rdb.Plain.Stream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.channels.Channels;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class TranscoderTest {
    private static final List<String> FILES = List.of(
            "redis-6.0.16",
            "redis-6.2.11",
            "redis-7.0.15",
            "redis-8.0.2",
            "redis-8.0.6-vectors",
            "valkey-8.1.1",
            "valkey-9.1.2");

    /** What became of a file on the way to a target. */
    private record Crossed(ByteArrayOutputStream out, Map<String, String> refused) {
        byte[] rdb() {
            return out.toByteArray();
        }
    }

    private static Crossed cross(byte[] source, TargetVersion target) throws IOException {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        RdbWriter writer = new RdbWriter(Channels.newChannel(out), target);
        RdbReader reader = Rdb.open(source, RdbReaderOptions.DEFAULT.withWindowBytes(64));
        Map<String, String> refused = new TreeMap<>();
        for (RecordKind kind = reader.next(); kind != RecordKind.END; kind = reader.next()) {
            if (kind == RecordKind.ENTRY) {
                if (new Transcoder(target).crossing(reader) instanceof Crossing.Refused why) {
                    refused.put(reader.database() + "/" + Bytes.latin(reader.key()), why.reason());
                    assertThatThrownBy(() -> writer.entry(reader)).isInstanceOf(RdbUnsupportedException.class);
                } else {
                    writer.entry(reader);
                }
            }
        }
        writer.finish();
        return new Crossed(out, refused);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "redis:5.0",
                "redis:6.2",
                "redis:7.0",
                "redis:7.2",
                "redis:7.4",
                "redis:8.0",
                "valkey:7.2",
                "valkey:8.1",
                "valkey:9.1"
            })
    void whatCrossesMeansTheSame(String version) throws IOException {
        TargetVersion target = TargetVersion.parse(version);
        for (String name : FILES) {
            byte[] source = ServerFilesTest.file(name);
            Crossed crossed = cross(source, target);
            RdbReader reader = Rdb.open(crossed.rdb());
            assertThat(reader.version()).isEqualTo(target.rdbVersion());
            Map<String, Long> expected = new HashMap<>(Rdb.fingerprints(Rdb.open(source), 0));
            expected.keySet().removeAll(crossed.refused.keySet());
            assertThat(Rdb.fingerprints(reader, 0)).as(name).isEqualTo(expected);
            assertThat(crossed.refused.values())
                    .as(name)
                    .allMatch(reason -> reason.equals(target + " has no expiry of hash fields")
                            || reason.equals(target + " has no vector sets"));
            boolean expiresFields = target.isAtLeast(TargetVersion.Vendor.REDIS, 7, 4)
                    || target.isAtLeast(TargetVersion.Vendor.VALKEY, 9, 0);
            assertThat(crossed.refused.keySet().stream().filter(key -> key.startsWith("0/hash:ttl")))
                    .as(name)
                    .hasSize((name.equals("redis-8.0.2") || name.equals("valkey-9.1.2")) && !expiresFields ? 2 : 0);
        }
    }

    @Test
    void whatTheTargetKnowsIsLeftAsItIs() throws IOException {
        byte[] source = ServerFilesTest.file("valkey-8.1.1");
        List<String> before = records(source);
        assertThat(before).isNotEmpty();
        for (String version : List.of("redis:7.2", "redis:8.0", "valkey:9.1", "valkey:7.2")) {
            assertThat(records(cross(source, TargetVersion.parse(version)).rdb()))
                    .isEqualTo(before);
        }
    }

    private static List<String> records(byte[] rdb) throws IOException {
        List<String> records = new ArrayList<>();
        RdbReader reader = Rdb.open(rdb);
        for (RecordKind kind = reader.next(); kind != RecordKind.END; kind = reader.next()) {
            if (kind == RecordKind.ENTRY) {
                ByteArrayOutputStream copy = new ByteArrayOutputStream();
                reader.copyRecord(copy::write);
                records.add(Bytes.latin(copy.toByteArray()));
            }
        }
        return records;
    }

    private static Object crossed(Rdb source, String target) throws IOException {
        Map<String, Object> entries =
                Rdb.decode(cross(source.finish(), TargetVersion.parse(target)).rdb());
        assertThat(entries).hasSize(1);
        return entries.values().iterator().next();
    }

    @Test
    void listpacksThatDoNotSayTheirLength() throws IOException {
        Packed packed = new Packed();
        for (int i = 0; i < 70_000; i++) {
            packed.listpack(i);
        }
        byte[] listpack = packed.toListpack();
        assertThat((Map<?, ?>) ((Hash) crossed(Rdb.redis(10).packed(16, "key", listpack), "redis:5.0")).fields())
                .hasSize(35_000);
        assertThat((Iterable<?>) crossed(Rdb.redis(11).packed(20, "key", listpack), "redis:7.0"))
                .hasSize(70_000);
        assertThat((Map<?, ?>) crossed(Rdb.redis(10).packed(17, "key", listpack), "redis:6.2"))
                .hasSize(35_000);
    }

    @Test
    void listNodesOfEveryKindAndElementsOfEveryLength() throws IOException {
        List<String> expected = new ArrayList<>();
        Packed node = new Packed();
        for (int length : new int[] {0, 1, 63, 64, 200, 253, 254, 255, 4095, 4096, 16383, 16384, 70_000}) {
            node.listpack("x".repeat(length));
            expected.add("x".repeat(length));
        }
        for (long number :
                new long[] {0, 12, 13, -1, 127, 128, -129, 32767, 40_000, 1 << 23, -(1 << 23), 1L << 31, 1L << 40}) {
            node.listpack(number);
            expected.add(Long.toString(number));
        }
        String plain = "plain ".repeat(40_000);
        expected.add(plain);
        expected.add("7");
        Bytes value = new Bytes()
                .length(3)
                .length(2)
                .lzf(node.toListpack())
                .length(1)
                .string(plain)
                .length(1)
                .raw(0xc0, 7);
        byte[] crossed = cross(
                        Rdb.redis(10)
                                .expireAt(99)
                                .raw(249, 7)
                                .entry(18, "key", value)
                                .finish(),
                        TargetVersion.redis(5, 0))
                .rdb();
        RdbReader reader = Rdb.atFirstEntry(crossed);
        assertThat(reader.type()).isEqualTo(ValueType.LIST_QUICKLIST);
        assertThat(reader.expireAtMillis()).isEqualTo(99);
        assertThat(Plain.of(reader)).isEqualTo(expected);
        assertThat(new String(crossed, java.nio.charset.StandardCharsets.ISO_8859_1))
                .contains("\u00f9\u0007\u000e\u0003key");
    }

    @Test
    void fieldExpiryBetweenTheVendors() throws IOException {
        Hash expected = new Hash(Map.of("a", "1", "b", "2", "c", "3"), Map.of("a", 5_000L, "c", 3_000L));
        Bytes listpackEx = new Bytes()
                .little(8, 3_000)
                .string(new Packed()
                        .listpack("a")
                        .listpack(1)
                        .listpack(5_000)
                        .listpack("c")
                        .listpack(3)
                        .listpack(3_000)
                        .listpack("b")
                        .listpack(2)
                        .listpack(0)
                        .toListpack());
        assertThat(crossed(Rdb.redis(12).entry(25, "key", listpackEx), "valkey:9.0"))
                .isEqualTo(expected);
        Bytes metadata = new Bytes()
                .little(8, 3_000)
                .length(3)
                .length(2_001)
                .string("a")
                .string("1")
                .length(0)
                .string("b")
                .string("2")
                .length(1)
                .string("c")
                .raw(0xc0, 3);
        assertThat(crossed(Rdb.redis(12).entry(24, "key", metadata), "valkey:9.0"))
                .isEqualTo(expected);
        Bytes valkey = new Bytes()
                .length(3)
                .string("a")
                .string("1")
                .little(8, 5_000)
                .string("b")
                .string("2")
                .little(8, -1)
                .string("c")
                .string("3")
                .little(8, 3_000);
        assertThat(crossed(Rdb.valkey().entry(22, "key", valkey), "redis:7.4")).isEqualTo(expected);
    }

    @Test
    void whatIsTooLargeToTranscodeIsRefusedAndTheReaderGoesOn() throws IOException {
        byte[] big = new byte[Transcoder.MOST_HELD_BYTES + 1];
        byte[] source = Rdb.valkey()
                .entry(
                        22,
                        "big",
                        new Bytes()
                                .length(2)
                                .string("a")
                                .string(big)
                                .little(8, 9_000)
                                .string("b")
                                .string("2")
                                .little(8, -1))
                .entry(22, "late", new Bytes().length(1).string("a").string("1").little(8, 1L << 50))
                .string("after", "v")
                .finish();
        Transcoder transcoder = new Transcoder(TargetVersion.redis(8, 0));
        RdbReader reader = Rdb.open(source);
        for (String reason : List.of(
                "a field with its value has more than the 32 MiB that can be transcoded",
                "a field expires later than Redis allows (the year 10889)")) {
            reader.next();
            Crossing crossing = transcoder.crossing(reader);
            assertThat(crossing).isEqualTo(new Crossing.Transcoded(ValueType.HASH_2, ValueType.HASH_METADATA));
            assertThatThrownBy(() -> transcoder.copyValue(reader, crossing, (_, _, _) -> {}))
                    .isInstanceOf(RdbUnsupportedException.class)
                    .hasMessage(reason);
        }
        reader.next();
        assertThat(Plain.of(reader)).isEqualTo("v");
        assertThat(reader.next()).isEqualTo(RecordKind.END);
        assertThat(reader.checksum()).isEqualTo(ChecksumVerdict.VERIFIED);
    }

    @Test
    void streamsLoseWhatOlderServersDoNotKeep() throws IOException {
        byte[] source = ServerFilesTest.file("redis-8.0.2");
        for (String target : List.of("redis:5.0", "redis:7.0")) {
            Map<String, Object> entries =
                    Rdb.decode(cross(source, TargetVersion.parse(target)).rdb());
            List<Stream> streams = entries.values().stream()
                    .filter(Stream.class::isInstance)
                    .map(Stream.class::cast)
                    .toList();
            assertThat(streams)
                    .isNotEmpty()
                    .allMatch(stream -> (stream.state().firstId() == null) == target.equals("redis:5.0"));
        }
    }

    @ParameterizedTest
    @CsvSource({
        "redis-8.0.2, redis:8.0, 12",
        "redis-8.0.2, valkey:9.0, 80",
        "redis-8.0.2, redis:5.0, 9",
        "valkey-9.1.2, redis:7.4, 12",
        "redis-7.0.15, redis:7.0, 10"
    })
    void payloadsSayTheLeastVersion(String file, String target, int greatest) throws IOException {
        Transcoder transcoder = new Transcoder(TargetVersion.parse(target));
        RdbReader reader = Rdb.open(ServerFilesTest.file(file));
        int found = 0;
        for (RecordKind kind = reader.next(); kind != RecordKind.END; kind = reader.next()) {
            if (kind == RecordKind.ENTRY && !(transcoder.crossing(reader) instanceof Crossing.Refused)) {
                ByteArrayOutputStream out = new ByteArrayOutputStream();
                long length = RestorePayload.write(reader, transcoder, out::write);
                byte[] payload = out.toByteArray();
                assertThat(length).isEqualTo(payload.length);
                Bytes signed = new Bytes().little(8, Crc64.update(0, payload, 0, payload.length - 8));
                assertThat(payload).endsWith(signed.toByteArray());
                int stamp = payload[payload.length - 10] & 0xff;
                RdbVersion version =
                        stamp < 80 ? new RdbVersion(RdbDialect.REDIS, stamp) : new RdbVersion(RdbDialect.VALKEY, stamp);
                ValueType type = ValueType.of(version.dialect(), payload[0]);
                assertThat(RestorePayload.stamp(Objects.requireNonNull(type))).isEqualTo(version);
                found = Math.max(found, stamp);
            }
        }
        assertThat(found).isEqualTo(greatest);
    }

    @Test
    void namesOfVersions() {
        assertThat(TargetVersion.parse("redis:6.2.11")).isEqualTo(TargetVersion.redis(6, 2));
        assertThat(TargetVersion.parse("Valkey 8.1")).isEqualTo(TargetVersion.valkey(8, 1));
        assertThat(TargetVersion.parse("redis-7")).isEqualTo(TargetVersion.redis(7, 0));
        assertThat(TargetVersion.parse("redis:7.4.0-rc1").toString()).isEqualTo("redis 7.4");
        for (String none : List.of("6.2", "redis", "keydb:6", "redis:4.0", "valkey:7.0", "redis:x")) {
            assertThatThrownBy(() -> TargetVersion.parse(none)).as(none).isInstanceOf(IllegalArgumentException.class);
        }
        assertThat(TargetVersion.valkey(9, 0).reads(RdbVersion.REDIS_12)).isFalse();
        assertThat(TargetVersion.valkey(9, 0).reads(RdbVersion.REDIS_11)).isTrue();
        assertThat(TargetVersion.redis(8, 0).reads(RdbVersion.VALKEY_80)).isFalse();
        assertThat(TargetVersion.redis(7, 0).reads(RdbVersion.REDIS_11)).isFalse();
    }
}
