package io.ambrotype.cli;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.io.BufferedInputStream;
import java.io.BufferedOutputStream;
import java.io.Closeable;
import java.io.DataInputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;

/**
 * Answers the commands of {@link StartupTraining} as an empty standalone server would, on a port of the loopback interface: there need
 * not be a real one where the program is built. It keeps nothing of what it is told.
 */
final class TrainingServer implements Closeable {
    private static final String INFO = String.join(
            "\r\n",
            "# Server",
            "redis_version:7.2.0",
            "redis_mode:standalone",
            "run_id:" + "7".repeat(40),
            "uptime_in_seconds:1",
            "# Clients",
            "connected_clients:1",
            "# Memory",
            "used_memory:1",
            "maxmemory:0",
            "maxmemory_policy:noeviction",
            "# Persistence",
            "loading:0",
            "rdb_bgsave_in_progress:0",
            "rdb_last_save_time:1",
            "rdb_last_bgsave_status:ok",
            "aof_enabled:0",
            "# Stats",
            "evicted_keys:0",
            "# Replication",
            "role:master",
            "connected_slaves:0",
            "master_replid:" + "5".repeat(40),
            "master_replid2:" + "0".repeat(40),
            "master_repl_offset:0",
            "# Cluster",
            "cluster_enabled:0",
            "# Keyspace",
            "");

    private final ServerSocket listener;
    private final String rdb;

    /** Listens; replicas are given that RDB. */
    TrainingServer(String rdb) throws IOException {
        this.rdb = rdb;
        listener = new ServerSocket(0, 0, InetAddress.getLoopbackAddress());
        Thread.ofPlatform().daemon().name("training").start(this::accept);
    }

    String address() {
        return listener.getInetAddress().getHostAddress() + ":" + listener.getLocalPort();
    }

    private void accept() {
        while (true) {
            try {
                Socket client = listener.accept();
                Thread.ofPlatform().daemon().name("training").start(() -> serve(client));
            } catch (IOException e) {
                // Closed: the training is over.
                return;
            }
        }
    }

    private void serve(Socket client) {
        try (client) {
            DataInputStream in = new DataInputStream(new BufferedInputStream(client.getInputStream()));
            OutputStream out = new BufferedOutputStream(client.getOutputStream());
            while (true) {
                String[] command = new String[number(in)];
                for (int i = 0; i < command.length; i++) {
                    byte[] argument = new byte[number(in)];
                    in.readFully(argument);
                    in.skipNBytes(2);
                    command[i] = new String(argument, ISO_8859_1);
                }
                out.write(reply(command).getBytes(ISO_8859_1));
                if (in.available() == 0) {
                    out.flush();
                }
            }
        } catch (IOException e) {
            // The client has hung up.
        }
    }

    /** The number in a line that begins with its type. */
    private static int number(DataInputStream in) throws IOException {
        in.readByte();
        int number = 0;
        for (int digit = in.readByte(); digit != '\r'; digit = in.readByte()) {
            number = 10 * number + digit - '0';
        }
        in.skipNBytes(1);
        return number;
    }

    private String reply(String... command) {
        return switch (command[0]) {
            case "PING" -> "+PONG\r\n";
            case "INFO" -> bulk(INFO);
            case "CONFIG" -> config(command[2]);
            case "CLIENT" -> command[1].equals("LIST") ? bulk("") : "+OK\r\n";
            case "ACL", "FUNCTION", "MODULE" -> "*0\r\n";
            case "EXISTS", "WAIT" -> ":0\r\n";
            case "RESTORE" ->
                command[3].startsWith("no ") ? "-ERR DUMP payload version or checksum are wrong\r\n" : "+OK\r\n";
            case "PSYNC" -> "+FULLRESYNC " + "5".repeat(40) + " 0\r\n$" + rdb.length() + "\r\n" + rdb;
            default -> "+OK\r\n";
        };
    }

    private static String config(String parameter) {
        return parameter.contains("*")
                ? "*4\r\n" + bulk("dir") + bulk("/nonexistent") + bulk("save") + bulk("")
                : "*2\r\n" + bulk(parameter) + bulk("1000000");
    }

    private static String bulk(String text) {
        return "$" + text.length() + "\r\n" + text + "\r\n";
    }

    @Override
    public void close() throws IOException {
        listener.close();
    }
}
