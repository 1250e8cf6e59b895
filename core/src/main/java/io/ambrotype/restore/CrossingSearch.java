package io.ambrotype.restore;

import io.ambrotype.rdb.Crossing;
import io.ambrotype.rdb.RdbReader;
import io.ambrotype.rdb.RdbUnsupportedException;
import io.ambrotype.rdb.RecordKind;
import io.ambrotype.rdb.TargetVersion;
import io.ambrotype.rdb.Transcoder;
import io.ambrotype.rdb.ValueType;
import io.ambrotype.repository.DumpContent;
import io.ambrotype.repository.Manifest;
import io.ambrotype.repository.Repository;
import java.io.IOException;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Finds what of a snapshot a target cannot have, before anything is written. The manifest tells which dumps have to be read for that:
 * only those with types that may be refused, and with values so big that transcoding may exceed a limit.
 */
final class CrossingSearch {
    /** A value that unpacks to {@link Transcoder#MOST_HELD_BYTES} takes at least this part of it in a dump: LZF packs 88 to 1. */
    private static final int MOST_UNPACKING = 256;

    private final Repository repository;
    private final Manifest manifest;
    private final Transcoder transcoder;

    private long entries;
    private final List<Uncrossable.Item> items = new ArrayList<>();
    private final Set<String> functions = new LinkedHashSet<>();
    private final Map<Integer, Set<Long>> exceeding = new HashMap<>();

    CrossingSearch(Repository repository, Manifest manifest, TargetVersion target) {
        this.repository = repository;
        this.manifest = manifest;
        this.transcoder = new Transcoder(target);
    }

    /** Whether a shard's dump can be handed to the target as it is. */
    static boolean isUntouched(Manifest.Shard shard, TargetVersion target) {
        DumpContent content = shard.content();
        Transcoder transcoder = new Transcoder(target);
        return target.reads(Restorer.versionOf(shard))
                && typesOf(content).stream()
                        .allMatch(type -> transcoder.crossing(type) instanceof Crossing.Untouched
                                && (type != ValueType.MODULE_2 || hasVectorSets(target)));
    }

    /** Of no other module it is known which servers are without it. */
    private static boolean hasVectorSets(TargetVersion target) {
        return target.isAtLeast(TargetVersion.Vendor.REDIS, 8, 0);
    }

    static List<ValueType> typesOf(DumpContent content) {
        return List.of(ValueType.values()).stream()
                .filter(type -> content.types().containsKey(type.name()))
                .toList();
    }

    Uncrossable find(List<Manifest.Shard> shards) {
        for (Manifest.Shard shard : shards) {
            DumpContent content = shard.content();
            if (!transcoder.target().hasFunctions()) {
                content.functions()
                        .forEach(function -> functions.add(function.name().orElse("?")));
            }
            boolean mayExceed = content.biggest().stream()
                    .anyMatch(big -> big.bytes() > Transcoder.MOST_HELD_BYTES / MOST_UNPACKING);
            if (typesOf(content).stream().anyMatch(type -> mustBeLookedAt(type, mayExceed))) {
                repository.readDump(shard.dump(), reader -> {
                    search(shard, reader, mayExceed);
                    return shard;
                });
            }
        }
        return new Uncrossable(entries, items, List.copyOf(functions), exceeding);
    }

    private boolean mustBeLookedAt(ValueType type, boolean mayExceed) {
        return switch (transcoder.crossing(type)) {
            case Crossing.Untouched _ -> type == ValueType.MODULE_2 && !hasVectorSets(transcoder.target());
            case Crossing.Transcoded transcoded -> mustBeTried(transcoded, mayExceed);
            case Crossing.Refused _ -> true;
        };
    }

    /** Expiries of Valkey may lie beyond what Redis allows. */
    private static boolean mustBeTried(Crossing.Transcoded crossing, boolean mayExceed) {
        return mayExceed || crossing.to() == ValueType.HASH_METADATA;
    }

    private void search(Manifest.Shard shard, RdbReader reader, boolean mayExceed) throws IOException {
        BitSet owned = manifest.slotsOf(shard);
        for (RecordKind kind = reader.next(); kind != RecordKind.END; kind = reader.next()) {
            if (kind == RecordKind.ENTRY && owned.get(reader.slot()) && !reader.isImporting(reader.slot())) {
                switch (transcoder.crossing(reader)) {
                    case Crossing.Untouched _ -> {}
                    case Crossing.Refused refused -> add(reader, refused.reason());
                    case Crossing.Transcoded transcoded -> {
                        if (mustBeTried(transcoded, mayExceed)) {
                            attempt(shard, reader, transcoded);
                        }
                    }
                }
            }
        }
    }

    private void attempt(Manifest.Shard shard, RdbReader reader, Crossing crossing) throws IOException {
        try {
            transcoder.copyValue(reader, crossing, (_, _, _) -> {});
        } catch (RdbUnsupportedException e) {
            add(reader, String.valueOf(e.getMessage()));
            exceeding.computeIfAbsent(shard.index(), _ -> new HashSet<>()).add(reader.recordOffset());
        }
    }

    private void add(RdbReader reader, String reason) {
        entries++;
        if (items.size() < Uncrossable.MOST_ITEMS) {
            items.add(new Uncrossable.Item(
                    reader.database(), reader.keyText(), reader.type().name(), reason));
        }
    }
}
