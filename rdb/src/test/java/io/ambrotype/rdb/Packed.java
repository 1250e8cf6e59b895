package io.ambrotype.rdb;

/** Builds ziplists, listpacks and their like out of elements, in any of their encodings, for tests. */
final class Packed {
    private final Bytes elements = new Bytes();
    private int count;
    private int previous;

    /** Adds a ziplist element: encoding bytes and data. */
    Packed ziplistRaw(byte[] encodingAndData) {
        int before = elements.size();
        if (previous < 254) {
            elements.raw(previous);
        } else {
            elements.raw(0xfe).little(4, previous);
        }
        elements.raw(encodingAndData);
        previous = elements.size() - before;
        count++;
        return this;
    }

    Packed ziplist(String text) {
        Bytes element = new Bytes();
        if (text.length() < 64) {
            element.raw(text.length());
        } else if (text.length() < 16384) {
            element.big(2, 0x4000 | text.length());
        } else {
            element.raw(0x80).big(4, text.length());
        }
        return ziplistRaw(element.text(text).toByteArray());
    }

    Packed ziplist(long number) {
        Bytes element = new Bytes();
        if (number >= 0 && number <= 12) {
            element.raw(0xf1 + (int) number);
        } else if (number == (byte) number) {
            element.raw(0xfe).little(1, number);
        } else if (number == (short) number) {
            element.raw(0xc0).little(2, number);
        } else if (number >= -(1 << 23) && number < 1 << 23) {
            element.raw(0xf0).little(3, number);
        } else if (number == (int) number) {
            element.raw(0xd0).little(4, number);
        } else {
            element.raw(0xe0).little(8, number);
        }
        return ziplistRaw(element.toByteArray());
    }

    byte[] toZiplist() {
        return new Bytes()
                .little(4, 11L + elements.size())
                .little(4, 10L + elements.size() - previous)
                .little(2, Math.min(count, 65535))
                .raw(elements.toByteArray())
                .raw(0xff)
                .toByteArray();
    }

    /** Adds a listpack element: encoding bytes and data. */
    Packed listpackRaw(byte[] encodingAndData) {
        elements.raw(encodingAndData).raw(backLength(encodingAndData.length));
        count++;
        return this;
    }

    Packed listpack(String text) {
        Bytes element = new Bytes();
        if (text.length() < 64) {
            element.raw(0x80 | text.length());
        } else if (text.length() < 4096) {
            element.big(2, 0xe000 | text.length());
        } else {
            element.raw(0xf0).little(4, text.length());
        }
        return listpackRaw(element.text(text).toByteArray());
    }

    Packed listpack(long number) {
        Bytes element = new Bytes();
        if (number >= 0 && number <= 127) {
            element.raw((int) number);
        } else if (number >= -4096 && number <= 4095) {
            element.big(2, 0xc000 | (number & 0x1fff));
        } else if (number == (short) number) {
            element.raw(0xf1).little(2, number);
        } else if (number >= -(1 << 23) && number < 1 << 23) {
            element.raw(0xf2).little(3, number);
        } else if (number == (int) number) {
            element.raw(0xf3).little(4, number);
        } else {
            element.raw(0xf4).little(8, number);
        }
        return listpackRaw(element.toByteArray());
    }

    byte[] toListpack() {
        return new Bytes()
                .little(4, 7L + elements.size())
                .little(2, Math.min(count, 65535))
                .raw(elements.toByteArray())
                .raw(0xff)
                .toByteArray();
    }

    private static byte[] backLength(int length) {
        int bytes = length <= 127 ? 1 : length < 16383 ? 2 : length < 2097151 ? 3 : length < 268435455 ? 4 : 5;
        byte[] back = new byte[bytes];
        for (int i = 0; i < bytes; i++) {
            int seven = length >>> (7 * (bytes - 1 - i)) & 127;
            back[i] = (byte) (i == 0 ? seven : seven | 128);
        }
        return back;
    }

    static byte[] intset(int width, long... numbers) {
        Bytes bytes = new Bytes().little(4, width).little(4, numbers.length);
        for (long number : numbers) {
            bytes.little(width, number);
        }
        return bytes.toByteArray();
    }
}
