package io.ambrotype.liverestore;

import io.ambrotype.common.AmbrotypeException;
import io.ambrotype.common.ErrorCode;
import io.ambrotype.common.HostAndPort;
import io.ambrotype.resp.RespReply.ErrorReply;
import java.util.concurrent.atomic.AtomicLong;

/** What became of the keys of one run. Thread-safe. */
final class Ledger {
    private static final int NAMED = 20;

    private final LiveRestoreRequest request;
    private final AtomicLong written;
    private final AtomicLong skipped = new AtomicLong();
    final Names appeared = new Names(NAMED);
    final Names unsupported = new Names(NAMED);

    Ledger(LiveRestoreRequest request, long writtenBefore) {
        this.request = request;
        this.written = new AtomicLong(writtenBefore);
    }

    long written() {
        return written.get();
    }

    long skipped() {
        return skipped.get();
    }

    void wasWritten() {
        wereWritten(1);
    }

    void wereWritten(int keys) {
        written.addAndGet(keys);
    }

    /**
     * The key was there.
     *
     * @param perhapsOurs whether this run, or the one that it goes on with, may have written it
     */
    void wasThere(byte[] key, int database, boolean perhapsOurs) {
        if (perhapsOurs) {
            wasWritten();
        } else if (request.onConflict() == OnConflict.FAIL) {
            appeared.add(DumpLook.named(key, database));
        } else {
            skipped.incrementAndGet();
        }
    }

    /** The target refused the value. */
    void refused(HostAndPort node, byte[] key, int database, String command, ErrorReply error) {
        boolean badValue = error.message().startsWith("ERR") && error.message().contains("Bad data format");
        if (badValue && request.skipUnsupported()) {
            unsupported.add(DumpLook.named(key, database) + ": " + node + " answered " + error.message());
            return;
        }
        throw AmbrotypeException.of(
                        ErrorCode.FAILED,
                        node + " refused " + command + " of key '" + Writers.text(key) + "': " + error.message())
                .withHint(
                        badValue
                                ? "it does not accept the value, or lacks its module; --skip-unsupported goes on without it"
                                : TargetCheck.hint(error, command));
    }
}
