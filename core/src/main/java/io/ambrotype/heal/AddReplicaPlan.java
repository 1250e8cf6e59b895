package io.ambrotype.heal;

import io.ambrotype.common.HostAndPort;
import io.ambrotype.control.Member;
import io.ambrotype.resp.ServerVersion;
import java.util.List;

/**
 * How an empty server is to become a replica. Immutable.
 *
 * @param replica the server, with the id that it gave itself
 * @param busPort its port of the cluster bus
 * @param version its version
 * @param met whether it is a member already, without slots: an earlier attempt ended after the meeting
 * @param master whom it is to follow
 * @param reason why that one
 * @param masterMemory how many bytes the master's data take in memory: what has to be copied, about
 * @param members those that answer and take part
 * @param warnings what the user should know, in sentences
 */
public record AddReplicaPlan(
        Member replica,
        int busPort,
        ServerVersion version,
        boolean met,
        Member master,
        String reason,
        long masterMemory,
        List<Member> members,
        List<String> warnings) {
    /** Keeps its own lists. */
    public AddReplicaPlan {
        members = List.copyOf(members);
        warnings = List.copyOf(warnings);
    }

    /** Where the server is. */
    public HostAndPort address() {
        return replica.address();
    }

    /** The steps, each in a sentence. */
    public List<String> steps() {
        String replicate =
                "make it a replica of " + master + " (CLUSTER REPLICATE), which copies the data; wait until it"
                        + " is in sync and every node sees it so";
        return met
                ? List.of(replicate)
                : List.of(
                        "have the " + members.size()
                                + " nodes meet it (CLUSTER MEET), wait until every one knows it and"
                                + " it knows every one",
                        replicate);
    }
}
