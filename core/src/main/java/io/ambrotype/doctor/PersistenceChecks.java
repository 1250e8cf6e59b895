package io.ambrotype.doctor;

import io.ambrotype.doctor.Check.Needs;
import io.ambrotype.doctor.Check.Sight;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/** Whether what a node has in memory reaches its disk. */
final class PersistenceChecks {
    /** Save points for nodes that have none. */
    static final String SAVE_POINTS = "900 1 300 10 60 10000";

    private PersistenceChecks() {}

    static List<Check> checks() {
        return List.of(
                new Check(
                        "no-persistence",
                        Severity.ERROR,
                        Needs.SETTINGS,
                        "after a stop or a crash the node comes back empty; a master that is back empty before its failure"
                                + " was noticed makes its replicas empty too",
                        "set save points: 'ambrotype doctor --fix' sets " + SAVE_POINTS
                                + " and writes them into the configuration file; or switch on appendonly by CONFIG SET",
                        "",
                        e -> Check.eachOf(
                                        e.reached(),
                                        node -> savesNever(node) && !node.appendsOnly()
                                                ? Optional.of("has no save points and no append-only file")
                                                : Optional.empty())
                                .map(Sight::canBeFixed)),
                new Check(
                        "save-failed",
                        Severity.ERROR,
                        Needs.SERVER,
                        "its dump.rdb is older than its data, and a SHUTDOWN is refused for the same reason; a kill loses"
                                + " what was written since",
                        "its log says why (mostly a full or read-only disk, a folder that is gone, or no memory for the"
                                + " fork); mend that, then BGSAVE",
                        "",
                        PersistenceChecks::saveFailed),
                new Check(
                        "append-only-failed",
                        Severity.ERROR,
                        Needs.SERVER,
                        "what it acknowledges may not be on its disk",
                        "its log says why; mend that, then BGREWRITEAOF",
                        "",
                        e -> Check.eachOf(
                                e.reached().filter(NodeExamination::appendsOnly),
                                node -> node.isNotOk("aof_last_write_status")
                                        ? Optional.of("the last write of its append-only file failed")
                                        : node.isNotOk("aof_last_bgrewrite_status")
                                                ? Optional.of("the last rewrite of its append-only file failed")
                                                : Optional.empty())),
                new Check(
                        "stop-writes-off",
                        Severity.NOTICE,
                        Needs.SETTINGS,
                        "a trade-off: with no, a failing save does not stop writes, and nobody notices it either; with yes,"
                                + " a failing save makes every write fail with MISCONF",
                        "keep it if you watch the last save ('ambrotype status' shows it); else CONFIG SET"
                                + " stop-writes-on-bgsave-error yes. It is not touched by --fix",
                        "",
                        PersistenceChecks::stopWritesOff),
                new Check(
                        "full-resync",
                        Severity.NOTICE,
                        Needs.SERVER,
                        "a node with an append-only file cannot take up replication where it left off (every released"
                                + " version): each restart copies all its data from its master, with a fork there",
                        "nothing: the restart waits for it. Allow time and memory for one copy per node",
                        "",
                        e -> Check.eachOf(
                                e.reached().filter(node -> node.appendsOnly() && shardHasReplicas(e, node)),
                                _ -> Optional.of(
                                        "has an append-only file, so each restart is a full synchronization"))));
    }

    static boolean savesNever(NodeExamination node) {
        return node.setting("save").filter(String::isBlank).isPresent();
    }

    private static boolean shardHasReplicas(Examination e, NodeExamination node) {
        return e.topology()
                .shardOf(node.id())
                .filter(shard -> !shard.replicas().isEmpty())
                .isPresent();
    }

    private static Stream<Sight> saveFailed(Examination e) {
        return Check.eachOf(e.reached().filter(node -> node.isNotOk("rdb_last_bgsave_status")), node -> {
            String failed = "its last background save failed";
            if (savesNever(node)) {
                return Optional.of(failed);
            }
            return Optional.of(
                    node.has("stop-writes-on-bgsave-error", "no")
                            ? failed + ", silently: stop-writes-on-bgsave-error is no"
                            : node.isMaster() && node.has("stop-writes-on-bgsave-error", "yes")
                                    ? failed + ", and it refuses writes (MISCONF)"
                                    : failed);
        });
    }

    private static Stream<Sight> stopWritesOff(Examination e) {
        return Check.eachOf(
                e.reached().filter(node -> !savesNever(node)),
                node -> node.has("stop-writes-on-bgsave-error", "no")
                        ? Optional.of("stop-writes-on-bgsave-error is no: a failed save goes unnoticed"
                                + (node.isNotOk("rdb_last_bgsave_status") ? ", and the last one has failed" : ""))
                        : Optional.empty());
    }
}
