package io.ambrotype.backup;

import io.ambrotype.common.AmbrotypeException;
import io.ambrotype.common.ErrorCode;

/** No node of a shard could be read. Where the layout has changed meanwhile, others may be able to. */
final class LostShard extends AmbrotypeException {
    private static final long serialVersionUID = 1L;

    LostShard(ErrorCode code, String message, Throwable cause) {
        super(
                code,
                message,
                "nothing was committed and older snapshots are untouched; run the backup again when the nodes answer",
                cause);
    }
}
