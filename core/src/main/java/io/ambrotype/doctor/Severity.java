package io.ambrotype.doctor;

/** How much a finding matters, the worst first. */
public enum Severity {
    /** The next restart or failure would lose data, a node's membership, or availability. */
    ERROR,
    /** It does not lose anything by itself, but makes a restart longer, riskier, or a failure worse. */
    WARNING,
    /** Worth knowing before a restart; may well be wanted so. */
    NOTICE
}
