package io.ambrotype.cli;

import io.ambrotype.common.ErrorCode;
import io.ambrotype.compare.Comparison;
import io.ambrotype.compare.SnapshotComparer;
import io.ambrotype.rdb.SlotDigests;
import io.ambrotype.repository.Repository;
import io.ambrotype.repository.SnapshotId;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/** {@code ambrotype compare A B}: whether two snapshots hold the same data. */
@Command(
        name = "compare",
        sortOptions = false,
        abbreviateSynopsis = true,
        header = "tell whether two snapshots hold the same data",
        description =
                "%nCompares every key, value and expiry, slot by slot, and the function libraries. Layout, node ids, versions "
                        + "and encodings make no difference. What has expired by now is left out on both sides.",
        optionListHeading = "%nOptions:%n",
        footerHeading = "%nExamples:%n",
        footer = {
            "  ambrotype compare 20261122T155328Z-3f7a latest",
            "",
            "  prove a restored deployment: back it up again, then compare",
            "  ambrotype backup redis://10.0.1.1:7000 && ambrotype compare 20261122T155328Z-3f7a latest",
            "",
            "Exit status: 0 equal, 1 different, 20 a snapshot is damaged."
        })
final class CompareCommand implements Callable<Integer> {
    private static final int SHOWN_SLOTS = 10;

    private final Context context;

    @Parameters(index = "0", paramLabel = "A", description = "a snapshot's id, the beginning of one, or 'latest'")
    private String one = "";

    @Parameters(index = "1", paramLabel = "B", description = "the snapshot to compare it with")
    private String other = "";

    CompareCommand(Context context) {
        this.context = context;
    }

    /** The result. */
    record Report(
            String a,
            String b,
            boolean equal,
            String asOf,
            long entriesA,
            long entriesB,
            int differentSlots,
            List<Slot> firstDifferentSlots,
            List<DifferentKey> firstDifferentKeys,
            List<String> functionsOnlyInA,
            List<String> functionsOnlyInB) {
        static Report of(SnapshotId a, SnapshotId b, Comparison comparison) {
            return new Report(
                    a.text(),
                    b.text(),
                    comparison.isEqual(),
                    comparison.asOf().toString(),
                    comparison.entriesHere(),
                    comparison.entriesThere(),
                    comparison.slots().size(),
                    comparison.slots().stream().limit(SHOWN_SLOTS).map(Slot::of).toList(),
                    DifferentKey.of(comparison, "a", "b"),
                    comparison.functionsOnlyHere().stream().sorted().toList(),
                    comparison.functionsOnlyThere().stream().sorted().toList());
        }
    }

    /** A slot whose data differ; where the numbers of entries are equal, their contents are not. */
    record Slot(int slot, long entriesA, long entriesB) {
        static Slot of(SlotDigests.Difference difference) {
            return new Slot(difference.slot(), difference.entriesHere(), difference.entriesThere());
        }
    }

    @Override
    public Integer call() {
        Repository repository = context.repository();
        SnapshotId a = repository.resolve(one);
        SnapshotId b = repository.resolve(other);
        Comparison comparison =
                new SnapshotComparer(repository).compare(a, b, context.clock().instant());
        Report report = Report.of(a, b, comparison);
        context.console().result(report, () -> print(report));
        return report.equal() ? Main.DONE : ErrorCode.FAILED.exitStatus();
    }

    private void print(Report report) {
        Console console = context.console();
        if (report.equal()) {
            console.line(console.style(Console.Style.GREEN, "equal") + "  " + report.a() + " and " + report.b() + ": "
                    + Units.count(report.entriesA(), "entry") + ", every key, value and expiry");
            return;
        }
        console.line(console.style(Console.Style.RED, "different") + "  " + report.a() + " has "
                + Units.count(report.entriesA(), "entry") + ", " + report.b() + " has "
                + Units.count(report.entriesB(), "entry"));
        if (report.differentSlots() > 0) {
            console.line("");
            Table table = Table.of("SLOT>", "ENTRIES IN A>", "IN B>");
            report.firstDifferentSlots()
                    .forEach(slot -> table.row(
                            Integer.toString(slot.slot()), Units.count(slot.entriesA()), Units.count(slot.entriesB())));
            console.table(table);
            int more = report.differentSlots() - report.firstDifferentSlots().size();
            if (more > 0) {
                console.line("and " + Units.count(more, "slot") + " more");
            }
        }
        if (!report.firstDifferentKeys().isEmpty()) {
            console.line("");
            Table keys = Table.of("KEY", "DATABASE>", "DIFFERENCE");
            report.firstDifferentKeys()
                    .forEach(key -> keys.row(
                            key.key(),
                            Integer.toString(key.database()),
                            switch (key.difference()) {
                                case "only-a" -> "only in A";
                                case "only-b" -> "only in B";
                                default -> "another value or expiry";
                            }));
            console.table(keys);
        }
        report.functionsOnlyInA().forEach(sha256 -> console.line("only A has the function library " + sha256));
        report.functionsOnlyInB().forEach(sha256 -> console.line("only B has the function library " + sha256));
    }
}
