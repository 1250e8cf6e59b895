package io.ambrotype.it;

import static org.assertj.core.api.Assertions.assertThat;

import io.ambrotype.lab.Keyspace;
import io.ambrotype.lab.Keyspace.Feature;
import io.ambrotype.lab.LabCluster;
import io.ambrotype.lab.LabStop;
import io.ambrotype.lab.RedisServer;
import io.ambrotype.lab.ServerBinary;
import io.ambrotype.lab.StartOrder;
import io.ambrotype.resp.RespConnection;
import io.ambrotype.resp.RespErrorException;
import io.ambrotype.resp.RespReply;
import io.ambrotype.resp.ServerVersion.Vendor;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** The generated keyspace is what it claims to be, and the ground truth sees every part of it. */
class KeyspaceTest {
    @RegisterExtension
    final Labs labs = new Labs();

    @EachServer
    void itHasEveryEncodingAndSurvivesARestartAsItIs(ServerBinary server) {
        LabCluster lab = labs.standalone(server, 1, "maxmemory-policy allkeys-lfu", "databases 3");
        RedisServer master = lab.servers().getFirst();
        Instant now = Instant.now();

        Keyspace.Report report =
                Keyspace.of(7).inDatabases(3).withFiller(1000).write(master.address(), master.settings(), now);

        assertThat(report.features()).isEqualTo(expectedFeatures(server));
        assertThat(encodings(master)).containsAll(expectedEncodings(server));
        GroundTruth truth = GroundTruth.of(lab);
        assertThat(truth.entries().keySet())
                .extracting(GroundTruth.Key::database)
                .contains(0, 1, 2);
        assertThat(truth.entries().values())
                .filteredOn(entry -> entry.expireAtMillis() >= 0)
                .hasSizeGreaterThan(100);
        assertThat(truth.functions()).hasSize(report.features().contains(Feature.FUNCTIONS) ? 2 : 0);
        lab.awaitWhole(Labs.patience());
        assertThat(synced(master)).isTrue();
        assertThat(truth.differencesTo(GroundTruth.of(List.of(lab.servers().get(1))), now))
                .isEmpty();

        assertThat(new LabStop(lab.dir(), true).run().complete()).isTrue();
        LabCluster again =
                labs.ended(LabCluster.resume(lab.dir(), Optional.empty(), List.of(), StartOrder.MASTERS_FIRST));
        assertThat(truth.differencesTo(GroundTruth.of(again), now)).isEmpty();
    }

    @OldestAndNewest
    void itSpreadsOverAClusterAndTheGroundTruthSeesEachChange(ServerBinary server) {
        LabCluster lab = labs.cluster(server, 3, 0);
        RedisServer any = lab.servers().getLast();
        Instant now = Instant.now();

        Keyspace.of(7).write(any.address(), any.settings(), now);

        assertThat(lab.masters()).allSatisfy(master -> {
            try (RespConnection connection = master.connect()) {
                assertThat(connection.integer("DBSIZE")).isGreaterThan(50);
            }
        });
        GroundTruth truth = GroundTruth.of(lab);
        assertThat(truth.differencesTo(GroundTruth.of(lab), now)).isEmpty();
        List<List<String>> changes = new ArrayList<>(List.of(
                List.of("LSET", "list:large", "4000", "x"),
                List.of("XACK", "stream:large", "readers", "1700000000060-1"),
                List.of("XGROUP", "SETID", "stream:empty", "waiting", "1-1"),
                List.of("PEXPIREAT", "expiry:0:zset", "253402300798000"),
                List.of("PERSIST", "expiry:1:hash"),
                List.of("DEL", "string:bitmap"),
                List.of("ZADD", "zset:large", "0.25", "member 7"),
                List.of("SET", "string:new", "1")));
        if (expectedFeatures(server).contains(Feature.FIELD_EXPIRY)) {
            changes.add(List.of("HPERSIST", "hash:expiring:1000", "FIELDS", "1", "field 3"));
        }
        for (List<String> change : changes) {
            change(lab, change.toArray(new String[0]));
        }
        assertThat(truth.differencesTo(GroundTruth.of(lab), now)).hasSameSizeAs(changes);
    }

    @Test
    void bigValuesAreAsBigAsAsked() {
        RedisServer server = labs.server(ServersUnderTest.any());
        Keyspace.of(1).withBig(3 << 20, 10 << 20).write(server.address(), server.settings(), Instant.now());
        try (RespConnection connection = server.connect()) {
            assertThat(connection.integer("STRLEN", "big:string")).isEqualTo(3 << 20);
            assertThat(connection.integer("HLEN", "big:hash")).isEqualTo((10 << 20) / 4110);
            assertThat(connection.integer("HSTRLEN", "big:hash", "field:00002000"))
                    .isEqualTo(4096);
        }
    }

    private static Set<Feature> expectedFeatures(ServerBinary server) {
        Set<Feature> features = new TreeSet<>();
        boolean valkey = server.version().vendor() == Vendor.VALKEY;
        if (valkey || server.version().isAtLeast(Vendor.REDIS, 7, 0)) {
            features.addAll(Set.of(Feature.FUNCTIONS, Feature.PLAIN_LIST_NODES));
        }
        if (server.version().isAtLeast(Vendor.REDIS, 7, 4) || server.version().isAtLeast(Vendor.VALKEY, 9, 0)) {
            features.add(Feature.FIELD_EXPIRY);
        }
        if (server.version().isAtLeast(Vendor.REDIS, 8, 0)) {
            features.add(Feature.VECTOR_SETS);
        }
        return features;
    }

    private static Set<String> expectedEncodings(ServerBinary server) {
        Set<String> encodings = new TreeSet<>(Set.of(
                "string int",
                "string embstr",
                "string raw",
                "list quicklist",
                "set intset",
                "set hashtable",
                "hash hashtable",
                "zset skiplist"));
        boolean valkey = server.version().vendor() == Vendor.VALKEY;
        // Redis 5.0 has no name for it.
        encodings.add(valkey || server.version().isAtLeast(Vendor.REDIS, 6, 0) ? "stream stream" : "stream unknown");
        String packed = valkey || server.version().isAtLeast(Vendor.REDIS, 7, 0) ? "listpack" : "ziplist";
        encodings.addAll(Set.of("hash " + packed, "zset " + packed));
        if (valkey || server.version().isAtLeast(Vendor.REDIS, 7, 2)) {
            encodings.addAll(Set.of("list listpack", "set listpack"));
        }
        if (server.version().isAtLeast(Vendor.REDIS, 7, 4)) {
            encodings.add("hash listpackex");
        }
        return encodings;
    }

    private static Set<String> encodings(RedisServer server) {
        Set<String> encodings = new TreeSet<>();
        try (RespConnection connection = server.connect()) {
            for (RespReply key : connection.array("KEYS", "*")) {
                String type = connection.call(bytes("TYPE"), key.bytes()).text();
                encodings.add(type + " "
                        + connection
                                .call(bytes("OBJECT"), bytes("ENCODING"), key.bytes())
                                .text());
            }
        }
        return encodings;
    }

    private static boolean synced(RedisServer master) {
        try (RespConnection connection = master.connect()) {
            connection.call("SET", "barrier", "1");
            boolean synced = connection.integer("WAIT", "1", "10000") == 1;
            connection.call("DEL", "barrier");
            return synced && connection.integer("WAIT", "1", "10000") == 1;
        }
    }

    private static void change(LabCluster lab, String... command) {
        for (RedisServer master : lab.masters()) {
            try (RespConnection connection = master.connect()) {
                connection.call(command);
                return;
            } catch (RespErrorException e) {
                assertThat(e.prefix()).isEqualTo("MOVED");
            }
        }
        throw new AssertionError("no master took " + command[0]);
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }
}
