package io.ambrotype.liverestore;

import io.ambrotype.common.AmbrotypeException;
import io.ambrotype.common.ErrorCode;
import io.ambrotype.liverestore.RestoreEntry.Mark;
import io.ambrotype.liverestore.Sieve.Passage;
import io.ambrotype.rdb.Crossing;
import io.ambrotype.rdb.RdbReader;
import io.ambrotype.rdb.RecordKind;
import io.ambrotype.rdb.ValueKind;
import io.ambrotype.rdb.ValueType;
import io.ambrotype.resp.RespReply.ErrorReply;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.function.BiConsumer;

/**
 * The look through one dump before anything is written: what is wanted, what the target cannot hold, which keys it has already, and
 * which values are large. For one use.
 */
final class DumpLook {
    /** A value of at least that size is remembered, so that its place in memory can be made in one piece. */
    static final long LARGE = 1L << 20;

    private static final int RECORDS_PER_REPORT = 1024;

    private final Sieve sieve;
    private final Mark earlier;
    private final Batches batches;
    private final Names existing;
    private final Names unsupported;
    private final boolean targetIsEmpty;
    private final BiConsumer<Long, Long> progress;

    private long seen;
    private long wanted;
    private long dealtWith;
    private long bytes;
    private long expired;
    private long orphans;
    private long byCommands;
    private long inPieces;
    private long[] largeEntries = new long[16];
    private long[] largeBytes = new long[16];
    private int large;
    private final List<byte[]> functions = new ArrayList<>();

    DumpLook(
            Sieve sieve,
            Mark earlier,
            Batches batches,
            Names existing,
            Names unsupported,
            boolean targetIsEmpty,
            BiConsumer<Long, Long> progress) {
        this.sieve = sieve;
        this.earlier = earlier;
        this.batches = batches;
        this.existing = existing;
        this.unsupported = unsupported;
        this.targetIsEmpty = targetIsEmpty;
        this.progress = progress;
    }

    /** Reads to the end of the dump. */
    DumpLook run(RdbReader reader) throws IOException, InterruptedException {
        int unreported = 0;
        for (RecordKind kind = reader.next(); kind != RecordKind.END; kind = reader.next()) {
            switch (kind) {
                case ENTRY -> {
                    entry(reader);
                    seen++;
                }
                case FUNCTION -> {
                    if (sieve.selection().isEverything()) {
                        functions.add(reader.functionSource().clone());
                    }
                }
                case AUX, MODULE_AUX, SELECT_DATABASE, RESIZE_DATABASE, SLOT_INFO, SLOT_IMPORT, END -> {}
            }
            if (++unreported == RECORDS_PER_REPORT) {
                unreported = 0;
                progress.accept(reader.position(), seen);
            }
        }
        progress.accept(reader.position(), seen);
        batches.flush();
        return this;
    }

    private void entry(RdbReader reader) throws IOException, InterruptedException {
        switch (sieve.fate(reader)) {
            case ORPHAN -> orphans++;
            case NOT_WANTED -> {}
            case EXPIRED -> expired++;
            case WANTED -> wanted(reader);
        }
    }

    private void wanted(RdbReader reader) throws IOException, InterruptedException {
        byte[] key = reader.key();
        int slot = reader.slot();
        int database = sieve.selection().target(reader.database());
        ValueType type = reader.type();
        Crossing crossing = sieve.payloads().crossing(reader);
        reader.skipValue();
        if (type.kind() == ValueKind.MODULE && crossing instanceof Crossing.Refused refused) {
            // Larger than any module's value that can be sent: refused when the dump is read again, too.
            remember(seen, Long.MAX_VALUE);
            unsupported.add(named(key, database) + ": " + refused.reason());
            return;
        }
        if (reader.valueLength() >= LARGE) {
            remember(seen, reader.valueLength());
        }
        if (seen < earlier.done()) {
            dealtWith++;
            return;
        }
        switch (sieve.passage(type, reader.valueLength())) {
            case Passage.Refused refused -> {
                unsupported.add(named(key, database) + " (" + type.kind().typeName() + "): " + refused.reason());
                return;
            }
            case Passage.Whole _ -> {}
            case Passage.ByCommands _ -> byCommands++;
            case Passage.InPieces _ -> inPieces++;
        }
        wanted++;
        bytes += reader.recordLength();
        // What the earlier run may have written itself is no conflict.
        if (!targetIsEmpty && seen >= earlier.mayBeSent()) {
            batches.add(new KeyWork(
                    key,
                    slot,
                    database,
                    List.<byte[][]>of(Commands.of("EXISTS", key)),
                    Optional.empty(),
                    false,
                    (node, replies, _) -> {
                        if (replies.getFirst() instanceof ErrorReply error) {
                            throw AmbrotypeException.of(
                                            ErrorCode.UNSAFE,
                                            node + " refused EXISTS of key '" + Writers.text(key) + "': "
                                                    + error.message())
                                    .withHint(TargetCheck.hint(error, "EXISTS"));
                        }
                        if (replies.getFirst().integer() > 0) {
                            existing.add(named(key, database));
                        }
                    }));
        }
    }

    /** A key for people, with its database where that is not the usual one. */
    static String named(byte[] key, int database) {
        return Writers.text(key) + (database == 0 ? "" : " (database " + database + ")");
    }

    private void remember(long entry, long size) {
        if (large == largeEntries.length) {
            largeEntries = Arrays.copyOf(largeEntries, 2 * large);
            largeBytes = Arrays.copyOf(largeBytes, 2 * large);
        }
        largeEntries[large] = entry;
        largeBytes[large++] = size;
    }

    /** Bytes of the value of an entry that is large; -1 for all others. */
    long bytesOf(long entry) {
        int at = Arrays.binarySearch(largeEntries, 0, large, entry);
        return at < 0 ? -1 : largeBytes[at];
    }

    long wanted() {
        return wanted;
    }

    /** Wanted entries that the run before has dealt with. */
    long dealtWith() {
        return dealtWith;
    }

    long bytes() {
        return bytes;
    }

    long expired() {
        return expired;
    }

    long orphans() {
        return orphans;
    }

    long byCommands() {
        return byCommands;
    }

    long inPieces() {
        return inPieces;
    }

    List<byte[]> functions() {
        return functions;
    }
}
