package io.ambrotype.it;

import io.ambrotype.common.AmbrotypeException;
import io.ambrotype.common.HostAndPort;
import io.ambrotype.resp.ConnectionSettings;
import io.ambrotype.resp.RespConnection;
import io.ambrotype.resp.RespReply;
import io.lettuce.core.RedisURI;
import io.lettuce.core.cluster.models.partitions.Partitions;
import io.lettuce.core.cluster.models.partitions.RedisClusterNode.NodeFlag;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Future;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import redis.clients.jedis.RedisClusterClient;
import redis.clients.jedis.RedisSentinelClient;
import redis.clients.jedis.UnifiedJedis;

/**
 * An application as there are many: one thread writes a new key each time, another one reads what was written, both
 * through a client library with the settings that it comes with, but for what {@link WholeViews} says. Whatever the
 * library throws is an error of the application.
 */
final class Application implements AutoCloseable {
    /** Between two operations of a thread: an application has other things to do, and the servers need their share. */
    private static final Duration PACE = Duration.ofMillis(1);

    private final String name;
    private final Client client;
    private final AtomicLong written = new AtomicLong();
    private final AtomicLong read = new AtomicLong();
    private final AtomicLong longestStall = new AtomicLong();
    private final List<Long> failed = new ArrayList<>();
    private final ConcurrentLinkedQueue<String> errors = new ConcurrentLinkedQueue<>();
    private final List<Thread> threads = new ArrayList<>();
    private volatile boolean stopping;

    private Application(String name, Client client) {
        this.name = name;
        this.client = client;
        threads.add(Thread.ofPlatform().name(name + " writer").start(this::writeUntilStopped));
        threads.add(Thread.ofPlatform().name(name + " reader").start(this::readUntilStopped));
    }

    /** What an application needs of a client library. */
    interface Client extends AutoCloseable {
        /** Returns when the write was acknowledged. */
        void set(String key, String value);

        @Nullable
        String get(String key);

        /** The values of many keys. */
        List<@Nullable String> getAll(List<String> keys);

        @Override
        void close();
    }

    /** With Jedis. */
    static Application withJedis(List<HostAndPort> seeds) {
        return new Application("jedis", jedis(RedisClusterClient.create(jedisAddresses(seeds))));
    }

    /** With Jedis, which asks Sentinels who the master is. */
    static Application withJedis(String masterName, List<HostAndPort> sentinels) {
        return new Application(
                "jedis",
                jedis(RedisSentinelClient.builder()
                        .masterName(masterName)
                        .sentinels(jedisAddresses(sentinels))
                        .build()));
    }

    /** With a client of its own that asks all servers who the master is whenever one fails it. */
    static Application lookingForMaster(List<HostAndPort> servers) {
        return new Application("looking", new LookingClient(servers));
    }

    /** With Lettuce. */
    static Application withLettuce(List<HostAndPort> seeds) {
        return new Application("lettuce", new LettuceClient(seeds));
    }

    /** How many writes were acknowledged. */
    long written() {
        return written.get();
    }

    /** How many reads were answered as they should be. */
    long read() {
        return read.get();
    }

    /** What the library has thrown, and what was read wrongly. */
    List<String> errors() {
        return List.copyOf(errors);
    }

    /** The longest time from a first attempt to write to the next acknowledgement. */
    Duration longestStall() {
        return Duration.ofNanos(longestStall.get());
    }

    /** Stops it, and returns the acknowledged keys that cannot be found any more. */
    List<String> lostKeys() {
        stop();
        List<String> lost = new ArrayList<>();
        List<String> keys = new ArrayList<>();
        for (long number = 0; number < written.get() + failed.size(); number++) {
            if (!failed.contains(number)) {
                keys.add(key(number));
            }
        }
        for (int from = 0; from < keys.size(); from += 500) {
            List<String> some = keys.subList(from, Math.min(keys.size(), from + 500));
            List<@Nullable String> values = client.getAll(some);
            for (int i = 0; i < some.size(); i++) {
                if (!some.get(i).equals(values.get(i))) {
                    lost.add(some.get(i));
                }
            }
        }
        return lost;
    }

    @Override
    public void close() {
        stop();
        client.close();
    }

    @Override
    public String toString() {
        return name + ": " + written + " writes, " + read + " reads, longest stall "
                + longestStall().toMillis() + " ms, " + errors.size() + " errors "
                + errors.stream().distinct().limit(5).toList();
    }

    private void stop() {
        stopping = true;
        for (Thread thread : threads) {
            try {
                thread.join();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }
    }

    private void writeUntilStopped() {
        long begun = System.nanoTime();
        boolean waiting = false;
        for (long number = 0; !stopping; number++) {
            if (!waiting) {
                begun = System.nanoTime();
            }
            try {
                client.set(key(number), key(number));
                waiting = false;
                longestStall.accumulateAndGet(System.nanoTime() - begun, Math::max);
                written.incrementAndGet();
            } catch (RuntimeException e) {
                waiting = true;
                failed.add(number);
                errors.add("writing: " + e);
            }
            LockSupport.parkNanos(PACE.toNanos());
        }
    }

    private void readUntilStopped() {
        while (!stopping) {
            long bound = written.get();
            String key = key(bound == 0 ? 0 : ThreadLocalRandom.current().nextLong(bound));
            try {
                String value = client.get(key);
                // Where a write has failed, not every number has a key.
                if (bound > 0 && errors.isEmpty() && !key.equals(value)) {
                    errors.add("reading: " + key + " is not there");
                }
                read.incrementAndGet();
            } catch (RuntimeException e) {
                errors.add("reading: " + e);
            }
            LockSupport.parkNanos(PACE.toNanos());
        }
    }

    private String key(long number) {
        return name + ":" + number;
    }

    private static Set<redis.clients.jedis.HostAndPort> jedisAddresses(List<HostAndPort> addresses) {
        return addresses.stream()
                .map(address -> new redis.clients.jedis.HostAndPort(address.host(), address.port()))
                .collect(Collectors.toSet());
    }

    private static Client jedis(UnifiedJedis jedis) {
        return new Client() {
            @Override
            public void set(String key, String value) {
                jedis.set(key, value);
            }

            @Override
            public @Nullable String get(String key) {
                return jedis.get(key);
            }

            @Override
            public List<@Nullable String> getAll(List<String> keys) {
                try (var pipeline = jedis.pipelined()) {
                    var values = keys.stream().map(pipeline::get).toList();
                    pipeline.sync();
                    List<@Nullable String> all = new ArrayList<>();
                    values.forEach(value -> all.add(value.get()));
                    return all;
                }
            }

            @Override
            public void close() {
                jedis.close();
            }
        };
    }

    private static final class LookingClient implements Client {
        private final List<HostAndPort> servers;
        private @Nullable RespConnection master;

        LookingClient(List<HostAndPort> servers) {
            this.servers = servers;
        }

        @Override
        public synchronized void set(String key, String value) {
            ask(connection -> connection.text("SET", key, value));
        }

        @Override
        public synchronized @Nullable String get(String key) {
            return text(ask(connection -> connection.call("GET", key)));
        }

        @Override
        public synchronized List<@Nullable String> getAll(List<String> keys) {
            List<String> command = new ArrayList<>(List.of("MGET"));
            command.addAll(keys);
            List<@Nullable String> all = new ArrayList<>();
            ask(connection -> connection.array(command.toArray(String[]::new))).forEach(value -> all.add(text(value)));
            return all;
        }

        @Override
        public synchronized void close() {
            if (master != null) {
                master.close();
                master = null;
            }
        }

        private static @Nullable String text(RespReply reply) {
            return reply.isNull() ? null : reply.text();
        }

        private <T> T ask(Function<RespConnection, T> question) {
            RespConnection known = master;
            if (known == null) {
                known = find();
                master = known;
            }
            try {
                return question.apply(known);
            } catch (RuntimeException e) {
                close();
                throw e;
            }
        }

        private RespConnection find() {
            for (HostAndPort server : servers) {
                try {
                    RespConnection connection = RespConnection.open(server, ConnectionSettings.defaults());
                    if (connection.array("ROLE").getFirst().text().equals("master")) {
                        return connection;
                    }
                    connection.close();
                } catch (AmbrotypeException _) {
                    // Another one may be there.
                }
            }
            throw new IllegalStateException("there is no master");
        }
    }

    private static final class LettuceClient implements Client {
        private final io.lettuce.core.cluster.RedisClusterClient lettuce;
        private final io.lettuce.core.cluster.api.StatefulRedisClusterConnection<String, String> connection;

        LettuceClient(List<HostAndPort> seeds) {
            lettuce = new WholeViews(seeds.stream()
                    .map(seed -> RedisURI.create(seed.host(), seed.port()))
                    .toList());
            connection = lettuce.connect();
        }

        @Override
        public void set(String key, String value) {
            connection.sync().set(key, value);
        }

        @Override
        public @Nullable String get(String key) {
            return connection.sync().get(key);
        }

        @Override
        public List<@Nullable String> getAll(List<String> keys) {
            List<Future<String>> values = new ArrayList<>();
            keys.forEach(key -> values.add(connection.async().get(key).toCompletableFuture()));
            List<@Nullable String> all = new ArrayList<>();
            for (Future<String> value : values) {
                try {
                    all.add(Optional.ofNullable(value.get()).orElse(null));
                } catch (Exception e) {
                    throw new IllegalStateException(e);
                }
            }
            return all;
        }

        @Override
        public void close() {
            connection.close();
            lettuce.shutdown(Duration.ZERO, Duration.ofSeconds(2));
        }
    }

    /**
     * Lettuce, but of the nodes' views of the cluster only those with the most slots are taken. For some milliseconds of
     * a fail-over a node may have heard that the old master has become a replica, and not yet who has its slots now; 7.7
     * of Lettuce, which asks all nodes just then, may take that view and keep it for 30 s, in which it sends nothing to
     * those slots (issue 2769 and pull request 3854 of redis/lettuce). docs/GUARANTEES.md tells applications of it.
     */
    private static final class WholeViews extends io.lettuce.core.cluster.RedisClusterClient {
        WholeViews(List<RedisURI> seeds) {
            super(null, seeds);
        }

        @Override
        protected Partitions determinePartitions(Partitions current, Map<RedisURI, Partitions> views) {
            int most = views.values().stream().mapToInt(WholeViews::slots).max().orElse(0);
            return super.determinePartitions(
                    current,
                    views.entrySet().stream()
                            .filter(view -> slots(view.getValue()) == most)
                            .collect(Collectors.toMap(Map.Entry::getKey, Map.Entry::getValue)));
        }

        private static int slots(Partitions view) {
            return view.getPartitions().stream()
                    .filter(node -> node.is(NodeFlag.UPSTREAM))
                    .mapToInt(node -> node.getSlots().size())
                    .sum();
        }
    }
}
