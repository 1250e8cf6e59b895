package io.ambrotype.rdb;

import java.io.IOException;

/**
 * The elements of a ziplist or listpack, one after the other, out of a string that may itself be compressed and longer than
 * memory. Elements are strings or integers; integers also serve as their decimal text.
 */
abstract sealed class PackedEntries {
    /** A count of 65535 in the header says that the elements have to be counted. */
    private static final int COUNT_UNKNOWN = 65535;

    private static final int LONGEST_NUMBER = 20;

    final StringInput input;
    private final String name;
    private final RdbString element = new RdbString();
    private final byte[] text = new byte[LONGEST_NUMBER];
    private boolean isInteger;
    private long integer;
    private long counted;
    private int announced;

    private PackedEntries(StringInput input, String name) {
        this.input = input;
        this.name = name;
    }

    /** Begins with the structure that the string at the window's next byte holds. */
    final void open() throws IOException {
        input.open();
        element.bind(text, 0, 0);
        counted = 0;
        if (input.little(4) != input.length()) {
            throw malformed("says another length than it has");
        }
        announced = header();
    }

    /** How many groups of so many elements there are, where the header says it; else {@link ValueVisitor#UNKNOWN_SIZE}. */
    final long announcedGroups(int elements) {
        return announced == COUNT_UNKNOWN ? ValueVisitor.UNKNOWN_SIZE : announced / elements;
    }

    /** Goes to the next element; false behind the last. */
    final boolean next() throws IOException {
        element.drain();
        if (!nextElement()) {
            if (input.remaining() != 0) {
                throw malformed("ends before its last byte");
            }
            if (announced != COUNT_UNKNOWN && announced != counted) {
                throw malformed("has " + counted + " elements and announces " + announced);
            }
            return false;
        }
        counted++;
        return true;
    }

    /** Goes to the next element, which must be there. */
    final void require() throws IOException {
        if (!next()) {
            throw malformed("ends in the middle of a group of elements");
        }
    }

    /** The current element. */
    final RdbString element() {
        return element;
    }

    final boolean isInteger() {
        return isInteger;
    }

    /** The next element, which must be an integer. */
    final long requireInteger() throws IOException {
        require();
        if (!isInteger) {
            throw malformed("has a string where a number should be");
        }
        return integer;
    }

    final long integer() {
        return integer;
    }

    /** Reads what stands between length and elements; the count of elements that the header announces. */
    abstract int header() throws IOException;

    /** Reads up to the next element and calls {@link #string} or {@link #integer(long)}; false at the end mark. */
    abstract boolean nextElement() throws IOException;

    final void string(long length) throws IOException {
        // One byte at least, the end mark, must be left behind the element.
        if (length >= input.remaining()) {
            throw malformed("has an element of " + length + " bytes, which it cannot hold");
        }
        isInteger = false;
        element.bind(input, length);
    }

    final void integer(long value) {
        isInteger = true;
        integer = value;
        element.bind(text, 0, DecimalText.write(value, text));
    }

    final RdbFormatException malformed(String sentence) {
        return input.malformed("a " + name + " " + sentence);
    }

    /** Layout: redis/src/ziplist.c, "ZIPLIST OVERALL LAYOUT" and "ZIPLIST ENTRIES". */
    static final class Ziplist extends PackedEntries {
        private static final int END = 0xff;
        private static final int LONG_PREVIOUS_LENGTH = 0xfe;

        Ziplist(StringInput input) {
            super(input, "ziplist");
        }

        @Override
        int header() throws IOException {
            input.skip(4);
            return (int) input.little(2);
        }

        @Override
        boolean nextElement() throws IOException {
            int previous = input.u8();
            if (previous == END) {
                return false;
            }
            if (previous == LONG_PREVIOUS_LENGTH) {
                input.skip(4);
            }
            int encoding = input.u8();
            switch (encoding >>> 6) {
                case 0 -> string(encoding);
                case 1 -> string((encoding & 0x3f) << 8 | input.u8());
                case 2 -> string(input.big(4));
                default -> number(encoding);
            }
            return true;
        }

        private void number(int encoding) throws IOException {
            switch (encoding) {
                case 0xc0 -> integer(input.signedLittle(2));
                case 0xd0 -> integer(input.signedLittle(4));
                case 0xe0 -> integer(input.signedLittle(8));
                case 0xf0 -> integer(input.signedLittle(3));
                case 0xfe -> integer(input.signedLittle(1));
                default -> {
                    if (encoding < 0xf1 || encoding > 0xfd) {
                        throw malformed("has an element of unknown encoding " + encoding);
                    }
                    integer((encoding & 0xf) - 1);
                }
            }
        }
    }

    /** Layout: redis/src/listpack.c and the listpack specification (github.com/antirez/listpack). */
    static final class Listpack extends PackedEntries {
        private static final int END = 0xff;

        private long entryBytes;

        Listpack(StringInput input) {
            super(input, "listpack");
        }

        @Override
        int header() throws IOException {
            entryBytes = 0;
            return (int) input.little(2);
        }

        @Override
        boolean nextElement() throws IOException {
            input.skip(backLengthBytes(entryBytes));
            int first = input.u8();
            if (first < 0x80) {
                number(1, first);
            } else if (first < 0xc0) {
                string(1, first & 0x3f);
            } else if (first < 0xe0) {
                int shifted = ((first & 0x1f) << 8 | input.u8()) << 19;
                number(2, shifted >> 19);
            } else if (first < 0xf0) {
                string(2, (first & 0xf) << 8 | input.u8());
            } else {
                switch (first) {
                    case 0xf0 -> string(5, input.little(4));
                    case 0xf1 -> number(3, input.signedLittle(2));
                    case 0xf2 -> number(4, input.signedLittle(3));
                    case 0xf3 -> number(5, input.signedLittle(4));
                    case 0xf4 -> number(9, input.signedLittle(8));
                    case END -> {
                        return false;
                    }
                    default -> throw malformed("has an element of unknown encoding " + first);
                }
            }
            return true;
        }

        private void number(int bytes, long value) {
            entryBytes = bytes;
            integer(value);
        }

        private void string(int headerBytes, long length) throws IOException {
            entryBytes = headerBytes + length;
            string(length);
        }

        /** How many bytes the length behind an entry takes, by which lists are walked from the end. */
        private static int backLengthBytes(long entryBytes) {
            if (entryBytes == 0) {
                return 0;
            }
            if (entryBytes <= 127) {
                return 1;
            }
            if (entryBytes < 16383) {
                return 2;
            }
            if (entryBytes < 2097151) {
                return 3;
            }
            return entryBytes < 268435455 ? 4 : 5;
        }
    }
}
