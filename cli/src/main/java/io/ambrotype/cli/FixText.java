package io.ambrotype.cli;

import io.ambrotype.doctor.FixPlan;
import io.ambrotype.doctor.FixPlan.Change;
import io.ambrotype.doctor.FixPlan.NodeFix;
import io.ambrotype.doctor.FixReport;
import java.util.ArrayList;
import java.util.List;

/** What {@code doctor --fix} would do and has done, as text. */
final class FixText {
    private static final String INDENT = "    ";

    private final int width;

    FixText(int width) {
        this.width = width;
    }

    List<String> plan(FixPlan plan) {
        List<String> lines = new ArrayList<>();
        if (plan.isEmpty()) {
            lines.add("there is nothing that can be mended on the running nodes");
        }
        for (NodeFix node : plan.nodes()) {
            lines.add(node.name() + "  (" + String.join(", ", node.checks()) + ")");
            for (Change change : node.changes()) {
                lines.addAll(wrap("CONFIG SET " + change.setting() + " "
                        + change.after().map(FixText::quoted).orElse("(the password that was given here)")
                        + change.before()
                                .map(before -> "   was " + quoted(before))
                                .orElse("")));
            }
            if (node.rewrite().isPresent()) {
                lines.addAll(wrap("CONFIG REWRITE " + node.rewrite().get()));
                node.rewritten()
                        .forEach(line -> lines.addAll(Paragraph.wrap(line, INDENT + "  ", INDENT + "    ", width)));
            } else {
                lines.addAll(wrap("no CONFIG REWRITE: it has no configuration file; a restart undoes this"));
            }
        }
        left(plan.left(), lines);
        return lines;
    }

    List<String> report(FixReport report) {
        List<String> lines = new ArrayList<>();
        lines.add("");
        for (FixReport.NodeReport node : report.nodes()) {
            lines.addAll(Paragraph.wrap(
                    node.name() + ": " + (node.done().isEmpty() ? "nothing done" : String.join(", ", node.done())),
                    "",
                    INDENT,
                    width));
            node.failed().forEach(failed -> lines.addAll(wrap("failed: " + failed)));
        }
        lines.add("");
        lines.add(
                report.after().healthy()
                        ? "looked again: nothing known that would hurt at the next restart"
                        : "looked again: " + Units.count(report.after().errors(), "error")
                                + " left; 'ambrotype doctor' has them");
        return lines;
    }

    private void left(List<String> left, List<String> lines) {
        if (!left.isEmpty()) {
            lines.add("");
            lines.add("not mended by this:");
            left.forEach(line -> lines.addAll(Paragraph.wrap(line, "  ", INDENT, width)));
        }
    }

    private List<String> wrap(String text) {
        return Paragraph.wrap(text, INDENT, INDENT + "  ", width);
    }

    private static String quoted(String value) {
        return "'" + value + "'";
    }
}
