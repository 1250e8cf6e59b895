package io.ambrotype.doctor;

import static org.assertj.core.api.Assertions.assertThat;

import io.ambrotype.doctor.HostView.Stray;
import io.ambrotype.host.PersistentFiles;
import io.ambrotype.topology.ClusterView;
import io.ambrotype.topology.NodeId;
import io.ambrotype.topology.NodesConf;
import io.ambrotype.topology.Problem;
import io.ambrotype.topology.SlotSet;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Folders with files of nodes that run elsewhere, of nodes that are gone, and of strangers. */
class StrayFilesTest {
    private static final NodeId STRANGER = new NodeId("e".repeat(40));
    private static final NodeId ANOTHER = new NodeId("f".repeat(40));

    private final Patient patient = new Patient();

    @TempDir
    private Path temporary;

    private Path dir = Path.of("");

    /** {@code conf/redis.conf} and a folder for each node. */
    @BeforeEach
    void aHost() throws IOException {
        dir = temporary.toRealPath();
        Files.createDirectories(dir.resolve("conf"));
        for (Patient.Member member : patient.members) {
            member.folder = Files.createDirectories(dir.resolve("nodes/" + member.port));
            member.configuration = dir.resolve("conf/" + member.port + ".conf");
            member.files = Optional.of(
                    new PersistentFiles("data.rdb", Optional.of("n.conf"), "appendonly.aof", "appendonlydir"));
            write(member.folder.resolve("n.conf"), conf(member.id(), member.port));
            Files.writeString(member.folder.resolve("data.rdb"), "data");
        }
    }

    private static String conf(NodeId id, int port, String... more) {
        return id + " 10.0.0.1:" + port + "@" + (port + 10_000) + " myself,master - 0 0 1 connected\n"
                + String.join("", more) + "vars currentEpoch 1 lastVoteEpoch 0\n";
    }

    private static String other(NodeId id) {
        return id + " 10.0.0.9:9999@19999 master - 0 0 1 connected\n";
    }

    private static void write(Path file, String text) throws IOException {
        Files.createDirectories(file.getParent());
        Files.writeString(file, text);
    }

    private List<Stray> strays() {
        Examination examination = patient.examination();
        return new StrayFiles(examination.topology(), examination.nodes())
                .find().stream().filter(stray -> stray.path().startsWith(dir)).toList();
    }

    private Stream<String> names() {
        return strays().stream().map(stray -> dir.relativize(stray.path()).toString());
    }

    @Test
    void filesOfRunningNodesAreWhereTheyBelong() {
        assertThat(strays()).isEmpty();
    }

    @Test
    void findsWhatANodeLeftWhereItsConfigurationIs() throws IOException {
        NodeId running = patient.member(0).id();
        write(dir.resolve("conf/nodes.conf"), conf(running, 7000, other(ANOTHER)));
        write(dir.resolve("conf/dump.rdb"), "12345");
        Files.createDirectory(dir.resolve("conf/appendonlydir"));

        assertThat(strays())
                .extracting(Stray::what)
                .containsExactlyInAnyOrder(
                        "the identity of node " + running.shortForm()
                                + ", which runs as 10.0.0.0:7000 from another folder",
                        "data",
                        "append-only files");
        assertThat(strays()).anySatisfy(stray -> {
            assertThat(stray.bytes()).isEqualTo(5);
            assertThat(stray.id()).isEmpty();
        });
    }

    @Test
    void aNodeThatMetNobodyIsOfNoOtherCluster() throws IOException {
        write(dir.resolve("conf/n.conf"), conf(STRANGER, 9999));
        write(dir.resolve("nodes/x/n.conf"), conf(STRANGER, 9999));
        assertThat(names()).containsExactly("conf/n.conf");
        assertThat(strays().getFirst().what()).endsWith("which is no member now");
        assertThat(strays().getFirst().id()).contains(STRANGER);
    }

    @Test
    void whatBelongsToAnotherClusterIsPassedOver() throws IOException {
        for (String folder : List.of("conf", "nodes/x")) {
            write(dir.resolve(folder).resolve("nodes.conf"), conf(STRANGER, 9999, other(ANOTHER)));
            write(dir.resolve(folder).resolve("dump.rdb"), "theirs");
        }
        assertThat(strays()).isEmpty();
    }

    /** In a folder beside those of the nodes, data alone may be anybody's. */
    @Test
    void dataWithoutAnIdentityCountOnlyWherePeopleStartServers() throws IOException {
        write(dir.resolve("nodes/x/dump.rdb"), "anybody's");
        write(dir.resolve("home/data.rdb"), "ours");
        write(dir.resolve("conf/nodes.conf"), "nonsense");
        write(dir.resolve("conf/data.rdb"), "ours");
        patient.member(0).startFolders.add(dir.resolve("home"));
        assertThat(names()).containsExactlyInAnyOrder("conf/data.rdb", "home/data.rdb");
    }

    @Test
    void aNodeThatIsOnlyDownFindsItsFilesAgain() throws IOException {
        Patient.Member down = patient.member(5);
        down.reached = false;
        down.unseen = Optional.of("it did not answer");
        assertThat(strays()).isEmpty();

        // Its address is taken by somebody else: it came back without them.
        patient.problems.add(
                new Problem(Problem.Kind.STRANGER_AT_ADDRESS, Set.of(down.id()), SlotSet.NONE, "another node answers"));
        assertThat(names()).containsExactlyInAnyOrder("nodes/7005/n.conf", "nodes/7005/data.rdb");
        assertThat(strays()).anySatisfy(stray -> assertThat(stray.what()).endsWith("which the cluster misses"));
    }

    @Test
    void recognisesAStrangerThatKnowsNobodyByItsPort() throws IOException {
        write(dir.resolve("nodes/old/n.conf"), conf(STRANGER, 7000, other(ANOTHER)));
        assertThat(strays()).isEmpty();

        Patient.Member lonely = patient.member(0);
        NodesConf alone = NodesConf.parse(conf(lonely.id(), 7000).getBytes(StandardCharsets.US_ASCII), "test");
        lonely.view = Optional.of(new ClusterView(alone.lines(), true, 1));
        assertThat(names()).containsExactly("nodes/old/n.conf");
        assertThat(strays().getFirst().what()).contains("had the port of the node that runs now");
    }

    @Test
    void looksAtNothingInContainers() throws IOException {
        write(dir.resolve("conf/dump.rdb"), "data");
        patient.all(member -> member.container = true);
        assertThat(strays()).isEmpty();
    }
}
