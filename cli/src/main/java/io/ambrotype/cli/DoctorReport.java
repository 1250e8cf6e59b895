package io.ambrotype.cli;

import io.ambrotype.cli.Console.Style;
import io.ambrotype.doctor.Diagnosis;
import io.ambrotype.doctor.Finding;
import io.ambrotype.doctor.NotChecked;
import io.ambrotype.doctor.NotChecked.ByHand;
import io.ambrotype.doctor.Severity;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BiFunction;
import java.util.stream.Collectors;

/** A diagnosis as text: the verdict, the findings with the worst first, and what was not checked. */
final class DoctorReport {
    private static final int NAMED = 3;
    private static final int DETAILS = 6;
    private static final String INDENT = "  ";
    private static final String FURTHER = "        ";

    private final Diagnosis diagnosis;
    private final int width;
    private final BiFunction<Style, String, String> style;

    /**
     * A report.
     *
     * @param width columns that there are
     * @param style how a text stands out
     */
    DoctorReport(Diagnosis diagnosis, int width, BiFunction<Style, String, String> style) {
        this.diagnosis = diagnosis;
        this.width = width;
        this.style = style;
    }

    List<String> lines() {
        List<String> lines = new ArrayList<>();
        lines.add(verdict());
        for (Finding finding : diagnosis.findings()) {
            lines.add("");
            lines.addAll(lines(finding));
        }
        diagnosis.notChecked().forEach(part -> {
            lines.add("");
            lines.addAll(lines(part));
        });
        if (diagnosis.findings().stream().anyMatch(Finding::fixable)) {
            lines.add("");
            lines.add("'ambrotype doctor --fix' shows what it can mend on the running nodes, and asks before it does.");
        }
        return lines;
    }

    private String verdict() {
        String counts = List.of(
                        Units.count(diagnosis.errors(), "error"),
                        Units.count(diagnosis.warnings(), "warning"),
                        Units.count(diagnosis.notices(), "notice"))
                .stream()
                .filter(count -> !count.startsWith("0 "))
                .collect(Collectors.joining(", "));
        String what = diagnosis.healthy()
                ? style.apply(Style.GREEN, "nothing known that would hurt at the next restart")
                : style.apply(
                        Style.RED,
                        diagnosis.errors() == 1
                                ? "1 thing would hurt at the next restart"
                                : diagnosis.errors() + " things would hurt at the next restart");
        return style.apply(Style.BOLD, Console.printable(diagnosis.deployment())) + "  " + what
                + (counts.isEmpty() ? "" : "  (" + counts + ")");
    }

    private List<String> lines(Finding finding) {
        List<String> lines = new ArrayList<>();
        String label = switch (finding.severity()) {
            case ERROR -> style.apply(Style.RED, "error");
            case WARNING -> style.apply(Style.YELLOW, "warning");
            case NOTICE -> style.apply(Style.DIM, "notice");
        };
        lines.add(label + "  " + style.apply(Style.BOLD, finding.check()));
        String subject = subject(finding);
        lines.addAll(Paragraph.wrap(subject + finding.seen(), INDENT, INDENT, width));
        List<String> details = finding.details();
        details.stream()
                .limit(details.size() == DETAILS + 1 ? DETAILS + 1 : DETAILS)
                .forEach(detail -> lines.addAll(Paragraph.wrap(detail, "    ", "      ", width)));
        if (details.size() > DETAILS + 1) {
            lines.add("    and " + (details.size() - DETAILS) + " more (--output json has all)");
        }
        if (finding.severity() != Severity.NOTICE) {
            lines.addAll(Paragraph.wrap(finding.why(), INDENT + "why   ", FURTHER, width));
        }
        lines.addAll(Paragraph.wrap(finding.mend(), INDENT + "mend  ", FURTHER, width));
        return lines;
    }

    private String subject(Finding finding) {
        List<String> names = finding.names();
        if (names.isEmpty() || names.stream().anyMatch(finding.seen()::contains)) {
            return "";
        }
        return names(names) + ": ";
    }

    private String names(List<String> names) {
        if (names.size() == diagnosis.nodes() && names.size() > 2) {
            return "all " + names.size() + " nodes";
        }
        return names.size() <= NAMED + 1
                ? String.join(", ", names)
                : String.join(", ", names.subList(0, NAMED)) + " and " + (names.size() - NAMED) + " more";
    }

    private List<String> lines(NotChecked part) {
        List<String> lines = new ArrayList<>();
        lines.add(style.apply(Style.YELLOW, "not checked"));
        lines.addAll(Paragraph.wrap(names(part.nodes()) + ": " + part.reason(), INDENT, INDENT, width));
        boolean sameForAll = part.byHand().stream().map(ByHand::how).distinct().count() == 1;
        if (sameForAll) {
            lines.addAll(Paragraph.wrap(
                    part.byHand().getFirst().how() + "; it concerns "
                            + part.byHand().stream().map(ByHand::check).collect(Collectors.joining(", ")),
                    INDENT + "mend  ",
                    FURTHER,
                    width));
        } else {
            part.byHand()
                    .forEach(check ->
                            lines.addAll(Paragraph.wrap(check.check() + ": " + check.how(), "    ", "      ", width)));
        }
        return lines;
    }
}
