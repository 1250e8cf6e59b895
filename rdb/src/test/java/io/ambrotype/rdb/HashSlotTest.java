package io.ambrotype.rdb;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Random;
import org.junit.jupiter.api.Test;

class HashSlotTest {
    private static int slot(String key) {
        return HashSlot.of(Bytes.latin(key));
    }

    @Test
    void knownSlots() {
        // As CLUSTER KEYSLOT says.
        assertThat(slot("foo")).isEqualTo(12182);
        assertThat(slot("bar")).isEqualTo(5061);
        assertThat(slot("123456789")).isEqualTo(12739);
        assertThat(slot("")).isZero();
    }

    @Test
    void hashTags() {
        assertThat(slot("{user1000}.following")).isEqualTo(slot("user1000")).isEqualTo(slot("{user1000}.followers"));
        assertThat(slot("foo{}{bar}")).isEqualTo(reference("foo{}{bar}"));
        assertThat(slot("foo{{bar}}zap")).isEqualTo(slot("{bar"));
        assertThat(slot("foo{bar}{zap}")).isEqualTo(slot("bar"));
        assertThat(slot("foo{bar")).isEqualTo(reference("foo{bar"));
        assertThat(slot("foo}bar{")).isEqualTo(reference("foo}bar{"));
        assertThat(slot("{}")).isEqualTo(reference("{}"));
    }

    @Test
    void agreesWithTheDefinitionForAnyKeyAnywhereInABuffer() {
        Random random = new Random(1);
        for (int round = 0; round < 2000; round++) {
            byte[] buffer = new byte[64];
            random.nextBytes(buffer);
            int offset = random.nextInt(20);
            int length = random.nextInt(44);
            String key = Bytes.latin(buffer).substring(offset, offset + length);
            if (key.indexOf('{') < 0) {
                assertThat(HashSlot.of(buffer, offset, length)).isEqualTo(reference(key));
            }
        }
    }

    @Test
    void rangesOutsideTheBufferAreRefused() {
        assertThatThrownBy(() -> HashSlot.of(new byte[3], 1, 3)).isInstanceOf(IndexOutOfBoundsException.class);
    }

    /** Bit by bit. */
    private static int reference(String key) {
        int crc = 0;
        for (byte b : Bytes.latin(key)) {
            crc ^= (b & 0xff) << 8;
            for (int bit = 0; bit < 8; bit++) {
                crc = (crc & 0x8000) != 0 ? (crc << 1) ^ 0x1021 : crc << 1;
            }
        }
        return (crc & 0xffff) % 16384;
    }
}
