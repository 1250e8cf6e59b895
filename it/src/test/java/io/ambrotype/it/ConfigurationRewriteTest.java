package io.ambrotype.it;

import static org.assertj.core.api.Assertions.assertThat;

import io.ambrotype.host.ConfigurationRewrite;
import io.ambrotype.host.KeptConfiguration;
import io.ambrotype.lab.LabCluster;
import io.ambrotype.lab.LabSpec;
import io.ambrotype.lab.RedisServer;
import io.ambrotype.lab.ServerBinary;
import io.ambrotype.resp.RespConnection;
import io.ambrotype.resp.ServerInfo;
import io.ambrotype.resp.ServerVersion;
import io.ambrotype.resp.ServerVersion.Vendor;
import io.ambrotype.topology.NodeId;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Configuration files that servers cannot be trusted to write: none is left with which its server does not start. */
class ConfigurationRewriteTest {
    private static final String LONG_COMMENT = "# " + "why this is so ".repeat(100);

    @RegisterExtension
    final Labs labs = new Labs();

    /** A password with a blank, users with quotes and users in an included file, a long line: one after the other. */
    @EachServer
    void everyFileThatIsLeftStartsTheServer(ServerBinary binary) throws IOException {
        RedisServer server = withPassword(binary);
        ServerVersion version = version(server);
        boolean redis = version.vendor() == Vendor.REDIS;
        boolean before62 = redis && !version.isAtLeast(Vendor.REDIS, 6, 2);
        boolean hasUsers = !redis || version.isAtLeast(Vendor.REDIS, 6, 0);
        boolean modern = !redis || version.isAtLeast(Vendor.REDIS, 7, 0);

        judged(server, before62 && hasUsers, "writes requirepass without quotes");
        server = withoutPassword(binary);
        String start = Files.readString(server.configurationFile());

        configure(server, start + "\n" + LONG_COMMENT + "\n");
        judged(server, redis && !modern, "has more than 1024 bytes");
        if (hasUsers) {
            Path users = Files.writeString(labs.folder().resolve("users.conf"), "user alice on nopass ~* +get\n");
            configure(server, start + "\ninclude " + users + "\n");
            restarted(server);
            judged(server, modern, "user stands in " + users);
            configure(server, start);
            restarted(server);
            try (RespConnection connection = server.connect()) {
                connection.call("ACL", "SETUSER", "bob", "on", "nopass", "~it's", "+get");
            }
            judged(server, true, "with the rules of user bob it would not start again");
        }
        Files.delete(server.configurationFile());
        judged(server, true, "is not there any more");
    }

    private RedisServer withPassword(ServerBinary binary) {
        LabSpec spec = LabSpec.standalone(labs.folder().resolve("locked"), binary, 0, Labs.freePorts(1));
        return labs.ended(LabCluster.create(spec.with("save \"\"").withPassword("open sesame")))
                .servers()
                .getFirst();
    }

    private RedisServer withoutPassword(ServerBinary binary) {
        return labs.server(binary);
    }

    /** It is refused and nothing has changed, or done; in both cases the server starts with what is there. */
    private static void judged(RedisServer server, boolean refused, String reason) throws IOException {
        Path file = server.configurationFile();
        Optional<String> before = Files.exists(file) ? Optional.of(Files.readString(file)) : Optional.empty();
        Optional<String> said = rewritten(server);
        if (refused) {
            assertThat(said).get().asString().contains(reason).doesNotContain("sesame");
            assertThat(Files.exists(file) ? Optional.of(Files.readString(file)) : Optional.empty())
                    .isEqualTo(before);
        } else {
            assertThat(said).isEmpty();
        }
        if (before.isPresent()) {
            restarted(server);
        }
        assertThat(file.resolveSibling("." + file.getFileName() + ".ambrotype-former"))
                .doesNotExist();
    }

    /** The included file has the last word: what the server writes means something else than it runs with. */
    @Test
    void aFileThatSaysSomethingElseIsPutBack() throws IOException {
        RedisServer server = labs.server(ServersUnderTest.any());
        Path included = Files.writeString(labs.folder().resolve("more.conf"), "appendonly yes\n");
        String text = Files.readString(server.configurationFile()) + "\ninclude " + included + "\n";
        configure(server, text);

        assertThat(rewritten(server))
                .get()
                .asString()
                .contains("is not what it runs with (appendonly is yes in " + included + ", line 1")
                .contains("the former content was put back");
        assertThat(server.configurationFile()).hasContent(text);
    }

    /** From 6.0.9 on servers write a new file, readable for all, in the place of the old one. */
    @Test
    void ownerPermissionsAndLinksAreKept() throws IOException {
        RedisServer server = labs.server(ServersUnderTest.any());
        Path name = server.configurationFile();
        configure(server, Files.readString(name) + "\nrepl-backlog-size 2097152\n");
        restarted(server);
        Path real = labs.folder().resolve("the-file.conf");
        Files.move(name, real);
        Files.createSymbolicLink(name, real);
        Files.setPosixFilePermissions(real, PosixFilePermissions.fromString("rw-------"));

        assertThat(rewritten(server)).isEmpty();

        assertThat(name).isSymbolicLink();
        assertThat(Files.readSymbolicLink(name)).isEqualTo(real);
        assertThat(Files.readString(real)).contains("repl-backlog-size 2mb");
        assertThat(Files.getPosixFilePermissions(real)).isEqualTo(PosixFilePermissions.fromString("rw-------"));
        restarted(server);
    }

    @Test
    void aKeptFileIsPutBackOnlyWhereItSaysTheSame() throws IOException {
        RedisServer server = labs.server(ServersUnderTest.any());
        String text = "# ours\n" + Files.readString(server.configurationFile());
        configure(server, text);
        for (boolean changed : List.of(false, true)) {
            try (RespConnection connection = server.connect()) {
                KeptConfiguration kept =
                        KeptConfiguration.keep(server.address(), connection).orElseThrow();
                if (changed) {
                    connection.call("CONFIG", "SET", "hz", "42");
                }
                assertThat(rewritten(server)).isEmpty();
                assertThat(server.configurationFile()).content().isNotEqualTo(text);

                Optional<String> difference =
                        kept.putBack(server.address(), NodeId.ofAddress(server.address()), connection);

                assertThat(kept.copy()).doesNotExist();
                if (changed) {
                    assertThat(difference).get().asString().contains("hz is set, of which the file said nothing");
                    assertThat(server.configurationFile()).content().contains("hz 42");
                } else {
                    assertThat(difference).isEmpty();
                    assertThat(server.configurationFile()).hasContent(text);
                }
                assertThat(kept.putBack(server.address(), NodeId.ofAddress(server.address()), connection))
                        .isEmpty();
            }
        }
    }

    private static Optional<String> rewritten(RedisServer server) {
        try (RespConnection connection = server.connect()) {
            return ConfigurationRewrite.run(server.address(), NodeId.ofAddress(server.address()), connection);
        }
    }

    private static void configure(RedisServer server, String text) throws IOException {
        Files.writeString(server.configurationFile(), text);
    }

    private static void restarted(RedisServer server) {
        server.shutdownWithoutSave();
        server.start();
        server.awaitReady(Labs.patience());
    }

    private static ServerVersion version(RedisServer server) {
        try (RespConnection connection = server.connect()) {
            return ServerInfo.read(connection, "server").version();
        }
    }
}
