package io.ambrotype.heal;

import io.ambrotype.resp.ServerVersion;
import io.ambrotype.resp.ServerVersion.Vendor;
import java.util.Optional;

/**
 * Whether a server of one version can be a replica of one of another: it has to read the RDB that it is sent. Sources:
 * {@code RDB_VERSION} in rdb.h of Redis 5.0 to 8.0 and Valkey 7.2 to 9.1, {@code rdbIsVersionAccepted} and {@code
 * replicaRdbVersion} of Valkey 9.
 */
final class RdbCompatibility {
    private static final int VALKEY_9 = 80;
    private static final int LAST_COMMON = 11;

    private RdbCompatibility() {}

    /** Why the replica cannot read what the master sends; empty where it can, as far as is known. */
    static Optional<String> refusal(ServerVersion replica, ServerVersion master) {
        int sent = rdb(master);
        int read = rdb(replica);
        if (replica.vendor() == master.vendor()) {
            return read < sent
                    ? Optional.of("it has " + replica + " and its master would have the newer " + master
                            + ", whose data it cannot read (RDB version " + sent + ", it knows " + read + ")")
                    : Optional.empty();
        }
        // Up to 11 both write the same; what came later differs. A Valkey 9 writes 11 for who does not say its version.
        boolean understood = sent <= LAST_COMMON ? read >= sent : sent == VALKEY_9 && read >= LAST_COMMON;
        return understood
                ? Optional.empty()
                : Optional.of(
                        "it has " + replica + " and cannot read the data of " + master + " (RDB version " + sent + ")");
    }

    private static int rdb(ServerVersion version) {
        if (version.vendor() == Vendor.VALKEY) {
            return version.isAtLeast(Vendor.VALKEY, 9, 0) ? VALKEY_9 : LAST_COMMON;
        }
        if (version.isAtLeast(Vendor.REDIS, 8, 8)) {
            return 14;
        }
        if (version.isAtLeast(Vendor.REDIS, 8, 6)) {
            return 13;
        }
        if (version.isAtLeast(Vendor.REDIS, 7, 4)) {
            return 12;
        }
        if (version.isAtLeast(Vendor.REDIS, 7, 2)) {
            return LAST_COMMON;
        }
        return version.isAtLeast(Vendor.REDIS, 7, 0) ? 10 : 9;
    }
}
