package io.ambrotype.control;

import io.ambrotype.topology.Topology;
import java.util.Collection;
import java.util.Optional;
import java.util.function.Predicate;
import java.util.function.Supplier;

/**
 * How a kind of deployment shows that it is in order. What a gate looks at is asked of the members at that moment, of all
 * of them and not of one that speaks for the others. A gate is made for one wait: it remembers what it saw at its first
 * look, such as the offset that replicas have to reach.
 */
public interface DeploymentGates {
    /**
     * The gates of the deployment's kind.
     *
     * @param revived whom somebody starts again whenever it ends, however long that takes
     */
    static DeploymentGates of(Topology topology, MemberConnections connections, Predicate<Member> revived) {
        return switch (topology.kind()) {
            case CLUSTER -> new ClusterGates(connections, revived);
            case STANDALONE -> new ReplicationGates(connections, topology);
        };
    }

    /**
     * Everybody answers as himself and has the place that he should have, every replica's link is up and has what its
     * master had at the first look, and everybody knows everybody else as present and the masters as masters.
     *
     * @param known the replicas whose role everybody has to know too: news of it may take seconds, and only matter where
     *     it is about a candidate, or about the end
     */
    Supplier<Optional<Missing>> inPlace(Layout expected, Collection<Member> known);

    /** The same, everybody knowing everybody's role. */
    default Supplier<Optional<Missing>> inPlace(Layout expected) {
        return inPlace(expected, expected.members());
    }

    /** The member could be stopped now, and would come back: it is no owner of slots, and its own files will do. */
    Supplier<Optional<Missing>> stoppable(Layout expected, Member member);

    /** Masters that have been started lately are over the time in which a moment's doubt makes them refuse everything. */
    default Supplier<Optional<Missing>> steady(Layout expected) {
        return Optional::empty;
    }

    /**
     * Rejects a server that is not who it should be.
     *
     * @throws io.ambrotype.common.AmbrotypeException {@code UNSAFE} where a stranger answers
     */
    void requireSelf(Look.Seen look);

    /** The member's process has ended: what anybody hears of it from now on comes from its next one. */
    default void ended(Layout expected, Member member) {}

    /** The member's new process was seen to answer for the first time. */
    default void answered(Look.Seen look) {}

    /** The member's new process was seen to have loaded its data. */
    default void loaded(Look.Seen look) {}
}
