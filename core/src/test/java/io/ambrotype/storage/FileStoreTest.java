package io.ambrotype.storage;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.ambrotype.common.AmbrotypeException;
import io.ambrotype.common.ErrorCode;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ReadableByteChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FileStoreTest extends StoreContractTest {
    @TempDir
    Path folder;

    @Override
    Store store() {
        return new FileStore(root(), InstantSource.system());
    }

    private Path root() {
        return folder.resolve("not/yet/there");
    }

    private List<Path> temporaries() throws IOException {
        try (Stream<Path> files = Files.list(root().resolve(".tmp"))) {
            return files.toList();
        }
    }

    @Test
    void keepsEverythingPrivate() throws Exception {
        put(store(), NAME, "x");
        try (Stream<Path> paths = Files.walk(folder.resolve("not"))) {
            for (Path path : paths.toList()) {
                assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(path)))
                        .as(path.toString())
                        .isEqualTo(Files.isDirectory(path) ? "rwx------" : "rw-------");
            }
        }
    }

    @Test
    void leavesTheModeOfAFolderThatExists() throws Exception {
        Files.createDirectories(root());
        Files.setPosixFilePermissions(root(), PosixFilePermissions.fromString("rwxr-x---"));
        put(store(), NAME, "x");
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(root())))
                .isEqualTo("rwxr-x---");
    }

    @Test
    void removesItsTemporaryFileInEveryCase() throws Exception {
        put(store(), NAME, "x");
        assertThat(temporaries()).isEmpty();
        try (StoredWriter writer = store().newWriter()) {
            writer.append(ByteBuffer.wrap(new byte[10]));
            assertThat(temporaries()).hasSize(1);
        }
        assertThat(temporaries()).isEmpty();
    }

    @Test
    void sweepsWhatDeadWritersLeft() throws Exception {
        put(store(), NAME, "x");
        Path dead = Files.createFile(root().resolve(".tmp/dead"));
        Path young = Files.createFile(root().resolve(".tmp/young"));
        Instant now = Instant.now();
        Files.setLastModifiedTime(dead, FileTime.from(now.minus(Duration.ofMinutes(61))));
        try (StoredWriter waiting = store().newWriter()) {
            Path alive = temporaries().stream()
                    .filter(file -> !file.equals(dead) && !file.equals(young))
                    .findFirst()
                    .orElseThrow();
            assertThat(dead).doesNotExist();
            Files.setLastModifiedTime(alive, FileTime.from(now.minus(Duration.ofDays(2))));
            try (StoredWriter other = store().newWriter()) {
                assertThat(alive).exists();
                assertThat(young).exists();
                waiting.freeze();
                assertThat(waiting.commit(new ObjectName("late"))).isTrue();
                other.freeze();
            }
        }
        assertThat(temporaries()).containsExactly(young);
        assertThat(store().list("")).containsExactly(NAME, new ObjectName("late"));
    }

    @Test
    void isNotEmptyWithForeignFilesButDoesNotListThem() throws Exception {
        Files.createDirectories(root());
        Files.writeString(root().resolve("My holiday.jpg"), "x");
        Files.createDirectory(root().resolve("a folder"));
        assertThat(store().isEmpty()).isFalse();
        assertThat(store().list("")).isEmpty();
    }

    @Test
    void followsNoLinkBelowItsRoot() throws Exception {
        Path outside = Files.createDirectory(folder.resolve("outside"));
        Files.writeString(outside.resolve("secret"), "x");
        Files.createDirectories(root());
        Files.createSymbolicLink(root().resolve("link"), outside);
        Files.createSymbolicLink(root().resolve("file"), outside.resolve("secret"));
        String complaint = root().resolve("link") + " is a symbolic link";
        assertThatThrownBy(() -> store().open(new ObjectName("link/secret"))).hasMessage(complaint);
        assertThatThrownBy(() -> store().size(new ObjectName("link/secret"))).hasMessage(complaint);
        assertThatThrownBy(() -> store().list("link")).hasMessage(complaint);
        assertThatThrownBy(() -> store().delete(new ObjectName("link/secret"))).hasMessage(complaint);
        assertThatThrownBy(() -> put(store(), new ObjectName("link/new"), "x")).hasMessage(complaint);
        assertThatThrownBy(() -> store().open(new ObjectName("file"))).hasMessageEndingWith("is a symbolic link");
        assertThat(store().list("")).isEmpty();
        assertThat(outside.resolve("secret")).exists();
        assertThat(outside.resolve("new")).doesNotExist();
        Files.delete(root().resolve(".tmp"));
        Files.createSymbolicLink(root().resolve(".tmp"), outside);
        assertThatThrownBy(() -> store().newWriter()).hasMessageEndingWith(".tmp is a symbolic link");
    }

    @Test
    void theRootItselfMayBeALink() throws Exception {
        Path real = Files.createDirectory(folder.resolve("real"));
        Path link = Files.createSymbolicLink(folder.resolve("link"), real);
        put(new FileStore(link, InstantSource.system()), NAME, "x");
        assertThat(real.resolve(NAME.text())).exists();
    }

    @Test
    void aFolderInAnObjectsPlaceIsDamage() throws Exception {
        Files.createDirectories(root().resolve(NAME.text()));
        assertThatThrownBy(() -> store().open(NAME))
                .hasMessage(NAME + " in " + root() + " is not a regular file")
                .extracting(error -> ((AmbrotypeException) error).code())
                .isEqualTo(ErrorCode.CORRUPT);
    }

    @Test
    void saysWhyItCannotWrite() throws Exception {
        Files.createDirectories(root());
        Files.writeString(root().resolve("folder"), "a file where a folder should be");
        assertThatThrownBy(() -> put(store(), NAME, "x"))
                .isInstanceOf(AmbrotypeException.class)
                .hasMessage("cannot write folder/deeper/object.bin in " + root() + ": " + root().resolve("folder")
                        + " is not a folder");
        Path file = Files.createFile(folder.resolve("file"));
        Store below = new FileStore(file.resolve("repository"), InstantSource.system());
        assertThatThrownBy(below::newWriter)
                .hasMessage("cannot write to " + file + "/repository: " + file + " is not a folder");
        assertThatThrownBy(new FileStore(file, InstantSource.system())::isEmpty)
                .hasMessage("cannot list " + file + ": " + file + " is not a folder");
        assertThat(below.open(NAME)).isEmpty();
        assertThat(below.list("")).isEmpty();
    }

    @Test
    void anInterruptEndsAReadAsSuch() throws Exception {
        put(store(), NAME, "x");
        try (ReadableByteChannel channel = store().open(NAME).orElseThrow()) {
            assertThat(channel.isOpen()).isTrue();
            Thread.currentThread().interrupt();
            assertThatThrownBy(() -> channel.read(ByteBuffer.allocate(10)))
                    .extracting(error -> ((AmbrotypeException) error).code())
                    .isEqualTo(ErrorCode.INTERRUPTED);
            assertThat(Thread.interrupted()).isTrue();
        }
    }

    @Test
    void anInterruptEndsAWriteAsSuchAndLeavesNothing() throws Exception {
        try (StoredWriter writer = store().newWriter()) {
            Thread.currentThread().interrupt();
            assertThatThrownBy(() -> writer.append(ByteBuffer.allocate(10)))
                    .extracting(error -> ((AmbrotypeException) error).code())
                    .isEqualTo(ErrorCode.INTERRUPTED);
            assertThat(Thread.interrupted()).isTrue();
            assertThatThrownBy(writer::freeze).isInstanceOf(IllegalStateException.class);
        }
        assertThat(temporaries()).isEmpty();
    }
}
