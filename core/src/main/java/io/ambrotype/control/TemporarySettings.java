package io.ambrotype.control;

import io.ambrotype.common.AmbrotypeException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.Predicate;
import java.util.stream.Collectors;

/**
 * Settings that are changed by {@code CONFIG SET} for the time of an operation and put back after it. Each change is
 * journaled before it is made. A server that is restarted meanwhile comes back with the value of its configuration file;
 * where it is set again, that becomes the value to put back. Not thread-safe.
 */
public final class TemporarySettings {
    private final MemberConnections connections;
    private final Consumer<SettingChange> journal;
    private final Map<Key, SettingChange> changes = new LinkedHashMap<>();

    private record Key(Member member, String name) {}

    /**
     * Settings over these connections.
     *
     * @param earlier what the same operation has changed before it was broken off; the latest change of a setting counts
     */
    public TemporarySettings(
            MemberConnections connections, List<SettingChange> earlier, Consumer<SettingChange> journal) {
        this.connections = connections;
        this.journal = journal;
        earlier.forEach(change -> changes.put(new Key(change.member(), change.name()), change));
    }

    /**
     * Sets a value, unless the member has it.
     *
     * @return why it could not be set, such as that the server does not know the setting or CONFIG is renamed
     */
    public Optional<String> set(Member member, String name, String value) {
        try {
            Optional<String> current = current(member, name);
            if (current.isEmpty()) {
                return Optional.of(member + " has no setting " + name);
            }
            if (!current.get().equals(value)) {
                SettingChange change = new SettingChange(member, name, current.get(), value);
                journal.accept(change);
                changes.put(new Key(member, name), change);
                connections.askTwice(member, connection -> connection.call("CONFIG", "SET", name, value));
            }
            return Optional.empty();
        } catch (AmbrotypeException e) {
            return Optional.of(e.getMessage());
        }
    }

    /**
     * Puts everything back that still has the value it was given.
     *
     * @return what could not be put back, in sentences that say what the value should be
     */
    public List<String> putBack() {
        return putBack(_ -> true);
    }

    /** The same for one setting of all members. */
    public List<String> putBack(String name) {
        return putBack(change -> change.name().equals(name));
    }

    /** Whose settings are changed at the moment. */
    public Set<Member> changed() {
        return changes.keySet().stream().map(Key::member).collect(Collectors.toCollection(LinkedHashSet::new));
    }

    private List<String> putBack(Predicate<SettingChange> which) {
        List<String> failures = new ArrayList<>();
        for (SettingChange change : changes.values().stream().filter(which).toList()) {
            try {
                if (current(change.member(), change.name())
                        .filter(change.during()::equals)
                        .isPresent()) {
                    connections.askTwice(
                            change.member(),
                            connection -> connection.call("CONFIG", "SET", change.name(), change.before()));
                }
                changes.remove(new Key(change.member(), change.name()));
            } catch (AmbrotypeException e) {
                failures.add(change.name() + " of " + change.member() + " was " + change.before()
                        + " and could not be put back: " + e.getMessage());
            }
        }
        return failures;
    }

    private Optional<String> current(Member member, String name) {
        return Optional.ofNullable(connections
                .askTwice(member, connection -> connection.pairs("CONFIG", "GET", name))
                .get(name));
    }
}
