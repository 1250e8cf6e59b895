package io.ambrotype.liverestore;

import io.ambrotype.common.HostAndPort;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Gathers work for one server each into batches, and hands those on when they are worth a request. For one thread. */
final class Batches {
    private static final int MOST_KEYS = 500;
    private static final long MOST_BYTES = 1L << 20;

    private record Owner(Optional<HostAndPort> node, int database) {}

    private static final class Batch {
        private final List<KeyWork> works = new ArrayList<>();
        private long bytes;
    }

    private final Writers writers;
    private final TargetNodes nodes;
    private final boolean writes;
    private final Map<Owner, Batch> batches = new HashMap<>();

    Batches(Writers writers, TargetNodes nodes, boolean writes) {
        this.writers = writers;
        this.nodes = nodes;
        this.writes = writes;
    }

    void add(KeyWork work) throws InterruptedException {
        if (!writers.tryReserve(work.bytes)) {
            // What waits here holds a part of the budget, too.
            flush();
            writers.reserve(work.bytes);
        }
        Owner owner = new Owner(nodes.owner(work.slot), work.database);
        Batch batch = batches.computeIfAbsent(owner, _ -> new Batch());
        batch.works.add(work);
        batch.bytes += work.bytes;
        if (batch.works.size() >= MOST_KEYS || batch.bytes >= MOST_BYTES) {
            batches.remove(owner);
            writers.submit(batch.works, writes);
        }
    }

    void flush() {
        List<Batch> all = List.copyOf(batches.values());
        batches.clear();
        all.forEach(batch -> writers.submit(batch.works, writes));
    }
}
