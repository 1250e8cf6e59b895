package io.ambrotype.cli;

import io.ambrotype.common.AmbrotypeException;
import io.ambrotype.common.ErrorCode;
import io.ambrotype.common.HostAndPort;
import io.ambrotype.common.Time;
import io.ambrotype.lab.RoutedPipeline;
import io.ambrotype.resp.ConnectionSettings;
import io.ambrotype.resp.RespReply;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;
import java.util.random.RandomGenerator;

/**
 * The demo's victim: a small service that keeps products in the cluster, reads them, and books orders. It has no other
 * place to get a product from, so a missing one is an error of the service, as is every answer that it does not get.
 *
 * <p>Every order has a number and a key of its own; the number up to which all orders were confirmed is known, so that a
 * lost one can be found out. Runs on threads of its own while it is open for business.
 */
final class ShopService implements AutoCloseable {
    static final int PRODUCTS = 5000;

    private static final int THREADS = 2;
    private static final Duration AFTER_AN_ERROR = Duration.ofMillis(20);
    private static final Duration BETWEEN_ORDERS = Duration.ofMillis(1);

    private final List<HostAndPort> seeds;
    private final ConnectionSettings settings;
    private final Time time;
    private final RandomGenerator random;
    private final AtomicLong requests = new AtomicLong();
    private final AtomicLong errors = new AtomicLong();
    private final AtomicLong longestNanos = new AtomicLong();
    private final AtomicLong[] confirmedOrders = new AtomicLong[THREADS];
    private final Map<Integer, Thread> threads = new HashMap<>();
    private volatile boolean open;

    /**
     * A service that is not open yet.
     *
     * @param seeds nodes of the cluster
     */
    ShopService(List<HostAndPort> seeds, Time time, RandomGenerator random) {
        this.seeds = List.copyOf(seeds);
        this.time = time;
        this.random = random;
        this.settings = ConnectionSettings.defaults()
                .withConnectTimeout(Duration.ofMillis(500))
                .withReplyTimeout(Duration.ofSeconds(2));
        for (int i = 0; i < THREADS; i++) {
            confirmedOrders[i] = new AtomicLong();
        }
    }

    /**
     * What the service has seen.
     *
     * @param requests answered or not
     * @param errors of these, how many failed
     * @param longest the longest time that a request took until its answer, since {@link #forgetLongest}
     */
    record Counts(long requests, long errors, Duration longest) {
        static final Counts NONE = new Counts(0, 0, Duration.ZERO);

        Counts since(Counts earlier) {
            return new Counts(requests - earlier.requests, errors - earlier.errors, longest);
        }
    }

    /** Puts the products on the shelves. */
    void stock() {
        try (RoutedPipeline pipeline = RoutedPipeline.open(seeds.getFirst(), settings)) {
            for (int i = 0; i < PRODUCTS; i++) {
                byte[] key = bytes("product:" + i);
                pipeline.send(
                        0,
                        key,
                        bytes("SET"),
                        key,
                        bytes("{\"id\":" + i + ",\"price\":" + (100 + i % 997) + ",\"name\":\"article " + i + "\"}"));
            }
            pipeline.flush();
        }
    }

    /** Opens for business. */
    void open() {
        open = true;
        for (int i = 0; i < THREADS; i++) {
            int number = i;
            threads.put(i, Thread.ofPlatform().daemon().name("shop-" + i).start(() -> serve(number)));
        }
    }

    /** The same as {@link #shut}. */
    @Override
    public void close() {
        shut();
    }

    /** Closes for business, until it opens again; returns when nobody is being served any more. */
    void shut() {
        open = false;
        threads.values().forEach(Thread::interrupt);
        boolean interrupted = false;
        for (Thread thread : threads.values()) {
            while (thread.isAlive()) {
                try {
                    thread.join();
                } catch (InterruptedException e) {
                    interrupted = true;
                }
            }
        }
        threads.clear();
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    /** What happened so far. */
    Counts counts() {
        return new Counts(requests.get(), errors.get(), Duration.ofNanos(longestNanos.get()));
    }

    /** From now on only later requests count for the longest one. */
    void forgetLongest() {
        longestNanos.set(0);
    }

    /** For each thread, up to which number its orders were confirmed. */
    long[] confirmed() {
        long[] numbers = new long[THREADS];
        for (int i = 0; i < THREADS; i++) {
            numbers[i] = confirmedOrders[i].get();
        }
        return numbers;
    }

    /** How many of the orders up to these numbers are in the cluster. */
    long found(long[] upTo) throws InterruptedException {
        long found = 0;
        try (ClusterConnections cluster = new ClusterConnections(seeds, settings, time)) {
            for (int thread = 0; thread < upTo.length; thread++) {
                for (long number = 1; number <= upTo[thread]; number++) {
                    String key = orderKey(thread, number);
                    if (!cluster.call(key, "GET", key).isNull()) {
                        found++;
                    }
                }
            }
        }
        return found;
    }

    private void serve(int number) {
        long order = confirmedOrders[number].get();
        try (ClusterConnections cluster = new ClusterConnections(seeds, settings, time)) {
            while (open) {
                try {
                    String product = "product:" + random.nextInt(PRODUCTS);
                    if (timed(cluster, product, "GET", product).isNull()) {
                        throw AmbrotypeException.of(ErrorCode.FAILED, product + " is gone");
                    }
                    requests.incrementAndGet();
                    String key = orderKey(number, order + 1);
                    timed(cluster, key, "SET", key, product);
                    // An order that fails is placed again under its number: all up to the last confirmed one are.
                    order++;
                    confirmedOrders[number].set(order);
                    requests.incrementAndGet();
                    time.sleep(BETWEEN_ORDERS);
                } catch (AmbrotypeException e) {
                    if (open) {
                        requests.incrementAndGet();
                        errors.incrementAndGet();
                        time.sleep(AFTER_AN_ERROR);
                    }
                }
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private RespReply timed(ClusterConnections cluster, String key, String... command) throws InterruptedException {
        Instant asked = time.instant();
        RespReply answer = cluster.call(key, command);
        longestNanos.accumulateAndGet(Duration.between(asked, time.instant()).toNanos(), Math::max);
        return answer;
    }

    private static String orderKey(int thread, long number) {
        return "order:" + thread + ":" + number;
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }
}
