package io.ambrotype.heal;

import io.ambrotype.topology.Node;
import io.ambrotype.topology.Shard;
import io.ambrotype.topology.SlotSet;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;

/** Something about a cluster's membership that is not as it should be. Pure data. */
public sealed interface Finding {
    /** What it is, in a sentence that names the nodes. */
    String what();

    /**
     * A node came back with a new id: its old one is a ghost in every view, and at its address answers an empty stranger.
     *
     * @param evidence how it is known that both are one server
     */
    record LostIdentity(Node ghost, Survey.Outsider stranger, String evidence) implements Finding {
        @Override
        public String what() {
            return "node " + ghost.id().shortForm() + " lost its identity: at " + stranger.address()
                    + " its server answers as " + stranger.node().id().shortForm() + ", empty and alone (" + evidence
                    + "); it was started without its nodes.conf, mostly from another folder";
        }
    }

    /** The same, but the ghost still owns its slots: nobody took over from it. */
    record OwnerLostIdentity(Node ghost, Survey.Outsider stranger) implements Finding {
        @Override
        public String what() {
            return "node " + ghost.id().shortForm() + " lost its identity and still owns slots " + ghost.slots()
                    + ": at "
                    + stranger.address() + " its server answers as "
                    + stranger.node().id().shortForm() + ", alone, and nobody took over";
        }
    }

    /** A server at one of the addresses that belongs to nobody. */
    record Stranger(Survey.Outsider stranger) implements Finding {
        @Override
        public String what() {
            return stranger.address() + " (" + stranger.node().id().shortForm()
                    + ") is an empty cluster node that knows nobody and that nobody knows";
        }
    }

    /**
     * A stranger with data.
     *
     * @param ghost who it was, where that is known
     * @param slots the slots that its keys are in
     */
    record StrangerWithData(Survey.Outsider stranger, Optional<Node> ghost, SlotSet slots) implements Finding {
        @Override
        public String what() {
            long keys = stranger.state().keys();
            return stranger.address() + " is no member"
                    + ghost.map(node -> " any more (it was node " + node.id().shortForm() + ")")
                            .orElse("") + " and holds "
                    + (keys == 0
                            ? "slots " + stranger.node().slots() + " of its own"
                            : keys
                                    + (keys == 1 ? " key" : " keys")
                                    + (slots.isEmpty() ? "" : " in " + slots.size() + " slots"));
        }
    }

    /** A server that belongs to another deployment. */
    record Foreign(Survey.Outsider stranger) implements Finding {
        @Override
        public String what() {
            return switch (stranger.deployment().kind()) {
                case STANDALONE -> stranger.address() + " is not a cluster node (cluster-enabled no)";
                case CLUSTER ->
                    stranger.address() + " belongs to another cluster, of "
                            + stranger.deployment().nodes().size() + " nodes";
            };
        }
    }

    /** A node that is no more, known by its id only. */
    record Ghost(Node node) implements Finding {
        @Override
        public String what() {
            return "node " + node.id().shortForm() + " is a ghost: "
                    + node.address()
                            .map(address -> "it was at " + address + " and does not answer")
                            .orElse("nobody knows its address, and it owns no slots");
        }
    }

    /** A member that does not answer and that others rely on no more: it may come back. */
    record Silent(Node node) implements Finding {
        @Override
        public String what() {
            return node.name() + " (" + node.id().shortForm() + ") does not answer";
        }
    }

    /**
     * A member on this host that is down, and that would not come up as itself.
     *
     * @param file its nodes.conf
     * @param reason what is wrong with the file
     */
    record CannotStart(Node node, Path file, String reason) implements Finding {
        @Override
        public String what() {
            return node.name() + " (" + node.id().shortForm() + ") is down and cannot come back as itself: " + file
                    + " " + reason;
        }
    }

    /** A master that does not answer and still owns its slots. */
    record DeadOwner(Node node) implements Finding {
        @Override
        public String what() {
            return "master " + node.name() + " does not answer and still owns slots " + node.slots();
        }
    }

    /** A replica whose master is no more. */
    record OrphanReplica(Node replica, Optional<Node> master) implements Finding {
        @Override
        public String what() {
            return "replica " + replica.name() + " has no master: it follows "
                    + master.map(node -> "node " + node.id().shortForm() + ", which is gone and owns no slots")
                            .orElse(replica.master()
                                    .map(id -> "node " + id.shortForm() + ", which is no member")
                                    .orElse("nobody"));
        }
    }

    /** A master that has nothing to be master of. */
    record ExtraMaster(Node node) implements Finding {
        @Override
        public String what() {
            long keys = node.state().orElseThrow().keys();
            return "master " + node.name() + " owns no slots"
                    + (keys > 0 ? " but holds " + keys + (keys == 1 ? " key" : " keys") : " and holds nothing");
        }
    }

    /** A shard that one failure ends. */
    record WithoutReplica(Shard shard) implements Finding {
        @Override
        public String what() {
            return "master " + shard.master().name() + " of slots " + shard.slots() + " has no replica that answers";
        }
    }

    /** A member that some do not know. */
    record KnownToSome(Node node, List<Node> unaware) implements Finding {
        @Override
        public String what() {
            return node.name() + " (" + node.id().shortForm() + ") is not known to "
                    + unaware.stream().map(Node::name).collect(Collectors.joining(", "));
        }
    }

    /**
     * A replica that used to be its shard's master.
     *
     * @param source what says so
     */
    record ReturnedMaster(Node replica, Node master, String source) implements Finding {
        @Override
        public String what() {
            return replica.name() + " is a replica of " + master.name() + " and was the master before, as " + source
                    + " says";
        }
    }
}
