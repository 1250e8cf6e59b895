package io.ambrotype.resp;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.ambrotype.common.AmbrotypeException;
import io.ambrotype.resp.ServerVersion.Vendor;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ServerInfoTest {
    private static final String VALKEY = """
            # Server\r
            redis_version:7.2.4\r
            server_name:valkey\r
            valkey_version:8.0.1\r
            config_file:/etc/valkey:1/valkey.conf\r
            \r
            # Replication\r
            role:master\r
            slave0:ip=10.0.0.1,port=7000,state=online,offset=42,lag=0\r
            master_repl_offset:42\r
            loading:0\r
            master_link_status:up\r
            # Keyspace\r
            """;

    @Test
    void readsSectionsAndFields() {
        ServerInfo info = ServerInfo.parse(VALKEY);

        assertThat(info.sections()).containsOnlyKeys("server", "replication");
        assertThat(info.value("config_file")).hasValue("/etc/valkey:1/valkey.conf");
        assertThat(info.value("nothing")).isEmpty();
        assertThat(info.number("master_repl_offset")).hasValue(42);
        assertThat(info.number("role")).isEmpty();
        assertThat(info.number("nothing")).isEmpty();
        assertThat(info.is("loading")).isFalse();
        assertThat(info.is("master_link_status")).isTrue();
        assertThat(ServerInfo.parts(info.require("slave0")))
                .containsEntry("ip", "10.0.0.1")
                .containsEntry("lag", "0");
        assertThat(ServerInfo.parts("no parts,=here")).isEmpty();
        assertThatThrownBy(() -> info.require("nothing"))
                .isInstanceOf(AmbrotypeException.class)
                .hasMessage("the server's INFO has no nothing");
    }

    @Test
    void passesOverWhatIsNeitherTitleNorField() {
        assertThat(ServerInfo.parse("no section:yet\n:no name\nnoise\n\n").sections())
                .isEqualTo(Map.of("", Map.of("no section", "yet")));
        assertThat(ServerInfo.parse("").sections()).isEmpty();
    }

    @Test
    void tellsTheVersionByTheVendorsOwnCount() {
        assertThat(ServerInfo.parse(VALKEY).version()).isEqualTo(new ServerVersion(Vendor.VALKEY, 8, 0, 1));
        assertThat(ServerInfo.parse("redis_version:7.0.15").version()).hasToString("Redis 7.0.15");
        assertThatThrownBy(() -> ServerInfo.parse("role:master").version())
                .isInstanceOf(AmbrotypeException.class)
                .hasMessageContaining("INFO tells no server version");
    }

    @ParameterizedTest
    @CsvSource({
        "7.0.15, 7.0.15",
        "8, 8.0.0",
        "8.1, 8.1.0",
        "8.0.0-rc1, 8.0.0",
        "7.9.240, 7.9.240",
        "255.255.255, 255.255.255"
    })
    void readsVersions(String text, String number) {
        assertThat(ServerVersion.parse(Vendor.REDIS, text).number()).isEqualTo(number);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "v7", "-1.0", "unknown", "99999999999.0"})
    void refusesWhatIsNoVersion(String text) {
        assertThatThrownBy(() -> ServerVersion.parse(Vendor.REDIS, text)).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void ordersVersionsWithinAVendor() {
        ServerVersion version = ServerVersion.parse(Vendor.REDIS, "7.0.15");
        assertThat(version)
                .isLessThan(ServerVersion.parse(Vendor.REDIS, "7.2.0"))
                .isGreaterThan(ServerVersion.parse(Vendor.REDIS, "7.0.9"));
        assertThat(version.isAtLeast(Vendor.REDIS, 7, 0)).isTrue();
        assertThat(version.isAtLeast(Vendor.REDIS, 6, 2)).isTrue();
        assertThat(version.isAtLeast(Vendor.REDIS, 7, 2)).isFalse();
        assertThat(version.isAtLeast(Vendor.REDIS, 8, 0)).isFalse();
        assertThat(version.isAtLeast(Vendor.VALKEY, 1, 0)).isFalse();
        assertThatThrownBy(() -> new ServerVersion(Vendor.REDIS, 7, -1, 0))
                .isInstanceOf(IllegalArgumentException.class);
    }
}
