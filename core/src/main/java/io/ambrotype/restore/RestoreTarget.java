package io.ambrotype.restore;

import io.ambrotype.rdb.TargetVersion;

/**
 * The servers that a restore writes for, where that is asked for: of another version or vendor, perhaps, than the snapshot's.
 *
 * @param version what they are
 * @param skipUnsupported whether to leave out what they cannot have instead of refusing
 */
public record RestoreTarget(TargetVersion version, boolean skipUnsupported) {}
