package io.ambrotype.rdb;

import java.nio.charset.StandardCharsets;

/** Scores as text, as old sorted sets and packed ones have them. */
final class DoubleText {
    /** Of the length byte before a score of {@link ValueType#ZSET}: from here on it is a value of its own. */
    static final int SHORTEST_SPECIAL = 253;

    static final int NAN = 253;
    static final int POSITIVE_INFINITY = 254;
    static final int NEGATIVE_INFINITY = 255;
    /** Servers write at most 24 characters, and longer text never is a score. */
    static final int LONGEST = 252;

    private DoubleText() {}

    /**
     * The number that the text stands for.
     *
     * @throws NumberFormatException where it stands for none
     */
    static double parse(byte[] bytes, int offset, int length) {
        String text = new String(bytes, offset, length, StandardCharsets.ISO_8859_1);
        return switch (text) {
            case "inf", "+inf" -> Double.POSITIVE_INFINITY;
            case "-inf" -> Double.NEGATIVE_INFINITY;
            case "nan", "-nan" -> Double.NaN;
            default -> finite(text);
        };
    }

    private static double finite(String text) {
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            // Double.parseDouble knows more forms than the servers write.
            if ((c < '0' || c > '9') && "+-.eE".indexOf(c) < 0) {
                throw new NumberFormatException("not a score");
            }
        }
        return Double.parseDouble(text);
    }
}
