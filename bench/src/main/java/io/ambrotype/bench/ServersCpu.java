package io.ambrotype.bench;

import io.ambrotype.lab.RedisServer;
import io.ambrotype.resp.RespConnection;
import io.ambrotype.resp.ServerInfo;
import java.io.IOException;
import java.math.BigDecimal;
import java.time.Duration;
import java.util.List;

/** What servers have taken of the processors since they were started, by their own account. */
final class ServersCpu {
    private static final Duration LIMIT = Duration.ofMinutes(1);
    private static final Duration LOOK = Duration.ofMillis(20);

    /** A server's children count from their end on: Redis 5.0 to 8.0 and Valkey, {@code INFO cpu}. */
    private static final List<String> FIELDS =
            List.of("used_cpu_user", "used_cpu_sys", "used_cpu_user_children", "used_cpu_sys_children");

    private ServersCpu() {}

    /** Of all of them together; waits for their children that are about to end. */
    static Duration of(List<RedisServer> servers) throws IOException, InterruptedException {
        Duration all = Duration.ZERO;
        for (RedisServer server : servers) {
            try (RespConnection connection = server.connect()) {
                awaitNoChild(server, connection);
                ServerInfo info = ServerInfo.read(connection, "cpu");
                for (String field : FIELDS) {
                    all = all.plusNanos(new BigDecimal(info.require(field))
                            .movePointRight(9)
                            .longValue());
                }
            }
        }
        return all;
    }

    private static void awaitNoChild(RedisServer server, RespConnection connection)
            throws IOException, InterruptedException {
        long deadline = System.nanoTime() + LIMIT.toNanos();
        while (ServerInfo.read(connection, "persistence").is("rdb_bgsave_in_progress")) {
            if (System.nanoTime() - deadline > 0) {
                throw new IOException(server.address() + " still has a child after " + LIMIT.toSeconds() + " s");
            }
            Thread.sleep(LOOK);
        }
    }
}
