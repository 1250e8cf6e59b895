package io.ambrotype.liverestore;

import io.ambrotype.rdb.Crossing;
import io.ambrotype.rdb.RdbReader;
import io.ambrotype.rdb.ValueKind;
import io.ambrotype.rdb.ValueType;
import io.ambrotype.resp.ServerVersion;
import io.ambrotype.resp.ServerVersion.Vendor;
import java.util.BitSet;
import java.util.List;

/**
 * Says of every entry of one dump what becomes of it. Immutable.
 *
 * @param owned the slots of the dump's shard; what lies elsewhere an interrupted migration has left behind
 * @param selection which entries are wanted
 * @param patterns of the selection
 * @param expiry when entries expire
 * @param shiftTtl whether expiries differ from those in the dump
 * @param payloads what RESTORE takes
 * @param target what it is
 */
record Sieve(
        BitSet owned,
        Selection selection,
        List<KeyPattern> patterns,
        ExpiryRule expiry,
        boolean shiftTtl,
        Payloads payloads,
        TargetState target) {
    /** Larger values keep a server from everything else for too long. */
    private static final long LONGEST_PAYLOAD = 16L << 20;

    /** Streams lose something when they are written by commands, and values of modules have none. */
    private static final long LONGEST_PRECIOUS_PAYLOAD = Writers.BUDGET_BYTES - (1L << 20);

    /** What is written by commands or transcoded is held in memory up to here; packed values may take many times that. */
    private static final long LONGEST_COMMANDS = 1L << 20;

    /** For key and other arguments of a request. */
    private static final long AROUND_PAYLOAD = 1L << 16;

    private static final long LONGEST_STRING = 512L << 20;

    /** What becomes of an entry. */
    enum Fate {
        WANTED,
        NOT_WANTED,
        ORPHAN,
        EXPIRED
    }

    /** How a wanted value gets into the target. */
    sealed interface Passage {
        /** By one command: RESTORE, or SET. */
        record Whole() implements Passage {}

        /** By commands that are sent together. */
        record ByCommands() implements Passage {}

        /** By commands, piece by piece. */
        record InPieces() implements Passage {}

        /** Not at all. */
        record Refused(String reason) implements Passage {}
    }

    Fate fate(RdbReader reader) {
        int slot = reader.slot();
        if (!owned.get(slot) || reader.isImporting(slot)) {
            return Fate.ORPHAN;
        }
        if (!selection.wantsDatabase(reader.database()) || !selection.slots().contains(slot) || !matches(reader)) {
            return Fate.NOT_WANTED;
        }
        return expiry.hasExpired(reader.expireAtMillis()) ? Fate.EXPIRED : Fate.WANTED;
    }

    private boolean matches(RdbReader reader) {
        return patterns.isEmpty()
                || patterns.stream()
                        .anyMatch(
                                pattern -> pattern.matches(reader.keyBuffer(), reader.keyOffset(), reader.keyLength()));
    }

    /** How a value of that encoding and stored size gets into the target. */
    Passage passage(ValueType type, long bytes) {
        return switch (payloads.crossing(type)) {
            case Crossing.Refused refused -> new Passage.Refused(refused.reason());
            case Crossing.Untouched _ when shiftTtl && Payloads.hasFieldExpiry(type) -> byCommands(type, bytes);
            case Crossing.Untouched _ -> whole(type, bytes, LONGEST_PAYLOAD);
            case Crossing.Transcoded _ when shiftTtl && Payloads.hasFieldExpiry(type) -> byCommands(type, bytes);
            case Crossing.Transcoded _ -> whole(type, bytes, LONGEST_COMMANDS);
        };
    }

    private Passage whole(ValueType type, long bytes, long longestUsual) {
        long longest = Math.min(
                type.kind() == ValueKind.STREAM || type.kind() == ValueKind.MODULE
                        ? LONGEST_PRECIOUS_PAYLOAD
                        : longestUsual,
                Math.min(target.longestArgument(), target.longestRequest()) - AROUND_PAYLOAD);
        return bytes <= longest ? new Passage.Whole() : inPieces(type, bytes);
    }

    private Passage byCommands(ValueType type, long bytes) {
        return bytes > LONGEST_COMMANDS ? inPieces(type, bytes) : new Passage.ByCommands();
    }

    private Passage inPieces(ValueType type, long bytes) {
        if (type.kind() == ValueKind.MODULE) {
            return new Passage.Refused(
                    "a module's value of " + bytes + " bytes cannot be sent at once, and has no commands");
        }
        if (type.kind() == ValueKind.STRING && bytes > longestString()) {
            return new Passage.Refused("a string of " + bytes + " bytes is longer than the target takes ("
                    + longestString() + ", proto-max-bulk-len)");
        }
        return new Passage.InPieces();
    }

    private long longestString() {
        boolean limited = target.versions().stream().anyMatch(Sieve::limitsStrings);
        return limited ? target.longestArgument() : LONGEST_STRING;
    }

    /** Before Redis 6.2 the longest string was a constant. */
    private static boolean limitsStrings(ServerVersion server) {
        return server.vendor() == Vendor.VALKEY || server.isAtLeast(Vendor.REDIS, 6, 2);
    }
}
