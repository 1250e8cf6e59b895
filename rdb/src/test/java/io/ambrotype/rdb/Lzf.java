package io.ambrotype.rdb;

import java.util.HashMap;
import java.util.Map;

/** A plain LZF compressor, for tests. */
final class Lzf {
    private Lzf() {}

    static byte[] pack(byte[] in) {
        Bytes out = new Bytes();
        Map<Integer, Integer> seen = new HashMap<>();
        int literalFrom = 0;
        int at = 0;
        while (at < in.length) {
            int length = 0;
            int source = -1;
            if (at + 2 < in.length) {
                int three = (in[at] & 0xff) << 16 | (in[at + 1] & 0xff) << 8 | (in[at + 2] & 0xff);
                Integer before = seen.put(three, at);
                if (before != null && at - before <= 8192) {
                    source = before;
                    while (at + length < in.length && length < 264 && in[source + length] == in[at + length]) {
                        length++;
                    }
                }
            }
            if (length < 3) {
                at++;
                continue;
            }
            literals(out, in, literalFrom, at);
            int distance = at - source - 1;
            int code = length - 2;
            if (code < 7) {
                out.raw(code << 5 | distance >>> 8, distance & 0xff);
            } else {
                out.raw(7 << 5 | distance >>> 8, code - 7, distance & 0xff);
            }
            at += length;
            literalFrom = at;
        }
        literals(out, in, literalFrom, at);
        return out.toByteArray();
    }

    private static void literals(Bytes out, byte[] in, int from, int to) {
        for (int at = from; at < to; at += 32) {
            int count = Math.min(32, to - at);
            out.raw(count - 1);
            for (int i = 0; i < count; i++) {
                out.raw(in[at + i]);
            }
        }
    }
}
