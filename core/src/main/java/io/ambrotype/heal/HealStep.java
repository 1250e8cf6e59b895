package io.ambrotype.heal;

import io.ambrotype.control.Member;
import io.ambrotype.topology.NodeId;
import java.util.List;
import java.util.Optional;

/** One act of mending, with what is waited for after it. Pure data. */
public sealed interface HealStep {
    /** The act in a sentence, for the plan. */
    String text();

    /**
     * A server becomes a member, or known to those that do not know it.
     *
     * @param newcomer who
     * @param busPort its port of the cluster bus
     */
    record Meet(Member newcomer, int busPort) implements HealStep {
        @Override
        public String text() {
            return "have every node meet " + newcomer + " (CLUSTER MEET); wait until all know it and it knows all";
        }
    }

    /**
     * A stranger loses its data, because the user says so.
     *
     * @param stranger who
     * @param keys how many it holds
     */
    record Empty(Member stranger, long keys) implements HealStep {
        @Override
        public String text() {
            return "throw away the " + keys + (keys == 1 ? " key" : " keys") + " of " + stranger
                    + ", as allowed (FLUSHALL, CLUSTER RESET)";
        }
    }

    /**
     * A member becomes the replica of a master.
     *
     * @param replica who; what it holds is replaced by its master's data
     * @param master whom it follows then
     */
    record Replicate(Member replica, Member master) implements HealStep {
        @Override
        public String text() {
            return "make " + replica + " a replica of " + master
                    + " (CLUSTER REPLICATE); wait until it is in sync and every node sees it so";
        }
    }

    /**
     * A node that is no more is removed from every view.
     *
     * @param ghost who
     * @param name how it is called in the plan
     */
    record Forget(NodeId ghost, String name) implements HealStep {
        @Override
        public String text() {
            return "have every node forget " + name + " (CLUSTER FORGET); wait until nobody knows it";
        }
    }

    /**
     * A replica takes over the slots of a master that is no more.
     *
     * @param replica who; it has the master's data
     * @param ghost the master
     * @param keys how many keys the replica has
     * @param vote whether there are masters enough to vote for it
     */
    record TakeOver(Member replica, NodeId ghost, long keys, boolean vote) implements HealStep {
        @Override
        public String text() {
            return "have " + replica + " take over the slots of node " + ghost.shortForm() + " (CLUSTER FAILOVER "
                    + (vote ? "FORCE)" : "TAKEOVER: too few masters are left to vote)")
                    + "; wait until every node sees it as their owner";
        }
    }

    /**
     * A server that came up as somebody else is stopped and started as who it was; or one that did not come up is started.
     *
     * @param stranger the server as it answers now; empty where it is down
     * @param node who it was
     * @param master whom it will follow; empty where it owns its slots still, and has their data
     * @param save whether its data are written to its disk when it is stopped
     * @param revival how it is started
     */
    record Revive(Optional<Member> stranger, Member node, Optional<Member> master, boolean save, Revival revival)
            implements HealStep {
        @Override
        public String text() {
            return stranger.map(running -> "stop " + running + (save ? " (SHUTDOWN SAVE)" : "") + ", ")
                            .orElse("")
                    + "put the nodes.conf of node "
                    + node.id().shortForm() + " ("
                    + master.map(leader -> "a replica of " + leader).orElse("the owner of its slots")
                    + ", rebuilt from what the other nodes know) into " + revival.folder() + ", and start it: "
                    + revival.start() + "; wait until it is back as itself and in sync";
        }
    }

    /**
     * A former master takes its place again.
     *
     * @param from the master now
     * @param to its replica, which was the master
     */
    record FailBack(Member from, Member to) implements HealStep {
        @Override
        public String text() {
            return "fail back from " + from + " to " + to
                    + " (CLUSTER FAILOVER), when every node is connected to every other; wait until all agree";
        }
    }

    /** What all steps together come to, as sentences. */
    static List<String> texts(List<HealStep> steps) {
        return steps.stream().map(HealStep::text).toList();
    }
}
