package io.ambrotype.cli;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;

import io.ambrotype.cli.Run.Result;
import io.ambrotype.rdb.Crc64;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RdbCommandTest {
    private static final Instant EXPIRY = Instant.parse("2027-01-01T00:00:00Z");

    @TempDir
    private Path dir;

    /** Two strings in database 0, one of them expiring, and a list in database 3, whose key is not printable. */
    private static byte[] rdb(boolean checksum) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        bytes.writeBytes("REDIS0009".getBytes(ISO_8859_1));
        bytes.writeBytes(new byte[] {(byte) 0xfa, 9});
        bytes.writeBytes("redis-ver".getBytes(ISO_8859_1));
        bytes.write(5);
        bytes.writeBytes("5.0.5".getBytes(ISO_8859_1));
        bytes.writeBytes(new byte[] {(byte) 0xfe, 0, 0, 1, 'a', 2, 'h', 'i'});
        bytes.write(0xfc);
        bytes.writeBytes(ByteBuffer.allocate(8)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putLong(EXPIRY.toEpochMilli())
                .array());
        bytes.writeBytes(new byte[] {0, 3, 'b', 'i', 'g', 0x40, 100});
        bytes.writeBytes("x".repeat(100).getBytes(ISO_8859_1));
        bytes.writeBytes(new byte[] {(byte) 0xfe, 3, 1, 2, 'l', 27, 2, 1, 'x', 1, 'y', (byte) 0xff});
        byte[] body = bytes.toByteArray();
        long crc = checksum ? Crc64.update(0, body, 0, body.length) : 0;
        return ByteBuffer.allocate(body.length + 8)
                .order(ByteOrder.LITTLE_ENDIAN)
                .put(body)
                .putLong(crc)
                .array();
    }

    private Path file(byte[] bytes) throws IOException {
        return Files.write(dir.resolve("dump.rdb"), bytes);
    }

    @Test
    void tellsWhatIsInAFile() throws IOException {
        file(rdb(true));
        assertThat(Run.in(dir).command("rdb", "dump.rdb")).isEqualTo(new Result(0, """
                        file      dump.rdb, 170 B
                        version   REDIS0009, written by Redis 5.0.5
                        checksum  verified
                        entries   3 in 3 slots, 1 of them expiring, 2027-01-01 00:00:00 UTC to 2027-01-01 00:00:00 UTC
                        aux       redis-ver = 5.0.5

                        TYPE    KEYS  BYTES  EXPIRING
                        string     2  122 B         1
                        list       1    9 B         0

                        DATABASE  KEYS  BYTES  EXPIRING
                        0            2  122 B         1
                        3            1    9 B         0

                        BIGGEST  TYPE    DB   SLOT  KEY
                          116 B  string   0   6392  big
                            9 B  list     3  11549  l\\x1b
                            6 B  string   0  15495  a
                        """, ""));
    }

    @Test
    void tellsItAsJson() throws IOException {
        file(rdb(true));
        Result result = Run.in(dir).command("rdb", "dump.rdb", "--output", "json", "--biggest", "1");
        assertThat(result.status()).isZero();
        assertThat(result.err()).isEmpty();
        assertThat(result.out().replaceAll("\\s+", "")).isEqualTo("""
                        {"file":"dump.rdb","version":"REDIS0009","bytes":170,"checksum":"verified",
                        "aux":{"redis-ver":"5.0.5"},"total":{"entries":3,"bytes":131,"expiring":1},
                        "firstExpiry":"2027-01-01T00:00:00Z","lastExpiry":"2027-01-01T00:00:00Z","slots":3,
                        "types":[{"type":"string","kind":"string","entries":2,"bytes":122,"expiring":1},
                        {"type":"list","kind":"list","entries":1,"bytes":9,"expiring":0}],
                        "databases":[{"database":0,"entries":2,"bytes":122,"expiring":1},
                        {"database":3,"entries":1,"bytes":9,"expiring":0}],"functions":0,"modules":[],
                        "biggest":[{"key":"big","database":0,"slot":6392,"type":"string","bytes":116}]}
                        """.replaceAll("\\s+", ""));
    }

    @Test
    void readsStandardInput() throws IOException {
        Result result = Run.in(dir).input(rdb(false)).command("rdb", "-");
        assertThat(result.status()).isZero();
        assertThat(result.out()).startsWith("""
                        file      -, 170 B
                        version   REDIS0009, written by Redis 5.0.5
                        checksum  none: the server runs with rdbchecksum no
                        """);
    }

    /** A flip is found at the latest by the checksum; a flip of the checksum to zero would be the one way to hide. */
    @Test
    void namesTheByteWhereAFileIsDamaged() throws IOException {
        byte[] sound = rdb(true);
        for (int i = 0; i < sound.length; i++) {
            byte[] damaged = sound.clone();
            damaged[i] ^= 0x10;
            file(damaged);
            Result result = Run.in(dir).command("rdb", "dump.rdb");
            assertThat(result.err())
                    .as("byte " + i)
                    .matches("error: 'dump\\.rdb' is damaged: [a-z].* \\(at byte \\d+ of the RDB\\)\\R");
            assertThat(result.status()).isEqualTo(20);
            assertThat(result.out()).isEmpty();
        }
    }

    @Test
    void saysWhereAFileEndsTooEarly() throws IOException {
        byte[] sound = rdb(true);
        file(java.util.Arrays.copyOf(sound, 60));
        assertThat(Run.in(dir).command("rdb", "dump.rdb").err())
                .isEqualTo("error: 'dump.rdb' is damaged: the file ends in the middle (at byte 60 of the RDB)\n");
        file("PK zip".getBytes(ISO_8859_1));
        assertThat(Run.in(dir).command("rdb", "dump.rdb", "--output", "json"))
                .isEqualTo(new Result(
                        20,
                        "",
                        "{\"error\":{\"code\":\"corrupt\",\"status\":20,\"message\":\"'dump.rdb' is damaged: the file ends"
                                + " in the middle (at byte 6 of the RDB)\",\"hint\":null}}\n"));
    }

    @Test
    void refusesWhatItCannotDo() {
        assertThat(Run.in(dir).command("rdb", "none.rdb"))
                .isEqualTo(new Result(1, "", "error: '" + dir.resolve("none.rdb") + "' does not exist\n"));
        assertThat(Run.in(dir).command("rdb", "--biggest", "-1", "x"))
                .isEqualTo(new Result(2, "", "error: --biggest -1 is not between 0 and 10000\n"));
    }
}
