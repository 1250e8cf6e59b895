package io.ambrotype.topology;

import static org.assertj.core.api.Assertions.assertThat;

import io.ambrotype.common.AmbrotypeException;
import io.ambrotype.common.HostAndPort;
import io.ambrotype.mutation.Allocations;
import io.ambrotype.mutation.Mutator;
import io.ambrotype.mutation.Trials;
import io.ambrotype.resp.ConnectionSettings;
import io.ambrotype.resp.RespConnection;
import io.ambrotype.servers.Corpus;
import io.ambrotype.servers.MutatedServer;
import io.ambrotype.topology.TopologyReader.Attempt;
import io.ambrotype.topology.TopologyReader.Sighting;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What a server says is damaged or means harm: whoever asks gets an answer, or an error that names the server. */
class MutatedRepliesTest {
    private static final ConnectionSettings SETTINGS = ConnectionSettings.defaults();
    private static final long BUDGET = 16 << 20;
    private static final String[] WORDS = {
        "\r\n",
        ",",
        ":",
        "=",
        "-",
        "@",
        "master",
        "slave",
        "0-16383",
        "myself",
        "fail?",
        "127.0.0.1",
        "name=sentinel-0123abcd-cmd",
        "*0\r\n"
    };

    private final MutatedServer server = new MutatedServer();

    @AfterEach
    void end() {
        server.close();
    }

    private void damage(String replies, List<String> commands, int rounds, Consumer<HostAndPort> asker) {
        Map<String, byte[]> answers = Corpus.replies(replies);
        for (String command : commands) {
            byte[] reply = answers.get(command);
            if (reply == null) {
                continue;
            }
            Mutator mutator = new Mutator(Trials.seed(command.hashCode()), List.of(reply), WORDS);
            long count = Long.getLong("ambrotype.test.mutations", rounds);
            for (long round = 0; round < count; round++) {
                server.play(answers, command, mutator);
                try {
                    long allocated = Allocations.of(() -> asker.accept(server.address()));
                    assertThat(allocated).isLessThan(BUDGET);
                } catch (AmbrotypeException e) {
                    assertThat(e.getMessage())
                            .as(server.described())
                            .contains("127.0.0.1:")
                            .hasSizeLessThan(1000);
                } catch (RuntimeException | AssertionError e) {
                    throw new AssertionError(replies + ", round " + round + ", " + server.described() + ": " + e, e);
                }
            }
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"cluster-redis-5.0.5", "cluster-valkey-9.1.2", "replica-redis-7.2.6"})
    void ofANode(String node) {
        damage(node, List.of("PING", "INFO", "CLUSTER NODES", "CLUSTER INFO"), 60, MutatedRepliesTest::assemble);
    }

    /** From what one server says alone; where it leads to is not followed. */
    private static void assemble(HostAndPort address) {
        NodeState state = NodeState.read(address, SETTINGS);
        state.keys();
        state.usedMemory();
        Map<HostAndPort, Attempt> attempts = new LinkedHashMap<>();
        attempts.put(address, new Attempt.Reached(state));
        Sighting sighting = new Sighting(List.of(address), attempts);
        Topology topology;
        if (state.isCluster()) {
            ClusterAssembly.unasked(sighting, true);
            topology = new ClusterAssembly(sighting, false).topology();
        } else {
            StandaloneAssembly.unasked(sighting);
            topology = new StandaloneAssembly(sighting, true).topology();
        }
        assertThat(topology.nodes()).isNotEmpty();
        assertThat(topology.problems()).allMatch(problem -> !problem.toString().isEmpty());
    }

    @ParameterizedTest
    @ValueSource(strings = {"cluster-redis-5.0.5", "cluster-redis-7.2.6"})
    void ofANodesConfiguration(String node) {
        damage(node, List.of("CONFIG GET *", "ACL USERS"), 60, address -> {
            try (RespConnection connection = RespConnection.open(address, SETTINGS)) {
                NodeConfiguration.read(connection).clusterConfigFile();
            }
        });
    }

    @Test
    void ofASentinel() {
        SentinelReader reader = new SentinelReader(SETTINGS);
        damage(
                "sentinel-redis-7.0.15",
                List.of(
                        "INFO",
                        "SENTINEL MASTERS",
                        "SENTINEL MASTER shop",
                        "SENTINEL REPLICAS shop",
                        "SENTINEL SENTINELS shop"),
                60,
                address -> {
                    reader.isSentinel(address);
                    SentinelSet.Sentinel seen = reader.ask(address, "shop");
                    assertThat(seen.view().isPresent())
                            .isNotEqualTo(seen.failure().isPresent());
                    reader.masterName(address);
                });
    }

    @Test
    void ofAMasterThatSentinelsWatch() {
        SentinelReader reader = new SentinelReader(SETTINGS);
        damage(
                "watched-redis-7.0.15",
                List.of("CLIENT LIST", "SUBSCRIBE __sentinel__:hello"),
                60,
                address -> reader.listen(address)
                        .ifPresent(heard -> assertThat(heard.masterName()).isNotEmpty()));
    }
}
