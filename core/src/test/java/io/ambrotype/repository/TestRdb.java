package io.ambrotype.repository;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.ambrotype.rdb.Crc64;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/** Writes small RDBs by hand, so that these tests stand on nothing but the format. */
public final class TestRdb {
    private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();

    public TestRdb() {
        bytes.writeBytes("REDIS0010".getBytes(UTF_8));
    }

    public TestRdb aux(String name, String value) {
        bytes.write(250);
        return string(name).string(value);
    }

    public TestRdb function(String source) {
        bytes.write(245);
        return string(source);
    }

    public TestRdb database(int number) {
        bytes.write(254);
        bytes.write(number);
        return this;
    }

    public TestRdb entry(String key, String value) {
        bytes.write(0);
        return string(key).string(value);
    }

    public TestRdb expiring(String key, String value, long expireAtMillis) {
        bytes.write(252);
        bytes.writeBytes(ByteBuffer.allocate(8)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putLong(expireAtMillis)
                .array());
        return entry(key, value);
    }

    private TestRdb string(String text) {
        byte[] encoded = text.getBytes(UTF_8);
        bytes.write(0x80);
        bytes.writeBytes(ByteBuffer.allocate(4).putInt(encoded.length).array());
        bytes.writeBytes(encoded);
        return this;
    }

    /** The RDB, signed. */
    public byte[] finish() {
        bytes.write(255);
        byte[] body = bytes.toByteArray();
        return signed(Crc64.update(0, body, 0, body.length));
    }

    /** The RDB as {@code rdbchecksum no} leaves it. */
    public byte[] finishUnsigned() {
        bytes.write(255);
        return signed(0);
    }

    private byte[] signed(long checksum) {
        bytes.writeBytes(ByteBuffer.allocate(8)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putLong(checksum)
                .array());
        return bytes.toByteArray();
    }
}
