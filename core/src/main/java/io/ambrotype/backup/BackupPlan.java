package io.ambrotype.backup;

import io.ambrotype.common.HostAndPort;
import io.ambrotype.common.ReplicationId;
import io.ambrotype.resp.ServerVersion;
import io.ambrotype.topology.Node;
import io.ambrotype.topology.SlotSet;
import io.ambrotype.topology.Topology;
import java.util.List;

/**
 * What a backup is going to do: which node of each shard it will read from, and why. Immutable.
 *
 * @param deployment name of the deployment
 * @param topology what was seen
 * @param shards one entry per master, in the order of the topology
 * @param warnings what the operator should know and what does not stop the backup
 */
public record BackupPlan(String deployment, Topology topology, List<ShardPlan> shards, List<String> warnings) {
    /** Copies the lists. */
    public BackupPlan {
        shards = List.copyOf(shards);
        warnings = List.copyOf(warnings);
    }

    /**
     * The capture of one shard.
     *
     * @param index index of the shard
     * @param master its master
     * @param slots the slots that it owns
     * @param candidates where to read from, the best first; the master is always the last
     * @param passedOver replicas that are no source, each with the reason in words
     */
    public record ShardPlan(
            int index, Node master, SlotSet slots, List<Candidate> candidates, List<String> passedOver) {
        /** Copies the lists; rejects a shard without a source. */
        public ShardPlan {
            candidates = List.copyOf(candidates);
            passedOver = List.copyOf(passedOver);
            if (candidates.isEmpty()) {
                throw new IllegalArgumentException("a shard without a source");
            }
        }

        /** The source that is tried first. */
        public Candidate source() {
            return candidates.getFirst();
        }
    }

    /**
     * A node that a shard can be read from.
     *
     * @param node the node
     * @param address where to connect to it
     * @param version its version
     * @param replicationId the history that its data belong to
     * @param lag bytes by which it was behind its master when it was looked at; 0 for a master
     * @param entries how many entries it says it holds
     * @param usedMemory how many bytes they take in its memory
     */
    public record Candidate(
            Node node,
            HostAndPort address,
            ServerVersion version,
            ReplicationId replicationId,
            long lag,
            long entries,
            long usedMemory) {}
}
