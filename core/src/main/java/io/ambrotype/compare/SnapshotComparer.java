package io.ambrotype.compare;

import io.ambrotype.common.AmbrotypeException;
import io.ambrotype.common.ErrorCode;
import io.ambrotype.rdb.HashSlot;
import io.ambrotype.rdb.SlotDigests;
import io.ambrotype.repository.DumpContent;
import io.ambrotype.repository.DumpReference;
import io.ambrotype.repository.Manifest;
import io.ambrotype.repository.Repository;
import io.ambrotype.repository.SnapshotId;
import io.ambrotype.topology.SlotSet;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Instant;
import java.util.Arrays;
import java.util.BitSet;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * Compares the data of snapshots by their {@linkplain SlotDigests digests}. The digests of a dump are kept in the repository
 * and used again for as long as they hold, that is until one of its entries expires. All fingerprints have this repository's seed.
 *
 * <p>Entries in slots that their shard did not own are no data of the deployment and are left out. For one thread at a
 * time.
 */
public final class SnapshotComparer {
    private static final int BASIS_BYTES = Long.BYTES + HashSlot.COUNT / Byte.SIZE;

    private final Repository repository;

    /** A comparer of one repository's snapshots. */
    public SnapshotComparer(Repository repository) {
        this.repository = repository;
    }

    /**
     * Compares two snapshots of this repository at one moment. It must not lie before the time of any server that either was
     * taken from, as that server goes by it: else what that server had dropped already counts as missing. Now is right,
     * where clocks are.
     *
     * @throws AmbrotypeException of code CORRUPT where a manifest or dump is damaged; of code UNRECOVERABLE where a
     *     snapshot is not finished
     */
    public Comparison compare(SnapshotId here, SnapshotId there, Instant asOf) {
        return compare(here, repository, there, SlotSet.ALL, asOf);
    }

    /**
     * Compares some slots of a snapshot of this repository with those of one that is in another.
     *
     * @param slots the slots that are looked at; entries elsewhere are left out on both sides
     * @throws AmbrotypeException as {@link #compare(SnapshotId, SnapshotId, Instant)}
     */
    public Comparison compare(SnapshotId here, Repository elsewhere, SnapshotId there, SlotSet slots, Instant asOf) {
        Manifest one = repository.manifest(here);
        Manifest other = elsewhere.manifest(there);
        SnapshotDigests digestsHere = digests(repository, one, slots, asOf.toEpochMilli());
        SnapshotDigests digestsThere = digests(elsewhere, other, slots, asOf.toEpochMilli());
        List<SlotDigests.Difference> different = digestsHere.differences(digestsThere, slots);
        return new Comparison(
                asOf,
                digestsHere.totalEntries(slots),
                digestsThere.totalEntries(slots),
                different,
                different.isEmpty()
                        ? List.of()
                        : new DifferentKeys(repository.fingerprintSeed(), asOf.toEpochMilli(), different)
                                .between(repository, one, elsewhere, other),
                without(functions(one), functions(other)),
                without(functions(other), functions(one)));
    }

    private SnapshotDigests digests(Repository source, Manifest manifest, SlotSet slots, long asOfMillis) {
        SnapshotDigests all = new SnapshotDigests();
        for (Manifest.Shard shard : manifest.shards()) {
            all.add(digests(source, shard.dump(), manifest.slotsOf(shard), slots, asOfMillis));
        }
        return all;
    }

    private SlotDigests digests(
            Repository source, DumpReference dump, BitSet ownedSlots, SlotSet slots, long asOfMillis) {
        byte[] basis = basis(ownedSlots);
        Optional<SlotDigests> kept = source.digests(dump)
                .flatMap(bytes -> decode(bytes, basis))
                .filter(digests -> digests.holdAt(asOfMillis));
        if (kept.isPresent()) {
            return kept.get();
        }
        SlotDigests computed = source.readDump(
                dump,
                reader -> SlotDigests.compute(
                        reader,
                        repository.fingerprintSeed(),
                        asOfMillis,
                        slot -> ownedSlots.get(slot) && slots.contains(slot)));
        if (!slots.equals(SlotSet.ALL)) {
            return computed;
        }
        byte[] encoded = computed.encode();
        byte[] stored = ByteBuffer.allocate(BASIS_BYTES + encoded.length)
                .put(basis)
                .put(encoded)
                .array();
        try {
            source.storeDigests(dump, stored);
        } catch (AmbrotypeException e) {
            // A repository may be read-only or full; then they are computed again the next time.
            if (e.code() == ErrorCode.INTERRUPTED) {
                throw e;
            }
        }
        return computed;
    }

    /** What digests of a dump depend on beside its bytes, and are kept behind: the seed, and a bit for every slot counted. */
    private byte[] basis(BitSet ownedSlots) {
        return ByteBuffer.allocate(BASIS_BYTES)
                .putLong(repository.fingerprintSeed())
                .put(ownedSlots.toByteArray())
                .array();
    }

    private static Optional<SlotDigests> decode(byte[] bytes, byte[] basis) {
        if (bytes.length < BASIS_BYTES || !Arrays.equals(bytes, 0, BASIS_BYTES, basis, 0, BASIS_BYTES)) {
            return Optional.empty();
        }
        try {
            return Optional.of(SlotDigests.decode(Arrays.copyOfRange(bytes, BASIS_BYTES, bytes.length)));
        } catch (IOException e) {
            return Optional.empty();
        }
    }

    private static Set<String> functions(Manifest manifest) {
        return manifest.shards().stream()
                .flatMap(shard -> shard.content().functions().stream())
                .map(DumpContent.Function::sha256)
                .collect(Collectors.toSet());
    }

    private static Set<String> without(Set<String> all, Set<String> these) {
        Set<String> rest = new HashSet<>(all);
        rest.removeAll(these);
        return rest;
    }
}
