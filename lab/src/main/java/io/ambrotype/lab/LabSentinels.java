package io.ambrotype.lab;

import io.ambrotype.common.AmbrotypeException;
import io.ambrotype.common.HostAndPort;
import io.ambrotype.resp.RespConnection;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** The Sentinels of a lab: servers in folders of their own names, whose configuration they write themselves later. */
final class LabSentinels {
    /** Folders of Sentinels are told apart by this from those of the nodes. */
    static final String FOLDER_PREFIX = "sentinel-";

    /** The name by which a lab's Sentinels know its master. */
    static final String MASTER_NAME = "lab";

    private LabSentinels() {}

    static boolean isFolder(String name) {
        return name.startsWith(FOLDER_PREFIX);
    }

    static List<RedisServer> of(LabSpec spec) {
        return spec.sentinelPorts().stream()
                .map(port -> RedisServer.inFolder(
                        spec.server(), LabLayout.ABSOLUTE, spec.dir().resolve(FOLDER_PREFIX + port), port, null))
                .toList();
    }

    static void write(LabSpec spec, List<RedisServer> sentinels, HostAndPort master) throws IOException {
        ServerConfiguration nodes = ServerConfiguration.of(spec.configuration());
        for (RedisServer sentinel : sentinels) {
            List<String> lines = new ArrayList<>(List.of(
                    "sentinel monitor " + MASTER_NAME + " " + master.host() + " " + master.port() + " "
                            + (sentinels.size() / 2 + 1),
                    "sentinel down-after-milliseconds " + MASTER_NAME + " 5000",
                    "sentinel failover-timeout " + MASTER_NAME + " 60000"));
            nodes.value("masterauth")
                    .or(() -> nodes.value("requirepass"))
                    .ifPresent(password ->
                            lines.add("sentinel auth-pass " + MASTER_NAME + " " + LabConfiguration.quoted(password)));
            nodes.value("masteruser").ifPresent(user -> lines.add("sentinel auth-user " + MASTER_NAME + " " + user));
            LabConfiguration.writeSentinel(sentinel.folder(), sentinel.address().port(), spec.tls(), lines);
        }
    }

    /** Until every Sentinel knows the replicas and every other one. */
    static void awaitWatching(List<RedisServer> sentinels, int replicas, Duration limit) {
        for (RedisServer sentinel : sentinels) {
            sentinel.awaitReady(limit);
            Gate.await(
                    limit,
                    () -> missing(sentinel, sentinels.size() - 1, replicas),
                    missing -> sentinel.failure("does not watch after " + limit.toSeconds() + " s: " + missing));
        }
    }

    private static Optional<String> missing(RedisServer sentinel, int others, int replicas) {
        try (RespConnection connection = sentinel.connect()) {
            Map<String, String> master = connection.pairs("SENTINEL", "MASTER", MASTER_NAME);
            String known = master.get("num-other-sentinels") + " other Sentinels and " + master.get("num-slaves")
                    + " replicas are known to it";
            return Integer.toString(others).equals(master.get("num-other-sentinels"))
                            && Integer.toString(replicas).equals(master.get("num-slaves"))
                    ? Optional.empty()
                    : Optional.of(known);
        } catch (AmbrotypeException e) {
            return Optional.of(e.getMessage());
        }
    }
}
