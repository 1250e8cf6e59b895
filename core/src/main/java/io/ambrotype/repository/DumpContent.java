package io.ambrotype.repository;

import io.ambrotype.rdb.HashSlot;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * What the scan of one dump found. Everything here follows from the bytes of the dump (and, for orphans, from the slots
 * its shard owned), so that whoever scans the same dump again must find an equal value. Immutable.
 *
 * <p>The bytes of an entry are those of its whole record in the dump: expiry, eviction hint, type, key and value.
 * Counts of zero are left out of the maps.
 *
 * @param rdbVersion magic of the RDB, such as {@code REDIS0011} or {@code VALKEY080}
 * @param checksum whether the source had signed the RDB with a CRC-64, which then was verified
 * @param entries all entries, orphans included
 * @param expiring entries with an expiry
 * @param types entries and bytes per type, by the names of {@link io.ambrotype.rdb.ValueType}
 * @param databases entries and bytes per database
 * @param slots entries and bytes per hash slot, orphans included; also where the source was no cluster
 * @param orphans entries per slot that the shard does not own; empty where the source was no cluster
 * @param functions function libraries in the order of the dump
 * @param aux auxiliary fields as text
 * @param biggest the biggest entries by bytes, biggest first
 */
public record DumpContent(
        String rdbVersion,
        Checksum checksum,
        long entries,
        long expiring,
        SortedMap<String, Count> types,
        SortedMap<Integer, Count> databases,
        SortedMap<Integer, Count> slots,
        SortedMap<Integer, Long> orphans,
        List<Function> functions,
        SortedMap<String, String> aux,
        List<BigKey> biggest) {

    /** What is known of the source's own signature over the dump. */
    public enum Checksum {
        /** The CRC-64 at the end of the dump was verified over its bytes. */
        VERIFIED,
        /** The source runs with {@code rdbchecksum no} and signs nothing. */
        DISABLED
    }

    /**
     * A number of entries and the bytes they take in the dump.
     *
     * @param entries number of entries
     * @param bytes bytes of their records
     */
    public record Count(long entries, long bytes) {
        /** Rejects negative counts. */
        public Count {
            Check.count("entries", entries);
            Check.count("bytes", bytes);
        }
    }

    /**
     * A function library (servers from 7.0 on).
     *
     * @param name from the library's first line, where it has one
     * @param sha256 of its source
     * @param bytes length of its source
     */
    public record Function(Optional<String> name, String sha256, long bytes) {
        /** Rejects what cannot be a library. */
        public Function {
            Check.sha256("sha256", sha256);
            Check.count("bytes", bytes);
        }
    }

    /**
     * One of the biggest entries.
     *
     * @param key the key as {@link io.ambrotype.rdb.RdbStatistics.BigEntry#keyText} shows it
     * @param database its database
     * @param slot its hash slot
     * @param type name of its type
     * @param bytes bytes of its record in the dump
     */
    public record BigKey(String key, int database, int slot, String type, long bytes) {
        /** Rejects what cannot be an entry. */
        public BigKey {
            Check.notNegative("database", database);
            Check.range("slot", slot, 0, HashSlot.COUNT - 1);
            Check.notEmpty("type", type);
            Check.count("bytes", bytes);
        }
    }

    /** Rejects counts that contradict each other; copies and sorts the collections. */
    public DumpContent {
        Check.notEmpty("rdbVersion", rdbVersion);
        Check.count("entries", entries);
        Check.range("expiring", expiring, 0, entries);
        types = counted("types", types, entries);
        databases = counted("databases", databases, entries);
        slots = counted("slots", slots, entries);
        SortedMap<Integer, Long> strays = new TreeMap<>(orphans);
        strays.values().removeIf(count -> count == 0);
        orphans = Check.sorted(strays);
        functions = List.copyOf(functions);
        aux = Check.sorted(aux);
        biggest = List.copyOf(biggest);

        databases.keySet().forEach(database -> Check.notNegative("database", database));
        slots.keySet().forEach(slot -> Check.range("slot", slot, 0, HashSlot.COUNT - 1));
        for (Map.Entry<Integer, Long> orphan : orphans.entrySet()) {
            Count inSlot = slots.get(orphan.getKey());
            Check.that(
                    inSlot != null && orphan.getValue() > 0 && orphan.getValue() <= inSlot.entries(),
                    "orphans of slot " + orphan.getKey() + " do not fit its entries");
        }
    }

    private static <K extends Comparable<K>> SortedMap<K, Count> counted(
            String name, Map<K, Count> counts, long entries) {
        SortedMap<K, Count> kept = new TreeMap<>(counts);
        kept.values().removeIf(count -> count.entries() == 0);
        long sum = kept.values().stream().mapToLong(Count::entries).sum();
        Check.that(sum == entries, name + " add up to " + sum + " entries, not " + entries);
        return Check.sorted(kept);
    }

    /** All entries in slots that the shard does not own. */
    public long orphanEntries() {
        return orphans.values().stream().mapToLong(Long::longValue).sum();
    }
}
