package io.ambrotype.rdb;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.HashSet;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;

class RdbVersionTest {
    @Test
    void magicsAreReadAndPrinted() {
        assertThat(RdbVersion.parse("REDIS0011")).contains(RdbVersion.REDIS_11);
        assertThat(RdbVersion.parse("VALKEY080")).contains(RdbVersion.VALKEY_80);
        assertThat(RdbVersion.REDIS_9).hasToString("REDIS0009");
        assertThat(RdbVersion.VALKEY_80).hasToString("VALKEY080");
        assertThat(Bytes.latin(RdbVersion.REDIS_12.magic())).isEqualTo("REDIS0012");
    }

    @Test
    void whatIsNoMagicIsNone() {
        for (String text : new String[] {
            "REDIS001",
            "REDIS00111",
            "REDIS001x",
            "REDIS001/",
            "REDIS0080",
            "REDIS0000",
            "VALKEY011",
            "VALKEY08x",
            "RODIS0011",
            ""
        }) {
            assertThat(RdbVersion.parse(text)).as(text).isEqualTo(Optional.empty());
        }
        assertThatThrownBy(() -> new RdbVersion(RdbDialect.VALKEY, 11)).hasMessage("RDB version 11 is none of VALKEY");
    }

    @Test
    void supportedVersions() {
        assertThat(new RdbVersion(RdbDialect.REDIS, 5).isSupported()).isTrue();
        assertThat(RdbVersion.REDIS_12.isSupported()).isTrue();
        assertThat(RdbVersion.VALKEY_80.isSupported()).isTrue();
        assertThat(new RdbVersion(RdbDialect.REDIS, 4).isSupported()).isFalse();
        assertThat(new RdbVersion(RdbDialect.REDIS, 13).isSupported()).isFalse();
        assertThat(new RdbVersion(RdbDialect.VALKEY, 81).isSupported()).isFalse();
    }

    @Test
    void typesDependOnTheDialect() {
        assertThat(ValueType.of(RdbDialect.REDIS, 22)).isEqualTo(ValueType.HASH_METADATA_PRE_GA);
        assertThat(ValueType.of(RdbDialect.VALKEY, 22)).isEqualTo(ValueType.HASH_2);
        assertThat(ValueType.of(RdbDialect.VALKEY, 24)).isNull();
        assertThat(ValueType.of(RdbDialect.REDIS, 6)).isNull();
        assertThat(ValueType.of(RdbDialect.REDIS, 8)).isNull();
        assertThat(ValueType.of(RdbDialect.REDIS, 26)).isNull();
        assertThat(ValueType.of(RdbDialect.REDIS, -1)).isNull();
    }

    @Test
    void versionsHoldTypes() {
        assertThat(ValueType.STRING.isHeldBy(RdbVersion.REDIS_9)).isTrue();
        assertThat(ValueType.SET_LISTPACK.isHeldBy(RdbVersion.REDIS_10)).isFalse();
        assertThat(ValueType.SET_LISTPACK.isHeldBy(RdbVersion.REDIS_11)).isTrue();
        assertThat(ValueType.SET_LISTPACK.isHeldBy(RdbVersion.VALKEY_80)).isTrue();
        assertThat(ValueType.HASH_METADATA.isHeldBy(RdbVersion.REDIS_12)).isTrue();
        assertThat(ValueType.HASH_METADATA.isHeldBy(RdbVersion.VALKEY_80)).isFalse();
        assertThat(ValueType.HASH_2.isHeldBy(RdbVersion.REDIS_12)).isFalse();
        assertThat(ValueType.HASH_2.minimumVersion()).isEqualTo(RdbVersion.VALKEY_80);
        assertThat(ValueType.LIST_QUICKLIST.minimumVersion()).hasToString("REDIS0007");
    }

    @Test
    void kindsHaveTheNamesOfTheTypeCommand() {
        Set<String> names = new HashSet<>();
        for (ValueKind kind : ValueKind.values()) {
            names.add(kind.typeName());
        }
        assertThat(names).containsExactlyInAnyOrder("string", "list", "set", "zset", "hash", "stream", "module");
    }
}
