package io.ambrotype.host;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;

/** File names with wildcards as glob(3) expands them, which servers do in {@code include} from Redis 7.0 on. */
final class Wildcards {
    private static final int MAXIMUM_FILES = 1000;

    private Wildcards() {}

    /**
     * The files that a name means, sorted; the name itself where it has no wildcards. That none is there is no error for a
     * name with wildcards.
     *
     * @throws IOException where there are too many
     */
    static List<Path> expand(Path folder, String name) throws IOException {
        if (name.chars().noneMatch(c -> "*?[".indexOf(c) >= 0)) {
            return List.of(folder.resolve(name));
        }
        Path absolute = folder.resolve(name);
        List<Path> found = List.of(absolute.getRoot());
        for (Path part : absolute) {
            List<Path> next = new ArrayList<>();
            for (Path parent : found) {
                next.addAll(matching(parent, part.toString()));
                if (next.size() > MAXIMUM_FILES) {
                    throw new IOException("more than " + MAXIMUM_FILES + " files match");
                }
            }
            found = next;
        }
        return found.stream().sorted().toList();
    }

    private static List<Path> matching(Path parent, String part) {
        if (part.chars().noneMatch(c -> "*?[".indexOf(c) >= 0)) {
            Path path = parent.resolve(part);
            return HostFiles.isThere(path) ? List.of(path) : List.of();
        }
        Pattern pattern;
        try {
            pattern = pattern(part);
        } catch (PatternSyntaxException _) {
            return List.of();
        }
        List<Path> matching = new ArrayList<>();
        if (!Files.isDirectory(parent)) {
            return matching;
        }
        try (DirectoryStream<Path> children = Files.newDirectoryStream(parent)) {
            for (Path child : children) {
                String name = String.valueOf(child.getFileName());
                boolean hidden = name.startsWith(".") && !part.startsWith(".");
                if (!hidden && pattern.matcher(name).matches()) {
                    matching.add(child);
                }
            }
        } catch (IOException _) {
            return List.of();
        }
        return matching;
    }

    private static Pattern pattern(String part) {
        StringBuilder regex = new StringBuilder();
        for (int i = 0; i < part.length(); i++) {
            char c = part.charAt(i);
            int close = c == '[' ? part.indexOf(']', i + 2) : -1;
            if (c == '*') {
                regex.append(".*");
            } else if (c == '?') {
                regex.append('.');
            } else if (close > 0) {
                String set = part.substring(i + 1, close);
                boolean not = set.startsWith("!") || set.startsWith("^");
                regex.append(not ? "[^" : "[")
                        .append((not ? set.substring(1) : set)
                                .replace("\\", "\\\\")
                                .replace("[", "\\[")
                                .replace("&", "\\&"))
                        .append(']');
                i = close;
            } else {
                regex.append(Pattern.quote(String.valueOf(c)));
            }
        }
        return Pattern.compile(regex.toString(), Pattern.DOTALL);
    }
}
