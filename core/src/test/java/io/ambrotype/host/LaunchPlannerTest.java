package io.ambrotype.host;

import static org.assertj.core.api.Assertions.assertThat;

import io.ambrotype.common.HostAndPort;
import io.ambrotype.common.Secret;
import io.ambrotype.host.LaunchObservation.UnitState;
import io.ambrotype.host.LaunchPlan.Impossible;
import io.ambrotype.host.LaunchPlan.Possible;
import io.ambrotype.host.ServerProcess.Account;
import io.ambrotype.host.ServerProcess.Limit;
import io.ambrotype.host.ServerProcess.Parent;
import io.ambrotype.host.ServerProcess.SystemdUnit;
import io.ambrotype.resp.ServerInfo;
import io.ambrotype.resp.ServerVersion;
import io.ambrotype.resp.ServerVersion.Vendor;
import io.ambrotype.topology.NodeConfiguration;
import io.ambrotype.topology.NodeId;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What the planner decides from what was seen, in situations that this machine cannot be brought into. */
class LaunchPlannerTest {
    private static final SystemdUnit UNIT = new SystemdUnit("redis@7000.service", false);
    private static final Account ROOT = new Account(0, 0, List.of(), Optional.of("root"));
    private static final Account REDIS = new Account(120, 120, List.of(), Optional.of("redis"));
    private static final Account STRANGER = new Account(1001, 1001, List.of(), Optional.empty());

    @TempDir
    private Path temporary;

    private Path dir = Path.of("");

    // What was seen; each test changes a part of it.
    private Account account = REDIS;
    private Optional<Account> self = Optional.of(REDIS);
    private Parent parent = new Parent(1, "systemd", List.of("/sbin/init"), false);
    private Optional<String> container = Optional.empty();
    private Optional<SystemdUnit> unitOfProcess = Optional.empty();
    private Optional<UnitState> unit = Optional.empty();
    private Optional<String> unitProblem = Optional.empty();
    private Optional<ServerProgram> program = program(Vendor.REDIS, "7.0.15");
    private Optional<String> nodesConfProblem = Optional.empty();
    private boolean folderRemoved;
    private boolean startKnown = true;
    private String text = "port 7000\nsave 900 1\n";
    private final Map<String, String> live = new HashMap<>();
    private final Map<String, String> info = new HashMap<>();
    private final Map<String, Secret> secrets = new HashMap<>();
    private final Map<String, Limit> limits = new HashMap<>();
    private final Map<String, Limit> ownLimits = new HashMap<>();
    private final Map<String, Path> tools = new HashMap<>();
    private List<String> users = List.of("default");

    @BeforeEach
    void healthy() throws IOException {
        dir = temporary.toRealPath();
        live.putAll(Map.of("port", "7000", "dir", dir.toString(), "save", "900 1", "dbfilename", "dump.rdb"));
        info.putAll(Map.of("redis_version", "7.0.15", "config_file", dir + "/redis.conf", "cluster_enabled", "0"));
        for (String tool : List.of("setpriv", "setsid", "prlimit")) {
            tools.put(tool, Path.of("/usr/bin", tool));
        }
    }

    private static Optional<ServerProgram> program(Vendor vendor, String version) {
        return Optional.of(new ServerProgram(List.of("/usr/bin/redis-server"), ServerVersion.parse(vendor, version)));
    }

    private LaunchPlan plan(String way) {
        return plan(way, new Sighting.Seen(process()));
    }

    private LaunchPlan plan(String way, Sighting sighting) {
        ServerInfo told = new ServerInfo(Map.of("server", info));
        Optional<ConfigurationFile> file;
        try {
            file = Optional.of(ConfigurationFile.read(Files.writeString(dir.resolve("redis.conf"), text), dir));
        } catch (IOException e) {
            throw new AssertionError(e);
        }
        return LaunchPlanner.plan(
                LaunchSettings.parse(way),
                new LaunchObservation(
                        new HostAndPort("127.0.0.1", 7000),
                        new NodeId("a".repeat(40)),
                        told,
                        new NodeConfiguration(
                                new TreeMap<>(live), new TreeSet<>(), Optional.of(users), Optional.empty()),
                        secrets,
                        sighting,
                        file,
                        Optional.empty(),
                        startKnown ? Optional.of(dir) : Optional.empty(),
                        program,
                        unit,
                        unitProblem,
                        nodesConfProblem,
                        Set.of(),
                        self,
                        ownLimits,
                        tools));
    }

    private ServerProcess process() {
        return new ServerProcess(
                4711,
                1,
                Path.of("/usr/bin/redis-check-rdb"),
                false,
                dir,
                folderRemoved,
                account,
                Optional.of("0022"),
                limits,
                Optional.empty(),
                unitOfProcess,
                container,
                parent);
    }

    private static String reason(LaunchPlan plan) {
        assertThat(plan).isInstanceOf(Impossible.class);
        return String.join("; ", ((Impossible) plan).reasons());
    }

    private static Possible possible(LaunchPlan plan) {
        assertThat(plan).isInstanceOf(Possible.class);
        return (Possible) plan;
    }

    @Test
    void executesWhatAnInitInherited() {
        Possible plan = possible(plan("auto"));
        assertThat(plan.launch()).isInstanceOf(Launch.Exec.class);
        assertThat(plan.warnings()).isEmpty();
        assertThat(plan.target().config()).contains(dir + "/redis.conf");
    }

    @Test
    void saysWhereItCannotBeSeen() {
        assertThat(reason(plan("auto", new Sighting.Unseen("10.0.0.1 is not an address of this host"))))
                .isEqualTo("how it was started cannot be seen from here: 10.0.0.1 is not an address of this host");
    }

    @Test
    void leavesContainersToThemselves() {
        container = Optional.of("a container of Docker 0123456789ab");
        assertThat(possible(plan("auto")).launch()).isInstanceOf(Launch.Supervised.class);
        assertThat(possible(plan("auto")).warnings()).singleElement().asString().contains("not seen from here");
        assertThat(reason(plan("exec"))).contains("where it cannot be started by exec");
        assertThat(reason(plan("systemd"))).contains("where it cannot be started by systemd");
    }

    /** Whoever started a server may start it again by itself, and then there would be two. */
    @ParameterizedTest
    @CsvSource(delimiter = '|', nullValues = "-", textBlock = """
            1    | systemd     | /sbin/init            | exec
            0    | ?           | -                     | what its container was started for
            1    | tini        | tini -- redis-server  | what its container was started for
            1    | sh          | sh start.sh           | what its container was started for
            1    | runsv       | runsv redis           | may have started it, or only inherited it
            500  | runsv       | runsv redis           | runsv (process 500) starts it again by itself
            500  | supervisord | supervisord -n        | supervisord (process 500) starts it again by itself
            500  | bash        | -bash                 | exec
            500  | zsh         | zsh -il               | exec
            500  | bash        | bash --login          | exec
            500  | bash        | bash keep.sh          | it was started by bash (process 500): bash keep.sh, which may start it again
            500  | sshd        | sshd: me@pts/0        | exec
            500  | python3     | -                     | it was started by python3 (process 500), which may start it again
            """)
    void looksAtTheParent(long pid, String name, String arguments, String expected) {
        parent = new Parent(pid, name, arguments == null ? List.of() : List.of(arguments.split(" ")), false);
        LaunchPlan plan = plan("auto");
        if (expected.equals("exec")) {
            assertThat(possible(plan).launch()).isInstanceOf(Launch.Exec.class);
        } else if (plan instanceof Possible possible) {
            assertThat(possible.launch().describe()).isEqualTo(expected);
        } else {
            assertThat(reason(plan)).contains(expected);
        }
    }

    @Test
    void executesWhatStandsBesideUsAndShortensLongCommands() {
        parent = new Parent(500, "java", List.of("java", "-jar", "x".repeat(500)), true);
        assertThat(possible(plan("auto")).launch()).isInstanceOf(Launch.Exec.class);
        parent = new Parent(500, "java", List.of("java", "-jar", "x".repeat(500)), false);
        assertThat(reason(plan("auto"))).contains("x…, which may").hasSizeLessThan(250);
    }

    @Test
    void asksSystemdOnlyWhereTheProcessIsItsUnit() {
        assertThat(reason(plan("systemd"))).isEqualTo("it belongs to no unit of systemd");

        unitOfProcess = Optional.of(UNIT);
        assertThat(reason(plan("systemd"))).isEqualTo("it belongs to " + UNIT + ", and nothing is known of that");
        unitProblem = Optional.of("there is no systemctl here");
        assertThat(reason(plan("systemd"))).isEqualTo("it belongs to " + UNIT + ", and there is no systemctl here");
        assertThat(reason(plan("auto"))).isEqualTo("it belongs to " + UNIT + ", and there is no systemctl here");

        unitProblem = Optional.empty();
        unit = Optional.of(new UnitState(UNIT, 1, "always", ""));
        assertThat(reason(plan("systemd"))).contains("whose main process is another one");
        // An ssh session's or a cron job's: the service will not start it again.
        assertThat(possible(plan("auto")).launch()).isInstanceOf(Launch.Exec.class);
    }

    @Test
    void aUnitIsStartedByWhoMay() {
        unitOfProcess = Optional.of(UNIT);
        unit = Optional.of(new UnitState(UNIT, 4711, "no", ""));
        assertThat(plan("auto")).isInstanceOfSatisfying(Impossible.class, plan -> {
            assertThat(plan.reasons()).containsExactly("only root may start unit redis@7000.service");
            assertThat(plan.hint()).contains("--start 'sudo systemctl start redis@7000.service'");
        });
        self = Optional.empty();
        assertThat(reason(plan("auto"))).startsWith("only root may start");
        self = Optional.of(ROOT);
        assertThat(possible(plan("auto")).launch()).isEqualTo(new Launch.Systemd(UNIT));

        SystemdUnit own = new SystemdUnit("redis.service", true);
        unitOfProcess = Optional.of(own);
        unit = Optional.of(new UnitState(own, 4711, "on-failure", ""));
        assertThat(reason(plan("auto"))).isEqualTo("user unit redis.service belongs to redis, who has to start it");
        self = Optional.of(REDIS);
        assertThat(possible(plan("auto")).launch()).isEqualTo(new Launch.Systemd(own));
        self = Optional.of(STRANGER);
        assertThat(reason(plan("auto"))).isEqualTo("only root may start user unit redis.service");

        unit = Optional.of(new UnitState(own, 4711, "on-success", "143"));
        assertThat(possible(plan("auto")).launch().describe())
                .isEqualTo("user unit redis.service (Restart=on-success) starts it again by itself");
    }

    @Test
    void startsAsTheSameUserOrNotAtAll() {
        self = Optional.of(STRANGER);
        assertThat(reason(plan("exec")))
                .isEqualTo("it runs as redis, and only root may start a process as somebody else");
        self = Optional.of(ROOT);
        assertThat(((Launch.Exec) possible(plan("exec")).launch()).account()).contains(REDIS);
        tools.clear();
        assertThat(reason(plan("exec")))
                .contains("there is no setpriv to start it so")
                .contains("there is no setsid to start it apart from this program");
    }

    @Test
    void refusesWhatWouldNotBeTheSame() {
        folderRemoved = true;
        program = Optional.empty();
        nodesConfProblem = Optional.of("/d/nodes.conf is empty");
        assertThat(reason(plan("exec")))
                .contains("its folder " + dir + " has been removed")
                .contains("neither what it tells nor /usr/bin/redis-check-rdb is a server")
                .contains("it would not come back as itself: /d/nodes.conf is empty");
        info.put("executable", "/x/redis-server");
        assertThat(reason(plan("exec"))).contains("neither /x/redis-server nor");
        folderRemoved = false;
        program = program(Vendor.REDIS, "7.0.15");
        nodesConfProblem = Optional.empty();
        startKnown = false;
        assertThat(reason(plan("exec"))).isEqualTo("the folder that it was started from is not known");
    }

    @ParameterizedTest
    @CsvSource(
            nullValues = "-",
            value = {
                "REDIS, 7.0.15, -, -",
                "REDIS, 7.2.6, -, 'it is going to be Redis 7.2.6, it is Redis 7.0.15 now'",
                "REDIS, 6.2.11, 'an older server may not load what a newer one wrote', -",
                "VALKEY, 8.1.1, 'it is Redis 7.0.15, but its program is Valkey 8.1.1 now', -"
            })
    void looksAtTheProgramThatIsThereNow(Vendor vendor, String version, String reason, String warning) {
        program = program(vendor, version);
        LaunchPlan plan = plan("exec");
        if (reason != null) {
            assertThat(reason(plan)).contains(reason);
        } else {
            assertThat(possible(plan).warnings())
                    .isEqualTo(Optional.ofNullable(warning).stream().toList());
        }
    }

    @ParameterizedTest
    @CsvSource(
            nullValues = "-",
            value = {
                // The server's, ours, what is set, whether it is warned.
                "100:200, 100:200, -, false",
                "100:200, 300:400, 100:200, false",
                "100:500, 300:400, 100:400, false",
                "450:500, 300:400, 400:400, true",
                "unlimited:unlimited, 300:400, 400:400, true",
                "100:200, unlimited:unlimited, 100:200, false",
                "100:unlimited, 100:18446744073709551615, 100:18446744073709551615, false",
                "100:200, -, 100:200, false"
            })
    void keepsLimitsAsFarAsItMay(String wanted, String own, String set, boolean warned) {
        limits.put("nofile", limit(wanted));
        Optional.ofNullable(own).ifPresent(text -> ownLimits.put("nofile", limit(text)));
        Possible plan = possible(plan("exec"));
        assertThat(((Launch.Exec) plan.launch()).limits())
                .isEqualTo(set == null ? Map.of() : Map.of("nofile", limit(set)));
        assertThat(plan.warnings().isEmpty()).isNotEqualTo(warned);
    }

    private static Limit limit(String text) {
        return new Limit(text.substring(0, text.indexOf(':')), text.substring(text.indexOf(':') + 1));
    }

    @Test
    void saysWhatLimitsAreLostWithoutATool() {
        limits.put("nofile", new Limit("100", "200"));
        tools.remove("prlimit");
        assertThat(possible(plan("exec")).warnings())
                .containsExactly("its resource limits nofile are going to be ours, because there is no prlimit");
    }

    /** A server that is started by a file becomes what the file says. */
    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
            port 7001                             | port is 7001 in CONF, line 3, the running server has 7000
            dbfilename other.rdb                  | dbfilename is other.rdb in CONF, line 3, the running server has dump.rdb
            dir /                                 | dir is / in CONF, line 3, the running server has DIR
            cluster-enabled yes                   | cluster-enabled is yes in CONF, line 3, the running server has no
            requirepass other                     | requirepass is another one in CONF, line 3 than in the running server
            """)
    void refusesAFileThatSaysSomethingElse(String line, String expected) {
        text += line + "\n";
        secrets.put("requirepass", Secret.of(line.startsWith("requirepass") ? "pw" : ""));
        secrets.put("masterauth", Secret.of(""));
        assertThat(reason(plan("exec")))
                .isEqualTo(expected.replace("CONF", dir + "/redis.conf").replace("DIR", dir.toString()));
    }

    @Test
    void warnsOfWhatIsLost() {
        text += "timeout 7\nmasterauth pw\nreplicaof 10.0.0.9 6379\nprimaryauth pw\n";
        secrets.put("masterauth", Secret.of("pw"));
        live.put("maxmemory", "100");
        live.put("timeout", "0");
        live.put("save", "60 1");
        users = List.of("default", "bob", "anna");
        assertThat(possible(plan("exec")).warnings())
                .anyMatch(line -> line.startsWith("maxmemory is 0 by default"))
                .anyMatch(line -> line.startsWith("timeout is 7 in "))
                .anyMatch(line -> line.startsWith("save is \"900 1\" in "))
                .anyMatch(line -> line.startsWith("its ACL users anna, bob stand in no file")
                        && line.contains("CONFIG REWRITE would keep them"))
                .anyMatch(line -> line.startsWith("it is a master, and would start as a replica of 10.0.0.9 6379"))
                .hasSize(5);

        text += "aclfile /etc/users.acl\n";
        info.putAll(Map.of("master_host", "10.0.0.9", "master_port", "6379"));
        assertThat(possible(plan("exec")).warnings())
                .anyMatch(line -> line.contains("ACL SAVE would keep them"))
                .noneMatch(line -> line.startsWith("it is a "));
    }

    @Test
    void whoeverStartsItItMustComeBackAsItself() {
        nodesConfProblem = Optional.of("/d/nodes.conf does not exist");
        for (String way : List.of("manual", "supervised", "systemctl start redis@{port}")) {
            assertThat(reason(plan(way))).isEqualTo("it would not come back as itself: /d/nodes.conf does not exist");
        }
    }
}
