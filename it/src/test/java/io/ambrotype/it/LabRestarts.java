package io.ambrotype.it;

import io.ambrotype.common.HostAndPort;
import io.ambrotype.common.Time;
import io.ambrotype.control.Member;
import io.ambrotype.control.Starter;
import io.ambrotype.host.Launch;
import io.ambrotype.lab.LabCluster;
import io.ambrotype.lab.LabStarter;
import io.ambrotype.lab.RedisServer;
import io.ambrotype.probe.Probe;
import io.ambrotype.resp.ConnectionSettings;
import io.ambrotype.restart.Restart;
import io.ambrotype.restart.Restart.Prepared;
import io.ambrotype.restart.RestartListener;
import io.ambrotype.restart.RestartReport;
import io.ambrotype.restart.RestartRequest;
import io.ambrotype.restart.RestartRunner;
import io.ambrotype.restart.RestartTools;
import io.ambrotype.restart.SnapshotTaker;
import io.ambrotype.restart.StartAgain;
import io.ambrotype.restart.Starters;
import io.ambrotype.topology.NodeState;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.random.RandomGenerator;

/** Restarts of a lab: its servers are started by the lab itself, whatever launcher they run through. */
final class LabRestarts {
    private static final RandomGenerator RANDOM = new SecureRandom();
    /** Of an operator who has seen that a node is down; four node timeouts are waited for all the same. */
    private static final Duration PATIENCE = Duration.ofSeconds(5);

    private final LabCluster lab;
    private final Path journals;

    LabRestarts(LabCluster lab, Path journals) {
        this.lab = lab;
        this.journals = journals;
    }

    RestartTools tools() {
        ConnectionSettings settings = lab.servers().getFirst().settings();
        List<HostAndPort> seeds = lab.sentinels().isEmpty()
                ? lab.addresses()
                : lab.sentinels().stream().map(RedisServer::address).toList();
        return new RestartTools(settings, seeds, new LabStarters(), journals, Time.SYSTEM, RANDOM, "test")
                .withPatience(PATIENCE);
    }

    /** All nodes, back to the same layout. */
    RestartReport run(Probe probe, RestartListener listener) throws InterruptedException {
        return run(RestartRequest.all("shop"), probe, listener);
    }

    RestartReport run(RestartRequest request, Probe probe, RestartListener listener) throws InterruptedException {
        return run(new Restart(tools()).prepare(request), probe, listener);
    }

    /** Goes on with a run that was broken off. */
    RestartReport resume(RestartListener listener, boolean startLastCopy) throws InterruptedException {
        return run(new Restart(tools()).prepareResume("shop", startLastCopy), Probe.NONE, listener);
    }

    private RestartReport run(Prepared prepared, Probe probe, RestartListener listener) throws InterruptedException {
        return new RestartRunner(tools(), listener).run(prepared, probe, SnapshotTaker.NONE);
    }

    private final class LabStarters implements Starters {
        @Override
        public StartAgain find(Member member, NodeState state) {
            return new StartAgain.Possible(
                    new Launch.Manual(),
                    new Launch.Target(member.address(), member.id().value(), Optional.empty(), Optional.empty()),
                    List.of());
        }

        @Override
        public Starter starter(Member member, StartAgain.Possible how) {
            return new LabStarter(lab.server(member.address()));
        }
    }
}
