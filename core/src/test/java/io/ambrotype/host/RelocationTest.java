package io.ambrotype.host;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.ambrotype.common.AmbrotypeException;
import io.ambrotype.common.HostAndPort;
import io.ambrotype.resp.RespConnection;
import io.ambrotype.servers.TestServer.Binary;
import io.ambrotype.topology.NodeId;
import java.io.IOException;
import java.nio.file.FileStore;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import tools.jackson.databind.json.JsonMapper;

/** Real cluster nodes whose files are moved while they are stopped, also where that is broken off at any step. */
@EnabledOnOs(OS.LINUX)
class RelocationTest {
    private static final JsonMapper JSON = JsonMapper.builder().build();

    @TempDir
    private Path temporary;

    private Path dir = Path.of("");
    private Path from = Path.of("");

    @BeforeEach
    void resolve() throws IOException {
        dir = temporary.toRealPath();
        from = Files.createDirectory(dir.resolve("old"));
    }

    private HostServer start(Binary binary, String... lines) throws IOException {
        int port = HostServer.port();
        Files.writeString(
                from.resolve("redis.conf"),
                "port " + port + "\nbind 127.0.0.1\ncluster-enabled yes\nlogfile server.log\ndir ./\n"
                        + String.join("\n", lines) + "\n");
        HostServer server =
                HostServer.start(from, port, null, List.of(binary.program().toString(), "redis.conf"));
        try (RespConnection connection = server.connect()) {
            connection.call("CLUSTER", "ADDSLOTS", "12182");
            await().until(() -> connection.text("CLUSTER", "INFO").contains("cluster_slots_ok:1"));
            connection.call("CONFIG", "SET", "cluster-require-full-coverage", "no");
            await().until(() -> connection.text("CLUSTER", "INFO").contains("cluster_state:ok"));
            connection.call("SET", "foo", "bar");
        }
        return server;
    }

    private static NodeId id(HostServer server) {
        try (RespConnection connection = server.connect()) {
            return new NodeId(connection.text("CLUSTER", "MYID"));
        }
    }

    private static Launch launch(HostServer server) throws InterruptedException {
        try (RespConnection connection = server.connect()) {
            return ((LaunchPlan.Possible)
                            new LaunchPlanner().plan(LaunchSettings.AUTO, server.address(), id(server), connection))
                    .launch();
        }
    }

    private static Relocation.Plan plan(HostServer server, Launch launch, Path to) throws InterruptedException {
        try (RespConnection connection = server.connect()) {
            return Relocation.plan(server.address(), id(server), connection, launch, to);
        }
    }

    private static Relocation possible(HostServer server, Launch launch, Path to) throws InterruptedException {
        Relocation relocation = ((Relocation.Plan.Possible) plan(server, launch, to)).relocation();
        Relocation kept = JSON.readValue(JSON.writeValueAsString(relocation), Relocation.class);
        assertThat(kept).isEqualTo(relocation);
        return kept;
    }

    private static void startAgain(HostServer server, Launch launch) throws InterruptedException {
        new Launcher(Duration.ofSeconds(30), _ -> {})
                .start(launch, new Launch.Target(server.address(), "", Optional.empty(), Optional.empty()));
        server.awaitReady();
    }

    private static void holdsItsData(HostServer server, NodeId id, Path folder) {
        assertThat(id(server)).isEqualTo(id);
        try (RespConnection connection = server.connect()) {
            assertThat(connection.text("CLUSTER", "NODES")).contains(" 12182");
            assertThat(connection.integer("DBSIZE")).isEqualTo(1);
            assertThat(connection.pairs("CONFIG", "GET", "dir")).containsEntry("dir", folder.toString());
        }
    }

    private static Set<String> names(Path folder) {
        String[] names = folder.toFile().list();
        return names == null ? Set.of() : Set.of(names);
    }

    @ParameterizedTest
    @EnumSource(Binary.class)
    void movesEverythingTogether(Binary binary) throws Exception {
        try (HostServer server = start(binary, "appendonly yes", "save 900 1")) {
            Path to = dir.resolve("new").resolve("7000");
            Files.setPosixFilePermissions(from, PosixFilePermissions.fromString("rwxr-x---"));
            NodeId id = id(server);
            Launch launch = launch(server);
            Relocation relocation = possible(server, launch, to);
            assertThat(relocation.describe())
                    .isEqualTo("move its files from " + from + " to " + to + " and set dir in " + from + "/redis.conf");
            assertThatThrownBy(relocation::carryOut)
                    .hasMessage(
                            "the server at " + server.address() + " still runs, whose files are to be moved to " + to);
            assertThat(to).doesNotExist();
            server.shutdown("SAVE");
            relocation.carryOut();
            assertThat(names(to))
                    .containsExactlyInAnyOrder(
                            "dump.rdb", "nodes.conf", binary == Binary.REDIS_7_0 ? "appendonlydir" : "appendonly.aof");
            assertThat(names(from))
                    .containsExactlyInAnyOrder(
                            "redis.conf",
                            "server.log",
                            "output-" + server.address().port() + ".log");
            assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(to)))
                    .isEqualTo("rwxr-x---");
            startAgain(server, launch);
            holdsItsData(server, id, to);
            // Its log stays where it was.
            assertThat(names(to)).doesNotContain("server.log");
            relocation.carryOut();
            holdsItsData(server, id, to);
        }
    }

    /** After an end at any step the server starts with its data, and a second run brings the move to its end. */
    @Test
    void survivesAnEndAtEveryStep() throws Exception {
        try (HostServer server = start(Binary.REDIS_7_0, "appendonly yes", "save 900 1")) {
            NodeId id = id(server);
            int step = 0;
            for (boolean ended = false; !ended; step++) {
                Path to = dir.resolve("new" + step);
                Launch launch = launch(server);
                Relocation relocation = possible(server, launch, to);
                server.shutdown("SAVE");
                ended = brokenOffAt(relocation, step);
                if (step % 2 == 0) {
                    // Somebody starts it meanwhile: it has its data, wherever that is; then it is stopped again.
                    startAgain(server, launch);
                    assertThat(id(server)).isEqualTo(id);
                    try (RespConnection connection = server.connect()) {
                        assertThat(connection.integer("DBSIZE")).isEqualTo(1);
                    }
                    server.shutdown("SAVE");
                }
                relocation.carryOut();
                assertThat(names(to)).containsExactlyInAnyOrder("appendonlydir", "dump.rdb", "nodes.conf");
                assertThat(names(relocation.from())).doesNotContain("appendonlydir", "dump.rdb", "nodes.conf");
                startAgain(server, launch);
                holdsItsData(server, id, to);
            }
            assertThat(step).isGreaterThan(12);
        }
    }

    /** @return whether it came to its end before that step */
    private static boolean brokenOffAt(Relocation relocation, int step) {
        int[] left = {step};
        try {
            relocation.carryOut(() -> {
                if (left[0]-- == 0) {
                    throw new IllegalStateException("killed");
                }
            });
            return true;
        } catch (IllegalStateException _) {
            return false;
        }
    }

    /** Where links are not possible, files are copied. */
    @Test
    void movesToAnotherFileSystem() throws Exception {
        Path memory = Path.of("/dev/shm");
        FileStore here = Files.getFileStore(dir);
        assumeTrue(Files.isWritable(memory) && !Files.getFileStore(memory).equals(here));
        Path to = Files.createTempDirectory(memory, "ambrotype-relocation-");
        try (HostServer server = start(Binary.REDIS_6_2, "save 900 1")) {
            NodeId id = id(server);
            Launch launch = launch(server);
            Relocation relocation = possible(server, launch, to);
            server.shutdown("SAVE");
            FileTime modified = Files.getLastModifiedTime(from.resolve("dump.rdb"));
            relocation.carryOut();
            assertThat(Files.getLastModifiedTime(to.resolve("dump.rdb"))).isEqualTo(modified);
            startAgain(server, launch);
            holdsItsData(server, id, to);
        } finally {
            try (Stream<Path> files = Files.walk(to)) {
                for (Path path : files.sorted(Comparator.reverseOrder()).toList()) {
                    Files.delete(path);
                }
            }
        }
    }

    @Test
    void refusesWhatWouldMixFiles() throws Exception {
        Path to = Files.createDirectory(dir.resolve("new"));
        try (HostServer server = start(Binary.REDIS_7_0)) {
            Launch launch = launch(server);
            Files.writeString(to.resolve("nodes.conf"), "somebody's");
            assertThat(plan(server, launch, to))
                    .isEqualTo(new Relocation.Plan.Impossible(List.of(to + "/nodes.conf exists already")));
            Files.delete(to.resolve("nodes.conf"));
            assertThat(plan(server, new Launch.Supervised("runsv"), to))
                    .isEqualTo(new Relocation.Plan.Impossible(
                            List.of("runsv starts it again before its files could be moved")));
            assertThat(plan(server, launch, from)).isInstanceOf(Relocation.Plan.Impossible.class);
            Relocation relocation = possible(server, launch, to);
            server.shutdown("SAVE");
            // What appears between plan and move is not overwritten.
            Files.writeString(to.resolve("dump.rdb"), "somebody's");
            assertThatThrownBy(relocation::carryOut)
                    .isInstanceOf(AmbrotypeException.class)
                    .hasMessage("nothing is moved to " + to + ", because " + to + "/dump.rdb exists already");
            assertThat(to.resolve("dump.rdb")).hasContent("somebody's");
            Files.delete(to.resolve("dump.rdb"));
            Files.writeString(to.resolve(Relocation.MARK), "another node\n");
            assertThatThrownBy(relocation::carryOut)
                    .hasMessageStartingWith("the files of another server are being moved to " + to);
            assertThat(names(from)).contains("dump.rdb", "nodes.conf");
        }
    }

    @Test
    void keepsFilesThatAreNamedRelativeToTheOldFolder() throws Exception {
        Files.writeString(from.resolve("users.acl"), "user default on nopass ~* &* +@all\n");
        Files.writeString(from.resolve("more.conf"), "appendonly no\n");
        try (HostServer server = start(Binary.REDIS_7_0, "aclfile users.acl", "include more.conf")) {
            Relocation relocation = possible(server, launch(server), dir.resolve("new"));
            assertThat(relocation.pinned())
                    .containsOnlyKeys("logfile", "aclfile")
                    .containsEntry("aclfile", from + "/users.acl");
        }
    }

    @Test
    void makesFoldersOutOfTemplates() {
        HostAndPort address = new HostAndPort("10.0.0.1", 7000);
        NodeId id = new NodeId("a".repeat(40));
        assertThat(Relocation.folder("/data/{port}/{id}", address, id))
                .isEqualTo(Path.of("/data/7000/" + "a".repeat(40)));
        assertThatThrownBy(() -> Relocation.folder("data/{port}", address, id))
                .hasMessage("'data/{port}' is not an absolute path");
        assertThatThrownBy(() -> Relocation.folder("/data/{prot}", address, id))
                .hasMessage("'/data/{prot}' has an unknown placeholder");
    }
}
