package io.ambrotype.restore;

import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * What of a snapshot its target cannot have. Immutable.
 *
 * @param entries how many entries
 * @param items the first of them, at most {@value #MOST_ITEMS}
 * @param functions names of the function libraries, where the target has no functions
 * @param exceeding by shard, the positions in its dump of entries that are refused for their size or another thing that only their
 *     value tells
 */
public record Uncrossable(long entries, List<Item> items, List<String> functions, Map<Integer, Set<Long>> exceeding) {
    /** Of more the number is told. */
    public static final int MOST_ITEMS = 1000;

    /** Nothing. */
    public static final Uncrossable NOTHING = new Uncrossable(0, List.of(), List.of(), Map.of());

    /**
     * One entry.
     *
     * @param database its database
     * @param key its key as text, cut where it is long
     * @param type how it is encoded
     * @param reason why the target cannot have it
     */
    public record Item(int database, String key, String type, String reason) {}

    /** Copies the collections. */
    public Uncrossable {
        items = List.copyOf(items);
        functions = List.copyOf(functions);
        exceeding = Map.copyOf(exceeding);
    }

    /** Whether the target can have everything. */
    public boolean isEmpty() {
        return entries == 0 && functions.isEmpty();
    }
}
