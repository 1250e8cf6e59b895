package io.ambrotype.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.ambrotype.cli.CommandLineRun;
import io.ambrotype.lab.Keyspace;
import io.ambrotype.lab.LabCluster;
import io.ambrotype.lab.RedisServer;
import io.ambrotype.lab.ServerBinary;
import io.ambrotype.resp.ConnectionSettings;
import io.ambrotype.resp.RespConnection;
import io.ambrotype.resp.RespErrorException;
import io.ambrotype.topology.Shard;
import io.ambrotype.topology.Topology;
import io.ambrotype.topology.TopologyReader;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Empty servers that become replicas, and others that must not. */
class AddReplicaTest {
    @RegisterExtension
    final Labs labs = new Labs();

    @OldestAndNewest
    void anEmptyServerBecomesAReplicaOfTheMasterThatLacksOne(ServerBinary server) throws Exception {
        LabCluster lab = labs.cluster(server, 3, 0, "cluster-node-timeout 2000");
        RedisServer first = lab.servers().getFirst();
        Keyspace.of(16).write(first.address(), first.settings(), Instant.now());
        RedisServer newcomer = stranger(server);

        CommandLineRun added =
                add(lab, newcomer, "--of", lab.servers().get(2).address().toString());
        assertThat(added.status()).as(added.err()).isZero();
        assertThat(added.out())
                .startsWith(newcomer.address() + " is a replica of "
                        + lab.servers().get(2).address() + " and in sync, after ");
        CommandLineRun another = add(lab, stranger(server));
        assertThat(another.status()).as(another.err()).isZero();
        assertThat(another.err()).contains("it has no replica that answers");

        Topology topology = discover(lab);
        assertThat(topology.problems()).isEmpty();
        assertThat(topology.shards()).map(shard -> shard.replicas().size()).containsExactlyInAnyOrder(0, 1, 1);
        Shard shard = topology.shards().get(2);
        assertThat(shard.replicas().getFirst().address()).contains(newcomer.address());
        assertThat(shard.replicas().getFirst().state().orElseThrow().keys())
                .isEqualTo(shard.master().state().orElseThrow().keys())
                .isPositive();

        CommandLineRun again = add(lab, newcomer);
        assertThat(again.status()).isEqualTo(21);
        assertThat(again.err())
                .contains("error: " + newcomer.address() + " is a member already: a replica of "
                        + lab.servers().get(2).address());
    }

    @Test
    void refusesWhatHoldsDataOrBelongsElsewhere() throws Exception {
        ServerBinary server = ServersUnderTest.any();
        LabCluster lab = labs.cluster(server, 3, 0);

        RedisServer standalone = labs.server(server);
        refused(lab, standalone, " is not a cluster node (cluster-enabled no)");

        LabCluster other = labs.cluster(server, 3, 0);
        refused(lab, other.servers().getFirst(), " knows 2 other nodes: it belongs to another cluster");

        RedisServer filled = stranger(server);
        try (RespConnection connection = filled.connect()) {
            connection.call("CLUSTER", "ADDSLOTS", "0");
            refused(lab, filled, " owns slots 0: it is a cluster of its own");
            connection.call("CLUSTER", "DELSLOTS", "0");
            List<String> slots = new ArrayList<>(List.of("CLUSTER", "ADDSLOTS"));
            for (int slot = 0; slot < 16_384; slot++) {
                slots.add(Integer.toString(slot));
            }
            connection.call(slots.toArray(String[]::new));
            awaitWritable(connection);
            refused(lab, filled, " holds 1 key: as a replica it would throw them away");
        }
        assertThat(discover(lab).nodes()).hasSize(3);
    }

    @Test
    void refusesAServerThatItsMasterWouldNotLetIn() throws Exception {
        ServerBinary server = ServersUnderTest.any();
        LabCluster lab = labs.cluster(server, 3, 0, "requirepass same", "masterauth same");
        RedisServer newcomer = stranger(server, "requirepass same", "masterauth another");
        CommandLineRun run = addWithPassword(lab, newcomer);
        assertThat(run.status()).isEqualTo(21);
        assertThat(run.err())
                .contains(newcomer.address() + " would not be let in by its master ")
                .contains("the master refuses its masterauth")
                .contains("hint: on " + newcomer.address() + ": CONFIG SET masterauth PASSWORD");
        try (RespConnection connection = newcomer.connect()) {
            connection.call("CONFIG", "SET", "masterauth", "same");
        }
        run = addWithPassword(lab, newcomer);
        assertThat(run.status()).as(run.err()).isZero();
        assertThat(run.out() + run.err()).doesNotContain("same\n").doesNotContain(":same@");
    }

    private CommandLineRun addWithPassword(LabCluster lab, RedisServer newcomer) {
        return CommandLineRun.of(
                labs.folder(),
                "add-replica",
                "redis://:same@" + lab.servers().getFirst().address(),
                newcomer.address().toString());
    }

    private void refused(LabCluster lab, RedisServer server, String reason) {
        CommandLineRun run = add(lab, server);
        assertThat(run.status()).as(run.err()).isEqualTo(21);
        assertThat(run.err()).contains("error: " + server.address() + reason).contains("hint: ");
    }

    private CommandLineRun add(LabCluster lab, RedisServer server, String... options) {
        List<String> arguments = new ArrayList<>(List.of(
                "add-replica",
                "redis://" + lab.servers().getFirst().address(),
                server.address().toString()));
        arguments.addAll(List.of(options));
        return CommandLineRun.of(labs.folder(), arguments.toArray(String[]::new));
    }

    /** A cluster node that knows nobody. */
    private RedisServer stranger(ServerBinary server, String... configuration) {
        List<String> lines = new ArrayList<>(List.of("cluster-enabled yes", "cluster-config-file nodes.conf"));
        lines.addAll(List.of(configuration));
        return labs.server(server, lines.toArray(String[]::new));
    }

    private static Topology discover(LabCluster lab) {
        return new TopologyReader(ConnectionSettings.defaults())
                .discover(List.of(lab.servers().getFirst().address()));
    }

    private static void awaitWritable(RespConnection connection) {
        await().atMost(Labs.patience()).until(() -> {
            try {
                connection.call("SET", "key", "value");
                return true;
            } catch (RespErrorException e) {
                return false;
            }
        });
    }
}
