package io.ambrotype.cli;

import io.ambrotype.common.ErrorCode;
import io.ambrotype.common.Time;
import io.ambrotype.doctor.Diagnosis;
import io.ambrotype.doctor.Doctor;
import io.ambrotype.doctor.Examination;
import io.ambrotype.doctor.FixPlan;
import io.ambrotype.doctor.FixReport;
import io.ambrotype.host.LocalHost;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code ambrotype doctor D}: what would hurt at the next restart. */
@Command(
        name = "doctor",
        sortOptions = false,
        abbreviateSynopsis = true,
        header = "what would hurt at the next restart, why, and the mend",
        description =
                "%nLooks at every node: its files and folders (of nodes on this host), persistence, replication, memory, settings, "
                        + "and what the nodes think of each other. Says what was seen, why it hurts, and what to do; and what "
                        + "could not be looked at. docs/DOCTOR.md explains every check.",
        optionListHeading = "%nOptions:%n",
        footerHeading = "%nExamples:%n",
        footer = {
            "  ambrotype doctor shop",
            "  ambrotype doctor shop --fix --dry-run             what would be changed, node by node",
            "  ambrotype doctor shop --output json | jq -r '.findings[] | select(.severity == \"error\") | .check'",
            "",
            "Exit status 0: nothing known that would hurt; 21: something would; 3: not all of --fix worked."
        })
final class DoctorCommand implements Callable<Integer> {
    private final Context context;

    @Mixin
    private final DeploymentOptions deployment = new DeploymentOptions();

    @Option(
            names = "--fix",
            description =
                    "show what can be mended on the running nodes (CONFIG SET, CONFIG REWRITE), ask, do it, look again")
    private boolean fix;

    DoctorCommand(Context context) {
        this.context = context;
    }

    /**
     * The result of {@code --fix}.
     *
     * @param applied whether the plan was carried out
     * @param report what became of it; null where it was not
     * @param diagnosis what is found now
     */
    record Fixed(FixPlan plan, boolean applied, @Nullable FixReport report, Diagnosis diagnosis) {}

    @Override
    public Integer call() {
        Deployment target = deployment.resolve(context);
        Doctor doctor = new Doctor(target.name(), target.seeds(), target.settings(), LocalHost.INSTANCE, Time.SYSTEM);
        return fix ? fix(doctor) : examine(doctor);
    }

    private int examine(Doctor doctor) {
        Diagnosis diagnosis = doctor.examine();
        Console console = context.console();
        console.result(diagnosis, () -> report(diagnosis).lines().forEach(console::line));
        return status(diagnosis);
    }

    private int fix(Doctor doctor) {
        Console console = context.console();
        Examination examination = doctor.look();
        Diagnosis before = Doctor.diagnose(examination);
        FixPlan plan = doctor.plan(examination);
        int width = context.terminal().width();
        if (plan.isEmpty() || context.options().dryRun) {
            console.result(
                    new Fixed(plan, false, null, before),
                    () -> new FixText(width).plan(plan).forEach(console::line));
            return status(before);
        }
        if (!console.isJson()) {
            new FixText(width).plan(plan).forEach(console::line);
        }
        console.confirm(
                "The settings above are changed on " + Units.count(plan.nodes().size(), "running node") + ".");
        FixReport report = doctor.fix(plan);
        console.result(
                new Fixed(plan, true, report, report.after()),
                () -> new FixText(width).report(report).forEach(console::line));
        return report.complete() ? status(report.after()) : Main.PARTIAL;
    }

    private DoctorReport report(Diagnosis diagnosis) {
        return new DoctorReport(diagnosis, context.terminal().width(), context.console()::style);
    }

    private static int status(Diagnosis diagnosis) {
        return diagnosis.healthy() ? Main.DONE : ErrorCode.UNSAFE.exitStatus();
    }
}
