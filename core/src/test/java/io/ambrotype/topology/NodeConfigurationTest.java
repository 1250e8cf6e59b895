package io.ambrotype.topology;

import static org.assertj.core.api.Assertions.assertThat;

import io.ambrotype.common.HostAndPort;
import io.ambrotype.common.Secret;
import io.ambrotype.resp.ConnectionSettings;
import io.ambrotype.resp.Credentials;
import io.ambrotype.resp.RespConnection;
import io.ambrotype.servers.TestServer;
import io.ambrotype.servers.TestServer.Binary;
import io.ambrotype.topology.NodeInventory.FunctionLibrary;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What real servers tell of their settings, functions and modules. */
class NodeConfigurationTest {
    private static final int PORT = TestCluster.FIRST_PORT + 70;

    @TempDir
    Path dir;

    @ParameterizedTest
    @EnumSource(Binary.class)
    void keepsSettingsAndWithholdsSecrets(Binary binary) {
        try (TestServer _ = start(
                        binary,
                        "--requirepass",
                        "s3cret",
                        "--masterauth",
                        "m4ster",
                        "--masteruser",
                        "replicator",
                        "--maxmemory",
                        "123mb");
                RespConnection connection = connect("default", "s3cret")) {
            connection.call("ACL", "SETUSER", "app", "on", ">app-s3cret", "~app:*", "+get");
            NodeConfiguration configuration = NodeConfiguration.read(connection);
            assertThat(configuration.unavailable()).isEmpty();
            assertThat(configuration.withheld()).containsExactly("masterauth", "requirepass");
            assertThat(configuration.value("masteruser")).contains("replicator");
            assertThat(configuration.value("maxmemory")).contains("128974848");
            assertThat(configuration.value("requirepass")).isEmpty();
            assertThat(configuration.aclUsers().orElseThrow()).containsExactlyInAnyOrder("app", "default");
            assertThat(configuration.values().values())
                    .noneMatch(value -> value.contains("s3cret") || value.contains("m4ster"));
            assertThat(configuration.clusterConfigFile())
                    .isEqualTo(binary == Binary.REDIS_7_0 ? Optional.of("nodes.conf") : Optional.empty());
        }
    }

    @Test
    void keepsThatNothingIsSet() {
        try (TestServer _ = start(Binary.REDIS_7_0);
                RespConnection connection = connect("default", "")) {
            NodeConfiguration configuration = NodeConfiguration.read(connection);
            assertThat(configuration.withheld()).isEmpty();
            assertThat(configuration.value("requirepass")).contains("");
        }
    }

    @Test
    void saysWhyThereIsNothing() {
        try (TestServer _ = start(Binary.REDIS_7_0, "--rename-command", "CONFIG", "");
                RespConnection connection = connect("default", "")) {
            NodeConfiguration renamed = NodeConfiguration.read(connection);
            assertThat(renamed.values()).isEmpty();
            assertThat(renamed.unavailable().orElseThrow())
                    .startsWith(address() + " refused CONFIG: ERR unknown command");
            connection.call("ACL", "SETUSER", "app", "on", ">p", "~*", "+get", "+ping");
            try (RespConnection poor = connect("app", "p")) {
                NodeConfiguration forbidden = NodeConfiguration.read(poor);
                assertThat(forbidden.aclUsers()).isEmpty();
                assertThat(forbidden.unavailable()).isPresent();
                assertThat(forbidden.clusterConfigFile()).isEmpty();
                NodeInventory inventory = NodeInventory.read(poor);
                assertThat(inventory.functions()).isEmpty();
                assertThat(inventory.modules()).isEmpty();
            }
        }
    }

    @ParameterizedTest
    @EnumSource(Binary.class)
    void listsFunctionsAndModules(Binary binary) {
        try (TestServer _ = start(binary);
                RespConnection connection = connect("default", "")) {
            if (binary == Binary.REDIS_7_0) {
                connection.call(
                        "FUNCTION",
                        "LOAD",
                        "#!lua name=mylib\nredis.register_function('one', function() return 1 end)\n"
                                + "redis.register_function('two', function() return 2 end)");
            }
            NodeInventory inventory = NodeInventory.read(connection);
            assertThat(inventory.modules()).contains(List.of());
            if (binary == Binary.REDIS_7_0) {
                assertThat(inventory.functions().orElseThrow()).singleElement().satisfies(library -> {
                    assertThat(library).extracting(FunctionLibrary::name).isEqualTo("mylib");
                    assertThat(library.engine()).isEqualTo("LUA");
                    assertThat(library.functions()).containsExactlyInAnyOrder("one", "two");
                });
            } else {
                assertThat(inventory.functions()).isEmpty();
            }
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "requirepass",
                "masterauth",
                "primaryauth",
                "tls-key-file-pass",
                "tls-client-key-file-pass",
                "sentinel-pass",
                "ldap.bind-passwd",
                "mod.AUTH_TOKEN",
                "mod.client-secret",
                "mod.bind_pwd",
                "mod.api-key",
                "mod.private-key"
            })
    void knowsSecretsByName(String name) {
        assertThat(NodeConfiguration.isSecret(name)).isTrue();
    }

    @ParameterizedTest
    @ValueSource(strings = {"masteruser", "primaryuser", "tls-auth-clients", "tls-key-file", "aclfile", "maxmemory"})
    void knowsWhatIsNone(String name) {
        assertThat(NodeConfiguration.isSecret(name)).isFalse();
    }

    private TestServer start(Binary binary, String... options) {
        List<String> all = new ArrayList<>(List.of("--port", Integer.toString(PORT)));
        all.addAll(List.of(options));
        return TestServer.start(binary, dir, all.toArray(String[]::new));
    }

    private static HostAndPort address() {
        return new HostAndPort("127.0.0.1", PORT);
    }

    private static RespConnection connect(String user, String password) {
        return RespConnection.open(
                address(),
                ConnectionSettings.defaults()
                        .withCredentials(password.isEmpty() ? null : new Credentials(user, Secret.of(password))));
    }
}
