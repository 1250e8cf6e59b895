package io.ambrotype.rdb;

import java.io.IOException;

/**
 * What the command RESTORE takes as a value: the type byte, the value as in an RDB, two bytes of RDB version and a CRC-64 over all of
 * it, both least significant first (createDumpPayload in cluster.c of Redis and Valkey). Servers compare the version with their own
 * and not with the type, so each payload says the least version that has its type: then every server takes it that can read it.
 */
public final class RestorePayload {
    private static final int LEAST_STAMP = 9;

    private RestorePayload() {}

    /** The version that a payload of this type says. */
    public static RdbVersion stamp(ValueType type) {
        RdbVersion minimum = type.minimumVersion();
        return minimum.number() < LEAST_STAMP ? RdbVersion.REDIS_9 : minimum;
    }

    /**
     * Passes the value of the entry that {@code reader} is at and gives its payload to {@code sink}, in pieces.
     *
     * @return the length of the payload in bytes
     * @throws RdbUnsupportedException where the target cannot have the value, as {@link Transcoder#copyValue}; the message is a
     *     reason without the key
     * @throws RdbFormatException where the value is malformed
     */
    public static long write(RdbReader reader, Transcoder transcoder, ByteSink sink) throws IOException {
        Crossing crossing = transcoder.crossing(reader);
        ValueType type = switch (crossing) {
            case Crossing.Untouched untouched -> untouched.type();
            case Crossing.Transcoded transcoded -> transcoded.to();
            case Crossing.Refused refused -> throw new RdbUnsupportedException(refused.reason());
        };
        Signed signed = new Signed(sink);
        signed.write(new byte[] {(byte) type.code()}, 0, 1);
        transcoder.copyValue(reader, crossing, signed);
        int version = stamp(type).number();
        signed.write(new byte[] {(byte) version, (byte) (version >>> 8)}, 0, Short.BYTES);
        long crc = signed.crc;
        byte[] footer = new byte[Long.BYTES];
        for (int i = 0; i < footer.length; i++) {
            footer[i] = (byte) (crc >>> (8 * i));
        }
        signed.write(footer, 0, footer.length);
        return signed.length;
    }

    private static final class Signed implements ByteSink {
        private final ByteSink out;
        private long crc;
        private long length;

        Signed(ByteSink out) {
            this.out = out;
        }

        @Override
        public void write(byte[] buffer, int offset, int count) throws IOException {
            crc = Crc64.update(crc, buffer, offset, count);
            length += count;
            out.write(buffer, offset, count);
        }
    }
}
