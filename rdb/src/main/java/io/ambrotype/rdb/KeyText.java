package io.ambrotype.rdb;

/** Keys as text for people: they are arbitrary bytes. */
public final class KeyText {
    private KeyText() {}

    /** Printable ASCII as it is, backslashes doubled, all other bytes as {@code \xhh}. */
    public static String of(byte[] key) {
        return of(key, 0, key.length);
    }

    /** Printable ASCII as it is, backslashes doubled, all other bytes as {@code \xhh}. */
    public static String of(byte[] bytes, int offset, int length) {
        StringBuilder text = new StringBuilder(length);
        for (int i = offset; i < offset + length; i++) {
            int c = bytes[i] & 0xff;
            if (c == '\\') {
                text.append("\\\\");
            } else if (c >= 0x20 && c < 0x7f) {
                text.append((char) c);
            } else {
                text.append("\\x").append(Character.forDigit(c >>> 4, 16)).append(Character.forDigit(c & 0xf, 16));
            }
        }
        return text.toString();
    }
}
