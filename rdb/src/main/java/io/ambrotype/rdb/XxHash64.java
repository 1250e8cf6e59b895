package io.ambrotype.rdb;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;

/**
 * XXH64 over bytes that come in pieces (xxHash fast digest algorithm, specification 0.1.1). Can be used again after {@link
 * #reset}; not safe for use by several threads.
 */
final class XxHash64 {
    private static final long PRIME_1 = 0x9E3779B185EBCA87L;
    private static final long PRIME_2 = 0xC2B2AE3D27D4EB4FL;
    private static final long PRIME_3 = 0x165667B19E3779F9L;
    private static final long PRIME_4 = 0x85EBCA77C2B2AE63L;
    private static final long PRIME_5 = 0x27D4EB2F165667C5L;
    private static final int STRIPE = 32;
    private static final VarHandle LONG = MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);
    private static final VarHandle INT = MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.LITTLE_ENDIAN);

    private final long seed;
    private final byte[] stripe = new byte[STRIPE];
    private int pending;
    private long total;
    private long lane1;
    private long lane2;
    private long lane3;
    private long lane4;

    XxHash64(long seed) {
        this.seed = seed;
        reset();
    }

    XxHash64 reset() {
        pending = 0;
        total = 0;
        lane1 = seed + PRIME_1 + PRIME_2;
        lane2 = seed + PRIME_2;
        lane3 = seed;
        lane4 = seed - PRIME_1;
        return this;
    }

    XxHash64 update(byte[] bytes, int offset, int length) {
        total += length;
        int at = offset;
        int left = length;
        if (pending > 0) {
            int now = Math.min(left, STRIPE - pending);
            System.arraycopy(bytes, at, stripe, pending, now);
            pending += now;
            at += now;
            left -= now;
            if (pending < STRIPE) {
                return this;
            }
            stripes(stripe, 0, 1);
            pending = 0;
        }
        int whole = left / STRIPE;
        stripes(bytes, at, whole);
        at += whole * STRIPE;
        left -= whole * STRIPE;
        System.arraycopy(bytes, at, stripe, 0, left);
        pending = left;
        return this;
    }

    /** Eight bytes, least significant first. */
    XxHash64 update(long value) {
        total += Long.BYTES;
        if (pending <= STRIPE - Long.BYTES) {
            LONG.set(stripe, pending, value);
            pending += Long.BYTES;
        } else {
            for (int shift = 0; shift < Long.SIZE; shift += 8) {
                if (pending == STRIPE) {
                    stripes(stripe, 0, 1);
                    pending = 0;
                }
                stripe[pending++] = (byte) (value >>> shift);
            }
        }
        if (pending == STRIPE) {
            stripes(stripe, 0, 1);
            pending = 0;
        }
        return this;
    }

    private void stripes(byte[] bytes, int offset, int count) {
        long a = lane1;
        long b = lane2;
        long c = lane3;
        long d = lane4;
        int at = offset;
        for (int i = 0; i < count; i++) {
            a = round(a, (long) LONG.get(bytes, at));
            b = round(b, (long) LONG.get(bytes, at + 8));
            c = round(c, (long) LONG.get(bytes, at + 16));
            d = round(d, (long) LONG.get(bytes, at + 24));
            at += STRIPE;
        }
        lane1 = a;
        lane2 = b;
        lane3 = c;
        lane4 = d;
    }

    /** The hash of all bytes since the last {@link #reset}. */
    long value() {
        long hash;
        if (total >= STRIPE) {
            hash = Long.rotateLeft(lane1, 1)
                    + Long.rotateLeft(lane2, 7)
                    + Long.rotateLeft(lane3, 12)
                    + Long.rotateLeft(lane4, 18);
            hash = merge(hash, lane1);
            hash = merge(hash, lane2);
            hash = merge(hash, lane3);
            hash = merge(hash, lane4);
        } else {
            hash = seed + PRIME_5;
        }
        hash += total;
        int at = 0;
        for (; at <= pending - 8; at += 8) {
            hash = Long.rotateLeft(hash ^ round(0, (long) LONG.get(stripe, at)), 27) * PRIME_1 + PRIME_4;
        }
        if (at <= pending - 4) {
            long word = (int) INT.get(stripe, at) & 0xffff_ffffL;
            hash = Long.rotateLeft(hash ^ (word * PRIME_1), 23) * PRIME_2 + PRIME_3;
            at += 4;
        }
        for (; at < pending; at++) {
            hash = Long.rotateLeft(hash ^ ((stripe[at] & 0xffL) * PRIME_5), 11) * PRIME_1;
        }
        hash = (hash ^ (hash >>> 33)) * PRIME_2;
        hash = (hash ^ (hash >>> 29)) * PRIME_3;
        return hash ^ (hash >>> 32);
    }

    private static long round(long lane, long word) {
        return Long.rotateLeft(lane + word * PRIME_2, 31) * PRIME_1;
    }

    private static long merge(long hash, long lane) {
        return (hash ^ round(0, lane)) * PRIME_1 + PRIME_4;
    }
}
