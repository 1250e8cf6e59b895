package io.ambrotype.it;

import static org.assertj.core.api.Assertions.assertThat;

import io.ambrotype.cli.CommandLineRun;
import io.ambrotype.lab.LabCluster;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** A newcomer's first commands, with nothing but the command line: a lab, a snapshot, a look at it, and the end. */
class CommandsTest {
    @RegisterExtension
    final Labs labs = new Labs();

    private CommandLineRun run(String... arguments) {
        CommandLineRun run = CommandLineRun.of(labs.folder(), arguments);
        assertThat(run.status())
                .as(String.join(" ", arguments) + ": " + run.err())
                .isZero();
        return run;
    }

    private String json(String... arguments) {
        String[] all = java.util.Arrays.copyOf(arguments, arguments.length + 2);
        all[arguments.length] = "--output";
        all[arguments.length + 1] = "json";
        CommandLineRun run = run(all);
        assertThat(run.err()).isEmpty();
        return run.out().replaceAll("\\s+", "");
    }

    @Test
    void aLabIsStartedSnapshottedLookedAtAndStopped() {
        int port = Labs.freePorts(2);
        Path dir = labs.folder().resolve("lab");
        String lab = "--dir=" + dir;

        CommandLineRun started = run("lab", "start", lab, "--masters", "1", "--port-base", Integer.toString(port));
        labs.ended(LabCluster.attach(dir));
        assertThat(started.out())
                .startsWith("a new lab serves after ")
                .contains("\n127.0.0.1:" + port + "  running, cluster ok  master  ")
                .contains("\naddress    redis://127.0.0.1:" + port + "\nstop it    ambrotype lab stop --dir " + dir);
        assertThat(started.err()).isEqualTo("starting the lab in " + dir + "…\n");

        CommandLineRun again = CommandLineRun.of(labs.folder(), "lab", "start", lab);
        assertThat(again.status()).isEqualTo(11);
        assertThat(again.err()).contains("\nerror: the lab in " + dir + " is running: ");

        assertThat(json("lab", "status", lab))
                .contains("\"cluster\":true")
                .contains("{\"address\":\"127.0.0.1:" + (port + 1) + "\"")
                .contains("\"master\":\"127.0.0.1:" + port + "\"");

        run("backup", "redis://127.0.0.1:" + port, "--repo", "repository");
        String id = json("list", "--repo", "repository").replaceAll(".*\"id\":\"([^\"]+)\".*", "$1");
        assertThat(run("list", "--repo", "repository").out())
                .startsWith("SNAPSHOT")
                .contains("\n" + id + "  127.0.0.1:" + port + "  ")
                .endsWith("  finished\n");
        assertThat(run("show", "latest", "--repo", "repository").out())
                .startsWith("snapshot     " + id + "\ndeployment   127.0.0.1:" + port
                        + ", cluster of 1 shard, 2 nodes, redis ")
                .contains("\nSHARD  KEYS")
                .contains("\nNODE  ");
        assertThat(json("show", id, "--repo", "repository"))
                .startsWith("{\"format\":1,\"snapshot\":\"" + id + "\",")
                .contains("\"topology\":{");
        assertThat(run("verify", "--repo", "repository").out()).startsWith(id + "  sound: 1 shard, 0 keys, ");
        assertThat(json("verify", "--all", "--repo", "repository"))
                .contains("{\"id\":\"" + id + "\",\"state\":\"sound\"");

        assertThat(run("lab", "stop", lab).out()).contains("127.0.0.1:" + port + "  saved");
        assertThat(run("lab", "status", lab).out()).contains("127.0.0.1:" + port + "  stopped");
        assertThat(json("lab", "stop", lab)).contains("\"complete\":true").contains("\"outcome\":\"not-running\"");
    }
}
