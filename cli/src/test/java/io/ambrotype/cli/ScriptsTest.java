package io.ambrotype.cli;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The scripts {@code ambrotype} and {@code check} in a checkout that has the scripts only, on a machine whose JDK, Maven
 * and package tools are small scripts that say how they were called.
 */
class ScriptsTest {
    private static final Path PROJECT = Path.of("..").toAbsolutePath().normalize();
    private static final String BUILDING = "building ambrotype (first use, about a minute)…\n";

    @TempDir
    private Path temp;

    private Path home = Path.of("");
    private Path machine = Path.of("");
    private final Map<String, String> environment = new HashMap<>();

    @BeforeEach
    void layOut() throws IOException {
        home = Files.createDirectories(temp.resolve("a checkout"));
        machine = Files.createDirectories(temp.resolve("bin"));
        for (String name : List.of("ambrotype", "check", "tools/lib.sh", "tools/launch.sh", "tools/package.sh")) {
            Path copy = home.resolve(name);
            Files.createDirectories(copy.getParent());
            Files.copy(PROJECT.resolve(name), copy, java.nio.file.StandardCopyOption.COPY_ATTRIBUTES);
        }
        for (String module : List.of("rdb", "core", "lab", "cli")) {
            Files.createDirectories(home.resolve(module + "/src/main"));
            Files.writeString(home.resolve(module + "/pom.xml"), "");
        }
        Files.writeString(home.resolve("pom.xml"), "");
        for (String tool : List.of(
                "bash",
                "sh",
                "env",
                "dirname",
                "basename",
                "readlink",
                "cat",
                "sed",
                "grep",
                "awk",
                "find",
                "head",
                "tail",
                "mkdir",
                "mv",
                "cp",
                "rm",
                "touch",
                "tr",
                "sleep",
                "id",
                "flock",
                "uname",
                "sort",
                "tee",
                "wc",
                "ln",
                "cksum")) {
            for (String folder : List.of("/bin", "/usr/bin")) {
                if (Files.exists(Path.of(folder, tool)) && !Files.exists(machine.resolve(tool))) {
                    Files.createSymbolicLink(machine.resolve(tool), Path.of(folder, tool));
                }
            }
        }
        environment.put("PATH", machine.toString());
        environment.put("HOME", temp.resolve("home").toString());
        environment.put("AMBROTYPE_JDK_FOLDERS", temp.resolve("none").toString());
        maven("3.9.9", """
                mkdir -p cli/target/app/lib && echo jar >cli/target/app/lib/ambrotype.jar
                """);
    }

    private void script(Path path, String text) throws IOException {
        Files.createDirectories(path.getParent());
        Files.writeString(path, "#!/bin/bash\n" + text);
        Files.setPosixFilePermissions(path, PosixFilePermissions.fromString("rwxr-xr-x"));
    }

    /** A JDK whose java prints its program's arguments, and exits with the status in STATUS. */
    private Path jdk(String folder, String version) throws IOException {
        Path jdk = temp.resolve(folder);
        script(jdk.resolve("bin/java"), """
                for option in "$@"; do
                  case $option in
                    io.ambrotype.cli.StartupTraining) exit 1 ;;
                    io.ambrotype.cli.Main) break ;;
                  esac
                  shift
                done
                shift
                echo "java %s ran with $#:$(printf ' [%%s]' "$@")"
                [[ ${1:-} != pid ]] || echo $$
                exit ${STATUS:-0}
                """.formatted(version));
        script(jdk.resolve("bin/javac"), "");
        Files.writeString(jdk.resolve("release"), "IMPLEMENTOR=\"x\"\nJAVA_VERSION=\"" + version + "\"\n");
        return jdk;
    }

    private void maven(String version, String build) throws IOException {
        script(machine.resolve("mvn"), """
                [[ ${*: -1} != -v ]] || { printf '\\033[1mApache Maven %s\\033[m\\n'; exit; }
                echo built >>'%s'
                %s
                """.formatted(version, temp.resolve("builds"), build));
    }

    private long builds() throws IOException {
        Path log = temp.resolve("builds");
        return Files.exists(log) ? Files.readAllLines(log).size() : 0;
    }

    private Run.Result run(String... command) throws IOException, InterruptedException {
        return finish(start(command));
    }

    private Process start(String... command) throws IOException {
        List<String> words = new ArrayList<>(List.of(command));
        words.set(0, home.resolve(words.getFirst()).toString());
        ProcessBuilder builder = new ProcessBuilder(words)
                .directory(temp.toFile())
                .redirectInput(ProcessBuilder.Redirect.from(Path.of("/dev/null").toFile()));
        builder.environment().clear();
        builder.environment().putAll(environment);
        return builder.start();
    }

    private static Run.Result finish(Process process) throws IOException, InterruptedException {
        String out = new String(process.getInputStream().readAllBytes(), UTF_8);
        String err = new String(process.getErrorStream().readAllBytes(), UTF_8);
        assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
        return new Run.Result(process.exitValue(), out, err);
    }

    private static Run.Result ran(String version, String arguments) {
        return new Run.Result(0, "java " + version + " ran with " + arguments + "\n", "");
    }

    @Test
    void buildsOnFirstUseAndThenNoMore() throws Exception {
        environment.put("JAVA_HOME", jdk("a jdk", "25.0.1").toString());
        assertThat(run("ambrotype", "list", "two words"))
                .isEqualTo(new Run.Result(0, "java 25.0.1 ran with 2: [list] [two words]\n", BUILDING));
        Files.delete(machine.resolve("mvn"));
        assertThat(run("ambrotype")).isEqualTo(ran("25.0.1", "0: []"));
        assertThat(builds()).isEqualTo(1);
    }

    @Test
    void buildsAgainWhenASourceIsNewer() throws Exception {
        environment.put("JAVA_HOME", jdk("jdk", "25.0.1").toString());
        run("ambrotype");
        for (String source : List.of("pom.xml", "core/pom.xml", "rdb/src/main")) {
            Files.setLastModifiedTime(
                    home.resolve(source), FileTime.from(Instant.now().plusSeconds(3600)));
            assertThat(run("ambrotype").err()).as(source).isEqualTo("building ambrotype (its sources are newer)…\n");
            Files.setLastModifiedTime(
                    home.resolve(source), FileTime.from(Instant.now().minusSeconds(3600)));
        }
        assertThat(builds()).isEqualTo(4);
    }

    @Test
    void runsThroughLinksAndFromAnyFolder() throws Exception {
        environment.put("JAVA_HOME", jdk("jdk", "25.0.1").toString());
        run("ambrotype");
        Path links = Files.createDirectories(temp.resolve("some links"));
        Files.createSymbolicLink(links.resolve("absolute"), home.resolve("ambrotype"));
        Files.createSymbolicLink(links.resolve("relative"), Path.of("absolute"));
        Files.createSymbolicLink(links.resolve("other"), Path.of("../a checkout/ambrotype"));
        for (String link : List.of("absolute", "relative", "other")) {
            assertThat(run("../some links/" + link, "x")).isEqualTo(ran("25.0.1", "1: [x]"));
        }
    }

    @Test
    void becomesTheProgram() throws Exception {
        environment.put("JAVA_HOME", jdk("jdk", "25.0.1").toString());
        run("ambrotype");
        environment.put("STATUS", "21");
        Process process = start("ambrotype", "pid");
        Run.Result result = finish(process);
        assertThat(result.status()).isEqualTo(21);
        assertThat(result.out()).endsWith("\n" + process.pid() + "\n");
    }

    @Test
    void findsAJdkWhereThereAreOlderOnes() throws Exception {
        Path old = jdk("jvm/java-17", "17.0.15");
        environment.put("JAVA_HOME", old.toString());
        Files.createSymbolicLink(machine.resolve("javac"), old.resolve("bin/javac"));
        jdk("jvm/java-8", "1.8.0_402");
        Path runtime = jdk("jvm/java-26-jre", "26");
        Files.delete(runtime.resolve("bin/javac"));
        jdk("jvm/mac.jdk/Contents/Home", "25.0.2");
        environment.put("AMBROTYPE_JDK_FOLDERS", temp.resolve("none") + ":" + temp.resolve("jvm"));
        assertThat(run("ambrotype").out()).isEqualTo("java 25.0.2 ran with 0: []\n");

        Files.delete(machine.resolve("javac"));
        Files.createSymbolicLink(
                machine.resolve("javac"), jdk("elsewhere", "27-ea").resolve("bin/javac"));
        assertThat(run("ambrotype")).isEqualTo(ran("27-ea", "0: []"));
        environment.put("JAVA_HOME", jdk("newer", "26.0.1").toString());
        assertThat(run("ambrotype")).isEqualTo(ran("26.0.1", "0: []"));
        environment.put("AMBROTYPE_JAVA_HOME", jdk("chosen", "25").toString());
        assertThat(run("ambrotype")).isEqualTo(ran("25", "0: []"));
    }

    @Test
    void refusesAChosenJdkThatIsTooOld() throws Exception {
        jdk("jvm/good", "25");
        environment.put("AMBROTYPE_JDK_FOLDERS", temp.resolve("jvm").toString());
        Path old = jdk("old", "24.0.1");
        environment.put("AMBROTYPE_JAVA_HOME", old.toString());
        assertThat(run("ambrotype"))
                .isEqualTo(new Run.Result(
                        1,
                        "",
                        "error: AMBROTYPE_JAVA_HOME is '" + old + "', and that is not a JDK 25 or newer\n"
                                + "hint: let it name a JDK's folder (the one that holds bin/javac), or unset it to have one"
                                + " looked for\n"));
    }

    @Test
    void saysWhatToDoWithoutAJdk() throws Exception {
        String byHand = "get a JDK 25 from https://adoptium.net and let AMBROTYPE_JAVA_HOME name its folder\n";
        assertThat(run("ambrotype"))
                .isEqualTo(new Run.Result(
                        1,
                        "",
                        "error: no JDK 25 or newer was found, and this system offers no package for it\nhint: "
                                + byHand));

        script(machine.resolve("apt-cache"), "[[ $2 == openjdk-25-jdk-headless ]]\n");
        script(machine.resolve("id"), "echo 1000\n");
        assertThat(run("check", "--fast"))
                .isEqualTo(new Run.Result(
                        1,
                        "",
                        "error: no JDK 25 or newer was found\n"
                                + "hint: install it with `sudo apt-get install -y openjdk-25-jdk-headless`, or: "
                                + byHand));

        script(machine.resolve("apt-cache"), "exit 1\n");
        assertThat(run("ambrotype").err()).contains("this system offers no package for it");
    }

    @Test
    void installsAJdkWhereThatIsWanted() throws Exception {
        script(machine.resolve("apt-cache"), "[[ $2 == openjdk-26-jdk-headless ]]\n");
        script(machine.resolve("id"), "echo 0\n");
        jdk("package/jdk", "26");
        script(
                machine.resolve("apt-get"),
                "echo installing \"$@\"; ln -s '" + temp.resolve("package") + "' '" + temp.resolve("installed")
                        + "'\n");
        environment.put("AMBROTYPE_JDK_FOLDERS", temp.resolve("installed").toString());
        environment.put("AMBROTYPE_INSTALL", "yes");
        assertThat(run("ambrotype"))
                .isEqualTo(new Run.Result(
                        0, "java 26 ran with 0: []\n", "installing install -y openjdk-26-jdk-headless\n" + BUILDING));
    }

    @Test
    void saysWhatToDoWithoutMaven() throws Exception {
        environment.put("JAVA_HOME", jdk("jdk", "25").toString());
        maven("3.6.3", "");
        assertThat(run("ambrotype"))
                .isEqualTo(
                        new Run.Result(
                                1,
                                "",
                                "error: Maven 3.6.3 (" + machine.resolve("mvn")
                                        + ") is too old; 3.8 or newer is needed\n"
                                        + "hint: get Maven from https://maven.apache.org and put its bin folder on the PATH\n"));
        Files.delete(machine.resolve("mvn"));
        script(machine.resolve("apt-cache"), "[[ $2 == maven ]]\n");
        script(machine.resolve("id"), "echo 0\n");
        assertThat(run("ambrotype").err()).isEqualTo("""
                        error: no Maven 3.8 or newer was found
                        hint: install it with `apt-get install -y maven`, or: get Maven from https://maven.apache.org and put its bin folder on the PATH
                        """);
    }

    @Test
    void showsWhyABuildFails() throws Exception {
        environment.put("JAVA_HOME", jdk("jdk", "25").toString());
        maven("4.0.0", """
                echo '[INFO] Building'; echo '[ERROR] Some.java:[1,2] cannot find symbol'; echo '[ERROR] '
                echo '[ERROR] Re-run Maven using the -X switch'; exit 1
                """);
        assertThat(run("ambrotype"))
                .isEqualTo(new Run.Result(
                        1,
                        "",
                        BUILDING + "[ERROR] Some.java:[1,2] cannot find symbol\nerror: the build failed\n"
                                + "hint: the whole log is in " + home + "/target/ambrotype/build.log\n"));
        maven("4.0.0", "mkdir -p cli/target/app/lib && echo jar >cli/target/app/lib/ambrotype.jar\n");
        assertThat(run("ambrotype").status()).as("the next attempt").isZero();
    }

    @Test
    void buildsOnceWhereSeveralStartAtOnce() throws Exception {
        environment.put("JAVA_HOME", jdk("jdk", "25").toString());
        Path go = temp.resolve("go");
        maven(
                "3.8.7",
                "until [[ -e '" + go + "' ]]; do sleep 0.05; done\n"
                        + "mkdir -p cli/target/app/lib && echo jar >cli/target/app/lib/ambrotype.jar\n");
        List<Process> processes = Stream.of(start("ambrotype"), start("ambrotype"), start("ambrotype"))
                .toList();
        Files.writeString(go, "");
        for (Process process : processes) {
            Run.Result result = finish(process);
            assertThat(result.status()).isZero();
            assertThat(result.out()).isEqualTo("java 25 ran with 0: []\n");
        }
        assertThat(builds()).isEqualTo(1);
    }

    @Test
    void keepsTheJvmSilentAboutOptionsInTheEnvironment() throws Exception {
        Path jdk = jdk("jdk", "25");
        environment.put("JAVA_HOME", jdk.toString());
        environment.put("JAVA_TOOL_OPTIONS", "-Da=1 -Db=2");
        environment.put("AMBROTYPE_JAVA_OPTIONS", "-Xmx1g");
        run("ambrotype");
        script(
                jdk.resolve("bin/java"),
                "echo \"${JAVA_TOOL_OPTIONS-unset}\"; printf '%s\\n' \"$@\" | grep -e '^-D' -e '^-Xmx'\n");
        assertThat(run("ambrotype").out())
                .isEqualTo("unset\n-Xmx256m\n-Djdk.util.jar.enableMultiRelease=false\n-Da=1\n-Db=2\n-Xmx1g\n");
    }

    @Test
    void checkExplainsItself() throws Exception {
        assertThat(run("check", "--help").out())
                .startsWith("Usage: ./check [--fast | --all-servers | --server PATH...]\n");
        assertThat(run("check", "--fats"))
                .isEqualTo(new Run.Result(
                        2, "", "error: unknown argument '--fats'\nhint: ./check --help shows what there is\n"));
        assertThat(run("check", "--server", "/nonexistent"))
                .isEqualTo(
                        new Run.Result(
                                2,
                                "",
                                "error: '/nonexistent' is not a program\nhint: give the path of a redis-server or valkey-server\n"));
    }

    @Test
    void checkCountsWhatTheReportsSay() throws Exception {
        environment.put("JAVA_HOME", jdk("jdk", "25").toString());
        String report = """
                mkdir -p rdb/target/surefire-reports it/target/coverage
                echo '<testsuite name="A" time="1" tests="7" errors="1" skipped="2" failures="1">' >rdb/target/surefire-reports/TEST-A.xml
                echo '<testsuite name="B" tests="3" errors="0" skipped="0" failures="0" flakes="0">' >rdb/target/surefire-reports/TEST-B.xml
                printf 'h\\nx/rdb,p,C,0,0,1,9\\nx/core,p,C,0,0,1,1\\n' >it/target/coverage/coverage.csv
                echo '[INFO] Building Ambrotype: rdb 0.1'
                """;
        maven("3.8.7", report);
        Run.Result failed = run("check");
        assertThat(failed.status()).isEqualTo(1);
        assertThat(failed.out().replaceAll(", \\d+ s\n", ", 5 s\n")).isEqualTo("""
                        testing rdb…

                        tests      10 in 2 classes, 5 s
                        coverage   rdb: 90.0 % of 10 branches
                        coverage   core: 50.0 % of 2 branches
                        server     redis 7.0.15 (Maven Central)
                        server     redis 6.2.11 (Maven Central)
                        not tested redis 6.0, redis 8.0, valkey 8.0, valkey 8.1, valkey 9.1 (./check --all-servers)
                        FAILED     2 tests

                        6 passed, 2 failed, 2 skipped
                        """);

        maven(
                "3.8.7",
                report.replace(
                        "errors=\"1\" skipped=\"2\" failures=\"1\"", "errors=\"0\" skipped=\"2\" failures=\"0\""));
        Run.Result passed = run("check");
        assertThat(passed.status()).isZero();
        assertThat(passed.out()).endsWith("\n\n8 passed, 0 failed, 2 skipped\n").doesNotContain("FAILED");
        assertThat(passed.err()).isEmpty();
    }

    @Test
    void checkFailsWhereNothingRanOrMavenComplains() throws Exception {
        environment.put("JAVA_HOME", jdk("jdk", "25").toString());
        maven("3.8.7", "");
        Run.Result nothing = run("check", "--fast");
        assertThat(nothing.status()).isEqualTo(1);
        assertThat(nothing.out())
                .contains("FAILED     not a single test ran\n")
                .endsWith("\n0 passed, 0 failed, 0 skipped\n");

        maven("3.8.7", """
                mkdir -p rdb/target/surefire-reports
                echo '<testsuite name="A" tests="1" errors="0" skipped="0" failures="0">' >rdb/target/surefire-reports/TEST-A.xml
                [[ $* != *verify* ]] || echo '[ERROR] The forked VM terminated without saying properly goodbye'
                """);
        Run.Result died = run("check", "--fast");
        assertThat(died.status()).isEqualTo(1);
        assertThat(died.out()).contains("FAILED     the build\n").endsWith("\n1 passed, 0 failed, 0 skipped\n");
        assertThat(died.err()).contains("[ERROR] The forked VM terminated without saying properly goodbye\n");
    }
}
