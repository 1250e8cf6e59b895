package io.ambrotype.restart;

import io.ambrotype.probe.Reading;
import java.time.Duration;

/**
 * What came of a step. Immutable.
 *
 * @param step which
 * @param duration how long it took, its gates included
 * @param reading what the probe measured meanwhile
 */
public record StepReport(Step step, Duration duration, Reading reading) {}
