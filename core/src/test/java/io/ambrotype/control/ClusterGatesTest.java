package io.ambrotype.control;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.ambrotype.control.Layout.Place;
import io.ambrotype.resp.ConnectionSettings;
import io.ambrotype.topology.Role;
import io.ambrotype.topology.SlotSet;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Each single thing in a single node's view that keeps a gate closed. */
class ClusterGatesTest {
    private static final long NOW = 1_700_000_000_000L;

    private final FakeNode master = new FakeNode();
    private final FakeNode replica = new FakeNode();
    private final MemberConnections connections = new MemberConnections(ConnectionSettings.defaults(), "test");
    private final ClusterGates gates = new ClusterGates(connections);
    private final Layout layout = new Layout(List.of(
            new Place(master.member(), Role.MASTER, Optional.empty(), SlotSet.parse("0-16383")),
            new Place(
                    replica.member(), Role.REPLICA, Optional.of(master.member().id()), SlotSet.NONE)));

    @BeforeEach
    void begin() {
        for (FakeNode node : List.of(master, replica)) {
            node.with("cluster_enabled", "1").answering("CLUSTER INFO", FakeNode.bulk("cluster_state:ok\r\n"));
        }
        replica.with("role", "slave").with("slave_repl_offset", "1000").with("master_link_status", "up");
        view(master, text -> text);
        view(replica, text -> text);
    }

    @AfterEach
    void end() {
        connections.close();
        master.close();
        replica.close();
    }

    private void view(FakeNode viewer, UnaryOperator<String> change) {
        String lines = "%s %s@1%s master - 0 %d 1 connected 0-16383%n%s %s@2%s slave %s 0 %d 1 connected%n"
                .formatted(
                        master.member().id(),
                        master.member(),
                        viewer == master ? " myself," : " ",
                        NOW - 10,
                        replica.member().id(),
                        replica.member(),
                        viewer == replica ? " myself," : " ",
                        master.member().id(),
                        NOW - 10)
                .replace(", ", ",");
        viewer.answering("CLUSTER NODES", FakeNode.bulk(change.apply(lines)));
    }

    private String missing() {
        return missing(gates.inPlace(layout));
    }

    private static String missing(Supplier<Optional<Missing>> gate) {
        return gate.get().map(Missing::sentence).orElse("nothing");
    }

    @Test
    void isOpenWhereEverybodyIsInHisPlace() {
        assertThat(missing()).isEqualTo("nothing");
        assertThat(missing(gates.steady(layout))).isEqualTo("nothing");
        assertThat(missing(gates.stoppable(layout, replica.member()))).isEqualTo("nothing");
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            slave       | slave,fail                | as fail
            slave       | slave,fail?               | as fail?
            slave       | handshake,slave           | as handshake
            slave       | noaddr,slave              | as noaddr
            1 connected | 1 disconnected            | has no link to
            0-16383     | 0-16382                   | with slots 0-16382 instead of 0-16383
            1 connected 0 | 2 connected 0           | has epoch 2 for the slots of
            """)
    void whatTheReplicaSeesOrTheMaster(String text, String instead, String sentence) {
        boolean ofReplica = text.equals("slave");
        view(ofReplica ? master : replica, lines -> lines.replaceFirst("(?<![,0-9-])" + Pattern.quote(text), instead));
        assertThat(missing()).contains(sentence);
    }

    @Test
    void aRoleThatIsNotKnownYetMattersWhereItIsAskedFor() {
        view(master, lines -> lines.replace("slave " + master.member().id(), "master -"));
        assertThat(missing())
                .isEqualTo(master.member() + " does not see " + replica.member() + " as the replica that it should be");
        assertThat(missing(gates.inPlace(layout, List.of()))).isEqualTo("nothing");
    }

    @Test
    void aPongFromBeforeTheStartIsNone() {
        replica.with("uptime_in_seconds", "1");
        view(master, lines -> lines.replace(Long.toString(NOW - 10), Long.toString(NOW - 5000)));
        assertThat(missing())
                .isEqualTo(master.member() + " has not heard from " + replica.member() + " since it started");
    }

    @Test
    void aNodeTooManyOrTooFew() {
        view(replica, lines -> lines + "%040x 10.0.0.9:7000@1 master - 0 %d 0 connected%n".formatted(999, NOW));
        assertThat(missing()).contains("knows a node", "which was no member before");
        view(
                replica,
                lines -> lines.lines()
                                .filter(line -> line.contains("myself"))
                                .toList()
                                .getFirst() + "\n");
        assertThat(missing()).startsWith(replica.member() + " does not know " + master.member());
    }

    @Test
    void whatANodeSaysOfItself() {
        replica.answering("CLUSTER INFO", FakeNode.bulk("cluster_state:fail\r\n"));
        assertThat(missing()).isEqualTo(replica.member() + " says cluster_state:fail");
        replica.with("master_link_status", "down");
        assertThat(missing()).isEqualTo("the link of " + replica.member() + " to its master is down");
        replica.with("master_sync_in_progress", "1");
        assertThat(missing()).isEqualTo(replica.member() + " is receiving its data from its master");
        replica.with("loading", "1");
        assertThat(missing()).isEqualTo(replica.member() + " is loading its data");
        replica.end();
        assertThat(gates.inPlace(layout).get()).get().matches(Missing::hopeless);
        assertThat(new ClusterGates(connections, _ -> true).inPlace(layout).get())
                .get()
                .matches(missing -> !missing.hopeless());
        assertThat(missing(gates.stoppable(layout, replica.member()))).contains("connection refused");
        master.end();
        assertThat(missing(gates.steady(layout))).contains("connection refused");
    }

    @Test
    void whatAReplicaHas() {
        replica.with("slave_repl_offset", "900");
        assertThat(missing())
                .isEqualTo(replica.member() + " is 100 bytes behind what its master had when the wait began");
        replica.with("master_replid", "b".repeat(40));
        assertThat(missing()).contains("of another history");
        replica.with("role", "master");
        assertThat(missing()).contains("says that it is a master and should be a replica");
    }

    @Test
    void aViewThatIsNotTold() {
        replica.answering("CLUSTER NODES", "-LOADING Redis is loading the dataset in memory\r\n");
        assertThat(missing()).contains("does not tell its view of the cluster: ", "LOADING");
        assertThat(missing(gates.stoppable(layout, replica.member()))).contains("does not tell its view");
    }

    @Test
    void anOwnerOfSlotsIsNotStopped() {
        assertThat(missing(gates.stoppable(layout, master.member())))
                .isEqualTo(master.member() + " owns slots 0-16383");
    }

    @Test
    void aStrangerIsSentAway() {
        view(replica, lines -> lines.replace(replica.member().id().value(), "f".repeat(40)));
        assertThatThrownBy(this::missing).hasMessageContaining(replica.member() + " came back as a stranger");
    }

    @Test
    void aYoungMasterIsNotSteady() {
        master.with("uptime_in_seconds", "2");
        assertThat(missing(gates.steady(layout))).startsWith(master.member() + " has just been started");
    }

    /** Such a file would not be loaded (Redis 7.2 to 7.4.1, Valkey to 8.1.1). */
    @Test
    void aReplicaOutsideItsShardIsNotStopped() {
        replica.with("redis_version", "7.2.6").answering("CLUSTER SHARDS", shards(true));
        assertThat(missing(gates.stoppable(layout, replica.member()))).isEqualTo("nothing");
        replica.answering("CLUSTER SHARDS", shards(false));
        assertThat(missing(gates.stoppable(layout, replica.member()))).contains("outside its master's shard");
        replica.answering("CLUSTER SHARDS", "-ERR unknown subcommand\r\n");
        assertThat(missing(gates.stoppable(layout, replica.member()))).contains("unknown subcommand");
    }

    private String shards(boolean together) {
        String one = node(master);
        String other = node(replica);
        return together
                ? "*1\r\n*4\r\n" + FakeNode.bulk("slots") + "*0\r\n" + FakeNode.bulk("nodes") + "*2\r\n" + one + other
                : "*2\r\n*2\r\n" + FakeNode.bulk("nodes") + "*1\r\n" + one + "*2\r\n" + FakeNode.bulk("nodes")
                        + "*1\r\n" + other;
    }

    private static String node(FakeNode node) {
        return "*2\r\n" + FakeNode.bulk("id") + FakeNode.bulk(node.member().id().value());
    }
}
