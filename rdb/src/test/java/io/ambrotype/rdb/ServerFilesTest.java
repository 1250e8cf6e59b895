package io.ambrotype.rdb;

import static org.assertj.core.api.Assertions.assertThat;

import io.ambrotype.rdb.Plain.Hash;
import java.io.IOException;
import java.io.InputStream;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Small files saved by real servers, see README.md beside them. */
class ServerFilesTest {
    static byte[] file(String name) throws IOException {
        try (InputStream in = Objects.requireNonNull(ServerFilesTest.class.getResourceAsStream(name + ".rdb"), name)) {
            return in.readAllBytes();
        }
    }

    @ParameterizedTest
    @CsvSource({
        "redis-6.0.16, REDIS0009, 4",
        "redis-6.2.11, REDIS0009, 4",
        "redis-7.0.15, REDIS0010, 4",
        "valkey-8.1.1, REDIS0011, 4",
        "redis-8.0.2, REDIS0012, 6",
        "valkey-9.1.2, VALKEY080, 6"
    })
    void everyServersFileMeansTheSame(String name, String version, int hashes) throws IOException {
        byte[] reference = file("redis-7.0.15");
        RdbReader reader = Rdb.open(file(name));
        assertThat(reader.version()).hasToString(version);
        Map<String, Object> entries = Rdb.decode(reader);
        assertThat(reader.checksum()).isEqualTo(ChecksumVerdict.VERIFIED);
        assertThat(entries.values().stream().filter(Hash.class::isInstance)).hasSize(hashes);

        Map<String, Long> expected = new TreeMap<>(Rdb.fingerprints(Rdb.open(reference), 0));
        Map<String, Long> fingerprints = new TreeMap<>(Rdb.fingerprints(Rdb.open(file(name)), 0));
        fingerprints.keySet().removeIf(key -> key.startsWith("0/hash:ttl"));
        assertThat(fingerprints).isEqualTo(expected);
    }

    @Test
    void hashFieldExpiryIsTheSameInBothDialects() throws IOException {
        Map<String, Object> redis = Rdb.decode(file("redis-8.0.2"));
        Map<String, Object> valkey = Rdb.decode(file("valkey-9.1.2"));
        assertThat(redis.get("0/hash:ttl"))
                .isEqualTo(valkey.get("0/hash:ttl"))
                .isEqualTo(new Hash(
                        Map.of("f", "v", "g", "w", "h", "12"), Map.of("f", Keyspace.FAR, "h", Keyspace.FAR + 5)));
        assertThat(redis.get("0/hash:ttl:large")).isEqualTo(valkey.get("0/hash:ttl:large"));
        assertThat(Rdb.fingerprints(Rdb.open(file("redis-8.0.2")), 0))
                .containsExactlyInAnyOrderEntriesOf(Rdb.fingerprints(Rdb.open(file("valkey-9.1.2")), 0));
    }

    @Test
    void vectorSetsAreEqualInAnyOrderOfTheirElements() throws IOException {
        Map<String, Long> saved = Rdb.fingerprints(Rdb.open(file("redis-8.0.6-vectors")), 0);
        assertThat(saved).hasSize(5);
        assertThat(Rdb.fingerprints(Rdb.open(file("redis-8.0.6-vectors-reloaded")), 0))
                .isEqualTo(saved);

        Map<String, Long> changed = Rdb.fingerprints(Rdb.open(file("redis-8.0.6-vectors-changed")), 0);
        assertThat(changed).hasSize(5);
        assertThat(saved.keySet()).allSatisfy(key -> {
            if (key.equals("0/vs:plain")) {
                assertThat(changed.get(key)).isNotEqualTo(saved.get(key));
            } else {
                assertThat(changed.get(key)).isEqualTo(saved.get(key));
            }
        });
    }

    @ParameterizedTest
    @CsvSource({"redis-8.0.2-cluster", "valkey-9.1.2-cluster"})
    void clusterNodesDescribeTheirSlots(String name) throws IOException {
        RdbReader reader = Rdb.open(file(name));
        int described = 0;
        RdbStatistics statistics = new RdbStatistics();
        for (RecordKind kind = reader.next(); kind != RecordKind.END; kind = reader.next()) {
            if (kind == RecordKind.SLOT_INFO
                    || (kind == RecordKind.AUX && reader.auxName().equals("slot-info"))) {
                described++;
            } else if (kind == RecordKind.ENTRY) {
                statistics.add(reader);
            }
        }
        assertThat(described).isEqualTo(7);
        assertThat(statistics.total().entries()).isEqualTo(7);
        assertThat(statistics.total().expiring()).isEqualTo(1);
        assertThat(statistics.earliestExpiry()).isEqualTo(Keyspace.FAR);
        assertThat(Rdb.decode(file(name)).get("0/key:h"))
                .isEqualTo(new Hash(Map.of("f", "v", "g", "w"), Map.of("f", Keyspace.FAR)));
    }
}
