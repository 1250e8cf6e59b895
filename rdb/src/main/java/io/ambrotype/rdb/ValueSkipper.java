package io.ambrotype.rdb;

import java.io.IOException;

/** Finds the end of a value without decoding it (layouts: rdbLoadObject in rdb.c of Redis and Valkey). */
final class ValueSkipper {
    /** Milliseconds and sequence of a stream id, big-endian, as the key of a stream's node and in pending lists. */
    static final int STREAM_ID_BYTES = 16;

    private static final int TIME_BYTES = 8;

    private final Window window;

    ValueSkipper(Window window) {
        this.window = window;
    }

    void skip(ValueType type) throws IOException {
        switch (type) {
            case STRING,
                    HASH_ZIPMAP,
                    LIST_ZIPLIST,
                    SET_INTSET,
                    ZSET_ZIPLIST,
                    HASH_ZIPLIST,
                    HASH_LISTPACK,
                    ZSET_LISTPACK,
                    SET_LISTPACK,
                    HASH_LISTPACK_EX_PRE_GA -> window.skipString();
            case LIST, SET, LIST_QUICKLIST -> window.skipStrings(window.length(), 0);
            case HASH -> window.skipStrings(pairs(), 0);
            case ZSET_2 -> window.skipStrings(window.length(), 8);
            case ZSET -> skipTextScores();
            case LIST_QUICKLIST_2 -> {
                long nodes = window.length();
                for (long i = 0; i < nodes; i++) {
                    window.length();
                    window.skipString();
                }
            }
            case HASH_METADATA_PRE_GA -> skipHashWithExpiry();
            case HASH_METADATA -> {
                window.skip(TIME_BYTES);
                skipHashWithExpiry();
            }
            case HASH_LISTPACK_EX -> {
                window.skip(TIME_BYTES);
                window.skipString();
            }
            case HASH_2 -> {
                long fields = window.length();
                for (long i = 0; i < fields; i++) {
                    window.skipStrings(2, 0);
                    window.skip(TIME_BYTES);
                }
            }
            case STREAM_LISTPACKS -> skipStream(1);
            case STREAM_LISTPACKS_2 -> skipStream(2);
            case STREAM_LISTPACKS_3 -> skipStream(3);
            case MODULE_2 -> {
                window.number();
                skipModuleData();
            }
        }
    }

    private long pairs() throws IOException {
        long start = window.offset();
        long fields = window.length();
        if (fields > Long.MAX_VALUE / 2) {
            throw window.malformed(start, "the length " + fields + " is impossible");
        }
        return 2 * fields;
    }

    private void skipTextScores() throws IOException {
        long members = window.length();
        for (long i = 0; i < members; i++) {
            window.skipString();
            int length = window.u8();
            if (length < DoubleText.SHORTEST_SPECIAL) {
                window.skip(length);
            }
        }
    }

    private void skipHashWithExpiry() throws IOException {
        long fields = window.length();
        for (long i = 0; i < fields; i++) {
            window.number();
            window.skipStrings(2, 0);
        }
    }

    private void skipStream(int version) throws IOException {
        window.skipStrings(pairs(), 0);
        window.skipNumbers(version == 1 ? 3 : 8);
        long groups = window.length();
        for (long group = 0; group < groups; group++) {
            window.skipString();
            window.skipNumbers(version == 1 ? 2 : 3);
            long pending = window.length();
            for (long i = 0; i < pending; i++) {
                window.skip(STREAM_ID_BYTES + TIME_BYTES);
                window.number();
            }
            long consumers = window.length();
            for (long consumer = 0; consumer < consumers; consumer++) {
                window.skipString();
                window.skip(version < 3 ? TIME_BYTES : 2 * TIME_BYTES);
                long start = window.offset();
                long own = window.length();
                if (own > Long.MAX_VALUE / STREAM_ID_BYTES) {
                    throw window.malformed(start, "the length " + own + " is impossible");
                }
                window.skip(own * STREAM_ID_BYTES);
            }
        }
    }

    /** Module data are annotated so that they can be passed without the module; 0 ends them. */
    void skipModuleData() throws IOException {
        while (true) {
            long start = window.offset();
            long opcode = window.number();
            if (opcode == 0) {
                return;
            }
            if (opcode == 1 || opcode == 2) {
                window.number();
            } else if (opcode == 3) {
                window.skip(4);
            } else if (opcode == 4) {
                window.skip(8);
            } else if (opcode == 5) {
                window.skipString();
            } else {
                throw window.malformed(start, "unknown module opcode " + Long.toUnsignedString(opcode));
            }
        }
    }
}
