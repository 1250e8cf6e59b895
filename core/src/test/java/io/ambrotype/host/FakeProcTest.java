package io.ambrotype.host;

import static org.assertj.core.api.Assertions.assertThat;

import io.ambrotype.common.HostAndPort;
import io.ambrotype.host.ServerProcess.Limit;
import io.ambrotype.host.ServerProcess.SystemdUnit;
import io.ambrotype.resp.ServerInfo;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What a kernel may show that this machine's does not: files written by hand, some of them nonsense. */
@DisabledOnOs(OS.WINDOWS)
class FakeProcTest {
    private static final HostAndPort ADDRESS = new HostAndPort("127.0.0.1", 7000);
    private static final String HEAD =
            "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid\n";

    /** 127.0.0.1:7000 listens, on a machine that counts from the small end. */
    private static final String LISTENER =
            "   0: 0100007F:1B58 00000000:0000 0A 00000000:00000000 00:00000000 00000000   120        0 4242 1 0 100 0\n";

    @TempDir
    private Path temporary;

    private Path proc = Path.of("");
    private Path server = Path.of("");

    @BeforeEach
    void aServer() throws IOException {
        proc = temporary.toRealPath();
        write("self/net/tcp", HEAD + LISTENER);
        write("self/status", "Name:\tjava\nPid:\t50\nUid:\t0\t0\t0\t0\nGid:\t0\t0\t0\t0\n");
        write("50/stat", "50 (java) S 40 " + "0 ".repeat(16) + "7 0\n");
        write("40/stat", "40 (a) b (c) S 1 " + "0 ".repeat(16) + "7 0\n");
        write("40/comm", "bash\n");
        write("40/cmdline", "-bash\0");
        server = proc.resolve("77");
        write(
                "77/status",
                "Name:\tredis-server\nUmask:\t0022\nUid:\t120\t120\t120\t120\nGid:\t9\t9\t9\t9\nNSpid:\t77\n");
        write("77/stat", "77 (redis (server)) S 40 " + "0 ".repeat(15) + "1 0 99 0\n");
        write("77/cgroup", "0::/system.slice/redis.service\n");
        write("77/limits", """
                Limit                     Soft Limit           Hard Limit           Units
                Max open files            1024                 unlimited            files
                Max strange things        1                    2                    things
                nonsense
                """);
        Files.createDirectories(server.resolve("fd"));
        Files.createSymbolicLink(server.resolve("fd/6"), Path.of("socket:[4242]"));
        Files.createSymbolicLink(server.resolve("fd/1"), Path.of("/nowhere/log (deleted)"));
        Files.createSymbolicLink(server.resolve("exe"), Path.of("/usr/bin/redis-server (deleted)"));
        Files.createSymbolicLink(server.resolve("cwd"), Path.of("/srv/redis (deleted)"));
    }

    private void write(String name, String text) throws IOException {
        Path file = proc.resolve(name);
        Files.createDirectories(file.getParent());
        Files.writeString(file, text);
    }

    private Sighting find(long processId) {
        return new LocalHost(proc).find(ADDRESS, ServerInfo.parse("process_id:" + processId + "\r\n"));
    }

    private ServerProcess seen() {
        assertThat(find(77)).isInstanceOf(Sighting.Seen.class);
        return ((Sighting.Seen) find(77)).process();
    }

    private String reason(long processId) {
        assertThat(find(processId)).isInstanceOf(Sighting.Unseen.class);
        return ((Sighting.Unseen) find(processId)).reason();
    }

    @Test
    void readsWhatIsThere() {
        ServerProcess process = seen();
        assertThat(process.executable()).isEqualTo(Path.of("/usr/bin/redis-server"));
        assertThat(process.executableReplaced()).isTrue();
        assertThat(process.workingFolder()).isEqualTo(Path.of("/srv/redis"));
        assertThat(process.workingFolderRemoved()).isTrue();
        assertThat(process.standardOutput()).isEmpty();
        assertThat(process.limits()).containsOnlyKeys("nofile").containsEntry("nofile", new Limit("1024", "unlimited"));
        assertThat(process.systemdUnit()).contains(new SystemdUnit("redis.service", false));
        assertThat(process.account().userId()).isEqualTo(120);
        assertThat(process.startedTicks()).isEqualTo(99);
        assertThat(process.parent()).hasToString("bash (process 40)");
        assertThat(process.parent().ancestorOfOurs()).isTrue();
        assertThat(process.container()).isEmpty();
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            status | Name:\tredis-server                                  | its user is not shown
            status | Uid:\t1\t1                                           | its user is not shown
            stat   | 77 (redis) S 1                                       | has too few fields
            """)
    void saysWhatIsNotShown(String file, String text, String reason) throws IOException {
        write("77/" + file, text + "\n");
        assertThat(reason(77)).startsWith("its process cannot be looked at: ").endsWith(reason);
    }

    @ParameterizedTest
    @ValueSource(strings = {"exe", "cwd"})
    void saysWhichLinkIsNotShown(String link) throws IOException {
        Files.delete(server.resolve(link));
        assertThat(reason(77)).contains("of process 77 is not shown");
    }

    /** The ids of a container begin at 1 again. */
    @Test
    void knowsAServerByTheIdThatItHasItself() throws IOException {
        write("77/status", "Name:\tredis-server\nUid:\t1\t1\t1\t1\nGid:\t1\t1\t1\t1\nNSpid:\t77\t5\n");
        assertThat(find(5)).isInstanceOf(Sighting.Seen.class);
        assertThat(reason(77)).contains("belongs to redis-server (process 77)").contains("in a container");
    }

    @Test
    void saysWhoseProcessItIsWhereDescriptorsAreHidden() throws IOException {
        Files.delete(server.resolve("fd/6"));
        assertThat(reason(77)).contains("belongs to user 120, whose processes cannot be looked at");
        write("self/net/tcp", HEAD);
        assertThat(reason(77)).contains("no process that is seen here listens on port 7000");
    }

    @Test
    void nonsenseAmongTheListenersIsPassedOver() throws IOException {
        write("self/net/tcp6", HEAD + "   0: 00000000000000000000000000000000:1B59 0 0A\n   1: x\n" + "\n");
        write(
                "self/net/tcp",
                HEAD + "   9: 0100007F:1B58 0 01 0 0 0 0 0 1 0\n   8: none 0 0A 0 0 0 0 0 1 0\n" + LISTENER);
        assertThat(seen().pid()).isEqualTo(77);
    }

    @Test
    void anEndedProcessIsNotAlive() throws IOException {
        LocalHost host = new LocalHost(proc);
        ServerProcess process = seen();
        assertThat(host.isAlive(process)).isTrue();
        write("77/stat", "77 (redis-server) Z 40 " + "0 ".repeat(15) + "1 0 99 0\n");
        assertThat(host.isAlive(process)).isFalse();
        write("77/stat", "77 (redis-server) S 40 " + "0 ".repeat(15) + "1 0 100 0\n");
        assertThat(host.isAlive(process)).isFalse();
        write("77/stat", "77 (redis-server) S 40 " + "x ".repeat(18) + "\n");
        assertThat(host.isAlive(process)).isFalse();
        Files.delete(server.resolve("stat"));
        assertThat(host.isAlive(process)).isFalse();
    }

    @Test
    void aParentOutsideIsSaidToBeSo() throws IOException {
        write("77/stat", "77 (redis-server) S 0 " + "0 ".repeat(15) + "1 0 99 0\n");
        assertThat(seen().parent().name()).isEqualTo("outside of what is seen here");
        write("77/stat", "77 (redis-server) S 66 " + "0 ".repeat(15) + "1 0 99 0\n");
        assertThat(seen().parent()).hasToString("? (process 66)");
        assertThat(seen().parent().ancestorOfOurs()).isFalse();
    }

    @Test
    void anotherNamespaceIsAContainer() throws IOException {
        Files.createDirectories(proc.resolve("self/ns"));
        Files.createDirectories(server.resolve("ns"));
        Files.createSymbolicLink(proc.resolve("self/ns/mnt"), Path.of("mnt:[1]"));
        Files.createSymbolicLink(server.resolve("ns/mnt"), Path.of("mnt:[2]"));
        assertThat(seen().container()).contains("a container");
    }

    @Test
    void readsTheFoldersOfLibraries() throws IOException {
        write(
                "77/maps",
                "7f00-7f01 r-xp 0 08:01 1 /opt/lib/libc.so.6\n7f01-7f02 r--p 0 08:01 1 /srv/dump.rdb\n7f02-7f03 rw-p 0\n");
        LocalHost host = new LocalHost(proc);
        assertThat(host.libraryFolders(seen())).containsExactly(Path.of("/opt/lib"));
        ServerProcess process = seen();
        Files.delete(server.resolve("maps"));
        assertThat(host.libraryFolders(process)).isEmpty();
        assertThat(host.ownLimits()).isEmpty();
    }
}
