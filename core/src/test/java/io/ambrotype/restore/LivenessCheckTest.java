package io.ambrotype.restore;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.ambrotype.common.AmbrotypeException;
import io.ambrotype.common.ErrorCode;
import io.ambrotype.common.HostAndPort;
import io.ambrotype.repository.Manifest;
import io.ambrotype.repository.Repository;
import io.ambrotype.repository.Samples;
import io.ambrotype.resp.ConnectionSettings;
import io.ambrotype.restore.Plans.Change;
import io.ambrotype.servers.ScriptedServer;
import io.ambrotype.storage.MemoryStore;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Path;
import java.util.List;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class LivenessCheckTest {
    private final Repository repository = Samples.repository(new MemoryStore());

    private static HostAndPort free() throws Exception {
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return new HostAndPort("127.0.0.1", socket.getLocalPort());
        }
    }

    /** The one master's old address, and the plan to bring it back with its id elsewhere. */
    private RestorePlan plan(HostAndPort old, HostAndPort target, boolean sameIds) throws Exception {
        Manifest.Topology all = Plans.with(
                Samples.cluster(1),
                c -> new Change(
                        old.host(), old.port(), OptionalInt.of(7), c.version(), c.configuration(), c.nodesConf()));
        Manifest manifest = Plans.snapshot(
                repository, new Manifest.Topology(6, 0, List.of(all.nodes().getFirst())), 0, false);
        RestoreRequest request = RestoreRequest.into(Path.of("/srv/x"))
                .at(List.of(new TargetAddress(target, OptionalInt.of(1))))
                .as(1, 0);
        return Plans.plan(manifest, sameIds ? request.withSameIds() : request);
    }

    private static List<String> check(RestorePlan plan) throws InterruptedException {
        return LivenessCheck.run(plan, ConnectionSettings.defaults());
    }

    private static String bulk(String text) {
        return "$" + text.length() + "\r\n" + text + "\r\n";
    }

    @Test
    void nobodyThereIsFine() throws Exception {
        assertThat(check(plan(free(), free(), true))).isEmpty();
        assertThat(check(plan(free(), new HostAndPort("host.invalid", 7000), false)))
                .containsExactly("host.invalid:7000");
    }

    @Test
    void whateverAnswersAtATargetAddressIsInTheWay() throws Exception {
        try (ScriptedServer server = ScriptedServer.start(client -> client.send("220 mail\r\n"))) {
            assertThatThrownBy(() -> check(plan(free(), server.address(), false)))
                    .isInstanceOfSatisfying(AmbrotypeException.class, e -> {
                        assertThat(e.code()).isEqualTo(ErrorCode.UNSAFE);
                        assertThat(e)
                                .hasMessage("something answers at " + server.address()
                                        + ", where a restored node shall run");
                    });
            // New ids: who is alive at the old addresses does not matter.
            assertThat(check(plan(server.address(), free(), false))).isEmpty();
            assertThatThrownBy(() -> check(plan(server.address(), free(), true)))
                    .hasMessageContaining("does not tell which nodes it knows");
        }
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "-NOAUTH Authentication required. | does not tell which nodes it knows",
                "-LOADING Redis is loading the dataset in memory | does not tell which nodes it knows",
                "-ERR This instance has cluster support disabled | "
            })
    void refusalsOfOldNodes(String reply, String message) throws Exception {
        try (ScriptedServer server = ScriptedServer.start(client -> {
            client.answer("+PONG\r\n", reply + "\r\n");
            client.hold();
        })) {
            RestorePlan plan = plan(server.address(), free(), true);
            if (message == null) {
                assertThat(check(plan)).isEmpty();
            } else {
                assertThatThrownBy(() -> check(plan)).hasMessageContaining(message);
            }
        }
    }

    @Test
    void ghostsAreFound() throws Exception {
        String id = Samples.nodeId(0);
        String other = Samples.nodeId(9);
        try (ScriptedServer server = ScriptedServer.start(client -> {
            client.answer("+PONG\r\n", bulk(id + " 127.0.0.1:1@2 myself,master - 0 0 1 connected\n"));
            client.hold();
        })) {
            assertThatThrownBy(() -> check(plan(server.address(), free(), true)))
                    .hasMessage("the old node " + id + " still answers at " + server.address());
        }
        try (ScriptedServer server = ScriptedServer.start(client -> {
            client.answer(
                    "+PONG\r\n",
                    bulk(other + " 127.0.0.1:1@2 myself,master - 0 0 1 connected\n" + id
                            + " 127.0.0.1:3@4 master - 0 0 2 connected\n"));
            client.hold();
        })) {
            assertThatThrownBy(() -> check(plan(server.address(), free(), true)))
                    .hasMessage("node " + server.address() + " is in touch with a living node " + id
                            + ", which shall be restored");
        }
        try (ScriptedServer server = ScriptedServer.start(client -> {
            client.answer(
                    "+PONG\r\n",
                    bulk(other + " 127.0.0.1:1@2 myself,master - 0 0 1 connected\n" + id
                            + " 127.0.0.1:3@4 master,fail - 0 0 2 disconnected\n"));
            client.hold();
        })) {
            assertThat(check(plan(server.address(), free(), true))).isEmpty();
        }
    }
}
