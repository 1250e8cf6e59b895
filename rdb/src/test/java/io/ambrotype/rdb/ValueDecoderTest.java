package io.ambrotype.rdb;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.ambrotype.rdb.Plain.Group;
import io.ambrotype.rdb.Plain.Hash;
import io.ambrotype.rdb.Plain.Module;
import io.ambrotype.rdb.Plain.Pending;
import io.ambrotype.rdb.Plain.Stream;
import io.ambrotype.rdb.Plain.StreamEntry;
import io.ambrotype.rdb.ValueVisitor.StreamState;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** Encodings byte by byte, those included that no server at hand writes. */
class ValueDecoderTest {
    private static Object decode(Rdb rdb) throws IOException {
        Map<String, Object> entries = Rdb.decode(rdb.finish());
        assertThat(entries).hasSize(1);
        return entries.values().iterator().next();
    }

    private static Object decode(int type, Bytes value) throws IOException {
        return decode(Rdb.redis(12).entry(type, "key", value));
    }

    private static Object packed(int type, byte[] packed) throws IOException {
        Object raw = decode(Rdb.redis(12).packed(type, "key", packed));
        assertThat(decode(Rdb.redis(12).entry(type, "key", new Bytes().lzf(packed))))
                .as("the same compressed")
                .isEqualTo(raw);
        return raw;
    }

    private static void assertRefused(int type, Bytes value, String message) {
        assertThatThrownBy(() -> decode(type, value))
                .isInstanceOf(RdbFormatException.class)
                .hasMessageContaining(message);
    }

    private static void assertPackedRefused(int type, byte[] packed, String message) {
        assertRefused(type, new Bytes().string(packed), message);
    }

    @Test
    void stringsOfEveryEncoding() throws IOException {
        assertThat(decode(0, new Bytes().string(""))).isEqualTo("");
        assertThat(decode(0, new Bytes().raw(0xc0, 0x80))).isEqualTo("-128");
        assertThat(decode(0, new Bytes().raw(0xc1).little(2, -32768))).isEqualTo("-32768");
        assertThat(decode(0, new Bytes().raw(0xc2).little(4, Integer.MIN_VALUE)))
                .isEqualTo("-2147483648");
        assertThat(decode(0, new Bytes().raw(0x80).big(4, 3).text("abc"))).isEqualTo("abc");
        assertThat(decode(0, new Bytes().raw(0x81).big(8, 3).text("abc"))).isEqualTo("abc");
        assertThat(decode(0, new Bytes().big(2, 0x4003).text("abc"))).isEqualTo("abc");
        String repetitive = "the same again, ".repeat(20_000);
        assertThat(decode(0, new Bytes().lzf(Bytes.latin(repetitive)))).isEqualTo(repetitive);
        assertThat(decode(0, new Bytes().lzf(new byte[0]))).isEqualTo("");
    }

    @Test
    void damagedStrings() {
        assertRefused(0, new Bytes().raw(0xc4, 0), "unknown string encoding 196");
        assertRefused(0, new Bytes().raw(0xc3).length(1).length(5).raw(0xe0), "end in the middle");
        assertRefused(0, new Bytes().raw(0xc3).length(2).length(5).raw(0x20, 0), "before their beginning");
        assertRefused(0, new Bytes().raw(0xc3).length(2).length(5).raw(0x00, 'a'), "do not unpack to the 5 bytes");
        assertRefused(0, new Bytes().raw(0xc3).length(4).length(2).raw(0x02, 'a', 'b', 'c'), "do not unpack");
        assertRefused(0, new Bytes().raw(0xc3).length(2).length(1).raw(0x03, 'a'), "end in the middle");
        assertRefused(0, new Bytes().raw(0xc3).length(4).length(1).raw(0, 'a', 0, 'b'), "do not unpack to the 1 bytes");
        assertRefused(0, new Bytes().raw(0xc3).length(2).length(0).raw(0x00, 'a'), "unpack to more than the 0 bytes");
        assertRefused(0, new Bytes().raw(0xc3).length(0).length(7), "do not unpack to the 7 bytes");
    }

    @Test
    void plainCollections() throws IOException {
        Bytes three = new Bytes().length(3).string("b").string("a").raw(0xc0, 7);
        assertThat(decode(1, three)).isEqualTo(List.of("b", "a", "7"));
        assertThat(decode(2, three)).isEqualTo(Set.of("b", "a", "7"));
        assertThat(decode(4, new Bytes().length(1).string("f").raw(0xc0, 7)))
                .isEqualTo(new Hash(Map.of("f", "7"), Map.of()));
    }

    @Test
    void scoresAsTextAndBinary() throws IOException {
        assertThat(decode(
                        3,
                        new Bytes()
                                .length(5)
                                .string("a")
                                .string("17.25")
                                .string("b")
                                .raw(254)
                                .string("c")
                                .raw(255)
                                .string("d")
                                .raw(253)
                                .string("e")
                                .string("-1e+300")))
                .isEqualTo(Map.of(
                        "a",
                        17.25,
                        "b",
                        Double.POSITIVE_INFINITY,
                        "c",
                        Double.NEGATIVE_INFINITY,
                        "d",
                        Double.NaN,
                        "e",
                        -1e300));
        assertThat(decode(
                        5,
                        new Bytes()
                                .length(2)
                                .string("a")
                                .little(8, Double.doubleToLongBits(0.1))
                                .string("b")
                                .little(8, Double.doubleToLongBits(Double.NEGATIVE_INFINITY))))
                .isEqualTo(Map.of("a", 0.1, "b", Double.NEGATIVE_INFINITY));
        assertRefused(3, new Bytes().length(1).string("a").string("0x1"), "'0x1' is no score");
        assertRefused(3, new Bytes().length(1).string("a").string("1.2.3"), "'1.2.3' is no score");
        assertRefused(3, new Bytes().length(1).string("a").string("12\\\1"), "'12\\\\\\x01' is no score");
    }

    @Test
    void ziplistOfEveryElementEncoding() throws IOException {
        String s63 = "x".repeat(63);
        String s300 = "y".repeat(300);
        String s20000 = "z".repeat(20_000);
        byte[] ziplist = new Packed()
                .ziplist("")
                .ziplist(s63)
                .ziplist(s300)
                .ziplist(s20000)
                .ziplist(0)
                .ziplist(12)
                .ziplist(13)
                .ziplist(-128)
                .ziplist(-32768)
                .ziplist(-(1 << 23))
                .ziplist((1 << 23) - 1)
                .ziplist(Integer.MIN_VALUE)
                .ziplist(Long.MIN_VALUE)
                .ziplist(Long.MAX_VALUE)
                .toZiplist();
        List<String> elements = List.of(
                "",
                s63,
                s300,
                s20000,
                "0",
                "12",
                "13",
                "-128",
                "-32768",
                "-8388608",
                "8388607",
                "-2147483648",
                "-9223372036854775808",
                "9223372036854775807");
        assertThat(packed(10, ziplist)).isEqualTo(elements);
        assertThat(decode(
                        14,
                        new Bytes()
                                .length(2)
                                .string(ziplist)
                                .lzf(new Packed().ziplist("end").toZiplist())))
                .isEqualTo(concat(elements, List.of("end")));
    }

    private static List<String> concat(List<String> one, List<String> other) {
        return java.util.stream.Stream.concat(one.stream(), other.stream()).toList();
    }

    @Test
    void ziplistOfUncountedElements() throws IOException {
        Packed many = new Packed();
        for (int i = 0; i < 70_000; i++) {
            many.ziplist(i);
        }
        assertThat((List<?>) packed(10, many.toZiplist())).hasSize(70_000);
    }

    @Test
    void damagedZiplists() {
        byte[] sound = new Packed().ziplist("abc").toZiplist();
        byte[] wrongLength = sound.clone();
        wrongLength[0]++;
        assertPackedRefused(10, wrongLength, "a ziplist says another length than it has");
        byte[] wrongCount = sound.clone();
        wrongCount[8]++;
        assertPackedRefused(10, wrongCount, "a ziplist has 1 elements and announces 2");
        byte[] tooLong = sound.clone();
        tooLong[11] = 4;
        assertPackedRefused(10, tooLong, "an element of 4 bytes, which it cannot hold");
        byte[] early = sound.clone();
        early[10] = (byte) 0xff;
        assertPackedRefused(10, early, "a ziplist ends before its last byte");
        assertPackedRefused(10, new Packed().ziplistRaw(Bytes.of(0xff)).toZiplist(), "unknown encoding 255");
        assertPackedRefused(10, new Packed().ziplistRaw(Bytes.of(0xc1)).toZiplist(), "unknown encoding 193");
        assertPackedRefused(13, sound, "a ziplist ends in the middle of a group of elements");
        assertPackedRefused(10, Bytes.of(11, 0, 0, 0, 10, 0, 0, 0, 0, 0, 0), "ends in the middle");
        assertPackedRefused(10, Bytes.of(3, 0, 0), "a packed value ends in the middle");
    }

    @Test
    void listpackOfEveryElementEncoding() throws IOException {
        String s63 = "x".repeat(63);
        String s300 = "y".repeat(300);
        String s20000 = "z".repeat(20_000);
        String s3m = "w".repeat(3_000_000);
        byte[] listpack = new Packed()
                .listpack("")
                .listpack(s63)
                .listpack(s300)
                .listpack(s20000)
                .listpack(s3m)
                .listpack(0)
                .listpack(127)
                .listpack(128)
                .listpack(-1)
                .listpack(-4096)
                .listpack(4095)
                .listpack(-32768)
                .listpack(-(1 << 23))
                .listpack((1 << 23) - 1)
                .listpack(Integer.MIN_VALUE)
                .listpack(Long.MIN_VALUE)
                .listpack(Long.MAX_VALUE)
                .toListpack();
        List<String> elements = List.of(
                "",
                s63,
                s300,
                s20000,
                s3m,
                "0",
                "127",
                "128",
                "-1",
                "-4096",
                "4095",
                "-32768",
                "-8388608",
                "8388607",
                "-2147483648",
                "-9223372036854775808",
                "9223372036854775807");
        assertThat(decode(
                        18,
                        new Bytes().length(2).length(2).lzf(listpack).length(1).string("plain")))
                .isEqualTo(concat(elements, List.of("plain")));
        assertThat((Set<?>) packed(20, listpack)).hasSize(17);
    }

    @Test
    void listpackEntriesAroundTheSizesOfTheirBackLengths() throws IOException {
        for (int length : new int[] {125, 126, 127, 128, 16379, 16380, 16381, 16382, 2097144, 2097147, 2097150}) {
            byte[] listpack =
                    new Packed().listpack("v".repeat(length)).listpack("end").toListpack();
            assertThat(packed(20, listpack)).isEqualTo(Set.of("v".repeat(length), "end"));
        }
    }

    @Test
    void damagedListpacks() {
        assertPackedRefused(20, new Packed().listpackRaw(Bytes.of(0xf5)).toListpack(), "unknown encoding 245");
        assertPackedRefused(
                20,
                new Packed().listpackRaw(Bytes.of(0xf0, 255, 255, 255, 255)).toListpack(),
                "an element of 4294967295 bytes, which it cannot hold");
        assertPackedRefused(16, new Packed().listpack("f").toListpack(), "ends in the middle of a group");
        assertRefused(18, new Bytes().length(1).length(3).string("x"), "unknown kind 3 of a list node");
    }

    @Test
    void smallHashesAndSortedSets() throws IOException {
        assertThat(packed(13, new Packed().ziplist("f").ziplist(7).toZiplist()))
                .isEqualTo(new Hash(Map.of("f", "7"), Map.of()));
        assertThat(packed(16, new Packed().listpack("f").listpack(7).toListpack()))
                .isEqualTo(new Hash(Map.of("f", "7"), Map.of()));
        Map<String, Double> scores = Map.of("m", 7.0, "n", 0.5, "o", Double.POSITIVE_INFINITY);
        assertThat(packed(
                        12,
                        new Packed()
                                .ziplist("m")
                                .ziplist(7)
                                .ziplist("n")
                                .ziplist("0.5")
                                .ziplist("o")
                                .ziplist("inf")
                                .toZiplist()))
                .isEqualTo(scores);
        assertThat(packed(
                        17,
                        new Packed()
                                .listpack("m")
                                .listpack(7)
                                .listpack("n")
                                .listpack("0.5")
                                .listpack("o")
                                .listpack("inf")
                                .toListpack()))
                .isEqualTo(scores);
        assertPackedRefused(
                17, new Packed().listpack("m").listpack("0".repeat(300)).toListpack(), "has a score of 300 bytes");
        assertPackedRefused(17, new Packed().listpack("m").listpack("nil").toListpack(), "'nil' is no score");
    }

    @Test
    void zipmaps() throws IOException {
        byte[] zipmap = new Bytes()
                .raw(2)
                .raw(1)
                .text("a")
                .raw(2, 3)
                .text("xy...")
                .raw(254)
                .little(4, 300)
                .text("f".repeat(300))
                .raw(0, 0)
                .raw(255)
                .toByteArray();
        assertThat(packed(9, zipmap)).isEqualTo(new Hash(Map.of("a", "xy", "f".repeat(300), ""), Map.of()));
        byte[] uncounted = zipmap.clone();
        uncounted[0] = (byte) 254;
        assertThat(packed(9, uncounted)).isEqualTo(packed(9, zipmap));
        assertPackedRefused(9, Bytes.of(1, 255), "says another size");
        assertPackedRefused(9, Bytes.of(0, 255, 255), "says another size");
        assertPackedRefused(9, Bytes.of(1, 1, 'a', 255, 255), "ends in the middle of a field");
        assertPackedRefused(9, Bytes.of(1, 9, 'a', 0, 0, 255), "an element of 9 bytes, which it cannot hold");
    }

    @Test
    void intsets() throws IOException {
        assertThat(packed(11, Packed.intset(2, -32768, -1, 5))).isEqualTo(Set.of("-32768", "-1", "5"));
        assertThat(packed(11, Packed.intset(4, Integer.MIN_VALUE, 70_000))).isEqualTo(Set.of("-2147483648", "70000"));
        assertThat(packed(11, Packed.intset(8, Long.MIN_VALUE, Long.MAX_VALUE)))
                .isEqualTo(Set.of("-9223372036854775808", "9223372036854775807"));
        assertPackedRefused(11, new Bytes().little(4, 3).little(4, 0).toByteArray(), "another size than it has");
        assertPackedRefused(11, new Bytes().little(4, 8).little(4, 0xffff_ffffL).toByteArray(), "another size");
    }

    @Test
    void hashFieldExpiryOfRedis() throws IOException {
        Hash hash = new Hash(Map.of("f", "1", "g", "2", "h", "3"), Map.of("f", 5000L, "g", 5010L));
        assertThat(decode(
                        24,
                        new Bytes()
                                .little(8, 5000)
                                .length(3)
                                .length(1)
                                .string("f")
                                .string("1")
                                .length(11)
                                .string("g")
                                .string("2")
                                .length(0)
                                .string("h")
                                .string("3")))
                .isEqualTo(hash);
        assertThat(decode(
                        22,
                        new Bytes()
                                .length(3)
                                .length(5000)
                                .string("f")
                                .string("1")
                                .length(5010)
                                .string("g")
                                .string("2")
                                .length(0)
                                .string("h")
                                .string("3")))
                .isEqualTo(hash);
        byte[] triples = new Packed()
                .listpack("f")
                .listpack(1)
                .listpack(5000)
                .listpack("g")
                .listpack(2)
                .listpack(5010)
                .listpack("h")
                .listpack(3)
                .listpack(0)
                .toListpack();
        assertThat(decode(25, new Bytes().little(8, 5000).string(triples))).isEqualTo(hash);
        assertThat(decode(25, new Bytes().little(8, 5000).lzf(triples))).isEqualTo(hash);
        assertThat(packed(23, triples)).isEqualTo(hash);
        assertPackedRefused(
                23,
                new Packed().listpack("f").listpack(1).listpack("soon").toListpack(),
                "has a string where a number should be");
    }

    @Test
    void hashFieldExpiryOfValkey() throws IOException {
        assertThat(decode(Rdb.valkey()
                        .entry(
                                22,
                                "key",
                                new Bytes()
                                        .length(2)
                                        .string("f")
                                        .string("1")
                                        .little(8, 5000)
                                        .string("h")
                                        .string("3")
                                        .little(8, -1))))
                .isEqualTo(new Hash(Map.of("f", "1", "h", "3"), Map.of("f", 5000L)));
    }

    @Test
    void modules() throws IOException {
        long id = 0x1234_5678_9abc_def0L;
        Bytes value = new Bytes()
                .length(id)
                .length(1)
                .length(-5)
                .length(2)
                .length(-1)
                .length(3)
                .little(4, Float.floatToIntBits(1.5f))
                .length(4)
                .little(8, Double.doubleToLongBits(2.5))
                .length(5)
                .lzf(Bytes.latin("aaaaaaaaaaaa"))
                .length(0);
        assertThat(decode(7, value))
                .isEqualTo(new Module(
                        "EjRWeJq83", 0x2f0, List.of(-5L, "18446744073709551615", 1.5f, 2.5, "aaaaaaaaaaaa")));
        assertRefused(7, new Bytes().length(id).length(6), "unknown module opcode 6");
    }

    private static byte[] streamId(long millis, long sequence) {
        return new Bytes().big(8, millis).big(8, sequence).toByteArray();
    }

    /** Fields a and b are shared; the second entry is deleted, the third has a field of its own. */
    private static Bytes streamNodes() {
        byte[] listpack = new Packed()
                .listpack(3)
                .listpack(1)
                .listpack(2)
                .listpack("a")
                .listpack("b")
                .listpack(0)
                .listpack(2)
                .listpack(0)
                .listpack(0)
                .listpack("v1")
                .listpack(2)
                .listpack(5)
                .listpack(3)
                .listpack(0)
                .listpack(1)
                .listpack("gone")
                .listpack("gone")
                .listpack(5)
                .listpack(1)
                .listpack(1)
                .listpack(2)
                .listpack(1)
                .listpack("gone")
                .listpack("gone")
                .listpack(6)
                .listpack(0)
                .listpack(10)
                .listpack(-3)
                .listpack(1)
                .listpack("c")
                .listpack("v3")
                .listpack(6)
                .toListpack();
        return new Bytes().length(1).string(streamId(1000, 5)).string(listpack);
    }

    private static final List<StreamEntry> STREAM_ENTRIES = List.of(
            new StreamEntry("1000-5", List.of("a", "v1", "b", "2")), new StreamEntry("1010-2", List.of("c", "v3")));

    private static Bytes streamGroups(int version) {
        Bytes groups = new Bytes().length(2).string("g1").length(1000).length(5);
        if (version > 1) {
            groups.length(-1);
        }
        groups.length(1).raw(streamId(1000, 5)).little(8, 7777).length(3);
        groups.length(2).string("alice").little(8, 8888);
        if (version > 2) {
            groups.little(8, 9999);
        }
        groups.length(1).raw(streamId(1000, 5)).string("bob").little(8, 8889);
        if (version > 2) {
            groups.little(8, -1);
        }
        groups.length(0);
        groups.string("g2").length(0).length(0);
        if (version > 1) {
            groups.length(0);
        }
        return groups.length(0).length(0);
    }

    private static final List<Group> STREAM_GROUPS = List.of(
            new Group("g1", "1000-5", List.of(new Pending("1000-5", "alice", 7777, 3)), Set.of("alice", "bob")),
            new Group("g2", "0-0", List.of(), Set.of()));

    static byte[] stream(int version) {
        Bytes value = streamNodes().length(2).length(1010).length(2);
        if (version > 1) {
            value.length(1000).length(5).length(1000).length(6).length(4);
        }
        return value.raw(streamGroups(version).toByteArray()).toByteArray();
    }

    @Test
    void streamsOfEveryVersion() throws IOException {
        StreamId last = new StreamId(1010, 2);
        StreamState full = new StreamState(2, last, new StreamId(1000, 5), new StreamId(1000, 6), 4);
        assertThat(decode(15, new Bytes().raw(stream(1))))
                .isEqualTo(new Stream(STREAM_ENTRIES, new StreamState(2, last, null, null, -1), STREAM_GROUPS));
        assertThat(decode(19, new Bytes().raw(stream(2)))).isEqualTo(new Stream(STREAM_ENTRIES, full, STREAM_GROUPS));
        assertThat(decode(21, new Bytes().raw(stream(3)))).isEqualTo(new Stream(STREAM_ENTRIES, full, STREAM_GROUPS));
    }

    @Test
    void damagedStreams() {
        assertRefused(15, new Bytes().length(1).string("short"), "the id of a stream node has 5 bytes");
        assertRefused(
                15,
                new Bytes()
                        .length(1)
                        .string(streamId(1, 1))
                        .string(new Packed()
                                .listpack(1)
                                .listpack(0)
                                .listpack(-1)
                                .toListpack()),
                "a stream entry of -1 fields");
        assertRefused(
                15,
                new Bytes()
                        .length(1)
                        .string(streamId(1, 1))
                        .string(new Packed()
                                .listpack(1)
                                .listpack(0)
                                .listpack(0)
                                .listpack(0)
                                .listpack("flags")
                                .toListpack()),
                "has a string where a number should be");
    }

    @Test
    void fieldNamesOfStreamNodesAreBounded() throws IOException {
        byte[] rdb = Rdb.redis(9).entry(15, "key", stream(1)).finish();
        RdbReader reader = Rdb.open(rdb, RdbReaderOptions.DEFAULT.withMaxStringBytes(4));
        reader.next();
        assertThatThrownBy(() -> reader.readValue(new ValueVisitor() {}))
                .isInstanceOf(RdbFormatException.class)
                .hasMessageContaining("the field names of a stream node are longer than the 4 bytes allowed");
    }

    @Test
    void visitorsNeedNotReadWhatTheyAreGiven() throws IOException {
        byte[] rdb = Rdb.redis(12)
                .entry(21, "s", stream(3))
                .string("t", "x".repeat(9000))
                .packed(16, "h", new Packed().listpack("f").listpack("v").toListpack())
                .finish();
        RdbReader reader = Rdb.open(rdb);
        for (RecordKind kind = reader.next(); kind != RecordKind.END; kind = reader.next()) {
            reader.readValue(new ValueVisitor() {});
        }
        assertThat(reader.checksum()).isEqualTo(ChecksumVerdict.VERIFIED);
    }
}
