package io.ambrotype.liverestore;

import io.ambrotype.common.HostAndPort;
import io.ambrotype.rdb.HashSlot;
import io.ambrotype.resp.RespReply;
import java.util.BitSet;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** What is sent to one server in one go. For one thread at a time. */
abstract class Batch {
    /**
     * Where it goes.
     *
     * @param node which server; null where nobody is known to have the slots
     * @param database which database there
     */
    record Route(@Nullable HostAndPort node, int database) {
        boolean leadsTo(@Nullable HostAndPort otherNode, int otherDatabase) {
            return database == otherDatabase && Objects.equals(node, otherNode);
        }
    }

    /** Decides what becomes of works. */
    interface Judge {
        /** The replies to the commands of a work are there. */
        void judge(KeyWork work, List<RespReply> replies);

        /** Nothing was done of a work, and it has to be sent by itself. */
        void again(KeyWork work);
    }

    private final Route route;
    private final BitSet slots = new BitSet(HashSlot.COUNT);
    private long reserved;

    Batch(Route route) {
        this.route = route;
    }

    final Route route() {
        return route;
    }

    /** Bytes of the budget that were taken for it. */
    final long reserved() {
        return reserved;
    }

    /** So many bytes of the budget more were taken for it. */
    final void reserve(long bytes) {
        reserved += bytes;
    }

    /** The slots of all keys. */
    final BitSet slots() {
        return slots;
    }

    /**
     * Sends everything, on an open link.
     *
     * @param replicas how many replicas shall have it, too; none is asked where that is 0
     * @return the replies, that of WAIT behind the others
     */
    abstract List<RespReply> send(NodeLink link, int replicas);

    /** Has the replies judged, work by work, or takes them where they are what is hoped for. */
    abstract void settle(List<RespReply> replies, Judge judge);

    /** What was sent, key by key. */
    abstract List<KeyWork> works();
}
