package io.ambrotype.it;

import static org.assertj.core.api.Assertions.assertThat;

import io.ambrotype.cli.CommandLineRun;
import io.ambrotype.lab.Keyspace;
import io.ambrotype.lab.LabCluster;
import io.ambrotype.lab.LabSpec;
import io.ambrotype.lab.RedisServer;
import io.ambrotype.lab.ServerBinary;
import io.ambrotype.resp.RespConnection;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** {@code verify --boot}: what a snapshot holds is loaded by real servers and compared; nothing is left behind. */
class RestoreDrillTest {
    private static final Pattern ENTRIES = Pattern.compile("\"entries\":([0-9]+),\"entriesBack\":([0-9]+)");

    @RegisterExtension
    final Labs labs = new Labs();

    private CommandLineRun verify(Operator operator, ServerBinary server, String... options) throws IOException {
        Path work = Files.createDirectories(labs.folder().resolve("work"));
        List<String> arguments = new ArrayList<>(List.of(
                "verify", "--boot", "--repo", operator.place().toString(), "--work", work.toString(), "--server"));
        arguments.add(server.launcher().toString());
        arguments.addAll(Arrays.asList(options));
        CommandLineRun run = CommandLineRun.of(labs.folder(), arguments.toArray(String[]::new));
        try (Stream<Path> left = Files.list(work)) {
            assertThat(left).as(run.err()).isEmpty();
        }
        return run;
    }

    @EachServer
    void serversHaveWhatTheSnapshotHas(ServerBinary server) throws Exception {
        LabCluster lab = labs.cluster(server, 2, 0);
        RedisServer master = lab.servers().getFirst();
        Keyspace.of(31).write(master.address(), master.settings(), Instant.now());
        Operator operator = new Operator(labs.folder());
        operator.backup(lab);
        lab.close();

        CommandLineRun run = verify(operator, server);

        assertThat(run.status()).as(run.out() + run.err()).isZero();
        assertThat(run.out()).contains("sound: 2 shards, ", "booted: 2 servers (" + server.version() + ") have all ");
    }

    @Test
    void samplesOfConsecutiveSeedsAreTogetherEverything() throws Exception {
        ServerBinary server = ServersUnderTest.any();
        LabCluster lab = labs.standalone(server, 0, "databases 4", "requirepass \"\"");
        RedisServer master = lab.servers().getFirst();
        Keyspace.of(32).inDatabases(3).write(master.address(), master.settings(), Instant.now());
        Operator operator = new Operator(labs.folder());
        long entries = operator.backup(lab).summary().entries();
        lab.close();

        long seen = 0;
        for (int seed = 7; seed < 9; seed++) {
            CommandLineRun run =
                    verify(operator, server, "--sample", "50%", "--seed", Integer.toString(seed), "--output", "json");
            assertThat(run.status()).as(run.out() + run.err()).isZero();
            Matcher counts = ENTRIES.matcher(run.out().replaceAll("\\s+", ""));
            assertThat(counts.find()).as(run.out()).isTrue();
            assertThat(counts.group(1)).isEqualTo(counts.group(2));
            assertThat(Long.parseLong(counts.group(1))).isBetween(1L, entries - 1);
            seen += Long.parseLong(counts.group(1));
        }
        assertThat(seen).isEqualTo(entries);
    }

    /** A server that throws keys away while nobody looks: here because it has no memory for them. */
    @Test
    void whatAServerLostIsNamed() throws Exception {
        ServerBinary server = ServersUnderTest.any();
        LabCluster lab = labs.standalone(server, 0);
        try (RespConnection connection = lab.servers().getFirst().connect()) {
            for (int number = 0; number < 20; number++) {
                connection.call("SET", "paper:" + number, "x".repeat(1 << 18));
            }
        }
        Operator operator = new Operator(labs.folder());
        operator.backup(lab);
        lab.close();
        Path forgetful = labs.folder().resolve("forgetful-server");
        Files.writeString(
                forgetful,
                "#!/bin/sh\ntest \"$1\" = --version || more='--maxmemory 3mb --maxmemory-policy allkeys-random'\nexec "
                        + server.launcher() + " \"$@\" $more\n");
        Files.setPosixFilePermissions(forgetful, PosixFilePermissions.fromString("rwx------"));

        CommandLineRun run = verify(operator, new ServerBinary(forgetful, server.version()));

        assertThat(run.status()).as(run.out() + run.err()).isEqualTo(1);
        assertThat(run.out())
                .contains("booted: different: the snapshot has 20 keys, 1 server (" + server.version() + ") has ")
                .containsPattern("\n  paper:[0-9]+: only in the snapshot\n");
    }

    @Test
    void whatAKilledDrillLeftIsEndedByTheNext() throws Exception {
        ServerBinary server = ServersUnderTest.any();
        LabCluster lab = labs.standalone(server, 0);
        Operator operator = new Operator(labs.folder());
        operator.backup(lab);
        Process gone = new ProcessBuilder("true").start();
        gone.waitFor();
        Path left = labs.folder().resolve("work").resolve("ambrotype-drill-" + gone.pid() + "-1");
        Files.createDirectories(left);
        LabCluster forgotten =
                labs.ended(LabCluster.create(LabSpec.standalone(left.resolve("nodes"), server, 0, Labs.freePorts(1))
                        .with("save \"\"")));

        CommandLineRun run = verify(operator, server);

        assertThat(run.status()).as(run.out() + run.err()).isZero();
        assertThat(run.err()).contains("removing " + left + ", which a drill that was killed has left");
        assertThat(forgotten.servers()).noneMatch(RedisServer::isRunning);
    }

    @Test
    void aServerThatCannotLoadItIsNamedWithItsReason() throws Exception {
        ServerBinary server = ServersUnderTest.any();
        LabCluster lab = labs.standalone(server, 0);
        Operator operator = new Operator(labs.folder());
        operator.backup(lab);
        Path broken = labs.folder().resolve("broken-server");
        Files.writeString(
                broken,
                "#!/bin/sh\ntest \"$1\" = --version && exec " + server.launcher()
                        + " \"$@\"\necho \"Can't handle RDB format version 99\"; exit 1\n");
        Files.setPosixFilePermissions(broken, PosixFilePermissions.fromString("rwx------"));

        CommandLineRun run = verify(operator, new ServerBinary(broken, server.version()));

        assertThat(run.status()).isEqualTo(1);
        assertThat(run.err()).contains("error: the server ", "Can't handle RDB format version 99");
    }
}
