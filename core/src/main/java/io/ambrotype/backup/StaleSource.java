package io.ambrotype.backup;

import io.ambrotype.common.AmbrotypeException;
import io.ambrotype.common.ErrorCode;

/** A source whose data would be older than the backup, or of another history than its shard's. */
final class StaleSource extends AmbrotypeException {
    private static final long serialVersionUID = 1L;

    StaleSource(String message) {
        super(ErrorCode.FAILED, message, null, null);
    }
}
