package io.ambrotype.restart;

import io.ambrotype.control.Member;
import io.ambrotype.control.Starter;
import io.ambrotype.topology.NodeState;
import java.nio.file.Path;

/** How the servers of a deployment are started again. */
public interface Starters {
    /**
     * Finds out how a node that runs would be started again, and whether it would then be what it is. Looks only.
     */
    StartAgain find(Member member, NodeState state);

    /**
     * Finds out whether a node's files can be moved while it is stopped. Looks only.
     *
     * @param how what was found out about starting it
     * @param folder where to, absolute
     * @return the same with the move, or why it cannot be
     */
    default StartAgain relocated(Member member, StartAgain.Possible how, Path folder) {
        return new StartAgain.Impossible(
                "the files of " + member + " cannot be moved from here", "leave out --relocate");
    }

    /** What starts it; also in a later run, for a node that is down then. */
    Starter starter(Member member, StartAgain.Possible how);
}
