package io.ambrotype.lab;

import io.ambrotype.common.AmbrotypeException;
import io.ambrotype.common.ErrorCode;
import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.URL;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Server programs that come along on the class path, unpacked into a cache folder before their first use. The lab's own
 * is Redis 7.0.15 (under the 3-clause BSD licence of Redis up to 7.2), out of the artifact {@code
 * org.signal:embedded-redis}, which packs it for Linux and macOS on amd64 and arm64; none of that artifact's code is used.
 *
 * <p>An unpacked program appears in the cache by a rename, and is compared with the class path's bytes each time before
 * it is handed out: one that is incomplete or was altered is replaced, never run. Safe for use by several threads and
 * processes at once.
 */
public final class BundledServers {
    private static final String REDIS_7_0 = "redis-server-7.0.15";

    private final Path cache;

    /** Servers unpacked below the given folder, which is made when needed. */
    public BundledServers(Path cache) {
        this.cache = cache.toAbsolutePath().normalize();
    }

    /** Servers unpacked below the user's cache folder: {@code $XDG_CACHE_HOME}, else {@code ~/.cache}. */
    public static BundledServers inUserCache() {
        String configured = System.getenv("XDG_CACHE_HOME");
        Path base = configured != null && Path.of(configured).isAbsolute()
                ? Path.of(configured)
                : Path.of(System.getProperty("user.home"), ".cache");
        return new BundledServers(base.resolve("ambrotype").resolve("servers"));
    }

    /**
     * The server that the lab starts where no other is named: Redis 7.0.15.
     *
     * @throws AmbrotypeException where there is none for this platform, or it does not run here
     */
    public ServerBinary redis() {
        return find(REDIS_7_0)
                .orElseThrow(() -> AmbrotypeException.of(
                                ErrorCode.FAILED, "there is no bundled Redis server for " + platform())
                        .withHint("name a server that you have installed: --server PATH"));
    }

    /**
     * A server of the class path, unpacked and seen to start.
     *
     * @param name the resource's name without the platform, such as {@code redis-server-7.0.15}
     * @return empty where the class path has none for this platform
     * @throws AmbrotypeException where it cannot be unpacked or does not run here
     */
    public Optional<ServerBinary> find(String name) {
        URL packed = resource(name + "-" + platform());
        if (packed == null) {
            return Optional.empty();
        }
        Path program = cache.resolve(name).resolve("redis-server");
        try {
            if (!isCopyOf(packed, program)) {
                unpack(packed, program);
            }
        } catch (IOException e) {
            throw AmbrotypeException.of(
                            ErrorCode.FAILED,
                            "the bundled server cannot be unpacked to " + program + ": " + e.getMessage())
                    .withHint("make the folder writable, or name a server that you have installed: --server PATH")
                    .causedBy(e);
        }
        return Optional.of(ServerBinary.detect(program));
    }

    /** This machine as the artifacts name it: {@code linux-amd64}, {@code darwin-arm64} … */
    public static String platform() {
        String system = System.getProperty("os.name").toLowerCase(Locale.ROOT);
        String machine = System.getProperty("os.arch").toLowerCase(Locale.ROOT);
        return (system.startsWith("mac") ? "darwin" : system.replace(' ', '-'))
                + "-"
                + switch (machine) {
                    case "x86_64" -> "amd64";
                    case "aarch64" -> "arm64";
                    case String other -> other;
                };
    }

    private static @Nullable URL resource(String name) {
        return BundledServers.class.getResource("/" + name);
    }

    private static boolean isCopyOf(URL packed, Path program) throws IOException {
        if (!Files.isExecutable(program)) {
            return false;
        }
        try (InputStream expected = new BufferedInputStream(packed.openStream(), 1 << 16);
                InputStream actual = Files.newInputStream(program)) {
            byte[] expectedPart;
            do {
                expectedPart = expected.readNBytes(1 << 16);
                if (!Arrays.equals(expectedPart, actual.readNBytes(1 << 16))) {
                    return false;
                }
            } while (expectedPart.length > 0);
            return true;
        }
    }

    private static void unpack(URL packed, Path program) throws IOException {
        Path folder = program.getParent();
        if (folder == null) {
            throw new UncheckedIOException(new IOException(program + " has no folder"));
        }
        Files.createDirectories(folder);
        Path unfinished = Files.createTempFile(folder, "unpacking-", ".tmp");
        try (InputStream content = packed.openStream()) {
            Files.copy(content, unfinished, StandardCopyOption.REPLACE_EXISTING);
            Files.setPosixFilePermissions(unfinished, PosixFilePermissions.fromString("rwxr-xr-x"));
            Files.move(unfinished, program, StandardCopyOption.ATOMIC_MOVE);
        } finally {
            Files.deleteIfExists(unfinished);
        }
    }
}
