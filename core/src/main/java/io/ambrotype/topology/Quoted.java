package io.ambrotype.topology;

/** Foreign text inside our messages: short, on one line, in quotes. */
final class Quoted {
    private static final int LIMIT = 60;

    private Quoted() {}

    static String of(String text) {
        StringBuilder quoted = new StringBuilder("'");
        text.codePoints().limit(LIMIT).forEach(c -> quoted.appendCodePoint(Character.isISOControl(c) ? '?' : c));
        return quoted.append(text.length() > LIMIT ? "…'" : "'").toString();
    }
}
