package io.ambrotype.rdb;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.ambrotype.rdb.SlotDigests.Difference;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class SlotDigestsTest {
    private static SlotDigests of(Rdb rdb) throws IOException {
        return of(rdb.finish(), 1000);
    }

    private static SlotDigests of(byte[] rdb, long asOf) throws IOException {
        return SlotDigests.compute(Rdb.open(rdb), 7, asOf, slot -> true);
    }

    @Test
    void neitherOrderNorLayoutMatter() throws IOException {
        List<String> keys = new ArrayList<>();
        for (int i = 0; i < 500; i++) {
            keys.add("key " + i);
        }
        Rdb forward = Rdb.redis(9);
        keys.forEach(key -> forward.string(key, "value of " + key));
        Collections.shuffle(keys, new Random(1));
        Rdb[] nodes = {Rdb.redis(11), Rdb.redis(12), Rdb.valkey()};
        for (String key : keys) {
            nodes[HashSlot.of(Bytes.latin(key)) % 3].string(key, "value of " + key);
        }
        SlotDigests whole = of(forward);
        SlotDigests sum = of(nodes[0]).plus(of(nodes[1])).plus(of(nodes[2]));
        assertThat(sum).isEqualTo(whole).hasSameHashCodeAs(whole).hasToString("500 entries as of 1000");
        assertThat(sum.differences(whole)).isEmpty();
        assertThat(whole.totalEntries()).isEqualTo(500);
    }

    @Test
    void differencesAreNamedBySlot() throws IOException {
        SlotDigests one = of(Rdb.redis(9).string("foo", "1").string("bar", "1"));
        SlotDigests other =
                of(Rdb.redis(9).string("foo", "2").string("bar", "1").string("{bar}2", "1"));
        assertThat(one.differences(other)).containsExactly(new Difference(5061, 1, 2), new Difference(12182, 1, 1));
        assertThat(one).isNotEqualTo(other);
        assertThat(one.entries(12182)).isEqualTo(1);
        assertThat(one.sum(12182)).isNotEqualTo(other.sum(12182));
    }

    @Test
    void twoChangesDoNotCancelEachOther() throws IOException {
        SlotDigests one = of(Rdb.redis(9).string("{a}1", "x").string("{a}2", "y"));
        SlotDigests swapped = of(Rdb.redis(9).string("{a}1", "y").string("{a}2", "x"));
        assertThat(one.differences(swapped)).hasSize(1);
    }

    @Test
    void whatIsNotOwnedIsLeftOut() throws IOException {
        Rdb rdb = Rdb.valkey()
                .raw(new Bytes()
                        .raw(243)
                        .string("job")
                        .length(1)
                        .length(5061)
                        .length(5061)
                        .toByteArray())
                .string("foo", "1")
                .string("bar", "1")
                .string("other", "1");
        SlotDigests digests =
                SlotDigests.compute(Rdb.open(rdb.finish()), 7, 1000, slot -> slot != HashSlot.of(Bytes.latin("other")));
        assertThat(digests).isEqualTo(of(Rdb.redis(9).string("foo", "1")));
    }

    @Test
    void digestsHoldUntilTheNextExpiry() throws IOException {
        byte[] rdb = Rdb.redis(9)
                .expireAt(500)
                .string("gone", "1")
                .expireAt(3000)
                .string("later", "1")
                .expireAt(2000)
                .string("soon", "1")
                .string("ever", "1")
                .finish();
        SlotDigests digests = of(rdb, 1000);
        assertThat(digests.totalEntries()).isEqualTo(3);
        assertThat(digests.asOfMillis()).isEqualTo(1000);
        assertThat(digests.earliestExpiry()).isEqualTo(2000);
        assertThat(digests.holdAt(999)).isFalse();
        assertThat(digests.holdAt(1000)).isTrue();
        assertThat(digests.holdAt(2000)).isTrue();
        assertThat(digests.holdAt(2001)).isFalse();
        assertThat(digests.differences(of(rdb, 2000))).isEmpty();
        assertThat(digests.differences(of(rdb, 2001))).hasSize(1);
        assertThat(of(rdb, 4000).holdAt(Long.MAX_VALUE)).isTrue();
        assertThat(SlotDigests.empty(7, 1000).plus(digests)).isEqualTo(digests);
    }

    @Test
    void onlyWhatCanBeComparedIs() {
        SlotDigests one = SlotDigests.empty(1, 1000);
        assertThatThrownBy(() -> one.differences(SlotDigests.empty(2, 1000)))
                .hasMessage("digests of different seeds cannot be compared");
        assertThatThrownBy(() -> one.plus(SlotDigests.empty(1, 1001))).hasMessageContaining("as of 1001");
        assertThat(one).isNotEqualTo(SlotDigests.empty(2, 1000)).isNotEqualTo(SlotDigests.empty(1, 1001));
    }

    @Test
    void theEncodedFormIsReadBack() throws IOException {
        SlotDigests digests = of(ServerFilesTest.file("redis-7.0.15"), 1_700_000_000_000L);
        assertThat(SlotDigests.decode(digests.encode())).isEqualTo(digests);
        SlotDigests empty = SlotDigests.empty(-1, 0);
        assertThat(SlotDigests.decode(empty.encode())).isEqualTo(empty);
        Rdb many = Rdb.redis(9);
        for (int i = 0; i < 300; i++) {
            many.string("{same}" + i, "v");
        }
        many.string("{06S}", "slot 0").string("foo", "v");
        SlotDigests full = of(many);
        assertThat(SlotDigests.decode(full.encode())).isEqualTo(full);
    }

    @Test
    void damageIsFound() throws IOException {
        byte[] encoded = of(Rdb.redis(9).string("foo", "1").string("bar", "1")).encode();
        for (int at = 0; at < encoded.length; at++) {
            byte[] changed = encoded.clone();
            changed[at] ^= 4;
            assertThatThrownBy(() -> SlotDigests.decode(changed))
                    .isInstanceOf(IOException.class)
                    .hasMessageContaining("slot digests");
            byte[] part = Arrays.copyOf(encoded, at);
            assertThatThrownBy(() -> SlotDigests.decode(part)).isInstanceOf(IOException.class);
        }
    }

    @Test
    void nonsenseWithARightChecksumIsFound() {
        byte[] header = Arrays.copyOf(SlotDigests.empty(1, 1).encode(), 29);
        assertThatThrownBy(() -> SlotDigests.decode(signed(header, 0, 1))).hasMessageContaining("out of range");
        assertThatThrownBy(() -> SlotDigests.decode(signed(header, 0x81, 0x80, 0x01, 1)))
                .hasMessageContaining("out of range");
        assertThatThrownBy(() -> SlotDigests.decode(signed(header, 1, 1, 1))).hasMessageContaining("in the middle");
        assertThatThrownBy(() -> SlotDigests.decode(signed(header, 1, 0x80))).hasMessageContaining("does not end");
    }

    private static byte[] signed(byte[] header, int... more) {
        Bytes bytes = new Bytes().raw(header).raw(more);
        byte[] body = bytes.toByteArray();
        return bytes.little(8, Crc64.update(0, body, 0, body.length)).toByteArray();
    }
}
