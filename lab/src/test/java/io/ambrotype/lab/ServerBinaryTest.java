package io.ambrotype.lab;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.ambrotype.common.AmbrotypeException;
import io.ambrotype.common.ErrorCode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ServerBinaryTest {
    @TempDir
    Path temporary;

    @Test
    void theBundledServerIsUnpackedOnceAndReplacedWhereItIsNotWhole() throws IOException {
        BundledServers servers = new BundledServers(temporary);
        ServerBinary server = servers.redis();
        assertThat(server).hasToString("Redis 7.0.15");
        Object unpacked = Files.readAttributes(server.launcher(), "unix:ino").get("ino");

        assertThat(servers.redis()).isEqualTo(server);
        assertThat(Files.getAttribute(server.launcher(), "unix:ino")).isEqualTo(unpacked);

        byte[] whole = Files.readAllBytes(server.launcher());
        Files.write(server.launcher(), Arrays.copyOf(whole, whole.length / 2));
        assertThat(servers.redis()).isEqualTo(server);
        assertThat(server.launcher()).hasBinaryContent(whole);

        byte[] altered = whole.clone();
        altered[altered.length / 2] ^= 1;
        Files.write(server.launcher(), altered);
        assertThat(servers.redis()).isEqualTo(server);
        assertThat(server.launcher()).hasBinaryContent(whole);
        assertThat(server.launcher().resolveSibling(".").toFile().list()).containsExactly("redis-server");
        assertThat(servers.find("redis-server-0.0.0")).isEmpty();
    }

    @Test
    void vendorAndVersionAreWhatTheProgramSays() throws IOException {
        assertThat(ServerBinary.detect(script(
                                "echo 'Valkey server v=9.1.2 sha=00000000:0 malloc=jemalloc-5.3.0 bits=64 build=1'"))
                        .version())
                .hasToString("Valkey 9.1.2");
    }

    @Test
    void whatIsNoServerIsRefused() throws IOException {
        assertRefused(temporary.resolve("absent"), "it does not exist");
        assertRefused(temporary, "it is not a file");
        assertRefused(Files.writeString(temporary.resolve("text"), "x"), "it is not executable");
        assertRefused(script("echo hello; echo world"), "asked for --version it answers 'hello'");
        assertRefused(script("yes"), "asked for --version it answers 'y'");
        assertRefused(Path.of("no-such-redis-server-anywhere"), "it does not exist");
        Path lost = Files.writeString(temporary.resolve("lost"), "#!/no/such/interpreter\n");
        Files.setPosixFilePermissions(lost, PosixFilePermissions.fromString("rwx------"));
        assertRefused(lost, "it cannot be run: ");
    }

    private Path script(String body) throws IOException {
        Path script = Files.createTempFile(temporary, "server", ".sh");
        Files.writeString(script, "#!/bin/sh\n" + body + "\n");
        return Files.setPosixFilePermissions(script, PosixFilePermissions.fromString("rwx------"));
    }

    private static void assertRefused(Path program, String reason) {
        assertThatThrownBy(() -> ServerBinary.detect(program))
                .isInstanceOfSatisfying(
                        AmbrotypeException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.USAGE))
                .hasMessageStartingWith(program + " cannot be used as a Redis or Valkey server: " + reason);
    }
}
