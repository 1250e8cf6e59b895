package io.ambrotype.status;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.ambrotype.common.AmbrotypeException;
import io.ambrotype.common.HostAndPort;
import io.ambrotype.resp.ConnectionSettings;
import io.ambrotype.resp.RespConnection;
import io.ambrotype.resp.ServerVersion.Vendor;
import io.ambrotype.servers.TestServer;
import io.ambrotype.servers.TestServer.Binary;
import io.ambrotype.status.NodeStatus.Save;
import io.ambrotype.status.NodeStatus.State;
import io.ambrotype.topology.Role;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.function.Predicate;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class StatusReaderTest {
    @TempDir
    Path folder;

    private static DeploymentStatus read(HostAndPort seed) {
        return new StatusReader("shop", List.of(seed), ConnectionSettings.defaults(), Clock.systemUTC()).read();
    }

    private static DeploymentStatus readWhen(HostAndPort seed, Predicate<DeploymentStatus> test) {
        return await().atMost(Duration.ofSeconds(30))
                .pollInterval(Duration.ofMillis(50))
                .until(() -> read(seed), test);
    }

    private Path newFolder(String name) throws IOException {
        return Files.createDirectory(folder.resolve(name));
    }

    @Test
    void aMasterWithAReplicaIsToldWhole() throws IOException {
        try (TestServer master = TestServer.start(
                        Binary.REDIS_6_2, newFolder("m"), "--repl-diskless-sync-delay", "0", "--maxmemory", "100mb");
                TestServer replica = TestServer.start(
                        Binary.REDIS_7_0,
                        newFolder("r"),
                        "--replicaof",
                        "127.0.0.1",
                        Integer.toString(master.address().port()),
                        "--save",
                        "900",
                        "1");
                RespConnection connection = master.connect()) {
            connection.call("SET", "a", "1");
            DeploymentStatus status = readWhen(
                    replica.address(),
                    seen -> seen.healthy() && seen.allNodes().getLast().keys().orElse(0) == 1);

            assertThat(status.deployment()).isEqualTo("shop");
            assertThat(status.nodes()).isEqualTo(2);
            assertThat(status.reachedNodes()).isEqualTo(2);
            assertThat(status.versions()).hasSize(2).allMatch(version -> version.vendor() == Vendor.REDIS);
            NodeStatus first = status.shards().getFirst().master();
            assertThat(first.role()).isEqualTo(Role.MASTER);
            assertThat(first.keys()).hasValue(1);
            assertThat(first.maxMemory()).hasValue(100 << 20);
            assertThat(first.link()).isEmpty();
            assertThat(first.save().orElseThrow().off()).isTrue();
            assertThat(first.started().orElseThrow())
                    .isBetween(Instant.now().minusSeconds(120), Instant.now().plusSeconds(2));
            NodeStatus second = status.shards().getFirst().replicas().getFirst();
            assertThat(second.master()).contains(first.id());
            assertThat(second.link().orElseThrow().up()).isTrue();
            assertThat(second.lagBytes().isPresent()).isTrue();
            assertThat(second.save().flatMap(Save::points)).contains("900 1");
            assertThat(second.save().orElseThrow().sinceStart()).isFalse();

            master.kill();
            status = readWhen(
                    replica.address(),
                    seen -> seen.problems().stream()
                            .anyMatch(problem -> problem.kind().equals("replica-link-down")));
            assertThat(status.healthy()).isFalse();
            assertThat(status.shards().getFirst().master().state()).isEqualTo(State.UNREACHABLE);
            assertThat(status.shards()
                            .getFirst()
                            .replicas()
                            .getFirst()
                            .link()
                            .orElseThrow()
                            .up())
                    .isFalse();
            assertThat(status.problems())
                    .allSatisfy(problem -> assertThat(problem.meaning()).isNotBlank());
        }
    }

    @Test
    void aFailedSaveStandsOutAlsoWhereConfigIsRenamed() throws IOException {
        Path data = newFolder("data");
        try (TestServer server = TestServer.start(Binary.REDIS_7_0, data, "--rename-command", "CONFIG", "");
                RespConnection connection = server.connect()) {
            DeploymentStatus status = read(server.address());
            assertThat(status.healthy()).isTrue();
            Save save = status.allNodes().getFirst().save().orElseThrow();
            assertThat(save.points()).isEmpty();
            assertThat(save.sinceStart()).isFalse();

            connection.call("BGSAVE");
            status = readWhen(
                    server.address(),
                    seen -> seen.allNodes().getFirst().save().orElseThrow().sinceStart());
            assertThat(status.healthy()).isTrue();

            // A folder in the way of the temporary file fails the save for every user, root included.
            Files.delete(data.resolve("dump.rdb"));
            Files.createDirectories(data.resolve("dump.rdb/in-the-way"));
            connection.call("SET", "a", "1");
            connection.call("BGSAVE");
            status = readWhen(server.address(), seen -> !seen.healthy());
            assertThat(status.problems()).singleElement().satisfies(problem -> {
                assertThat(problem.kind()).isEqualTo("save-failed");
                assertThat(problem.sentence()).isEqualTo("the last background save of " + server.address() + " failed");
            });
        }
    }

    @Test
    void whereNobodyAnswersThereIsNoStatus() {
        assertThatThrownBy(() -> read(new HostAndPort("127.0.0.1", 1)))
                .isInstanceOf(AmbrotypeException.class)
                .hasMessageContaining("127.0.0.1:1");
    }
}
