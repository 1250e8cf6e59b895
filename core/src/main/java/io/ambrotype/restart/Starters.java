package io.ambrotype.restart;

import io.ambrotype.control.Member;
import io.ambrotype.control.Starter;
import io.ambrotype.topology.NodeState;

/** How the servers of a deployment are started again. */
public interface Starters {
    /**
     * Finds out how a node that runs would be started again, and whether it would then be what it is. Looks only.
     */
    StartAgain find(Member member, NodeState state);

    /** What starts it; also in a later run, for a node that is down then. */
    Starter starter(Member member, StartAgain.Possible how);
}
