package io.ambrotype.cli;

import io.ambrotype.common.Time;
import io.ambrotype.control.Member;
import io.ambrotype.control.Starter;
import io.ambrotype.host.Launch;
import io.ambrotype.lab.LabCluster;
import io.ambrotype.lab.LabStarter;
import io.ambrotype.probe.Probe;
import io.ambrotype.probe.ProbeWriter;
import io.ambrotype.resp.ConnectionSettings;
import io.ambrotype.restart.Restart;
import io.ambrotype.restart.RestartListener;
import io.ambrotype.restart.RestartReport;
import io.ambrotype.restart.RestartRequest;
import io.ambrotype.restart.RestartRunner;
import io.ambrotype.restart.RestartTools;
import io.ambrotype.restart.SnapshotTaker;
import io.ambrotype.restart.StartAgain;
import io.ambrotype.restart.Starters;
import io.ambrotype.restart.Step;
import io.ambrotype.restart.StepReport;
import io.ambrotype.topology.NodeState;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.random.RandomGenerator;

/** The rolling restart of a lab, while the shop serves. The lab starts its servers again as it started them before. */
final class DemoRestart {
    private final LabCluster lab;
    private final RestartTools tools;

    DemoRestart(LabCluster lab, Path journals, Time time, RandomGenerator random) {
        this.lab = lab;
        this.tools = new RestartTools(
                ConnectionSettings.defaults(),
                lab.addresses(),
                new LabStarters(),
                journals,
                time,
                random,
                Version.current().version());
    }

    /**
     * Restarts every node.
     *
     * @param shop serves meanwhile
     * @param line is told what each step did to it
     */
    RestartReport run(ShopService shop, Consumer<String> line) throws InterruptedException {
        Restart.Prepared prepared = new Restart(tools).prepare(RestartRequest.all("shop"));
        try (Probe probe =
                ProbeWriter.start(prepared.observation().topology(), tools.settings(), "demo", tools.time())) {
            return new RestartRunner(tools, new Teller(shop, line)).run(prepared, probe, SnapshotTaker.NONE);
        }
    }

    /** Tells of each step that touches a node what its customers noticed of it. */
    private static final class Teller implements RestartListener {
        private final ShopService shop;
        private final Consumer<String> line;
        private ShopService.Counts before;

        Teller(ShopService shop, Consumer<String> line) {
            this.shop = shop;
            this.line = line;
            this.before = shop.counts();
        }

        @Override
        public void stepBegun(int number, Step step) {
            before = shop.counts();
        }

        @Override
        public void stepEnded(int number, StepReport report) {
            String what = switch (report.step()) {
                case Step.Restart restart ->
                    "restart " + (restart.replica() ? "replica " : "master without slots ")
                            + restart.member().address();
                case Step.FailOver change ->
                    (change.back() ? "fail back " : "fail over ")
                            + change.from().address() + " → "
                            + change.to().address();
                case Step.HoldReplicas _, Step.ReleaseReplicas _, Step.Start _, Step.Follow _ -> "";
            };
            if (!what.isEmpty()) {
                ShopService.Counts counts = shop.counts().since(before);
                line.accept("%-46s %6s; shop: %s, %s, longest wait so far %s"
                        .formatted(
                                what,
                                Units.duration(report.duration()),
                                Units.count(counts.requests(), "request"),
                                Units.count(counts.errors(), "error"),
                                Units.duration(counts.longest())));
            }
        }
    }

    /** How the lab starts a server: whatever program it runs, also one that hides behind a script. */
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
