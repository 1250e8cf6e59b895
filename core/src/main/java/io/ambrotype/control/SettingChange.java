package io.ambrotype.control;

/**
 * A setting that has another value for the time of an operation. Immutable.
 *
 * @param member whose
 * @param name as in {@code CONFIG GET}; never a secret one
 * @param before the value to put back
 * @param during the value meanwhile
 */
public record SettingChange(Member member, String name, String before, String during) {}
