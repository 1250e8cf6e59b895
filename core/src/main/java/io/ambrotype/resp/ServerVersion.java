package io.ambrotype.resp;

import io.ambrotype.common.AmbrotypeException;
import io.ambrotype.common.ErrorCode;
import java.util.Comparator;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Vendor and version of a server, by the vendor's own count: Valkey 8.0.1 is VALKEY 8.0.1, although it also calls itself
 * redis_version 7.2.4. Versions order within a vendor; across vendors the order has no meaning but is total.
 *
 * @param vendor whose server it is
 * @param major not negative, like the other two
 */
public record ServerVersion(Vendor vendor, int major, int minor, int patch) implements Comparable<ServerVersion> {
    private static final Pattern NUMBERS =
            Pattern.compile("(\\d{1,9})(?:\\.(\\d{1,9}))?(?:\\.(\\d{1,9}))?(?:[^\\d].*)?");
    private static final Comparator<ServerVersion> ORDER = Comparator.comparing(ServerVersion::vendor)
            .thenComparingInt(ServerVersion::major)
            .thenComparingInt(ServerVersion::minor)
            .thenComparingInt(ServerVersion::patch);

    /** Who makes the server. */
    public enum Vendor {
        /** Redis, and servers that only call themselves so. */
        REDIS("Redis"),
        /** Valkey. */
        VALKEY("Valkey");

        private final String title;

        Vendor(String title) {
            this.title = title;
        }

        /** The name for people. */
        public String title() {
            return title;
        }
    }

    /** Rejects negative numbers. */
    public ServerVersion {
        if (major < 0 || minor < 0 || patch < 0) {
            throw new IllegalArgumentException("negative version " + major + "." + minor + "." + patch);
        }
    }

    /**
     * Reads {@code 7.0.15}; a missing part is 0, a suffix such as {@code -rc1} is passed over.
     *
     * @throws IllegalArgumentException where there is no number
     */
    public static ServerVersion parse(Vendor vendor, String text) {
        Matcher matcher = NUMBERS.matcher(text.strip());
        if (!matcher.matches()) {
            throw new IllegalArgumentException("'" + text + "' is not a server version");
        }
        return new ServerVersion(vendor, number(matcher, 1), number(matcher, 2), number(matcher, 3));
    }

    /**
     * The version that INFO tells: {@code valkey_version} where there is one (Valkey, all versions), else {@code
     * redis_version}.
     *
     * @throws AmbrotypeException where it tells none
     */
    public static ServerVersion of(ServerInfo info) {
        try {
            return info.value("valkey_version")
                    .map(text -> parse(Vendor.VALKEY, text))
                    .orElseGet(() ->
                            parse(Vendor.REDIS, info.value("redis_version").orElse("none")));
        } catch (IllegalArgumentException e) {
            throw AmbrotypeException.of(
                            ErrorCode.FAILED, "INFO tells no server version that can be read: " + e.getMessage())
                    .causedBy(e);
        }
    }

    /** Whether this is that vendor's server, in that version or later. */
    public boolean isAtLeast(Vendor ofVendor, int thatMajor, int thatMinor) {
        return vendor == ofVendor && (major > thatMajor || (major == thatMajor && minor >= thatMinor));
    }

    /** The version alone: {@code 7.0.15}. */
    public String number() {
        return major + "." + minor + "." + patch;
    }

    @Override
    public int compareTo(ServerVersion other) {
        return ORDER.compare(this, other);
    }

    /** For people: {@code Redis 7.0.15}. */
    @Override
    public String toString() {
        return vendor.title() + " " + number();
    }

    private static int number(Matcher matcher, int group) {
        String digits = matcher.group(group);
        return digits == null ? 0 : Integer.parseInt(digits);
    }
}
