package io.ambrotype.cli;

import java.util.ArrayList;
import java.util.List;

/** Text broken into lines between words. */
final class Paragraph {
    private Paragraph() {}

    /**
     * Breaks a text so that no line is longer than a width, unless a single word is.
     *
     * @param first what the first line begins with
     * @param rest what the others begin with
     */
    static List<String> wrap(String text, String first, String rest, int width) {
        List<String> lines = new ArrayList<>();
        StringBuilder line = new StringBuilder(first);
        boolean empty = true;
        for (String word : Console.printable(text).split(" ", -1)) {
            if (!empty && line.length() + 1 + word.length() > width) {
                lines.add(line.toString());
                line = new StringBuilder(rest);
                empty = true;
            }
            line.append(empty ? "" : " ").append(word);
            empty = false;
        }
        lines.add(line.toString());
        return lines;
    }
}
