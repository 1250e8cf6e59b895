package io.ambrotype.repository;

import io.ambrotype.rdb.ChecksumVerdict;
import io.ambrotype.rdb.HashSlot;
import io.ambrotype.rdb.RdbFormatException;
import io.ambrotype.rdb.RdbReader;
import io.ambrotype.rdb.RdbStatistics;
import io.ambrotype.rdb.RdbStatistics.Tally;
import io.ambrotype.rdb.RecordKind;
import io.ambrotype.rdb.ValueType;
import io.ambrotype.repository.DumpContent.BigKey;
import io.ambrotype.repository.DumpContent.Count;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Walks over a dump and gathers its {@link DumpContent}: the one way in which contents are counted, when a dump is taken
 * and when it is verified.
 */
public final class DumpScan {
    /** Servers write about ten; of more the first are kept. */
    private static final int MAX_AUX = 64;

    private static final int MAX_AUX_CHARACTERS = 1024;
    private static final int MAX_FUNCTIONS = 1 << 16;
    private static final int RECORDS_PER_REPORT = 1024;

    /** {@code #!lua name=library}: the first line of every library, Redis 7.0 functions.c. */
    private static final Pattern LIBRARY_NAME = Pattern.compile("^#![^\\n]*?\\sname=([A-Za-z0-9_]+)");

    /** Is told how far a scan has come; called often, so to be quick. */
    @FunctionalInterface
    public interface Progress {
        /**
         * So much has been passed.
         *
         * @param rdbBytes bytes of RDB
         * @param entries entries
         */
        void passed(long rdbBytes, long entries);
    }

    private DumpScan() {}

    /**
     * Reads to the end of the dump; the reader stays open.
     *
     * @param reader at the beginning of a dump, and verifying its checksum
     * @param ownedSlots the slots of the dump's shard; entries elsewhere are orphans
     * @throws RdbFormatException where the bytes are no RDB, or have another checksum than they claim
     * @throws IOException where they cannot be read
     */
    public static DumpContent scan(RdbReader reader, BitSet ownedSlots, Progress progress) throws IOException {
        RdbStatistics statistics = new RdbStatistics();
        SortedMap<String, String> aux = new TreeMap<>();
        List<DumpContent.Function> functions = new ArrayList<>();
        long entries = 0;
        int unreported = 0;
        for (RecordKind kind = reader.next(); kind != RecordKind.END; kind = reader.next()) {
            switch (kind) {
                case ENTRY -> {
                    statistics.add(reader);
                    entries++;
                }
                case AUX -> {
                    if (aux.size() < MAX_AUX) {
                        aux.put(shortened(reader.auxName()), shortened(reader.auxValue()));
                    }
                }
                case FUNCTION -> {
                    if (functions.size() == MAX_FUNCTIONS) {
                        throw new RdbFormatException(
                                reader.position(), "more than " + MAX_FUNCTIONS + " function libraries");
                    }
                    functions.add(function(reader.functionSource()));
                }
                case MODULE_AUX, SELECT_DATABASE, RESIZE_DATABASE, SLOT_INFO, SLOT_IMPORT, END -> {}
            }
            if (++unreported == RECORDS_PER_REPORT) {
                unreported = 0;
                progress.passed(reader.position(), entries);
            }
        }
        progress.passed(reader.position(), entries);
        return content(reader, statistics, ownedSlots, functions, aux);
    }

    private static DumpContent content(
            RdbReader reader,
            RdbStatistics statistics,
            BitSet ownedSlots,
            List<DumpContent.Function> functions,
            SortedMap<String, String> aux) {
        SortedMap<String, Count> types = new TreeMap<>();
        for (ValueType type : ValueType.values()) {
            types.put(type.name(), count(statistics.ofType(type)));
        }
        SortedMap<Integer, Count> databases = new TreeMap<>();
        for (int database : statistics.databases()) {
            databases.put(database, count(statistics.ofDatabase(database)));
        }
        SortedMap<Integer, Count> slots = new TreeMap<>();
        SortedMap<Integer, Long> orphans = new TreeMap<>();
        for (int slot = 0; slot < HashSlot.COUNT; slot++) {
            Count inSlot = count(statistics.ofSlot(slot));
            slots.put(slot, inSlot);
            if (!ownedSlots.get(slot)) {
                orphans.put(slot, inSlot.entries());
            }
        }
        return new DumpContent(
                reader.version().toString(),
                checksum(reader.checksum()),
                statistics.total().entries(),
                statistics.total().expiring(),
                types,
                databases,
                slots,
                orphans,
                functions,
                aux,
                statistics.biggest().stream()
                        .map(big -> new BigKey(
                                big.keyText(),
                                big.database(),
                                big.slot(),
                                big.type().name(),
                                big.bytes()))
                        .toList());
    }

    private static DumpContent.Checksum checksum(ChecksumVerdict verdict) {
        return switch (verdict) {
            case VERIFIED -> DumpContent.Checksum.VERIFIED;
            case DISABLED -> DumpContent.Checksum.DISABLED;
            case NOT_CHECKED -> throw new IllegalArgumentException("the reader does not verify the checksum");
        };
    }

    private static Count count(Tally tally) {
        return new Count(tally.entries(), tally.bytes());
    }

    private static DumpContent.Function function(byte[] source) {
        int firstLine = Math.min(source.length, 4096);
        Matcher name = LIBRARY_NAME.matcher(new String(source, 0, firstLine, StandardCharsets.UTF_8));
        MessageDigest digest = Sha256.digest();
        digest.update(source);
        return new DumpContent.Function(
                name.find() ? Optional.of(name.group(1)) : Optional.empty(), Sha256.hex(digest), source.length);
    }

    private static String shortened(String text) {
        if (text.length() <= MAX_AUX_CHARACTERS) {
            return text;
        }
        boolean splitsPair = Character.isHighSurrogate(text.charAt(MAX_AUX_CHARACTERS - 1));
        return text.substring(0, splitsPair ? MAX_AUX_CHARACTERS - 1 : MAX_AUX_CHARACTERS);
    }
}
