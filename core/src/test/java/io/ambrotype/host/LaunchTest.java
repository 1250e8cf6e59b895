package io.ambrotype.host;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.InstanceOfAssertFactories.type;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.ambrotype.common.AmbrotypeException;
import io.ambrotype.common.HostAndPort;
import io.ambrotype.host.LaunchPlan.Impossible;
import io.ambrotype.host.LaunchPlan.Possible;
import io.ambrotype.host.ServerProcess.Limit;
import io.ambrotype.host.ServerProcess.SystemdUnit;
import io.ambrotype.resp.RespConnection;
import io.ambrotype.servers.TestServer.Binary;
import io.ambrotype.topology.NodeId;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
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
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.json.JsonMapper;

/** Real servers that were started in odd ways, stopped, and started again by what the planner found out. */
@EnabledOnOs(OS.LINUX)
class LaunchTest {
    private static final Path SERVER = Binary.REDIS_7_0.program();
    private static final JsonMapper JSON = JsonMapper.builder().build();

    @TempDir
    private Path temporary;

    private Path dir = Path.of("");
    private final List<Launch.Target> asked = new ArrayList<>();
    private final Launcher launcher = new Launcher(Duration.ofSeconds(30), asked::add);

    @BeforeEach
    void resolve() throws IOException {
        dir = temporary.toRealPath();
    }

    private Path configure(int port, String... lines) throws IOException {
        return Files.writeString(
                dir.resolve("redis.conf"),
                "port " + port + "\nbind 127.0.0.1\nsave 900 1\n" + String.join("\n", lines) + "\n");
    }

    private static NodeId id(HostServer server) {
        try (RespConnection connection = server.connect()) {
            return server.info().is("cluster_enabled")
                    ? new NodeId(connection.text("CLUSTER", "MYID"))
                    : NodeId.ofAddress(server.address());
        }
    }

    private static LaunchPlan plan(HostServer server, String settings) {
        return plan(server, settings, new LaunchPlanner());
    }

    private static LaunchPlan plan(HostServer server, String settings, LaunchPlanner planner) {
        try (RespConnection connection = server.connect()) {
            return planner.plan(LaunchSettings.parse(settings), server.address(), id(server), connection);
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    private static List<String> reasons(LaunchPlan plan) {
        assertThat(plan).isInstanceOf(Impossible.class);
        return ((Impossible) plan).reasons();
    }

    /** Plans, keeps the plan as a journal does, stops the server and starts it by what the journal has. */
    private Possible restart(HostServer server, String settings) {
        LaunchPlan plan = plan(server, settings);
        assertThat(plan).isInstanceOf(Possible.class);
        Possible possible = (Possible) plan;
        ServerProcess before = server.process();
        String run = server.runId();
        String folder = live(server, "dir");
        server.shutdown("SAVE");
        start(possible);
        server.awaitReady();
        assertThat(server.runId()).isNotEqualTo(run);
        assertThat(live(server, "dir")).isEqualTo(folder);
        ServerProcess after = server.process();
        assertThat(after.account()).isEqualTo(before.account());
        assertThat(after.limits()).isEqualTo(before.limits());
        assertThat(after.umask()).isEqualTo(before.umask());
        assertThat(after.executable()).isEqualTo(before.executable());
        assertThat(after.workingFolder()).isEqualTo(before.workingFolder());
        return possible;
    }

    private void start(Possible plan) {
        Launch launch = JSON.readValue(JSON.writeValueAsString(plan.launch()), Launch.class);
        assertThat(launch).isEqualTo(plan.launch());
        Launch.Target target = JSON.readValue(JSON.writeValueAsString(plan.target()), Launch.Target.class);
        assertThat(target).isEqualTo(plan.target());
        try {
            launcher.start(launch, target);
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    private static String live(HostServer server, String name) {
        try (RespConnection connection = server.connect()) {
            return connection.pairs("CONFIG", "GET", name).getOrDefault(name, "");
        }
    }

    @ParameterizedTest
    @EnumSource(Binary.class)
    void executesAsItWas(Binary binary) throws IOException {
        int port = HostServer.port();
        configure(
                port, "dir ./data", "logfile server.log", "requirepass secret", "masterauth secret", "maxclients 100");
        Files.createDirectories(dir.resolve("data"));
        try (HostServer server = HostServer.start(
                dir,
                port,
                "secret",
                List.of(
                        "/bin/sh",
                        "-c",
                        "umask 0077; ulimit -S -n 999; ulimit -H -n 5000; ulimit -c 0; exec " + binary.program()
                                + " redis.conf"))) {
            Possible plan = restart(server, "auto");
            assertThat(plan.launch()).asInstanceOf(type(Launch.Exec.class)).satisfies(exec -> {
                assertThat(exec.command()).containsExactly(binary.program().toString(), dir + "/redis.conf");
                assertThat(exec.folder()).isEqualTo(dir);
                assertThat(exec.limits()).containsEntry("nofile", new Limit("999", "5000"));
                assertThat(exec.umask()).contains("0077");
                assertThat(exec.account()).isEmpty();
                assertThat(exec.daemonizes()).isFalse();
            });
            // The process is its own session's leader: no terminal ends it.
            assertThat(server.process().parent().pid()).isNotZero();
            server.shutdown("NOSAVE");
        }
    }

    @Test
    void executesWhatPutsItselfIntoTheBackground() throws IOException {
        int port = HostServer.port();
        configure(port, "daemonize yes", "dir " + dir, "logfile server.log", "pidfile server.pid");
        try (HostServer server = HostServer.start(dir, port, null, List.of(SERVER.toString(), "redis.conf"))) {
            Possible plan = restart(server, "auto");
            assertThat(((Launch.Exec) plan.launch()).daemonizes()).isTrue();
        }
    }

    /** The folder that a server is in is its dir, and not the one it was started from. */
    @ParameterizedTest
    @CsvSource({
        "conf/redis.conf, data, .",
        "redis.conf, ./, .",
        "conf/redis.conf, ../data, data",
        "conf/redis.conf, data/../data/sub/.., ."
    })
    void findsTheFolderItWasStartedFrom(String file, String data, String start) throws IOException {
        int port = HostServer.port();
        Path started = Files.createDirectories(dir.resolve(start)).toRealPath();
        Files.createDirectories(dir.resolve("conf"));
        Files.createDirectories(dir.resolve("data/sub"));
        configure(port, "dir " + data);
        if (!file.equals("redis.conf")) {
            Files.move(dir.resolve("redis.conf"), dir.resolve(file));
        }
        try (HostServer server = HostServer.start(
                started,
                port,
                null,
                List.of(SERVER.toString(), dir.resolve(file).toString()))) {
            Possible plan = restart(server, "auto");
            assertThat(((Launch.Exec) plan.launch()).folder()).isEqualTo(started);
        }
    }

    @Test
    void findsAProgramThatWasFoundThroughTheSearchPath() throws IOException {
        int port = HostServer.port();
        configure(port);
        Path bin = Files.createDirectory(dir.resolve("bin"));
        // As Debian does: one program under several names, and the kernel names the other one.
        Path program = Files.copy(SERVER, bin.resolve("redis-check-rdb"));
        Files.createSymbolicLink(bin.resolve("redis-server"), program);
        try (HostServer server = HostServer.start(
                dir, port, null, List.of("/bin/sh", "-c", "PATH=" + bin + ":$PATH; exec redis-server redis.conf"))) {
            assertThat(server.info().value("executable")).contains(dir + "/redis-server");
            assertThat(server.process().executable()).isEqualTo(program);
            Possible plan = restart(server, "auto");
            assertThat(((Launch.Exec) plan.launch()).command()).startsWith(bin + "/redis-server");
        }
    }

    @Test
    void executesThroughTheLoaderThatItWasStartedThrough() throws IOException {
        Path loader = Path.of("/lib64/ld-linux-x86-64.so.2");
        assumeTrue(Files.isExecutable(loader));
        // The other one is linked statically.
        Path program = Binary.REDIS_6_2.program();
        int port = HostServer.port();
        configure(port);
        try (HostServer server = HostServer.start(
                dir,
                port,
                null,
                List.of(
                        loader.toString(),
                        program.toString(),
                        dir.resolve("redis.conf").toString()))) {
            Possible plan = restart(server, "auto");
            assertThat(((Launch.Exec) plan.launch()).command())
                    .startsWith(loader.toRealPath().toString(), "--library-path")
                    .endsWith(program.toString(), dir + "/redis.conf");
        }
    }

    @Test
    void picksUpAnUpgrade() throws IOException {
        int port = HostServer.port();
        configure(port);
        Path program = Files.copy(Binary.REDIS_6_2.program(), dir.resolve("redis-server"));
        try (HostServer server = HostServer.start(dir, port, null, List.of(program.toString(), "redis.conf"))) {
            Path part = Files.copy(SERVER, dir.resolve("part"));
            Files.move(part, program, StandardCopyOption.REPLACE_EXISTING);
            Possible plan = (Possible) plan(server, "auto");
            assertThat(plan.warnings()).containsExactly("it is going to be Redis 7.0.15, it is Redis 6.2.11 now");
            server.shutdown("SAVE");
            start(plan);
            server.awaitReady();
            assertThat(server.info().version()).hasToString("Redis 7.0.15");
            Path older = Files.copy(Binary.REDIS_6_2.program(), dir.resolve("part"));
            Files.move(older, program, StandardCopyOption.REPLACE_EXISTING);
            assertThat(reasons(plan(server, "auto")))
                    .containsExactly(
                            "it is Redis 7.0.15, but its program is Redis 6.2.11 now, and an older server may not load what a newer one wrote");
        }
    }

    @Test
    void executesAsTheUserThatItRanAs() throws IOException {
        assumeTrue(System.getProperty("user.name").equals("root"));
        int port = HostServer.port();
        // Others cannot look into a folder of the tests'.
        Path home = Files.createTempDirectory(Path.of("/tmp"), "ambrotype-launch-");
        try {
            Files.setPosixFilePermissions(home, PosixFilePermissions.fromString("rwxrwxrwx"));
            Path program = Files.copy(SERVER, home.resolve("redis-server"));
            Path file = Files.writeString(
                    home.resolve("redis.conf"),
                    "port " + port + "\nbind 127.0.0.1\ndir " + home + "\nlogfile server.log\n");
            try (HostServer server = HostServer.start(
                    dir,
                    port,
                    null,
                    List.of(
                            "/usr/bin/setpriv",
                            "--reuid=65534",
                            "--regid=65534",
                            "--groups=65534,100",
                            program.toString(),
                            file.toString()))) {
                Possible plan = restart(server, "auto");
                assertThat(plan.launch().describe())
                        .isEqualTo("exec " + program + " " + file + " in " + home + " as nobody");
                server.shutdown("NOSAVE");
            }
        } finally {
            try (Stream<Path> files = Files.walk(home)) {
                for (Path path : files.sorted(Comparator.reverseOrder()).toList()) {
                    Files.delete(path);
                }
            }
        }
    }

    @Test
    void refusesWhatTheFileDoesNotExplain() throws IOException {
        int port = HostServer.port();
        configure(
                1,
                "dbfilename other.rdb",
                "appendonly no",
                "requirepass in-the-file",
                "masterauth same",
                "cluster-enabled yes");
        try (HostServer server = HostServer.start(
                dir,
                port,
                "secret",
                List.of(
                        SERVER.toString(),
                        dir.resolve("redis.conf").toString(),
                        "--port",
                        Integer.toString(port),
                        "--dbfilename",
                        "dump.rdb",
                        "--appendonly",
                        "yes",
                        "--appendfilename",
                        "live.aof",
                        "--requirepass",
                        "secret",
                        "--masterauth",
                        "same",
                        "--cluster-enabled",
                        "no"))) {
            String file = dir + "/redis.conf";
            LaunchPlan plan = plan(server, "auto");
            assertThat(reasons(plan))
                    .containsExactly(
                            "appendfilename is appendonly.aof by default (" + file
                                    + " says nothing), the running server has live.aof",
                            "appendonly is no in " + file + ", line 5, the running server has yes",
                            "dbfilename is other.rdb in " + file + ", line 4, the running server has dump.rdb",
                            "port is 1 in " + file + ", line 1, the running server has " + port,
                            "cluster-enabled is yes in " + file + ", line 8, the running server has no",
                            "requirepass is another one in " + file + ", line 6 than in the running server");
            assertThat(((Impossible) plan).hint()).contains("--start 'COMMAND'");
        }
    }

    @Test
    void refusesAPasswordThatOnlyTheServerKnows() throws IOException {
        int port = HostServer.port();
        configure(port, "dir /");
        try (HostServer server = HostServer.start(
                dir,
                port,
                "secret",
                List.of(SERVER.toString(), "redis.conf", "--requirepass", "secret", "--dir", dir.toString()))) {
            assertThat(reasons(plan(server, "auto")))
                    .containsExactly(
                            "dir is / in " + dir + "/redis.conf, line 4, the running server has " + dir,
                            "requirepass is not set by default (" + dir
                                    + "/redis.conf says nothing) than in the running server");
        }
    }

    @Test
    void warnsOfWhatWasSetLive() throws IOException {
        int port = HostServer.port();
        configure(
                port, "maxmemory 1gb", "maxmemory-policy allkeys-lru", "client-output-buffer-limit pubsub 32mb 8mb 60");
        try (HostServer server = HostServer.start(dir, port, null, List.of(SERVER.toString(), "redis.conf"));
                RespConnection connection = server.connect()) {
            assertThat(((Possible) plan(server, "auto")).warnings()).isEmpty();
            connection.call("CONFIG", "SET", "maxmemory", "2gb");
            connection.call("CONFIG", "SET", "cluster-node-timeout", "5000");
            connection.call("CONFIG", "SET", "save", "60 5");
            connection.call("ACL", "SETUSER", "app", "on", ">p", "+@all", "~*");
            String file = dir + "/redis.conf";
            assertThat(((Possible) plan(server, "auto")).warnings())
                    .containsExactly(
                            "cluster-node-timeout is 15000 by default (" + file
                                    + " says nothing), the running server has 5000; CONFIG REWRITE would keep it",
                            "maxmemory is 1gb in " + file
                                    + ", line 4, the running server has 2147483648; CONFIG REWRITE would keep it",
                            "save is \"900 1\" in " + file
                                    + ", line 3, the running server has \"60 5\"; CONFIG REWRITE would keep it",
                            "its ACL users app stand in no file and are going to be lost; CONFIG REWRITE would keep them");
            connection.call("CONFIG", "REWRITE");
            assertThat(((Possible) plan(server, "auto")).warnings()).isEmpty();
            connection.call("REPLICAOF", "127.0.0.1", "1");
            assertThat(((Possible) plan(server, "auto")).warnings())
                    .containsExactly("it is a replica of 127.0.0.1 1, and would start as a master by " + file);
        }
    }

    @ParameterizedTest
    @EnumSource(Binary.class)
    void refusesAClusterNodeThatWouldBeAStranger(Binary binary) throws IOException {
        int port = HostServer.port();
        configure(port, "cluster-enabled yes", "cluster-config-file mine.conf");
        try (HostServer server =
                HostServer.start(dir, port, null, List.of(binary.program().toString(), "redis.conf"))) {
            NodeId id = id(server);
            restart(server, "auto");
            assertThat(id(server)).isEqualTo(id);
            Files.move(dir.resolve("mine.conf"), dir.resolve("away.conf"));
            assertThat(reasons(plan(server, "auto")))
                    .containsExactly("it would not come back as itself: " + dir + "/mine.conf does not exist");
            for (String settings : List.of("supervised", "manual", "systemctl start redis@{port}")) {
                assertThat(reasons(plan(server, settings)))
                        .containsExactly("it would not come back as itself: " + dir + "/mine.conf does not exist");
            }
            Files.writeString(
                    dir.resolve("mine.conf"),
                    Files.readString(dir.resolve("away.conf")).replace(id.value(), "0".repeat(40)));
            assertThat(reasons(plan(server, "auto")))
                    .containsExactly("it would not come back as itself: " + dir
                            + "/mine.conf belongs to another node, 00000000");
        }
    }

    @Test
    void refusesWithoutAFile() {
        try (HostServer server = HostServer.start(
                dir, port -> List.of(SERVER.toString(), "--port", Integer.toString(port), "--bind", "127.0.0.1"))) {
            assertThat(reasons(plan(server, "exec"))).contains("it was started without a configuration file");
        }
    }

    @Test
    void refusesWhereCONFIGIsForbidden() throws IOException {
        int port = HostServer.port();
        configure(port, "rename-command CONFIG \"\"");
        try (HostServer server = HostServer.start(dir, port, null, List.of(SERVER.toString(), "redis.conf"))) {
            assertThat(reasons(plan(server, "auto")))
                    .containsExactly("it does not tell its settings (CONFIG GET), so that nothing shows that " + dir
                            + "/redis.conf is what it runs with");
        }
    }

    /** A script that may start the server again, or not: that cannot be seen. */
    @Test
    void leavesItToAScriptThatStartsItAgain() throws IOException {
        int port = HostServer.port();
        configure(port);
        Path script = Files.writeString(
                dir.resolve("supervise.sh"), "while [ ! -e stop ]; do " + SERVER + " redis.conf; done\n");
        try (HostServer server = HostServer.start(dir, port, null, List.of("/bin/sh", script.toString()))) {
            ServerProcess process = server.process();
            assertThat(reasons(plan(server, "auto")))
                    .containsExactly("it was started by sh (process "
                            + process.parent().pid() + "): /bin/sh " + script + ", which may start it again by itself");
            Possible plan = restart(server, "supervised");
            assertThat(plan.launch().describe()).isEqualTo("its supervisor, as you say, starts it again by itself");
            Files.createFile(dir.resolve("stop"));
        }
    }

    @Test
    void recognisesSupervisors() throws IOException {
        int port = HostServer.port();
        configure(port);
        // A supervisor is known by its name.
        Path runsv = Files.copy(Path.of("/bin/sh").toRealPath(), dir.resolve("runsv"));
        try (HostServer server = HostServer.start(
                dir,
                port,
                null,
                List.of(runsv.toString(), "-c", "while [ ! -e stop ]; do " + SERVER + " redis.conf; done"))) {
            long parent = server.process().parent().pid();
            Possible plan = restart(server, "auto");
            assertThat(plan.launch()).isEqualTo(new Launch.Supervised("runsv (process " + parent + ")"));
            Files.createFile(dir.resolve("stop"));
        }
    }

    @Test
    void runsACommand() throws IOException {
        int port = HostServer.port();
        configure(port, "daemonize yes", "dir '" + Files.createDirectory(dir.resolve("with blank")) + "'");
        try (HostServer server = HostServer.start(dir, port, null, List.of(SERVER.toString(), "redis.conf"))) {
            restart(server, "echo {host} {port} {id} {dir} > \"" + dir + "\"/said; " + SERVER + " {config}");
            assertThat(Files.readString(dir.resolve("said")))
                    .isEqualTo("127.0.0.1 " + port + " " + id(server) + " " + dir + "/with blank\n");
        }
    }

    /** What a command leaves in the background outlives it, also where it goes on printing. */
    @Test
    void doesNotEndWhatACommandLeavesRunning() throws Exception {
        Path done = dir.resolve("done");
        launcher.start(
                new Launch.Command(
                        "(while [ ! -e " + dir.resolve("go") + " ]; do echo working; done; echo > " + done + ") &"),
                target("/d"));
        Files.createFile(dir.resolve("go"));
        await().until(() -> Files.exists(done));
    }

    private static Launch.Target target(String folder) {
        return new Launch.Target(
                new HostAndPort("10.0.0.1", 7000), "a".repeat(40), Optional.of(folder), Optional.empty());
    }

    @Test
    void tellsWhatACommandSaid() {
        assertThatThrownBy(() -> launcher.start(new Launch.Command("echo out; echo wrong >&2; exit 7"), target("/d")))
                .isInstanceOf(AmbrotypeException.class)
                .hasMessage("10.0.0.1:7000 could not be started: command echo out; echo wrong >&2; exit 7"
                        + " ended with status 7: out; wrong");
        Launcher impatient = new Launcher(Duration.ofMillis(300), asked::add);
        assertThatThrownBy(() -> impatient.start(new Launch.Command("echo waiting; sleep 600"), target("/d")))
                .hasMessageContaining("has not ended after 0 s");
        await().until(() -> ProcessHandle.current()
                .descendants()
                .noneMatch(child -> child.info().commandLine().orElse("").contains("sleep 600")));
    }

    @Test
    void keepsOnlyTheEndOfLongOutput() {
        assertThatThrownBy(() -> launcher.start(
                        new Launch.Command("i=0; while [ $i -lt 20000 ]; do echo line $i; i=$((i+1)); done; exit 1"),
                        target("/d")))
                .hasMessageEndingWith("line 19995; line 19996; line 19997; line 19998; line 19999");
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
            ssh {host} sudo systemctl start redis@{port} | /d       | ssh 10.0.0.1 sudo systemctl start redis@7000
            x {dir}                                      | /a b     | x '/a b'
            x {dir}                                      | /ü-1     | x /ü-1
            x ${HOME} {dir}                              | /d       | x ${HOME} /d
            x {a,b} {} {dir}                             | /d       | x {a,b} {} /d
            """)
    void putsValuesIntoCommands(String template, String folder, String expected) {
        assertThat(CommandTemplate.expand(template, target(folder))).isEqualTo(expected);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"-oProxyCommand=x", "/d$(reboot)", "/d';reboot'", "/d`reboot`", "/d\nreboot", "/a\"b", "/a\\b"})
    void handsNothingToAShellThatItWouldRun(String folder) {
        assertThatThrownBy(() -> CommandTemplate.expand("x {dir}", target(folder)))
                .hasMessage("the value of {dir} of 10.0.0.1:7000 cannot be handed to a shell safely");
    }

    @Test
    void refusesPlaceholdersWithoutValue() {
        assertThatThrownBy(() -> CommandTemplate.expand("x {config}", target("/d")))
                .hasMessage("the start command has {config}, which is not known of 10.0.0.1:7000");
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
            start {prot} x | the start command has an unknown placeholder {prot}
            sytemd         | 'sytemd' is no way to start a server
            """)
    void refusesSettingsThatMeanNothing(String text, String message) {
        assertThatThrownBy(() -> LaunchSettings.parse(text)).hasMessage(message);
    }

    @Test
    void asksTheUser() throws IOException {
        int port = HostServer.port();
        configure(port);
        try (HostServer server = HostServer.start(dir, port, null, List.of(SERVER.toString(), "redis.conf"))) {
            Possible plan = (Possible) plan(server, "manual");
            start(plan);
            assertThat(asked).containsExactly(plan.target());
            assertThat(plan.target().config()).contains(dir + "/redis.conf");
        }
    }

    /** A process that ends again says why at once. */
    @Test
    void tellsWhyAServerEndedAgain() throws IOException, InterruptedException {
        int port = HostServer.port();
        configure(port);
        try (HostServer server = HostServer.start(dir, port, null, List.of(SERVER.toString(), "redis.conf"))) {
            Possible plan = (Possible) plan(server, "auto");
            Possible silent = new Possible(withoutOutput((Launch.Exec) plan.launch()), plan.target(), List.of());
            server.shutdown("NOSAVE");
            Files.writeString(dir.resolve("redis.conf"), "no-such-directive 1\n");
            for (Possible possible : List.of(plan, silent)) {
                Launcher.Started started = launcher.start(possible.launch(), possible.target());
                await().until(() -> started.failure().isPresent());
                assertThat(started.failure().orElseThrow())
                        .startsWith(SERVER + " ended with status 1: ")
                        .contains("no-such-directive 1");
            }
        }
    }

    /** The process that was started has ended well then; its child has not. */
    @Test
    void tellsWhyAServerEndedAgainInTheBackground() throws IOException, InterruptedException {
        int port = HostServer.port();
        configure(port, "daemonize yes", "dir " + dir, "logfile server.log", "pidfile server.pid");
        try (HostServer server = HostServer.start(dir, port, null, List.of(SERVER.toString(), "redis.conf"))) {
            Possible plan = (Possible) plan(server, "auto");
            server.shutdown("SAVE");
            byte[] data = Files.readAllBytes(dir.resolve("dump.rdb"));
            Files.writeString(dir.resolve("dump.rdb"), "no data at all");
            Launcher.Started broken = launcher.start(plan.launch(), plan.target());
            await().until(() -> broken.failure().isPresent());
            assertThat(broken.failure().orElseThrow())
                    .startsWith(SERVER + " has ended in the background: ")
                    .contains("Wrong signature");

            Files.write(dir.resolve("dump.rdb"), data);
            Launcher.Started well = launcher.start(plan.launch(), plan.target());
            await().until(() -> {
                assertThat(well.failure()).isEmpty();
                return server.answers();
            });
            assertThat(well.failure()).isEmpty();
        }
    }

    private static Launch.Exec withoutOutput(Launch.Exec exec) {
        return new Launch.Exec(
                exec.command(),
                exec.version(),
                exec.folder(),
                exec.account(),
                exec.limits(),
                exec.umask(),
                Optional.empty(),
                exec.daemonizes());
    }

    /** systemd as a script: what it is told is written down, what it is asked is answered. */
    private Path systemctl(String answer, int status) throws IOException {
        Path bin = Files.createDirectories(dir.resolve("systemctl-" + status + answer.hashCode()));
        Path script = Files.writeString(
                bin.resolve("systemctl"),
                "#!/bin/sh\necho \"$@\" >> " + dir + "/told\nprintf '" + answer + "'\nexit " + status + "\n");
        Files.setPosixFilePermissions(script, PosixFilePermissions.fromString("rwxr-xr-x"));
        return bin;
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', nullValues = "-", textBlock = """
            PID | no         | ''  | systemctl start redis@7000.service
            PID | on-failure | ''  | systemctl start redis@7000.service
            PID | always     | ''  | unit redis@7000.service (Restart=always) starts it again by itself
            PID | on-success | ''  | unit redis@7000.service (Restart=on-success) starts it again by itself
            PID | always     | 1 0 | systemctl start redis@7000.service
            1   | always     | ''  | -
            """)
    void asksSystemdWhatItIsGoingToDo(String main, String restart, String prevent, String launch) throws Exception {
        int port = HostServer.port();
        configure(port);
        try (HostServer server = HostServer.start(dir, port, null, List.of(SERVER.toString(), "redis.conf"));
                RespConnection connection = server.connect()) {
            ServerProcess process = server.process();
            Path bin = systemctl(
                    "RestartPreventExitStatus=" + prevent + "\\nMainPID="
                            + main.replace("PID", Long.toString(process.pid())) + "\\nRestart=" + restart + "\\n",
                    0);
            LocalHost host = inUnit(process, "0::/system.slice/redis@7000.service");
            LaunchPlanner planner = new LaunchPlanner(host, List.of(bin, Path.of("/usr/bin")));
            LaunchPlan plan = planner.plan(
                    LaunchSettings.parse("systemd"), server.address(), NodeId.ofAddress(server.address()), connection);
            assertThat(Files.readString(dir.resolve("told")))
                    .isEqualTo("show --property=MainPID,Restart,RestartPreventExitStatus redis@7000.service\n");
            if (launch == null) {
                assertThat(reasons(plan))
                        .containsExactly("it belongs to unit redis@7000.service, whose main process is another one");
            } else {
                assertThat(((Possible) plan).launch().describe()).isEqualTo(launch);
            }
        }
    }

    /** This machine, but for the control group of one process. */
    private LocalHost inUnit(ServerProcess process, String cgroup) throws IOException {
        Path proc = Files.createDirectory(dir.resolve("proc"));
        for (String name : List.of("self")) {
            Files.createSymbolicLink(
                    proc.resolve(name), Path.of("/proc").resolve(name).toRealPath());
        }
        Path own = Files.createDirectory(proc.resolve(Long.toString(process.pid())));
        for (String name : List.of("fd", "status", "stat", "exe", "cwd", "limits", "ns", "maps")) {
            Path real = Path.of("/proc", Long.toString(process.pid()), name);
            Files.createSymbolicLink(
                    own.resolve(name), Files.isSymbolicLink(real) ? Files.readSymbolicLink(real) : real);
        }
        Files.writeString(own.resolve("cgroup"), cgroup + "\n");
        return new LocalHost(proc);
    }

    @Test
    void startsAUnit() throws Exception {
        Launcher good =
                new Launcher(Duration.ofSeconds(30), asked::add, List.of(systemctl("", 0), Path.of("/usr/bin")));
        good.start(new Launch.Systemd(new SystemdUnit("redis@7000.service", false)), target("/d"));
        good.start(new Launch.Systemd(new SystemdUnit("redis.service", true)), target("/d"));
        assertThat(Files.readAllLines(dir.resolve("told")))
                .containsExactly(
                        "--no-ask-password start redis@7000.service", "--user --no-ask-password start redis.service");
        Launcher bad = new Launcher(
                Duration.ofSeconds(30), asked::add, List.of(systemctl("Access denied", 4), Path.of("/usr/bin")));
        assertThatThrownBy(
                        () -> bad.start(new Launch.Systemd(new SystemdUnit("redis@7000.service", false)), target("/d")))
                .hasMessage(
                        "10.0.0.1:7000 could not be started: systemctl start redis@7000.service ended with status 4: Access denied");
    }
}
