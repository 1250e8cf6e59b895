package io.ambrotype.rdb;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ChecksumsTest {
    @Test
    void crc64CheckValue() {
        assertThat(Crc64.update(0, Bytes.latin("123456789"), 0, 9)).isEqualTo(0xe9c6d914c4b8d9caL);
        assertThat(Crc64.update(0, new byte[0], 0, 0)).isZero();
        assertThatThrownBy(() -> Crc64.update(0, new byte[8], 4, 5)).isInstanceOf(IndexOutOfBoundsException.class);
    }

    @Test
    void crc64AgreesWithTheDefinitionHoweverTheBytesCome() {
        Random random = new Random(2);
        byte[] bytes = new byte[30_000];
        random.nextBytes(bytes);
        long expected = 0;
        for (byte b : bytes) {
            expected ^= b & 0xff;
            for (int bit = 0; bit < 8; bit++) {
                expected = (expected & 1) != 0 ? expected >>> 1 ^ 0x95ac9329ac4bc9b5L : expected >>> 1;
            }
        }
        for (int round = 0; round < 50; round++) {
            long crc = 0;
            for (int at = 0; at < bytes.length; ) {
                int count = Math.min(bytes.length - at, random.nextInt(round < 25 ? 100 : 30_000));
                crc = Crc64.update(crc, bytes, at, count);
                at += count;
            }
            assertThat(crc).isEqualTo(expected);
        }
    }

    /** The self-test values of the reference implementation (xxhsum, "sanity check"). */
    @ParameterizedTest
    @CsvSource({
        "0, 0, EF46DB3751D8E999",
        "0, 2654435761, AC75FDA2929B17EF",
        "1, 0, E934A84ADB052768",
        "1, 2654435761, 5014607643A9B4C3",
        "4, 0, 9136A0DCA57457EE",
        "14, 0, 8282DCC4994E35C8",
        "14, 2654435761, C3BD6BF63DEB6DF0",
        "222, 0, B641AE8CB691C174",
        "222, 2654435761, 20CB8AB7AE10C14A"
    })
    void xxHash64TestVectors(int length, long seed, String expected) {
        byte[] bytes = new byte[length];
        long generator = 2654435761L;
        for (int i = 0; i < length; i++) {
            bytes[i] = (byte) (generator >>> 56);
            generator *= 0x9E3779B185EBCA8DL;
        }
        assertThat(new XxHash64(seed).update(bytes, 0, length).value()).isEqualTo(Long.parseUnsignedLong(expected, 16));
    }

    @Test
    void xxHash64DoesNotCareHowTheBytesCome() {
        Random random = new Random(3);
        XxHash64 hash = new XxHash64(7);
        for (int round = 0; round < 500; round++) {
            byte[] bytes = new byte[random.nextInt(300)];
            random.nextBytes(bytes);
            long expected = hash.reset().update(bytes, 0, bytes.length).value();
            hash.reset();
            for (int at = 0; at < bytes.length; ) {
                if (random.nextBoolean() && bytes.length - at >= 8) {
                    long word = 0;
                    for (int i = 0; i < 8; i++) {
                        word |= (bytes[at + i] & 0xffL) << (8 * i);
                    }
                    hash.update(word);
                    at += 8;
                } else {
                    int count = Math.min(bytes.length - at, random.nextInt(70));
                    hash.update(bytes, at, count);
                    at += count;
                }
            }
            assertThat(hash.value()).isEqualTo(expected);
        }
    }
}
