package io.ambrotype.servers;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/** Small inputs that real servers made; the README beside them says how. */
public final class Corpus {
    private static final String FOLDER = "/io/ambrotype/corpus/";

    /** The servers that left a {@code nodes.conf} and a small RDB. */
    public static final List<String> SERVERS = List.of(
            "redis-5.0.5",
            "redis-6.2.11",
            "redis-7.0.15",
            "redis-7.2.6",
            "redis-7.4.1",
            "redis-8.0.6",
            "valkey-8.1.1",
            "valkey-9.1.2");

    /** Nodes of clusters whose replies there are. */
    public static final List<String> NODES = List.of(
            "cluster-redis-5.0.5",
            "cluster-redis-7.2.6",
            "cluster-valkey-9.1.2",
            "replica-redis-5.0.5",
            "replica-redis-7.2.6",
            "replica-valkey-9.1.2");

    private Corpus() {}

    /** A file, by its path in the corpus. */
    public static byte[] file(String name) {
        try (InputStream in = Corpus.class.getResourceAsStream(FOLDER + name)) {
            if (in == null) {
                throw new IllegalArgumentException("there is no " + name);
            }
            return in.readAllBytes();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** A file of each of the servers. */
    public static List<byte[]> files(String folder, String ending) {
        return SERVERS.stream()
                .map(server -> file(folder + "/" + server + ending))
                .toList();
    }

    /** What a server answered, by command. */
    public static Map<String, byte[]> replies(String name) {
        byte[] file = file("replies/" + name + ".resp");
        Map<String, byte[]> replies = new LinkedHashMap<>();
        for (int at = 0; at < file.length; ) {
            int end = at;
            while (file[end] != '\n') {
                end++;
            }
            String head = new String(file, at, end - at, StandardCharsets.US_ASCII);
            int space = head.lastIndexOf(' ');
            int length = Integer.parseInt(head.substring(space + 1));
            replies.put(head.substring(2, space), Arrays.copyOfRange(file, end + 1, end + 1 + length));
            at = end + 1 + length;
        }
        return replies;
    }

    /** All replies of all servers to a command, or to any. */
    public static List<byte[]> replies(String command, List<String> servers) {
        return servers.stream()
                .flatMap(server -> command.isEmpty()
                        ? replies(server).values().stream()
                        : Stream.ofNullable(replies(server).get(command)))
                .toList();
    }
}
