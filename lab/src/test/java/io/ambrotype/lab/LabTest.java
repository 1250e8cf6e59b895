package io.ambrotype.lab;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.tuple;

import io.ambrotype.common.AmbrotypeException;
import io.ambrotype.common.ErrorCode;
import io.ambrotype.common.HostAndPort;
import io.ambrotype.lab.LabStart.Origin;
import io.ambrotype.lab.LabStop.Outcome;
import io.ambrotype.resp.ConnectionSettings;
import io.ambrotype.resp.RespConnection;
import io.ambrotype.resp.RespConnectionException;
import io.ambrotype.topology.Role;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.stream.Stream;
import org.assertj.core.api.AbstractThrowableAssert;
import org.assertj.core.api.ThrowableAssert;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The lab against real servers of the bundled kind. */
class LabTest {
    @TempDir
    Path temporary;

    @AfterEach
    void endServers() throws IOException {
        try (Stream<Path> labs = Files.walk(temporary, 2)) {
            for (Path file : labs.filter(path -> path.endsWith(LabState.FILE)).toList()) {
                Path dir = file.resolveSibling(".");
                try {
                    LabCluster.attach(dir.normalize()).close();
                } catch (AmbrotypeException e) {
                    assertThat(e.code()).isEqualTo(ErrorCode.CORRUPT);
                }
            }
        }
    }

    @Test
    void aClusterStartsServesStopsAndComesBackWithItsData() {
        Path dir = temporary.resolve("lab");
        int base = Servers.freePorts(6);

        LabStart.Report started = start(dir, OptionalInt.empty(), OptionalInt.empty(), OptionalInt.of(base));

        assertThat(started.origin()).isEqualTo(Origin.CREATED);
        assertThat(started.took()).isLessThan(Duration.ofSeconds(10));
        assertThat(started.status().nodes()).hasSize(6).allSatisfy(node -> {
            assertThat(node.state()).isEqualTo(LabStatus.State.RUNNING);
            assertThat(node.clusterState()).contains("ok");
            assertThat(node.version()).hasToString("Optional[Redis 7.0.15]");
            assertThat(node.memoryBytes().orElseThrow()).isPositive();
        });
        assertThat(started.status().nodes().stream().map(node -> node.role().orElseThrow()))
                .containsExactly(Role.MASTER, Role.MASTER, Role.MASTER, Role.REPLICA, Role.REPLICA, Role.REPLICA);

        RedisServer owner = LabCluster.attach(dir).servers().get(2); // "foo" has slot 12182
        try (RespConnection connection = owner.connect()) {
            connection.call("SET", "foo", "bar");
            assertThat(connection.integer("WAIT", "1", "5000")).isEqualTo(1);
        }

        LabStop.Report stopped = new LabStop(dir, true).run();
        assertThat(stopped.complete()).isTrue();
        assertThat(stopped.servers()).extracting(LabStop.Stopped::outcome).containsOnly(Outcome.SAVED);
        assertThat(stopped.servers().getFirst().address().port()).isEqualTo(base + 3);
        LabStatus.Report quiet = new LabStatus(dir).run();
        assertThat(quiet.isRunning()).isFalse();
        assertThat(quiet.nodes())
                .extracting(LabStatus.Node::id)
                .isEqualTo(started.status().nodes().stream()
                        .map(LabStatus.Node::id)
                        .toList());
        assertThat(new LabStop(dir, true).run().servers())
                .extracting(LabStop.Stopped::outcome)
                .containsOnly(Outcome.NOT_RUNNING);

        LabStart.Report resumed = start(dir, OptionalInt.empty(), OptionalInt.empty(), OptionalInt.empty());
        assertThat(resumed.origin()).isEqualTo(Origin.RESUMED);
        assertThat(resumed.status().nodes())
                .extracting(LabStatus.Node::id)
                .isEqualTo(quiet.nodes().stream().map(LabStatus.Node::id).toList());
        try (RespConnection connection = owner.connect()) {
            assertThat(connection.text("GET", "foo")).isEqualTo("bar");
        }
        assertThat(resumed.status().nodes().get(2).keys()).hasValue(1);
        assertThat(resumed.status().nodes().get(5).keys()).hasValue(1);
    }

    @Test
    void aStandaloneSetKeepsItsRolesAndItsPassword() {
        LabSpec spec = LabSpec.standalone(temporary.resolve("lab"), Servers.bundled(), 2, Servers.freePorts(3))
                .with("requirepass s3cret", "databases 4");
        try (LabCluster lab = LabCluster.create(spec)) {
            assertThat(lab.isCluster()).isFalse();
            assertThat(lab.masters()).containsExactly(lab.servers().getFirst());
            assertThat(lab.replicas()).hasSize(2);
            assertThat(new LabStatus(lab.dir()).run().nodes()).allSatisfy(node -> {
                assertThat(node.state()).isEqualTo(LabStatus.State.RUNNING);
                assertThat(node.id()).isEmpty();
            });
            assertThat(new LabStop(lab.dir(), false).run().servers())
                    .extracting(LabStop.Stopped::outcome)
                    .containsOnly(Outcome.ENDED);
            LabCluster again =
                    LabCluster.resume(lab.dir(), Optional.empty(), List.of("databases 5"), StartOrder.ALL_AT_ONCE);
            assertThat(again.replicas()).hasSize(2);
            try (RespConnection connection = again.servers().getFirst().connect()) {
                assertThat(connection.pairs("CONFIG", "GET", "databases")).containsEntry("databases", "5");
            }
        }
    }

    @Test
    void aServerIsKilledAndStartsAgainWithWhatItHadSaved() {
        try (RedisServer server = RedisServer.create(
                Servers.bundled(), temporary.resolve("server"), Servers.freePorts(1), List.of("save \"\""))) {
            server.start();
            server.awaitReady(Duration.ofSeconds(10));
            assertThatThrownBy(server::start)
                    .hasMessageContaining(
                            "runs already, as process " + server.pid().orElseThrow());
            try (RespConnection connection = server.connect()) {
                connection.call("SET", "saved", "1");
                connection.call("SAVE");
                connection.call("SET", "lost", "1");
            }
            server.kill();
            assertThat(server.isRunning()).isFalse();
            server.start();
            server.awaitReady(Duration.ofSeconds(10));
            try (RespConnection connection = server.connect()) {
                assertThat(connection.integer("EXISTS", "saved")).isEqualTo(1);
                assertThat(connection.integer("EXISTS", "lost")).isZero();
            }
        }
    }

    @Test
    void aServerThatCannotStartSaysWhy() {
        try (RedisServer server = RedisServer.create(
                Servers.bundled(), temporary.resolve("server"), Servers.freePorts(1), List.of("no-such-directive 1"))) {
            server.start();
            assertThatThrownBy(() -> server.awaitReady(Duration.ofSeconds(10)))
                    .isInstanceOf(AmbrotypeException.class)
                    .hasMessageContaining("ended while it started")
                    .hasMessageContaining("Bad directive");
        }
    }

    @Test
    void aRunningLabAndAForeignFolderAreRefused() throws IOException {
        int base = Servers.freePorts(1);
        Path dir = temporary.resolve("lab");
        try (LabCluster lab = LabCluster.create(LabSpec.standalone(dir, Servers.bundled(), 0, base))) {
            assertRefused(
                            () -> start(dir, OptionalInt.empty(), OptionalInt.empty(), OptionalInt.empty()),
                            ErrorCode.LOCKED)
                    .hasMessage("the lab in " + dir + " is running: 127.0.0.1:" + base + " is process "
                            + lab.servers().getFirst().pid().orElseThrow());
            assertRefused(
                            () -> start(dir, OptionalInt.of(5), OptionalInt.empty(), OptionalInt.empty()),
                            ErrorCode.USAGE)
                    .hasMessageContaining("are for new labs");
        }
        Path foreign = Files.createDirectory(temporary.resolve("foreign"));
        Files.writeString(foreign.resolve("letter.txt"), "dear");
        assertRefused(
                        () -> start(foreign, OptionalInt.empty(), OptionalInt.empty(), OptionalInt.empty()),
                        ErrorCode.USAGE)
                .hasMessage(foreign + " is not empty and has no lab in it");
        assertThat(foreign.toFile().list()).containsExactly("letter.txt");
        assertRefused(() -> new LabStop(foreign, true).run(), ErrorCode.USAGE)
                .hasMessage("there is no lab in " + foreign);
    }

    @Test
    void anOccupiedPortIsNamed() throws IOException {
        int base = Servers.freePorts(2);
        try (ServerSocket other = new ServerSocket(base + 1, 1, InetAddress.ofLiteral("127.0.0.1"))) {
            assertRefused(
                            () -> start(
                                    temporary.resolve("lab"),
                                    OptionalInt.of(2),
                                    OptionalInt.of(0),
                                    OptionalInt.of(base)),
                            ErrorCode.FAILED)
                    .hasMessage("port " + other.getLocalPort() + " of 127.0.0.1 is in use by another program");
        }
        try (ServerSocket other = new ServerSocket(base + 10_000, 1, InetAddress.ofLiteral("127.0.0.1"))) {
            assertRefused(
                            () -> start(
                                    temporary.resolve("lab"),
                                    OptionalInt.of(2),
                                    OptionalInt.of(0),
                                    OptionalInt.of(base)),
                            ErrorCode.FAILED)
                    .hasMessage("port " + other.getLocalPort() + " of 127.0.0.1, the cluster bus port of " + base
                            + ", is in use by another program");
        }
        // Nothing has been left that would stand in the way of the next try.
        assertThat(start(temporary.resolve("lab"), OptionalInt.of(2), OptionalInt.of(0), OptionalInt.of(base))
                        .status()
                        .nodes())
                .hasSize(2);
    }

    @Test
    void aDamagedStateIsNamedAndTouchesNoProcess() throws IOException {
        Path dir = temporary.resolve("lab");
        try (LabCluster lab = LabCluster.create(LabSpec.standalone(dir, Servers.bundled(), 0, Servers.freePorts(1)))) {
            String state = Files.readString(dir.resolve(LabState.FILE));
            for (String damaged : List.of(
                    "",
                    "{",
                    "null",
                    "{}",
                    state.substring(0, state.length() / 2),
                    state.replace("\"format\" : 1", "\"format\" : 2"),
                    state.replaceAll("\"folder\" : \"[^\"]*\"", "\"folder\" : \"../..\""),
                    state.replaceAll("\"pid\" : [0-9]+", "\"pid\" : -1"))) {
                Files.writeString(dir.resolve(LabState.FILE), damaged);
                assertRefused(() -> new LabStop(dir, true).run(), ErrorCode.CORRUPT)
                        .hasMessageContaining(dir.resolve(LabState.FILE).toString());
            }
            assertThat(lab.servers().getFirst().isRunning()).isTrue();

            // A state that names a process which is not the lab's: PID 1 did not start when it says.
            Files.writeString(dir.resolve(LabState.FILE), state.replaceAll("\"pid\" : [0-9]+", "\"pid\" : 1"));
            OptionalLong pid = lab.servers().getFirst().pid();
            assertThat(new LabStop(dir, true).run().servers())
                    .extracting(LabStop.Stopped::pid, LabStop.Stopped::outcome)
                    .containsExactly(tuple(pid, Outcome.SAVED));
        }
    }

    @Test
    void aServerThatHangsIsKilledAndTheOthersAreSaved() throws Exception {
        LabSpec spec = LabSpec.standalone(temporary.resolve("lab"), Servers.bundled(), 1, Servers.freePorts(2))
                .with("shutdown-timeout 1"); // for which a master waits for its replica
        try (LabCluster lab = LabCluster.create(spec)) {
            String replica = Long.toString(lab.servers().get(1).pid().orElseThrow());
            assertThat(new ProcessBuilder("kill", "-STOP", replica).start().waitFor())
                    .isZero();

            assertThat(new LabStop(lab.dir(), true).run().servers())
                    .extracting(LabStop.Stopped::outcome)
                    .containsExactly(Outcome.SAVED, Outcome.KILLED);
            assertThat(lab.servers()).noneMatch(RedisServer::isRunning);
        }
    }

    @Test
    void aServerWhoseFilesAreGoneIsStillEnded() throws IOException {
        LabSpec spec = LabSpec.standalone(temporary.resolve("lab"), Servers.bundled(), 0, Servers.freePorts(1));
        try (LabCluster lab = LabCluster.create(spec)) {
            Files.move(lab.servers().getFirst().folder(), temporary.resolve("elsewhere"));

            assertThat(new LabStatus(lab.dir()).run().nodes()).hasSize(1).allSatisfy(node -> {
                assertThat(node.state()).isEqualTo(LabStatus.State.RUNNING);
                assertThat(node.pid()).isPresent();
            });
            assertThat(new LabStop(lab.dir(), true).run().servers())
                    .extracting(LabStop.Stopped::outcome)
                    .containsExactly(Outcome.KILLED);
            assertRefused(
                            () -> start(lab.dir(), OptionalInt.empty(), OptionalInt.empty(), OptionalInt.empty()),
                            ErrorCode.CORRUPT)
                    .hasMessageContaining("has lost the folder");
        }
    }

    @Test
    void theServersThatAreMissingAreStartedAndTheOthersLeftAlone() {
        Path dir = temporary.resolve("lab");
        start(dir, OptionalInt.of(2), OptionalInt.of(1), OptionalInt.of(Servers.freePorts(4)));
        LabCluster lab = LabCluster.attach(dir);
        RedisServer stays = lab.servers().getFirst();
        OptionalLong pid = stays.pid();
        lab.servers().get(1).kill();
        lab.servers().get(3).kill();
        assertThat(new LabStatus(dir).run().running()).isEqualTo(2);

        assertRefused(
                        () -> new LabStart(
                                        dir,
                                        false,
                                        OptionalInt.empty(),
                                        OptionalInt.empty(),
                                        OptionalInt.empty(),
                                        Optional.empty(),
                                        List.of("maxmemory 77mb"),
                                        LabLayout.ABSOLUTE)
                                .run(),
                        ErrorCode.LOCKED)
                .hasMessageContaining("is running");
        LabStart.Report rest = start(dir, OptionalInt.empty(), OptionalInt.empty(), OptionalInt.empty());

        assertThat(rest.origin()).isEqualTo(Origin.COMPLETED);
        assertThat(rest.status().nodes())
                .hasSize(4)
                .allMatch(node -> node.state() == LabStatus.State.RUNNING)
                .allMatch(node -> node.clusterState().orElseThrow().equals("ok"));
        assertThat(stays.pid()).isEqualTo(pid);
    }

    @ParameterizedTest
    @EnumSource(
            value = LabLayout.class,
            names = {"FOLDER_EACH", "ONE_FOLDER"})
    void aNodeWithARelativeDirIsItselfOnlyWhereItWasStartedBefore(LabLayout layout) throws IOException {
        LabSpec spec = LabSpec.cluster(temporary.resolve("lab"), Servers.bundled(), 2, 1, Servers.freePorts(4))
                .with(layout)
                .withNodeTimeout(Duration.ofSeconds(1));
        try (LabCluster lab = LabCluster.create(spec)) {
            RedisServer node = lab.servers().getLast();
            String id = idOf(node);
            new LabStop(lab.dir(), true).run();
            LabStart.Report again = start(lab.dir(), OptionalInt.empty(), OptionalInt.empty(), OptionalInt.empty());
            assertThat(again.status().nodes()).allMatch(seen -> seen.elsewhere().isEmpty());
            assertThat(idOf(node)).isEqualTo(id);
            assertThat(node.dataFolder())
                    .isEqualTo(layout == LabLayout.ONE_FOLDER ? lab.dir() : node.folder())
                    .isDirectoryContaining(file -> file.getFileName().toString().startsWith("dump"));

            node.shutdown();
            Path wrong = Files.createDirectory(temporary.resolve("wrong"));
            node.startFrom(wrong);
            node.awaitReady(Duration.ofSeconds(10));
            assertThat(idOf(node)).isNotEqualTo(id);
            assertThat(wrong)
                    .isDirectoryContaining(file -> file.getFileName().toString().startsWith("nodes"));
            LabStatus.Node seen = new LabStatus(lab.dir()).run().nodes().getLast();
            assertThat(seen.elsewhere()).contains(wrong.toRealPath());

            node.shutdown();
            node.start();
            lab.awaitWhole(Duration.ofSeconds(30));
            assertThat(idOf(node)).isEqualTo(id);
        }
    }

    @Test
    void aSupervisedServerComesBackByItselfUntilItIsStopped() {
        LabSpec spec = LabSpec.standalone(temporary.resolve("lab"), Servers.bundled(), 0, Servers.freePorts(1));
        try (LabCluster lab = LabCluster.create(spec)) {
            RedisServer server = lab.servers().getFirst();
            server.shutdown();
            server.startSupervised();
            server.awaitReady(Duration.ofSeconds(10));
            OptionalLong first = server.pid();
            server.crash();
            server.awaitReady(Duration.ofSeconds(10));
            assertThat(server.pid()).isPresent().isNotEqualTo(first);
            try (RespConnection connection = server.connect()) {
                connection.call("SHUTDOWN", "NOSAVE");
            } catch (RespConnectionException e) {
                // That is its answer.
            }
            server.awaitReady(Duration.ofSeconds(10));
            server.shutdown();
            assertThat(server.isRunning()).isFalse();
            server.start();
            server.awaitReady(Duration.ofSeconds(10));
        }
    }

    @Test
    void theLabLogsInAsItsNodesDo() {
        LabSpec spec = LabSpec.standalone(temporary.resolve("lab"), Servers.bundled(), 1, Servers.freePorts(2))
                .withUser("operator", "s3 \"cret");
        try (LabCluster lab = LabCluster.create(spec)) {
            assertThat(new LabStatus(lab.dir()).run().nodes())
                    .allMatch(node -> node.state() == LabStatus.State.RUNNING);
            assertThat(lab.replicas()).hasSize(1);
            HostAndPort address = lab.servers().getFirst().address();
            assertThatThrownBy(() -> RespConnection.open(address, ConnectionSettings.defaults())
                            .call("DBSIZE"))
                    .isInstanceOf(AmbrotypeException.class);
        }
    }

    private static String idOf(RedisServer server) {
        try (RespConnection connection = server.connect()) {
            return connection.text("CLUSTER", "MYID");
        }
    }

    private static LabStart.Report start(Path dir, OptionalInt masters, OptionalInt replicas, OptionalInt portBase) {
        return new LabStart(dir, false, masters, replicas, portBase, Optional.empty(), List.of(), LabLayout.ABSOLUTE)
                .run();
    }

    private static AbstractThrowableAssert<?, ? extends Throwable> assertRefused(
            ThrowableAssert.ThrowingCallable call, ErrorCode code) {
        return assertThatThrownBy(call)
                .isInstanceOfSatisfying(
                        AmbrotypeException.class, e -> assertThat(e.code()).isEqualTo(code));
    }
}
