package io.ambrotype.doctor;

import java.time.Instant;
import java.util.List;

/**
 * What the doctor has to say. Immutable.
 *
 * @param deployment the name it was asked for by
 * @param at when the nodes were looked at
 * @param nodes how many nodes there are
 * @param healthy whether no finding is an error: nothing that would hurt at the next restart is known
 * @param errors how many findings are errors
 * @param warnings how many are warnings
 * @param notices how many are notices
 * @param findings the worst first
 * @param notChecked what could not be looked at: nothing is passed silently
 * @param checks ids of all checks, in the order in which they are made
 */
public record Diagnosis(
        String deployment,
        Instant at,
        int nodes,
        boolean healthy,
        int errors,
        int warnings,
        int notices,
        List<Finding> findings,
        List<NotChecked> notChecked,
        List<String> checks) {
    /** Keeps its own lists. */
    public Diagnosis {
        findings = List.copyOf(findings);
        notChecked = List.copyOf(notChecked);
        checks = List.copyOf(checks);
    }

    /** The findings of one check. */
    public List<Finding> findings(String check) {
        return findings.stream()
                .filter(finding -> finding.check().equals(check))
                .toList();
    }
}
