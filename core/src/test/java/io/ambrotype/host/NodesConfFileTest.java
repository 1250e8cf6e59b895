package io.ambrotype.host;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.ambrotype.common.AmbrotypeException;
import io.ambrotype.host.NodesConfFile.Content;
import io.ambrotype.topology.NodeId;
import io.ambrotype.topology.NodesConf;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

@DisabledOnOs(OS.WINDOWS)
class NodesConfFileTest {
    private static final NodeId OWN = new NodeId("a".repeat(40));
    private static final NodeId OTHER = new NodeId("b".repeat(40));
    private static final String TEXT = OWN
            + " 127.0.0.1:7000@17000 myself,master - 0 0 1 connected 0-16383\nvars currentEpoch 1 lastVoteEpoch 0\n";

    @TempDir
    private Path folder;

    private Path path() {
        return folder.resolve("nodes.conf");
    }

    private NodesConfFile holding(String text) throws IOException {
        return new NodesConfFile(Files.writeString(path(), text));
    }

    @Test
    void makesANodeItselfOrSaysWhyNot() throws IOException {
        NodesConfFile whole = holding(TEXT);
        assertThat(whole.content()).isInstanceOf(Content.Whole.class);
        assertThat(whole.conf()).map(conf -> conf.myself().id()).contains(OWN);
        assertThat(whole.problem(OWN)).isEmpty();
        assertThat(whole.problem(OTHER)).contains(path() + " belongs to another node, aaaaaaaa");
    }

    @Test
    void tellsWhatIsWrongWithAFile() throws IOException {
        NodesConfFile absent = new NodesConfFile(path());
        assertThat(absent.content()).isEqualTo(new Content.Absent());
        assertThat(absent.conf()).isEmpty();
        assertThat(absent.problem(OWN)).contains(path() + " does not exist");

        assertThat(holding("").content()).isEqualTo(new Content.Empty());
        assertThat(holding("").problem(OWN)).contains(path() + " is empty");

        assertThat(holding(TEXT.substring(0, 60)).content()).isInstanceOf(Content.Broken.class);
        assertThat(holding("\0\1\2").problem(OWN).orElseThrow()).startsWith(path() + " is damaged: ");
        assertThat(holding("x".repeat((8 << 20) + 1)).problem(OWN).orElseThrow())
                .contains("longer than any nodes.conf");
    }

    @Test
    void aFolderIsNoFile() throws IOException {
        Files.createDirectory(path());
        assertThat(new NodesConfFile(path()).problem(OWN).orElseThrow()).contains("not a regular file");
        assertThatThrownBy(() -> new NodesConfFile(path().resolve("x/nodes.conf")).write(conf()))
                .isInstanceOf(AmbrotypeException.class)
                .hasMessageContaining("cannot be written");
    }

    @Test
    void writesAFileAsServersDo() throws IOException {
        NodesConfFile file = new NodesConfFile(path());
        assertThat(file.write(conf())).isEmpty();
        assertThat(path()).hasContent(conf().toText());
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(path())))
                .isEqualTo("rw-r--r--");
    }

    @Test
    void replacesAFileWithItsPermissionsAndLeavesNothingBeside() throws IOException {
        NodesConfFile file = holding("old");
        Files.setPosixFilePermissions(path(), PosixFilePermissions.fromString("rw-r-----"));
        assertThat(file.write(conf())).isEmpty();
        assertThat(file.problem(OWN)).isEmpty();
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(path())))
                .isEqualTo("rw-r-----");
        assertThat(folder)
                .isDirectoryContaining(child -> child.equals(path()))
                .isDirectoryNotContaining("glob:**.part");
    }

    @Test
    void refusesWhatIsNoFileName() {
        assertThatThrownBy(() -> new NodesConfFile(Path.of("/")).write(conf()))
                .isInstanceOf(AmbrotypeException.class)
                .hasMessage("/ is not a file name");
    }

    private static NodesConf conf() {
        return NodesConf.parse(TEXT.getBytes(StandardCharsets.UTF_8), "test");
    }
}
