package io.ambrotype.control;

import io.ambrotype.topology.NodeState;
import java.time.Instant;

/** What came of looking at one member once. Immutable. */
public sealed interface Look {
    /** Who was looked at. */
    Member member();

    /**
     * It answered.
     *
     * @param state what it told
     * @param time its own clock ({@code TIME}) right after
     */
    record Seen(Member member, NodeState state, Instant time) implements Look {}

    /**
     * It did not.
     *
     * @param reason why, in a sentence that names it
     * @param refused whether nobody listens at its address, which is how a server that is gone looks
     */
    record Unseen(Member member, String reason, boolean refused) implements Look {}
}
