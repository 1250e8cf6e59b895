package io.ambrotype.liverestore;

import io.ambrotype.topology.SlotSet;
import java.util.List;
import java.util.OptionalInt;

/**
 * Which entries of a snapshot are wanted. Immutable.
 *
 * @param keys patterns as KEYS reads them, one of which a key has to match; empty for all keys
 * @param slots the slots whose keys are wanted
 * @param database the only database that is wanted; empty for all
 * @param intoDatabase where the entries of {@code database} go; empty for the database of the same number
 */
public record Selection(List<String> keys, SlotSet slots, OptionalInt database, OptionalInt intoDatabase) {
    /** Everything. */
    public static final Selection ALL = new Selection(List.of(), SlotSet.ALL, OptionalInt.empty(), OptionalInt.empty());

    /** Rejects impossible databases; copies the patterns. */
    public Selection {
        keys = List.copyOf(keys);
        if (database.orElse(0) < 0 || intoDatabase.orElse(0) < 0) {
            throw new IllegalArgumentException("a database has a number from 0 on");
        }
        if (intoDatabase.isPresent() && database.isEmpty()) {
            throw new IllegalArgumentException("only one database can be put into another");
        }
    }

    /** Whether it leaves nothing out. */
    public boolean isEverything() {
        return keys.isEmpty() && slots.equals(SlotSet.ALL) && database.isEmpty();
    }

    /** The database of the target for entries of that one. */
    int target(int source) {
        return intoDatabase.orElse(source);
    }

    /** Whether entries of that database are wanted. */
    boolean wantsDatabase(int source) {
        return database.isEmpty() || database.getAsInt() == source;
    }
}
