package io.ambrotype.liverestore;

import io.ambrotype.rdb.Crc64;
import io.ambrotype.rdb.RdbReader;
import io.ambrotype.rdb.RdbVersion;
import io.ambrotype.rdb.ValueKind;
import io.ambrotype.rdb.ValueType;
import io.ambrotype.resp.ServerVersion;
import io.ambrotype.resp.ServerVersion.Vendor;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.List;

/**
 * Hands values on as they are, under the lowest RDB version that has their encoding: type byte, value, version (2 bytes, little
 * endian), CRC-64 of all before (createDumpPayload in cluster.c). Servers compare that version with their own and not with the type
 * (verifyDumpPayload), so that the lowest one is accepted by the most.
 *
 * @param targets the versions of all servers of the target
 */
record MinimalStamp(List<ServerVersion> targets) implements PayloadMaker {
    private static final int FOOTER = Short.BYTES + Long.BYTES;
    private static final int USUAL = 512;

    MinimalStamp {
        targets = List.copyOf(targets);
    }

    /** The greatest version of RESTORE's payload that the server accepts. */
    static RdbVersion accepted(ServerVersion server) {
        if (server.isAtLeast(Vendor.VALKEY, 9, 0)) {
            return RdbVersion.VALKEY_80;
        }
        if (server.isAtLeast(Vendor.REDIS, 7, 4)) {
            return RdbVersion.REDIS_12;
        }
        if (server.vendor() == Vendor.VALKEY || server.isAtLeast(Vendor.REDIS, 7, 2)) {
            return RdbVersion.REDIS_11;
        }
        return server.isAtLeast(Vendor.REDIS, 7, 0) ? RdbVersion.REDIS_10 : RdbVersion.REDIS_9;
    }

    @Override
    public Way way(ValueType type) {
        for (ServerVersion server : targets) {
            if (type.isHeldBy(accepted(server))) {
                continue;
            }
            if (hasFieldExpiry(type) && !Features.fieldExpiry(server)) {
                return new Way.Refused("fields of a hash cannot expire in " + server);
            }
            if (type.kind() == ValueKind.MODULE) {
                return new Way.Refused(server + " does not read values of modules in this form");
            }
            return new Way.ByCommands();
        }
        return new Way.Whole();
    }

    /** Whether values of that encoding have fields that expire. */
    static boolean hasFieldExpiry(ValueType type) {
        return switch (type) {
            case HASH_2, HASH_METADATA, HASH_LISTPACK_EX, HASH_METADATA_PRE_GA, HASH_LISTPACK_EX_PRE_GA -> true;
            case STRING,
                    LIST,
                    SET,
                    ZSET,
                    HASH,
                    ZSET_2,
                    MODULE_2,
                    HASH_ZIPMAP,
                    LIST_ZIPLIST,
                    SET_INTSET,
                    ZSET_ZIPLIST,
                    HASH_ZIPLIST,
                    LIST_QUICKLIST,
                    STREAM_LISTPACKS,
                    HASH_LISTPACK,
                    ZSET_LISTPACK,
                    LIST_QUICKLIST_2,
                    STREAM_LISTPACKS_2,
                    SET_LISTPACK,
                    STREAM_LISTPACKS_3 -> false;
        };
    }

    @Override
    public byte[] payload(RdbReader reader, long expectedBytes) throws IOException {
        ValueType type = reader.type();
        Buffer buffer = new Buffer(Math.toIntExact(expectedBytes < 0 ? USUAL : 1 + expectedBytes + FOOTER));
        buffer.append(new byte[] {(byte) type.code()}, 0, 1);
        reader.copyValue(buffer::append);
        int stamp = Math.max(RdbVersion.REDIS_9.number(), type.minimumVersion().number());
        buffer.append(new byte[] {(byte) stamp, (byte) (stamp >>> 8)}, 0, Short.BYTES);
        byte[] checksum = ByteBuffer.allocate(Long.BYTES)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putLong(Crc64.update(0, buffer.bytes, 0, buffer.length))
                .array();
        buffer.append(checksum, 0, checksum.length);
        return buffer.take();
    }

    /** Grows, and gives its array away without a copy where the size was known. */
    private static final class Buffer {
        private byte[] bytes;
        private int length;

        Buffer(int capacity) {
            bytes = new byte[capacity];
        }

        void append(byte[] source, int offset, int count) {
            if (bytes.length - length < count) {
                bytes = Arrays.copyOf(bytes, Math.max(Math.addExact(length, count), 2 * bytes.length));
            }
            System.arraycopy(source, offset, bytes, length, count);
            length += count;
        }

        byte[] take() {
            return length == bytes.length ? bytes : Arrays.copyOf(bytes, length);
        }
    }
}
