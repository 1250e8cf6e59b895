package io.ambrotype.cli;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.Properties;
import picocli.CommandLine.IVersionProvider;

/**
 * Which build of the program this is.
 *
 * @param version the version of the program
 * @param commit the commit it was built from, with a {@code +} where files differed from it; empty where that is not
 *     known
 */
record Version(String version, String commit) {
    /** The build that is running. */
    static Version current() {
        Properties properties = new Properties();
        try (InputStream in = Version.class.getResourceAsStream("version.properties")) {
            if (in != null) {
                properties.load(in);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return new Version(properties.getProperty("version", "unknown"), properties.getProperty("commit", ""));
    }

    /** One line: program, version, commit, and the Java that runs it. */
    @Override
    public String toString() {
        String build = commit.isEmpty() ? "" : commit + ", ";
        return "ambrotype " + version + " (" + build + "Java "
                + Runtime.version().feature() + ")";
    }

    /** Gives the line to {@code --version}. */
    static final class Provider implements IVersionProvider {
        @Override
        public String[] getVersion() {
            return new String[] {current().toString()};
        }
    }
}
