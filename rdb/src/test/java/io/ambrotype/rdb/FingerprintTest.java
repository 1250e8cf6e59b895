package io.ambrotype.rdb;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.util.HashSet;
import java.util.Set;
import org.junit.jupiter.api.Test;

class FingerprintTest {
    private static final long ABSENT = 0;

    private static long of(Rdb rdb) throws IOException {
        return of(rdb, 0);
    }

    private static long of(Rdb rdb, long asOf) throws IOException {
        RdbReader reader = Rdb.atFirstEntry(rdb.finish());
        Fingerprint fingerprint = new Fingerprint(5);
        return fingerprint.read(reader, asOf) ? fingerprint.value() : ABSENT;
    }

    private static Rdb entry(int type, Bytes value) {
        return Rdb.redis(12).entry(type, "key", value);
    }

    private static Rdb packed(int type, byte[] value) {
        return Rdb.redis(12).packed(type, "key", value);
    }

    private static Bytes score(String member, double score) {
        return new Bytes().length(1).string(member).little(8, Double.doubleToLongBits(score));
    }

    @Test
    void encodingsDoNotMatter() throws IOException {
        assertThat(of(entry(0, new Bytes().string("12345"))))
                .isEqualTo(of(entry(0, new Bytes().raw(0xc1).little(2, 12345))))
                .isEqualTo(of(Rdb.valkey().entry(0, "key", new Bytes().lzf(Bytes.latin("12345")))))
                .isNotEqualTo(of(entry(0, new Bytes().string("012345"))));
        assertThat(of(entry(1, new Bytes().length(2).string("a").string("7"))))
                .isEqualTo(of(packed(10, new Packed().ziplist("a").ziplist(7).toZiplist())))
                .isEqualTo(of(entry(
                        14,
                        new Bytes()
                                .length(1)
                                .string(new Packed().ziplist("a").ziplist("7").toZiplist()))))
                .isEqualTo(of(entry(
                        18,
                        new Bytes()
                                .length(2)
                                .length(1)
                                .string("a")
                                .length(2)
                                .string(new Packed().listpack(7).toListpack()))));
        assertThat(of(entry(2, new Bytes().length(2).string("1").string("7"))))
                .isEqualTo(of(packed(11, Packed.intset(4, 1, 7))))
                .isEqualTo(of(packed(20, new Packed().listpack(7).listpack(1).toListpack())));
        assertThat(of(entry(4, new Bytes().length(1).string("f").string("7"))))
                .isEqualTo(of(packed(9, Bytes.of(1, 1, 'f', 1, 2, '7', 0, 0, 255))))
                .isEqualTo(of(packed(13, new Packed().ziplist("f").ziplist(7).toZiplist())))
                .isEqualTo(of(packed(16, new Packed().listpack("f").listpack(7).toListpack())))
                .isEqualTo(of(entry(
                        24,
                        new Bytes()
                                .little(8, 1000)
                                .length(1)
                                .length(0)
                                .string("f")
                                .string("7"))))
                .isEqualTo(of(Rdb.valkey()
                        .entry(
                                22,
                                "key",
                                new Bytes().length(1).string("f").string("7").little(8, -1))));
    }

    @Test
    void scoresAreNumbers() throws IOException {
        assertThat(of(entry(5, score("m", 0.1))))
                .isEqualTo(of(entry(3, new Bytes().length(1).string("m").string("0.10000000000000001"))))
                .isEqualTo(of(packed(
                        12,
                        new Packed().ziplist("m").ziplist("0.10000000000000001").toZiplist())))
                .isEqualTo(
                        of(packed(17, new Packed().listpack("m").listpack("0.1").toListpack())));
        assertThat(of(entry(5, score("m", 0.0))))
                .isEqualTo(of(entry(5, score("m", -0.0))))
                .isEqualTo(
                        of(packed(17, new Packed().listpack("m").listpack("-0").toListpack())))
                .isEqualTo(of(packed(17, new Packed().listpack("m").listpack(0).toListpack())));
        assertThat(of(entry(5, score("m", Double.POSITIVE_INFINITY))))
                .isEqualTo(of(entry(3, new Bytes().length(1).string("m").raw(254))))
                .isEqualTo(
                        of(packed(17, new Packed().listpack("m").listpack("inf").toListpack())))
                .isNotEqualTo(of(entry(5, score("m", Double.NEGATIVE_INFINITY))));
        assertThat(of(entry(5, score("m", Double.NaN))))
                .isEqualTo(of(entry(3, new Bytes().length(1).string("m").raw(253))))
                .isEqualTo(of(
                        packed(17, new Packed().listpack("m").listpack("-nan").toListpack())));
    }

    @Test
    void orderMattersInListsOnly() throws IOException {
        for (int type : new int[] {1, 2}) {
            long forward = of(entry(type, new Bytes().length(2).string("a").string("b")));
            long backward = of(entry(type, new Bytes().length(2).string("b").string("a")));
            assertThat(forward == backward).isEqualTo(type == 2);
        }
        assertThat(of(entry(
                        4,
                        new Bytes()
                                .length(2)
                                .string("a")
                                .string("1")
                                .string("b")
                                .string("2"))))
                .isEqualTo(of(entry(
                        4,
                        new Bytes()
                                .length(2)
                                .string("b")
                                .string("2")
                                .string("a")
                                .string("1"))))
                .isNotEqualTo(of(entry(
                        4,
                        new Bytes()
                                .length(2)
                                .string("a")
                                .string("2")
                                .string("b")
                                .string("1"))));
    }

    @Test
    void whatDiffersHasAnotherFingerprint() throws IOException {
        Set<Long> fingerprints = new HashSet<>();
        Rdb[] different = {
            Rdb.redis(9).string("key", "value"),
            Rdb.redis(9).string("key2", "value"),
            Rdb.redis(9).string("key", "values"),
            Rdb.redis(9).string("keyv", "alue"),
            Rdb.redis(9).database(1).string("key", "value"),
            Rdb.redis(9).expireAt(5).string("key", "value"),
            Rdb.redis(9).expireAt(6).string("key", "value"),
            entry(1, new Bytes().length(1).string("value")),
            entry(2, new Bytes().length(1).string("value")),
            entry(1, new Bytes().length(2).string("val").string("ue")),
            entry(1, new Bytes().length(2).string("value").string("")),
            entry(2, new Bytes().length(2).string("value").string("")),
            entry(4, new Bytes().length(1).string("value").string("")),
            entry(4, new Bytes().length(1).string("").string("value")),
            entry(5, score("value", 1)),
            entry(5, score("value", 2)),
            entry(7, new Bytes().length(1 << 20).length(1).length(1).length(0)),
            entry(7, new Bytes().length(1 << 20).length(2).length(1).length(0)),
            entry(7, new Bytes().length(1 << 20 | 1).length(1).length(1).length(0)),
            entry(7, new Bytes().length(1 << 20).length(3).little(4, 1).length(0)),
            entry(7, new Bytes().length(1 << 20).length(4).little(8, 1).length(0)),
            entry(7, new Bytes().length(1 << 20).length(5).string("1").length(0)),
            entry(7, new Bytes().length(1 << 20).length(0)),
            entry(15, new Bytes().raw(ValueDecoderTest.stream(1))),
            entry(15, new Bytes().raw(0, 0, 0, 0, 0)),
            entry(15, new Bytes().raw(0, 0, 1, 0, 0)),
            entry(15, new Bytes().raw(0, 0, 0, 1, 0)),
            entry(15, new Bytes().raw(0, 0, 0, 0, 1, 1, 'g', 0, 0, 0, 0)),
            entry(15, new Bytes().raw(0, 0, 0, 0, 1, 1, 'h', 0, 0, 0, 0)),
            entry(15, new Bytes().raw(0, 0, 0, 0, 1, 1, 'g', 1, 0, 0, 0)),
            entry(
                    15,
                    new Bytes()
                            .raw(0, 0, 0, 0, 1, 1, 'g', 0, 0, 0, 1, 1, 'c')
                            .little(8, 0)
                            .raw(0)),
        };
        for (Rdb rdb : different) {
            fingerprints.add(of(rdb));
        }
        assertThat(fingerprints).hasSize(different.length).doesNotContain(ABSENT);
    }

    @Test
    void seedsMatter() throws IOException {
        byte[] rdb = Rdb.redis(9).string("key", "value").finish();
        Fingerprint one = new Fingerprint(1);
        Fingerprint two = new Fingerprint(2);
        assertThat(one.read(Rdb.atFirstEntry(rdb), 0)).isTrue();
        assertThat(two.read(Rdb.atFirstEntry(rdb), 0)).isTrue();
        assertThat(one.value()).isNotEqualTo(two.value());
    }

    @Test
    void idleTimeAndFrequencyDoNotMatter() throws IOException {
        assertThat(of(Rdb.redis(9).raw(249, 5).string("key", "value")))
                .isEqualTo(of(Rdb.redis(9).raw(248, 5).string("key", "value")))
                .isEqualTo(of(Rdb.redis(9).string("key", "value")));
    }

    @Test
    void streamVersionsDoNotMatter() throws IOException {
        assertThat(of(entry(15, new Bytes().raw(ValueDecoderTest.stream(1)))))
                .isEqualTo(of(entry(19, new Bytes().raw(ValueDecoderTest.stream(2)))))
                .isEqualTo(of(entry(21, new Bytes().raw(ValueDecoderTest.stream(3)))));
    }

    @Test
    void pendingEntriesMatter() throws IOException {
        byte[] stream = ValueDecoderTest.stream(1);
        Set<Long> fingerprints = new HashSet<>();
        fingerprints.add(of(entry(15, new Bytes().raw(stream))));
        String text = Bytes.latin(stream);
        // An element, two consumers, a group, and the delivery time of a pending entry.
        for (String part : new String[] {
            "v1", "alice", "bob", "g2", Bytes.latin(new Bytes().little(8, 7777).toByteArray())
        }) {
            byte[] changed = stream.clone();
            changed[text.indexOf(part)]++;
            fingerprints.add(of(entry(15, new Bytes().raw(changed))));
        }
        assertThat(fingerprints).hasSize(6);
    }

    @Test
    void whatHasExpiredIsNotThere() throws IOException {
        Rdb rdb = Rdb.redis(9).expireAt(1000).string("key", "value");
        assertThat(of(rdb, 1000)).isNotEqualTo(ABSENT);
        assertThat(of(Rdb.redis(9).expireAt(1000).string("key", "value"), 1001)).isEqualTo(ABSENT);
    }

    private static Bytes hash(long... expiries) {
        Bytes hash = new Bytes().length(expiries.length);
        for (int i = 0; i < expiries.length; i++) {
            hash.string("f" + i).string("v").little(8, expiries[i]);
        }
        return hash;
    }

    @Test
    void fieldsThatHaveExpiredAreNotThere() throws IOException {
        assertThat(of(Rdb.valkey().entry(22, "key", hash(-1, 1000)), 1001))
                .isEqualTo(of(Rdb.valkey().entry(22, "key", hash(-1)), 1001))
                .isNotEqualTo(of(Rdb.valkey().entry(22, "key", hash(-1, 1000)), 1000));
        assertThat(of(Rdb.valkey().entry(22, "key", hash(900, 1000)), 1001)).isEqualTo(ABSENT);
        assertThat(of(Rdb.valkey().entry(22, "key", hash(900, 1000)), 1000)).isNotEqualTo(ABSENT);
    }

    @Test
    void collectionsOfNothingAreNotThere() throws IOException {
        for (int type : new int[] {1, 2, 3, 4, 5, 14, 18}) {
            assertThat(of(entry(type, new Bytes().length(0)))).isEqualTo(ABSENT);
        }
        assertThat(of(entry(0, new Bytes().length(0)))).isNotEqualTo(ABSENT);
    }

    @Test
    void theNextExpiryIsKnown() throws IOException {
        Fingerprint fingerprint = new Fingerprint(0);
        assertThat(fingerprint.read(
                        Rdb.atFirstEntry(Rdb.valkey()
                                .expireAt(5000)
                                .entry(22, "key", hash(-1, 100, 3000, 4000))
                                .finish()),
                        200))
                .isTrue();
        assertThat(fingerprint.earliestExpiry()).isEqualTo(3000);
        assertThat(fingerprint.read(
                        Rdb.atFirstEntry(Rdb.redis(9).string("k", "v").finish()), 200))
                .isTrue();
        assertThat(fingerprint.earliestExpiry()).isEqualTo(RdbReader.NO_EXPIRY);
    }

    /** The head of a vector set as Redis 8.0.6 writes it: id of the module type, dimensions, elements, quantization, flags. */
    private static Bytes vectorSet(int flags, int elements) {
        Bytes value = new Bytes().raw(0x81, 0xbd, 0xe7, 0x2d, 0xa2, 0xbb, 0x1e, 0xb4, 0x00);
        return number(number(number(number(value, 3), elements), 0x1001), flags);
    }

    private static Bytes number(Bytes value, long number) {
        return value.raw(2).length(number);
    }

    private static Bytes element(Bytes value, String name, String attributes, String vector, int norm, long... links) {
        value.raw(5).string(name).raw(5).string(attributes).raw(5).string(vector);
        number(value, links.length + 1);
        for (long link : links) {
            number(value, link);
        }
        return number(value, 0x3f3f_d012L << 32 | norm);
    }

    private static Rdb module(Bytes value) {
        return entry(7, value.raw(0));
    }

    @Test
    void theGraphOfAVectorSetDoesNotCountAndItsElementsDo() throws IOException {
        long whole =
                of(module(element(element(vectorSet(2, 2), "a", "", "uvw", 11, 1, 2), "b", "{}", "xyz", 12, 2, 1)));
        assertThat(whole)
                .isEqualTo(of(module(
                        element(element(vectorSet(2, 2), "b", "{}", "xyz", 12, 7), "a", "", "uvw", 11, 2, 2, 9))))
                .isNotEqualTo(of(module(element(vectorSet(2, 2), "b", "{}", "xyz", 12))))
                .isNotEqualTo(of(module(element(element(vectorSet(2, 2), "a", "", "xyz", 11), "b", "{}", "uvw", 12))))
                .isNotEqualTo(of(module(element(element(vectorSet(2, 2), "a", "{}", "uvw", 11), "b", "", "xyz", 12))))
                .isNotEqualTo(of(module(element(element(vectorSet(2, 2), "a", "", "uvw", 12), "b", "{}", "xyz", 11))));

        Bytes projected = number(vectorSet(3, 2), 5).raw(5).string("matrix");
        Bytes other = number(vectorSet(3, 2), 5).raw(5).string("matrix");
        assertThat(of(module(element(element(projected, "a", "", "uvw", 11), "b", "{}", "xyz", 12))))
                .isEqualTo(of(module(element(element(other, "b", "{}", "xyz", 12), "a", "", "uvw", 11))))
                .isNotEqualTo(whole);
        assertThat(of(module(vectorSet(0, 0)))).isNotEqualTo(ABSENT);
    }
}
