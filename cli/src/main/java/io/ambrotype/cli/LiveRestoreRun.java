package io.ambrotype.cli;

import io.ambrotype.common.Time;
import io.ambrotype.liverestore.LiveRestore;
import io.ambrotype.liverestore.LiveRestore.Prepared;
import io.ambrotype.liverestore.LiveRestoreListener;
import io.ambrotype.liverestore.LiveRestorePlan;
import io.ambrotype.liverestore.LiveRestoreReport;
import io.ambrotype.liverestore.OnConflict;
import io.ambrotype.repository.Manifest;
import io.ambrotype.repository.Repository;
import io.ambrotype.topology.Shard;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** {@code ambrotype restore ID --to D}: brings a snapshot into servers that run. */
final class LiveRestoreRun {
    private final Context context;
    private final LiveRestoreOptions options;
    private final String id;
    private final boolean skipUnsupported;

    LiveRestoreRun(Context context, LiveRestoreOptions options, String id, boolean skipUnsupported) {
        this.context = context;
        this.options = options;
        this.id = id;
        this.skipUnsupported = skipUnsupported;
    }

    /** The plan as JSON. */
    record PlanView(
            String snapshot,
            String target,
            List<String> masters,
            boolean resumed,
            String onConflict,
            boolean shiftTtl,
            long entries,
            long bytes,
            long existing,
            List<String> firstExisting,
            long expired,
            long leftOut,
            long byCommands,
            long inPieces,
            long unsupported,
            List<String> firstUnsupported,
            List<String> functions,
            List<String> warnings) {
        static PlanView of(LiveRestorePlan plan) {
            return new PlanView(
                    plan.manifest().snapshot().text(),
                    plan.request().deployment(),
                    mastersOf(plan),
                    plan.resumed(),
                    ruleOf(plan),
                    plan.request().shiftTtl(),
                    plan.entries(),
                    plan.bytes(),
                    plan.existing(),
                    plan.firstExisting(),
                    plan.expired(),
                    plan.orphans(),
                    plan.byCommands(),
                    plan.inPieces(),
                    plan.unsupported(),
                    plan.firstUnsupported(),
                    plan.functions(),
                    plan.warnings());
        }
    }

    /** The result. */
    record Report(
            String snapshot,
            String target,
            long written,
            long skipped,
            long appeared,
            List<String> firstAppeared,
            long expired,
            long leftOut,
            long unsupported,
            List<String> firstUnsupported,
            int functions,
            List<String> lostPerhaps,
            List<String> evicted,
            long durationMillis,
            String journal) {}

    int call() throws InterruptedException {
        String to = options.to;
        if (to == null) {
            throw Failures.usage(
                    "--keys, --slots, --db, --on-conflict, --shift-ttl, --resume and --wait are for --to D, servers that run");
        }
        if (options.resume && (options.selects() || options.shiftTtl || skipUnsupported)) {
            throw Failures.usage(
                    "--resume takes keys, slots, database, expiry and what to skip from the run that was broken off; "
                            + "leave them out");
        }
        Repository repository = context.repository();
        Manifest manifest = repository.manifest(repository.resolve(id));
        Deployment target = options.resolve(to, context);
        Console console = context.console();
        LiveRestore restore = new LiveRestore(
                repository,
                context.stateFolder(),
                Time.SYSTEM,
                context.random(),
                Version.current().version());
        Duration started = Time.SYSTEM.running();
        Prepared prepared;
        try (Progress progress = console.progress()) {
            prepared = restore.prepare(
                    manifest,
                    options.request(target, target.typed(), skipUnsupported),
                    options.resume,
                    new Display(console, progress.task("look"), null));
        }
        LiveRestorePlan plan = prepared.plan();
        if (context.options().dryRun) {
            console.result(PlanView.of(plan), () -> {
                print(plan, console::line);
                console.line("nothing was written: this was a dry run");
            });
            prepared.requireAllowed();
            return Main.DONE;
        }
        print(plan, console::note);
        prepared.requireAllowed();
        console.confirm(consequence(plan));
        LiveRestoreReport report;
        try (Progress progress = console.progress()) {
            report = restore.run(prepared, new Display(console, null, progress.task("restore")));
        }
        show(plan, report, Time.SYSTEM.running().minus(started));
        return report.isWhole() ? Main.DONE : Main.PARTIAL;
    }

    private static String consequence(LiveRestorePlan plan) {
        return "This writes " + Units.count(plan.entries(), "key") + " into "
                + plan.request().deployment()
                + (plan.request().onConflict() == OnConflict.REPLACE
                        ? "; " + Units.count(plan.existing()) + " that are there are replaced, which cannot be undone."
                        : ".");
    }

    private void show(LiveRestorePlan plan, LiveRestoreReport result, Duration took) {
        Console console = context.console();
        Report report = new Report(
                plan.manifest().snapshot().text(),
                plan.request().deployment(),
                result.written(),
                result.skipped(),
                result.appeared(),
                result.firstAppeared(),
                result.expired(),
                result.orphans(),
                result.unsupported(),
                result.firstUnsupported(),
                result.functions(),
                result.lostPerhaps(),
                result.evicted(),
                took.toMillis(),
                result.journal().toString());
        if (result.appeared() > 0) {
            console.warning(Units.count(result.appeared(), "key")
                    + " came into being while the restore ran and stayed as they were: "
                    + names(result.firstAppeared(), result.appeared()));
        }
        if (!result.lostPerhaps().isEmpty()) {
            console.warning(String.join(", ", result.lostPerhaps())
                    + " was started again or replaced in mid-restore, more than once, before replicas had what it took: keys may be missing; "
                    + "--resume looks for them and writes them again");
        }
        if (!result.evicted().isEmpty()) {
            console.warning(String.join(", ", result.evicted())
                    + " dropped so many keys while it was written to, because its memory was full: keys of the snapshot may be missing; "
                    + "raise maxmemory or set maxmemory-policy noeviction, and restore again with --on-conflict skip");
        }
        console.result(report, () -> {
            console.line("restored  " + console.style(Console.Style.BOLD, report.target()) + "  from snapshot "
                    + report.snapshot());
            console.line("          " + Units.count(report.written(), "key") + " written"
                    + count(report.skipped(), "kept as they were there")
                    + count(report.expired(), "expired and not written")
                    + count(report.leftOut(), "left out: in slots not their node's own")
                    + count(report.unsupported(), "not supported by the target")
                    + ", " + Units.duration(took));
            if (report.functions() > 0) {
                console.line("          function libraries loaded on every master: " + report.functions());
            }
            console.line("journal   " + report.journal());
        });
    }

    private static void print(LiveRestorePlan plan, Consumer<String> out) {
        out.accept((plan.resumed() ? "going on with the restore" : "restore") + " of snapshot "
                + plan.manifest().snapshot() + " (" + plan.manifest().deployment() + ") into "
                + plan.request().deployment());
        out.accept("  to        " + plan.target().kind().name().toLowerCase(Locale.ROOT) + " of "
                + Units.count(mastersOf(plan).size(), "master") + ": " + String.join(", ", mastersOf(plan)));
        out.accept("  keys      " + Units.count(plan.entries()) + (plan.resumed() ? " that are left" : "") + ", "
                + Units.bytes(plan.bytes()) + " in the snapshot");
        if (plan.expired() > 0) {
            out.accept("  expired   " + Units.count(plan.expired())
                    + (plan.request().shiftTtl()
                            ? " had expired at the snapshot"
                            : " are not written; --shift-ttl would give them the time that they had left"));
        }
        if (plan.orphans() > 0) {
            out.accept("  left out  " + Units.count(plan.orphans()) + " in slots that were not their node's own");
        }
        if (plan.byCommands() > 0) {
            out.accept(
                    "  " + Units.count(plan.byCommands())
                            + " are written by the commands of their type: the target does not know their encoding, or fields get other expiries");
        }
        if (plan.inPieces() > 0) {
            out.accept("  " + Units.count(plan.inPieces()) + " are written in pieces, because they are large");
        }
        if (!plan.functions().isEmpty()) {
            out.accept("  functions " + String.join(", ", plan.functions()) + " on every master");
        }
        if (plan.unsupported() > 0) {
            out.accept("  not supported by the target: " + Units.count(plan.unsupported()));
            plan.firstUnsupported().forEach(name -> out.accept("    " + name));
        }
        out.accept("  there     " + Units.count(plan.existing()) + " of the keys"
                + (plan.existing() > 0
                        ? " (rule: " + ruleOf(plan) + "): " + names(plan.firstExisting(), plan.existing())
                        : ""));
        plan.warnings().forEach(warning -> out.accept("warning: " + warning));
    }

    private static List<String> mastersOf(LiveRestorePlan plan) {
        return plan.target().shards().stream()
                .map(Shard::master)
                .map(master -> master.name())
                .toList();
    }

    private static String ruleOf(LiveRestorePlan plan) {
        return plan.request().onConflict().name().toLowerCase(Locale.ROOT);
    }

    private static String names(List<String> first, long all) {
        return String.join(", ", first) + (all > first.size() ? ", …" : "");
    }

    private static String count(long number, String what) {
        return number == 0 ? "" : ", " + Units.count(number) + " " + what;
    }

    /** Shows a running restore. */
    private record Display(Console console, Progress.@Nullable Task look, Progress.@Nullable Task write)
            implements LiveRestoreListener {
        @Override
        public void looked(long readBytes, long totalBytes, long entries) {
            show(look, readBytes, totalBytes, entries, "looked through");
        }

        @Override
        public void written(long readBytes, long totalBytes, long keys) {
            show(write, readBytes, totalBytes, keys, "written");
        }

        private static void show(Progress.@Nullable Task task, long bytes, long all, long keys, String done) {
            if (task != null) {
                task.total(all);
                task.at(bytes, keys);
                if (bytes == all) {
                    task.end(done);
                }
            }
        }

        @Override
        public void notice(String sentence) {
            console.warning(sentence);
        }
    }
}
