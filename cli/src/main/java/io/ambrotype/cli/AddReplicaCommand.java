package io.ambrotype.cli;

import io.ambrotype.common.AmbrotypeException;
import io.ambrotype.common.ErrorCode;
import io.ambrotype.common.HostAndPort;
import io.ambrotype.common.Time;
import io.ambrotype.heal.AddReplica;
import io.ambrotype.heal.AddReplicaPlan;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code ambrotype add-replica D HOST:PORT --of MASTER|auto}: makes an empty server a replica. */
@Command(
        name = "add-replica",
        sortOptions = false,
        header = "make an empty server a replica and wait until it is in sync",
        description =
                "%nHas all nodes of a cluster meet the server, makes it a replica of the master and returns when it has the data "
                        + "and every node knows its place. Refused is a server that holds data, owns slots, knows other nodes, is too "
                        + "old for its master's data, or that its master would not let in.",
        optionListHeading = "%nOptions:%n",
        footerHeading = "%nExamples:%n",
        footer = {
            "  ambrotype add-replica shop 10.0.0.7:7000             of the master that has fewest replicas",
            "  ambrotype add-replica shop 10.0.0.7:7000 --of 10.0.0.2:7000",
            "  ambrotype add-replica shop 10.0.0.7:7000 --dry-run",
            "",
            "Exit status 21: the server must not be added, or a step did not take effect in time; the message",
            "says which, and the same command goes on."
        })
final class AddReplicaCommand implements Callable<Integer> {
    private final Context context;

    @Mixin
    private DeploymentOptions deployment = new DeploymentOptions();

    @Parameters(index = "1", paramLabel = "HOST:PORT", description = "where the new server answers, for the nodes too")
    private String server = "";

    @Option(
            names = "--of",
            paramLabel = "MASTER",
            description =
                    "address or id of its master (default: auto, the one with the fewest replicas, rather on another host)")
    private String of = "auto";

    @Mixin
    private LimitOptions limit = new LimitOptions();

    AddReplicaCommand(Context context) {
        this.context = context;
    }

    /** The plan, and the result, as JSON. */
    record Report(
            String replica,
            String id,
            String version,
            String master,
            String reason,
            List<String> steps,
            List<String> warnings,
            boolean done,
            @Nullable Long durationMillis) {
        static Report of(AddReplicaPlan plan, @Nullable Duration took) {
            return new Report(
                    plan.address().toString(),
                    plan.replica().id().value(),
                    plan.version().toString(),
                    plan.master().toString(),
                    plan.reason(),
                    plan.steps(),
                    plan.warnings(),
                    took != null,
                    took == null ? null : took.toMillis());
        }
    }

    @Override
    public Integer call() {
        Console console = context.console();
        Deployment target = deployment.resolve(context);
        AddReplica operation = new AddReplica(target.settings(), limit.resolve(), Time.SYSTEM);
        AddReplicaPlan plan =
                operation.plan(target.seeds(), address(), Optional.of(of).filter(name -> !name.equals("auto")));
        if (context.options().dryRun) {
            console.result(Report.of(plan, null), () -> {
                print(plan, console::line);
                console.line("nothing was changed: this was a dry run");
            });
            return Main.DONE;
        }
        print(plan, console::note);
        Duration started = Time.SYSTEM.running();
        try (MembershipDisplay display =
                new MembershipDisplay(console, plan.steps().size())) {
            operation.run(plan, display);
            display.done();
        }
        Duration took = Time.SYSTEM.running().minus(started);
        console.result(
                Report.of(plan, took),
                () -> console.line(
                        console.style(Console.Style.BOLD, plan.address().toString()) + " is a replica of "
                                + plan.master() + " and in sync, after " + Units.duration(took)));
        return Main.DONE;
    }

    private static void print(AddReplicaPlan plan, Consumer<String> out) {
        out.accept("add " + plan.address() + " (" + plan.version() + ", empty, id "
                + plan.replica().id().shortForm() + ") as a replica of " + plan.master() + ": " + plan.reason());
        int number = 0;
        for (String step : plan.steps()) {
            out.accept("  " + ++number + ". " + step);
        }
        if (plan.masterMemory() > 0) {
            out.accept("  its master's data take " + Units.bytes(plan.masterMemory()) + " of memory");
        }
        plan.warnings().forEach(warning -> out.accept("warning: " + warning));
    }

    private HostAndPort address() {
        try {
            return HostAndPort.parse(server);
        } catch (IllegalArgumentException e) {
            throw AmbrotypeException.of(ErrorCode.USAGE, String.valueOf(e.getMessage()));
        }
    }
}
