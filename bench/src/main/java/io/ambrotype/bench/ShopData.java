package io.ambrotype.bench;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.ambrotype.common.HostAndPort;
import io.ambrotype.lab.RoutedPipeline;
import io.ambrotype.resp.ConnectionSettings;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/**
 * The data of a fictitious shop, as applications keep them in Redis: JSON documents of products and orders, session hashes
 * that expire, counters, leaderboards, queues of jobs, tag sets and sets of numbers. Sizes are skewed: most values are small
 * and few are large. Words are drawn from a vocabulary of thousands by Zipf's law, numbers and tokens are drawn anew each
 * time, so that the data compress as real ones do. The same seed makes the same data.
 *
 * <p>Not safe for use by several threads.
 */
final class ShopData {
    private static final int WRITERS = 2;
    private static final int WORDS = 6_000;
    /** Bytes of histories for each of the others, in an archive. */
    private static final int HISTORIES = 10;

    private static final String[] SYLLABLES =
            ("ba be bi bo bu da de di do du fa fe fi ga go ka ke ki ko la le li lo lu ma me mi mo mu na ne ni no nu pa pe pi po ra re "
                            + "ri ro ru sa se si so su ta te ti to tu va ve vi za ze zo an en in on un ar er or al el il as es is")
                    .split(" ");
    private static final String[] BROWSERS = {
        "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/%d.0.%d.%d Safari/537.36",
        "Mozilla/5.0 (iPhone; CPU iPhone OS %d_%d like Mac OS X) AppleWebKit/605.1.15 Version/%d.0 Mobile/15E148 Safari/604.1",
        "Mozilla/5.0 (X11; Linux x86_64; rv:%d.0) Gecko/20100101 Firefox/%d.%d"
    };
    private static final String[] STATES = {"placed", "paid", "picked", "shipped", "delivered", "returned"};
    private static final String[] COUNTRIES = {"de", "fr", "kr", "us", "jp", "pl", "it", "nl"};

    private final Random random;
    private final RoutedPipeline pipeline;
    private final String[] words;
    private final int writer;
    private long written;
    private long historiesDue;
    private int number;

    /** What most of the data are. */
    enum Kind {
        /** Many small values, which take a server three to four times their size in memory. */
        DAILY_BUSINESS,
        /** Beside those, ten times as many bytes of customers' histories, documents of up to some hundred kilobytes. */
        ARCHIVE
    }

    private ShopData(long seed, int writer, RoutedPipeline pipeline) {
        this.random = new Random(seed * WRITERS + writer);
        this.writer = writer;
        this.pipeline = pipeline;
        this.words = vocabulary(new Random(seed));
    }

    /**
     * Writes data to a standalone master or a cluster.
     *
     * @param seed the server, or a node of the cluster
     * @param kind of what there is most
     * @param bytes of keys and values together, to about a thousandth
     */
    static void fill(HostAndPort server, long seed, Kind kind, long bytes) throws InterruptedException {
        try (ExecutorService threads = Executors.newFixedThreadPool(WRITERS)) {
            List<Future<?>> running = new ArrayList<>();
            for (int i = 0; i < WRITERS; i++) {
                int writer = i;
                running.add(threads.submit(() -> {
                    try (RoutedPipeline pipeline = RoutedPipeline.open(server, ConnectionSettings.defaults())) {
                        ShopData data = new ShopData(seed, writer, pipeline);
                        while (data.written < bytes / WRITERS) {
                            long before = data.written;
                            data.writeSome();
                            if (kind == Kind.ARCHIVE) {
                                data.histories(HISTORIES * (data.written - before));
                            }
                        }
                        pipeline.flush();
                    }
                }));
            }
            for (Future<?> each : running) {
                each.get();
            }
        } catch (ExecutionException e) {
            throw new IllegalStateException("the data cannot be written", e.getCause());
        }
    }

    /** Some of everything, in the proportions of a shop. */
    private void writeSome() {
        product();
        for (int i = 0; i < 3; i++) {
            order();
            session();
        }
        for (int i = 0; i < 8; i++) {
            send(
                    "SET",
                    "views:product:" + id() + ":2026" + (101 + random.nextInt(1100)),
                    Integer.toString(skewed(90_000)));
        }
        for (int i = 0; i < 2; i++) {
            tags();
            send("SET", "cart:token:" + token(8), token(16));
        }
        if (number % 40 == 0) {
            leaderboard();
            queue();
            related();
        }
        number++;
    }

    private void product() {
        String id = id();
        StringBuilder json = new StringBuilder("{\"id\":").append(id);
        json.append(",\"name\":\"").append(text(3)).append("\",\"description\":\"");
        json.append(text(12 + skewed(250))).append("\",\"price\":{\"amount\":").append(price());
        json.append(",\"currency\":\"EUR\"},\"stock\":").append(skewed(900)).append(",\"categories\":[");
        for (int i = 0; i < 3; i++) {
            json.append(i == 0 ? "\"" : ",\"").append(word()).append('"');
        }
        json.append("],\"rating\":").append(random.nextInt(50) / 10.0).append(",\"variants\":[");
        int variants = 1 + skewed(8);
        for (int i = 0; i < variants; i++) {
            json.append(i == 0 ? "" : ",")
                    .append("{\"sku\":\"")
                    .append(token(4))
                    .append("\",\"size\":\"");
            json.append(36 + random.nextInt(12))
                    .append("\",\"weight_g\":")
                    .append(skewed(4000))
                    .append('}');
        }
        send(
                "SET",
                "product:" + id,
                json.append("],\"updated\":").append(time()).append('}').toString());
    }

    private void order() {
        send("SET", "order:" + id() + ":" + random.nextInt(1000), orderDocument());
    }

    /** Of so many bytes more or less, counted over all calls. */
    private void histories(long bytes) {
        historiesDue += bytes;
        while (historiesDue > 0) {
            long before = written;
            StringBuilder json = new StringBuilder("[");
            int orders = 10 + skewed(1500);
            for (int i = 0; i < orders; i++) {
                json.append(i == 0 ? "" : ",\n").append(orderDocument());
            }
            send("SET", "history:" + token(6), json.append(']').toString());
            historiesDue -= written - before;
        }
    }

    private String orderDocument() {
        StringBuilder json = new StringBuilder("{\"order\":\"").append(token(6)).append("\",\"customer\":");
        json.append(skewed(4_000_000)).append(",\"state\":\"").append(STATES[random.nextInt(STATES.length)]);
        json.append("\",\"placed\":").append(time()).append(",\"lines\":[");
        int lines = 1 + skewed(6);
        for (int i = 0; i < lines; i++) {
            json.append(i == 0 ? "" : ",")
                    .append("{\"product\":")
                    .append(skewed(900_000))
                    .append(",\"count\":");
            json.append(1 + skewed(3)).append(",\"price\":").append(price()).append('}');
        }
        json.append("],\"ship_to\":{\"street\":\"").append(text(2)).append(' ').append(1 + skewed(200));
        json.append("\",\"zip\":\"").append(10_000 + random.nextInt(89_999)).append("\",\"country\":\"");
        return json.append(COUNTRIES[random.nextInt(COUNTRIES.length)])
                .append("\"}}")
                .toString();
    }

    private void session() {
        String key = "session:" + token(16);
        send(
                "HSET",
                key,
                "customer",
                Integer.toString(skewed(4_000_000)),
                "created",
                Long.toString(time()),
                "seen",
                Long.toString(time()),
                "csrf",
                token(16),
                "agent",
                String.format(
                        BROWSERS[random.nextInt(BROWSERS.length)],
                        90 + random.nextInt(50),
                        random.nextInt(7000),
                        random.nextInt(200)),
                "ip",
                random.nextInt(223) + "." + random.nextInt(256) + "." + random.nextInt(256) + "." + random.nextInt(256),
                "country",
                COUNTRIES[random.nextInt(COUNTRIES.length)],
                "last",
                "/shop/" + word() + "/" + skewed(900_000));
        send("EXPIRE", key, Integer.toString(86_400 + random.nextInt(86_400 * 30)));
    }

    private void tags() {
        String[] command = new String[4 + skewed(12)];
        command[0] = "SADD";
        command[1] = "tags:product:" + id() + ":" + random.nextInt(100);
        for (int i = 2; i < command.length; i++) {
            command[i] = word();
        }
        send(command);
    }

    private void leaderboard() {
        String key = "leaderboard:" + word() + ":" + id();
        int members = 20 + skewed(6000);
        for (int from = 0; from < members; from += 100) {
            int count = Math.min(100, members - from);
            String[] command = new String[2 + 2 * count];
            command[0] = "ZADD";
            command[1] = key;
            for (int i = 0; i < count; i++) {
                command[2 + 2 * i] =
                        random.nextInt(5) == 0 ? random.nextInt(100_000) / 100.0 + "" : "" + skewed(500_000);
                command[3 + 2 * i] = "customer:" + skewed(4_000_000);
            }
            send(command);
        }
    }

    private void queue() {
        String key = "queue:" + word() + ":" + id();
        int jobs = 5 + skewed(1500);
        for (int from = 0; from < jobs; from += 50) {
            String[] command = new String[2 + Math.min(50, jobs - from)];
            command[0] = "RPUSH";
            command[1] = key;
            for (int i = 2; i < command.length; i++) {
                command[i] = "{\"job\":\"" + token(8) + "\",\"kind\":\"" + word() + "\",\"attempt\":" + skewed(4)
                        + ",\"at\":" + time() + ",\"order\":" + skewed(9_000_000) + "}";
            }
            send(command);
        }
    }

    private void related() {
        String[] command = new String[2 + 10 + skewed(400)];
        command[0] = "SADD";
        command[1] = "related:" + id();
        for (int i = 2; i < command.length; i++) {
            command[i] = Integer.toString(skewed(900_000));
        }
        send(command);
    }

    private void send(String... command) {
        byte[][] bytes = new byte[command.length][];
        for (int i = 0; i < command.length; i++) {
            bytes[i] = command[i].getBytes(UTF_8);
            written += bytes[i].length;
        }
        pipeline.send(0, bytes[1], bytes);
    }

    private String id() {
        return Integer.toString(number * WRITERS + writer);
    }

    private String token(int bytes) {
        byte[] token = new byte[bytes];
        random.nextBytes(token);
        return HexFormat.of().formatHex(token);
    }

    private String price() {
        return skewed(400) + "." + (10 + random.nextInt(90));
    }

    private long time() {
        return 1_760_000_000L + random.nextInt(30_000_000);
    }

    /** From 0 to the bound, mostly small. */
    private int skewed(int bound) {
        double part = random.nextDouble();
        return (int) (bound * part * part * part);
    }

    private String word() {
        // Zipf's law: the frequency of a word is the inverse of its rank.
        return words[(int) Math.pow(WORDS, random.nextDouble()) - 1];
    }

    private String text(int count) {
        StringBuilder text = new StringBuilder(word());
        for (int i = 1; i < count; i++) {
            text.append(random.nextInt(12) == 0 ? ", " : " ").append(word());
        }
        return text.toString();
    }

    private static String[] vocabulary(Random random) {
        String[] words = new String[WORDS];
        for (int i = 0; i < WORDS; i++) {
            StringBuilder word = new StringBuilder();
            int syllables = 1 + random.nextInt(4);
            for (int s = 0; s < syllables; s++) {
                word.append(SYLLABLES[random.nextInt(SYLLABLES.length)]);
            }
            words[i] = word.toString();
        }
        return words;
    }
}
