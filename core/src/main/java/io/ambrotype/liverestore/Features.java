package io.ambrotype.liverestore;

import io.ambrotype.resp.ServerVersion;
import io.ambrotype.resp.ServerVersion.Vendor;
import java.util.List;

/**
 * What of the commands that write values the servers of a target have, and permit.
 *
 * @param set SET, MSET and MSETNX
 * @param setExpiring PXAT of SET
 * @param fieldExpiry HPEXPIREAT
 * @param streamCounters ENTRIESADDED and MAXDELETEDID of XSETID, ENTRIESREAD of XGROUP CREATE
 * @param createConsumer XGROUP CREATECONSUMER
 * @param functions FUNCTION
 */
record Features(
        boolean set,
        boolean setExpiring,
        boolean fieldExpiry,
        boolean streamCounters,
        boolean createConsumer,
        boolean functions) {
    /** What all of them have. */
    static Features of(List<ServerVersion> servers) {
        boolean six = servers.stream().allMatch(server -> since(server, 6, 2));
        boolean seven = servers.stream().allMatch(server -> since(server, 7, 0));
        return new Features(true, six, servers.stream().allMatch(Features::fieldExpiry), seven, six, seven);
    }

    /** The same where those may be forbidden. */
    Features withSet(boolean permitted) {
        return new Features(permitted, setExpiring, fieldExpiry, streamCounters, createConsumer, functions);
    }

    static boolean fieldExpiry(ServerVersion server) {
        return server.isAtLeast(Vendor.REDIS, 7, 4) || server.isAtLeast(Vendor.VALKEY, 9, 0);
    }

    /** Valkey began with what Redis 7.2 had. */
    private static boolean since(ServerVersion server, int major, int minor) {
        return server.vendor() == Vendor.VALKEY || server.isAtLeast(Vendor.REDIS, major, minor);
    }
}
