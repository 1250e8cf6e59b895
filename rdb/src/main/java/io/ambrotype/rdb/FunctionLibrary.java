package io.ambrotype.rdb;

import java.nio.charset.StandardCharsets;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** What the first line of a function library says: {@code #!lua name=mylib} (FUNCTION LOAD). */
public final class FunctionLibrary {
    private static final Pattern NAME = Pattern.compile("^#!\\S+\\s[^\\r\\n]*?\\bname=\"?([^\\s\"]+)");

    private FunctionLibrary() {}

    /** The name of the library with that source; empty where its first line does not tell. */
    public static Optional<String> nameOf(byte[] source) {
        int end = 0;
        while (end < source.length && source[end] != '\n') {
            end++;
        }
        Matcher matcher = NAME.matcher(new String(source, 0, end, StandardCharsets.UTF_8));
        return matcher.find() ? Optional.of(matcher.group(1)) : Optional.empty();
    }
}
