package io.ambrotype.host;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;

/**
 * One line of a configuration file: how servers take it apart ({@code sdssplitargs}), and how they write one ({@code
 * sdscatrepr}). Inside, text has a character for each byte.
 */
final class ConfigurationLine {
    /** What C calls white space. */
    private static final String BLANKS = " \t\n\u000b\f\r";

    private final String line;
    private final StringBuilder word = new StringBuilder();
    private int position;

    private ConfigurationLine(String line) {
        this.line = line;
    }

    /**
     * The words of a line; none of a comment or an empty line.
     *
     * @param line a character for each byte
     * @return in UTF-8
     * @throws IllegalArgumentException where its quotes are not balanced
     */
    static List<String> words(String line) {
        ConfigurationLine rest = new ConfigurationLine(line.strip());
        List<String> words = new ArrayList<>();
        if (!rest.line.startsWith("#")) {
            while (rest.skipBlanks()) {
                words.add(rest.word());
            }
        }
        return words;
    }

    /** A line that servers take apart into these words, a character for each byte. */
    static String of(String name, List<String> values) {
        StringBuilder text = new StringBuilder(name);
        values.forEach(value -> text.append(' ').append(quoted(value)));
        return text.toString();
    }

    /** A text as it stands in a file, a character for each byte. */
    static String bytes(String text) {
        return new String(text.getBytes(StandardCharsets.UTF_8), StandardCharsets.ISO_8859_1);
    }

    static String lowerCase(String name) {
        return name.toLowerCase(Locale.ROOT);
    }

    private boolean skipBlanks() {
        while (position < line.length() && BLANKS.indexOf(line.charAt(position)) >= 0) {
            position++;
        }
        return position < line.length();
    }

    private String word() {
        word.setLength(0);
        while (position < line.length()) {
            char c = line.charAt(position++);
            if (c == '"') {
                doubleQuoted();
                break;
            } else if (c == '\'') {
                singleQuoted();
                break;
            } else if (" \t\n\r".indexOf(c) >= 0) {
                break;
            }
            word.append(c);
        }
        return new String(word.toString().getBytes(StandardCharsets.ISO_8859_1), StandardCharsets.UTF_8);
    }

    private void doubleQuoted() {
        while (position < line.length()) {
            char c = line.charAt(position++);
            if (c == '"') {
                endQuotes();
                return;
            }
            if (c == '\\' && position < line.length()) {
                escaped(line.charAt(position++));
            } else {
                word.append(c);
            }
        }
        throw unbalanced();
    }

    private void escaped(char c) {
        switch (c) {
            case 'n' -> word.append('\n');
            case 'r' -> word.append('\r');
            case 't' -> word.append('\t');
            case 'b' -> word.append('\b');
            case 'a' -> word.append('\u0007');
            case 'x' -> {
                if (position + 2 <= line.length()
                        && HexFormat.isHexDigit(line.charAt(position))
                        && HexFormat.isHexDigit(line.charAt(position + 1))) {
                    word.append((char) HexFormat.fromHexDigits(line, position, position + 2));
                    position += 2;
                } else {
                    word.append(c);
                }
            }
            default -> word.append(c);
        }
    }

    private void singleQuoted() {
        while (position < line.length()) {
            char c = line.charAt(position++);
            if (c == '\'') {
                endQuotes();
                return;
            }
            if (c == '\\' && position < line.length() && line.charAt(position) == '\'') {
                position++;
                word.append('\'');
            } else {
                word.append(c);
            }
        }
        throw unbalanced();
    }

    /** Behind the closing quote a blank must follow, or nothing. */
    private void endQuotes() {
        if (position < line.length() && BLANKS.indexOf(line.charAt(position)) < 0) {
            throw unbalanced();
        }
    }

    private static IllegalArgumentException unbalanced() {
        return new IllegalArgumentException("unbalanced quotes");
    }

    private static String quoted(String value) {
        String text = bytes(value);
        if (!text.isEmpty() && text.chars().allMatch(c -> c > ' ' && c < 0x7f && "\"'\\#".indexOf(c) < 0)) {
            return text;
        }
        StringBuilder quoted = new StringBuilder("\"");
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (c == '"' || c == '\\') {
                quoted.append('\\').append(c);
            } else if (c >= ' ' && c != 0x7f) {
                quoted.append(c);
            } else {
                quoted.append("\\x").append(HexFormat.of().toHexDigits((byte) c));
            }
        }
        return quoted.append('"').toString();
    }
}
