package io.ambrotype.storage;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.ambrotype.common.AmbrotypeException;
import io.ambrotype.common.ErrorCode;
import java.nio.file.Path;
import java.time.InstantSource;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class NamesTest {
    @ParameterizedTest
    @ValueSource(strings = {"a", "a/b", "snapshots/20261122T155328Z-3f7a/manifest.json", "-/_", "a..b/c."})
    void acceptsNames(String name) {
        assertThat(new ObjectName(name)).hasToString(name);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "", "/", "/a", "a/", "a//b", ".", "..", "a/../b", ".tmp/x", "a b", "a\\b", "a\0b", "é", "a\n", "a:b"
            })
    void refusesNames(String name) {
        assertThatThrownBy(() -> new ObjectName(name))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("'" + name + "' is not a name for an object");
    }

    @Test
    void boundsTheLengthOfNames() {
        assertThat(ObjectName.isValid("a".repeat(128))).isTrue();
        assertThat(ObjectName.isValid("a".repeat(129))).isFalse();
        assertThat(ObjectName.isValid("a/".repeat(255) + "ab")).isTrue();
        assertThat(ObjectName.isValid("a/".repeat(255) + "abc")).isFalse();
    }

    private static Store at(String location) {
        return Stores.at(location, InstantSource.system());
    }

    @Test
    void findsLocalFolders() {
        assertThat(at("/backup/redis").location()).isEqualTo("/backup/redis");
        assertThat(at("file:///backup/redis").location()).isEqualTo("/backup/redis");
        assertThat(at("FILE:/backup").location()).isEqualTo("/backup");
        assertThat(at("backup").location())
                .isEqualTo(Path.of("backup").toAbsolutePath().toString());
        assertThat(at("./s3:x").location()).endsWith("/s3:x");
    }

    @Test
    void refusesWhatIsNoLocalFolder() {
        assertUsage(
                "s3://key:secret@bucket/x",
                "repositories of scheme 's3' are not known: only local folders are supported in this version");
        assertUsage("", "the repository has no name");
        assertUsage("a\0b", "'a\0b' is not a path");
        assertUsage("file:relative", "'file:relative' is not the URI of a local folder");
        assertUsage("file:///a b", "'file:///a b' is not the URI of a local folder");
    }

    private static void assertUsage(String location, String message) {
        assertThatThrownBy(() -> at(location))
                .isInstanceOf(AmbrotypeException.class)
                .hasMessage(message)
                .extracting(error -> ((AmbrotypeException) error).code())
                .isEqualTo(ErrorCode.USAGE);
    }
}
