package io.ambrotype.cli;

import io.ambrotype.common.AmbrotypeException;
import io.ambrotype.common.ErrorCode;
import io.ambrotype.common.HostAndPort;
import io.ambrotype.common.Time;
import io.ambrotype.heal.EarlierLayout;
import io.ambrotype.heal.HealPlan;
import io.ambrotype.heal.HealRequest;
import io.ambrotype.heal.HealStep;
import io.ambrotype.heal.Healer;
import io.ambrotype.heal.LocalReviver;
import io.ambrotype.repository.Manifest;
import io.ambrotype.repository.Repository;
import io.ambrotype.topology.Node;
import io.ambrotype.topology.Role;
import io.ambrotype.topology.Shard;
import io.ambrotype.topology.Topology;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code ambrotype heal D}: mends membership. */
@Command(
        name = "heal",
        sortOptions = false,
        header = "mend a cluster's membership after an accident",
        description =
                "%nFinds nodes that came back as strangers (started from another folder, without their nodes.conf), ghosts that "
                        + "nobody can reach, replicas without master, masters without slots and shards without replica. Prints what it "
                        + "found, what it would do and why, and asks. A node gets its own id back where its server runs on this host; "
                        + "elsewhere it comes in under its new one. What holds data that nobody else may have is not touched.",
        optionListHeading = "%nOptions:%n",
        footerHeading = "%nExamples:%n",
        footer = {
            "  ambrotype heal shop --dry-run                        what is wrong, and what would be done",
            "  ambrotype heal shop",
            "  ambrotype heal redis://10.0.0.1:7000,10.0.0.2:7000   name the stranger's address too",
            "",
            "Exit status 0: all is well now; 3: something is left for you, the output says what; 21: a step",
            "did not take effect in time. What was done stays, and the same command goes on."
        })
final class HealCommand implements Callable<Integer> {
    private final Context context;

    @Mixin
    private DeploymentOptions deployment = new DeploymentOptions();

    @Mixin
    private StartOptions start = new StartOptions();

    @Option(
            names = "--discard",
            paramLabel = "HOST:PORT",
            split = ",",
            description = "throw away the data of this server, which is no member, and make it one")
    private List<String> discard = List.of();

    @Option(
            names = "--forget",
            paramLabel = "NODE",
            split = ",",
            description = "give up this member, which does not answer: its address, id or the beginning of it")
    private List<String> forget = List.of();

    @Option(
            names = "--take-over",
            description =
                    "have replicas take over from masters that are down for good and that no election replaces; never "
                            + "where such a master may only be cut off from here")
    private boolean takeOver;

    @Option(
            names = "--fail-back",
            description = "make former masters masters again, where a snapshot or a nodes.conf says that they were")
    private boolean failBack;

    @Option(
            names = "--new-ids",
            description = "let nodes that lost their identity come in under their new ids; nothing is restarted then")
    private boolean newIds;

    @Option(
            names = "--look-in",
            paramLabel = "FOLDER",
            split = ",",
            description =
                    "where on this host the files of lost nodes may be, beside the folders that suggest themselves")
    private List<Path> folders = List.of();

    @Mixin
    private LimitOptions limit = new LimitOptions();

    HealCommand(Context context) {
        this.context = context;
    }

    /** The plan, and the result, as JSON. */
    record Report(
            String deployment,
            List<Finding> findings,
            List<String> steps,
            List<String> warnings,
            boolean done,
            @Nullable Long durationMillis,
            List<Place> layout) {
        static Report of(String deployment, HealPlan plan, @Nullable Duration took, @Nullable Topology after) {
            return new Report(
                    deployment,
                    plan.matters().stream().map(Finding::of).toList(),
                    plan.steps().stream().map(HealStep::text).toList(),
                    plan.warnings(),
                    took != null,
                    took == null ? null : took.toMillis(),
                    after == null ? List.of() : Place.of(after));
        }
    }

    /** One thing that was found. */
    record Finding(
            String kind,
            String what,
            @Nullable String mend,
            @Nullable String leftAlone) {
        static Finding of(HealPlan.Matter matter) {
            return new Finding(
                    matter.finding()
                            .getClass()
                            .getSimpleName()
                            .replaceAll("(?<=.)([A-Z])", "-$1")
                            .toLowerCase(java.util.Locale.ROOT),
                    matter.finding().what(),
                    matter.mend().orElse(null),
                    matter.left().orElse(null));
        }
    }

    /** A node in the end. */
    record Place(
            String address,
            String id,
            String role,
            @Nullable String master,
            String slots) {
        static List<Place> of(Topology topology) {
            List<Place> places = new ArrayList<>();
            for (Shard shard : topology.shards()) {
                for (Node node : shard.nodes()) {
                    places.add(new Place(
                            node.name(),
                            node.id().value(),
                            node.role() == Role.MASTER ? "master" : "replica",
                            node.role() == Role.MASTER ? null : shard.master().name(),
                            node.slots().toString()));
                }
            }
            return places;
        }
    }

    @Override
    public Integer call() {
        Console console = context.console();
        Deployment target = deployment.resolve(context);
        Duration patience = limit.resolve();
        Optional<Manifest> snapshot = snapshot();
        List<Path> places = new ArrayList<>();
        folders.forEach(folder -> places.add(context.terminal().directory().resolve(folder)));
        snapshot.ifPresent(manifest -> manifest.topology().nodes().stream()
                .flatMap(node -> node.dir().stream())
                .map(Path::of)
                .filter(Files::isDirectory)
                .forEach(places::add));
        Healer healer = new Healer(
                target.settings(),
                target.seeds(),
                new LocalReviver(target.settings(), start.resolve(target), places, Time.SYSTEM),
                context.stateFolder(),
                patience,
                Time.SYSTEM);
        HealPlan plan = healer.plan(request(), snapshot.map(EarlierLayout::of));
        if (plan.steps().isEmpty() || context.options().dryRun) {
            console.result(Report.of(target.name(), plan, null, null), () -> {
                print(plan, console::line);
                if (plan.isWell()) {
                    console.line("nothing to mend: every node of " + target.name() + " has its place");
                } else if (plan.steps().isEmpty()) {
                    console.line("nothing was changed: what is left is for you to decide");
                } else {
                    console.line("nothing was changed: this was a dry run");
                }
            });
            return plan.steps().isEmpty() && plan.leavesSomething() ? Main.PARTIAL : Main.DONE;
        }
        print(plan, console::note);
        console.confirm("Membership of " + target.name() + " is changed in "
                + Units.count(plan.steps().size(), "step") + ".");
        Duration started = Time.SYSTEM.running();
        Topology after;
        try (MembershipDisplay display =
                new MembershipDisplay(console, plan.steps().size())) {
            after = healer.run(plan, display);
            display.done();
        }
        Duration took = Time.SYSTEM.running().minus(started);
        console.result(Report.of(target.name(), plan, took, after), () -> {
            console.line(console.style(Console.Style.BOLD, "mended") + " after " + Units.duration(took));
            Table table = Table.of("SLOTS", "MASTER", "REPLICAS");
            for (Shard shard : after.shards()) {
                table.row(
                        shard.slots().isEmpty() ? "none" : shard.slots().toString(),
                        shard.master().name(),
                        String.join(
                                ", ", shard.replicas().stream().map(Node::name).toList()));
            }
            console.table(table);
            plan.matters().stream()
                    .filter(matter -> matter.left().isPresent())
                    .forEach(matter -> console.line("left: " + matter.finding().what() + ": "
                            + matter.left().orElseThrow()));
        });
        return plan.leavesSomething() ? Main.PARTIAL : Main.DONE;
    }

    private HealRequest request() {
        Set<HostAndPort> discarded = new HashSet<>();
        try {
            discard.stream().map(HostAndPort::parse).forEach(discarded::add);
        } catch (IllegalArgumentException e) {
            throw AmbrotypeException.of(ErrorCode.USAGE, String.valueOf(e.getMessage()));
        }
        return new HealRequest(discarded, Set.copyOf(forget), takeOver, failBack, newIds);
    }

    /** The latest one, as evidence of what the layout was; a cluster can be mended without. */
    private Optional<Manifest> snapshot() {
        try {
            Repository repository = context.repository();
            return Optional.of(repository.manifest(repository.resolve("latest")));
        } catch (AmbrotypeException e) {
            if (e.code() == ErrorCode.NO_REPOSITORY || e.code() == ErrorCode.USAGE || e.code() == ErrorCode.FAILED) {
                return Optional.empty();
            }
            throw e;
        }
    }

    private static void print(HealPlan plan, Consumer<String> out) {
        if (!plan.isWell()) {
            out.accept("found");
        }
        for (HealPlan.Matter matter : plan.matters()) {
            out.accept("  - " + matter.finding().what());
            matter.mend().ifPresent(how -> out.accept("      " + how));
            matter.left().ifPresent(why -> out.accept("      left alone: " + why));
        }
        if (!plan.steps().isEmpty()) {
            out.accept("plan");
            int number = 0;
            for (HealStep step : plan.steps()) {
                out.accept("  " + ++number + ". " + step.text());
            }
        }
        plan.warnings().forEach(warning -> out.accept("warning: " + warning));
    }
}
