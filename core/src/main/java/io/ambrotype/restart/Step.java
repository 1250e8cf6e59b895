package io.ambrotype.restart;

import io.ambrotype.control.Member;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * One step of a plan. A step that was broken off can be planned again: what was done of it is seen in the deployment.
 * Immutable.
 */
public sealed interface Step {
    /** What is done, for people: lower case, without a final full stop. */
    String title();

    /** What has to be seen before the step, on the way and after it; in order, in the same form. */
    List<String> gates();

    /** The nodes that it acts on. */
    List<Member> members();

    /**
     * Has no replica change its shard while another shard's replica is down.
     *
     * @param members on whom {@code cluster-migration-barrier} is raised
     */
    record HoldReplicas(List<Member> members) implements Step {
        /** The setting. */
        static final String SETTING = "cluster-migration-barrier";
        /** More replicas than any master has. */
        static final String VALUE = "999";

        /** Keeps its own list. */
        public HoldReplicas {
            members = List.copyOf(members);
        }

        @Override
        public String title() {
            return "hold replicas in their shards: " + SETTING + " " + VALUE + " on " + members.size() + " nodes";
        }

        @Override
        public List<String> gates() {
            return List.of("every node answers as itself and has its place in every view");
        }
    }

    /**
     * Starts a node that is down.
     *
     * @param member who
     * @param ownedSlots whether it was master of slots when it went down: then a replica has to have taken over first
     */
    record Start(Member member, boolean ownedSlots) implements Step {
        @Override
        public String title() {
            return "start " + member + ", which is down";
        }

        @Override
        public List<String> gates() {
            List<String> gates = new ArrayList<>();
            if (ownedSlots) {
                gates.add("one of its replicas has taken over its slots");
            }
            gates.add("it answers with the same id and has loaded its data");
            return gates;
        }

        @Override
        public List<Member> members() {
            return List.of(member);
        }
    }

    /**
     * Restarts a node that owns no slots at that time.
     *
     * @param member who
     * @param launch how it is started again, for people
     * @param replica whether it is a replica; else a master without slots
     * @param saveFirst the one live copy of the shard that is left meanwhile, which saves before
     * @param relocateTo the folder that its files are moved to while it is stopped
     */
    record Restart(Member member, String launch, boolean replica, Optional<Member> saveFirst, Optional<Path> relocateTo)
            implements Step {
        @Override
        public String title() {
            return "restart " + (replica ? "replica " : "master without slots ") + member
                    + relocateTo
                            .map(folder -> ", moving its files to " + folder)
                            .orElse("") + " (" + launch + ")";
        }

        @Override
        public List<String> gates() {
            List<String> gates = new ArrayList<>();
            gates.add("every node is in its place; " + member + " owns no slots, and its own files will do");
            saveFirst.ifPresent(copy -> gates.add(copy + ", the shard's only other copy, has saved (BGSAVE)"));
            gates.add("its process is gone");
            gates.add("it answers with the same id and has loaded its data");
            if (replica) {
                gates.add("its link is up, no synchronization is under way, and it has what its master had");
            }
            gates.add("in every view it is connected, has its role, and was heard since it started");
            return gates;
        }

        @Override
        public List<Member> members() {
            return List.of(member);
        }
    }

    /**
     * Points a replica of a replica, which a fail-over has made follow the master, to where it was.
     *
     * @param member who
     * @param master the replica that it followed
     */
    record Follow(Member member, Member master) implements Step {
        @Override
        public String title() {
            return "have " + member + " follow " + master + " again";
        }

        @Override
        public List<String> gates() {
            return List.of(member + " follows " + master + " with its link up, and has what its master had");
        }

        @Override
        public List<Member> members() {
            return List.of(member);
        }
    }

    /**
     * Has a replica take over from its master.
     *
     * @param from the master
     * @param to the replica
     * @param back whether this undoes an earlier one
     */
    record FailOver(Member from, Member to, boolean back) implements Step {
        @Override
        public String title() {
            return "fail " + (back ? "back" : "over") + " from " + from + " to " + to;
        }

        @Override
        public List<String> gates() {
            return List.of(
                    "every node has heard from " + to + " since it started, and no link is down",
                    to + " is not older than " + from + ", is up to date, and has not stood for election lately",
                    to + " is master",
                    "every view has the new owner with its epoch, and " + from + " follows it with its link up");
        }

        @Override
        public List<Member> members() {
            return List.of(from, to);
        }
    }

    /**
     * Puts back what was set for the time of the run.
     *
     * @param members on whom
     */
    record ReleaseReplicas(List<Member> members) implements Step {
        /** Keeps its own list. */
        public ReleaseReplicas {
            members = List.copyOf(members);
        }

        @Override
        public String title() {
            return "put " + HoldReplicas.SETTING + " back on " + members.size() + " nodes";
        }

        @Override
        public List<String> gates() {
            return List.of("the layout is what the plan says: ids, roles, slots");
        }
    }
}
