package io.ambrotype.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.ambrotype.cli.Terminal.Channel;
import io.ambrotype.common.AmbrotypeException;
import io.ambrotype.common.ErrorCode;
import io.ambrotype.common.HostAndPort;
import io.ambrotype.common.Secret;
import io.ambrotype.host.LaunchSettings;
import io.ambrotype.resp.ConnectionSettings;
import io.ambrotype.resp.Credentials;
import io.ambrotype.resp.TlsSettings;
import io.ambrotype.resp.TlsSettings.ClientCertificate;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Optional;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class DeploymentTest {
    private static final Access NOTHING = new Access(null, null, null, null, false, null, null, null, null);

    @TempDir
    private Path dir;

    private void configure(String deployment) throws IOException {
        Path file = dir.resolve("ambrotype.yaml");
        Files.writeString(file, "deployments:\n  shop:\n" + deployment.indent(4));
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-------"));
    }

    private Path secretFile(String name, String text) throws IOException {
        Path file = Files.writeString(dir.resolve(name), text);
        return Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-------"));
    }

    private static Access user(String name) {
        return new Access(name, null, null, null, false, null, null, null, null);
    }

    @Test
    void resolvesAUri() {
        Deployment deployment = Deployment.resolve(
                "redis://backup:p%40ss@a:7000,b:7001", NOTHING, Run.in(dir).context());
        assertThat(deployment)
                .isEqualTo(new Deployment(
                        "a:7000,b:7001",
                        java.util.List.of(new HostAndPort("a", 7000), new HostAndPort("b", 7001)),
                        ConnectionSettings.defaults().withCredentials(new Credentials("backup", Secret.of("p@ss"))),
                        Optional.empty(),
                        OptionalInt.empty(),
                        LaunchSettings.AUTO));
        assertThat(deployment.toString()).doesNotContain("p@ss");
    }

    @Test
    void resolvesAName() throws IOException {
        secretFile("pw", "s3cret\nand more\n");
        configure("""
                uri: rediss://a:7000
                username: backup
                password-file: pw
                tls: {ca: ca.pem, cert: me.pem, key: me.key, verify-hostname: false}
                nodes-conf-name: nodes-7000.conf
                parallel: 4
                start: ssh {host} start {port}
                """);
        Run run = Run.in(dir);
        assertThat(Deployment.resolve("shop", NOTHING, run.context()))
                .isEqualTo(new Deployment(
                        "shop",
                        java.util.List.of(new HostAndPort("a", 7000)),
                        ConnectionSettings.defaults()
                                .withCredentials(new Credentials("backup", Secret.of("s3cret")))
                                .withTls(new TlsSettings(
                                        dir.resolve("ca.pem"),
                                        new ClientCertificate(dir.resolve("me.pem"), dir.resolve("me.key")),
                                        false)),
                        Optional.of("nodes-7000.conf"),
                        OptionalInt.of(4),
                        LaunchSettings.parse("ssh {host} start {port}")));
        assertThat(run.err()).isEmpty();
    }

    @Test
    void letsTheCommandLineGoBeforeTheConfigurationAndThatBeforeTheUri() throws IOException {
        configure("{uri: 'redis://first:one@a:1', password-env: SECRET}");
        Run run = Run.in(dir).with("SECRET", "two").with("OTHER", "three");
        assertThat(credentials("shop", NOTHING, run)).isEqualTo(new Credentials("first", Secret.of("two")));
        Access other = new Access("second", null, null, "OTHER", false, null, null, null, null);
        assertThat(credentials("shop", other, run)).isEqualTo(new Credentials("second", Secret.of("three")));
    }

    private static Object credentials(String name, Access access, Run run) {
        return Optional.ofNullable(Deployment.resolve(name, access, run.context())
                        .settings()
                        .credentials())
                .orElseThrow();
    }

    @Test
    void asksForThePasswordOfAUserWithoutOne() {
        Run run = Run.in(dir).onTerminal(Channel.IN, Channel.ERR).password("typed");
        assertThat(credentials("redis://a:1", user("backup"), run))
                .isEqualTo(new Credentials("backup", Secret.of("typed")));
        assertThat(run.err()).isEqualTo("password of backup at a:1: ");
        Access ask = new Access(null, null, null, null, true, null, null, null, null);
        assertThat(credentials("redis://a:1", ask, run)).isEqualTo(new Credentials(null, Secret.of("typed")));
    }

    @Test
    void warnsOfPasswordFilesThatOthersCanRead() throws IOException {
        Path file = secretFile("pw", "s3cret");
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-r--r--"));
        Run run = Run.in(dir);
        Access access = new Access(null, null, file, null, false, null, null, null, null);
        assertThat(credentials("redis://a:1", access, run)).isEqualTo(new Credentials(null, Secret.of("s3cret")));
        assertThat(run.err())
                .isEqualTo("warning: the password file " + file + " can be read by others (chmod 600 " + file + ")\n");
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            {}                                          | deployment shop has no uri | add uri: redis://host:port[,host:port...]
            {uri: 'redis://a:1', tls: {ca: x}}          | deployment shop has TLS settings, but its address is a plain one | write rediss:// for TLS
            {uri: 'rediss://a:1', tls: {cert: x}}       | TLS to shop needs a certificate and its key, or neither |
            {uri: 'redis://a:1', password-env: NONE}    | the environment variable NONE with the password of shop is not set |
            {uri: 'redis://a:1', password: a, password-env: b} | the password of shop is given in more than one way |
            {uri: 'redis://a:1', username: me}          | the password of me at shop is needed, and there is no terminal to ask on | give it with --password-file or --password-env, or in the configuration file
            {uri: 'http://a:1'}                         | deployment shop has a wrong uri: the address of a deployment starts with redis:// or rediss://, or with valkey:// or valkeys:// |
            """)
    void saysWhatIsWrongWithADeployment(String deployment, String error, String hint) throws IOException {
        configure(deployment);
        AmbrotypeException thrown = catchThrowableOfType(
                AmbrotypeException.class,
                () -> Deployment.resolve("shop", NOTHING, Run.in(dir).context()));
        assertThat(thrown).hasMessage(error);
        assertThat(thrown.code()).isEqualTo(ErrorCode.USAGE);
        assertThat(thrown.hint().orElse(null)).isEqualTo(hint);
    }

    @Test
    void saysWhichDeploymentsThereAre() throws IOException {
        AmbrotypeException none = catchThrowableOfType(
                AmbrotypeException.class,
                () -> Deployment.resolve("shop", NOTHING, Run.in(dir).context()));
        assertThat(none).hasMessage("there is no deployment 'shop', because there is no configuration file");
        assertThat(none.hint()).contains("name its address: redis://host:port[,host:port...]");

        configure("{uri: 'redis://a:1'}");
        AmbrotypeException misspelt = catchThrowableOfType(
                AmbrotypeException.class,
                () -> Deployment.resolve("shpo", NOTHING, Run.in(dir).context()));
        assertThat(misspelt).hasMessage("there is no deployment 'shpo' in " + dir.resolve("ambrotype.yaml"));
        assertThat(misspelt.hint()).contains("did you mean 'shop'?");

        AmbrotypeException secret = catchThrowableOfType(
                AmbrotypeException.class,
                () -> Deployment.resolve(
                        "user:s3cret@host:1", NOTHING, Run.in(dir).context()));
        assertThat(secret).hasMessage("there is no deployment in " + dir.resolve("ambrotype.yaml"));
        assertThat(secret.hint()).contains("there are shop; or name an address: redis://host:port");
    }

    @Test
    void refusesPasswordFilesWithoutAPassword() throws IOException {
        Path empty = secretFile("empty", "\nx\n");
        for (Path file : java.util.List.of(empty, dir.resolve("none"))) {
            Access access = new Access(null, null, file, null, false, null, null, null, null);
            AmbrotypeException thrown = catchThrowableOfType(
                    AmbrotypeException.class,
                    () -> Deployment.resolve("redis://a:1", access, Run.in(dir).context()));
            assertThat(thrown)
                    .hasMessage("the password file " + file
                            + (file.equals(empty)
                                    ? " of a:1 has no password in its first line"
                                    : " of a:1 cannot be read: '" + file + "' does not exist"));
        }
    }
}
