package io.ambrotype.it;

import static org.assertj.core.api.Assertions.assertThat;

import io.ambrotype.cli.CommandLineRun;
import io.ambrotype.lab.LabCluster;
import io.ambrotype.resp.ConnectionSettings;
import io.ambrotype.topology.NodeId;
import io.ambrotype.topology.NodeState;
import io.ambrotype.topology.Topology;
import io.ambrotype.topology.TopologyReader;
import java.util.Arrays;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** What an operator reads and gets from {@code restart}, on one cluster, from the first look to a run that is given up. */
class RestartCommandTest {
    @RegisterExtension
    final Labs labs = new Labs();

    private CommandLineRun restart(LabCluster lab, String... arguments) {
        String[] all = Stream.concat(
                        Stream.of("restart", "redis://" + lab.addresses().getFirst()), Arrays.stream(arguments))
                .toArray(String[]::new);
        return CommandLineRun.of(labs.folder(), all);
    }

    @Test
    void isPlannedConfirmedStoppedAndGivenUp() {
        LabCluster lab = labs.cluster(ServersUnderTest.any(), 3, 1, "save 3600 1");
        Map<NodeId, String> atFirst = processes(lab);
        String replica = lab.servers().get(3).address().toString();

        CommandLineRun planned = restart(lab, "--dry-run", "--no-snapshot");
        assertThat(planned.status()).as(planned.err()).isZero();
        assertThat(planned.err()).isEmpty();
        assertThat(planned.out())
                .startsWith("restart of redis://" + lab.addresses().getFirst() + ": 6 nodes one by one, 6 fail-overs, ")
                .contains("  restart replica " + replica + "\n         exec ")
                .contains("  restart of a replica, steps 2 to 4, 6, 9, 12\n")
                .contains("\nin the end every node has the id, the role and the slots that it has now\n");

        CommandLineRun unconfirmed = restart(lab, "--no-snapshot");
        assertThat(unconfirmed.status()).isEqualTo(2);
        assertThat(unconfirmed.err()).contains("this needs a confirmation");
        assertThat(processes(lab)).isEqualTo(atFirst);

        CommandLineRun one = restart(lab, "--nodes", replica, "--repo", "repository", "--yes", "--output", "json");
        assertThat(one.status()).as(one.err()).isZero();
        String id = CommandLineRun.of(labs.folder(), "list", "--repo", "repository", "--output", "json")
                .out()
                .replaceAll("\\s+", "")
                .replaceAll(".*\"id\":\"([^\"]+)\".*", "$1");
        assertThat(one.out().replaceAll("\\s+", ""))
                .contains("\"snapshot\":\"" + id + "\"", "\"layoutAsPlanned\":true", "\"provesNoLoss\":true")
                .contains("\"address\":\"" + replica + "\",\"versionBefore\":");
        assertThat(processes(lab).entrySet().stream()
                        .filter(process -> !process.getValue().equals(atFirst.get(process.getKey())))
                        .count())
                .isOne();

        // No server acknowledges a write in less than a millisecond every time.
        CommandLineRun stopped = restart(lab, "--no-snapshot", "--max-stall", "1ms", "--yes");
        assertThat(stopped.status()).isEqualTo(21);
        assertThat(stopped.err())
                .contains("\nstopped after ", " acknowledged, 0 lost, ")
                .contains("\nerror: stopped at step ", "longer than the 1 ms allowed: no further fail-over is begun")
                .contains("\nhint: ambrotype restart redis://" + lab.addresses().getFirst() + " --resume goes on");
        CommandLineRun again = restart(lab, "--no-snapshot", "--yes");
        assertThat(again.status()).isEqualTo(11);
        CommandLineRun abandoned = restart(lab, "--abandon", "--yes");
        assertThat(abandoned.status()).as(abandoned.err()).isZero();
        assertThat(abandoned.out()).isEqualTo("abandoned; all settings are as they were\n");
        assertThat(restart(lab, "--abandon", "--yes").status()).isEqualTo(2);
        assertThat(restart(lab, "--no-snapshot", "--dry-run").status()).isZero();
    }

    private static Map<NodeId, String> processes(LabCluster lab) {
        Topology topology = new TopologyReader(ConnectionSettings.defaults()).discover(lab.addresses());
        return topology.nodes().stream()
                .collect(Collectors.toMap(
                        node -> node.id(),
                        node -> node.state().map(NodeState::runId).orElse("down")));
    }
}
