package io.ambrotype.bench;

import io.ambrotype.common.HostAndPort;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Collectors;
import redis.clients.jedis.ClusterPipeline;
import redis.clients.jedis.RedisClusterClient;

/**
 * An application on a cluster: writers that set a new key about every millisecond, and a reader that reads what was
 * written. All through one Jedis client with the settings that it comes with (2 s, 5 attempts); what it throws is an
 * error.
 */
final class ClusterLoad implements AutoCloseable {
    /** A stall that somebody may notice. */
    static final Duration NOTICEABLE = Duration.ofMillis(10);

    private static final int WRITERS = 2;
    private static final Duration PACE = Duration.ofMillis(1);
    private static final int CHUNK = 1000;
    private static final String VALUE = "v".repeat(100);

    private final RedisClusterClient client;
    private final List<Writer> writers = new ArrayList<>();
    private final List<Thread> threads = new ArrayList<>();
    private final AtomicLong reads = new AtomicLong();
    private final AtomicLong readErrors = new AtomicLong();
    private volatile boolean stopping;

    private ClusterLoad(RedisClusterClient client) {
        this.client = client;
    }

    /**
     * What the application saw.
     *
     * @param writes that were acknowledged
     * @param errors of writing and of reading
     * @param lost acknowledged writes that are missing
     * @param longest the longest time from the first attempt of a writer to write to its next acknowledgement
     * @param stalls all such times from {@link #NOTICEABLE} on
     */
    record Seen(long writes, long reads, long errors, long lost, Duration longest, List<Duration> stalls) {}

    /** Begins; returns when everybody is at work and the code has warmed up. */
    static ClusterLoad start(List<HostAndPort> seeds) throws InterruptedException {
        ClusterLoad load = new ClusterLoad(RedisClusterClient.create(seeds.stream()
                .map(seed -> new redis.clients.jedis.HostAndPort(seed.host(), seed.port()))
                .collect(Collectors.toSet())));
        for (int i = 0; i < WRITERS; i++) {
            Writer writer = load.new Writer("bench:" + i + ":");
            load.writers.add(writer);
            load.threads.add(Thread.ofPlatform().daemon().name("writer " + i).start(writer));
        }
        load.threads.add(Thread.ofPlatform().daemon().name("reader").start(load::read));
        while (load.writers.stream().anyMatch(writer -> writer.acknowledged < 2 * CHUNK)) {
            Thread.sleep(PACE);
        }
        load.writers.forEach(writer -> writer.measuring = true);
        return load;
    }

    /** Puts keys into the cluster, so that its servers have something to save and to load. */
    static void fill(List<HostAndPort> seeds, int keys) {
        try (ClusterLoad load = new ClusterLoad(RedisClusterClient.create(seeds.stream()
                .map(seed -> new redis.clients.jedis.HostAndPort(seed.host(), seed.port()))
                .collect(Collectors.toSet())))) {
            for (int from = 0; from < keys; from += CHUNK) {
                try (ClusterPipeline pipeline = load.client.pipelined()) {
                    for (int i = from; i < Math.min(keys, from + CHUNK); i++) {
                        pipeline.set("filler:" + i, VALUE);
                    }
                }
            }
        }
    }

    /** Ends, and looks for every key whose write was acknowledged. */
    Seen finish() {
        stop();
        long lost = 0;
        List<Duration> stalls = new ArrayList<>();
        Duration longest = Duration.ZERO;
        long writes = 0;
        long errors = readErrors.get();
        for (Writer writer : writers) {
            writes += writer.acknowledged;
            errors += writer.failed.size();
            lost += lost(writer);
            stalls.addAll(writer.stalls);
            longest = longest.compareTo(writer.longest) >= 0 ? longest : writer.longest;
        }
        return new Seen(writes, reads.get(), errors, lost, longest, stalls);
    }

    @Override
    public void close() {
        stop();
        client.close();
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

    /** One by one: a pipeline leaves out what a connection that died with its server should have told. */
    private long lost(Writer writer) {
        long lost = 0;
        for (long number = 0; number < writer.next; number++) {
            if (!writer.failed.contains(number) && !client.exists(writer.prefix + number)) {
                lost++;
            }
        }
        return lost;
    }

    private void read() {
        Random random = new Random(1);
        while (!stopping) {
            Writer writer = writers.get(random.nextInt(writers.size()));
            if (writer.acknowledged > 0 && writer.failed.isEmpty()) {
                try {
                    if (VALUE.equals(client.get(writer.prefix + random.nextLong(writer.acknowledged)))) {
                        reads.incrementAndGet();
                    } else {
                        readErrors.incrementAndGet();
                    }
                } catch (RuntimeException e) {
                    readErrors.incrementAndGet();
                }
            }
            LockSupport.parkNanos(PACE.toNanos());
        }
    }

    /** One writer; what it counts is read by others only as far as it is volatile, or when it has ended. */
    private final class Writer implements Runnable {
        private final String prefix;
        private final List<Long> failed = new ArrayList<>();
        private final List<Duration> stalls = new ArrayList<>();
        private volatile long acknowledged;
        private volatile boolean measuring;
        private long next;
        private Duration longest = Duration.ZERO;

        Writer(String prefix) {
            this.prefix = prefix;
        }

        @Override
        public void run() {
            long count = 0;
            long begun = System.nanoTime();
            for (boolean waiting = false; !stopping; next++) {
                if (!waiting) {
                    begun = System.nanoTime();
                }
                try {
                    client.set(prefix + next, VALUE);
                    waiting = false;
                    if (measuring) {
                        stalled(Duration.ofNanos(System.nanoTime() - begun));
                    }
                    acknowledged = ++count;
                } catch (RuntimeException e) {
                    waiting = true;
                    failed.add(next);
                }
                LockSupport.parkNanos(PACE.toNanos());
            }
        }

        private void stalled(Duration time) {
            if (time.compareTo(longest) > 0) {
                longest = time;
            }
            if (time.compareTo(NOTICEABLE) >= 0) {
                stalls.add(time);
            }
        }
    }
}
