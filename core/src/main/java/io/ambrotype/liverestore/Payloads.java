package io.ambrotype.liverestore;

import io.ambrotype.common.AmbrotypeException;
import io.ambrotype.common.ErrorCode;
import io.ambrotype.rdb.Crossing;
import io.ambrotype.rdb.RdbReader;
import io.ambrotype.rdb.RestorePayload;
import io.ambrotype.rdb.TargetVersion;
import io.ambrotype.rdb.Transcoder;
import io.ambrotype.rdb.ValueType;
import io.ambrotype.resp.ServerVersion;
import java.io.IOException;
import java.util.Arrays;
import java.util.Comparator;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/**
 * Makes of values what RESTORE takes: untouched where the target knows their encoding, else in one that it knows. Of a target
 * whose servers are not all of one version, the one that knows least decides. Immutable.
 */
final class Payloads {
    private static final int FOOTER = Short.BYTES + Long.BYTES;
    private static final int USUAL = 512;

    private final List<TargetVersion> targets;
    private final Transcoder transcoder;
    private final Map<ValueType, Crossing> crossings = new EnumMap<>(ValueType.class);

    private Payloads(List<TargetVersion> targets) {
        this.targets = targets;
        this.transcoder = new Transcoder(targets.stream()
                .min(Comparator.comparing(
                                (TargetVersion version) -> version.rdbVersion().dialect())
                        .thenComparingInt(version -> version.rdbVersion().number()))
                .orElseThrow());
        for (ValueType type : ValueType.values()) {
            crossings.put(type, forAll(transcoder.crossing(type)));
        }
    }

    /**
     * For a target with these servers.
     *
     * @throws AmbrotypeException of code UNRECOVERABLE where nothing is known of a server's version
     */
    static Payloads of(List<ServerVersion> servers) {
        try {
            return new Payloads(servers.stream()
                    .map(server -> TargetVersion.parse(server.toString()))
                    .distinct()
                    .toList());
        } catch (IllegalArgumentException e) {
            throw AmbrotypeException.of(ErrorCode.UNRECOVERABLE, String.valueOf(e.getMessage()))
                    .causedBy(e);
        }
    }

    /** How the value of the entry that the reader is at gets there, whatever its size; the value is not passed. */
    Crossing crossing(RdbReader reader) throws IOException {
        return reader.type() == ValueType.MODULE_2 ? forAll(transcoder.crossing(reader)) : crossing(reader.type());
    }

    /** The same as far as the type decides it. */
    Crossing crossing(ValueType type) {
        return Objects.requireNonNull(crossings.get(type));
    }

    private Crossing forAll(Crossing crossing) {
        ValueType written = switch (crossing) {
            case Crossing.Untouched untouched -> untouched.type();
            case Crossing.Transcoded transcoded -> transcoded.to();
            case Crossing.Refused _ -> null;
        };
        return targets.stream()
                .filter(target -> written != null && !target.reads(written))
                .findFirst()
                .<Crossing>map(target -> new Crossing.Refused(target + " and " + transcoder.target()
                        + ", both of the target, have no encoding of it in common"))
                .orElse(crossing);
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

    /**
     * What RESTORE takes for the entry that the reader is at; passes its value.
     *
     * @param expectedBytes length of the value as stored, where it is known; -1 otherwise
     */
    byte[] payload(RdbReader reader, long expectedBytes) throws IOException {
        Buffer buffer = new Buffer(Math.toIntExact(expectedBytes < 0 ? USUAL : 1 + expectedBytes + FOOTER));
        RestorePayload.write(reader, transcoder, buffer::append);
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
