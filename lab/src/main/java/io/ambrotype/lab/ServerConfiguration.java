package io.ambrotype.lab;

import io.ambrotype.common.AmbrotypeException;
import io.ambrotype.common.ErrorCode;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/**
 * The directives of a server's configuration file in their order, includes resolved, as far as the lab has to know them.
 * Immutable.
 *
 * @param directives each a name in lower case and its values
 */
record ServerConfiguration(List<List<String>> directives) {
    private static final long MAXIMUM_BYTES = 1 << 20;
    private static final int MAXIMUM_DEPTH = 8;

    ServerConfiguration {
        directives = List.copyOf(directives);
    }

    /**
     * Reads a file and the files that it includes.
     *
     * @throws AmbrotypeException {@code CORRUPT} where one of them is missing or is no configuration
     */
    static ServerConfiguration read(Path file) {
        List<List<String>> directives = new ArrayList<>();
        read(file, directives, 0);
        return new ServerConfiguration(directives);
    }

    /** Reads lines that stand for themselves. */
    static ServerConfiguration of(List<String> lines) {
        return new ServerConfiguration(lines.stream()
                .map(ServerConfiguration::words)
                .filter(words -> !words.isEmpty())
                .toList());
    }

    /** The values of the last directive of that name, separated by a space; the last one is the one that servers keep. */
    Optional<String> value(String name) {
        return directives.stream()
                .filter(words -> words.getFirst().equals(name))
                .reduce((_, last) -> last)
                .map(words -> String.join(" ", words.subList(1, words.size())));
    }

    boolean isCluster() {
        return value("cluster-enabled").map("yes"::equalsIgnoreCase).orElse(false);
    }

    private static void read(Path file, List<List<String>> directives, int depth) {
        try {
            if (depth > MAXIMUM_DEPTH || Files.size(file) > MAXIMUM_BYTES) {
                throw AmbrotypeException.of(ErrorCode.CORRUPT, file + " is not a server's configuration");
            }
            for (String line : new String(Files.readAllBytes(file), StandardCharsets.UTF_8)
                    .lines()
                    .toList()) {
                List<String> words = words(line);
                if (words.size() == 2 && words.getFirst().equals("include")) {
                    read(file.resolveSibling(words.get(1)), directives, depth + 1);
                } else if (!words.isEmpty()) {
                    directives.add(words);
                }
            }
        } catch (IOException e) {
            throw AmbrotypeException.of(ErrorCode.CORRUPT, "the configuration " + file + " cannot be read: " + e)
                    .causedBy(e);
        }
    }

    /** Words as servers separate them: by white space, quoted ones with escapes. */
    private static List<String> words(String line) {
        List<String> words = new ArrayList<>();
        if (line.stripLeading().startsWith("#")) {
            return words;
        }
        StringBuilder word = new StringBuilder();
        boolean inWord = false;
        char quote = 0;
        for (int i = 0; i < line.length(); i++) {
            char c = line.charAt(i);
            if (quote != 0 && c == '\\' && i + 1 < line.length()) {
                word.append(line.charAt(++i));
            } else if (quote != 0 && c == quote) {
                quote = 0;
            } else if (quote == 0 && (c == '"' || c == '\'')) {
                quote = c;
                inWord = true;
            } else if (quote == 0 && Character.isWhitespace(c)) {
                if (inWord) {
                    words.add(word.toString());
                    word.setLength(0);
                    inWord = false;
                }
            } else {
                word.append(c);
                inWord = true;
            }
        }
        if (inWord) {
            words.add(word.toString());
        }
        if (!words.isEmpty()) {
            words.set(0, words.getFirst().toLowerCase(Locale.ROOT));
        }
        return words;
    }
}
