package io.ambrotype.liverestore;

import java.util.ArrayList;
import java.util.List;

/** Counts names and keeps the first few of them. Thread-safe. */
final class Names {
    private final int most;
    private final List<String> first = new ArrayList<>();
    private long count;

    Names(int most) {
        this.most = most;
    }

    synchronized void add(String name) {
        count++;
        if (first.size() < most) {
            first.add(name);
        }
    }

    synchronized long count() {
        return count;
    }

    synchronized List<String> first() {
        return List.copyOf(first);
    }
}
