package io.ambrotype.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.ambrotype.doctor.Diagnosis;
import io.ambrotype.doctor.Finding;
import io.ambrotype.doctor.NotChecked;
import io.ambrotype.doctor.NotChecked.ByHand;
import io.ambrotype.doctor.Severity;
import java.time.Instant;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class DoctorReportTest {
    private static List<String> lines(List<Finding> findings, List<NotChecked> notChecked) {
        int errors = (int) findings.stream()
                .filter(finding -> finding.severity() == Severity.ERROR)
                .count();
        Diagnosis diagnosis = new Diagnosis(
                "shop",
                Instant.EPOCH,
                30,
                errors == 0,
                errors,
                0,
                findings.size() - errors,
                findings,
                notChecked,
                List.of());
        return new DoctorReport(diagnosis, 80, (_, text) -> text).lines();
    }

    private static Finding finding(Severity severity, int nodes, int details) {
        return new Finding(
                "relative-dir",
                severity,
                List.of(),
                IntStream.range(0, nodes).mapToObj(i -> "10.0.0." + i + ":7000").toList(),
                "its folder depends on where it is started from",
                IntStream.range(0, details).mapToObj(i -> "detail " + i).toList(),
                "it comes back empty",
                "pin it",
                false);
    }

    @Test
    void aFindingIsAFewLinesHoweverManyNodesItIsAbout() {
        assertThat(lines(List.of(finding(Severity.ERROR, 20, 20)), List.of()))
                .containsExactly(
                        "shop  1 thing would hurt at the next restart  (1 error)",
                        "",
                        "error  relative-dir",
                        "  10.0.0.0:7000, 10.0.0.1:7000, 10.0.0.2:7000 and 17 more: its folder depends on",
                        "  where it is started from",
                        "    detail 0",
                        "    detail 1",
                        "    detail 2",
                        "    detail 3",
                        "    detail 4",
                        "    detail 5",
                        "    and 14 more (--output json has all)",
                        "  why   it comes back empty",
                        "  mend  pin it");
    }

    @Test
    void allNodesAreCalledSoAndANoticeIsShort() {
        assertThat(lines(List.of(finding(Severity.NOTICE, 30, 0)), List.of()))
                .containsExactly(
                        "shop  nothing known that would hurt at the next restart  (1 notice)",
                        "",
                        "notice  relative-dir",
                        "  all 30 nodes: its folder depends on where it is started from",
                        "  mend  pin it");
    }

    @Test
    void whatWasNotCheckedIsSaidWithHowToLook() {
        List<String> lines = lines(
                List.of(),
                List.of(
                        new NotChecked(
                                List.of("a:1", "b:1"),
                                "do not tell their settings",
                                List.of(new ByHand("x", "allow CONFIG GET"), new ByHand("y", "allow CONFIG GET"))),
                        new NotChecked(
                                List.of("a:1"),
                                "cannot be looked at",
                                List.of(new ByHand("x", "look here"), new ByHand("y", "look\u001b there")))));

        assertThat(lines)
                .containsExactly(
                        "shop  nothing known that would hurt at the next restart",
                        "",
                        "not checked",
                        "  a:1, b:1: do not tell their settings",
                        "  mend  allow CONFIG GET; it concerns x, y",
                        "",
                        "not checked",
                        "  a:1: cannot be looked at",
                        "    x: look here",
                        "    y: look? there");
    }
}
