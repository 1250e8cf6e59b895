package io.ambrotype.topology;

import io.ambrotype.common.HostAndPort;
import java.time.Duration;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;

/**
 * The Sentinels that watch a master, and what each of them says of it. Immutable.
 *
 * @param masterName the name by which they know the master
 * @param sentinels all that any of them names, those that answered first
 */
public record SentinelSet(String masterName, List<Sentinel> sentinels) {
    /** Keeps its own list. */
    public SentinelSet {
        sentinels = sentinels.stream()
                .sorted(Comparator.comparing(
                                (Sentinel sentinel) -> sentinel.view().isEmpty())
                        .thenComparing(sentinel -> sentinel.address().toString()))
                .toList();
    }

    /**
     * One Sentinel.
     *
     * @param address where it listens
     * @param view what it says; empty where it did not answer or does not know the master
     * @param failure why there is no view
     */
    public record Sentinel(HostAndPort address, Optional<View> view, Optional<String> failure) {}

    /**
     * The deployment as one Sentinel sees it: {@code SENTINEL MASTER}, {@code REPLICAS} and {@code SENTINELS}.
     *
     * @param runId the name of its process
     * @param tilt whether it has lost its trust in the clock and acts on nothing for a while
     * @param master where it says that the master is
     * @param flags such as {@code master}, {@code s_down}, {@code o_down}, {@code failover_in_progress}
     * @param configEpoch of the last failover that it knows
     * @param quorum how many Sentinels have to see the master down
     * @param downAfter silence after which it sees a server as down
     * @param failoverTimeout it leads no second failover of this master within twice that time
     * @param parallelSyncs how many replicas it points to a new master at once
     * @param replicas the replicas that it lists; it never forgets one by itself
     * @param others the other Sentinels that it lists; it never forgets one by itself
     */
    public record View(
            String runId,
            boolean tilt,
            HostAndPort master,
            Set<String> flags,
            long configEpoch,
            int quorum,
            Duration downAfter,
            Duration failoverTimeout,
            int parallelSyncs,
            List<KnownReplica> replicas,
            List<HostAndPort> others) {
        /** Keeps its own copies. */
        public View {
            flags = Collections.unmodifiableSet(new TreeSet<>(flags));
            replicas = List.copyOf(replicas);
            others = List.copyOf(others);
        }

        /** Whether it sees the master as failing, by itself or with others, or has lost its link to it. */
        public boolean seesMasterDown() {
            return flags.contains("s_down") || flags.contains("o_down") || flags.contains("disconnected");
        }

        /** Whether it takes part in a failover at the moment, as its leader. */
        public boolean isFailingOver() {
            return flags.contains("failover_in_progress") || flags.contains("force_failover");
        }
    }

    /**
     * A replica as a Sentinel lists it.
     *
     * @param address where it says that the replica is
     * @param flags such as {@code slave}, {@code s_down}, {@code disconnected}
     * @param priority {@code replica-priority} as the replica told it last: the lowest is promoted first, 0 never
     * @param master whom the replica says that it follows
     */
    public record KnownReplica(HostAndPort address, Set<String> flags, int priority, Optional<HostAndPort> master) {
        /** Keeps its own set. */
        public KnownReplica {
            flags = Collections.unmodifiableSet(new TreeSet<>(flags));
        }

        /** Whether the Sentinel has it for alive: only then it promotes it, or points it to another master. */
        public boolean isUsable() {
            return !flags.contains("s_down") && !flags.contains("disconnected");
        }
    }

    /** What those that answered say. */
    public List<View> views() {
        return sentinels.stream().map(Sentinel::view).flatMap(Optional::stream).toList();
    }

    /** Where they listen, those that answered first; each leads to the whole deployment. */
    public List<HostAndPort> addresses() {
        return sentinels.stream().map(Sentinel::address).toList();
    }

    /** The majority that has to elect the leader of a failover; Sentinels that are gone count until they are forgotten. */
    public int majority() {
        return sentinels.size() / 2 + 1;
    }

    /** How many have to see the master down: the highest number that any has configured. */
    public int quorum() {
        return views().stream().mapToInt(View::quorum).max().orElse(1);
    }

    /** The longest silence after which any of them sees a server as down. */
    public Duration downAfter() {
        return views().stream()
                .map(View::downAfter)
                .max(Comparator.naturalOrder())
                .orElse(Duration.ofSeconds(30));
    }

    /** The longest time that any of them allows for a failover. */
    public Duration failoverTimeout() {
        return views().stream()
                .map(View::failoverTimeout)
                .max(Comparator.naturalOrder())
                .orElse(Duration.ofMinutes(3));
    }

    /** The master by the view with the highest epoch; empty where none answered. */
    public Optional<HostAndPort> master() {
        return views().stream().max(Comparator.comparingLong(View::configEpoch)).map(View::master);
    }
}
