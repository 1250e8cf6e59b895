package io.ambrotype.host;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.InstanceOfAssertFactories.type;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.ambrotype.common.HostAndPort;
import io.ambrotype.host.ServerProcess.Limit;
import io.ambrotype.host.ServerProcess.SystemdUnit;
import io.ambrotype.resp.ServerInfo;
import io.ambrotype.servers.TestServer.Binary;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Processes of real servers, started in all the ways that hide something. */
@EnabledOnOs(OS.LINUX)
class LocalHostTest {
    private static final String SERVER = Binary.REDIS_7_0.program().toString();

    @TempDir
    private Path temporary;

    private Path dir = Path.of("");

    @BeforeEach
    void resolve() throws IOException {
        dir = temporary.toRealPath();
    }

    private static List<String> arguments(int port, String... more) {
        return Stream.concat(
                        Stream.of(SERVER, "--port", Integer.toString(port), "--bind", "127.0.0.1", "--save", ""),
                        Stream.of(more))
                .toList();
    }

    @Test
    void showsWhatTheKernelKnows() throws IOException {
        Path data = Files.createDirectory(dir.resolve("data"));
        try (HostServer server = HostServer.start(
                dir,
                port -> List.of(
                        "/bin/sh",
                        "-c",
                        "umask 0027; ulimit -S -n 777; ulimit -H -n 2777; exec \"$0\" \"$@\"",
                        SERVER,
                        "--port",
                        Integer.toString(port),
                        "--bind",
                        "127.0.0.1",
                        "--maxclients",
                        "100",
                        "--dir",
                        "data"))) {
            ServerProcess process = server.process();
            assertThat(process.pid())
                    .isEqualTo(server.info().number("process_id").orElseThrow());
            assertThat(process.executable()).isEqualTo(Path.of(SERVER).toRealPath());
            assertThat(process.executableReplaced()).isFalse();
            assertThat(process.workingFolder()).isEqualTo(data);
            assertThat(process.umask()).contains("0027");
            assertThat(process.limits()).containsEntry("nofile", new Limit("777", "2777"));
            assertThat(process.limits().get("nofile")).hasToString("777:2777");
            assertThat(process.account().userId()).isEqualTo((int) Files.getAttribute(dir, "unix:uid"));
            assertThat(process.container()).isEmpty();
            assertThat(process.standardOutput())
                    .contains(dir.resolve("output-" + server.address().port() + ".log"));
            assertThat(process.parent().ancestorOfOurs()).isTrue();
            assertThat(LocalHost.INSTANCE.isAlive(process)).isTrue();
            server.shutdown("NOSAVE");
            assertThat(LocalHost.INSTANCE.isAlive(process)).isFalse();
        }
    }

    @Test
    void seesThatProgramAndFolderWereReplaced() throws IOException {
        Path program = Files.copy(Path.of(SERVER), dir.resolve("redis-server"));
        Path data = Files.createDirectory(dir.resolve("data"));
        try (HostServer server = HostServer.start(
                dir,
                port -> List.of(
                        program.toString(),
                        "--port",
                        Integer.toString(port),
                        "--bind",
                        "127.0.0.1",
                        "--dir",
                        "data"))) {
            Files.delete(program);
            Files.delete(data);
            ServerProcess process = server.process();
            assertThat(process.executable()).isEqualTo(program);
            assertThat(process.executableReplaced()).isTrue();
            assertThat(process.workingFolder()).isEqualTo(data);
            assertThat(process.workingFolderRemoved()).isTrue();
        }
    }

    @Test
    void findsListenersOnIpv6AndEverywhere() {
        try (HostServer server = HostServer.start(
                dir,
                port -> List.of(
                        SERVER, "--port", Integer.toString(port), "--bind", "* -::*", "--protected-mode", "no"))) {
            int port = server.address().port();
            ServerInfo info = server.info();
            assertThat(LocalHost.INSTANCE.find(new HostAndPort("127.0.0.1", port), info))
                    .isInstanceOf(Sighting.Seen.class);
            assumeTrue(Files.exists(Path.of("/proc/net/if_inet6")));
            assertThat(LocalHost.INSTANCE.find(new HostAndPort("::1", port), info))
                    .isInstanceOf(Sighting.Seen.class);
            assertThat(LocalHost.INSTANCE.find(new HostAndPort("localhost", port), info))
                    .isInstanceOf(Sighting.Seen.class);
        }
    }

    @Test
    void doesNotTakeAnotherHostsServerForOneHere() {
        try (HostServer server = HostServer.start(dir, LocalHostTest::arguments)) {
            // The same port and process id, but an address of documentation: RFC 5737.
            assertThat(LocalHost.INSTANCE.find(
                            new HostAndPort("192.0.2.1", server.address().port()), server.info()))
                    .isEqualTo(new Sighting.Unseen("192.0.2.1 is not an address of this host"));
        }
    }

    @Test
    void doesNotTakeATunnelForTheServerBehindIt() throws IOException {
        try (HostServer server = HostServer.start(dir, LocalHostTest::arguments);
                ServerSocket tunnel = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            assertThat(LocalHost.INSTANCE.find(new HostAndPort("127.0.0.1", tunnel.getLocalPort()), server.info()))
                    .asInstanceOf(type(Sighting.Unseen.class))
                    .extracting(Sighting.Unseen::reason)
                    .asString()
                    .startsWith("port " + tunnel.getLocalPort() + " of this host belongs to java (process "
                            + ProcessHandle.current().pid() + "), and the server behind it says that it is process "
                            + server.process().pid());
        }
    }

    @Test
    void seesThatNobodyListens() {
        try (HostServer server = HostServer.start(dir, LocalHostTest::arguments)) {
            assertThat(LocalHost.INSTANCE.find(new HostAndPort("127.0.0.1", HostServer.port()), server.info()))
                    .asInstanceOf(type(Sighting.Unseen.class))
                    .extracting(Sighting.Unseen::reason)
                    .asString()
                    .contains("no process that is seen here listens on port");
        }
    }

    /** A process in namespaces of its own, with our network, as a container with the network of its host has them. */
    @Test
    void recognisesAContainer() {
        Path unshare = Path.of("/usr/bin/unshare");
        assumeTrue(
                Files.isExecutable(unshare) && System.getProperty("user.name").equals("root"));
        try (HostServer server = HostServer.start(
                dir,
                port -> Stream.concat(
                                Stream.of(unshare.toString(), "--pid", "--mount", "--fork"), arguments(port).stream())
                        .toList())) {
            assertThat(server.info().number("process_id")).hasValue(1);
            ServerProcess process = server.process();
            assertThat(process.pid()).isNotEqualTo(1);
            assertThat(process.container()).contains("a container");
        }
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            0::/system.slice/redis-server.service                                   | redis-server.service        | false
            1:name=systemd:/system.slice/system-redis.slice/redis-server@7000.service | redis-server@7000.service | false
            0::/system.slice/system-redis\\x2dserver.slice/redis-server@7000.service  | redis-server@7000.service | false
            0::/user.slice/user-1000.slice/user@1000.service/app.slice/redis.service  | redis.service             | true
            0::/system.slice/valkey.service/supervisor                              | valkey.service              | false
            0::/user.slice/user-1000.slice/session-3.scope                          |                             | false
            0::/user.slice/user-1000.slice/user@1000.service/init.scope             |                             | false
            0::/system.slice/docker-0123456789ab0123456789ab0123456789ab0123456789ab0123456789abcdef.scope | | false
            9:memory:/system.slice/redis.service                                    |                             | false
            0::/                                                                    |                             | false
            """)
    void readsUnitsOutOfControlGroups(String cgroup, String unit, boolean ofUser) {
        assertThat(ControlGroups.systemdUnit("12:cpu:/\n" + cgroup + "\n"))
                .isEqualTo(Optional.ofNullable(unit).map(name -> new SystemdUnit(name, ofUser)));
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            0::/system.slice/docker-0123456789ab0123456789ab0123456789ab0123456789ab0123456789abcdef.scope | a container of Docker 0123456789ab
            1:cpu:/docker/0123456789ab0123456789ab0123456789ab0123456789ab0123456789abcdef | a container of Docker 0123456789ab
            0::/kubepods.slice/kubepods-pod1.slice/cri-containerd-0123456789ab0123456789ab0123456789ab0123456789ab0123456789abcdef.scope | a container of Kubernetes 0123456789ab
            0::/machine.slice/libpod-0123456789ab0123456789ab0123456789ab0123456789ab0123456789abcdef.scope | a container of Podman 0123456789ab
            0::/lxc/redis1 | a container of LXC
            0::/           |
            """)
    void readsContainersOutOfControlGroups(String cgroup, String container) {
        assertThat(ControlGroups.container(cgroup + "\n")).isEqualTo(Optional.ofNullable(container));
    }

    @Test
    void saysWhereThereAreNoProcesses() {
        assertThat(new LocalHost(dir).find(new HostAndPort("127.0.0.1", 1), ServerInfo.parse("")))
                .isEqualTo(new Sighting.Unseen("processes can be looked at on Linux only"));
    }
}
