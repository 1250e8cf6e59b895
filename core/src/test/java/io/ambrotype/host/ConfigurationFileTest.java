package io.ambrotype.host;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import io.ambrotype.common.AmbrotypeException;
import io.ambrotype.common.ErrorCode;
import io.ambrotype.resp.RespConnection;
import io.ambrotype.resp.ServerVersion;
import io.ambrotype.resp.ServerVersion.Vendor;
import io.ambrotype.servers.TestServer.Binary;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class ConfigurationFileTest {
    private static final ServerVersion OLD = new ServerVersion(Vendor.REDIS, 6, 2, 11);
    private static final ServerVersion NEW = new ServerVersion(Vendor.REDIS, 7, 0, 15);

    @TempDir
    private Path temporary;

    private Path dir = Path.of("");
    private Path file = Path.of("");

    @BeforeEach
    void choosePlace() throws IOException {
        dir = temporary.toRealPath();
        file = dir.resolve("redis.conf");
    }

    private ConfigurationFile read(String text) throws IOException {
        Files.writeString(file, text);
        return ConfigurationFile.read(file, dir);
    }

    static Stream<Arguments> lines() {
        return Stream.of(
                arguments("name value", "value"),
                arguments("  NaMe\tvalue  \t", "value"),
                arguments("name \"two words\"", "two words"),
                arguments("name 'single \\' quote \\n'", "single ' quote \\n"),
                arguments("name \"\\x41\\n\\t\\\"\\q\\xzz\\xc3\\xbc\"", "A\n\t\"qxzzü"),
                arguments("name half\"quoted\"", "halfquoted"),
                arguments("name #not-a-comment", "#not-a-comment"),
                arguments("name one # two", "one # two"),
                arguments("name \"\"", ""),
                arguments("name a  \"\" b", "a  b"));
    }

    @ParameterizedTest
    @MethodSource("lines")
    void takesLinesApartAsServersDo(String line, String value) throws IOException {
        assertThat(read(line + "\r\n").value("name")).contains(value);
    }

    /** The servers themselves say what a line means. */
    @ParameterizedTest
    @EnumSource(Binary.class)
    void understandsWhatAServerUnderstands(Binary binary) throws IOException {
        Path data = Files.createDirectory(dir.resolve("data"));
        Files.createDirectory(data.resolve("sub dir"));
        Files.writeString(data.resolve("sub dir/late.conf"), "dbfilename \"la\\x74e \\\"one\\\".rdb\"\nsave 7 7\n");
        Files.writeString(dir.resolve("early.conf"), "requirepass first\nrequirepass \"pass wörd\"\nport 1\n");
        int port = HostServer.port();
        ConfigurationFile configuration = read("""
                # comment
                include early.conf
                \t PORT %d
                bind 127.0.0.1
                save 900 1
                save ""
                save 60 5
                dir ./data
                dir "sub dir"
                include late.conf
                appendfilename 'odd\\'name'""".formatted(port));
        try (HostServer server = HostServer.start(
                        dir,
                        port,
                        "pass wörd",
                        List.of(binary.program().toString(), file.getFileName().toString()));
                RespConnection connection = server.connect()) {
            assertThat(server.info().value("config_file")).contains(file.toString());
            for (String name : List.of("port", "dbfilename", "appendfilename", "requirepass", "bind")) {
                assertThat(configuration.value(name))
                        .as(name)
                        .contains(connection.pairs("CONFIG", "GET", name).get(name));
            }
            assertThat(configuration.dir())
                    .isEqualTo(Path.of(connection.pairs("CONFIG", "GET", "dir").get("dir")));
            assertThat(configuration.savePoints(binary == Binary.REDIS_7_0 ? NEW : OLD))
                    .isEqualTo(connection.pairs("CONFIG", "GET", "save").get("save"))
                    .isEqualTo("7 7");
        }
    }

    /** What our own writer quotes, servers take apart to the same. */
    @Test
    void writesWhatServersRead() throws IOException {
        int port = HostServer.port();
        String name = "dümp \"x\" ' #\u0001.rdb";
        read("port " + port + "\nbind 127.0.0.1\n").edit(Map.of("dbfilename", List.of(name)), Set.of());
        assertThat(ConfigurationFile.read(file, dir).value("dbfilename")).contains(name);
        try (HostServer server = HostServer.start(
                        dir, port, null, List.of(Binary.REDIS_7_0.program().toString(), file.toString()));
                RespConnection connection = server.connect()) {
            assertThat(connection.pairs("CONFIG", "GET", "dbfilename")).containsEntry("dbfilename", name);
            assertThat(connection.call("CONFIG", "REWRITE").text()).isEqualTo("OK");
        }
        ConfigurationFile rewritten = ConfigurationFile.read(file, dir);
        assertThat(rewritten.isRewritten()).isTrue();
        assertThat(rewritten.value("dbfilename")).contains(name);
        assertThat(rewritten.hasAbsoluteDir()).isTrue();
        assertThat(rewritten.dir()).isEqualTo(dir);
    }

    @Test
    void knowsWhereEachDirectiveStands() throws IOException {
        Files.writeString(dir.resolve("a.conf"), "\nport 7001\n");
        ConfigurationFile configuration = read("port 7000\n\ninclude a.conf\nappendonly yes\n");
        assertThat(configuration.find("port").orElseThrow())
                .hasToString("port in " + dir.resolve("a.conf") + ", line 2");
        assertThat(configuration.find("appendonly").orElseThrow().line()).isEqualTo(4);
        assertThat(configuration.find("include")).isEmpty();
    }

    @Test
    void includesByWildcardsInOrder() throws IOException {
        Path folder = Files.createDirectories(dir.resolve("conf.d"));
        Files.writeString(folder.resolve("10-a.conf"), "port 1\nmaxmemory 1\n");
        Files.writeString(folder.resolve("20-b.conf"), "port 2\n");
        Files.writeString(folder.resolve(".30-hidden.conf"), "port 3\n");
        Files.writeString(folder.resolve("40.txt"), "port 4\n");
        ConfigurationFile configuration = read("include conf.d/[0-9]?-*.conf\ninclude none*.conf\n");
        assertThat(configuration.all("port").map(ConfigurationFile.Directive::value))
                .containsExactly("1", "2");
        assertThat(configuration.value("maxmemory")).contains("1");
    }

    /** As 5.0.5, 6.0.16, 6.2.11, and all from 7.0 on answered CONFIG GET save. */
    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
            port 1                              | `` | 3600 1 300 100 60 10000 | 3600 1 300 100 60 10000
            save 900 1;save 60 5                | 900 1 60 5 | 900 1 60 5 | 900 1 60 5
            save 900 1 300 10;save 60 5         | 60 5       | 60 5       | 900 1 300 10 60 5
            save 900 1;save ""                  | ``         | ``         | ``
            save "";save 5 5                    | 5 5        | 5 5        | 5 5
            include none;save 900 1;save 60 5   | 900 1 60 5 | 900 1 60 5 | 60 5
            save 900 1;include two;save 60 5    | 900 1 7 7 8 8 60 5 | 7 7 8 8 60 5 | 60 5
            """)
    void addsSavePointsUp(String lines, String of50, String of62, String modern) throws IOException {
        Files.writeString(dir.resolve("none"), "maxmemory 0\n");
        Files.writeString(dir.resolve("two"), "save 7 7\nsave 8 8\n");
        ConfigurationFile configuration = read(lines.replace(";", "\n"));
        assertThat(configuration.savePoints(new ServerVersion(Vendor.REDIS, 5, 0, 5)))
                .isEqualTo(of50);
        assertThat(configuration.savePoints(new ServerVersion(Vendor.REDIS, 6, 0, 16)))
                .isEqualTo(of50);
        assertThat(configuration.savePoints(OLD)).isEqualTo(of62);
        assertThat(configuration.savePoints(NEW)).isEqualTo(modern);
        assertThat(configuration.savePoints(new ServerVersion(Vendor.VALKEY, 9, 1, 2)))
                .isEqualTo(modern);
    }

    @ParameterizedTest
    @ValueSource(strings = {"name \"open", "name 'open", "name \"a\"b", "name 'a'b", "name \"a\\"})
    void namesTheLineOfUnbalancedQuotes(String line) {
        assertThatThrownBy(() -> read("port 1\n" + line + "\n"))
                .isInstanceOf(AmbrotypeException.class)
                .hasMessage(file + ", line 2: unbalanced quotes");
    }

    @Test
    void endsWhereFilesIncludeThemselves() {
        AmbrotypeException error = catchThrowableOfType(AmbrotypeException.class, () -> read("include redis.conf\n"));
        assertThat(error.code()).isEqualTo(ErrorCode.CORRUPT);
        assertThat(error).hasMessage(file + ", line 1: files include each other more than 16 deep");
    }

    @Test
    void doesNotReadWithoutEnd() {
        assertThatThrownBy(() -> read("include /dev/zero\n"))
                .hasMessage(file + ", line 1: the included file cannot be read: /dev/zero has more than 8388608 bytes");
        assertThatThrownBy(() -> read("a\n".repeat(100_001))).hasMessageContaining("more than 100000 directives");
    }

    @Test
    void neverShowsAValue() throws IOException {
        ConfigurationFile configuration = read("requirepass s3cret\n");
        assertThat(configuration.toString()).doesNotContain("s3cret");
        assertThat(configuration.directives().toString()).doesNotContain("s3cret");
    }

    @Test
    void changesOneLineAndKeepsTheRest() throws IOException {
        Files.write(file, "# caf\u00e9\r\nport 1\r\n\tdir ./ \r\n# end\u00ff".getBytes(StandardCharsets.ISO_8859_1));
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-r-----"));
        ConfigurationFile edited =
                ConfigurationFile.read(file, dir).edit(Map.of("dir", List.of("/var/lib/redis 1")), Set.of());
        assertThat(new String(Files.readAllBytes(file), StandardCharsets.ISO_8859_1))
                .isEqualTo("# caf\u00e9\r\nport 1\r\ndir \"/var/lib/redis 1\"\r\n# end\u00ff");
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file)))
                .isEqualTo("rw-r-----");
        assertThat(edited.dir()).isEqualTo(Path.of("/var/lib/redis 1"));
        assertThat(dir.toFile().list()).containsExactly("redis.conf");
    }

    @Test
    void addsAtTheEndWhatAnotherFileOrALaterIncludeDependsOn() throws IOException {
        Files.createDirectory(dir.resolve("data"));
        Files.writeString(dir.resolve("data/more.conf"), "dbfilename more.rdb\n");
        Files.writeString(dir.resolve("shared.conf"), "appendonly no\n");
        ConfigurationFile configuration = read("include shared.conf\ndir data\ninclude more.conf");
        configuration.edit(Map.of("dir", List.of("/elsewhere")), Set.of());
        assertThat(Files.readString(file))
                .isEqualTo("include shared.conf\ndir data\ninclude more.conf\ndir /elsewhere\n");
        ConfigurationFile.read(file, dir).edit(Map.of("appendonly", List.of("yes")), Set.of());
        assertThat(Files.readString(dir.resolve("shared.conf"))).isEqualTo("appendonly no\n");
        ConfigurationFile again = ConfigurationFile.read(file, dir);
        assertThat(again.value("appendonly")).contains("yes");
        assertThat(again.value("dbfilename")).contains("more.rdb");
        assertThat(again.dir()).isEqualTo(Path.of("/elsewhere"));
    }

    @Test
    void removesDirectives() throws IOException {
        read("port 1\nreplicaof a 1\n# x\nREPLICAOF b 2\nsave \"\"").edit(Map.of(), Set.of("replicaof"));
        assertThat(Files.readString(file)).isEqualTo("port 1\n# x\nsave \"\"");
    }

    @Test
    void refusesToRemoveWhatOthersInclude() throws IOException {
        Files.writeString(dir.resolve("shared.conf"), "appendonly no\n");
        ConfigurationFile configuration = read("include shared.conf\n");
        assertThatThrownBy(() -> configuration.edit(Map.of(), Set.of("appendonly")))
                .hasMessageContaining("cannot be removed from here");
    }

    @Test
    void doesNotOverwriteWhatSomebodyElseChanged() throws IOException {
        ConfigurationFile configuration = read("port 1\n");
        Files.writeString(file, "port 2\n");
        assertThatThrownBy(() -> configuration.edit(Map.of("port", List.of("3")), Set.of()))
                .hasMessageContaining("has been changed by somebody else");
        assertThat(Files.readString(file)).isEqualTo("port 2\n");
    }

    @Test
    void writesBehindALink() throws IOException {
        Path target = Files.writeString(dir.resolve("real.conf"), "port 1\n");
        Files.createSymbolicLink(file, target);
        ConfigurationFile.read(file, dir).edit(Map.of("port", List.of("3")), Set.of());
        assertThat(Files.readString(target)).isEqualTo("port 3\n");
        assertThat(Files.isSymbolicLink(file)).isTrue();
        assertThat(Files.isRegularFile(target, LinkOption.NOFOLLOW_LINKS)).isTrue();
    }
}
