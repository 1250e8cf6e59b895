package io.ambrotype.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.ambrotype.common.AmbrotypeException;
import io.ambrotype.common.ErrorCode;
import io.ambrotype.host.LaunchSettings;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ConfigurationTest {
    @TempDir
    private Path dir;

    private Path file = Path.of("");

    @BeforeEach
    void choosePlace() {
        file = dir.resolve("ambrotype.yaml");
    }

    private Configuration read(String text) throws IOException {
        Files.writeString(file, text);
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-------"));
        return Configuration.read(file);
    }

    @Test
    void readsEveryKey() throws IOException {
        Configuration configuration = read("""
                # where snapshots go
                repository: backups
                deployments:
                  shop:
                    uri: redis://10.0.0.1:7000,10.0.0.2:7000
                    username: backup
                    password-file: shop.password
                    nodes-conf-name: nodes-7000.conf
                    parallel: 3
                    start: systemd
                    sentinel-master: main
                    sentinel-username: watcher
                    sentinel-password-env: SENTINEL_PASSWORD
                  vault:
                    uri: rediss://vault:6379
                    tls: {ca: ca.pem, cert: /etc/me.pem, key: me.key, verify-hostname: false}
                """);
        assertThat(configuration.file()).contains(file);
        assertThat(configuration.repository()).contains(dir.resolve("backups"));
        assertThat(configuration.deployments()).containsOnlyKeys("shop", "vault");
        assertThat(configuration.deployments().get("shop"))
                .isEqualTo(new Configuration.Entry(
                        "redis://10.0.0.1:7000,10.0.0.2:7000",
                        new Access("backup", null, dir.resolve("shop.password"), null, false, null, null, null, null),
                        "nodes-7000.conf",
                        3,
                        "main",
                        new Access("watcher", null, null, "SENTINEL_PASSWORD", false, null, null, null, null),
                        LaunchSettings.parse("systemd")));
        assertThat(configuration.deployments().get("vault"))
                .isEqualTo(new Configuration.Entry(
                        "rediss://vault:6379",
                        new Access(
                                null,
                                null,
                                null,
                                null,
                                false,
                                dir.resolve("ca.pem"),
                                Path.of("/etc/me.pem"),
                                dir.resolve("me.key"),
                                false),
                        null,
                        null,
                        null,
                        Access.NOTHING,
                        null));
        assertThat(configuration.warnings()).isEmpty();
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            repositry: x                                | , line 1: unknown key 'repositry'           | did you mean 'repository'?
            repository: x@deployments:@  shop:@    usrname: x | , line 4: unknown key 'usrname'       | did you mean 'username'?
            deployments:@  shop:@    tsl:@      ca: x   | , line 3: unknown key 'tsl'                 | did you mean 'tls'?
            deployments: {shop: {tls: {zzz: 1}}}        | , line 1: unknown key 'zzz'                 | known here are ca, cert, key, verify-hostname
            deployments: {shop: {parallel: many}}       | , line 1: 'parallel' is not a whole number from 1 to 16 |
            deployments: {shop: {start: sytemd}}        | , line 1: 'sytemd' is no way to start a server | known are auto, exec, systemd, manual and supervised; or give a command such as 'ssh {host} sudo systemctl start redis@{port}'
            deployments: {shop: {parallel: 0}}          | , line 1: 'parallel' is not a whole number from 1 to 16 |
            deployments: {shop: {tls: {verify-hostname: maybe}}} | , line 1: 'verify-hostname' is not true or false |
            deployments: {shop: redis://x:1}            | , line 1: 'shop' is not a group of keys with values |
            deployments: [1, 2]                         | , line 1: 'deployments' is a list, and no list is expected there |
            repository: [1]                             | , line 1: 'repository' is a list, and no list is expected there |
            repository: {a: b}                          | , line 1: 'repository' is not a text |
            just words                                  | , line 1: the file is not a group of keys with values |
            repository: 'a                              | , line 1: while scanning a quoted scalar, found unexpected end of stream |
            """)
    void namesFileAndLineOfWhatIsWrong(String text, String error, String hint) {
        AmbrotypeException thrown = catchThrowableOfType(AmbrotypeException.class, () -> read(text.replace("@", "\n")));
        assertThat(thrown).hasMessage("configuration file " + file + error);
        assertThat(thrown.code()).isEqualTo(ErrorCode.USAGE);
        assertThat(thrown.hint().orElse(null)).isEqualTo(hint);
    }

    @Test
    void refusesAKeyThatStandsTwice() {
        assertThatThrownBy(() -> read("repository: a\nrepository: b\n"))
                .hasMessageContaining(", line 2: ")
                .hasMessageContaining("uplicate");
    }

    @Test
    void refusesFilesThatCannotBeConfigurations() throws IOException {
        Files.write(file, new byte[(1 << 20) + 1]);
        assertThatThrownBy(() -> Configuration.read(file))
                .hasMessage("the configuration file " + file + " has more than 1048576 bytes");
        Files.write(file, new byte[] {(byte) 0xff});
        assertThatThrownBy(() -> Configuration.read(file))
                .hasMessageStartingWith("the configuration file " + file + " cannot be read: ");
    }

    @Test
    void takesAnEmptyFileForNoConfiguration() throws IOException {
        assertThat(read("# nothing\n").deployments()).isEmpty();
        assertThat(read("").repository()).isEmpty();
        assertThat(read("deployments:\n  shop:\n").deployments()).isEmpty();
    }

    @Test
    void looksInTheUsualPlacesInTurn() throws IOException {
        Path home = Files.createDirectories(dir.resolve("home/.config/ambrotype"));
        Path xdg = Files.createDirectories(dir.resolve("xdg/ambrotype"));
        Path named = dir.resolve("named.yaml");
        Run run = Run.in(dir).with("HOME", dir.resolve("home").toString());
        assertThat(Configuration.find(run.terminal(), null).file()).isEmpty();

        Files.writeString(home.resolve("config.yaml"), "repository: a\n");
        assertThat(Configuration.find(run.terminal(), null).file()).contains(home.resolve("config.yaml"));
        Files.writeString(xdg.resolve("config.yaml"), "repository: a\n");
        run.with("XDG_CONFIG_HOME", dir.resolve("xdg").toString());
        assertThat(Configuration.find(run.terminal(), null).file()).contains(xdg.resolve("config.yaml"));
        Files.writeString(file, "repository: a\n");
        assertThat(Configuration.find(run.terminal(), null).file()).contains(file);
        Files.writeString(named, "repository: a\n");
        run.with("AMBROTYPE_CONFIG", "named.yaml");
        assertThat(Configuration.find(run.terminal(), null).file()).contains(named);
        assertThat(Configuration.find(run.terminal(), file).file()).contains(file);
    }

    @Test
    void doesNotLookElsewhereForAFileThatWasNamed() {
        assertThat(Run.in(dir).command("list", "--config", "no.yaml").err())
                .isEqualTo("error: the configuration file " + dir.resolve("no.yaml") + " does not exist\n");
    }

    @Test
    void warnsOfPasswordsThatOthersCanRead() throws IOException {
        String text = "repository: " + dir + "/none\ndeployments: {shop: {uri: 'redis://x:1', password: s3cret}}\n";
        assertThat(read(text).warnings()).isEmpty();
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-r-----"));
        assertThat(Run.in(dir).command("list").err())
                .startsWith("warning: the configuration file " + file
                        + " has a password in it and can be read by others (chmod 600 " + file
                        + ")\nerror: there is no")
                .doesNotContain("s3cret");
        assertThat(Configuration.read(file).deployments().toString()).doesNotContain("s3cret");
        read("deployments: {shop: {uri: 'redis://:s3cret@x:1'}}\n");
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-r--r--"));
        assertThat(Configuration.read(file).warnings()).hasSize(1);
        assertThat(Configuration.read(file).deployments().toString()).doesNotContain("s3cret");
    }
}
