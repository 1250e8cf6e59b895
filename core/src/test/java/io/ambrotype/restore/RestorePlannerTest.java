package io.ambrotype.restore;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.ambrotype.common.AmbrotypeException;
import io.ambrotype.common.ErrorCode;
import io.ambrotype.common.HostAndPort;
import io.ambrotype.repository.Manifest;
import io.ambrotype.repository.Repository;
import io.ambrotype.repository.Samples;
import io.ambrotype.restore.Plans.Change;
import io.ambrotype.restore.RestorePlan.Data;
import io.ambrotype.restore.RestorePlan.Identity;
import io.ambrotype.storage.MemoryStore;
import io.ambrotype.topology.NodesConf;
import io.ambrotype.topology.SlotSet;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class RestorePlannerTest {
    private static final RestoreRequest INTO = RestoreRequest.into(Path.of("/srv/x"));

    private final Repository repository = Samples.repository(new MemoryStore());

    private Manifest cluster() throws Exception {
        return Plans.snapshot(repository, Samples.cluster(3), 0, false);
    }

    private static List<TargetAddress> addresses(int count) {
        return IntStream.range(0, count)
                .mapToObj(i -> TargetAddress.parse("10.1.0." + (i + 1) + ":7000"))
                .toList();
    }

    private static AmbrotypeException refused(Manifest manifest, RestoreRequest request) {
        try {
            Plans.plan(manifest, request);
        } catch (AmbrotypeException e) {
            return e;
        }
        throw new AssertionError("it was planned");
    }

    private static NodesConf file(RestorePlan.Node node) {
        return NodesConf.parse(node.nodesConf().orElseThrow().text().getBytes(StandardCharsets.UTF_8), node.name());
    }

    @Test
    void theSnapshotsOwnLayoutWithNewIds() throws Exception {
        RestorePlan plan = Plans.plan(cluster(), INTO);
        assertThat(plan.identity()).isEqualTo(Identity.NEW);
        assertThat(plan.masters()).hasSize(3).allMatch(node -> node.data() instanceof Data.Verbatim);
        assertThat(plan.replicas()).hasSize(3).allMatch(node -> node.data() instanceof Data.SameAs);
        assertThat(plan.routes()).isFalse();
        assertThat(new HashSet<>(plan.nodes().stream().map(RestorePlan.Node::id).toList()))
                .hasSize(6);
        assertThat(plan.nodes()).noneMatch(node -> node.id().value().equals(Samples.nodeId(0)));
        for (RestorePlan.Node node : plan.nodes()) {
            assertThat(file(node).faults()).isEmpty();
            assertThat(file(node).myself().id()).isEqualTo(node.id());
            assertThat(file(node).currentEpoch()).isEqualTo(3);
            assertThat(file(node).lastVoteEpoch()).isZero();
        }
    }

    @Test
    void theOldIdsKeepTheirEpochsAndNobodyVotesTwice() throws Exception {
        RestorePlan plan = Plans.plan(cluster(), INTO.withSameIds());
        assertThat(plan.identity()).isEqualTo(Identity.SAME);
        assertThat(plan.masters().getFirst().id().value()).isEqualTo(Samples.nodeId(0));
        assertThat(file(plan.masters().getLast()).myself().configEpoch()).isEqualTo(3);
        assertThat(file(plan.masters().getLast()).lastVoteEpoch()).isEqualTo(6);
    }

    @Test
    void anotherShapeIsRouted() throws Exception {
        RestorePlan plan = Plans.plan(cluster(), INTO.at(addresses(5)).as(5, 0));
        assertThat(plan.routes()).isTrue();
        assertThat(plan.masters()).hasSize(5);
        assertThat(plan.nodes().stream().map(RestorePlan.Node::slots).reduce(SlotSet.NONE, SlotSet::union))
                .isEqualTo(SlotSet.ALL);
        assertThat(Plans.plan(cluster(), INTO.at(addresses(9))).replicas()).hasSize(6);
        assertThat(Plans.plan(cluster(), INTO.as(2, 1)).nodes()).hasSize(4);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "5 | 3 | -1 | --nodes has 5|",
                "4 | -1 | -1 | 4 addresses cannot be 3 masters with the same number of replicas each",
                "0 | 7 | 0 | 7 addresses are needed, and the snapshot's nodes have 6",
                "0 | 16384 | 100 | 1654784 addresses are needed, and the snapshot's nodes have 6",
                "3 | 3 | 1 | 6 addresses are needed, and --nodes has 3"
            })
    void numbersMustFit(int addresses, int masters, int replicas, String message) throws Exception {
        RestoreRequest request = new RestoreRequest(
                Path.of("/srv/x"),
                addresses(addresses),
                masters < 0 ? OptionalInt.empty() : OptionalInt.of(masters),
                replicas < 0 ? OptionalInt.empty() : OptionalInt.of(replicas),
                Optional.empty(),
                false);
        AmbrotypeException e = refused(cluster(), request);
        assertThat(e.code()).isEqualTo(ErrorCode.USAGE);
        if (addresses != 5) {
            assertThat(e).hasMessage(message);
        }
        assertThat(e.hint()).isPresent();
    }

    @Test
    void whatDoesNotGoTogether() throws Exception {
        Manifest manifest = cluster();
        assertThat(refused(manifest, INTO.as(5, 0).at(addresses(5)).withSameIds()))
                .hasMessage("--same-ids needs the snapshot's own number of masters and replicas");
        assertThat(refused(
                                manifest,
                                INTO.only(new HostAndPort("10.0.0.0", 7000)).withSameIds())
                        .code())
                .isEqualTo(ErrorCode.USAGE);
        AmbrotypeException unknown = refused(manifest, INTO.only(new HostAndPort("10.9.9.9", 1)));
        assertThat(unknown.code()).isEqualTo(ErrorCode.UNRECOVERABLE);
        assertThat(unknown.hint().orElseThrow()).contains("10.0.0.0:7000");
        List<TargetAddress> twice = List.of(
                TargetAddress.parse("10.1.0.1:7000"),
                TargetAddress.parse("10.1.0.2:7000"),
                TargetAddress.parse("10.1.0.1:7000"));
        assertThat(refused(manifest, INTO.at(twice))).hasMessage("10.1.0.1:7000 is named twice");
        List<TargetAddress> oneFolder = List.of(
                TargetAddress.parse("[a::1]:7000"),
                TargetAddress.parse("a__1:7000"),
                TargetAddress.parse("10.1.0.1:7000"));
        assertThat(refused(manifest, INTO.at(oneFolder)))
                .hasMessage("[a::1]:7000 and a__1:7000 would both get the folder a__1-7000");
        List<TargetAddress> bus = List.of(
                TargetAddress.parse("10.1.0.1:7000"),
                TargetAddress.parse("10.1.0.1:17000"),
                TargetAddress.parse("10.1.0.2:7000"));
        assertThat(refused(manifest, INTO.at(bus))).hasMessageContaining("is used twice");
        List<TargetAddress> high = List.of(
                TargetAddress.parse("10.1.0.1:60000"),
                TargetAddress.parse("10.1.0.2:7000"),
                TargetAddress.parse("10.1.0.3:7000"));
        assertThat(refused(manifest, INTO.at(high)))
                .hasMessage("the bus of 10.1.0.1:60000 would be at port 70000, and the last one is 65535");
    }

    @Test
    void oneNodeNeedsItsOwnView() throws Exception {
        String view = Samples.nodeId(0) + " 10.0.0.0:7000@17000 myself,master - 0 0 1 connected 0-5460\n"
                + "vars currentEpoch 6 lastVoteEpoch 0\n";
        Manifest manifest = Plans.snapshot(
                repository,
                Plans.with(
                        Samples.cluster(3),
                        c -> new Change(
                                c.host(),
                                c.port(),
                                c.busPort(),
                                c.version(),
                                c.configuration(),
                                c.nodesConf().map(_ -> new Manifest.NodesConf("../../nodes-7000.conf", true, view)))),
                0,
                false);
        RestorePlan plan = Plans.plan(manifest, INTO.only(new HostAndPort("redis-0", 7000)));
        assertThat(plan.identity()).isEqualTo(Identity.ONE_NODE);
        assertThat(plan.nodes()).singleElement().satisfies(node -> {
            assertThat(node.id().value()).isEqualTo(Samples.nodeId(0));
            assertThat(node.nodesConf().orElseThrow().name()).isEqualTo("nodes-7000.conf");
            assertThat(node.nodesConf().orElseThrow().text()).isEqualTo(view);
        });
        AmbrotypeException silent = refused(manifest, INTO.only(new HostAndPort("::1", 7101)));
        assertThat(silent.code()).isEqualTo(ErrorCode.UNRECOVERABLE);
        assertThat(silent)
                .hasMessage("node [::1]:7101 did not answer when snapshot " + manifest.snapshot()
                        + " was taken: its place is known, and not its nodes.conf");
        assertThat(refused(manifest, INTO.only(new HostAndPort("10.0.0.1", 7001)))
                        .code())
                .isEqualTo(ErrorCode.CORRUPT);
        assertThat(refused(cluster(), INTO.only(new HostAndPort("10.0.0.1", 7001)))
                        .code())
                .isEqualTo(ErrorCode.CORRUPT);
    }

    @Test
    void aReplicaThatToldNothingIsConfiguredAsItsMaster() throws Exception {
        Manifest manifest = Plans.snapshot(
                repository,
                Plans.with(
                        Samples.cluster(1),
                        c -> new Change(
                                c.host(),
                                c.port(),
                                c.busPort(),
                                c.version(),
                                c.configuration().isEmpty()
                                        ? c.configuration()
                                        : Map.of("maxmemory", "7mb", "bind", "10.0.0.0", "appendonly", "yes"),
                                c.nodesConf().map(file -> new Manifest.NodesConf("n-7000.conf", true, file.text())))),
                0,
                false);
        RestorePlan plan = Plans.plan(manifest, INTO);
        RestorePlan.Node replica = plan.replicas().getFirst();
        assertThat(replica.configuration()).contains("\nmaxmemory 7mb\n").doesNotContain("bind");
        assertThat(replica.nodesConf().orElseThrow().name()).isEqualTo("n-7100.conf");
        assertThat(plan.masters().getFirst().configuration()).contains("\nbind 10.0.0.0\n");
        assertThat(plan.appendOnly()).containsExactly("10.0.0.0-7000", "__1-7100");
        assertThat(plan.warnings())
                .contains("the configuration of [::1]:7100 is not part of the snapshot; it gets that of its master");
    }

    @ParameterizedTest
    @ValueSource(strings = {"..", "a/", "dump.rdb", "x/ambrotype.conf", "a\nb", "\u00e9.conf", "x\u0000"})
    void hostileFileNamesAreReplaced(String name) throws Exception {
        Manifest manifest = Plans.snapshot(
                repository,
                Plans.with(
                        Samples.cluster(1),
                        c -> new Change(
                                c.host(),
                                c.port(),
                                c.busPort(),
                                c.version(),
                                c.configuration(),
                                Optional.of(new Manifest.NodesConf(name, true, "")))),
                0,
                false);
        assertThat(Plans.plan(manifest, INTO).nodes())
                .allMatch(node -> node.nodesConf().orElseThrow().name().equals("nodes.conf"));
    }

    @Test
    void hostileHostsAreRefusedInWords() throws Exception {
        Manifest manifest = Plans.snapshot(
                repository,
                Plans.with(
                        Samples.cluster(1),
                        c -> new Change(
                                "10.0.0.1 x\ny", c.port(), c.busPort(), c.version(), c.configuration(), c.nodesConf())),
                0,
                false);
        assertThat(refused(manifest, INTO)).hasMessageStartingWith("these nodes cannot be a cluster: ");
    }

    @Test
    void aStandaloneServerComesBackAtAnyPort() throws Exception {
        Manifest manifest = Plans.snapshot(
                repository,
                Plans.with(
                        Samples.standalone(),
                        c -> new Change(c.host(), 60_000, c.busPort(), c.version(), c.configuration(), c.nodesConf())),
                20,
                false);
        RestorePlan.Node node = Plans.plan(manifest, INTO).nodes().getFirst();
        assertThat(node.busPort()).isZero();
        assertThat(node.nodesConf()).isEmpty();
        assertThat(node.configuration()).contains("\nport 60000\n", "\ndatabases 21\n", "\ncluster-enabled no\n");
        assertThat(refused(manifest, INTO.withSameIds()).code()).isEqualTo(ErrorCode.USAGE);
        AmbrotypeException many = refused(manifest, INTO.at(addresses(2)).as(2, 0));
        assertThat(many.code()).isEqualTo(ErrorCode.UNRECOVERABLE);
        assertThat(many).hasMessageContaining("has database 0 only");
    }

    @Test
    void valkey9ClustersGetTheDatabasesThatTheDataNeed() throws Exception {
        Manifest manifest = Plans.snapshot(
                repository,
                Plans.with(
                        Samples.standalone(),
                        c -> new Change(c.host(), c.port(), c.busPort(), "9.1.2", c.configuration(), c.nodesConf())),
                5,
                false);
        RestorePlan plan = Plans.plan(manifest, INTO.at(addresses(2)).as(2, 0));
        assertThat(plan.nodes()).allMatch(node -> node.configuration().contains("\ncluster-databases 6\n"));
    }

    @Test
    void theBusPortIsWrittenWhereTheVersionKnowsIt() throws Exception {
        List<TargetAddress> at = List.of(TargetAddress.parse("10.1.0.1:7000@7777"));
        assertThat(Plans.plan(
                                Plans.snapshot(repository, Samples.cluster(1), 0, false),
                                INTO.at(at).as(1, 0))
                        .nodes()
                        .getFirst()
                        .configuration())
                .contains("\ncluster-port 7777\n");
        Manifest old = Plans.snapshot(
                repository,
                Plans.with(
                        Samples.cluster(1),
                        c -> new Change(
                                c.host(),
                                c.port(),
                                OptionalInt.of(c.port() + 1),
                                "5.0.5",
                                Map.of(
                                        "port", "6379",
                                        "cluster-announce-port", "7000",
                                        "cluster-announce-bus-port", "7001"),
                                c.nodesConf())),
                0,
                false);
        assertThat(refused(old, INTO.at(at).as(1, 0)))
                .hasMessage("redis 5.0.5 cannot have its bus at port 7777: before 7.0 it is always the port + 10000");
        assertThat(Plans.plan(old, INTO).masters().getFirst().configuration())
                .contains("\nport 6379\n", "\ncluster-announce-bus-port 7001\n")
                .doesNotContain("cluster-port ");
    }

    @Test
    void orphansAreLeftOut() throws Exception {
        RestorePlan plan = Plans.plan(Plans.snapshot(repository, Samples.cluster(2), 0, true), INTO);
        assertThat(plan.masters().getFirst().data()).isInstanceOf(Data.Routed.class);
        assertThat(plan.masters().getLast().data()).isInstanceOf(Data.Verbatim.class);
        assertThat(plan.warnings()).anyMatch(warning -> warning.contains("are left out"));
    }

    @Test
    void requestsAndAddressesAreBounded() {
        assertThatThrownBy(() -> INTO.as(0, 0)).hasMessage("the number of masters must be between 1 and 16384, not 0");
        assertThatThrownBy(() -> INTO.as(1, 101))
                .hasMessage("the number of replicas must be between 0 and 100, not 101");
        assertThat(TargetAddress.parse("[::1]:7000@7001"))
                .hasToString(new TargetAddress(new HostAndPort("::1", 7000), OptionalInt.of(7001)).toString());
        assertThatThrownBy(() -> TargetAddress.parse("h:1@x"))
                .hasMessage("'h:1@x' has no valid bus port; expected host:port@busport");
        assertThatThrownBy(() -> TargetAddress.parse("h:1@70000"))
                .hasMessage("the bus port 70000 of h:1 is not between 1 and 65535");
        assertThatThrownBy(() -> TargetAddress.parse("h")).isInstanceOf(IllegalArgumentException.class);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "plain-1.0 | plain-1.0",
                "a b | \"a b\"",
                "say \"x\\y\" | \"say \\\"x\\\\y\\\"\"",
                "é | \"\\xc3\\xa9\""
            })
    void quotesAsServersRead(String value, String quoted) {
        assertThat(ServerDirectives.quoted(value)).isEqualTo(quoted);
        assertThat(ServerDirectives.quoted("a\nb")).isEqualTo("\"a\\x0ab\"");
    }
}
