package io.ambrotype.lab;

import io.ambrotype.common.AmbrotypeException;
import io.ambrotype.common.ErrorCode;
import io.ambrotype.resp.ServerVersion;
import io.ambrotype.resp.ServerVersion.Vendor;
import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A Redis or Valkey server program on this machine that has been seen to start. Immutable.
 *
 * @param launcher absolute path of the program, or of a script that executes it
 * @param version what it says of itself
 */
public record ServerBinary(Path launcher, ServerVersion version) {
    /** As all supported servers word it, since Redis 2.6. */
    private static final Pattern VERSION_LINE = Pattern.compile("(Redis|Valkey) server v=([0-9.]+) .*");

    private static final int VERSION_OUTPUT_LIMIT = 4096;
    private static final int VERSION_SECONDS = 10;

    /** Rejects relative paths: servers outlive the folder that their command was typed in. */
    public ServerBinary {
        if (!launcher.isAbsolute()) {
            throw new IllegalArgumentException(launcher + " is not an absolute path");
        }
    }

    /**
     * Asks a program which server it is by running it with {@code --version}.
     *
     * @param program path of a server; a name without a folder is looked up in {@code PATH}
     * @throws AmbrotypeException where it cannot be run or is no Redis or Valkey server
     */
    public static ServerBinary detect(Path program) {
        Path launcher = located(program);
        if (!Files.isRegularFile(launcher)) {
            throw notAServer(program, Files.exists(launcher) ? "it is not a file" : "it does not exist");
        }
        if (!Files.isExecutable(launcher)) {
            throw notAServer(program, "it is not executable");
        }
        String output = versionOutput(launcher, program);
        Matcher matcher = VERSION_LINE.matcher(output.strip());
        if (!matcher.matches()) {
            throw notAServer(program, "asked for --version it answers '" + firstLine(output) + "'");
        }
        Vendor vendor = matcher.group(1).equals("Valkey") ? Vendor.VALKEY : Vendor.REDIS;
        try {
            return new ServerBinary(launcher, ServerVersion.parse(vendor, matcher.group(2)));
        } catch (IllegalArgumentException e) {
            throw notAServer(program, "its version cannot be read: " + e.getMessage());
        }
    }

    /** Whether DEBUG has to be switched on in the configuration: from Redis 7.0 on, and in every Valkey. */
    boolean guardsDebug() {
        return version.vendor() == Vendor.VALKEY || version.isAtLeast(Vendor.REDIS, 7, 0);
    }

    /** Whether ACL users are given Pub/Sub channels: from Redis 6.2 on, and in every Valkey. */
    boolean limitsChannels() {
        return version.vendor() == Vendor.VALKEY || version.isAtLeast(Vendor.REDIS, 6, 2);
    }

    /** Vendor and version. */
    @Override
    public String toString() {
        return version.toString();
    }

    private static Path located(Path program) {
        if (program.getNameCount() == 1 && !program.isAbsolute() && !Files.exists(program)) {
            for (String folder : System.getenv().getOrDefault("PATH", "").split(File.pathSeparator)) {
                Path candidate = Path.of(folder).resolve(program).toAbsolutePath();
                if (Files.isExecutable(candidate)) {
                    return candidate.normalize();
                }
            }
        }
        return program.toAbsolutePath().normalize();
    }

    private static String versionOutput(Path launcher, Path program) {
        try {
            Process process = new ProcessBuilder(launcher.toString(), "--version")
                    .redirectErrorStream(true)
                    .redirectInput(new File("/dev/null"))
                    .start();
            try (InputStream output = process.getInputStream()) {
                // A program that ignores --version and serves is ended by its deadline, which also ends the reading.
                Thread.ofVirtual().start(() -> endLate(process));
                return new String(output.readNBytes(VERSION_OUTPUT_LIMIT), StandardCharsets.UTF_8);
            } finally {
                process.destroyForcibly();
            }
        } catch (IOException e) {
            throw notAServer(program, "it cannot be run: " + e.getMessage()).causedBy(e);
        }
    }

    private static void endLate(Process process) {
        try {
            if (!process.waitFor(VERSION_SECONDS, TimeUnit.SECONDS)) {
                process.destroyForcibly();
            }
        } catch (InterruptedException e) {
            process.destroyForcibly();
        }
    }

    private static String firstLine(String output) {
        String line = output.strip().lines().findFirst().orElse("");
        return line.length() <= 200 ? line : line.substring(0, 200) + "…";
    }

    private static AmbrotypeException notAServer(Path program, String reason) {
        return AmbrotypeException.of(
                        ErrorCode.USAGE, program + " cannot be used as a Redis or Valkey server: " + reason)
                .withHint("name a redis-server or valkey-server program that runs on this machine");
    }
}
