package io.ambrotype.host;

import static org.assertj.core.api.Assertions.assertThat;

import io.ambrotype.resp.ServerInfo;
import io.ambrotype.topology.NodeConfiguration;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.TreeSet;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class StartConfigurationTest {
    @TempDir
    private Path temporary;

    private Path dir = Path.of("");

    @BeforeEach
    void resolve() throws IOException {
        dir = temporary.toRealPath();
        Files.createDirectories(dir.resolve("data"));
        Files.createDirectories(dir.resolve("conf"));
        Files.writeString(dir.resolve("conf/common.conf"), "save 900 1\n");
    }

    private static ServerInfo info(String file) {
        return ServerInfo.parse("# Server\r\nconfig_file:" + file + "\r\n");
    }

    private StartConfiguration start(String text, String workingFolder) throws IOException {
        Path file = Files.writeString(dir.resolve("conf/redis.conf"), text);
        return StartConfiguration.of(info(file.toString()), dir.resolve(workingFolder));
    }

    /** Standard input has no name from 6.2 on, and up to 6.0 one that no file has. */
    @ParameterizedTest
    @ValueSource(strings = {"", "-", "/srv/redis/-"})
    void aServerWithoutAFileHasNone(String told) {
        assertThat(StartConfiguration.path(info(told))).isEmpty();
        StartConfiguration start = StartConfiguration.of(info(told), dir);
        assertThat(start.file()).isEmpty();
        assertThat(start.problem()).hasValueSatisfying(why -> assertThat(why).startsWith("it was started with"));
    }

    @ParameterizedTest
    @CsvSource({
        "dir ./, data, data",
        "dir data, data, ''",
        "include conf/common.conf|dir data, data, ''",
        "include common.conf|dir ../data, data, conf",
        "save 60 1, conf, conf"
    })
    void findsTheFolderThatLeadsToWhereItIs(String text, String working, String started) throws IOException {
        StartConfiguration start = start(text.replace("|", "\n"), working);
        assertThat(start.problem()).isEmpty();
        assertThat(start.startFolder()).contains(dir.resolve(started).normalize());
        assertThat(start.file()).map(ConfigurationFile::dir).contains(dir.resolve(working));
    }

    @Test
    void readsAFileThatDoesNotLeadThere() throws IOException {
        StartConfiguration start = start("dir /\nport 1\n", "data");
        assertThat(start.startFolder()).isEmpty();
        assertThat(start.problem()).isEmpty();
        assertThat(start.file()).flatMap(file -> file.value("port")).contains("1");
    }

    @Test
    void saysWhyAFileCannotBeRead() throws IOException {
        StartConfiguration start = start("dir ./\nname 'open\n", "data");
        assertThat(start.file()).isEmpty();
        assertThat(start.problem()).hasValueSatisfying(why -> assertThat(why).endsWith("line 2: unbalanced quotes"));
        assertThat(StartConfiguration.of(info("/nowhere/redis.conf"), dir).problem())
                .hasValueSatisfying(why -> assertThat(why).endsWith("/nowhere/redis.conf does not exist"));
    }

    /** Redis 5.0 tells neither the name of its append-only file nor that of its nodes.conf. */
    @Test
    void takesNamesOfFilesFromTheFileWhereTheServerTellsNone() throws IOException {
        Optional<ConfigurationFile> file = start(
                        "appendfilename 'my log.aof'\ncluster-config-file n7000.conf\n", "data")
                .file();
        PersistentFiles silent = PersistentFiles.of(true, configuration(Map.of("dbfilename", "x.rdb")), file);
        assertThat(silent.names()).containsExactly("appendonlydir", "my log.aof", "x.rdb", "n7000.conf");
        PersistentFiles told =
                PersistentFiles.of(false, configuration(Map.of("appendfilename", "told.aof", "dbfilename", "")), file);
        assertThat(told.names()).containsExactly("appendonlydir", "told.aof", "dump.rdb");
        assertThat(PersistentFiles.of(true, configuration(Map.of()), Optional.empty()))
                .isEqualTo(PersistentFiles.DEFAULT);
        Files.writeString(dir.resolve("data/x.rdb"), "");
        assertThat(silent.in(dir.resolve("data"))).containsExactly(dir.resolve("data/x.rdb"));
    }

    private static NodeConfiguration configuration(Map<String, String> values) {
        return new NodeConfiguration(new TreeMap<>(values), new TreeSet<>(), Optional.empty(), Optional.empty());
    }

    @ParameterizedTest
    @CsvSource({
        "1gb, 1073741824, true",
        "1GB, 1024mb, true",
        "1k, 1000, true",
        "1kb, 1024b, true",
        "1m, 1000000, true",
        "1mb, 1048576, true",
        "2g, 2000000000, true",
        "2g, 2gb, false",
        "YES, yes, true",
        "'a   b', 'a b', true",
        "999999999999999gb, 999999999999999GB, true",
        "999999999999999gb, 1, false",
        "5%, 5, false",
        "'', 0, false"
    })
    void comparesValuesAsServersReadThem(String one, String other, boolean same) {
        assertThat(DirectiveValue.same(one, other)).isEqualTo(same);
        assertThat(DirectiveValue.same(other, one)).isEqualTo(same);
    }
}
